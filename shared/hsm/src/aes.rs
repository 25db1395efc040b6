//! AES: key wrap with padding (RFC 5649), and GCM with a random nonce in front.

use aes_gcm::{
    AeadInOut, AesGcm, KeyInit, Tag,
    aead::inout::InOutBuf,
    aes::{
        Aes128, Aes192, Aes256,
        cipher::{
            BlockCipherDecrypt, BlockCipherEncrypt, BlockSizeUser,
            common::InnerInit,
            consts::{U12, U16},
        },
    },
};
use aes_kw::AesKwp;
use policy::qnsp::hsm::Mechanism;
use zeroize::Zeroizing;

use crate::{Error, Result, Seed};

const NONCE: usize = 12;
const TAG: usize = 16;

/// What key wrap adds, and the unit of its length.
const SEMIBLOCK: usize = 8;

pub(crate) fn wrap(key: &[u8], mechanism: Mechanism, plain: &[u8], seed: Seed) -> Result<Vec<u8>> {
    match mechanism {
        Mechanism::AesKwp => match key.len() {
            16 => kwp_wrap::<Aes128>(key, plain),
            24 => kwp_wrap::<Aes192>(key, plain),
            32 => kwp_wrap::<Aes256>(key, plain),
            _ => Err(Error::Material),
        },
        Mechanism::AesGcm => gcm_seal(key, *seed.expand(), plain),
        _ => Err(Error::Mechanism),
    }
}

pub(crate) fn unwrap(key: &[u8], mechanism: Mechanism, wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
    match mechanism {
        Mechanism::AesKwp => match key.len() {
            16 => kwp_unwrap::<Aes128>(key, wrapped),
            24 => kwp_unwrap::<Aes192>(key, wrapped),
            32 => kwp_unwrap::<Aes256>(key, wrapped),
            _ => Err(Error::Material),
        },
        Mechanism::AesGcm => gcm_open(key, wrapped),
        _ => Err(Error::Mechanism),
    }
}

fn kwp_wrap<C>(key: &[u8], plain: &[u8]) -> Result<Vec<u8>>
where
    C: KeyInit + BlockSizeUser<BlockSize = U16> + BlockCipherEncrypt,
{
    let cipher = C::new_from_slice(key).map_err(|_| Error::Material)?;
    let mut wrapped = vec![0; plain.len().next_multiple_of(SEMIBLOCK) + SEMIBLOCK];
    AesKwp::inner_init(cipher).wrap_key(plain, &mut wrapped).map_err(|_| Error::Failed)?;
    Ok(wrapped)
}

fn kwp_unwrap<C>(key: &[u8], wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>>
where
    C: KeyInit + BlockSizeUser<BlockSize = U16> + BlockCipherDecrypt,
{
    let cipher = C::new_from_slice(key).map_err(|_| Error::Material)?;
    // The shortest wrapped key has two semiblocks.
    if wrapped.len() < 2 * SEMIBLOCK {
        return Err(Error::Integrity);
    }
    let mut plain = Zeroizing::new(vec![0; wrapped.len()]);
    let length = AesKwp::inner_init(cipher).unwrap_key(wrapped, &mut plain).map_err(|_| Error::Integrity)?.len();
    plain.truncate(length);
    Ok(plain)
}

/// `nonce ‖ ciphertext ‖ tag`, without associated data.
pub(crate) fn gcm_seal(key: &[u8], nonce: [u8; NONCE], plain: &[u8]) -> Result<Vec<u8>> {
    let mut sealed = nonce.to_vec();
    sealed.extend_from_slice(plain);
    let (_, body) = sealed.split_at_mut(NONCE);
    let tag = match key.len() {
        16 => gcm::<Aes128>(key)?.encrypt_inout_detached(&nonce.into(), b"", InOutBuf::from(body)),
        24 => gcm::<Aes192>(key)?.encrypt_inout_detached(&nonce.into(), b"", InOutBuf::from(body)),
        32 => gcm::<Aes256>(key)?.encrypt_inout_detached(&nonce.into(), b"", InOutBuf::from(body)),
        _ => return Err(Error::Material),
    };
    sealed.extend_from_slice(&tag.map_err(|_| Error::TooLong)?);
    Ok(sealed)
}

pub(crate) fn gcm_open(key: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
    let (nonce, rest) = sealed.split_first_chunk::<NONCE>().ok_or(Error::Integrity)?;
    let (body, tag) = rest.split_last_chunk::<TAG>().ok_or(Error::Integrity)?;
    let (nonce, tag) = (nonce.into(), Tag::<U16>::from(*tag));
    let mut plain = Zeroizing::new(body.to_vec());
    let buffer = InOutBuf::from(plain.as_mut_slice());
    match key.len() {
        16 => gcm::<Aes128>(key)?.decrypt_inout_detached(nonce, b"", buffer, &tag),
        24 => gcm::<Aes192>(key)?.decrypt_inout_detached(nonce, b"", buffer, &tag),
        32 => gcm::<Aes256>(key)?.decrypt_inout_detached(nonce, b"", buffer, &tag),
        _ => return Err(Error::Material),
    }
    .map_err(|_| Error::Integrity)?;
    Ok(plain)
}

fn gcm<C>(key: &[u8]) -> Result<AesGcm<C, U12>>
where
    AesGcm<C, U12>: KeyInit,
{
    AesGcm::<C, U12>::new_from_slice(key).map_err(|_| Error::Material)
}
