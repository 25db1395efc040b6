//! An object that may have members of a later release. What this release does not know might be a credential, so it is
//! kept as one secret, as it was written, and a reference to it takes its place.

use std::fmt;

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{DeserializeSeed, Error as _, MapAccess, Visitor, value::StrDeserializer},
    forward_to_deserialize_any,
};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use super::{Credential, NewSecret};

/// The members of `T`, and the others. `T` must be a struct whose reading serde derived.
#[derive(Serialize)]
pub struct Open<T> {
    #[serde(flatten)]
    pub known: T,
    /// A JSON object of the others, in their order.
    #[serde(rename = "otherMembers", skip_serializing_if = "Option::is_none")]
    others: Option<Credential>,
}

impl<T> Open<T> {
    /// The known members, and the others by themselves.
    pub(super) fn into_parts(self) -> (T, Option<Credential>) {
        (self.known, self.others)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Open<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let mut others = Vec::new();
        let known = T::deserialize(Split { from, others: &mut others })?;
        Ok(Self { known, others: object(&others)? })
    }
}

/// Hands over the other members. `place` is the path of the object in its body, with `_` between names.
pub(super) fn hand_over_others<T>(open: Option<&mut Open<T>>, place: &str, secrets: &mut Vec<NewSecret>) {
    if let Some(others) = open.and_then(|open| open.others.as_mut()) {
        others.hand_over(format!("{place}_otherMembers"), secrets);
    }
}

type Members = Vec<(String, Box<RawValue>)>;

/// The members as one JSON object. Nothing where there are none.
fn object<E: serde::de::Error>(members: &Members) -> Result<Option<Credential>, E> {
    let mut names: Vec<_> = members.iter().map(|(name, _)| name).collect();
    names.sort_unstable();
    if names.windows(2).any(|pair| matches!(pair, [first, second] if first == second)) {
        return Err(E::custom("an object names something twice"));
    }
    let mut text = Zeroizing::new(String::new());
    for (name, value) in members {
        let before = if text.is_empty() { '{' } else { ',' };
        text.push(before);
        text.push_str(&serde_json::to_string(name).map_err(E::custom)?);
        text.push(':');
        text.push_str(value.get());
    }
    if text.is_empty() {
        return Ok(None);
    }
    text.push('}');
    Ok(Some(text.into()))
}

/// Gives a struct the members that it declares, and keeps the others.
struct Split<'o, D> {
    from: D,
    others: &'o mut Members,
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Split<'_, D> {
    type Error = D::Error;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.from.deserialize_struct(name, fields, Known { fields, visitor, others: self.others })
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, D::Error> {
        Err(D::Error::custom("only a struct has members that are known"))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

/// The visitor of a struct, or its map, between which the other members are taken out.
struct Known<'o, V> {
    fields: &'static [&'static str],
    visitor: V,
    others: &'o mut Members,
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Known<'_, V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.visitor.expecting(f)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        self.visitor.visit_map(Known { fields: self.fields, visitor: map, others: self.others })
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Known<'_, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        while let Some(name) = self.visitor.next_key::<String>()? {
            if self.fields.contains(&name.as_str()) {
                return seed.deserialize(StrDeserializer::new(&name)).map(Some);
            }
            let value = self.visitor.next_value()?;
            self.others.push((name, value));
        }
        Ok(None)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        self.visitor.next_value_seed(seed)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[derive(Debug, Deserialize, Serialize)]
    struct Inner {
        #[serde(alias = "n")]
        name: String,
    }

    fn read(text: &str) -> Result<Open<Inner>, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn other_members_become_one_secret_as_they_were_written() {
        let numbers = "12345678901234567890123, 1.0, 1e3";
        let mut open = read(&format!(r#"{{"key":[{numbers}],"n":"x", "a b\"":  {{"z":null}} ,"t":"v"}}"#)).unwrap();
        assert_eq!(open.known.name, "x");
        assert!(serde_json::to_string(&open).is_err(), "they are handed over before anything is written");
        let mut secrets = Vec::new();
        hand_over_others(Some(&mut open), "inner", &mut secrets);
        let [NewSecret { tag, value }] = secrets.as_slice() else { unreachable!("there are other members") };
        assert_eq!(tag, "inner_otherMembers");
        assert_eq!(value.as_str(), format!(r#"{{"key":[{numbers}],"a b\"":{{"z":null}},"t":"v"}}"#));
        let written = r#"{"name":"x","otherMembers":{"secret":"inner_otherMembers"}}"#;
        assert_eq!(serde_json::to_string(&open).unwrap(), written);
    }

    #[test]
    fn without_other_members_nothing_is_handed_over() {
        let mut open = read(r#"{"name":"x"}"#).unwrap();
        let mut secrets = Vec::new();
        hand_over_others(Some(&mut open), "inner", &mut secrets);
        assert!(secrets.is_empty());
        assert_eq!(serde_json::to_string(&open).unwrap(), r#"{"name":"x"}"#);
    }

    #[test]
    fn what_is_known_is_read_as_ever_and_nothing_stands_twice() {
        for wrong in [r#"{"more":1}"#, r#"{"name":1}"#, r#"{"name":"x","a":1,"a":2}"#, r#"{"name":"x","n":"y"}"#, "7"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
