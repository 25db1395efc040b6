//! The bodies of groups and items, with the texts that clients of the Config API know. In a change, what is absent or
//! `null` stays as it is.

use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

use super::{
    ValueType,
    key::{Key, generated},
    value::ValueText,
};
use crate::{
    body, faults,
    ids::Invalid,
    json::{JsonObject, JsonText},
};

/// The most keys that one request resolves.
const MAX_RESOLVED: usize = 50;

/// The longest of all texts but values, in bytes of UTF-8.
const MAX_TEXT: usize = 64 << 10;

const TOO_LONG: Invalid = Invalid("may have at most 65536 bytes");

body! {
    /// What groups and items have in common.
    pub struct Described {
        /// At most 65,536 bytes, as every text here.
        #[schema(value_type = Option<String>, max_length = 65_536)]
        description: Option<Text> as "description",
        #[schema(value_type = Option<Vec<String>>)]
        tags: Option<Tags> as "tags",
        /// Any JSON object of at most 65,536 bytes; it is kept as it was written.
        #[schema(value_type = Option<Object>)]
        metadata: Option<Metadata> as "metadata",
    }
}

body! {
    /// A new group.
    pub struct CreateGroup {
        /// Not only white space.
        #[schema(value_type = String, min_length = 1, max_length = 65_536)]
        pub name: RequiredName as "name",
        /// Made from the name if it is absent or empty.
        #[schema(value_type = Option<String>, max_length = 128, pattern = "^[A-Za-z0-9._-]*$")]
        pub key: Option<Key> as "key",
        #[serde(flatten)]
        #[schema(inline)]
        described: Described,
    }
}

body! {
    /// A change of a group. What is given replaces what was there.
    pub struct UpdateGroup {
        /// Not only white space.
        #[schema(value_type = Option<String>, min_length = 1, max_length = 65_536)]
        pub name: Option<Name> as "name",
        #[serde(flatten)]
        #[schema(inline)]
        described: Described,
    }
}

body! {
    /// A new item.
    pub struct CreateItem {
        /// Not only white space.
        #[schema(value_type = String, min_length = 1, max_length = 65_536)]
        pub name: RequiredName as "name",
        /// Made from the name if it is absent or empty; unique in the project.
        #[schema(value_type = Option<String>, max_length = 128, pattern = "^[A-Za-z0-9._-]*$")]
        pub key: Option<Key> as "key",
        /// A text, or anything else, which becomes one. It must read as its type.
        #[schema(value_type = serde_json::Value)]
        pub value: ValueText as "value",
        /// `string` if not given.
        pub value_type: Option<ValueType> as "valueType",
        pub is_secret: Option<bool> as "isSecret",
        #[serde(flatten)]
        #[schema(inline)]
        described: Described,
    } where faults {
        if let (Some(value), Some(value_type)) = (&value, value_type) {
            faults.take("value", value_type.unwrap_or(ValueType::String).check(value.as_str()));
        }
    }
}

body! {
    /// A change of an item. A value makes a new version.
    pub struct UpdateItem {
        /// Not only white space.
        #[schema(value_type = Option<String>, min_length = 1, max_length = 65_536)]
        pub name: Option<Name> as "name",
        /// As in a new item.
        #[schema(value_type = serde_json::Value)]
        pub value: Option<ValueText> as "value",
        pub value_type: Option<ValueType> as "valueType",
        pub is_secret: Option<bool> as "isSecret",
        #[serde(flatten)]
        #[schema(inline)]
        described: Described,
    } where faults {
        if let (Some(Some(value)), Some(Some(value_type))) = (&value, value_type) {
            faults.take("value", value_type.check(value.as_str()));
        }
    }
}

/// The keys that a request wants resolved.
#[derive(ToSchema)]
pub struct ResolveRequest {
    /// 1 to 50 keys.
    #[schema(min_items = 1, max_items = 50)]
    pub keys: Vec<String>,
}

