use super::*;

fn wanted<'a>(key_type: KeyType, algorithm: Option<&'a str>, purposes: &'a [Purpose]) -> Wanted<'a> {
    Wanted { key_type, size: None, algorithm, purposes }
}

fn chosen(wanted: Wanted, module: Module) -> Result<(&'static str, &'static str), &'static str> {
    let kind = wanted.kind().map_err(|(field, _)| field)?;
    let mechanism = wanted.mechanism(kind, module).map_err(|(field, _)| field)?;
    Ok((kind.name(), mechanism.name()))
}

use Purpose::{Decrypt, Encrypt, Sign, Verify};

#[test]
fn what_is_not_said_is_the_usual_one_of_the_type() {
    for (key_type, purposes, expected) in [
        (KeyType::Aes, [Encrypt, Decrypt], ("AES-256", "AES-KWP")),
        (KeyType::Rsa, [Encrypt, Decrypt], ("RSA-3072", "RSA-OAEP-256")),
        (KeyType::Rsa, [Sign, Decrypt], ("RSA-3072", "RSA-OAEP-256")),
        (KeyType::Rsa, [Sign, Verify], ("RSA-3072", "RSASSA-PSS-SHA256")),
        (KeyType::Ec, [Sign, Verify], ("ECDSA-P256", "ECDSA-SHA256")),
        (KeyType::Pqc, [Encrypt, Decrypt], ("ML-KEM-768", "ML-KEM-768")),
        (KeyType::Pqc, [Sign, Verify], ("ML-DSA-65", "ML-DSA-65")),
    ] {
        assert_eq!(chosen(wanted(key_type, None, &purposes), Module::Embedded), Ok(expected), "{key_type:?}");
    }
}

#[test]
fn sizes_and_algorithms_are_those_of_the_type() {
    let of = |key_type, size, algorithm, purposes| {
        chosen(Wanted { key_type, size: Some(size), algorithm, purposes }, Module::Embedded)
    };
    for (size, expected) in [(128, Ok("AES-128")), (192, Ok("AES-192")), (256, Ok("AES-256")), (512, Err("keySize"))] {
        assert_eq!(of(KeyType::Aes, size, None, &[Encrypt]).map(|(kind, _)| kind), expected);
    }
    for size in [1024, 2047, 8192, 0] {
        assert_eq!(of(KeyType::Rsa, size, None, &[Sign]), Err("keySize"));
    }
    assert_eq!(of(KeyType::Ec, 384, None, &[Sign]), Ok(("ECDSA-P384", "ECDSA-SHA384")));
    assert_eq!(of(KeyType::Ec, 384, Some("ECDSA-SHA256"), &[Sign]), Err("algorithm"));
    assert_eq!(of(KeyType::Ec, 521, None, &[Sign]), Err("keySize"));
    assert_eq!(of(KeyType::Aes, 256, Some("AES-GCM"), &[Encrypt]), Ok(("AES-256", "AES-GCM")));
    assert_eq!(of(KeyType::Aes, 256, Some("aes-gcm"), &[Encrypt]), Err("algorithm"));
    assert_eq!(of(KeyType::Aes, 256, Some("RSA-OAEP-256"), &[Encrypt]), Err("algorithm"));
    assert_eq!(of(KeyType::Pqc, 1, Some("ML-KEM-1024"), &[Encrypt]), Ok(("ML-KEM-1024", "ML-KEM-1024")));
    assert_eq!(of(KeyType::Pqc, 1, Some("AES-256"), &[Encrypt]), Err("algorithm"));
}

#[test]
fn purposes_are_those_of_the_type() {
    for (key_type, algorithm, refused) in [
        (KeyType::Aes, None, [Sign, Verify]),
        (KeyType::Ec, None, [Encrypt, Decrypt]),
        (KeyType::Pqc, Some("ML-KEM-512"), [Sign, Verify]),
        (KeyType::Pqc, Some("ML-DSA-44"), [Encrypt, Decrypt]),
    ] {
        for purpose in refused {
            assert_eq!(
                wanted(key_type, algorithm, &[purpose]).kind(),
                Err(("purpose", "is not one of keys of this type"))
            );
        }
    }
    assert_eq!(chosen(wanted(KeyType::Pqc, None, &[Encrypt, Sign]), Module::Embedded), Err("purpose"));
}

