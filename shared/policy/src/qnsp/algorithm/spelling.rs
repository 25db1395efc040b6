//! From the many spellings of an algorithm to its one name.

use super::{Algorithm, Family};

/// How names begin, in upper case, and the family that this means. The first that fits counts.
const WORDS: &[(&str, Family)] = &[
    ("AES", Family::Aes),
    ("CHACHA20-POLY1305", Family::ChaCha20Poly1305),
    ("CHACHA20POLY1305", Family::ChaCha20Poly1305),
    ("DES-EDE3", Family::TripleDes),
    ("DES3", Family::TripleDes),
    ("3DES", Family::TripleDes),
    ("TDES", Family::TripleDes),
    ("TRIPLE-DES", Family::TripleDes),
    ("DES", Family::Des),
    ("RC4", Family::Rc4),
    ("ARC4", Family::Rc4),
    ("RSASSA", Family::Rsa),
    ("RSAES", Family::Rsa),
    ("RSA", Family::Rsa),
    ("ECDSA", Family::Ecdsa),
    ("ECDHE", Family::Ecdh),
    ("ECDH", Family::Ecdh),
    ("DHE", Family::Dh),
    ("DH", Family::Dh),
    ("DIFFIE-HELLMAN", Family::Dh),
    ("ED25519", Family::Ed25519),
    ("ML-KEM", Family::MlKem),
    ("MLKEM", Family::MlKem),
    ("CRYSTALS-KYBER", Family::MlKem),
    ("KYBER", Family::MlKem),
    ("ML-DSA", Family::MlDsa),
    ("MLDSA", Family::MlDsa),
    ("CRYSTALS-DILITHIUM", Family::MlDsa),
    ("DILITHIUM", Family::MlDsa),
    ("SLH-DSA", Family::SlhDsa),
    ("SPHINCS+", Family::SlhDsa),
    ("SPHINCS", Family::SlhDsa),
    ("FN-DSA", Family::FnDsa),
    ("FALCON", Family::FnDsa),
    ("HQC", Family::Hqc),
    ("MD5", Family::Md5),
    ("SHAKE", Family::Sha3),
];

pub(super) fn read(text: &str) -> Algorithm {
    let text = text.trim().to_uppercase().replace('_', "-");
    named(&text).unwrap_or(Algorithm { name: text, family: None, bits: None, is_standard: false })
}

fn named(text: &str) -> Option<Algorithm> {
    if let Some(rest) = text.strip_prefix("SHA").filter(|rest| is_end_of_word(rest)) {
        return hash(rest.trim_start_matches('-'));
    }
    if matches!(text, "X25519" | "X448") {
        return Some(Algorithm { name: text.to_owned(), family: Some(Family::Ecdh), bits: None, is_standard: true });
    }
    let after = |word: &str| text.strip_prefix(word).filter(|rest| is_end_of_word(rest));
    let (family, rest) = WORDS.iter().find_map(|(word, family)| Some((*family, after(word)?)))?;
    let is_longer_number = rest.starts_with(|first: char| first.is_ascii_digit());
    let rest = rest.trim_start_matches(|first: char| first == '-' || first.is_whitespace());
    if family.is_single() && is_longer_number {
        return None;
    }
    let word = family.as_str();
    if rest.is_empty() || family.is_single() {
        return Some(Algorithm { name: word.to_owned(), family: Some(family), bits: None, is_standard: true });
    }
    let first = rest.split('-').next().unwrap_or(rest);
    let standard = match family {
        // A mode, before or behind the size, is none of the key's business.
        Family::Aes => rest.split('-').find_map(|part| size(part, &[128, 192, 256])).map(|size| size.to_string()),
        Family::Rsa => number(first).map(|size| size.to_string()),
        Family::Ecdsa | Family::Ecdh => Some(curve(rest).to_owned()),
        Family::MlKem => size(rest, &[512, 768, 1024]).map(|size| size.to_string()),
        Family::MlDsa => level(rest).map(str::to_owned),
        Family::FnDsa => size(rest, &[512, 1024]).map(|size| size.to_string()),
        Family::Hqc => size(rest, &[128, 192, 256]).map(|size| size.to_string()),
        Family::SlhDsa => Some(without_simple(rest).to_owned()),
        Family::Sha3 => return shake(rest),
        _ => Some(rest.to_owned()),
    };
    let bits = standard.as_deref().filter(|_| matches!(family, Family::Aes | Family::Rsa)).and_then(number);
    let is_standard = standard.is_some();
    let name = format!("{word}-{}", standard.as_deref().unwrap_or(rest));
    Some(Algorithm { name, family: Some(family), bits, is_standard })
}

/// The parameter set of SLH-DSA; the variant that was not taken into the standard was the robust one.
fn without_simple(mut rest: &str) -> &str {
    while let Some(shorter) = rest.strip_suffix("-SIMPLE") {
        rest = shorter.trim_end();
    }
    rest
}

/// A word ends where something else than a letter follows: `DHL` is not `DH`.
fn is_end_of_word(rest: &str) -> bool {
    !rest.starts_with(char::is_alphabetic)
}

/// What follows `SHA`. 1 is one, 2 and 3 are families, and all else of the second has no number of it.
fn hash(rest: &str) -> Option<Algorithm> {
    let of = |name: String, family, bits| Some(Algorithm { name, family: Some(family), bits, is_standard: true });
    let length = |text: &str| {
        let bits = text.rsplit(['/', '-']).next().and_then(|bits| size(bits, &[224, 256, 384, 512]))?;
        let is_one = text == bits.to_string() || matches!(text, "512/224" | "512/256" | "512-224" | "512-256");
        is_one.then(|| (text.replace('-', "/"), bits))
    };
    match (rest, rest.split_once('-').unwrap_or_default()) {
        ("1", _) => of("SHA-1".to_owned(), Family::Sha1, None),
        ("2", _) => of("SHA-2".to_owned(), Family::Sha2, None),
        ("3", _) => of("SHA-3".to_owned(), Family::Sha3, None),
        (_, ("3", rest)) => {
            let bits = size(rest, &[224, 256, 384, 512])?;
            of(format!("SHA3-{bits}"), Family::Sha3, Some(bits))
        }
        (_, ("2", rest)) | (rest, _) => {
            let (name, bits) = length(rest)?;
            of(format!("SHA-{name}"), Family::Sha2, Some(bits))
        }
    }
}

/// What follows `SHAKE`.
fn shake(rest: &str) -> Option<Algorithm> {
    let name = format!("SHAKE{}", size(rest, &[128, 256])?);
    Some(Algorithm { name, family: Some(Family::Sha3), bits: None, is_standard: true })
}

/// The parameter set of ML-DSA, by its own number or by the level of Dilithium.
fn level(rest: &str) -> Option<&'static str> {
    Some(match number(rest)? {
        2 | 44 => "44",
        3 | 65 => "65",
        5 | 87 => "87",
        _ => return None,
    })
}

/// The NIST name of a curve; another keeps its own.
fn curve(text: &str) -> &str {
    match text {
        "P256" | "P-256" | "256" | "SECP256R1" | "PRIME256V1" => "P256",
        "P384" | "P-384" | "384" | "SECP384R1" => "P384",
        "P521" | "P-521" | "521" | "SECP521R1" => "P521",
        other => other,
    }
}

fn number(text: &str) -> Option<u32> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    text.parse().ok().filter(|_| is_number)
}

fn size(text: &str, sizes: &[u32]) -> Option<u32> {
    number(text).filter(|number| sizes.contains(number))
}
