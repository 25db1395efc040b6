use std::{collections::BTreeMap, sync::Mutex};

use policy::qnsp::hsm::{KeyKind, Mechanism, Module};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::seed;
use crate::{Error, Material, Message, PublicKey, Seed};

/// Keys of 4096 bits take long.
fn kinds() -> impl Iterator<Item = KeyKind> {
    KeyKind::ALL.iter().copied().filter(|kind| *kind != KeyKind::Rsa4096)
}

fn generate(kind: KeyKind, seed: Seed) -> Material {
    let is_rsa = matches!(kind, KeyKind::Rsa2048 | KeyKind::Rsa3072 | KeyKind::Rsa4096);
    if is_rsa { Material::generate_rsa(kind, seed) } else { Material::generate(kind, seed) }.unwrap()
}

/// A key that several tests use: large ones are not found for each of them.
fn key(kind: KeyKind) -> Material {
    static KEYS: Mutex<BTreeMap<&str, Vec<u8>>> = Mutex::new(BTreeMap::new());
    let mut keys = KEYS.lock().unwrap();
    let bytes = keys.entry(kind.name()).or_insert_with(|| generate(kind, seed(7)).bytes().to_vec());
    Material::from_bytes(kind, bytes.clone().into())
}

fn wrap(
    material: &Material,
    spki: Option<&[u8]>,
    kind: KeyKind,
    mechanism: Mechanism,
    plain: &[u8],
    with: u8,
) -> Vec<u8> {
    match spki {
        Some(spki) => PublicKey::new(kind, spki).wrap(mechanism, plain, seed(with)),
        None => material.wrap(mechanism, plain, seed(with)),
    }
    .unwrap()
}

#[test]
fn every_kind_does_by_each_of_its_mechanisms_what_it_says_and_undoes_it() {
    for kind in kinds() {
        let material = key(kind);
        let spki = material.public_key().unwrap();
        assert_eq!(spki.is_none(), matches!(kind, KeyKind::Aes128 | KeyKind::Aes192 | KeyKind::Aes256));
        for mechanism in kind.mechanisms(Module::Embedded).iter().copied() {
            let what = format!("{} {}", kind.name(), mechanism.name());
            if mechanism.wraps() {
                let wrapped = wrap(&material, spki.as_deref(), kind, mechanism, b"a key", 1);
                assert_eq!(*material.unwrap(mechanism, &wrapped, seed(2)).unwrap(), b"a key", "{what}");
                let again = wrap(&material, spki.as_deref(), kind, mechanism, b"a key", 3);
                assert_eq!(wrapped == again, mechanism == Mechanism::AesKwp, "{what}");
                let mut broken = wrapped.clone();
                *broken.last_mut().unwrap() ^= 1;
                for wrong in [broken.as_slice(), &wrapped[1..], &[], &[0; 4096]] {
                    assert_eq!(material.unwrap(mechanism, wrong, seed(2)), Err(Error::Integrity), "{what}");
                }
            } else {
                let signature = material.sign(mechanism, Message::Whole(b"text"), seed(1)).unwrap();
                let key = PublicKey::new(kind, spki.as_deref().unwrap());
                let verify = |message, signature: &[u8]| key.verify(mechanism, message, signature).unwrap();
                assert!(verify(Message::Whole(b"text"), &signature), "{what}");
                assert!(!verify(Message::Whole(b"Text"), &signature), "{what}");
                for wrong in [&signature[1..], &[], &[0; 5000]] {
                    assert!(!verify(Message::Whole(b"text"), wrong), "{what}");
                }
            }
        }
    }
}

