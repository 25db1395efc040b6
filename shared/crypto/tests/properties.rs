//! What must hold for every input: round trips, and that nothing altered or moved ever opens.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use chancery_crypto::seal::{DataKey, RootKeys};
use chancery_crypto::{Curve, Error, PrivateKey, PublicKey, SharedKey, base64, hash};
use proptest::collection::vec;
use proptest::prelude::*;

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn config() -> ProptestConfig {
    ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() }
}

fn curve() -> impl Strategy<Value = Curve> {
    prop_oneof![Just(Curve::P256), Just(Curve::Secp256k1)]
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..200)
}

fn parts() -> impl Strategy<Value = Vec<Vec<u8>>> {
    vec(vec(any::<u8>(), 0..6), 0..5)
}

fn slices(parts: &[Vec<u8>]) -> Vec<&[u8]> {
    parts.iter().map(Vec::as_slice).collect()
}

fn flipped(bytes: &[u8], bit: prop::sample::Index) -> Vec<u8> {
    let bit = bit.index(bytes.len() * 8);
    let mut other = bytes.to_vec();
    other[bit / 8] ^= 1 << (bit % 8);
    other
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn whatever_is_encrypted_is_decrypted_by_the_other_side(
        curve in curve(), a in any::<[u8; 31]>(), b in any::<[u8; 31]>(), iv in any::<[u8; 16]>(), text in bytes(),
    ) {
        let a = PrivateKey::from_bytes(curve, &[&[1], a.as_slice()].concat()).unwrap();
        let b = PrivateKey::from_bytes(curve, &[&[1], b.as_slice()].concat()).unwrap();
        let sent = SharedKey::agree(&a, &b.public_key()).unwrap().encrypt(iv, &text);
        let opened = SharedKey::agree(&b, &a.public_key()).unwrap().decrypt(&sent).unwrap();
        prop_assert_eq!(opened.as_slice(), text);
    }

    #[test]
    fn keys_survive_their_wire_form(curve in curve(), seed in any::<[u8; 31]>()) {
        let private = PrivateKey::from_bytes(curve, &[&[1], seed.as_slice()].concat()).unwrap();
        let again = PrivateKey::from_base64(curve, &private.to_base64()).unwrap();
        prop_assert_eq!(again.public_key(), private.public_key());
        let public = PublicKey::from_base64(curve, &private.public_key().to_base64()).unwrap();
        prop_assert_eq!(public, private.public_key());
    }

    #[test]
    fn any_flipped_bit_spoils_an_envelope(
        key in any::<[u8; 32]>(), iv in any::<[u8; 16]>(), text in bytes(), bit in any::<prop::sample::Index>(),
    ) {
        let key = SharedKey::from_bytes(key);
        let sent = base64::decode_any(&key.encrypt(iv, &text)).unwrap();
        prop_assert_eq!(key.decrypt_bytes(&flipped(&sent, bit)), Err(Error::Decrypt));
    }

    #[test]
    fn any_flipped_bit_of_a_public_key_leaves_the_curve_or_names_another_key(
        curve in curve(), bit in any::<prop::sample::Index>(),
    ) {
        let key = PrivateKey::from_bytes(curve, &[0x11; 32]).unwrap().public_key();
        let other = PublicKey::from_bytes(curve, &flipped(key.as_bytes(), bit));
        prop_assert!(other.is_err() || other != Ok(key));
    }

    #[test]
    fn arbitrary_text_is_refused_and_never_panics(text in ".{0,120}", noise in bytes()) {
        let key = SharedKey::from_bytes([5; 32]);
        prop_assert!(key.decrypt(&text).is_err());
        prop_assert!(key.decrypt_bytes(&noise).is_err());
        prop_assert!(DataKey::new([1; 16], [2; 32]).open(&[], &noise).is_err());
        let ring = RootKeys::parse(&format!("a:{}", base64::encode(&[1; 32]))).unwrap();
        prop_assert!(ring.unwrap(&noise, &[]).is_err());
        prop_assert!(RootKeys::parse(&text).is_err());
        prop_assert!(PublicKey::from_base64(Curve::P256, &text).is_err());
    }

    #[test]
    fn every_spelling_of_base64_means_the_same(bytes in bytes()) {
        let text = base64::encode(&bytes);
        let url = text.replace('+', "-").replace('/', "_");
        for spelled in [&text, &url, text.trim_end_matches('='), url.trim_end_matches('=')] {
            prop_assert_eq!(base64::decode_any(spelled).unwrap(), bytes.as_slice());
        }
    }

    #[test]
    fn whatever_is_sealed_is_opened(
        id in any::<[u8; 16]>(), key in any::<[u8; 32]>(), nonce in any::<[u8; 12]>(), place in parts(), value in bytes(),
    ) {
        let key = DataKey::new(id, key);
        let sealed = key.seal(nonce, &slices(&place), &value);
        prop_assert_eq!(key.open(&slices(&place), &sealed).unwrap().to_vec(), value);
    }

    #[test]
    fn any_flipped_bit_spoils_a_sealed_value(
        nonce in any::<[u8; 12]>(), place in parts(), value in bytes(), bit in any::<prop::sample::Index>(),
    ) {
        let key = DataKey::new([1; 16], [2; 32]);
        let sealed = key.seal(nonce, &slices(&place), &value);
        prop_assert!(key.open(&slices(&place), &flipped(&sealed, bit)).is_err());
    }

    #[test]
    fn any_flipped_bit_spoils_a_wrapped_key(owner in parts(), bit in any::<prop::sample::Index>()) {
        let ring = RootKeys::parse(&format!("spring:{}", base64::encode(&[9; 32]))).unwrap();
        let wrapped = ring.wrap([3; 12], [5; 64], &slices(&owner), &DataKey::new([1; 16], [2; 32]));
        prop_assert!(ring.unwrap(&flipped(&wrapped, bit), &slices(&owner)).is_err());
    }

    #[test]
    fn a_place_with_the_same_bytes_cut_elsewhere_is_another_place(
        place in parts(), other in parts(), cut in any::<prop::sample::Index>(),
    ) {
        let key = DataKey::new([1; 16], [2; 32]);
        let sealed = key.seal([3; 12], &slices(&place), b"value");
        // The same run of bytes in two parts, and an unrelated place.
        let run = place.concat();
        let (left, right) = run.split_at(cut.index(run.len() + 1));
        for moved in [vec![left.to_vec(), right.to_vec()], vec![run.clone()], other] {
            prop_assert_eq!(key.open(&slices(&moved), &sealed).is_ok(), moved == place);
        }
    }

    #[test]
    fn a_data_key_follows_its_ring_through_any_rotation(
        keys in vec(any::<[u8; 32]>(), 2..6), start in any::<prop::sample::Index>(), owner in parts(), value in bytes(),
    ) {
        // Older and older keys; `start` wrapped the data key when it was the newest.
        let entry = |at: usize| format!("k{at}:{}", base64::encode(&keys[at]));
        let ring = |range: std::ops::Range<usize>| RootKeys::parse(&range.map(entry).collect::<Vec<_>>().join(","));
        let start = start.index(keys.len());
        let key = DataKey::new([1; 16], [2; 32]);
        let wrapped = ring(start..keys.len()).unwrap().wrap([3; 12], [5; 64], &slices(&owner), &key);

        let newest = ring(0..keys.len()).unwrap();
        let rewrapped = newest.rewrap([4; 12], [5; 64], &wrapped, &slices(&owner)).unwrap();
        let newest_alone = ring(0..1).unwrap();
        prop_assert_eq!(RootKeys::id_of(&rewrapped).unwrap(), newest_alone.newest_id());
        let after = newest_alone.unwrap(&rewrapped, &slices(&owner)).unwrap();
        let sealed = key.seal([5; 12], &[], &value);
        prop_assert_eq!(after.open(&[], &sealed).unwrap().to_vec(), value);
        prop_assert_eq!(newest_alone.unwrap(&wrapped, &slices(&owner)).is_ok(), start == 0);
    }

    #[test]
    fn equality_is_equality(a in bytes(), b in bytes()) {
        prop_assert!(hash::equal(&a, &a));
        prop_assert_eq!(hash::equal(&a, &b), a == b);
    }

    #[test]
    fn hexadecimal_is_two_digits_a_byte(bytes in bytes()) {
        let expected: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        prop_assert_eq!(hash::hex(&bytes), expected);
    }
}
