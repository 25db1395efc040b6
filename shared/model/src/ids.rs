//! Newtypes for the ids of tenants, communities and tags. A value of such a type has been checked.

use serde::{Deserialize, Serialize};
#[cfg(not(target_family = "wasm"))]
use utoipa::openapi::{
    RefOr,
    schema::{ObjectBuilder, Schema, Type},
};

/// A text that broke the rule of its type; the message says the rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Invalid(pub &'static str);

impl std::fmt::Display for Invalid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Invalid {}

/// A UUID of version 4 over random bytes.
#[must_use]
pub fn random_uuid(bytes: [u8; 16]) -> String {
    uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
}

/// The UUID of version 5 that these texts together always have.
#[must_use]
pub fn derived_uuid(parts: &[&str]) -> String {
    uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, parts.join("\n").as_bytes()).to_string()
}

/// The bytes of a UUID, however it is spelt.
#[must_use]
pub fn uuid_bytes(text: &str) -> Option<[u8; 16]> {
    uuid::Uuid::try_parse(text).ok().map(uuid::Uuid::into_bytes)
}

/// The usual spelling of a UUID.
#[must_use]
pub fn uuid_text(bytes: [u8; 16]) -> String {
    uuid::Uuid::from_bytes(bytes).to_string()
}

/// What a document says of a text: how long it is at least and at most, and of what pattern.
#[cfg(not(target_family = "wasm"))]
type Bounds = (usize, usize, Option<&'static str>);

#[cfg(not(target_family = "wasm"))]
fn text_schema(doc: &str, (least, most, pattern): Bounds) -> RefOr<Schema> {
    let text = ObjectBuilder::new().schema_type(Type::String).description(Some(doc.trim()));
    text.min_length(Some(least)).max_length(Some(most)).pattern(pattern).into()
}

/// Makes a checked newtype over `String`, which says of itself in a document what the check demands. With a normal form,
/// every spelling of a value becomes that form.
macro_rules! checked_text {
    ($(#[doc = $doc:literal])* $name:ident, $rule:literal, $bounds:expr, $check:expr $(, $normal_form:expr)?) => {
        $(#[doc = $doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        #[cfg(not(target_family = "wasm"))]
        impl utoipa::PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                text_schema(concat!($($doc),*), $bounds)
            }
        }

        #[cfg(not(target_family = "wasm"))]
        impl utoipa::ToSchema for $name {}

        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = Invalid;

            fn try_from(text: String) -> Result<Self, Invalid> {
                let check: fn(&str) -> bool = $check;
                if !check(&text) {
                    return Err(Invalid($rule));
                }
                $(let text = $normal_form(text);)?
                Ok(Self(text))
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.0
            }
        }
    };
}