#[test]
fn a_server_has_fewer_kinds_and_one_mechanism_for_aes() {
    let of = |key_type, size, algorithm| {
        let purposes = if key_type == KeyType::Ec { &[Sign] } else { &[Encrypt] };
        chosen(Wanted { key_type, size, algorithm, purposes }, Module::Server)
    };
    assert_eq!(of(KeyType::Aes, None, None), Ok(("AES-256", "AES-256-GCM")));
    assert_eq!(of(KeyType::Aes, Some(128), None), Ok(("AES-128", "AES-128-GCM")));
    assert_eq!(of(KeyType::Aes, Some(192), None), Err("keySize"));
    assert_eq!(of(KeyType::Aes, None, Some("AES-KWP")), Err("algorithm"));
    assert_eq!(of(KeyType::Pqc, None, None), Err("keyType"));
    assert_eq!(of(KeyType::Rsa, None, None), Ok(("RSA-3072", "RSA-OAEP-256")));
    assert_eq!(of(KeyType::Ec, Some(384), None), Ok(("ECDSA-P384", "ECDSA-SHA384")));
}

#[test]
fn a_call_without_an_algorithm_uses_the_keys_own_where_that_does_it() {
    use Mechanism as M;
    let rsa = KeyKind::Rsa2048;
    assert_eq!(rsa.wrapping(Module::Embedded, M::RsaPssSha256, None), Some(M::RsaOaep256));
    assert_eq!(rsa.signing(Module::Embedded, M::RsaOaep256, None), Some(M::RsaPssSha256));
    assert_eq!(rsa.signing(Module::Embedded, M::RsaPkcs1Sha256, None), Some(M::RsaPkcs1Sha256));
    assert_eq!(rsa.signing(Module::Embedded, M::RsaOaep256, Some("RSASSA-PKCS1-SHA256")), Some(M::RsaPkcs1Sha256));
    assert_eq!(rsa.signing(Module::Embedded, M::RsaOaep256, Some("RSA-OAEP-256")), None);
    assert_eq!(rsa.wrapping(Module::Embedded, M::RsaOaep256, Some("RSASSA-PSS-SHA256")), None);
    assert_eq!(KeyKind::Aes128.wrapping(Module::Embedded, M::AesGcm, None), Some(M::AesGcm));
    assert_eq!(KeyKind::Aes128.signing(Module::Embedded, M::AesGcm, None), None);
    let kem = KeyKind::MlKem768;
    for name in [None, Some("ML-KEM-768"), Some("ML-KEM+AES-256-GCM")] {
        assert_eq!(kem.wrapping(Module::Embedded, M::MlKem768, name), Some(M::MlKem768));
    }
    assert_eq!(kem.wrapping(Module::Embedded, M::MlKem768, Some("ML-KEM-1024")), None);
    assert_eq!(M::MlKem768.wrap_name(), "ML-KEM+AES-256-GCM");
}

#[test]
fn names_are_read_as_they_are_written_and_every_kind_works_in_the_embedded_module() {
    for kind in KeyKind::ALL {
        assert_eq!(KeyKind::parse(kind.name()), Some(*kind));
        assert!(!kind.mechanisms(Module::Embedded).is_empty(), "{}", kind.name());
    }
    for mechanism in Mechanism::VARIANTS {
        assert_eq!(Mechanism::parse(mechanism.name()), Some(*mechanism));
    }
}

#[test]
fn three_providers_have_post_quantum_keys() {
    for (provider, expected) in [
        (Provider::Thales, true),
        (Provider::Safenet, false),
        (Provider::AwsCloudhsm, true),
        (Provider::AzureManagedHsm, false),
        (Provider::GoogleCloudHsm, true),
    ] {
        assert_eq!(capabilities(provider, Module::Embedded).contains(&"pqc"), expected, "{provider:?}");
        assert_eq!(capabilities(provider, Module::Server), ["aes", "rsa", "ec", "wrap", "sign"]);
    }
}
