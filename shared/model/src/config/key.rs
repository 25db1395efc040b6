//! Keys of groups and items: the given ones, and those made from a name.

use serde::Deserialize;

use super::slug::slug;
use crate::ids::Invalid;

/// How much of a slug fits into a key behind its prefix.
const MAX_SLUG: usize = 112;

/// A key as a body gives it; an empty one asks for a key that is made from the name.
#[derive(Deserialize)]
#[serde(try_from = "String")]
pub struct Key(String);

impl TryFrom<String> for Key {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        let fit = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        if text.len() <= 128 && text.bytes().all(fit) && !matches!(text.as_str(), "." | "..") {
            Ok(Self(text))
        } else {
            Err(Invalid("must have 1 to 128 characters of A-Z a-z 0-9 . _ -"))
        }
    }
}

/// The given key, or one made from the name; `now` if nothing in the name is fit for one.
pub(super) fn generated(given: Option<&Key>, prefix: &str, name: &str, now: i64) -> String {
    if let Some(Key(key)) = given.filter(|key| !key.0.is_empty()) {
        return key.clone();
    }
    let slug = slug(name);
    let slug = slug.get(..slug.len().min(MAX_SLUG)).unwrap_or_default().trim_end_matches('-');
    if slug.is_empty() { format!("{prefix}{now}") } else { format!("{prefix}{slug}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_the_given_one_or_made_from_the_name() {
        let key = |given: &str, name: &str| generated(Key::try_from(given.to_owned()).ok().as_ref(), "cfg-", name, 7);
        assert_eq!(key("db.Main_1", "Größe"), "db.Main_1");
        for given in ["", "a b"] {
            assert_eq!(key(given, "Größe"), "cfg-grosse");
        }
        assert_eq!(key("", "日本"), "cfg-7");
        assert_eq!(key("", &format!("{} b", "x".repeat(111))), format!("cfg-{}", "x".repeat(111)));
        assert_eq!(key("", &"x".repeat(200)), format!("cfg-{}", "x".repeat(112)));
    }

    #[test]
    fn a_given_key_has_letters_digits_and_three_signs() {
        for (key, good) in [("", true), ("a", true), (".", false), ("..", false), ("a/b", false), ("ü", false)] {
            assert_eq!(Key::try_from(key.to_owned()).is_ok(), good, "{key}");
        }
        assert!(Key::try_from("x".repeat(128)).is_ok() && Key::try_from("x".repeat(129)).is_err());
    }
}
