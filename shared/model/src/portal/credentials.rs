//! Credentials that a developer makes: keys, and the keys and secrets that tokens are verified with. Which algorithms
//! there are and what makes a public key is for `crypto::jwt`.

use serde::Serialize;
use utoipa::ToSchema;

use super::{Body, Reference};
use crate::faults::Faults;

/// The longest key, client id or issuer.
const MAX_KEY: usize = 256;

const MAX_SECRET: usize = 1024;

const MAX_PEM: usize = 4096;

const DEFAULT_ALGORITHM: &str = "HS256";

/// How long a generated key, client id or secret is.
const GENERATED: usize = 32;

/// Random bytes from which a generated text is drawn; one in 32 of them is not used.
pub const DRAW: usize = 2 * GENERATED;

const LETTERS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

#[derive(Serialize, ToSchema)]
pub struct KeyAuth {
    pub id: String,
    pub key: String,
    pub created_at: i64,
    pub consumer: Reference,
}

#[derive(Serialize, ToSchema)]
pub struct Jwt {
    /// HS256, HS384, HS512, RS256, RS384, RS512, ES256 or ES384
    pub algorithm: String,
    pub id: String,
    pub created_at: i64,
    pub secret: String,
    pub consumer: Reference,
    /// The public key in PEM, for the RS and ES algorithms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rsa_public_key: Option<String>,
    /// The value of the claim `iss` in its tokens.
    pub key: String,
}

/// A key that the developer chooses, or none for a generated one; in a change, none leaves it as it is.
#[derive(ToSchema)]
pub struct NewKeyAuth {
    /// Visible ASCII characters.
    #[schema(max_length = 256, pattern = "^[!-~]*$")]
    pub key: Option<String>,
}

/// What a JWT credential is made of. A change starts from the stored one.
#[derive(Clone)]
pub struct JwtParts {
    pub key: String,
    pub secret: String,
    pub algorithm: String,
    pub rsa_public_key: Option<String>,
}

/// What is given of a JWT credential.
#[derive(Clone, Default, ToSchema)]
pub struct JwtChange {
    /// The value of the claim `iss` in its tokens.
    #[schema(max_length = 256)]
    pub key: Option<String>,
    #[schema(max_length = 1024)]
    pub secret: Option<String>,
    /// HS256, HS384, HS512, RS256, RS384, RS512, ES256 or ES384; HS256 in a new one if not given.
    #[schema(max_length = 16, example = "HS256")]
    pub algorithm: Option<String>,
    /// The public key in PEM, which the RS and ES algorithms need.
    #[schema(max_length = 4096)]
    pub rsa_public_key: Option<String>,
}

impl NewKeyAuth {
    pub fn from_body(body: &Body) -> Result<Self, Faults> {
        let mut faults = Faults::default();
        let key = body.text("key", &mut faults);
        faults.check(key.as_deref().is_none_or(is_visible), "key", KEY_RULE);
        faults.result().map(|()| Self { key })
    }
}

impl JwtChange {
    pub fn from_body(body: &Body) -> Result<Self, Faults> {
        let mut faults = Faults::default();
        let mut read = |name: &str, longest: usize, rule: &'static str| {
            let text = body.text(name, &mut faults);
            let fits = |text: &str| text.chars().count() <= longest && !text.contains('\0');
            faults.check(text.as_deref().is_none_or(fits), name, rule);
            text
        };
        let change = Self {
            key: read("key", MAX_KEY, "length must be 1 to 256"),
            secret: read("secret", MAX_SECRET, "length must be 1 to 1024"),
            algorithm: read("algorithm", 16, "unknown algorithm"),
            rsa_public_key: read("rsa_public_key", MAX_PEM, "length must be 1 to 4096"),
        };
        faults.result().map(|()| change)
    }

    /// A whole credential. Key and secret are generated where they are not given; a public key cannot be.
    pub fn into_new<E>(self, mut generate: impl FnMut() -> Result<String, E>) -> Result<JwtParts, E> {
        let mut given = |text: Option<String>| text.map_or_else(&mut generate, Ok);
        Ok(JwtParts {
            key: given(self.key)?,
            secret: given(self.secret)?,
            algorithm: self.algorithm.unwrap_or_else(|| DEFAULT_ALGORITHM.to_owned()),
            rsa_public_key: self.rsa_public_key,
        })
    }

    /// The stored credential with what is given put in its place.
    pub fn applied_to(self, stored: JwtParts) -> JwtParts {
        JwtParts {
            key: self.key.unwrap_or(stored.key),
            secret: self.secret.unwrap_or(stored.secret),
            algorithm: self.algorithm.unwrap_or(stored.algorithm),
            rsa_public_key: self.rsa_public_key.or(stored.rsa_public_key),
        }
    }
}