#[test]
fn a_hash_is_signed_as_its_message_is() {
    use sha2::{Digest as _, Sha256, Sha384};
    let (short, long) = (Sha256::digest(b"text").to_vec(), Sha384::digest(b"text").to_vec());
    for (kind, mechanism, digest, other) in [
        (KeyKind::Rsa2048, Mechanism::RsaPssSha256, &short, &long),
        (KeyKind::Rsa2048, Mechanism::RsaPkcs1Sha256, &short, &long),
        (KeyKind::EcdsaP256, Mechanism::EcdsaSha256, &short, &long),
        (KeyKind::EcdsaP384, Mechanism::EcdsaSha384, &long, &short),
    ] {
        let material = key(kind);
        let of_message = material.sign(mechanism, Message::Whole(b"text"), seed(1)).unwrap();
        assert_eq!(material.sign(mechanism, Message::Digest(digest), seed(1)).unwrap(), of_message);
        assert_eq!(material.sign(mechanism, Message::Digest(other), seed(1)), Err(Error::Digest));
        let spki = material.public_key().unwrap().unwrap();
        let key = PublicKey::new(kind, &spki);
        assert_eq!(key.verify(mechanism, Message::Digest(digest), &of_message), Ok(true));
        assert_eq!(key.verify(mechanism, Message::Digest(other), &of_message), Err(Error::Digest));
    }
    let material = Material::generate(KeyKind::MlDsa44, seed(9)).unwrap();
    assert_eq!(material.sign(Mechanism::MlDsa44, Message::Digest(&short), seed(1)), Err(Error::Digest));
}

#[test]
fn ml_dsa_and_pss_signatures_are_random_and_the_others_are_not() {
    for (kind, mechanism, is_random) in [
        (KeyKind::MlDsa44, Mechanism::MlDsa44, true),
        (KeyKind::Rsa2048, Mechanism::RsaPssSha256, true),
        (KeyKind::Rsa2048, Mechanism::RsaPkcs1Sha256, false),
        (KeyKind::EcdsaP256, Mechanism::EcdsaSha256, false),
    ] {
        let material = key(kind);
        let [first, second] = [1, 2].map(|with| material.sign(mechanism, Message::Whole(b"text"), seed(with)).unwrap());
        assert_eq!(first != second, is_random, "{}", mechanism.name());
    }
}

#[test]
fn what_is_too_long_for_oaep_is_refused() {
    let material = key(KeyKind::Rsa2048);
    let spki = material.public_key().unwrap().unwrap();
    let wrap = |length| PublicKey::new(KeyKind::Rsa2048, &spki).wrap(Mechanism::RsaOaep256, &vec![1; length], seed(1));
    assert_eq!(wrap(256 - 66).map(|wrapped| wrapped.len()), Ok(256));
    assert_eq!(wrap(256 - 65), Err(Error::TooLong));
}

#[test]
fn a_key_works_by_the_mechanisms_of_its_kind_alone() {
    for kind in kinds() {
        let material = key(kind);
        for mechanism in KeyKind::ALL.iter().flat_map(|kind| kind.mechanisms(Module::Embedded)).copied() {
            if !kind.mechanisms(Module::Embedded).contains(&mechanism) {
                let message = Message::Whole(b"text");
                assert_eq!(material.sign(mechanism, message, seed(1)), Err(Error::Mechanism));
                assert_eq!(material.unwrap(mechanism, b"0123456789abcdef", seed(1)), Err(Error::Mechanism));
            }
        }
    }
}

#[test]
fn bytes_that_are_no_key_do_nothing() {
    for kind in kinds() {
        let material = Material::from_bytes(kind, vec![1; 5].into());
        let first = kind.mechanisms(Module::Embedded).first().copied().unwrap();
        if first.wraps() {
            assert_eq!(material.unwrap(first, &[0; 2048], seed(1)).err(), Some(Error::Material), "{}", kind.name());
        } else {
            assert_eq!(material.sign(first, Message::Whole(b""), seed(1)), Err(Error::Material), "{}", kind.name());
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_key_and_another_another() {
    for kind in kinds() {
        let [first, same, other] = [key(kind), generate(kind, seed(7)), generate(kind, seed(8))];
        assert_eq!(first.bytes(), same.bytes(), "{}", kind.name());
        assert_ne!(first.bytes(), other.bytes(), "{}", kind.name());
    }
}

#[test]
fn a_key_is_not_shown() {
    let material = Material::generate(KeyKind::Aes128, seed(7)).unwrap();
    assert_eq!(format!("{material:?}"), "Material(AES-128, ..)");
}
