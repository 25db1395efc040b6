//! A credential inside a body: it is handed over once, to be sealed, and a reference stays in its place.

use std::mem;

use serde::{Deserialize, Serialize, Serializer, ser::SerializeMap};
use zeroize::Zeroizing;

/// A text that is not to be written down. No `Debug`.
#[derive(Deserialize)]
#[serde(from = "Zeroizing<String>")]
pub enum Credential {
    Given(Zeroizing<String>),
    /// Where it is kept: the tag of a secret.
    Kept(String),
}

/// A credential that was handed over, and the tag under which it is to be kept. No `Debug`.
pub struct NewSecret {
    pub tag: String,
    pub value: Zeroizing<String>,
}

impl From<Zeroizing<String>> for Credential {
    fn from(text: Zeroizing<String>) -> Self {
        Self::Given(text)
    }
}

impl Credential {
    /// Leaves the reference behind. An empty text is no secret and stays.
    pub(super) fn hand_over(&mut self, tag: impl Into<String>, secrets: &mut Vec<NewSecret>) {
        if let Self::Given(value) = self
            && !value.is_empty()
        {
            let (tag, value) = (tag.into(), mem::take(value));
            *self = Self::Kept(tag.clone());
            secrets.push(NewSecret { tag, value });
        }
    }
}

/// `{"secret": tag}`. What was not handed over cannot be written.
impl Serialize for Credential {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Kept(tag) => {
                let mut reference = serializer.serialize_map(Some(1))?;
                reference.serialize_entry("secret", tag)?;
                reference.end()
            }
            Self::Given(value) if value.is_empty() => serializer.serialize_str(""),
            Self::Given(_) => Err(serde::ser::Error::custom("a credential was about to be written in the clear")),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn a_credential_is_handed_over_before_it_is_written() {
        let mut credential: Credential = serde_json::from_str(r#""s3cret""#).unwrap();
        assert!(serde_json::to_string(&credential).is_err());
        let mut secrets = Vec::new();
        credential.hand_over("tag", &mut secrets);
        credential.hand_over("again", &mut secrets);
        assert_eq!(serde_json::to_string(&credential).unwrap(), r#"{"secret":"tag"}"#);
        let [NewSecret { tag, value }] = secrets.as_slice() else { unreachable!("one credential was given") };
        assert_eq!((tag.as_str(), value.as_str()), ("tag", "s3cret"));
    }

    #[test]
    fn an_empty_one_stays_as_it_is() {
        let mut credential: Credential = serde_json::from_str(r#""""#).unwrap();
        let mut secrets = Vec::new();
        credential.hand_over("tag", &mut secrets);
        assert!(secrets.is_empty());
        assert_eq!(serde_json::to_string(&credential).unwrap(), r#""""#);
    }
}
