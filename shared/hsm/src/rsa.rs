//! RSA: OAEP, PSS and PKCS#1 v1.5, all with SHA-256. Operations with the private key are blinded.

use chacha20::rand_core::CryptoRng;
use policy::qnsp::hsm::Mechanism;
use rsa::{
    Error as RsaError, PrivateKey, PublicKey,
    pkcs8::{DecodePrivateKey as _, DecodePublicKey as _, EncodePrivateKey as _, EncodePublicKey as _},
    traits::PublicKeyParts as _,
};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::{Error, Result, Seed};

/// A key pair of this size as PKCS#8.
pub(crate) fn generate(bits: usize, seed: Seed) -> Result<Zeroizing<Vec<u8>>> {
    let key = PrivateKey::new(&mut seed.stream(), bits).map_err(|_| Error::Failed)?;
    key.to_pkcs8_der().map(|der| der.to_bytes()).map_err(|_| Error::Failed)
}

fn private(pkcs8: &[u8]) -> Result<PrivateKey> {
    PrivateKey::from_pkcs8_der(pkcs8).map_err(|_| Error::Material)
}

fn public(spki: &[u8]) -> Result<PublicKey> {
    PublicKey::from_public_key_der(spki).map_err(|_| Error::Material)
}

pub(crate) fn public_key(pkcs8: &[u8]) -> Result<Vec<u8>> {
    let der = private(pkcs8)?.as_public_key().to_public_key_der();
    der.map(rsa::pkcs8::Document::into_vec).map_err(|_| Error::Failed)
}

pub(crate) fn wrap(spki: &[u8], plain: &[u8], seed: Seed) -> Result<Vec<u8>> {
    public(spki)?.oaep_encrypt_with_rng::<Sha256, _>(&mut seed.stream(), plain).map_err(|error| match error {
        RsaError::MessageTooLong => Error::TooLong,
        _ => Error::Failed,
    })
}

pub(crate) fn unwrap(pkcs8: &[u8], wrapped: &[u8], random: &mut impl CryptoRng) -> Result<Zeroizing<Vec<u8>>> {
    let key = private(pkcs8)?;
    if wrapped.len() != key.size() {
        return Err(Error::Integrity);
    }
    let plain = key.oaep_decrypt_with_rng::<Sha256, _>(random, wrapped);
    plain.map(Zeroizing::new).map_err(|_| Error::Integrity)
}

pub(crate) fn sign(pkcs8: &[u8], mechanism: Mechanism, digest: &[u8], random: &mut impl CryptoRng) -> Result<Vec<u8>> {
    let key = private(pkcs8)?;
    match mechanism {
        Mechanism::RsaPssSha256 => key.pss_sign_prehash_with_rng::<Sha256, _>(random, digest),
        Mechanism::RsaPkcs1Sha256 => key.pkcs1v15_sign_prehash_with_rng::<Sha256, _>(random, digest),
        _ => return Err(Error::Mechanism),
    }
    .map_err(|_| Error::Failed)
}

pub(crate) fn verify(spki: &[u8], mechanism: Mechanism, digest: &[u8], signature: &[u8]) -> Result<bool> {
    let key = public(spki)?;
    match mechanism {
        Mechanism::RsaPssSha256 => Ok(key.pss_verify_prehash::<Sha256>(digest, signature).is_ok()),
        Mechanism::RsaPkcs1Sha256 => Ok(key.pkcs1v15_verify_prehash::<Sha256>(digest, signature).is_ok()),
        _ => Err(Error::Mechanism),
    }
}
