use proptest::prelude::*;

use super::*;

const TODAY: i64 = 1_764_000_000_000;

#[test]
fn one_algorithm_has_one_name() {
    for (name, spellings) in [
        ("AES-256", &["AES-256", "aes_256", " Aes256 ", "aes-256-gcm", "AES_GCM_256", "AES-KWP-256"][..]),
        ("AES-192", &["aes192", "AES-192"]),
        ("AES-128", &["aes-128", "AES128-GCM"]),
        ("AES", &["aes", "AES-"]),
        ("RSA-2048", &["rsa2048", "RSA_2048", "rsa-2048-oaep"]),
        ("RSA", &["rsa"]),
        ("ECDSA-P256", &["ecdsa-p256", "ECDSA_P_256", "ecdsa-256", "ECDSA-secp256r1", "ecdsa-prime256v1"]),
        ("ECDSA-P384", &["ECDSA-P384", "ecdsa_p-384"]),
        ("ECDH-P256", &["ecdh-p256", "ECDHE-P-256"]),
        ("DH-2048", &["dh2048", "diffie_hellman-2048"]),
        ("ED25519", &["Ed25519", "ed25519-ph"]),
        ("ML-KEM-768", &["ml-kem-768", "ML_KEM_768", "mlkem768", "kyber768", "Kyber-768", "CRYSTALS-Kyber-768"]),
        ("ML-DSA-44", &["dilithium2", "ml_dsa_44"]),
        ("ML-DSA-65", &["Dilithium-3", "CRYSTALS_DILITHIUM_3", "mldsa65"]),
        ("ML-DSA-87", &["dilithium5", "ML-DSA-87"]),
        ("SLH-DSA-SHA2-128F", &["slh-dsa-sha2-128f", "sphincs+-sha2-128f", "sphincs-sha2-128f-simple"]),
        ("FN-DSA-512", &["falcon-512", "fn_dsa_512"]),
        ("HQC-128", &["hqc128"]),
        ("CHACHA20-POLY1305", &["ChaCha20-Poly1305", "chacha20poly1305"]),
        ("3DES", &["3des", "des3", "TDES", "triple-des", "DES-EDE3-CBC"]),
        ("DES", &["des", "DES-CBC"]),
        ("RC4", &["arc4", "rc4-128"]),
        ("SHA-1", &["sha1", "SHA_1"]),
        ("SHA-256", &["sha256", "SHA2-256", "sha-2-256"]),
        ("SHA-512/256", &["sha512/256", "SHA-512-256"]),
        ("SHA3-384", &["sha3-384", "SHA-3-384"]),
        ("SHAKE128", &["shake-128"]),
        ("SHA-2", &["sha2"]),
        ("SHA-3", &["sha3"]),
    ] {
        for spelling in spellings {
            let algorithm = Algorithm::of(spelling);
            assert_eq!(algorithm.as_str(), name, "{spelling}");
            assert!(algorithm.family().is_some(), "{spelling}");
        }
    }
}

#[test]
fn what_is_not_known_keeps_its_name_and_is_acceptable() {
    for (text, name) in [
        ("foo", "FOO"),
        ("fips-140_3", "FIPS-140-3"),
        ("RC45", "RC45"),
        ("DHL", "DHL"),
        ("aesthetic", "AESTHETIC"),
        ("sha5", "SHA5"),
        ("shadow", "SHADOW"),
        ("chacha20", "CHACHA20"),
        ("pqc", "PQC"),
        ("", ""),
    ] {
        let algorithm = Algorithm::of(text);
        assert_eq!((algorithm.as_str(), algorithm.family()), (name, None));
        assert_eq!(algorithm.registry_status(TODAY), AlgorithmStatus::Acceptable, "{text}");
        assert_eq!(algorithm.category(true), AlgorithmCategory::Encryption, "{text}");
        assert!(!algorithm.is_complete() && !algorithm.is_family() && !algorithm.is_post_quantum(), "{text}");
    }
}

#[test]
fn a_size_that_a_family_does_not_have_makes_it_no_standard() {
    for (text, name) in [("kyber-999", "ML-KEM-999"), ("dilithium4", "ML-DSA-4"), ("ml-kem-768-x", "ML-KEM-768-X")] {
        let algorithm = Algorithm::of(text);
        assert_eq!(algorithm.as_str(), name);
        assert_eq!(algorithm.registry_status(TODAY), AlgorithmStatus::Acceptable, "{text}");
        assert!(!algorithm.is_complete() && !algorithm.is_post_quantum() && !algorithm.is_quantum_safe(), "{text}");
    }
    assert_eq!(Algorithm::of("rsassa-pkcs1-sha256").as_str(), "RSA-PKCS1-SHA256");
    assert_eq!(Algorithm::of("AES-GCM").as_str(), "AES-GCM");
}

