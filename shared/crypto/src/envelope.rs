//! The envelope of signed requests: ECDH, then AES-256-GCM directly under the X coordinate, with a
//! 16-byte IV and no associated data. What is inside the envelope is not known here.

use std::fmt;

use aes_gcm::KeyInit;
use zeroize::Zeroizing;

use crate::curve::{PrivateKey, PublicKey};
use crate::gcm::{self, EnvelopeCipher};
use crate::{Result, base64, error::Error};

/// Bytes of the IV in front of every envelope.
const IV: usize = 16;

/// The secret of two key pairs, ready to encrypt and decrypt: agreeing is the dear part, so keep
/// the value as long as both keys are in use. It is wiped when dropped.
///
/// ```
/// use chancery_crypto::{Curve, PrivateKey, SharedKey};
///
/// let caller = PrivateKey::from_bytes(Curve::P256, &[0x11; 32])?;
/// let service = PrivateKey::from_bytes(Curve::P256, &[0x22; 32])?;
///
/// let theirs = SharedKey::agree(&caller, &service.public_key())?;
/// let ours = SharedKey::agree(&service, &caller.public_key())?;
///
/// let iv = [7; 16]; // from the platform's random source; never twice under one key
/// let text = theirs.encrypt(iv, b"hello");
/// assert_eq!(ours.decrypt(&text)?.as_slice(), b"hello");
/// # Ok::<(), chancery_crypto::Error>(())
/// ```
#[derive(Clone)]
pub struct SharedKey {
    bytes: Zeroizing<[u8; 32]>,
    /// The key schedule and the GHASH key, worked out once.
    cipher: EnvelopeCipher,
}

impl SharedKey {
    /// ECDH. Fails only when the keys belong to different curves.
    pub fn agree(private: &PrivateKey, public: &PublicKey) -> Result<Self> {
        private.diffie_hellman(public).map(Self::from_zeroizing)
    }

    /// Takes a secret that was agreed on elsewhere.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self::from_zeroizing(Zeroizing::new(bytes))
    }

    fn from_zeroizing(bytes: Zeroizing<[u8; 32]>) -> Self {
        let cipher = EnvelopeCipher::new((&*bytes).into());
        Self { bytes, cipher }
    }

    /// The raw X coordinate, 32 bytes with its leading zeros.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.bytes
    }

    /// Standard padded base64 of `iv ‖ ciphertext ‖ tag`.
    #[must_use]
    pub fn encrypt(&self, iv: [u8; 16], plaintext: &[u8]) -> String {
        base64::encode(&gcm::seal(&self.cipher, &[], &iv.into(), &[], plaintext))
    }

    /// Opens what [`encrypt`](Self::encrypt) made, in any base64 spelling.
    pub fn decrypt(&self, text: &str) -> Result<Zeroizing<Vec<u8>>> {
        self.decrypt_bytes(&base64::decode_any(text)?)
    }

    /// Opens the decoded bytes, for a caller that needs them for something else as well.
    pub fn decrypt_bytes(&self, bytes: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        let (iv, sealed) = bytes.split_first_chunk::<IV>().ok_or(Error::Truncated)?;
        gcm::open(&self.cipher, iv.into(), &[], sealed)
    }
}

impl fmt::Debug for SharedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedKey(..)")
    }
}
