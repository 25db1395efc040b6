//! The keys that tokens are verified with: a shared secret, or a public key in PEM.

use std::fmt;

use base64ct::{Base64, Encoding};
use hmac::{Hmac, KeyInit, Mac, digest::block_api::EagerHash};
use p256::{ecdsa::signature::Verifier, pkcs8::DecodePublicKey};
use rsa::{Pkcs1v15Sign, PublicKey, traits::PublicKeyParts};
use sha2::{Digest, Sha256, Sha384, Sha512};
use zeroize::Zeroizing;

use super::{Algorithm, Verify};
use crate::{Error, Result};

/// Sizes of an RSA modulus in bits: below is too weak, above takes too long.
const RSA_BITS: std::ops::RangeInclusive<u32> = 2048..=4096;

/// The longest PEM text that is read.
const LONGEST_PEM: usize = 4096;

/// A key together with the one algorithm that it is for.
pub struct VerifyingKey {
    algorithm: Algorithm,
    material: Material,
}

enum Material {
    Secret(Zeroizing<Vec<u8>>),
    Rsa(Box<PublicKey>),
    P256(p256::ecdsa::VerifyingKey),
    P384(p384::ecdsa::VerifyingKey),
}

impl VerifyingKey {
    /// A secret that both sides know, for the HS algorithms.
    pub fn secret(algorithm: Algorithm, secret: &[u8]) -> Result<Self> {
        if !algorithm.is_symmetric() {
            return Err(Error::VerifyingKey("this algorithm needs a public key"));
        }
        if secret.is_empty() {
            return Err(Error::VerifyingKey("the secret must not be empty"));
        }
        Ok(Self { algorithm, material: Material::Secret(Zeroizing::new(secret.to_vec())) })
    }

    /// A public key (SPKI) in PEM, for the RS and ES algorithms. Lines may be of any length.
    pub fn public(algorithm: Algorithm, pem: &str) -> Result<Self> {
        let rule = |rule| move |_| Error::VerifyingKey(rule);
        let material = match algorithm {
            Algorithm::Hs256 | Algorithm::Hs384 | Algorithm::Hs512 => {
                return Err(Error::VerifyingKey("this algorithm needs a secret"));
            }
            Algorithm::Rs256 | Algorithm::Rs384 | Algorithm::Rs512 => {
                let key = PublicKey::from_public_key_der(&der(pem)?);
                let key = key.map_err(rule("not an RSA public key"))?;
                if !RSA_BITS.contains(&key.n().bit_width_vartime()) {
                    return Err(Error::VerifyingKey("an RSA key must have 2048 to 4096 bits"));
                }
                Material::Rsa(Box::new(key))
            }
            Algorithm::Es256 => p256::ecdsa::VerifyingKey::from_public_key_der(&der(pem)?)
                .map(Material::P256)
                .map_err(rule("not a public key on the curve P-256"))?,
            Algorithm::Es384 => p384::ecdsa::VerifyingKey::from_public_key_der(&der(pem)?)
                .map(Material::P384)
                .map_err(rule("not a public key on the curve P-384"))?,
        };
        Ok(Self { algorithm, material })
    }

    /// What the key is for.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Whether the signature over the message is this key's.
    #[must_use]
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        match (self.algorithm, &self.material) {
            (Algorithm::Hs256, Material::Secret(key)) => hmac::<Sha256>(key, message, signature),
            (Algorithm::Hs384, Material::Secret(key)) => hmac::<Sha384>(key, message, signature),
            (Algorithm::Hs512, Material::Secret(key)) => hmac::<Sha512>(key, message, signature),
            (Algorithm::Rs256, Material::Rsa(key)) => {
                key.verify(Pkcs1v15Sign::new::<Sha256>(), &Sha256::digest(message), signature).is_ok()
            }
            (Algorithm::Rs384, Material::Rsa(key)) => {
                key.verify(Pkcs1v15Sign::new::<Sha384>(), &Sha384::digest(message), signature).is_ok()
            }
            (Algorithm::Rs512, Material::Rsa(key)) => {
                key.verify(Pkcs1v15Sign::new::<Sha512>(), &Sha512::digest(message), signature).is_ok()
            }
            (Algorithm::Es256, Material::P256(key)) => p256::ecdsa::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify(message, &signature).is_ok()),
            (Algorithm::Es384, Material::P384(key)) => p384::ecdsa::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify(message, &signature).is_ok()),
            _ => false,
        }
    }
}

impl Verify for VerifyingKey {
    fn algorithm_name(&self) -> &'static str {
        self.algorithm.name()
    }

    fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        Self::verify(self, message, signature)
    }
}

/// The algorithm only.
impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifyingKey({}, ..)", self.algorithm)
    }
}

pub(super) fn hmac<D: EagerHash + Digest>(key: &[u8], message: &[u8], signature: &[u8]) -> bool
where
    Hmac<D>: Mac + KeyInit,
{
    <Hmac<D> as KeyInit>::new_from_slice(key).is_ok_and(|mac| mac.chain_update(message).verify_slice(signature).is_ok())
}

/// What stands between the two lines of a PEM public key.
pub(super) fn der(pem: &str) -> Result<Vec<u8>> {
    let refused = Error::VerifyingKey("not a PEM text that begins with -----BEGIN PUBLIC KEY-----");
    if pem.len() > LONGEST_PEM {
        return Err(refused);
    }
    let body = pem.trim().strip_prefix("-----BEGIN PUBLIC KEY-----");
    let body = body.and_then(|body| body.strip_suffix("-----END PUBLIC KEY-----")).ok_or_else(|| refused.clone())?;
    let body: String = body.split_ascii_whitespace().collect();
    Base64::decode_vec(&body).map_err(|_| refused)
}