#[test]
fn the_registry_says_what_to_think_of_each() {
    use AlgorithmStatus::{Acceptable, Deprecated, Forbidden, Recommended};
    for (status, names) in [
        (Recommended, "ML-KEM-512 ML-KEM-1024 ML-DSA-44 SLH-DSA-SHAKE-256S AES-256 ChaCha20-Poly1305"),
        (Recommended, "SHA-256 SHA-384 SHA-512 SHA-512/256 SHA3-224 SHA3-512 SHAKE256"),
        (Acceptable, "AES-128 AES-192 AES AES-GCM FN-DSA-512 FN-DSA-1024 HQC-128 HQC SHA-224 SHA-512/224"),
        (Deprecated, "RSA-2048 RSA-3072 RSA-4096 RSA RSA-PSS ECDSA-P256 ECDSA-P384 ECDSA ECDH-P256 DH-2048 DH Ed25519"),
        (Deprecated, "X25519 RSASSA-PKCS1-SHA256"),
        (Forbidden, "DES 3DES RC4 MD5 SHA-1 RSA-1024 RSA-512"),
    ] {
        for name in names.split(' ') {
            assert_eq!(Algorithm::of(name).registry_status(TODAY), status, "{name}");
        }
    }
}

#[test]
fn families_are_forbidden_as_a_whole() {
    let names = |now| Family::forbidden(now).into_iter().map(Family::as_str).collect::<Vec<_>>();
    assert_eq!(names(TODAY), ["DES", "3DES", "RC4", "MD5", "SHA-1"]);
    let later = ["DES", "3DES", "RC4", "RSA", "ECDSA", "ECDH", "DH", "ED25519", "MD5", "SHA-1"];
    assert_eq!(names(QUANTUM_DEADLINE), later);
}

#[test]
fn what_is_deprecated_is_forbidden_from_2036_on() {
    for name in ["RSA-4096", "ECDSA-P384", "ECDH", "DH-4096", "ED25519"] {
        let algorithm = Algorithm::of(name);
        assert_eq!(algorithm.registry_status(QUANTUM_DEADLINE - 1), AlgorithmStatus::Deprecated, "{name}");
        assert_eq!(algorithm.registry_status(QUANTUM_DEADLINE), AlgorithmStatus::Forbidden, "{name}");
    }
    assert_eq!(Algorithm::of("AES-128").registry_status(QUANTUM_DEADLINE), AlgorithmStatus::Acceptable);
    assert_eq!(Algorithm::of("ML-KEM-768").registry_status(i64::MAX), AlgorithmStatus::Recommended);
    assert_eq!(model::time::to_iso(QUANTUM_DEADLINE), "2036-01-01T00:00:00.000Z");
}

#[test]
fn an_enforced_policy_forbids_its_algorithms_and_all_of_a_family() {
    let [aes, p256, other] = ["AES", "ecdsa-p256", "foo"].map(Algorithm::of);
    let status = |name: &str, enforced: &[&Algorithm]| Algorithm::of(name).status(enforced.iter().copied(), TODAY);
    assert_eq!(status("AES-256", &[]), AlgorithmStatus::Recommended);
    assert_eq!(status("AES-256", &[&p256, &aes]), AlgorithmStatus::Forbidden);
    assert_eq!(status("AES", &[&aes]), AlgorithmStatus::Forbidden);
    assert_eq!(status("ECDSA-P256", &[&p256]), AlgorithmStatus::Forbidden);
    assert_eq!(status("ECDSA-P384", &[&p256]), AlgorithmStatus::Deprecated);
    assert_eq!(status("ECDSA", &[&p256]), AlgorithmStatus::Deprecated, "a family is more than one of it");
    assert_eq!(status("Foo", &[&other]), AlgorithmStatus::Forbidden);
    assert!(!Algorithm::of("SHA-2").covers(&Algorithm::of("SHA-1")));
}

#[test]
fn a_family_is_no_complete_name() {
    for name in ["AES", "RSA", "ECDSA", "ECDH", "DH", "ML-KEM", "ML-DSA", "SLH-DSA", "FN-DSA", "HQC", "SHA-2", "SHA-3"]
    {
        let algorithm = Algorithm::of(name);
        assert!(algorithm.is_family() && !algorithm.is_complete(), "{name}");
        assert_eq!(algorithm.names(), [name]);
    }
    for name in
        ["AES-256", "RSA-2048", "ECDSA-P256", "X25519", "ML-KEM-768", "ED25519", "3DES", "MD5", "SHA-1", "SHA-256"]
    {
        let algorithm = Algorithm::of(name);
        assert!(algorithm.is_complete() && !algorithm.is_family(), "{name}");
    }
    for name in ["AES-GCM", "RSA-PSS"] {
        let algorithm = Algorithm::of(name);
        assert!(!algorithm.is_complete() && !algorithm.is_family(), "{name}: a mode has no size");
    }
    assert_eq!(Algorithm::of("RSA-2048").names(), ["RSA-2048", "RSA"]);
    assert_eq!(Algorithm::of("MD5").names(), ["MD5"]);
}

