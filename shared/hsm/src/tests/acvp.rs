//! Vectors of NIST's ACVP, a few of each parameter set; where they are from stands beside them.

use ::ml_dsa::{
    EncodedSignature, ExpandedSigningKey, MlDsa44, MlDsa65, MlDsa87, MlDsaParams, Signature, SigningKey, VerifyingKey,
    pkcs8::{DecodePrivateKey, DecodePublicKey},
};
use ::ml_kem::{Decapsulate as _, DecapsulationKey, MlKem512, MlKem768, MlKem1024};
use ::rsa::{
    BoxedUint, PrivateKey as RsaPrivateKey, PublicKey as RsaPublicKey,
    pkcs8::{EncodePrivateKey as _, EncodePublicKey as _},
};
use policy::qnsp::hsm::{KeyKind, Mechanism};
use serde_json::Value;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;
use zeroize::Zeroizing;

use super::{hex, ml_dsa as dsa, ml_kem as kem, seed};
use crate::{Error, Material, Message, PublicKey, aes, ml_dsa, ml_kem};

/// The vectors of a list, of which there are so many.
fn vectors(file: &str, list: &str, count: usize) -> Vec<Value> {
    let file: Value = serde_json::from_str(file).unwrap();
    let vectors = file[list].as_array().unwrap().clone();
    assert_eq!(vectors.len(), count, "{list}");
    vectors
}

fn bytes(vector: &Value, member: &str) -> Vec<u8> {
    hex(vector[member].as_str().unwrap())
}

fn array<const N: usize>(vector: &Value, member: &str) -> [u8; N] {
    bytes(vector, member).try_into().unwrap()
}

fn source(vector: &Value) -> &str {
    vector["source"].as_str().unwrap()
}

fn is_valid(vector: &Value) -> bool {
    vector["testPassed"].as_bool().unwrap()
}

fn aes_of(key: Vec<u8>) -> Material {
    let kind = match key.len() {
        16 => KeyKind::Aes128,
        24 => KeyKind::Aes192,
        _ => KeyKind::Aes256,
    };
    Material::from_bytes(kind, Zeroizing::new(key))
}

#[test]
fn key_wrap_with_padding() {
    let (mut wrapped, mut refused) = (0, 0);
    for vector in vectors(include_str!("acvp/aes.json"), "kwp", 18) {
        let material = aes_of(bytes(&vector, "key"));
        if vector["direction"] == "encrypt" {
            let done = material.wrap(Mechanism::AesKwp, &bytes(&vector, "pt"), seed(1)).unwrap();
            assert_eq!(done, bytes(&vector, "ct"), "{}", source(&vector));
            wrapped += 1;
            continue;
        }
        let opened = material.unwrap(Mechanism::AesKwp, &bytes(&vector, "ct"), seed(1));
        if vector["pt"].is_null() {
            assert!(matches!(opened, Err(Error::Integrity)), "{}", source(&vector));
            refused += 1;
        } else {
            assert_eq!(*opened.unwrap(), bytes(&vector, "pt"), "{}", source(&vector));
        }
    }
    assert_eq!((wrapped, refused), (9, 3));
}

#[test]
fn gcm() {
    for vector in vectors(include_str!("acvp/aes.json"), "gcm", 2) {
        let (key, nonce, plain) = (bytes(&vector, "key"), array(&vector, "iv"), bytes(&vector, "pt"));
        let sealed = [nonce.as_slice(), &bytes(&vector, "ct"), &bytes(&vector, "tag")].concat();
        assert_eq!(aes::gcm_seal(&key, nonce, &plain).unwrap(), sealed, "{}", source(&vector));
        assert_eq!(*aes::gcm_open(&key, &sealed).unwrap(), plain, "{}", source(&vector));
    }
}

/// A signature in DER, whether its numbers are in range or not.
fn der(r: &[u8], s: &[u8]) -> Vec<u8> {
    let integer = |bytes: &[u8]| {
        let digits: Vec<u8> = bytes.iter().copied().skip_while(|byte| *byte == 0).collect();
        let sign = digits.first().is_none_or(|first| *first >= 0x80).then_some(0);
        let digits: Vec<u8> = sign.into_iter().chain(digits).collect();
        [&[0x02, u8::try_from(digits.len()).unwrap()], digits.as_slice()].concat()
    };
    let integers = [integer(r), integer(s)].concat();
    [&[0x30, u8::try_from(integers.len()).unwrap()], integers.as_slice()].concat()
}

