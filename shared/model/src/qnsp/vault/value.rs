//! The value of a secret.

use std::fmt;

use serde::{Deserialize, Deserializer, de::Error as _};
use zeroize::Zeroizing;

/// A text of 1 byte to 64 KiB. It is wiped, and not shown.
#[derive(Clone)]
pub struct SecretValue(Zeroizing<String>);

impl SecretValue {
    const MOST: usize = 64 << 10;

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretValue({})", self.0.len())
    }
}

impl<'de> Deserialize<'de> for SecretValue {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = Zeroizing::new(String::deserialize(from)?);
        if (1..=Self::MOST).contains(&text.len()) {
            return Ok(Self(text));
        }
        Err(D::Error::custom("must have 1 byte to 64 KiB"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<SecretValue> {
        serde_json::from_value(text.into()).ok()
    }

    #[test]
    fn a_value_is_measured_in_bytes() {
        assert!(read("").is_none() && read(&"x".repeat((64 << 10) + 1)).is_none());
        assert!(read("x").is_some() && read(&"x".repeat(64 << 10)).is_some());
        assert!(read(&"ä".repeat(32 << 10)).is_some() && read(&"ä".repeat((32 << 10) + 1)).is_none());
    }

    #[test]
    fn a_value_is_not_shown() {
        assert_eq!(read("s3cret").map(|value| format!("{value:?}")).as_deref(), Some("SecretValue(6)"));
    }
}