impl<'de> Deserialize<'de> for ResolveRequest {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        faults::object(from, |members| {
            let given: Option<Option<JsonText>> = members.read("keys");
            let keys = given.flatten().and_then(|keys| serde_json::from_str::<Vec<JsonText>>(keys.as_str()).ok());
            let keys = keys.unwrap_or_default();
            let faults = members.faults();
            faults.check(!keys.is_empty(), "keys", "keys array is required");
            faults.check(keys.len() <= MAX_RESOLVED, "", "Maximum 50 keys per request");
            let texts: Vec<_> = keys.iter().map(JsonText::as_string).collect();
            for (number, text) in texts.iter().enumerate() {
                faults.check(text.is_some(), format!("keys[{number}]"), "must be a string");
            }
            texts.into_iter().collect::<Option<_>>().map(|keys| Self { keys })
        })
    }
}

/// What groups and items have in common, as it is stored.
pub struct Details<'a> {
    pub name: Option<&'a str>,
    pub description: Option<&'a str>,
    /// JSON, as are the metadata.
    pub tags: Option<String>,
    pub metadata: Option<&'a str>,
}

impl Described {
    fn details<'a>(&'a self, name: Option<&'a Name>) -> Details<'a> {
        Details {
            name: name.map(|name| name.0.as_str()),
            description: self.description.as_ref().map(|text| text.0.as_str()),
            tags: self.tags.as_ref().map(Tags::to_json),
            metadata: self.metadata.as_ref().map(|metadata| metadata.0.as_str()),
        }
    }
}

impl CreateGroup {
    /// The given key, or one made from the name. `now` is the key of a name in which nothing is fit for one.
    pub fn key(&self, now: i64) -> String {
        generated(self.key.as_ref(), "cfg-grp-", &self.name.0.0, now)
    }

    pub fn details(&self) -> Details<'_> {
        self.described.details(Some(&self.name.0))
    }
}

impl UpdateGroup {
    pub fn details(&self) -> Details<'_> {
        self.described.details(self.name.as_ref())
    }
}

impl CreateItem {
    /// As [`CreateGroup::key`].
    pub fn key(&self, now: i64) -> String {
        generated(self.key.as_ref(), "cfg-", &self.name.0.0, now)
    }

    pub fn value_type(&self) -> ValueType {
        self.value_type.unwrap_or(ValueType::String)
    }

    pub fn details(&self) -> Details<'_> {
        self.described.details(Some(&self.name.0))
    }
}

impl UpdateItem {
    pub fn details(&self) -> Details<'_> {
        self.described.details(self.name.as_ref())
    }
}

/// A name that is not blank.
#[derive(Deserialize)]
#[serde(try_from = "String")]
pub struct Name(String);

impl TryFrom<String> for Name {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        if text.trim().is_empty() {
            return Err(Invalid("must not be empty"));
        }
        if text.len() <= MAX_TEXT { Ok(Self(text)) } else { Err(TOO_LONG) }
    }
}

/// A name without which nothing is created: what is no name counts as none.
#[derive(Deserialize)]
#[serde(try_from = "JsonText")]
pub struct RequiredName(Name);

impl TryFrom<JsonText> for RequiredName {
    type Error = Invalid;

    fn try_from(json: JsonText) -> Result<Self, Invalid> {
        let text = json.as_string().filter(|text| !text.trim().is_empty()).ok_or(Invalid("is required"))?;
        Name::try_from(text).map(Self)
    }
}

#[derive(Deserialize)]
#[serde(try_from = "String")]
pub struct Text(String);

impl TryFrom<String> for Text {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        if text.len() <= MAX_TEXT { Ok(Self(text)) } else { Err(TOO_LONG) }
    }
}

#[derive(Deserialize)]
#[serde(try_from = "Vec<String>")]
pub struct Tags(Vec<String>);

impl Tags {
    fn to_json(&self) -> String {
        serde_json::Value::from(self.0.clone()).to_string()
    }
}

impl TryFrom<Vec<String>> for Tags {
    type Error = Invalid;

    fn try_from(tags: Vec<String>) -> Result<Self, Invalid> {
        let tags = Self(tags);
        if tags.to_json().len() <= MAX_TEXT { Ok(tags) } else { Err(TOO_LONG) }
    }
}

