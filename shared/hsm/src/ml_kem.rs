//! ML-KEM (FIPS 203) as a way to wrap keys: `KEM ciphertext ‖ nonce ‖ ciphertext ‖ tag`, where the shared secret is the key
//! of AES-256-GCM.

use ml_kem::{
    Decapsulate as _, DecapsulationKey, EncapsulationKey, MlKem512, MlKem768, MlKem1024,
    pkcs8::{DecodePrivateKey as _, DecodePublicKey as _, EncodePrivateKey as _, EncodePublicKey as _},
};
use policy::qnsp::hsm::KeyKind;
use zeroize::Zeroizing;

use crate::{Error, Result, Seed, aes};

/// The random message of an encapsulation, and the nonce behind it.
const MESSAGE: usize = 32;
const NONCE: usize = 12;

/// Evaluates an expression with the parameter set of a kind.
macro_rules! with_set {
    ($kind:expr, $set:ident => $value:expr) => {
        match $kind {
            KeyKind::MlKem512 => {
                type $set = MlKem512;
                $value
            }
            KeyKind::MlKem768 => {
                type $set = MlKem768;
                $value
            }
            KeyKind::MlKem1024 => {
                type $set = MlKem1024;
                $value
            }
            _ => Err(Error::Mechanism),
        }
    };
}

pub(crate) fn generate(kind: KeyKind, seed: Seed) -> Result<Zeroizing<Vec<u8>>> {
    from_seed(kind, &seed.expand())
}

/// The key of a seed, `d ‖ z`.
pub(crate) fn from_seed(kind: KeyKind, seed: &[u8; 64]) -> Result<Zeroizing<Vec<u8>>> {
    with_set!(kind, Set => {
        let der = DecapsulationKey::<Set>::from_seed((*seed).into()).to_pkcs8_der();
        der.map(|der| der.to_bytes()).map_err(|_| Error::Failed)
    })
}

pub(crate) fn public_key(kind: KeyKind, pkcs8: &[u8]) -> Result<Vec<u8>> {
    with_set!(kind, Set => {
        let key = DecapsulationKey::<Set>::from_pkcs8_der(pkcs8).map_err(|_| Error::Material)?;
        key.encapsulation_key().to_public_key_der().map(|der| der.into_vec()).map_err(|_| Error::Failed)
    })
}

pub(crate) fn wrap(kind: KeyKind, spki: &[u8], plain: &[u8], seed: Seed) -> Result<Vec<u8>> {
    let random = seed.expand::<{ MESSAGE + NONCE }>();
    let (message, nonce) = random.split_first_chunk::<MESSAGE>().ok_or(Error::Failed)?;
    let nonce = nonce.first_chunk::<NONCE>().ok_or(Error::Failed)?;
    let (mut wrapped, secret) = encapsulate(kind, spki, message)?;
    wrapped.extend(aes::gcm_seal(secret.as_slice(), *nonce, plain)?);
    Ok(wrapped)
}

pub(crate) fn unwrap(kind: KeyKind, pkcs8: &[u8], wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
    let length = with_set!(kind, Set => Ok(ml_kem::Ciphertext::<Set>::default().len()))?;
    let (encapsulated, sealed) = wrapped.split_at_checked(length).ok_or(Error::Integrity)?;
    let secret = decapsulate(kind, pkcs8, encapsulated)?;
    aes::gcm_open(secret.as_slice(), sealed)
}

pub(crate) fn encapsulate(
    kind: KeyKind,
    spki: &[u8],
    message: &[u8; MESSAGE],
) -> Result<(Vec<u8>, Zeroizing<[u8; 32]>)> {
    with_set!(kind, Set => {
        let key = EncapsulationKey::<Set>::from_public_key_der(spki).map_err(|_| Error::Material)?;
        let (encapsulated, secret) = key.encapsulate_deterministic(message.into());
        Ok((encapsulated.to_vec(), Zeroizing::new(secret.into())))
    })
}

pub(crate) fn decapsulate(kind: KeyKind, pkcs8: &[u8], encapsulated: &[u8]) -> Result<Zeroizing<[u8; 32]>> {
    with_set!(kind, Set => {
        let key = DecapsulationKey::<Set>::from_pkcs8_der(pkcs8).map_err(|_| Error::Material)?;
        let encapsulated = encapsulated.try_into().map_err(|_| Error::Integrity)?;
        Ok(Zeroizing::new(key.decapsulate(encapsulated).into()))
    })
}
