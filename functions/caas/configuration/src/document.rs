//! A configuration as it was read: JSON text with its revision, and how parts of it are found. What is not asked for is
//! passed over, never taken apart or written anew.

use std::{borrow::Cow, collections::BTreeMap, fmt};

use model::{configuration::WHOLE, ids::KeyPath};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor},
};
use serde_json::value::RawValue;
use service::{Error, Result};

#[derive(Serialize, Deserialize)]
pub(crate) struct Document {
    pub revision: i64,
    /// `None` where nothing is stored.
    #[serde(with = "raw")]
    json: Option<String>,
}

/// JSON text within JSON, as it is.
mod raw {
    use super::{Deserialize, Deserializer, RawValue, Serialize};

    #[expect(clippy::ref_option, reason = "serde gives a reference to the field")]
    pub(super) fn serialize<S: serde::Serializer>(json: &Option<String>, to: S) -> Result<S::Ok, S::Error> {
        let raw: Option<&RawValue> =
            json.as_deref().map(serde_json::from_str).transpose().map_err(serde::ser::Error::custom)?;
        raw.serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
        let raw = Option::<Box<RawValue>>::deserialize(from)?;
        Ok(raw.map(|raw| String::from(Box::<str>::from(raw))))
    }
}

impl Document {
    pub(crate) fn new(revision: i64, json: Option<String>) -> Self {
        Self { revision, json }
    }

    pub(crate) fn len(&self) -> usize {
        self.json.as_ref().map_or(0, String::len)
    }

    /// All of it, or an object of those paths that are there, in their order.
    pub(crate) fn show(&self, key_paths: &[KeyPath]) -> Result<String> {
        let Some(json) = self.json.as_deref() else { return Ok("{}".to_owned()) };
        if key_paths.is_empty() {
            return Ok(json.to_owned());
        }
        let mut found = BTreeMap::new();
        let mut below = Vec::new();
        for path in key_paths.iter().map(KeyPath::as_str) {
            if path == WHOLE {
                found.insert(path, json);
            } else {
                below.push((path, path));
            }
        }
        find(json, &below, &mut found).map_err(unreadable)?;
        let members: Vec<_> = found.iter().map(|(path, part)| named(path, part)).collect();
        Ok(format!("{{{}}}", members.join(",")))
    }
}

/// The parts that were found, by their whole paths.
type Parts<'p, 'j> = BTreeMap<&'p str, &'j str>;

/// Paths that are looked for: from here, and as a whole.
type Wanted<'p> = Vec<(&'p str, &'p str)>;

/// Goes through one value once, whatever the number of paths, and then through the members that paths lead into.
fn find<'p, 'j>(json: &'j str, wanted: &Wanted<'p>, found: &mut Parts<'p, 'j>) -> serde_json::Result<()> {
    if wanted.is_empty() || !json.starts_with('{') {
        return Ok(());
    }
    let mut members: BTreeMap<&str, Member<'p>> = BTreeMap::new();
    for (path, whole) in wanted {
        match path.split_once('.') {
            None => members.entry(path).or_default().itself = Some(whole),
            Some((name, rest)) => members.entry(name).or_default().below.push((rest, whole)),
        }
    }
    let mut reader = serde_json::Deserializer::from_str(json);
    for (value, member) in (Pick { members: &members }).deserialize(&mut reader)? {
        if let Some(whole) = member.itself {
            found.insert(whole, value);
        }
        find(value, &member.below, found)?;
    }
    Ok(())
}

/// What is wanted of one member of an object.
#[derive(Default)]
struct Member<'p> {
    itself: Option<&'p str>,
    below: Wanted<'p>,
}

/// Picks the text of the wanted members.
struct Pick<'m, 'p> {
    members: &'m BTreeMap<&'p str, Member<'p>>,
}

/// A name that is only copied when it is written with escapes.
#[derive(Deserialize)]
struct Name<'j>(#[serde(borrow)] Cow<'j, str>);

impl<'j, 'm, 'p> DeserializeSeed<'j> for Pick<'m, 'p> {
    type Value = Vec<(&'j str, &'m Member<'p>)>;

    fn deserialize<D: Deserializer<'j>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_map(self)
    }
}

