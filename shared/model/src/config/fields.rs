//! What the bodies of the Config API must hold, with the texts that its clients know. A member of another type than it
//! should have is refused by name; a member that is `null` counts as absent.

use serde_json::{Map, Value};

use super::ValueType;

type Body = Map<String, Value>;

/// The most keys that one request resolves.
const MAX_RESOLVED: usize = 50;

/// The longest value, in bytes of UTF-8.
const MAX_VALUE: usize = 1 << 20;

/// The longest of all other texts.
const MAX_TEXT: usize = 64 << 10;

/// What groups and items have in common. In a change, what is absent stays as it is.
#[derive(Default)]
pub struct Details {
    pub name: Option<String>,
    pub description: Option<String>,
    pub tags: Option<Vec<String>>,
    pub metadata: Option<Map<String, Value>>,
}

pub struct NewGroup {
    pub key: String,
    pub name: String,
    pub details: Details,
}

pub struct NewItem {
    pub key: String,
    pub name: String,
    pub details: Details,
    pub value: String,
    pub value_type: ValueType,
    pub is_secret: bool,
}

pub struct UpdateItem {
    pub details: Details,
    pub value: Option<String>,
    pub value_type: Option<ValueType>,
    pub is_secret: Option<bool>,
}

impl Details {
    pub fn from_body(body: &Body) -> Result<Self, String> {
        let name = text(body, "name")?;
        if name.as_deref().is_some_and(|name| name.trim().is_empty()) {
            return Err("name must not be empty".to_owned());
        }
        Ok(Self { name, description: text(body, "description")?, tags: tags(body)?, metadata: metadata(body)? })
    }

    /// The tags as they are stored.
    pub fn tags_json(&self) -> Option<String> {
        self.tags.as_ref().map(|tags| Value::from(tags.clone()).to_string())
    }

    /// The metadata as they are stored.
    pub fn metadata_json(&self) -> Option<String> {
        self.metadata.as_ref().map(|metadata| Value::Object(metadata.clone()).to_string())
    }
}

impl NewGroup {
    /// `now` makes the key of a name in which nothing is fit for one.
    pub fn from_body(body: &Body, now: i64) -> Result<Self, String> {
        let name = name(body)?;
        Ok(Self { key: key(body, "cfg-grp-", &name, now)?, name, details: Details::from_body(body)? })
    }
}

impl NewItem {
    /// `now` makes the key of a name in which nothing is fit for one.
    pub fn from_body(body: &Body, now: i64) -> Result<Self, String> {
        let name = name(body)?;
        let value = value(body)?.ok_or("value is required")?;
        let value_type = value_type(body)?.unwrap_or(ValueType::String);
        value_type.check(&value).map_err(|rule| rule.0.to_owned())?;
        let (key, details) = (key(body, "cfg-", &name, now)?, Details::from_body(body)?);
        Ok(Self { key, name, details, value, value_type, is_secret: flag(body, "isSecret")?.unwrap_or(false) })
    }
}

impl UpdateItem {
    pub fn from_body(body: &Body) -> Result<Self, String> {
        Ok(Self {
            details: Details::from_body(body)?,
            value: value(body)?,
            value_type: value_type(body)?,
            is_secret: flag(body, "isSecret")?,
        })
    }
}

/// The keys that a request wants resolved.
pub fn resolve_keys(body: &Body) -> Result<Vec<&str>, String> {
    let keys = body.get("keys").and_then(Value::as_array).filter(|keys| !keys.is_empty());
    let keys = keys.ok_or("keys array is required")?;
    if keys.len() > MAX_RESOLVED {
        return Err(format!("Maximum {MAX_RESOLVED} keys per request"));
    }
    let texts = keys.iter().map(|key| key.as_str().ok_or_else(|| "keys must be strings".to_owned()));
    texts.collect()
}

fn name(body: &Body) -> Result<String, String> {
    match body.get("name").and_then(Value::as_str).map(str::trim) {
        None | Some("") => Err("name is required".to_owned()),
        Some(_) => text(body, "name").map(Option::unwrap_or_default),
    }
}

