//! Sealing at rest: values under a data key, data keys under a ring of root keys. Which value
//! belongs to which data key, and where either is stored, is the service's business.
//!
//! | bytes | sealed value | wrapped data key | wrapped data key, hybrid |
//! | --- | --- | --- | --- |
//! | format, which names the algorithm | `1`: AES-256-GCM | `2`: AES-256-GCM | `3`: X-Wing and AES-256-GCM |
//! | key id | 16 bytes | length (1 byte) and text | length (1 byte) and text |
//! | encapsulated key | – | – | 1120 bytes |
//! | nonce | 12 bytes | 12 bytes | 12 bytes |
//! | ciphertext and tag | plaintext + 16 bytes | 48 + 16 bytes: id and key | 48 + 16 bytes: id and key |
//!
//! The associated data is the header (format and key id) and the caller's parts, each behind its
//! length as eight big-endian bytes, so that no two lists of parts read the same.

mod root_keys;

use std::fmt;

use aes_gcm::KeyInit;
use zeroize::Zeroizing;

use crate::gcm::{self, SealCipher};
use crate::{Error, Result, hash};

pub use root_keys::{HYBRID, RootKeys};

const VALUE: u8 = 1;
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

/// The associated data: header and parts, each behind its length.
fn context(header: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    // Most contexts are shorter, and take one allocation.
    let mut context = Vec::with_capacity(256);
    for part in std::iter::once(&header).chain(parts) {
        context.extend_from_slice(&(part.len() as u64).to_be_bytes());
        context.extend_from_slice(part);
    }
    context
}
