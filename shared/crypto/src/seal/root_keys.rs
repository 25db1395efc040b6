//! The ring of root keys, which wrap data keys.

use std::fmt;

use aes_gcm::KeyInit;
use x_wing::{CIPHERTEXT_SIZE, Decapsulate, DecapsulationKey, Decapsulator, SharedKey};
use zeroize::Zeroizing;

use super::{DataKey, KEY, KEY_ID, NONCE, context};
use crate::gcm::{self, SealCipher};
use crate::{Error, Result, base64};

/// What stands before a hybrid key in the ring.
pub const HYBRID: &str = "x25519+ml-kem-768";

const BY_AES: u8 = 2;
const BY_HYBRID: u8 = 3;

/// The ring of root keys, newest first. New data keys are wrapped under the newest, older ones open
/// as long as their root key is in the ring.
///
/// ```
/// use chancery_crypto::{base64, seal::{DataKey, RootKeys}};
///
/// let (old, new) = (base64::encode(&[1; 32]), base64::encode(&[2; 32]));
/// let before = RootKeys::parse(&format!("spring:{old}"))?;
/// let wrapped = before.wrap([3; 12], [7; 64], &[b"tenant-a"], &DataKey::new([4; 16], [5; 32]));
///
/// let after = RootKeys::parse(&format!("autumn:{new},spring:{old}"))?;
/// let rewrapped = after.rewrap([6; 12], [8; 64], &wrapped, &[b"tenant-a"])?;
/// assert_eq!(RootKeys::id_of(&rewrapped)?, "autumn");
/// assert_eq!(after.unwrap(&rewrapped, &[b"tenant-a"])?.id(), [4; 16]);
/// # Ok::<(), chancery_crypto::Error>(())
/// ```
#[derive(Clone)]
pub struct RootKeys {
    newest: RootKey,
    older: Vec<RootKey>,
}

#[derive(Clone)]
struct RootKey {
    id: String,
    kind: Kind,
}

#[derive(Clone)]
enum Kind {
    Aes(Box<SealCipher>),
    /// X25519 and ML-KEM-768, combined by X-Wing: as long as one of them holds, so does what is wrapped.
    Hybrid(Box<DecapsulationKey>),
}

impl RootKeys {
    /// Reads `id:base64,id:base64`, newest first: ids of up to 32 letters, digits, `_` and `-`, keys of 32 bytes. Those of a
    /// hybrid key are the seed of X-Wing, behind the name of the kind: `id:x25519+ml-kem-768:base64`. White space around an
    /// entry is ignored.
    pub fn parse(ring: &str) -> Result<Self> {
        let mut keys = ring.split(',').map(RootKey::parse);
        let newest = keys.next().unwrap_or(Err(Error::RootKeys("it is empty")))?;
        let older = keys.collect::<Result<Vec<_>>>()?;
        let ring = Self { newest, older };
        let unique = ring.ids().collect::<std::collections::BTreeSet<_>>().len();
        if unique != ring.ids().count() {
            return Err(Error::RootKeys("an id stands in it twice"));
        }
        Ok(ring)
    }

    /// The id under which new data keys are wrapped.
    #[must_use]
    pub fn newest_id(&self) -> &str {
        &self.newest.id
    }

