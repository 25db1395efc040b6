//! Sealing at rest: the layout as another implementation computes it, what is refused, and the
//! rotation of root keys. Digests are checked against their published vectors.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use chancery_crypto::seal::{self, DataKey, RootKeys};
use chancery_crypto::{Error, base64, hash};

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const ID: [u8; 16] = [1; 16];
const NONCE: [u8; 12] = [3; 12];
const RANDOM: [u8; 64] = [5; 64];
const PLACE: [&[u8]; 2] = [b"secret", b"tenant-a"];

fn data_key() -> DataKey {
    DataKey::new(ID, [2; 32])
}

fn ring(keys: &[(&str, u8)]) -> RootKeys {
    let entries = keys.iter().map(|(id, byte)| format!("{id}:{}", base64::encode(&[*byte; 32])));
    RootKeys::parse(&entries.collect::<Vec<_>>().join(",")).unwrap()
}

/// Computed with OpenSSL from the layout that the module describes. When this changes, stored
/// values no longer open: add a format, do not alter one.
#[test]
fn sealed_values_keep_their_layout() {
    let stored = "AQEBAQEBAQEBAQEBAQEBAQEDAwMDAwMDAwMDAwOtmJdFeKskn7b1plRoep+yzSiAw18=";
    assert_eq!(base64::encode(&data_key().seal(NONCE, &PLACE, b"hello")), stored);
    let sealed = base64::decode_any(stored).unwrap();
    assert_eq!(data_key().open(&PLACE, &sealed).unwrap().as_slice(), b"hello");
    assert_eq!(seal::key_id_of(&sealed), Ok(ID));
}

#[test]
fn wrapped_data_keys_keep_their_layout() {
    let stored = "AgZzcHJpbmcDAwMDAwMDAwMDAwPQlepzVL1qrdqjrnTtOdPzu/3DU4b+lyn/IdQbdOSuuuQOOJYEQ8osS8HSQIGe9l6WGkXNQmUHJZZXXd+HEnGC";
    let ring = ring(&[("spring", 9)]);
    assert_eq!(base64::encode(&ring.wrap(NONCE, RANDOM, &[b"tenant-a"], &data_key())), stored);
    let wrapped = base64::decode_any(stored).unwrap();
    let key = ring.unwrap(&wrapped, &[b"tenant-a"]).unwrap();
    assert_eq!(key.id(), ID);
    assert_eq!(key.seal(NONCE, &PLACE, b"x"), data_key().seal(NONCE, &PLACE, b"x"));
}

#[test]
fn a_value_opens_only_in_its_place() {
    let sealed = data_key().seal(NONCE, &PLACE, b"value");
    let elsewhere: [&[&[u8]]; 7] = [
        &[],
        &[b"secret"],
        &[b"secret", b"tenant-b"],
        &[b"tenant-a", b"secret"],
        &[b"secrett", b"enant-a"],
        &[b"secret", b"tenant-a", b""],
        &[b"secrettenant-a"],
    ];
    for place in elsewhere {
        assert_eq!(data_key().open(place, &sealed), Err(Error::Decrypt), "{place:?}");
    }
}

#[test]
fn another_data_key_is_recognised_by_id_and_by_tag() {
    let sealed = data_key().seal(NONCE, &PLACE, b"value");
    assert_eq!(DataKey::new([9; 16], [2; 32]).open(&PLACE, &sealed), Err(Error::Format));
    assert_eq!(DataKey::new(ID, [9; 32]).open(&PLACE, &sealed), Err(Error::Decrypt));
}

#[test]
fn mutilated_values_are_refused() {
    let sealed = data_key().seal(NONCE, &PLACE, b"value");
    for length in 0..sealed.len() {
        assert!(data_key().open(&PLACE, &sealed[..length]).is_err(), "{length} bytes");
    }
    for format in [0, 2, 255] {
        let mut other = sealed.clone();
        other[0] = format;
        assert_eq!(seal::key_id_of(&other), Err(Error::Format));
        assert_eq!(data_key().open(&PLACE, &other), Err(Error::Format));
    }
}

#[test]
fn data_keys_outlive_a_rotation() {
    let before = ring(&[("spring", 1)]);
    let during = ring(&[("autumn", 2), ("spring", 1)]);
    let after = ring(&[("autumn", 2)]);
    let aad: &[&[u8]] = &[b"tenant-a"];
    let wrapped = before.wrap(NONCE, RANDOM, aad, &data_key());

    assert_eq!(during.newest_id(), "autumn");
    assert_eq!(during.ids().collect::<Vec<_>>(), ["autumn", "spring"]);
    assert_eq!(during.unwrap(&wrapped, aad).unwrap().id(), ID);
    let rewrapped = during.rewrap([4; 12], [5; 64], &wrapped, aad).unwrap();
    assert_eq!(RootKeys::id_of(&wrapped), Ok("spring"));
    assert_eq!(RootKeys::id_of(&rewrapped), Ok("autumn"));

    let sealed = data_key().seal(NONCE, &PLACE, b"value");
    let opened = after.unwrap(&rewrapped, aad).unwrap().open(&PLACE, &sealed).unwrap();
    assert_eq!(opened.as_slice(), b"value");
    let error = after.unwrap(&wrapped, aad).unwrap_err();
    assert_eq!(error, Error::UnknownRootKey("spring".to_owned()));
    assert!(error.to_string().contains("spring"), "the operator must learn which key is missing");
}