pub(crate) const KEY_RULE: &str = "1 to 256 visible ASCII characters";

/// A text that fits into a header: 1 to 256 visible ASCII characters.
pub(crate) fn is_visible(text: &str) -> bool {
    (1..=MAX_KEY).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// 32 letters and digits, each as likely as the other: a random byte picks one, unless it is among the last eight,
/// which would make some more likely. `None` when too few are left, which does not happen by chance.
///
/// ```
/// use chancery_model::portal::{DRAW, generated};
///
/// assert_eq!(generated(&[0; DRAW]).as_deref(), Some("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"));
/// assert_eq!(generated(&[255; DRAW]), None);
/// ```
pub fn generated(random: &[u8; DRAW]) -> Option<String> {
    let usable = random.iter().filter(|byte| usize::from(**byte) < 4 * LETTERS.len());
    let letters = usable.filter_map(|byte| LETTERS.get(usize::from(*byte) % LETTERS.len()));
    let text: String = letters.take(GENERATED).map(|letter| char::from(*letter)).collect();
    (text.len() == GENERATED).then_some(text)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use std::collections::HashMap;

    use serde_json::{Value, json};

    use super::*;

    fn body(value: Value) -> Body {
        Body::from_json(&serde_json::from_str(&value.to_string()).unwrap())
    }

    #[test]
    fn every_letter_is_as_likely_as_the_other() {
        let mut seen: HashMap<char, usize> = HashMap::new();
        for byte in 0..=255 {
            if let Some(text) = generated(&[byte; DRAW]) {
                assert_eq!(text.len(), 32);
                *seen.entry(text.chars().next().unwrap()).or_default() += 1;
            }
        }
        assert_eq!(seen.len(), 62);
        assert!(seen.iter().all(|(letter, count)| letter.is_ascii_alphanumeric() && *count == 4), "{seen:?}");
    }

    #[test]
    fn unusable_bytes_are_passed_over() {
        let mut random = [255; DRAW];
        random.iter_mut().skip(1).step_by(2).for_each(|byte| *byte = 62);
        assert_eq!(generated(&random).unwrap(), "A".repeat(32));
        *random.last_mut().unwrap() = 248;
        assert_eq!(generated(&random), None);
    }

    #[test]
    fn a_key_fits_into_a_header() {
        let key = |value: Value| NewKeyAuth::from_body(&body(value)).map(|new| new.key);
        assert_eq!(key(json!({})).unwrap(), None);
        assert_eq!(key(json!({ "key": "" })).unwrap(), None);
        assert_eq!(key(json!({ "key": "demo123" })).unwrap().as_deref(), Some("demo123"));
        assert!(key(json!({ "key": "x".repeat(256) })).is_ok());
        for bad in [json!("a b"), json!("ä"), json!("a\n"), json!("x".repeat(257)), json!(7)] {
            let faults = key(json!({ "key": bad })).unwrap_err();
            assert!(faults.iter().all(|fault| fault.path == "key"), "{faults}");
        }
    }

    #[test]
    fn a_new_jwt_credential_gets_what_is_not_given() {
        let new = |value| {
            let change = JwtChange::from_body(&body(value))?;
            change.into_new(|| Ok::<_, Faults>("generated".to_owned()))
        };
        let parts = new(json!({ "key": "k", "secret": "" })).unwrap();
        assert_eq!((parts.key.as_str(), parts.secret.as_str(), parts.algorithm.as_str()), ("k", "generated", "HS256"));
        assert_eq!(new(json!({ "key": "k", "secret": "s", "algorithm": "ES256" })).unwrap().algorithm, "ES256");
        let long = new(json!({ "key": "x".repeat(257), "secret": "s", "algorithm": 1 })).map(drop).unwrap_err();
        assert_eq!(long.to_string(), "key: length must be 1 to 256; algorithm: expected a string");
    }

    #[test]
    fn a_change_leaves_what_it_does_not_name() {
        let stored = JwtParts {
            key: "k".to_owned(),
            secret: "s".to_owned(),
            algorithm: "HS256".to_owned(),
            rsa_public_key: None,
        };
        let change = JwtChange::from_body(&body(json!({ "secret": "t", "rsa_public_key": "p" }))).unwrap();
        let parts = change.applied_to(stored);
        assert_eq!((parts.key.as_str(), parts.secret.as_str(), parts.algorithm.as_str()), ("k", "t", "HS256"));
        assert_eq!(parts.rsa_public_key.as_deref(), Some("p"));
    }
}