#[test]
fn categories_are_those_of_the_contract() {
    use AlgorithmCategory::{Encryption, Hash, KeyExchange, Signing};
    for (category, names) in [
        (Encryption, "AES-128 DES 3DES RC4 CHACHA20-POLY1305 FOO"),
        (KeyExchange, "ML-KEM-768 HQC-128 ECDH-P256 X25519 DH-2048"),
        (Signing, "ECDSA-P256 ED25519 ML-DSA-65 SLH-DSA-SHA2-128S FN-DSA-512 RSA-2048"),
        (Hash, "MD5 SHA-1 SHA-256 SHA3-256 SHAKE128"),
    ] {
        for name in names.split(' ') {
            assert_eq!(Algorithm::of(name).category(false), category, "{name}");
        }
    }
    assert_eq!(Algorithm::of("RSA-2048").category(true), Encryption);
    assert_eq!(Algorithm::of("ECDSA-P256").category(true), Signing);
}

#[test]
fn post_quantum_algorithms_and_aes_256_are_safe() {
    for (name, is_post_quantum, is_safe) in [
        ("ML-KEM-512", true, true),
        ("ML-DSA-65", true, true),
        ("SLH-DSA-SHA2-128S", true, true),
        ("HQC-128", true, true),
        ("AES-256", false, true),
        ("AES-192", false, false),
        ("RSA-4096", false, false),
        ("SHA-256", false, false),
        ("FOO", false, false),
    ] {
        let algorithm = Algorithm::of(name);
        assert_eq!((algorithm.is_post_quantum(), algorithm.is_quantum_safe()), (is_post_quantum, is_safe), "{name}");
    }
}

fn spelling() -> impl Strategy<Value = String> {
    let words: Vec<&str> = vec![
        "aes",
        "rsa",
        "ecdsa",
        "ecdh",
        "dh",
        "kyber",
        "ml-kem",
        "dilithium",
        "ml_dsa",
        "sphincs+",
        "slh-dsa",
        "falcon",
        "hqc",
        "sha",
        "sha3",
        "shake",
        "des",
        "3des",
        "rc4",
        "md5",
        "x",
    ];
    (prop::sample::select(words), "[-_/ ]{0,2}", "(p-?)?[0-9a-zé]{0,6}", "([-_/][0-9a-z]{0,4}|-simple){0,2}")
        .prop_map(|(word, separator, rest, tail)| format!("{word}{separator}{rest}{tail}"))
}

/// As the database finds it.
fn family_by_name(name: &str) -> Option<Family> {
    let is_of = |of: &FamilyName| {
        let rest = name.strip_prefix(of.word);
        rest.is_some_and(|rest| rest.is_empty() || (of.is_prefix && rest.starts_with('-')))
    };
    Family::names().into_iter().find(is_of).map(|of| of.family)
}

proptest! {
    #[test]
    fn a_name_names_itself_in_every_case(text in prop_oneof![spelling(), "\\PC{0,12}"]) {
        let algorithm = Algorithm::of(&text);
        prop_assert_eq!(&Algorithm::of(algorithm.as_str()), &algorithm);
        let lower = algorithm.as_str().to_lowercase().replace('-', "_");
        if lower.is_ascii() {
            prop_assert_eq!(&Algorithm::of(&lower), &algorithm);
        }
        prop_assert!(algorithm.covers(&algorithm));
        prop_assert!(!(algorithm.is_family() && algorithm.is_complete()));
        prop_assert_eq!(family_by_name(algorithm.as_str()), algorithm.family());
    }

    #[test]
    fn time_and_policies_only_make_it_worse(text in spelling(), named in spelling(), now in 0..QUANTUM_DEADLINE * 2) {
        let (algorithm, named) = (Algorithm::of(&text), Algorithm::of(&named));
        let status = algorithm.status([&named], now);
        prop_assert!(algorithm.registry_status(0) <= algorithm.registry_status(now));
        prop_assert!(algorithm.registry_status(now) <= status);
        prop_assert!(!algorithm.is_quantum_safe() || algorithm.registry_status(now) <= AlgorithmStatus::Acceptable);
    }
}
