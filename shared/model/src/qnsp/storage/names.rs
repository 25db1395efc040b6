//! Names of buckets and of regions.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

const LONGEST: usize = 63;

fn is_name(text: &str, is_known: fn(u8) -> bool) -> bool {
    (1..=LONGEST).contains(&text.len()) && text.bytes().all(is_known)
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $default:literal, $is_known:expr, $rule:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self($default.to_owned())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = String::deserialize(from)?;
                if is_name(&text, $is_known) { Ok(Self(text)) } else { Err(D::Error::custom($rule)) }
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                self.0.serialize(to)
            }
        }
    };
}

name!(
    /// Where documents are kept together.
    Bucket, "default", |byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-'),
    "must have 1 to 63 lower-case letters, digits, dots and dashes"
);
name!(
    /// Where documents are, or are copied to.
    Region, "local", |byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-',
    "must have 1 to 63 lower-case letters, digits and dashes"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_few_characters() {
        let bucket = |text: &str| serde_json::from_value::<Bucket>(text.into()).is_ok();
        let region = |text: &str| serde_json::from_value::<Region>(text.into()).is_ok();
        for text in ["a", "a-1", &"x".repeat(63)] {
            assert!(bucket(text) && region(text), "{text}");
        }
        for text in ["", "A", "a_b", "ä", "a/b", &"x".repeat(64)] {
            assert!(!bucket(text) && !region(text), "{text}");
        }
        assert!(bucket("a.b") && !region("a.b"));
        assert_eq!((Bucket::default().as_str(), Region::default().as_str()), ("default", "local"));
    }
}
