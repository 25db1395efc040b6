//! The vector in docs/integrating.md, which others check their clients against: every value of it is computed here.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

use chancery_crypto::{Curve, PrivateKey, PublicKey, SharedKey, base64, hash};
use serde_json::Value;

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const DOCUMENT: &str = include_str!("../../../docs/integrating.md");

fn vector() -> Value {
    let (_, block) = DOCUMENT.split_once("```json\n").unwrap();
    serde_json::from_str(block.split_once("```").unwrap().0).unwrap()
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("{name} is missing"))
}

fn bytes(value: &Value, name: &str) -> Vec<u8> {
    hash::from_hex(text(value, name)).unwrap()
}

/// The private key that stands under a name, whose public key must be the one beside it.
fn key(value: &Value, curve: Curve, who: &str) -> PrivateKey {
    let key = PrivateKey::from_bytes(curve, &bytes(value, &format!("{who}PrivateKey"))).unwrap();
    assert_eq!(hash::hex(key.public_key().as_bytes()), text(value, &format!("{who}PublicKey")));
    key
}

fn agreed(caller: &PrivateKey, service: &PublicKey, value: &Value) -> SharedKey {
    let shared = SharedKey::agree(caller, service).unwrap();
    assert_eq!(hash::hex(shared.as_bytes()), text(value, "sharedKey"));
    shared
}

#[test]
fn every_value_of_the_documented_vector_is_right() {
    let vector = vector();
    let curve: Curve = text(&vector, "curve").parse().unwrap();
    let (caller, service) = (key(&vector, curve, "caller"), key(&vector, curve, "service"));
    let shared = agreed(&caller, &service.public_key(), &vector);
    assert_eq!(caller.public_key().to_base64(), text(&vector["publickey"], "header"));
    for name in ["licensekey", "requestid"] {
        let header = &vector[name];
        let iv: [u8; 16] = bytes(header, "iv").try_into().unwrap();
        let sealed = shared.encrypt(iv, text(header, "plaintext").as_bytes());
        assert_eq!(sealed, text(header, "header"));
        let parts = ["iv", "ciphertext", "tag"].map(|part| bytes(header, part)).concat();
        assert_eq!(base64::decode_any(&sealed).unwrap(), parts);
    }
    let request: Value = serde_json::from_str(text(&vector["requestid"], "plaintext")).unwrap();
    assert!(request["ts"].is_u64() && request["uuid"].is_string() && request["appid"].is_string());

    let leading_zero = &vector["leadingZero"];
    let shared = agreed(&key(leading_zero, curve, "caller"), &service.public_key(), leading_zero);
    assert_eq!(shared.as_bytes()[0], 0, "that is what the case is for");
}
