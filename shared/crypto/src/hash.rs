//! Digests, the keyed hash under which secrets are found, and comparison in constant time.
//! The parts of an input are hashed as if they were one run of bytes; a caller whose parts vary in
//! length puts its own separators between them.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256, Sha512};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// Bytes of one SHA-256 block: longer HMAC keys are hashed first (RFC 2104).
const SHA256_BLOCK: usize = 64;

/// SHA-256 over the concatenated parts.
///
/// ```
/// use chancery_crypto::hash;
///
/// assert_eq!(hash::sha256(&[b"ab", b"c"]), hash::sha256(&[b"abc"]));
/// assert!(hash::hex(&hash::sha256(&[b"abc"])).starts_with("ba7816bf"));
/// ```
#[must_use]
pub fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    parts.iter().fold(Sha256::new(), |digest, part| digest.chain_update(part)).finalize().into()
}

/// SHA-512 over the concatenated parts.
#[must_use]
pub fn sha512(parts: &[&[u8]]) -> [u8; 64] {
    parts.iter().fold(Sha512::new(), |digest, part| digest.chain_update(part)).finalize().into()
}

/// HMAC-SHA-256 under a key of any length over the concatenated parts.
#[must_use]
pub fn hmac_sha256(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut block = Zeroizing::new([0_u8; SHA256_BLOCK]);
    if key.len() > SHA256_BLOCK {
        let digest = Zeroizing::new(sha256(&[key]));
        copy(&mut *block, &*digest);
    } else {
        copy(&mut *block, key);
    }
    let mac = Hmac::<Sha256>::new(&(*block).into());
    parts.iter().fold(mac, |mac, part| mac.chain_update(part)).finalize().into_bytes().into()
}

/// Lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 0x0f)]).collect()
}

/// Reads hexadecimal of either case. `None` where the text is none, or an odd number of digits.
///
/// ```
/// use chancery_crypto::hash::{from_hex, hex};
///
/// assert_eq!(from_hex("00fF").as_deref(), Some(&[0, 255][..]));
/// assert_eq!(from_hex(&hex(&[1, 2, 3])), Some(vec![1, 2, 3]));
/// assert_eq!((from_hex("0"), from_hex("0g"), from_hex("é0")), (None, None, None));
/// ```
#[must_use]
pub fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| if let [high, low] = pair { Some(digit(*high)? << 4 | digit(*low)?) } else { None }).collect()
}

/// Equality in time that depends on the lengths only.
#[must_use]
pub fn equal(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).into()
}

fn copy(target: &mut [u8], source: &[u8]) {
    for (to, from) in target.iter_mut().zip(source) {
        *to = *from;
    }
}
