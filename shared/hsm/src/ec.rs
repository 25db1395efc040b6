//! ECDSA over P-256 and P-384. Signatures are DER; their nonces follow from key and hash (RFC 6979).

use ecdsa::hazmat::sign_prehashed_rfc6979;
use p256::{
    NistP256,
    ecdsa::signature::hazmat::PrehashVerifier as _,
    elliptic_curve::{ALGORITHM_OID, CurveArithmetic, NonZeroScalar, SecretKey},
    pkcs8::{
        AssociatedOid, DecodePrivateKey as _, DecodePublicKey as _, Document, EncodePrivateKey as _,
        EncodePublicKey as _, PrivateKeyInfoRef,
    },
};
use p384::NistP384;
use policy::qnsp::hsm::KeyKind;
use sec1::EcPrivateKey;
use sha2::{Sha256, Sha384};
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
            let (signature, _) = sign_prehashed_rfc6979::<NistP256, Sha256>(&*scalar(pkcs8)?, digest, &[]);
            Ok(signature.to_der().as_bytes().to_vec())
        }
        KeyKind::EcdsaP384 => {
            let (signature, _) = sign_prehashed_rfc6979::<NistP384, Sha384>(&*scalar(pkcs8)?, digest, &[]);
            Ok(signature.to_der().as_bytes().to_vec())
        }
        _ => Err(Error::Mechanism),
    }
}

/// The private scalar alone. Keys of the crates compute the public key from it, and compare that with the one beside it: each of the
/// two costs as much as a signature, and that the material is as it was generated is shown by its seal.
fn scalar<C: CurveArithmetic + AssociatedOid>(pkcs8: &[u8]) -> Result<Zeroizing<NonZeroScalar<C>>> {
    let info = PrivateKeyInfoRef::try_from(pkcs8).map_err(|_| Error::Material)?;
    info.algorithm.assert_oids(ALGORITHM_OID, C::OID).map_err(|_| Error::Material)?;
    let key = EcPrivateKey::try_from(info.private_key.as_bytes()).map_err(|_| Error::Material)?;
    let key = SecretKey::<C>::from_slice(key.private_key).map_err(|_| Error::Material)?;
    Ok(Zeroizing::new(key.to_nonzero_scalar()))
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