#[test]
fn ecdsa_signatures_are_judged() {
    let mut valid = 0;
    for vector in vectors(include_str!("acvp/ec.json"), "sigVer", 6) {
        let point = [&[4], bytes(&vector, "qx").as_slice(), &bytes(&vector, "qy")].concat();
        let signature = der(&bytes(&vector, "r"), &bytes(&vector, "s"));
        let (kind, mechanism, spki) = if vector["curve"] == "P-256" {
            let key = p256::PublicKey::from_sec1_bytes(&point).unwrap();
            (KeyKind::EcdsaP256, Mechanism::EcdsaSha256, key.to_public_key_der().unwrap())
        } else {
            let key = p384::PublicKey::from_sec1_bytes(&point).unwrap();
            (KeyKind::EcdsaP384, Mechanism::EcdsaSha384, key.to_public_key_der().unwrap())
        };
        let message = bytes(&vector, "message");
        let verified = PublicKey::new(kind, spki.as_bytes()).verify(mechanism, Message::Whole(&message), &signature);
        assert_eq!(verified.unwrap(), is_valid(&vector), "{}", source(&vector));
        valid += usize::from(is_valid(&vector));
    }
    assert_eq!(valid, 2);
}

fn number(vector: &Value, member: &str) -> BoxedUint {
    BoxedUint::from_be_slice_vartime(&bytes(vector, member))
}

#[test]
fn rsa_signatures_are_judged() {
    let mut valid = 0;
    for vector in vectors(include_str!("acvp/rsa.json"), "sigVer", 10) {
        let key = RsaPublicKey::new(number(&vector, "n"), number(&vector, "e")).unwrap();
        let spki = key.to_public_key_der().unwrap();
        let kind = match vector["modulo"].as_i64() {
            Some(2048) => KeyKind::Rsa2048,
            Some(3072) => KeyKind::Rsa3072,
            _ => KeyKind::Rsa4096,
        };
        let is_pss = vector["sigType"] == "pss";
        let mechanism = if is_pss { Mechanism::RsaPssSha256 } else { Mechanism::RsaPkcs1Sha256 };
        let (message, signature) = (bytes(&vector, "message"), bytes(&vector, "signature"));
        let verified = PublicKey::new(kind, spki.as_bytes()).verify(mechanism, Message::Whole(&message), &signature);
        assert_eq!(verified.unwrap(), is_valid(&vector), "{}", source(&vector));
        valid += usize::from(is_valid(&vector));
    }
    assert_eq!(valid, 4);
}

#[test]
fn oaep_opens() {
    for vector in vectors(include_str!("acvp/rsa.json"), "oaep", 1) {
        let [n, e, d, p, q] = ["iutN", "iutE", "iutD", "iutP", "iutQ"].map(|member| number(&vector, member));
        let key = RsaPrivateKey::from_components(n, e, d, vec![p, q]).unwrap().to_pkcs8_der().unwrap();
        let material = Material::from_bytes(KeyKind::Rsa2048, key.to_bytes());
        let opened = material.unwrap(Mechanism::RsaOaep256, &bytes(&vector, "serverC"), seed(1)).unwrap();
        assert_eq!(*opened, bytes(&vector, "dkm"), "{}", source(&vector));
    }
}

const KEM: &str = include_str!("acvp/ml_kem.json");

fn kem_kind(vector: &Value) -> KeyKind {
    match vector["parameterSet"].as_str() {
        Some("ML-KEM-512") => KeyKind::MlKem512,
        Some("ML-KEM-768") => KeyKind::MlKem768,
        _ => KeyKind::MlKem1024,
    }
}

fn kem_key(vector: &Value) -> Zeroizing<Vec<u8>> {
    let seed = [bytes(vector, "d"), bytes(vector, "z")].concat();
    ml_kem::from_seed(kem_kind(vector), &seed.try_into().unwrap()).unwrap()
}

#[test]
fn ml_kem_keys_follow_from_seeds() {
    for vector in vectors(KEM, "keyGen", 3) {
        let kind = kem_kind(&vector);
        let public = ml_kem::public_key(kind, &kem_key(&vector)).unwrap();
        assert_eq!(public, kem::spki(kind, &bytes(&vector, "ek")), "{}", source(&vector));
    }
}

#[test]
fn ml_kem_encapsulates() {
    for vector in vectors(KEM, "encapsulation", 3) {
        let kind = kem_kind(&vector);
        let spki = kem::spki(kind, &bytes(&vector, "ek"));
        let (encapsulated, secret) = ml_kem::encapsulate(kind, &spki, &array(&vector, "m")).unwrap();
        let expected = (bytes(&vector, "c"), array(&vector, "k"));
        assert_eq!((encapsulated, *secret), expected, "{}", source(&vector));
    }
}

#[test]
fn ml_kem_decapsulates() {
    for vector in vectors(KEM, "decapsulation", 2) {
        let secret = ml_kem::decapsulate(kem_kind(&vector), &kem_key(&vector), &bytes(&vector, "c")).unwrap();
        assert_eq!(*secret, array(&vector, "k"), "{}", source(&vector));
    }
}