impl<'j, 'm, 'p> Visitor<'j> for Pick<'m, 'p> {
    type Value = Vec<(&'j str, &'m Member<'p>)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'j>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut picked = Vec::new();
        while let Some(Name(name)) = map.next_key()? {
            match self.members.get(name.as_ref()) {
                Some(member) => picked.push((map.next_value::<&'j RawValue>()?.get(), member)),
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(picked)
    }
}

fn unreadable(error: serde_json::Error) -> Error {
    Error::internal(format!("a stored configuration: {error}"))
}

/// A member of an object. A key path holds nothing that would have to be escaped.
pub(crate) fn named(key_path: &str, json: &str) -> String {
    format!("\"{key_path}\":{json}")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn shown(json: &str, paths: &[&str]) -> String {
        let paths: Vec<_> = paths.iter().map(|path| KeyPath::try_from((*path).to_owned()).unwrap()).collect();
        Document::new(1, Some(json.to_owned())).show(&paths).unwrap()
    }

    #[test]
    fn parts_are_the_text_that_stands_there() {
        let json = r#"{"a":{"b":1.50,"c":[1e2,null]},"d":null,"\u0065":"\u00e9","f.g":1,"data":2}"#;
        for (paths, expected) in [
            (&[][..], json),
            (&["a.b"], r#"{"a.b":1.50}"#),
            (&["a.c", "a", "a.b", "a"], r#"{"a":{"b":1.50,"c":[1e2,null]},"a.b":1.50,"a.c":[1e2,null]}"#),
            (&["d", "e", "d.x"], r#"{"d":null,"e":"\u00e9"}"#),
            (&["f.g", "f", "x", "a.x", "a.b.x", "a.c.x", "data.x"], "{}"),
        ] {
            assert_eq!(shown(json, paths), expected, "{paths:?}");
        }
        assert_eq!(shown(r#"{"data":2}"#, &["data"]), r#"{"data":{"data":2}}"#);
        assert_eq!(shown("{}", &["a"]), "{}");
        let nothing = Document::new(0, None);
        let whole = KeyPath::try_from("data".to_owned()).unwrap();
        assert_eq!((nothing.show(&[]).unwrap(), nothing.show(&[whole]).unwrap()), ("{}".to_owned(), "{}".to_owned()));
    }

    #[test]
    fn a_copy_keeps_every_letter() {
        let json = r#"{"n":[1.50,1e2,123456789012345678901234567890],"\u0065":"\u00e9"}"#;
        for json in [Some(json.to_owned()), None] {
            let copy = serde_json::to_vec(&Document::new(7, json.clone())).unwrap();
            let document: Document = serde_json::from_slice(&copy).unwrap();
            assert_eq!((document.revision, document.json), (7, json));
        }
    }

    #[test]
    fn five_paths_of_twenty_kilobytes_are_found_in_one_pass() {
        // Each of the five takes one of 500 members; all else is text that no pass may look at twice.
        let members: Vec<_> = (0..500).map(|n| format!(r#""k{}":{{"v":"{}"}}"#, letters(n), "x".repeat(26))).collect();
        let json = format!("{{{}}}", members.join(","));
        assert!((20_000..22_000).contains(&json.len()), "{}", json.len());
        let paths: Vec<_> = [0, 99, 250, 251, 499].map(|n| format!("k{}.v", letters(n))).to_vec();
        let wanted: Vec<_> = paths.iter().map(|path| (path.as_str(), path.as_str())).collect();
        let mut found = BTreeMap::new();
        find(&json, &wanted, &mut found).unwrap();
        assert_eq!(found.len(), 5);
        for part in found.values() {
            assert_eq!(*part, format!("\"{}\"", "x".repeat(26)));
            // It is a piece of the document itself, and nothing was written anew.
            assert!(json.as_bytes().as_ptr_range().contains(&part.as_ptr()));
        }
    }

    fn letters(n: usize) -> String {
        [n / 26, n % 26].iter().map(|n| char::from(b'a' + u8::try_from(*n).unwrap())).collect()
    }
}
