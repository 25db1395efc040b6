//! The service directory: names of services and their URLs, and what may be patched into it.

use std::collections::BTreeMap;

use http::Uri;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use crate::faults::{self, Faults};

/// The entry that every client needs and that therefore cannot be removed.
pub const LICENSES: &str = "licenses";

/// What a deployment serves itself: the name of an entry, and the path behind the deployment's URL.
pub const BUILT_IN: [(&str, &str); 3] = [(LICENSES, "/licenses"), ("global_caas", "/caas"), ("caas", "/caas")];

/// The most entries that one patch may name.
pub const MAX_PATCH: usize = 100;

const MAX_NAME: usize = 64;
const MAX_URL: usize = 1024;

/// Every service by name, with its URL.
#[derive(Debug, Serialize, ToSchema)]
pub struct Directory(pub BTreeMap<String, String>);

/// By name: a URL to set, or `""`, `null` or `false` to remove the entry.
#[derive(Debug, ToSchema)]
#[schema(value_type = BTreeMap<String, serde_json::Value>)]
pub struct DirectoryPatch(BTreeMap<String, Option<String>>);

impl DirectoryPatch {
    /// Name by name the URL to set, or `None` to remove.
    pub fn changes(&self) -> &BTreeMap<String, Option<String>> {
        &self.0
    }
}

impl<'de> Deserialize<'de> for DirectoryPatch {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        faults::object(from, |members| {
            let count = members.iter().count();
            let few = (1..=MAX_PATCH).contains(&count);
            if !few {
                members.faults().add("", format!("Name 1 to {MAX_PATCH} entries to change"));
                return None;
            }
            let (mut changes, mut faults) = (BTreeMap::new(), Faults::default());
            for (name, json) in members.iter() {
                match change(name, json) {
                    Ok(_) if changes.contains_key(name) => faults.add(name, "is given twice"),
                    Ok(change) => drop(changes.insert(name.to_owned(), change)),
                    Err(rule) => faults.add(name, rule),
                }
            }
            members.faults().add_within("", faults);
            Some(Self(changes))
        })
    }
}

/// The URL to set, or `None` to remove the entry.
fn change(name: &str, json: &str) -> Result<Option<String>, String> {
    if !is_name(name) {
        return Err(format!("A name has 1 to {MAX_NAME} letters, digits and underscores"));
    }
    let url = match json {
        "null" | "false" => String::new(),
        json => serde_json::from_str::<String>(json)
            .map_err(|_| "must be a URL, or \"\", null or false to remove the entry".to_owned())?,
    };
    match url.as_str() {
        "" if name == LICENSES => Err(format!("{LICENSES} cannot be removed; every client starts from it")),
        "" => Ok(None),
        _ if is_url(&url) => Ok(Some(url)),
        _ => Err(format!("must be an absolute http or https URL of at most {MAX_URL} bytes")),
    }
}

fn is_name(name: &str) -> bool {
    (1..=MAX_NAME).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Absolute, with a host, and without what everybody who reads the directory should not see or would not be sent.
pub(crate) fn is_url(text: &str) -> bool {
    let Ok(uri) = text.parse::<Uri>() else { return false };
    text.len() <= MAX_URL
        && !text.contains('#')
        && matches!(uri.scheme_str(), Some("http" | "https"))
        && uri.authority().is_some_and(|authority| !authority.host().is_empty() && !authority.as_str().contains('@'))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]
    use super::*;

    fn changes(patch: &str) -> Result<BTreeMap<String, Option<String>>, Faults> {
        faults::read::<DirectoryPatch>(patch.as_bytes(), "Body").map(|patch| patch.0)
    }

    #[test]
    fn a_patch_sets_urls_and_removes_by_three_spellings() {
        let changes =
            changes(r#"{"acr":"https://a.example:8443/acr?x=1","otp":"","vcs":null,"oauth2":false}"#).unwrap();
        assert_eq!(changes["acr"].as_deref(), Some("https://a.example:8443/acr?x=1"));
        assert!(["otp", "vcs", "oauth2"].iter().all(|name| changes[*name].is_none()));
    }

    #[test]
    fn licenses_may_move_but_not_go() {
        assert!(changes(r#"{"licenses":"http://127.0.0.1/licenses"}"#).is_ok());
        for removal in ["\"\"", "null", "false"] {
            assert!(changes(&format!(r#"{{"acr":null,"licenses":{removal}}}"#)).is_err(), "{removal}");
        }
    }

    #[test]
    fn names_have_up_to_64_letters_digits_and_underscores() {
        let named = |name: &str| changes(&format!(r#"{{"{name}":"http://a"}}"#));
        assert!(named("user_Management2").is_ok() && named(&"x".repeat(64)).is_ok());
        for bad in ["", "a-b", "a.b", "ä", "a b", &"x".repeat(65)] {
            assert!(named(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn only_absolute_http_urls_without_credentials_are_taken() {
        for bad in [
            "acr",
            "/acr",
            "a.example/acr",
            "//a.example",
            "ftp://a.example",
            "http://",
            "http://:80/",
            "https:///x",
            "http://user:secret@a.example/",
            "http://a.example/#x",
            "http://a example",
            " http://a.example",
            &format!("http://a.example/{}", "x".repeat(1024)),
        ] {
            assert!(changes(&format!(r#"{{"acr":"{bad}"}}"#)).is_err(), "{bad}");
        }
        for bad in ["true", "1", "[]", "{}"] {
            assert!(changes(&format!(r#"{{"acr":{bad}}}"#)).is_err(), "{bad}");
        }
    }

    #[test]
    fn every_wrong_entry_is_named() {
        let wrong = changes(r#"{"acr":1,"a-b":"http://a","otp":"http://a","vcs":"x","otp":""}"#).unwrap_err();
        let paths: Vec<_> = wrong.iter().map(|fault| fault.path.as_str()).collect();
        assert_eq!(paths, ["acr", "a-b", "vcs", "otp"]);
    }

    #[test]
    fn a_patch_names_1_to_100_entries() {
        assert!(changes("{}").is_err());
        let patch = |count: usize| {
            let entries: Vec<_> = (0..count).map(|number| format!(r#""n{number}":null"#)).collect();
            changes(&format!("{{{}}}", entries.join(",")))
        };
        assert!(patch(100).is_ok());
        assert!(patch(101).is_err());
    }
}