#[test]
fn a_wrapped_key_opens_only_for_its_owner() {
    let keys = ring(&[("spring", 1), ("winter", 2)]);
    let wrapped = keys.wrap(NONCE, RANDOM, &[b"tenant-a"], &data_key());
    assert_eq!(keys.unwrap(&wrapped, &[b"tenant-b"]).err(), Some(Error::Decrypt));
    assert_eq!(keys.rewrap(NONCE, RANDOM, &wrapped, &[b"tenant-b"]), Err(Error::Decrypt));
    // Passing one root key's work off as another's.
    let renamed = [&wrapped[..2], b"winter", &wrapped[8..]].concat();
    assert_eq!(keys.unwrap(&renamed, &[b"tenant-a"]).err(), Some(Error::Decrypt));
    let same_id = ring(&[("spring", 7)]);
    assert_eq!(same_id.unwrap(&wrapped, &[b"tenant-a"]).err(), Some(Error::Decrypt));
}

#[test]
fn mutilated_wrapped_keys_are_refused() {
    let keys = ring(&[("spring", 1)]);
    let wrapped = keys.wrap(NONCE, RANDOM, &[], &data_key());
    for length in 0..wrapped.len() {
        assert!(keys.unwrap(&wrapped[..length], &[]).is_err(), "{length} bytes");
    }
    for (at, byte) in [(0, 1), (1, 0), (1, 255), (2, 0xff), (2, b' ')] {
        let mut other = wrapped.clone();
        other[at] = byte;
        assert!(keys.unwrap(&other, &[]).is_err(), "byte {at} = {byte}");
    }
}

#[test]
fn a_ring_is_read_with_its_white_space() {
    let key = base64::encode(&[1; 32]);
    let url = base64::encode(&[0xff; 32]).replace('/', "_").replace('=', "");
    let keys = RootKeys::parse(&format!(" a-1:{key} ,\n b_2:{url}\n")).unwrap();
    assert_eq!(keys.ids().collect::<Vec<_>>(), ["a-1", "b_2"]);
    assert_eq!(format!("{keys:?}"), r#"["a-1", "b_2"]"#);
}

#[test]
fn unusable_rings_are_refused_without_quoting_them() {
    let key = base64::encode(&[0x5a; 32]);
    let long = "x".repeat(33);
    for ring in [
        String::new(),
        ",".to_owned(),
        key.clone(),
        format!(":{key}"),
        format!("{long}:{key}"),
        format!("a b:{key}"),
        format!("ä:{key}"),
        format!("a:{key},"),
        format!("a:{key},a:{key}"),
        format!("a:{key},b:{key},a:{key}"),
        format!("a:{}", base64::encode(&[0x5a; 31])),
        format!("a:{}", base64::encode(&[0x5a; 33])),
        format!("a:{key}!"),
        "a:".to_owned(),
    ] {
        let error = RootKeys::parse(&ring).unwrap_err();
        assert!(matches!(error, Error::RootKeys(_)), "{ring}: {error}");
        assert!(!error.to_string().contains(&key[..6]), "{error}");
    }
}

#[test]
fn debug_output_shows_no_key() {
    let shown = format!("{:?}", data_key());
    assert_eq!(shown, format!("DataKey({}, ..)", "01".repeat(16)));
}

#[test]
fn digests_match_their_published_vectors() {
    let sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(hash::hex(&hash::sha256(&[b"abc"])), sha256);
    assert_eq!(hash::hex(&hash::sha256(&[b"a", b"", b"bc"])), sha256);
    assert!(hash::hex(&hash::sha512(&[b"a", b"bc"])).starts_with("ddaf35a193617abacc417349ae204131"));
}

/// RFC 4231, cases 1, 2, 3 and 6 (a key longer than a block), and a key of exactly one block,
/// which is hashed by no conforming implementation.
#[test]
fn keyed_hashes_match_their_published_vectors() {
    let long = [0xaa; 131];
    for (key, data, mac) in [
        (&[0x0b; 20][..], &b"Hi There"[..], "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
        (b"Jefe", b"what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
        (&[0xaa; 20], &[0xdd; 50], "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
        (
            &long,
            b"Test Using Larger Than Block-Size Key - Hash Key First",
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
        ),
    ] {
        assert_eq!(hash::hex(&hash::hmac_sha256(key, &[data])), mac);
    }
    let digest = hash::sha256(&[&long]);
    assert_eq!(hash::hmac_sha256(&long, &[b"x"]), hash::hmac_sha256(&digest, &[b"x"]));
    assert_ne!(hash::hmac_sha256(&long[..64], &[b"x"]), hash::hmac_sha256(&hash::sha256(&[&long[..64]]), &[b"x"]));
}

#[test]
fn equality_looks_at_every_byte_and_the_length() {
    assert!(hash::equal(b"", b""));
    assert!(hash::equal(b"abc", b"abc"));
    for other in [&b"abd"[..], b"bbc", b"ab", b"abcd", b""] {
        assert!(!hash::equal(b"abc", other));
    }
}