checked_text!(
    /// The id of an object of QNSP; in lower case, however it was spelt.
    Uuid, "must be a UUID",
    (36, 36, Some("^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$")),
    |text| uuid_bytes(text).is_some() && text.len() == 36, |text: String| text.to_ascii_lowercase()
);
checked_text!(
    /// A tenant as Config & Consent names it: opaque.
    TenantId, "tenantId must have 1 to 64 characters", (1, 64, None), is_opaque_id
);
checked_text!(
    /// A community: 1 to 64 characters of A-Z a-z 0-9 _ -. One of 24 hexadecimal digits is the same in either case.
    CommunityId, "communityId must have 1 to 64 characters of A-Z a-z 0-9 _ -",
    (1, 64, Some("^[A-Za-z0-9_-]+$")), is_community_id, community_normal_form
);
checked_text!(
    /// A person, an app or a mobile app: opaque.
    OpaqueName, "personId, mobile_app_id and appId must have 1 to 256 characters", (1, 256, None), is_opaque_name
);
checked_text!(
    /// Where in a configuration: names with dots between them, or `data` for all of it.
    KeyPath, "a key path has names of letters and underscores with dots between them, at most 256 characters",
    (1, 256, Some(r"^[A-Za-z_]+(\.[A-Za-z_]+)*$")), is_key_path
);
checked_text!(
    /// What a consent is about. `ipfs` is a path of its own.
    ConsentType, "a consent's type starts with a to z and has at most 64 of a-z 0-9 _ -, and is not ipfs",
    (1, 64, Some("^[a-z][a-z0-9_-]*$")), is_consent_type
);
checked_text!(
    /// The tag of a licence key.
    KeyTag, "tag must have 3 to 256 characters of A-Z a-z 0-9 _ | : -",
    (3, 256, Some("^[A-Za-z0-9_|:-]+$")), is_key_tag
);
checked_text!(
    /// The tag of a secret.
    SecretTag, "tag must start with a letter and have at most 128 letters, digits and underscores",
    (1, 128, Some("^[A-Za-z][A-Za-z0-9_]*$")), is_secret_tag
);
checked_text!(
    /// The id of a secret with versions.
    SecretId, "must have 1 to 128 characters of A-Z a-z 0-9 . _ -", (1, 128, Some("^[A-Za-z0-9._-]+$")), is_secret_id
);
checked_text!(
    /// A community by its name.
    CommunityName, "communityName must have 3 to 64 characters of A-Z a-z 0-9 _ -",
    (3, 64, Some("^[A-Za-z0-9_-]+$")), is_community_name
);
checked_text!(
    /// The short name of a tenant.
    TenantTag, "tenantTag must have 2 to 32 characters of a-z 0-9", (2, 32, Some("^[a-z0-9]+$")), is_tenant_tag
);
checked_text!(
    /// The name of a host, such as `tenant.example.com`.
    HostName, "a tenant's DNS name must be a host name of at most 253 characters",
    (1, 253, Some(r"^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$")), is_host_name
);

fn is_opaque_id(text: &str) -> bool {
    (1..=64).contains(&text.chars().count()) && !text.chars().any(char::is_control)
}

fn is_opaque_name(text: &str) -> bool {
    (1..=256).contains(&text.chars().count())
}

fn is_key_path(text: &str) -> bool {
    let is_name = |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    text.len() <= 256 && text.split('.').all(is_name)
}

fn is_consent_type(text: &str) -> bool {
    text.len() <= 64
        && text != "ipfs"
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-".contains(&byte))
}

fn is_community_id(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
}

/// 24 hexadecimal digits are an ObjectId, which has no case.
fn community_normal_form(text: String) -> String {
    let is_object_id = text.len() == 24 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_object_id { text.to_ascii_lowercase() } else { text }
}

fn is_key_tag(text: &str) -> bool {
    (3..=256).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_|:-".contains(&byte))
}

