//! ECDSA over P-256 and P-384. Signatures are DER; their nonces follow from key and hash (RFC 6979).

use p256::{
    ecdsa::signature::hazmat::{PrehashSigner as _, PrehashVerifier as _},
    pkcs8::{DecodePrivateKey as _, DecodePublicKey as _, Document, EncodePrivateKey as _, EncodePublicKey as _},
};
use policy::qnsp::hsm::KeyKind;
use zeroize::Zeroizing;

use crate::{Error, Result, Seed};

/// How often random bytes are drawn until they are a scalar; for either curve the first ones nearly always are.
const TRIES: usize = 8;

pub(crate) fn generate(kind: KeyKind, seed: Seed) -> Result<Zeroizing<Vec<u8>>> {
    let candidates = seed.expand::<{ 48 * TRIES }>();
    let mut candidates = candidates.chunks_exact(48);
    match kind {
        KeyKind::EcdsaP256 => {
            let key = candidates.find_map(|bytes| p256::SecretKey::from_slice(bytes.get(..32)?).ok());
            key.and_then(|key| key.to_pkcs8_der().ok())
        }
        KeyKind::EcdsaP384 => {
            let key = candidates.find_map(|bytes| p384::SecretKey::from_slice(bytes).ok());
            key.and_then(|key| key.to_pkcs8_der().ok())
        }
        _ => return Err(Error::Mechanism),
    }
    .map(|der| der.to_bytes())
    .ok_or(Error::Failed)
}

pub(crate) fn public_key(kind: KeyKind, pkcs8: &[u8]) -> Result<Vec<u8>> {
    match kind {
        KeyKind::EcdsaP256 => {
            p256::SecretKey::from_pkcs8_der(pkcs8).ok().and_then(|key| key.public_key().to_public_key_der().ok())
        }
        KeyKind::EcdsaP384 => {
            p384::SecretKey::from_pkcs8_der(pkcs8).ok().and_then(|key| key.public_key().to_public_key_der().ok())
        }
        _ => None,
    }
    .map(Document::into_vec)
    .ok_or(Error::Material)
}

pub(crate) fn sign(kind: KeyKind, pkcs8: &[u8], digest: &[u8]) -> Result<Vec<u8>> {
    match kind {
        KeyKind::EcdsaP256 => {
            let key = p256::ecdsa::SigningKey::from_pkcs8_der(pkcs8).map_err(|_| Error::Material)?;
            let signature: p256::ecdsa::Signature = key.sign_prehash(digest).map_err(|_| Error::Failed)?;
            Ok(signature.to_der().as_bytes().to_vec())
        }
        KeyKind::EcdsaP384 => {
            let key = p384::ecdsa::SigningKey::from_pkcs8_der(pkcs8).map_err(|_| Error::Material)?;
            let signature: p384::ecdsa::Signature = key.sign_prehash(digest).map_err(|_| Error::Failed)?;
            Ok(signature.to_der().as_bytes().to_vec())
        }
        _ => Err(Error::Mechanism),
    }
}

pub(crate) fn verify(kind: KeyKind, spki: &[u8], digest: &[u8], signature: &[u8]) -> Result<bool> {
    match kind {
        KeyKind::EcdsaP256 => {
            let key = p256::ecdsa::VerifyingKey::from_public_key_der(spki).map_err(|_| Error::Material)?;
            let signature = p256::ecdsa::Signature::from_der(signature);
            Ok(signature.is_ok_and(|signature| key.verify_prehash(digest, &signature).is_ok()))
        }
        KeyKind::EcdsaP384 => {
            let key = p384::ecdsa::VerifyingKey::from_public_key_der(spki).map_err(|_| Error::Material)?;
            let signature = p384::ecdsa::Signature::from_der(signature);
            Ok(signature.is_ok_and(|signature| key.verify_prehash(digest, &signature).is_ok()))
        }
        _ => Err(Error::Mechanism),
    }
}
