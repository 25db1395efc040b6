//! Base64 as callers spell it: standard or URL alphabet, padded or not. What we encode is
//! the standard alphabet with padding, unless a format asks for the other.

use base64ct::{Base64, Base64Unpadded, Base64UrlUnpadded, Encoding};
use zeroize::Zeroizing;

use crate::{Error, Result};

/// Encodes in the standard alphabet with padding.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    Base64::encode_string(bytes)
}

/// Encodes in the URL alphabet without padding, for cookies, paths and tokens.
#[must_use]
pub fn encode_url(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}

/// Decodes either alphabet, with complete padding or none. White space is refused. Unused bits of
/// the last character are ignored, because encoders in the wild leave them set; code that compares
/// must therefore compare the decoded bytes.
///
/// ```
/// use chancery_crypto::base64;
///
/// assert_eq!(base64::decode_any("-_8=")?, base64::decode_any("+/8")?);
/// assert_eq!(base64::encode(&[0xfb, 0xff]), "+/8=");
/// assert!(base64::decode_any("+/ 8").is_err());
/// # Ok::<(), chancery_crypto::Error>(())
/// ```
pub fn decode_any(text: &str) -> Result<Vec<u8>> {
    decode_secret(text).map(|mut bytes| std::mem::take(&mut *bytes))
}

/// As [`decode_any`], for key material: every copy made on the way is wiped.
pub(crate) fn decode_secret(text: &str) -> Result<Zeroizing<Vec<u8>>> {
    let body = without_padding(text)?;
    let missing = match body.len() % 4 {
        0 => 0,
        1 => return Err(Error::Base64),
        rest => 4 - rest,
    };
    let mut bytes = Zeroizing::new(Vec::with_capacity(body.len() + missing));
    bytes.extend(body.bytes().map(|byte| match byte {
        b'-' => b'+',
        b'_' => b'/',
        other => other,
    }));
    // Zero bits up to a whole block: the decoder then has no trailing bits to object to, and the
    // surplus bytes are cut off again.
    bytes.extend(std::iter::repeat_n(b'A', missing));
    let decoded = Base64Unpadded::decode_in_place(&mut bytes).map_err(|_| Error::Base64)?.len();
    bytes.truncate(decoded.saturating_sub(missing));
    Ok(bytes)
}

fn without_padding(text: &str) -> Result<&str> {
    let body = text.strip_suffix("==").or_else(|| text.strip_suffix('=')).unwrap_or(text);
    if body.len() != text.len() && !text.len().is_multiple_of(4) {
        return Err(Error::Base64);
    }
    Ok(body)
}
