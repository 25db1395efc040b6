//! Sealing at rest: values under a data key, data keys under a ring of root keys. Which value
//! belongs to which data key, and where either is stored, is the service's business.
//!
//! | bytes | sealed value | wrapped data key |
//! | --- | --- | --- |
//! | format, which names the algorithm | `1`: AES-256-GCM | `2`: AES-256-GCM |
//! | key id | 16 bytes | length (1 byte) and text |
//! | nonce | 12 bytes | 12 bytes |
//! | ciphertext and tag | plaintext + 16 bytes | 48 + 16 bytes: id and key |
//!
//! The associated data is the header (format and key id) and the caller's parts, each behind its
//! length as eight big-endian bytes, so that no two lists of parts read the same.

use std::fmt;

use aes_gcm::KeyInit;
use zeroize::Zeroizing;

use crate::gcm::{self, SealCipher};
use crate::{Error, Result, base64, hash};

const VALUE: u8 = 1;
const WRAPPED_KEY: u8 = 2;
const NONCE: usize = 12;
const KEY_ID: usize = 16;
const KEY: usize = 32;

/// The key that seals the values of one tenant. Wiped when dropped.
///
/// ```
/// use chancery_crypto::seal::DataKey;
///
/// let key = DataKey::new([1; 16], [2; 32]); // id and key from the platform's random source
/// let sealed = key.seal([3; 12], &[b"secret", b"tenant-a", b"db.password"], b"s3cret");
///
/// let opened = key.open(&[b"secret", b"tenant-a", b"db.password"], &sealed)?;
/// assert_eq!(opened.as_slice(), b"s3cret");
/// // A row that was moved to another tenant does not open.
/// assert!(key.open(&[b"secret", b"tenant-b", b"db.password"], &sealed).is_err());
/// # Ok::<(), chancery_crypto::Error>(())
/// ```
#[derive(Clone)]
pub struct DataKey {
    id: [u8; KEY_ID],
    bytes: Zeroizing<[u8; KEY]>,
    cipher: SealCipher,
}

impl DataKey {
    /// A key under its id. The id is public: it stands in front of every value it sealed.
    #[must_use]
    pub fn new(id: [u8; 16], key: [u8; 32]) -> Self {
        let bytes = Zeroizing::new(key);
        let cipher = SealCipher::new((&*bytes).into());
        Self { id, bytes, cipher }
    }

    /// The id that stands in front of the values.
    #[must_use]
    pub fn id(&self) -> [u8; 16] {
        self.id
    }

    /// Seals a value for the place that `aad` names. A nonce must never be used twice under one key.
    #[must_use]
    pub fn seal(&self, nonce: [u8; 12], aad: &[&[u8]], plaintext: &[u8]) -> Vec<u8> {
        let header = self.header();
        gcm::seal(&self.cipher, &header, &nonce.into(), &context(&header, aad), plaintext)
    }

    /// Opens a value that this key sealed for the same place.
    pub fn open(&self, aad: &[&[u8]], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        if key_id_of(sealed)? != self.id {
            return Err(Error::Format);
        }
        let header = self.header();
        let body = sealed.get(header.len()..).ok_or(Error::Truncated)?;
        let (nonce, body) = body.split_first_chunk::<NONCE>().ok_or(Error::Truncated)?;
        gcm::open(&self.cipher, nonce.into(), &context(&header, aad), body)
    }

    /// A hash by which a known value is found in the audit log of the owner, and nobody finds the value: keyed by a salt
    /// that follows from this key.
    #[must_use]
    pub fn audit_hash(&self, value: &[u8]) -> [u8; 32] {
        let salt = Zeroizing::new(hash::hmac_sha256(&*self.bytes, &[b"audit-salt"]));
        hash::hmac_sha256(&*salt, &[value])
    }

    fn header(&self) -> Vec<u8> {
        [&[VALUE], self.id.as_slice()].concat()
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DataKey({}, ..)", hash::hex(&self.id))
    }
}

/// Which data key sealed this value.
pub fn key_id_of(sealed: &[u8]) -> Result<[u8; 16]> {
    let (format, rest) = sealed.split_first().ok_or(Error::Truncated)?;
    if *format != VALUE {
        return Err(Error::Format);
    }
    rest.first_chunk().copied().ok_or(Error::Truncated)
}

