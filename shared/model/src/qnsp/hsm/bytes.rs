//! Bytes in a body, as base64.

use std::fmt;

use base64ct::{Base64, Encoding};
use serde::{Deserialize, Deserializer, de::Error as _};
use zeroize::Zeroizing;

/// So many bytes as base64 of the standard alphabet, with its padding. They may be a key: they are wiped, and not shown.
#[derive(Clone)]
pub struct Bytes<const MIN: usize, const MAX: usize>(Zeroizing<Vec<u8>>);

impl<const MIN: usize, const MAX: usize> Bytes<MIN, MAX> {
    pub fn as_slice(&self) -> &[u8] {
        &self.0
    }
}

impl<const MIN: usize, const MAX: usize> fmt::Debug for Bytes<MIN, MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bytes({})", self.0.len())
    }
}

impl<'de, const MIN: usize, const MAX: usize> Deserialize<'de> for Bytes<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = Zeroizing::new(String::deserialize(from)?);
        let bytes = Base64::decode_vec(&text).map_err(|_| D::Error::custom("must be base64"))?;
        let bytes = Zeroizing::new(bytes);
        if (MIN..=MAX).contains(&bytes.len()) {
            return Ok(Self(bytes));
        }
        Err(D::Error::custom(format!("must be base64 of {MIN} to {MAX} bytes")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_base64_of_the_standard_alphabet_with_padding_and_within_their_bounds() {
        let read = |text: &str| serde_json::from_value::<Bytes<1, 3>>(text.into()).map(|bytes| bytes.0.to_vec()).ok();
        assert_eq!(read("AQ=="), Some(vec![1]));
        assert_eq!(read("+/+/"), Some(vec![0xfb, 0xff, 0xbf]));
        for wrong in ["", "AQ", "AQ=", "-_-_", "AR==", " AQ==", "AQIDBA=="] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn bytes_are_not_shown() {
        let bytes = serde_json::from_value::<Bytes<0, 3>>("AQID".into());
        assert_eq!(bytes.map(|bytes| format!("{bytes:?}")).ok().as_deref(), Some("Bytes(3)"));
    }
}
