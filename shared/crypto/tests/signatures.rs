//! The signatures of Project Wycheproof: RSA PKCS#1 v1.5 and ECDSA as tokens carry it (P1363).

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use chancery_crypto::jwt::{Algorithm, VerifyingKey};
use wycheproof::{TestResult, ecdsa, rsa_pkcs1_verify as rsa};

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// `acceptable` signatures may be judged either way; nothing else may.
#[track_caller]
fn judge(result: TestResult, verified: bool, what: &str) {
    match result {
        TestResult::Valid => assert!(verified, "{what} is valid"),
        TestResult::Invalid => assert!(!verified, "{what} is invalid"),
        TestResult::Acceptable => {}
    }
}

#[test]
fn rsa_signatures() {
    for (algorithm, name) in [
        (Algorithm::Rs256, rsa::TestName::Rsa2048Sha256),
        (Algorithm::Rs256, rsa::TestName::Rsa3072Sha256),
        (Algorithm::Rs256, rsa::TestName::Rsa4096Sha256),
        (Algorithm::Rs384, rsa::TestName::Rsa2048Sha384),
        (Algorithm::Rs384, rsa::TestName::Rsa4096Sha384),
        (Algorithm::Rs512, rsa::TestName::Rsa2048Sha512),
        (Algorithm::Rs512, rsa::TestName::Rsa4096Sha512),
    ] {
        let set = rsa::TestSet::load(name).unwrap();
        let mut valid = 0;
        for group in &set.test_groups {
            let key = VerifyingKey::public(algorithm, &group.pem).unwrap();
            for test in &group.tests {
                let verified = key.verify(&test.msg, &test.sig);
                valid += usize::from(verified);
                judge(test.result, verified, &format!("{name:?} {} ({})", test.tc_id, test.comment));
            }
        }
        assert!(valid > 0, "{name:?}");
    }
}

#[test]
fn ecdsa_signatures() {
    for (algorithm, name) in [
        (Algorithm::Es256, ecdsa::TestName::EcdsaSecp256r1Sha256P1363),
        (Algorithm::Es384, ecdsa::TestName::EcdsaSecp384r1Sha384P1363),
    ] {
        let set = ecdsa::TestSet::load(name).unwrap();
        let mut valid = 0;
        for group in &set.test_groups {
            let key = VerifyingKey::public(algorithm, &group.pem)
                .unwrap_or_else(|error| panic!("{name:?}: {error}: {}", group.pem));
            for test in &group.tests {
                let verified = key.verify(&test.msg, &test.sig);
                valid += usize::from(verified);
                judge(test.result, verified, &format!("{name:?} {} ({})", test.tc_id, test.comment));
            }
        }
        assert!(valid > 0, "{name:?}");
    }
}
