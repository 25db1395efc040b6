//! AES-256-GCM over whole buffers, for the envelope (16-byte IV) and for sealing (12-byte nonce).
//! Layouts, contexts and keys are the callers' business.

use aes_gcm::aead::array::{Array, ArraySize};
use aes_gcm::aead::inout::InOutBuf;
use aes_gcm::aes::Aes256;
use aes_gcm::aes::cipher::consts::{U12, U16};
use aes_gcm::{AeadInOut, AesGcm, Tag};
use zeroize::Zeroizing;

use crate::{Error, Result};

/// The envelope's cipher. An IV that is not 12 bytes goes through GHASH to become the first
/// counter block, which is why the size is part of the type.
pub(crate) type EnvelopeCipher = AesGcm<Aes256, U16>;
/// The cipher for data at rest.
pub(crate) type SealCipher = AesGcm<Aes256, U12>;

const TAG: usize = 16;

/// `header ‖ nonce ‖ ciphertext ‖ tag`. The header is not authenticated by itself: put it into `aad`.
pub(crate) fn seal<N: ArraySize>(
    cipher: &AesGcm<Aes256, N>,
    header: &[u8],
    nonce: &Array<u8, N>,
    aad: &[u8],
    plaintext: &[u8],
) -> Vec<u8> {
    let mut out = Vec::with_capacity(header.len() + nonce.len() + plaintext.len() + TAG);
    out.extend_from_slice(header);
    out.extend_from_slice(nonce);
    let start = out.len();
    out.extend_from_slice(plaintext);
    let (_, body) = out.split_at_mut(start);
    #[expect(
        clippy::expect_used,
        reason = "GCM ends at 64 GiB; on wasm32 no slice is that long and the check is compiled away"
    )]
    let tag = cipher.encrypt_inout_detached(nonce, aad, InOutBuf::from(body)).expect("a plaintext below 64 GiB");
    out.extend_from_slice(&tag);
    out
}

/// Opens `ciphertext ‖ tag`. Nothing is decrypted before the tag has been found right.
pub(crate) fn open<N: ArraySize>(
    cipher: &AesGcm<Aes256, N>,
    nonce: &Array<u8, N>,
    aad: &[u8],
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>> {
    let (body, tag) = sealed.split_last_chunk::<TAG>().ok_or(Error::Truncated)?;
    let mut plaintext = Zeroizing::new(body.to_vec());
    cipher
        .decrypt_inout_detached(nonce, aad, InOutBuf::from(plaintext.as_mut_slice()), &Tag::<U16>::from(*tag))
        .map_err(|_| Error::Decrypt)?;
    Ok(plaintext)
}