/// The given key, or one made from the name.
fn key(body: &Body, prefix: &str, name: &str, now: i64) -> Result<String, String> {
    let Some(key) = text(body, "key")? else {
        let slug = slug(name);
        return Ok(if slug.is_empty() { format!("{prefix}{now}") } else { format!("{prefix}{slug}") });
    };
    let fit = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    if (1..=128).contains(&key.len()) && key.bytes().all(fit) && !matches!(key.as_str(), "." | "..") {
        Ok(key)
    } else {
        Err("key must have 1 to 128 characters of A-Z a-z 0-9 . _ -".to_owned())
    }
}

/// Lower-case ASCII letters and digits, with a hyphen for every run of spaces and hyphens; short enough for a key.
fn slug(name: &str) -> String {
    let mut slug = String::new();
    for character in name.trim().chars().map(|character| character.to_ascii_lowercase()) {
        if character.is_ascii_alphanumeric() {
            slug.push(character);
        } else if (character.is_whitespace() || character == '-') && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    let slug = slug.trim_matches('-');
    slug.get(..slug.len().min(112)).unwrap_or(slug).trim_end_matches('-').to_owned()
}

fn present<'a>(body: &'a Body, name: &str) -> Option<&'a Value> {
    body.get(name).filter(|value| !value.is_null())
}

fn text(body: &Body, name: &str) -> Result<Option<String>, String> {
    let Some(value) = present(body, name) else { return Ok(None) };
    match value.as_str() {
        Some(text) if text.len() <= MAX_TEXT => Ok(Some(text.to_owned())),
        Some(_) => Err(format!("{name} may have at most {MAX_TEXT} bytes")),
        None => Err(format!("{name} must be a string")),
    }
}

fn flag(body: &Body, name: &str) -> Result<Option<bool>, String> {
    let Some(value) = present(body, name) else { return Ok(None) };
    value.as_bool().map(Some).ok_or_else(|| format!("{name} must be true or false"))
}

/// A value as text: what is no string is written as JSON.
fn value(body: &Body) -> Result<Option<String>, String> {
    let Some(value) = present(body, "value") else { return Ok(None) };
    let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    if value.len() > MAX_VALUE {
        return Err(format!("value may have at most {MAX_VALUE} bytes"));
    }
    Ok(Some(value))
}

fn value_type(body: &Body) -> Result<Option<ValueType>, String> {
    let Some(value) = present(body, "valueType") else { return Ok(None) };
    let known = value.as_str().and_then(ValueType::parse);
    known.map(Some).ok_or_else(|| "valueType must be string, number, boolean or json".to_owned())
}

fn tags(body: &Body) -> Result<Option<Vec<String>>, String> {
    let Some(value) = present(body, "tags") else { return Ok(None) };
    let rule = || "tags must be an array of strings".to_owned();
    let tags = value.as_array().ok_or_else(rule)?;
    if value.to_string().len() > MAX_TEXT {
        return Err(format!("tags may have at most {MAX_TEXT} bytes"));
    }
    tags.iter().map(|tag| tag.as_str().map(str::to_owned).ok_or_else(rule)).collect::<Result<_, _>>().map(Some)
}

fn metadata(body: &Body) -> Result<Option<Map<String, Value>>, String> {
    let Some(value) = present(body, "metadata") else { return Ok(None) };
    if value.to_string().len() > MAX_TEXT {
        return Err(format!("metadata may have at most {MAX_TEXT} bytes"));
    }
    value.as_object().cloned().map(Some).ok_or_else(|| "metadata must be an object".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_is_what_a_name_has_of_ascii() {
        for (name, expected) in [
            ("Database URL", "database-url"),
            ("  Größe  (max) ", "gre-max"),
            ("a - b", "a-b"),
            ("日本", ""),
            (&"x".repeat(200), &"x".repeat(112)),
        ] {
            assert_eq!(slug(name), expected, "{name}");
        }
    }

    #[test]
    fn a_value_must_read_as_its_type() {
        for (kind, good, bad) in [
            (ValueType::Number, "-1.5e3", "1x"),
            (ValueType::Number, "0", "\"1\""),
            (ValueType::Boolean, "true", "True"),
            (ValueType::Json, "[1, {}]", "{a:1}"),
        ] {
            assert!(kind.check(good).is_ok() && kind.check(bad).is_err(), "{kind:?}");
        }
    }
}