fn is_secret_tag(text: &str) -> bool {
    text.len() <= 128
        && text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn is_secret_id(text: &str) -> bool {
    (1..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

fn is_community_name(text: &str) -> bool {
    (3..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
}

fn is_tenant_tag(text: &str) -> bool {
    (2..=32).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

fn is_host_name(text: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= 253 && text.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_tag_starts_with_a_letter_and_ends_at_128() {
        for good in ["a", "API_KEY_2", &"x".repeat(128)] {
            assert!(SecretTag::try_from(good.to_owned()).is_ok(), "{good}");
        }
        for bad in ["", "1a", "_a", "a-b", "ä", "a b", &"x".repeat(129)] {
            assert!(SecretTag::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_secret_id_has_letters_digits_dots_underscores_and_hyphens() {
        for good in ["a", "1", ".", "db.password_2-x", &"x".repeat(128)] {
            assert!(SecretId::try_from(good.to_owned()).is_ok(), "{good}");
        }
        for bad in ["", "a b", "a/b", "ä", "a:b", &"x".repeat(129)] {
            assert!(SecretId::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_key_path_has_letters_underscores_and_single_dots_inside() {
        for good in ["a", "a.b", "_", "data.x", "A_b.C", &"x".repeat(256)] {
            assert!(KeyPath::try_from(good.to_owned()).is_ok(), "{good}");
        }
        for bad in ["", ".", "a.", ".a", "a..b", "a1", "a-b", "ä", "a b", "a[0]", "$", &"x".repeat(257)] {
            assert!(KeyPath::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_consent_type_is_a_lower_case_word_but_not_ipfs() {
        for good in ["a", "biometric", "a1_-", "ipfs1", &"x".repeat(64)] {
            assert!(ConsentType::try_from(good.to_owned()).is_ok(), "{good}");
        }
        for bad in ["", "ipfs", "A", "1a", "_a", "-a", "a.b", "ä", "a b", &"x".repeat(65)] {
            assert!(ConsentType::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_key_tag_takes_pipes_and_colons_from_three_characters_on() {
        assert!(KeyTag::try_from("a|b:c-D_9".to_owned()).is_ok());
        for bad in ["ab", "a.b", "a b c", &"x".repeat(257)] {
            assert!(KeyTag::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_community_has_letters_digits_underscores_and_hyphens() {
        for good in ["a", "community_456", "A-9", "-", &"x".repeat(64)] {
            assert!(CommunityId::try_from(good.to_owned()).is_ok(), "{good}");
        }
        for bad in ["", "a b", "a.b", "a/b", "ä", "a\n", &"x".repeat(65)] {
            assert!(CommunityId::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_community_of_24_hexadecimal_digits_is_one_in_either_case() {
        for (given, kept) in [
            ("0123456789abcdefABCDEF01", "0123456789abcdefabcdef01"),
            ("ABCDEFABCDEFABCDEFABCDEF", "abcdefabcdefabcdefabcdef"),
            // Not 24 of them, or not hexadecimal: another spelling is another community.
            ("0123456789abcdefABCDEF0", "0123456789abcdefABCDEF0"),
            ("G123456789abcdefABCDEF01", "G123456789abcdefABCDEF01"),
            ("Main", "Main"),
        ] {
            assert_eq!(CommunityId::try_from(given.to_owned()).map(String::from), Ok(kept.to_owned()));
        }
        let read: Result<CommunityId, _> = serde_json::from_str(r#""0123456789ABCDEF01234567""#);
        assert_eq!(read.ok().as_ref().map(CommunityId::as_str), Some("0123456789abcdef01234567"));
    }

    #[test]
    fn a_host_name_has_labels_of_letters_digits_and_inner_hyphens() {
        for good in ["localhost", "a.b", "tenant-1.example.com", "1k.net", &"x".repeat(63)] {
            assert!(HostName::try_from(good.to_owned()).is_ok(), "{good}");
        }
        for bad in ["", ".", "a.", "a..b", "-a.b", "a-.b", "a_b.c", "a b", "ä.de", "a/b", "a:1", &"x".repeat(64)] {
            assert!(HostName::try_from(bad.to_owned()).is_err(), "{bad}");
        }
        assert!(HostName::try_from(format!("{}a", "a.".repeat(127))).is_err());
    }

    #[test]
    fn names_of_communities_and_tags_of_tenants_are_bounded() {
        for good in ["abc", "a-b_C9", &"x".repeat(64)] {
            assert!(CommunityName::try_from(good.to_owned()).is_ok(), "{good}");
        }
        for bad in ["", "ab", "a b", "a.b", "äbc", &"x".repeat(65)] {
            assert!(CommunityName::try_from(bad.to_owned()).is_err(), "{bad}");
        }
        for (tag, good) in
            [("ab", true), ("a1", true), (&"x".repeat(32), true), ("a", false), ("Ab", false), ("a-b", false)]
        {
            assert_eq!(TenantTag::try_from(tag.to_owned()).is_ok(), good, "{tag}");
        }
        assert!(TenantTag::try_from("x".repeat(33)).is_err());
    }
}
