//! An object that may have members of a later release. What this release does not know might be a credential, so it is
//! kept as one secret, as it was written, and a reference to it takes its place.

use std::collections::HashSet;

use serde::{Deserialize, Deserializer, Serialize};
use zeroize::Zeroizing;

use super::{Credential, NewSecret};
use crate::faults::{self, Body, Members};

/// The members of `T`, and the others.
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

impl<'de, T: Body> Deserialize<'de> for Open<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        faults::object(from, |members| {
            let known = T::read(members);
            let others = object(members, T::knows);
            Some(Self { known: known?, others })
        })
    }
}

/// Hands over the other members. `place` is the path of the object in its body, with `_` between names.
pub(super) fn hand_over_others<T>(open: Option<&mut Open<T>>, place: &str, secrets: &mut Vec<NewSecret>) {
    if let Some(others) = open.and_then(|open| open.others.as_mut()) {
        others.hand_over(format!("{place}_otherMembers"), secrets);
    }
}

/// The members that are not known, as one JSON object. Nothing where there are none.
fn object(members: &mut Members, is_known: fn(&str) -> bool) -> Option<Credential> {
    let mut text = Zeroizing::new(String::new());
    let (mut seen, mut again) = (HashSet::new(), Vec::new());
    for (name, json) in members.iter().filter(|(name, _)| !is_known(name)) {
        if !seen.insert(name) {
            again.push(name.to_owned());
        }
        let before = if text.is_empty() { '{' } else { ',' };
        text.push(before);
        text.push_str(&serde_json::Value::from(name).to_string());
        text.push(':');
        text.push_str(json);
    }
    again.into_iter().for_each(|name| members.faults().add(name, "is given twice"));
    if text.is_empty() {
        return None;
    }
    text.push('}');
    Some(text.into())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    crate::body! {
        #[derive(Debug, Serialize)]
        struct Inner {
            name: String as "name",
        }
    }

    fn read(text: &str) -> Result<Open<Inner>, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn other_members_become_one_secret_as_they_were_written() {
        let numbers = "12345678901234567890123, 1.0, 1e3";
        let mut open = read(&format!(r#"{{"key":[{numbers}],"name":"x", "a b\"":  {{"z":null}} ,"t":"v"}}"#)).unwrap();
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
        for wrong in
            [r#"{"more":1}"#, r#"{"name":1}"#, r#"{"name":"x","a":1,"a":2}"#, r#"{"name":"x","name":"y"}"#, "7"]
        {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
