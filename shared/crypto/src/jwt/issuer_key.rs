//! The keys of who issues bearer tokens to callers. They are few and configured, and carry no RSA.

use std::fmt;

use ed25519_dalek::pkcs8::DecodePublicKey as _;
use p256::ecdsa::signature::Verifier as _;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{
    Verify,
    key::{der, hmac},
};
use crate::{Error, Result};

/// The shortest secret: as long as the hash (RFC 7518, 3.2).
const SHORTEST_SECRET: usize = 32;

/// A key together with the one algorithm that it is for.
pub enum IssuerKey {
    Hs256(Zeroizing<Vec<u8>>),
    Es256(p256::ecdsa::VerifyingKey),
    EdDsa(ed25519_dalek::VerifyingKey),
}

impl IssuerKey {
    pub fn hs256(secret: &[u8]) -> Result<Self> {
        if secret.len() < SHORTEST_SECRET {
            return Err(Error::VerifyingKey("the secret must have at least 32 bytes"));
        }
        Ok(Self::Hs256(Zeroizing::new(secret.to_vec())))
    }

    /// A public key (SPKI) in PEM.
    pub fn es256(pem: &str) -> Result<Self> {
        let key = p256::ecdsa::VerifyingKey::from_public_key_der(&der(pem)?);
        key.map(Self::Es256).map_err(|_| Error::VerifyingKey("not a public key on the curve P-256"))
    }

    /// A public key (SPKI) in PEM.
    pub fn eddsa(pem: &str) -> Result<Self> {
        let key = ed25519_dalek::VerifyingKey::from_public_key_der(&der(pem)?);
        let key = key.ok().filter(|key| !key.is_weak());
        key.map(Self::EdDsa).ok_or(Error::VerifyingKey("not an Ed25519 public key"))
    }
}

impl Verify for IssuerKey {
    fn algorithm_name(&self) -> &'static str {
        match self {
            Self::Hs256(_) => "HS256",
            Self::Es256(_) => "ES256",
            Self::EdDsa(_) => "EdDSA",
        }
    }

    fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Hs256(secret) => hmac::<Sha256>(secret, message, signature),
            Self::Es256(key) => p256::ecdsa::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify(message, &signature).is_ok()),
            Self::EdDsa(key) => ed25519_dalek::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify_strict(message, &signature).is_ok()),
        }
    }
}

/// The algorithm only.
impl fmt::Debug for IssuerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IssuerKey({}, ..)", self.algorithm_name())
    }
}