/// The ring of root keys, newest first. New data keys are wrapped under the newest, older ones open
/// as long as their root key is in the ring.
///
/// ```
/// use chancery_crypto::{base64, seal::{DataKey, RootKeys}};
///
/// let (old, new) = (base64::encode(&[1; 32]), base64::encode(&[2; 32]));
/// let before = RootKeys::parse(&format!("spring:{old}"))?;
/// let wrapped = before.wrap([3; 12], &[b"tenant-a"], &DataKey::new([4; 16], [5; 32]));
///
/// let after = RootKeys::parse(&format!("autumn:{new},spring:{old}"))?;
/// let rewrapped = after.rewrap([6; 12], &wrapped, &[b"tenant-a"])?;
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
    cipher: SealCipher,
}

impl RootKeys {
    /// Reads `id:base64,id:base64`, newest first: ids of up to 32 letters, digits, `_` and `-`, keys
    /// of 32 bytes. White space around an entry is ignored.
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

    /// Wraps a data key under the newest root key, for the owner that `aad` names.
    #[must_use]
    pub fn wrap(&self, nonce: [u8; 12], aad: &[&[u8]], data_key: &DataKey) -> Vec<u8> {
        let key = &self.newest;
        let header = key.header();
        let content = Zeroizing::new([data_key.id.as_slice(), data_key.bytes.as_slice()].concat());
        gcm::seal(&key.cipher, &header, &nonce.into(), &context(&header, aad), &content)
    }

    /// Opens a wrapped data key with whichever root key of the ring wrapped it.
    pub fn unwrap(&self, wrapped: &[u8], aad: &[&[u8]]) -> Result<DataKey> {
        let (id, body) = split_wrapped(wrapped)?;
        let key = self.keys().find(|key| key.id == id).ok_or_else(|| Error::UnknownRootKey(id.to_owned()))?;
        let (nonce, body) = body.split_first_chunk::<NONCE>().ok_or(Error::Truncated)?;
        let content = gcm::open(&key.cipher, nonce.into(), &context(&key.header(), aad), body)?;
        let (id, key) = content.split_first_chunk::<KEY_ID>().ok_or(Error::Format)?;
        let key: Zeroizing<[u8; KEY]> = Zeroizing::new(key.try_into().map_err(|_| Error::Format)?);
        Ok(DataKey::new(*id, *key))
    }

    /// Wraps the same data key again under the newest root key.
    pub fn rewrap(&self, nonce: [u8; 12], wrapped: &[u8], aad: &[&[u8]]) -> Result<Vec<u8>> {
        Ok(self.wrap(nonce, aad, &self.unwrap(wrapped, aad)?))
    }

    /// The id of the root key that wrapped these bytes.
    pub fn id_of(wrapped: &[u8]) -> Result<&str> {
        split_wrapped(wrapped).map(|(id, _)| id)
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
        let bytes = base64::decode_secret(key).map_err(|_| Error::RootKeys("a key is not base64"))?;
        let bytes: Zeroizing<[u8; KEY]> =
            bytes.as_slice().try_into().map(Zeroizing::new).map_err(|_| Error::RootKeys("a key is not 32 bytes"))?;
        Ok(Self { id: id.to_owned(), cipher: SealCipher::new((&*bytes).into()) })
    }

    fn header(&self) -> Vec<u8> {
        let length = u8::try_from(self.id.len()).unwrap_or(u8::MAX); // at most 32, see `parse`
        [&[WRAPPED_KEY, length], self.id.as_bytes()].concat()
    }
}

fn is_root_key_id(id: &str) -> bool {
    (1..=32).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

/// The root key id of a wrapped data key, and what follows it.
fn split_wrapped(wrapped: &[u8]) -> Result<(&str, &[u8])> {
    let ([format, length], rest) = wrapped.split_first_chunk().ok_or(Error::Truncated)?;
    if *format != WRAPPED_KEY {
        return Err(Error::Format);
    }
    let (id, rest) = rest.split_at_checked(usize::from(*length)).ok_or(Error::Truncated)?;
    let id = std::str::from_utf8(id).ok().filter(|id| is_root_key_id(id)).ok_or(Error::Format)?;
    Ok((id, rest))
}

/// The associated data: header and parts, each behind its length.
fn context(header: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    std::iter::once(&header)
        .chain(parts)
        .flat_map(|part| (part.len() as u64).to_be_bytes().into_iter().chain(part.iter().copied()))
        .collect()
}