/// An object that is kept as it was written.
#[derive(Deserialize)]
#[serde(try_from = "JsonObject")]
pub struct Metadata(JsonObject);

impl TryFrom<JsonObject> for Metadata {
    type Error = Invalid;

    fn try_from(object: JsonObject) -> Result<Self, Invalid> {
        if object.as_str().len() <= MAX_TEXT { Ok(Self(object)) } else { Err(TOO_LONG) }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::faults::read;

    fn faults<T: serde::de::DeserializeOwned>(body: &str) -> String {
        read::<T>(body.as_bytes(), "Body").err().map(|faults| faults.to_string()).unwrap_or_default()
    }

    #[test]
    fn all_that_is_wrong_with_a_body_is_named_at_once() {
        assert_eq!(
            faults::<CreateItem>(
                r#"{"name":7,"key":"a b","valueType":"text","isSecret":"x","tags":["a",1],"metadata":[],"description":{}}"#
            ),
            "name is required; key must have 1 to 128 characters of A-Z a-z 0-9 . _ -; value is required; valueType must \
             be one of string, number, boolean, json; isSecret must be true or false; description must be a string; \
             tags[1] must be a string; metadata must be an object"
        );
        assert_eq!(
            faults::<CreateItem>(r#"{"value":"x","valueType":"number","tags":"a"}"#),
            "name is required; tags must be a list; value must be a number"
        );
        assert_eq!(faults::<UpdateGroup>(r#"{"name":" ","tags":{}}"#), "name must not be empty; tags must be a list");
    }

    #[test]
    fn the_texts_that_clients_know_are_exact() {
        for body in ["{}", r#"{"name":null}"#, r#"{"name":""}"#, r#"{"name":"  "}"#, r#"{"name":[]}"#] {
            assert_eq!(faults::<CreateGroup>(body), "name is required");
        }
        for body in [r#"{"name":"n"}"#, r#"{"name":"n","value":null}"#] {
            assert_eq!(faults::<CreateItem>(body), "value is required");
        }
        for body in ["{}", r#"{"keys":null}"#, r#"{"keys":[]}"#, r#"{"keys":"a"}"#] {
            assert_eq!(faults::<ResolveRequest>(body), "keys array is required");
        }
        let keys = |count| format!(r#"{{"keys":{}}}"#, serde_json::Value::from(vec!["a"; count]));
        assert_eq!(faults::<ResolveRequest>(&keys(51)), "Maximum 50 keys per request");
        assert_eq!(faults::<ResolveRequest>(&keys(50)), "");
        let two = "keys[1] must be a string; keys[2] must be a string";
        assert_eq!(faults::<ResolveRequest>(r#"{"keys":["a",1,null]}"#), two);
    }

    #[test]
    fn texts_are_bounded() {
        let name = |length: usize| format!(r#"{{"name":"{}"}}"#, "x".repeat(length));
        assert_eq!(faults::<UpdateItem>(&name(MAX_TEXT)), "");
        assert_eq!(faults::<UpdateItem>(&name(MAX_TEXT + 1)), "name may have at most 65536 bytes");
        assert_eq!(faults::<CreateGroup>(&name(MAX_TEXT + 1)), "name may have at most 65536 bytes");
        let metadata = format!(r#"{{"metadata":{{"a":"{}"}}}}"#, "x".repeat(MAX_TEXT));
        assert_eq!(faults::<UpdateItem>(&metadata), "metadata may have at most 65536 bytes");
    }

    #[test]
    fn details_are_stored_as_they_were_written() {
        let body = br#"{"name":"n","tags":["b","a"],"metadata":{"b":1.50, "a":1e3, "b":12345678901234567890123}}"#;
        let group: CreateGroup = read(body, "Body").unwrap();
        let details = group.details();
        assert_eq!(details.tags.as_deref(), Some(r#"["b","a"]"#));
        assert_eq!(details.metadata, Some(r#"{"b":1.50, "a":1e3, "b":12345678901234567890123}"#));
    }
}
