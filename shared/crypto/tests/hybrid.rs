//! Hybrid root keys: held against the vectors of X-Wing (draft-connolly-cfrg-xwing-kem, appendix C, in `x_wing.json`), from
//! which the wrapped bytes are computed here a second time; and the way from one kind of root key to the other.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use aes_gcm::{Aes256Gcm, KeyInit, aead::Aead, aead::Payload};
use chancery_crypto::seal::{DataKey, HYBRID, RootKeys};
use chancery_crypto::{Error, base64, hash};
use serde_json::Value;

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const NONCE: [u8; 12] = [3; 12];
const RANDOM: [u8; 64] = [5; 64];
const OWNER: [&[u8]; 1] = [b"tenant-a"];

/// Format, length of the id, the id.
const HEADER: &[u8] = b"\x03\x06spring";
const ENCAPSULATED: usize = 1120;

fn data_key() -> DataKey {
    DataKey::new([1; 16], [2; 32])
}

fn hybrid(id: &str, seed: &[u8]) -> String {
    format!("{id}:{HYBRID}:{}", base64::encode(seed))
}

fn bytes(text: &Value) -> Vec<u8> {
    hash::from_hex(text.as_str().unwrap()).unwrap()
}

#[test]
fn what_is_wrapped_is_what_the_published_vectors_give() {
    let vectors: Vec<Value> = serde_json::from_str(include_str!("x_wing.json")).unwrap();
    assert!(vectors.len() >= 3);
    for vector in &vectors {
        let ring = RootKeys::parse(&hybrid("spring", &bytes(&vector["sk"]))).unwrap();
        let random: [u8; 64] = bytes(&vector["eseed"]).try_into().unwrap();
        let wrapped = ring.wrap(NONCE, random, &OWNER, &data_key());
        let header = [HEADER, &bytes(&vector["ct"])].concat();
        let context: Vec<u8> = [header.as_slice(), OWNER[0]]
            .iter()
            .flat_map(|part| [&(part.len() as u64).to_be_bytes(), *part].concat())
            .collect();
        let content = [[1; 16].as_slice(), &[2; 32]].concat();
        let sealed = Aes256Gcm::new_from_slice(&bytes(&vector["ss"]))
            .unwrap()
            .encrypt(&NONCE.into(), Payload { msg: &content, aad: &context })
            .unwrap();
        assert_eq!(wrapped, [header.as_slice(), &NONCE, &sealed].concat());
        assert_eq!(ring.unwrap(&wrapped, &OWNER).unwrap().id(), [1; 16]);
    }
}

#[test]
fn no_part_of_a_wrapped_key_may_change() {
    let ring = RootKeys::parse(&hybrid("spring", &[9; 32])).unwrap();
    let wrapped = ring.wrap(NONCE, RANDOM, &OWNER, &data_key());
    assert_eq!(wrapped.len(), HEADER.len() + ENCAPSULATED + 12 + 48 + 16);
    let behind = HEADER.len() + ENCAPSULATED;
    // In the parts of ML-KEM-768 and of X25519, the nonce, the ciphertext and the tag.
    for at in [HEADER.len(), behind - 32, behind - 1, behind, behind + 12, wrapped.len() - 1] {
        let mut other = wrapped.clone();
        other[at] ^= 1;
        assert_eq!(ring.unwrap(&other, &OWNER).err(), Some(Error::Decrypt), "byte {at}");
    }
    assert_eq!(ring.unwrap(&wrapped, &[b"tenant-b"]).err(), Some(Error::Decrypt));
    for length in (0..wrapped.len()).step_by(17) {
        assert!(ring.unwrap(&wrapped[..length], &OWNER).is_err(), "{length} bytes");
    }
    let other = RootKeys::parse(&hybrid("spring", &[8; 32])).unwrap();
    assert_eq!(other.unwrap(&wrapped, &OWNER).err(), Some(Error::Decrypt));
}

#[test]
fn root_keys_of_both_kinds_replace_each_other() {
    let (plain, hybrid) = (format!("plain:{}", base64::encode(&[7; 32])), hybrid("hybrid", &[7; 32]));
    let before = RootKeys::parse(&plain).unwrap();
    let during = RootKeys::parse(&format!("{hybrid}, {plain}")).unwrap();
    let after = RootKeys::parse(&hybrid).unwrap();
    let back = RootKeys::parse(&format!("{plain},{hybrid}")).unwrap();
    let wrapped = before.wrap(NONCE, RANDOM, &OWNER, &data_key());
    let renewed = during.rewrap(NONCE, RANDOM, &wrapped, &OWNER).unwrap();
    assert_eq!((RootKeys::id_of(&renewed), during.newest_id()), (Ok("hybrid"), "hybrid"));
    assert_eq!(after.unwrap(&renewed, &OWNER).unwrap().id(), [1; 16]);
    assert_eq!(after.unwrap(&wrapped, &OWNER).err(), Some(Error::UnknownRootKey("plain".to_owned())));
    assert_eq!(back.rewrap(NONCE, RANDOM, &renewed, &OWNER).unwrap(), wrapped, "the same as at first");
    // An id that stands for a key of the other kind now.
    let swapped = RootKeys::parse(&hybrid.replace("hybrid", "plain")).unwrap();
    assert_eq!(swapped.unwrap(&wrapped, &OWNER).err(), Some(Error::Format));
}

#[test]
fn a_kind_that_is_not_known_is_refused() {
    let key = base64::encode(&[1; 32]);
    for entry in [
        format!("a:ml-kem-768:{key}"),
        format!("a::{key}"),
        format!("a:{HYBRID}:{HYBRID}:{key}"),
        format!("a:{HYBRID}:"),
        format!("a:{HYBRID}"),
        hybrid("a", &[1; 31]),
    ] {
        assert!(matches!(RootKeys::parse(&entry), Err(Error::RootKeys(_))), "{entry}");
    }
    let twice = format!("{},a:{key}", hybrid("a", &[1; 32]));
    assert!(matches!(RootKeys::parse(&twice), Err(Error::RootKeys(_))));
}