    /// All ids, newest first.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.keys().map(|key| key.id.as_str())
    }

    /// Wraps a data key under the newest root key, for the owner that `aad` names. A nonce, and the random bytes from which
    /// a hybrid key encapsulates, must never be used twice.
    #[must_use]
    pub fn wrap(&self, nonce: [u8; 12], random: [u8; 64], aad: &[&[u8]], data_key: &DataKey) -> Vec<u8> {
        let content = Zeroizing::new([data_key.id.as_slice(), data_key.bytes.as_slice()].concat());
        let key = &self.newest;
        let header = key.header();
        match &key.kind {
            Kind::Aes(cipher) => gcm::seal(cipher, &header, &nonce.into(), &context(&header, aad), &content),
            Kind::Hybrid(secret) => {
                let (encapsulated, shared) = secret.encapsulation_key().encapsulate_deterministic(&random.into());
                let header = [header.as_slice(), &encapsulated].concat();
                gcm::seal(&cipher_of(shared), &header, &nonce.into(), &context(&header, aad), &content)
            }
        }
    }

    /// Opens a wrapped data key with whichever root key of the ring wrapped it.
    pub fn unwrap(&self, wrapped: &[u8], aad: &[&[u8]]) -> Result<DataKey> {
        let (format, id, body) = split(wrapped)?;
        let key = self.keys().find(|key| key.id == id).ok_or_else(|| Error::UnknownRootKey(id.to_owned()))?;
        let header = key.header();
        let content = match &key.kind {
            Kind::Aes(cipher) if format == BY_AES => open(cipher, &header, aad, body)?,
            Kind::Hybrid(secret) if format == BY_HYBRID => {
                let (encapsulated, body) = body.split_first_chunk::<CIPHERTEXT_SIZE>().ok_or(Error::Truncated)?;
                let shared = secret.decapsulate(&(*encapsulated).into());
                open(&cipher_of(shared), &[header.as_slice(), encapsulated].concat(), aad, body)?
            }
            _ => return Err(Error::Format),
        };
        let (id, key) = content.split_first_chunk::<KEY_ID>().ok_or(Error::Format)?;
        let key: Zeroizing<[u8; KEY]> = Zeroizing::new(key.try_into().map_err(|_| Error::Format)?);
        Ok(DataKey::new(*id, *key))
    }

    /// Wraps the same data key again under the newest root key.
    pub fn rewrap(&self, nonce: [u8; 12], random: [u8; 64], wrapped: &[u8], aad: &[&[u8]]) -> Result<Vec<u8>> {
        Ok(self.wrap(nonce, random, aad, &self.unwrap(wrapped, aad)?))
    }

    /// The id of the root key that wrapped these bytes.
    pub fn id_of(wrapped: &[u8]) -> Result<&str> {
        split(wrapped).map(|(_, id, _)| id)
    }

    fn keys(&self) -> impl Iterator<Item = &RootKey> {
        std::iter::once(&self.newest).chain(&self.older)
    }
}

impl fmt::Debug for RootKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.ids()).finish()
    }
}

impl RootKey {
    fn parse(entry: &str) -> Result<Self> {
        let (id, key) = entry.trim().split_once(':').ok_or(Error::RootKeys("an entry is not id:base64 of 32 bytes"))?;
        if !is_root_key_id(id) {
            return Err(Error::RootKeys("an id is not 1 to 32 letters, digits, _ or -"));
        }
        let (kind, key) = key.rsplit_once(':').map_or((None, key), |(kind, key)| (Some(kind), key));
        let bytes = base64::decode_secret(key).map_err(|_| Error::RootKeys("a key is not base64"))?;
        let bytes: Zeroizing<[u8; KEY]> =
            bytes.as_slice().try_into().map(Zeroizing::new).map_err(|_| Error::RootKeys("a key is not 32 bytes"))?;
        let kind = match kind {
            None => Kind::Aes(Box::new(SealCipher::new((&*bytes).into()))),
            Some(HYBRID) => Kind::Hybrid(Box::new(DecapsulationKey::from(*bytes))),
            Some(_) => return Err(Error::RootKeys("a kind is not x25519+ml-kem-768")),
        };
        Ok(Self { id: id.to_owned(), kind })
    }

    fn header(&self) -> Vec<u8> {
        let length = u8::try_from(self.id.len()).unwrap_or(u8::MAX); // at most 32, see `parse`
        let format = if matches!(self.kind, Kind::Aes(_)) { BY_AES } else { BY_HYBRID };
        [&[format, length], self.id.as_bytes()].concat()
    }
}

fn is_root_key_id(id: &str) -> bool {
    (1..=32).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

/// The shared secret is made for one message alone.
fn cipher_of(shared: SharedKey) -> SealCipher {
    let shared = Zeroizing::new(shared.0);
    SealCipher::new((&*shared).into())
}

/// Opens `nonce ‖ ciphertext ‖ tag`.
fn open(cipher: &SealCipher, header: &[u8], aad: &[&[u8]], body: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
    let (nonce, body) = body.split_first_chunk::<NONCE>().ok_or(Error::Truncated)?;
    gcm::open(cipher, nonce.into(), &context(header, aad), body)
}

/// The format of a wrapped data key, the id of its root key, and what follows it.
fn split(wrapped: &[u8]) -> Result<(u8, &str, &[u8])> {
    let ([format, length], rest) = wrapped.split_first_chunk().ok_or(Error::Truncated)?;
    if ![BY_AES, BY_HYBRID].contains(format) {
        return Err(Error::Format);
    }
    let (id, rest) = rest.split_at_checked(usize::from(*length)).ok_or(Error::Truncated)?;
    let id = std::str::from_utf8(id).ok().filter(|id| is_root_key_id(id)).ok_or(Error::Format)?;
    Ok((*format, id, rest))
}
