//! Signatures by which what a service says can be checked later, without it: ES256, which is ECDSA over P-256 with
//! SHA-256. What is signed is the callers' business.

use p256::ecdsa::{
    Signature, VerifyingKey,
    signature::{Signer, Verifier},
};
use zeroize::Zeroizing;

use crate::{Error, PrivateKey, PublicKey, Result, hash};

/// A key that signs, and does nothing else.
pub struct SigningKey(p256::ecdsa::SigningKey);

impl SigningKey {
    /// The signing key that belongs to a service key, whatever its curve. It follows from the service key by a one-way
    /// function, so that no number is ever used for agreements and for signatures both.
    ///
    /// ```
    /// use chancery_crypto::{Curve, Error, PrivateKey, sign::{self, SigningKey}};
    ///
    /// let key = SigningKey::derive(&PrivateKey::from_bytes(Curve::Secp256k1, &[0x22; 32])?, "example")?;
    /// let signature = key.sign(b"text");
    /// sign::verify(&key.public_key(), b"text", &signature)?;
    /// assert!(sign::verify(&key.public_key(), b"other", &signature).is_err());
    /// # Ok::<(), Error>(())
    /// ```
    pub fn derive(service: &PrivateKey, label: &str) -> Result<Self> {
        let secret = service.to_bytes();
        let candidate = |counter: u8| {
            let bytes = Zeroizing::new(hash::hmac_sha256(&*secret, &[label.as_bytes(), &[counter]]));
            p256::ecdsa::SigningKey::from_bytes((&*bytes).into()).ok()
        };
        // All but one number in 2^32 is a key.
        (0..=u8::MAX).find_map(candidate).map(Self).ok_or(Error::PrivateKey)
    }

    /// r‖s, each 32 bytes. The same text has the same signature (RFC 6979).
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        let signature: Signature = self.0.sign(message);
        signature.to_bytes().into()
    }

    /// The key that others check with: a point of P-256.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        PublicKey::from_p256(self.0.verifying_key().into())
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SigningKey(..)")
    }
}

/// Checks a signature r‖s.
pub fn verify(key: &PublicKey, message: &[u8], signature: &[u8]) -> Result<()> {
    let key = key.as_p256().ok_or(Error::CurveMismatch)?;
    let signature = Signature::from_slice(signature).map_err(|_| Error::Signature)?;
    VerifyingKey::from(key).verify(message, &signature).map_err(|_| Error::Signature)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]
    use super::*;
    use crate::Curve;

    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn bytes(hex: &str) -> Vec<u8> {
        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
    }

    /// RFC 6979, A.2.5.
    #[test]
    fn the_published_signature_is_made_and_holds() {
        let secret = bytes("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721");
        let key = SigningKey(p256::ecdsa::SigningKey::from_slice(&secret).unwrap());
        let signature = key.sign(b"sample");
        let published = concat!(
            "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716",
            "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"
        );
        assert_eq!(hash::hex(&signature), published);
        assert_eq!(
            hash::hex(&key.public_key().as_bytes()[..32]),
            "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
        );
        verify(&key.public_key(), b"sample", &signature).unwrap();
    }

    #[test]
    fn nothing_altered_holds() {
        let service = PrivateKey::from_bytes(Curve::P256, &[0x22; 32]).unwrap();
        let key = SigningKey::derive(&service, "a").unwrap();
        let other = SigningKey::derive(&service, "b").unwrap();
        assert_ne!(key.public_key(), service.public_key());
        let signature = key.sign(b"text");
        assert_eq!(verify(&key.public_key(), b"text", &signature), Ok(()));
        assert_eq!(verify(&other.public_key(), b"text", &signature), Err(Error::Signature));
        assert_eq!(verify(&key.public_key(), b"texts", &signature), Err(Error::Signature));
        assert_eq!(verify(&key.public_key(), b"text", &signature[1..]), Err(Error::Signature));
        let k1 = PrivateKey::from_bytes(Curve::Secp256k1, &[0x22; 32]).unwrap().public_key();
        assert_eq!(verify(&k1, b"text", &signature), Err(Error::CurveMismatch));
        for bit in 0..512 {
            let mut altered = signature;
            altered[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(verify(&key.public_key(), b"text", &altered), Err(Error::Signature), "bit {bit}");
        }
    }
}
