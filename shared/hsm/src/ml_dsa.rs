//! ML-DSA (FIPS 204): pure, with an empty context, hedged.

use ml_dsa::{
    EncodedSignature, MlDsa44, MlDsa65, MlDsa87, Signature, SigningKey, VerifyingKey,
    pkcs8::{DecodePrivateKey as _, DecodePublicKey as _, EncodePrivateKey as _, EncodePublicKey as _},
    signature::Keypair as _,
};
use policy::qnsp::hsm::KeyKind;
use zeroize::Zeroizing;

use crate::{Error, Result, Seed};

/// What stands before a message that is signed without a context: that it is no hash, and how long the context is.
const PURE: [u8; 2] = [0, 0];

/// Evaluates an expression with the parameter set of a kind.
macro_rules! with_set {
    ($kind:expr, $set:ident => $value:expr) => {
        match $kind {
            KeyKind::MlDsa44 => {
                type $set = MlDsa44;
                $value
            }
            KeyKind::MlDsa65 => {
                type $set = MlDsa65;
                $value
            }
            KeyKind::MlDsa87 => {
                type $set = MlDsa87;
                $value
            }
            _ => Err(Error::Mechanism),
        }
    };
}

pub(crate) fn generate(kind: KeyKind, seed: Seed) -> Result<Zeroizing<Vec<u8>>> {
    from_seed(kind, &seed.expand())
}

pub(crate) fn from_seed(kind: KeyKind, seed: &[u8; 32]) -> Result<Zeroizing<Vec<u8>>> {
    with_set!(kind, Set => {
        let der = SigningKey::<Set>::from_seed(seed.into()).to_pkcs8_der();
        der.map(|der| der.to_bytes()).map_err(|_| Error::Failed)
    })
}

pub(crate) fn public_key(kind: KeyKind, pkcs8: &[u8]) -> Result<Vec<u8>> {
    with_set!(kind, Set => {
        let key = SigningKey::<Set>::from_pkcs8_der(pkcs8).map_err(|_| Error::Material)?;
        key.verifying_key().to_public_key_der().map(|der| der.into_vec()).map_err(|_| Error::Failed)
    })
}

pub(crate) fn sign(kind: KeyKind, pkcs8: &[u8], message: &[u8], random: &[u8; 32]) -> Result<Vec<u8>> {
    with_set!(kind, Set => {
        let key = SigningKey::<Set>::from_pkcs8_der(pkcs8).map_err(|_| Error::Material)?;
        let signature = key.expanded_key().sign_internal(&[&PURE, message], random.into());
        Ok(signature.encode().to_vec())
    })
}

pub(crate) fn verify(kind: KeyKind, spki: &[u8], message: &[u8], signature: &[u8]) -> Result<bool> {
    with_set!(kind, Set => {
        let key = VerifyingKey::<Set>::from_public_key_der(spki).map_err(|_| Error::Material)?;
        let Ok(encoded) = EncodedSignature::<Set>::try_from(signature) else { return Ok(false) };
        Ok(Signature::<Set>::decode(&encoded).is_some_and(|signature| key.verify_with_context(message, b"", &signature)))
    })
}