/// NIST's keys have no seed, which keys of modules have, so that these are read here; what is modified is rejected
/// implicitly.
#[test]
fn ml_kem_decapsulates_with_expanded_keys() {
    #[expect(deprecated, reason = "the only way to read a key without a seed")]
    fn opened<Key: ::ml_kem::ExpandedKeyEncoding>(vector: &Value) -> Key {
        let expanded = bytes(vector, "dk");
        Key::from_expanded_bytes(expanded.as_slice().try_into().unwrap()).unwrap()
    }
    for vector in vectors(KEM, "expandedDecapsulation", 6) {
        let c = bytes(&vector, "c");
        let c = c.as_slice();
        let secret: [u8; 32] = match kem_kind(&vector) {
            KeyKind::MlKem512 => {
                opened::<DecapsulationKey<MlKem512>>(&vector).decapsulate(c.try_into().unwrap()).into()
            }
            KeyKind::MlKem768 => {
                opened::<DecapsulationKey<MlKem768>>(&vector).decapsulate(c.try_into().unwrap()).into()
            }
            _ => opened::<DecapsulationKey<MlKem1024>>(&vector).decapsulate(c.try_into().unwrap()).into(),
        };
        assert_eq!(secret, array(&vector, "k"), "{}", source(&vector));
    }
}

const DSA: &str = include_str!("acvp/ml_dsa.json");

fn dsa_kind(vector: &Value) -> KeyKind {
    match vector["parameterSet"].as_str() {
        Some("ML-DSA-44") => KeyKind::MlDsa44,
        Some("ML-DSA-65") => KeyKind::MlDsa65,
        _ => KeyKind::MlDsa87,
    }
}

/// Calls a function with the parameter set of a vector.
macro_rules! of_set {
    ($function:ident($vector:expr)) => {
        match dsa_kind($vector) {
            KeyKind::MlDsa44 => $function::<MlDsa44>($vector),
            KeyKind::MlDsa65 => $function::<MlDsa65>($vector),
            _ => $function::<MlDsa87>($vector),
        }
    };
}

#[test]
fn ml_dsa_keys_follow_from_seeds() {
    for vector in vectors(DSA, "keyGen", 3) {
        let kind = dsa_kind(&vector);
        let pkcs8 = ml_dsa::from_seed(kind, &array(&vector, "seed")).unwrap();
        let public = ml_dsa::public_key(kind, &pkcs8).unwrap();
        assert_eq!(public, dsa::spki(kind, &bytes(&vector, "pk")), "{}", source(&vector));
    }
}

/// A module signs messages; the hash of one with its key (µ) is signed here.
#[test]
fn ml_dsa_signs_with_keys_of_seeds() {
    fn signed<Set: MlDsaParams>(vector: &Value) -> Vec<u8>
    where
        SigningKey<Set>: DecodePrivateKey,
    {
        let pkcs8 = ml_dsa::from_seed(dsa_kind(vector), &array(vector, "seed")).unwrap();
        let key = SigningKey::<Set>::from_pkcs8_der(&pkcs8).unwrap();
        key.expanded_key().sign_mu_deterministic(&array::<64>(vector, "mu").into()).encode().to_vec()
    }
    for vector in vectors(DSA, "seedSigGen", 3) {
        assert_eq!(of_set!(signed(&vector)), bytes(&vector, "signature"), "{}", source(&vector));
    }
}

/// Hedged, as modules sign. NIST's keys have no seed, and its messages no prefix.
#[test]
fn ml_dsa_signs_hedged() {
    #[expect(deprecated, reason = "the only way to read a key without a seed")]
    fn signed<Set: MlDsaParams>(vector: &Value) -> Vec<u8> {
        let expanded = bytes(vector, "sk");
        let key = ExpandedSigningKey::<Set>::from_expanded(expanded.as_slice().try_into().unwrap());
        let message = bytes(vector, "message");
        key.sign_internal(&[message.as_slice()], &array::<32>(vector, "rnd").into()).encode().to_vec()
    }
    for vector in vectors(DSA, "hedgedSigGen", 3) {
        assert_eq!(of_set!(signed(&vector)), bytes(&vector, "signature"), "{}", source(&vector));
    }
}

#[test]
fn ml_dsa_signatures_are_judged() {
    fn verified<Set: MlDsaParams>(vector: &Value) -> bool
    where
        VerifyingKey<Set>: DecodePublicKey,
    {
        let spki = dsa::spki(dsa_kind(vector), &bytes(vector, "pk"));
        let key = VerifyingKey::<Set>::from_public_key_der(&spki).unwrap();
        let signature = bytes(vector, "signature");
        let encoded = EncodedSignature::<Set>::try_from(signature.as_slice()).unwrap();
        let message = bytes(vector, "message");
        Signature::<Set>::decode(&encoded).is_some_and(|signature| key.verify_internal(&message, &signature))
    }
    let mut valid = 0;
    for vector in vectors(DSA, "sigVer", 9) {
        assert_eq!(of_set!(verified(&vector)), is_valid(&vector), "{}", source(&vector));
        valid += usize::from(is_valid(&vector));
    }
    assert_eq!(valid, 3);
}
