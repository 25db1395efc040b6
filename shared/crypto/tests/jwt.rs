//! JSON web tokens of other implementations verify; whatever is altered, confused or out of time does not.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod tokens;

use base64ct::{Base64UrlUnpadded, Encoding};
use chancery_crypto::{
    Error,
    jwt::{Algorithm, LEEWAY, Token, VerifyingKey},
};
use hmac::{Hmac, KeyInit, Mac};
use proptest::prelude::*;
use sha2::Sha256;
use tokens::*;

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const NOW: i64 = 1_800_000_000;

fn verify(token: &str, key: &VerifyingKey, now: i64) -> Result<(), Error> {
    Token::parse(token)?.verify(key, now)
}

fn secret() -> VerifyingKey {
    VerifyingKey::secret(Algorithm::Hs256, b"secret1").unwrap()
}

fn public(algorithm: Algorithm, pem: &str) -> VerifyingKey {
    VerifyingKey::public(algorithm, pem).unwrap()
}

/// One token of each algorithm with its key.
fn every_algorithm() -> Vec<(Algorithm, &'static str, VerifyingKey)> {
    use Algorithm::*;
    let secret = |algorithm| VerifyingKey::secret(algorithm, b"secret1").unwrap();
    vec![
        (Hs256, HS256, secret(Hs256)),
        (Hs384, HS384, secret(Hs384)),
        (Hs512, HS512, secret(Hs512)),
        (Rs256, RS256, public(Rs256, RSA_2048_PEM)),
        (Rs384, RS384, public(Rs384, RSA_2048_PEM)),
        (Rs512, RS512, public(Rs512, RSA_4096_PEM)),
        (Es256, ES256, public(Es256, P256_PEM)),
        (Es384, ES384, public(Es384, P384_PEM)),
    ]
}

fn base64url(text: &str) -> String {
    Base64UrlUnpadded::encode_string(text.as_bytes())
}

/// A token over these texts, signed as HS256 under `secret1` whatever its header says.
fn signed(header: &str, claims: &str) -> String {
    let text = format!("{}.{}", base64url(header), base64url(claims));
    let mac = <Hmac<Sha256> as KeyInit>::new_from_slice(b"secret1").unwrap().chain_update(text.as_bytes());
    format!("{text}.{}", Base64UrlUnpadded::encode_string(&mac.finalize().into_bytes()))
}

#[test]
fn the_tokens_of_rfc_7515_verify() {
    let key = Base64UrlUnpadded::decode_vec(RFC_SECRET).unwrap();
    for (token, key) in [
        (RFC_HS256, VerifyingKey::secret(Algorithm::Hs256, &key).unwrap()),
        (RFC_RS256, public(Algorithm::Rs256, RFC_RSA_PEM)),
        (RFC_ES256, public(Algorithm::Es256, RFC_P256_PEM)),
    ] {
        assert_eq!(verify(token, &key, 1_300_819_379), Ok(()));
        assert_eq!(verify(token, &key, NOW), Err(Error::Token("the token has expired")));
        assert_eq!(Token::parse(token).unwrap().issuer(), Some("joe"));
    }
}

#[test]
fn a_token_of_every_algorithm_verifies_with_its_own_key_only() {
    let all = every_algorithm();
    for (algorithm, token, _) in &all {
        for (other, _, key) in &all {
            let verified = verify(token, key, NOW);
            assert_eq!(verified.is_ok(), algorithm == other, "{algorithm} with a key for {other}: {verified:?}");
        }
    }
}

#[test]
fn the_header_never_chooses_the_algorithm() {
    let rsa = public(Algorithm::Rs256, RSA_2048_PEM);
    assert!(verify(CONFUSED, &rsa, NOW).is_err(), "a public key is no secret");
    for name in ["none", "None", "", "hs256", "RS256", "HS384", "PS256", "ES256K", "EdDSA"] {
        let header = format!(r#"{{"alg":"{name}"}}"#);
        let token = signed(&header, r#"{"iss":"a"}"#);
        assert!(verify(&token, &secret(), NOW).is_err(), "{name}");
        let unsigned = format!("{}.", token.rsplit_once('.').unwrap().0);
        for (algorithm, _, key) in &every_algorithm() {
            assert!(verify(&unsigned, key, NOW).is_err(), "{name} without a signature for {algorithm}");
        }
    }
    assert_eq!(verify(&signed(r#"{"alg":"HS256"}"#, "{}"), &secret(), NOW), Ok(()));
}

#[test]
fn extensions_and_members_that_appear_twice_are_refused() {
    let claims = r#"{"iss":"a"}"#;
    for header in [
        r#"{"alg":"HS256","crit":["b64"],"b64":false}"#,
        r#"{"alg":"HS256","crit":[]}"#,
        r#"{"alg":"HS256","crit":null}"#,
        r#"{"alg":"HS256","alg":"HS256"}"#,
        r#"{"alg":"none","alg":"HS256"}"#,
        r#"{"typ":"JWT"}"#,
        r#"{"alg":null}"#,
        r#"{"alg":["HS256"]}"#,
        r#"["HS256",null,null]"#,
        r#""HS256""#,
        "",
    ] {
        assert!(verify(&signed(header, claims), &secret(), NOW).is_err(), "{header}");
    }
    for claims in [
        r#"{"iss":"a","iss":"b"}"#,
        r#"{"exp":1,"exp":2000000000}"#,
        r#"{"exp":"2000000000"}"#,
        r#"{"exp":null}"#,
        r#"{"nbf":true}"#,
        r#"{"iss":7}"#,
        r#"["a",2000000000,0]"#,
        "null",
        "{} {}",
    ] {
        assert!(verify(&signed(r#"{"alg":"HS256"}"#, claims), &secret(), NOW).is_err(), "{claims}");
    }
}

#[test]
fn only_one_spelling_of_a_token_is_read() {
    let (body, signature) = HS256.rsplit_once('.').unwrap();
    // The last character of 32 bytes has two bits to spare.
    let spare = format!("{body}.{}V", signature.strip_suffix('U').unwrap());
    let long = format!("{HS256}{}", "A".repeat(16 * 1024));
    for odd in [
        &spare,
        &long,
        &format!("{HS256}="),
        &format!(" {HS256}"),
        &format!("{HS256}\n"),
        &format!("{HS256}."),
        &format!("{HS256}.e30"),
        &format!(".{HS256}"),
        body,
        "",
        ".",
        "..",
        "...",
        "Bearer",
    ] {
        assert!(verify(odd, &secret(), NOW).is_err(), "{odd}");
    }
    let dashed = every_algorithm().into_iter().find(|(_, token, _)| token.contains(['-', '_'])).unwrap();
    let standard = dashed.1.replace('-', "+").replace('_', "/");
    assert!(verify(&standard, &dashed.2, NOW).is_err());
}

#[test]
fn time_counts_in_whole_seconds_with_the_stated_leeway() {
    let at = |claims: &str, now| verify(&signed(r#"{"alg":"HS256"}"#, claims), &secret(), now).is_ok();
    let exp = format!(r#"{{"exp":{NOW}}}"#);
    assert!(at(&exp, NOW + LEEWAY - 1) && !at(&exp, NOW + LEEWAY));
    let nbf = format!(r#"{{"nbf":{NOW}}}"#);
    assert!(at(&nbf, NOW - LEEWAY) && !at(&nbf, NOW - LEEWAY - 1));
    assert!(at("{}", NOW) && at(r#"{"exp":1e300}"#, NOW) && at(r#"{"exp":1800000000.9}"#, NOW + LEEWAY - 1));
    for past in [r#"{"exp":0}"#, r#"{"exp":-1e300}"#, r#"{"nbf":1e300}"#, r#"{"exp":1e999}"#] {
        assert!(!at(past, NOW), "{past}");
    }
    let token = signed(r#"{"alg":"HS256","iss":"header"}"#, &exp);
    assert_eq!(Token::parse(&token).unwrap().expires(), Some(NOW));
    assert_eq!(Token::parse(&token).unwrap().issuer(), Some("header"));
}

#[test]
fn a_key_is_of_the_kind_that_its_algorithm_needs() {
    for algorithm in Algorithm::ALL {
        assert_eq!(algorithm.name().parse(), Ok(algorithm));
        assert_eq!(VerifyingKey::secret(algorithm, b"s").is_ok(), algorithm.is_symmetric());
        assert!(VerifyingKey::secret(algorithm, b"").is_err());
        for (kind, pem) in [
            ("RS", RFC_RSA_PEM),
            ("RS", RSA_4096_PEM),
            ("ES256", P256_PEM),
            ("ES384", P384_PEM),
            ("-", RSA_1024_PEM),
            ("-", SECP256K1_PEM),
            ("-", ED25519_PEM),
        ] {
            assert_eq!(
                VerifyingKey::public(algorithm, pem).is_ok(),
                algorithm.name().starts_with(kind),
                "{algorithm} {pem}"
            );
        }
    }
    for name in ["none", "NONE", "", "HS1", "rs256", "RS256 ", "PS256", "ES512", "EdDSA"] {
        assert_eq!(name.parse::<Algorithm>(), Err(Error::Algorithm), "{name}");
    }
}

#[test]
fn a_pem_text_may_be_wrapped_in_any_way_but_not_otherwise_odd() {
    let one_line = P256_PEM.replace('\n', " ");
    for pem in [P256_PEM, &P256_PEM.replace('\n', "\r\n"), &one_line, &format!("\n  {P256_PEM}\n")] {
        assert!(VerifyingKey::public(Algorithm::Es256, pem).is_ok(), "{pem}");
    }
    for pem in [
        "",
        "-----BEGIN PUBLIC KEY-----",
        "-----BEGIN PUBLIC KEY----------END PUBLIC KEY-----",
        &P256_PEM.replace("PUBLIC", "PRIVATE"),
        &P256_PEM.replace("PUBLIC", "RSA PUBLIC"),
        &P256_PEM.replace("==", ""),
        &P256_PEM.replace("==", "AA"),
        &P256_PEM.repeat(2),
        &format!("{P256_PEM}x"),
        &format!("-----BEGIN PUBLIC KEY-----{}-----END PUBLIC KEY-----", "A".repeat(5000)),
    ] {
        assert!(VerifyingKey::public(Algorithm::Es256, pem).is_err(), "{pem}");
    }
}

#[test]
fn debug_output_shows_no_key() {
    assert_eq!(format!("{:?}", secret()), "VerifyingKey(HS256, ..)");
}

#[test]
fn every_bit_of_the_signature_counts() {
    for (algorithm, token, key) in every_algorithm() {
        let (body, signature) = token.rsplit_once('.').unwrap();
        let signature = Base64UrlUnpadded::decode_vec(signature).unwrap();
        for bit in (0..signature.len() * 8).step_by(if signature.len() > 100 { 61 } else { 7 }) {
            let mut other = signature.clone();
            other[bit / 8] ^= 1 << (bit % 8);
            let other = format!("{body}.{}", Base64UrlUnpadded::encode_string(&other));
            assert!(verify(&other, &key, NOW).is_err(), "{algorithm}, bit {bit}");
        }
        for cut in [0, 1, signature.len() - 1] {
            let other = format!("{body}.{}", Base64UrlUnpadded::encode_string(&signature[..cut]));
            assert!(verify(&other, &key, NOW).is_err(), "{algorithm}, {cut} bytes");
        }
        let longer = [&[0], signature.as_slice()].concat();
        assert!(verify(&format!("{body}.{}", Base64UrlUnpadded::encode_string(&longer)), &key, NOW).is_err());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_flipped_bit_of_the_text_spoils_a_token(which in 0_usize..8, bit in any::<prop::sample::Index>()) {
        let (algorithm, token, key) = every_algorithm().swap_remove(which);
        let mut bytes = token.as_bytes().to_vec();
        let bit = bit.index(bytes.len() * 8);
        bytes[bit / 8] ^= 1 << (bit % 8);
        let verified = std::str::from_utf8(&bytes).is_ok_and(|text| verify(text, &key, NOW).is_ok());
        prop_assert!(!verified, "{algorithm}, bit {bit}");
    }

    #[test]
    fn arbitrary_text_is_refused_and_never_panics(text in ".{0,120}", parts in "[A-Za-z0-9_-]{0,40}\\.[A-Za-z0-9_-]{0,40}\\.[A-Za-z0-9_-]{0,40}") {
        prop_assert!(verify(&text, &secret(), NOW).is_err());
        prop_assert!(verify(&parts, &secret(), NOW).is_err());
        prop_assert!(VerifyingKey::public(Algorithm::Es256, &text).is_err());
    }
}
