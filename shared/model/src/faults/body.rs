//! Bodies that are read member by member, so that one answer names all that is wrong with them.

use std::fmt;

use serde::{
    Deserializer,
    de::{DeserializeOwned, Error as _, MapAccess, Visitor},
};
use serde_json::value::RawValue;

use super::{Faults, of_error};

/// Declares a body: a struct whose members say what they are called on the wire. A member that may be absent is an
/// `Option`; `null` counts as absent, unless the member is read `if given`: then `null` is a value like others, which the
/// type inside the `Option` takes or not. A member without a name is a body of its own whose members stand beside the
/// others; for the schema it is marked as flattened. Members that are not declared are ignored, unless there are to be
/// `no others`. Rules between members follow `where faults` and see each member as an `Option`.
///
/// ```
/// chancery_model::body! {
///     pub struct Range {
///         from: u8 as "from",
///         to: Option<u8> as "to",
///     } where faults {
///         if let (Some(from), Some(Some(to))) = (&from, &to) {
///             faults.check(from < to, "to", "must be greater than from");
///         }
///     }
/// }
///
/// chancery_model::body! {
///     pub struct Named {
///         name: Option<String> as "name",
///         #[serde(flatten)]
///         range: Range,
///     } and no others
/// }
///
/// let faults = chancery_model::faults::read::<Named>(br#"{"name":1,"to":"x","by":2}"#, "Body").err();
/// let all = "by is not known here; name must be a string; from is required; to must be a whole number from 0 to 255";
/// assert_eq!(faults.unwrap().to_string(), all);
/// ```
#[macro_export]
macro_rules! body {
    ($(#[$meta:meta])* $vis:vis struct $name:ident {
        $($(#[$of:meta])* $member_vis:vis $member:ident: $type:ty $(as $wire:tt $(if $given:ident)?)?,)*
    } $(and no $others:ident)? $(where $faults:ident $rules:block)?) => {
        $(#[$meta])*
        #[derive(utoipa::ToSchema)]
        $vis struct $name {
            $($(#[$of])* $(#[serde(rename = $wire)])? $member_vis $member: $type,)*
        }

        impl $crate::faults::Body for $name {
            fn read(members: &mut $crate::faults::Members) -> Option<Self> {
                $(let $member: Option<$type> = $crate::body!(@read members $type $(, $wire $(, $given)?)?);)*
                $({
                    let $faults = members.faults();
                    $rules
                })?
                Some(Self { $($member: $member?,)* })
            }

            fn knows(name: &str) -> bool {
                [$($crate::body!(@knows name $type $(, $wire)?)),*].contains(&true)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                $crate::faults::object(from, |members| {
                    $(
                        let $others = <Self as $crate::faults::Body>::knows;
                        members.refuse_all_but($others);
                    )?
                    <Self as $crate::faults::Body>::read(members)
                })
            }
        }
    };
    (@read $members:ident $type:ty, $wire:tt) => { $members.read($wire) };
    (@read $members:ident $type:ty, $wire:tt, given) => { $members.read_if_given($wire) };
    (@read $members:ident $type:ty) => { <$type as $crate::faults::Body>::read($members) };
    (@knows $name:ident $type:ty, $wire:tt) => { $name == $wire };
    (@knows $name:ident $type:ty) => { <$type as $crate::faults::Body>::knows($name) };
}

/// What [`body!`] declares.
pub trait Body: Sized {
    /// Takes its members out of an object, or adds what is wrong with them.
    fn read(members: &mut Members) -> Option<Self>;

    /// Whether it declares a member of this name.
    fn knows(name: &str) -> bool;
}

/// Reads an object member by member. It is refused if anything was found wrong, or if nothing was built.
pub fn object<'de, T, D: Deserializer<'de>>(
    from: D,
    build: impl FnOnce(&mut Members) -> Option<T>,
) -> Result<T, D::Error> {
    from.deserialize_map(Object(build))
}

/// The members of an object as they were written, and what was found wrong with them so far.
#[derive(Default)]
pub struct Members {
    members: Vec<(String, Box<RawValue>)>,
    faults: Faults,
}

impl Members {
    /// One member. What is absent is read as `null`.
    pub fn read<T: DeserializeOwned>(&mut self, name: &'static str) -> Option<T> {
        self.read_or(name, Some("null"))
    }

    /// A member that may be absent: `Some(None)` if it is. Its `null` is a value like others.
    pub fn read_if_given<T: DeserializeOwned>(&mut self, name: &'static str) -> Option<Option<T>> {
        if self.members.iter().any(|(given, _)| given == name) {
            self.read_or(name, None).map(Some)
        } else {
            Some(None)
        }
    }

    /// Refuses all members but those that are known.
    pub fn refuse_all_but(&mut self, is_known: impl Fn(&str) -> bool) {
        for (name, _) in self.members.iter().filter(|(name, _)| !is_known(name)) {
            self.faults.add(name.as_str(), "is not known here");
        }
    }

    /// All members in the order in which they were written.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.members.iter().map(|(name, value)| (name.as_str(), value.get()))
    }

    pub fn faults(&mut self) -> &mut Faults {
        &mut self.faults
    }

    fn read_or<T: DeserializeOwned>(&mut self, name: &'static str, absent: Option<&str>) -> Option<T> {
        let mut given = self.members.iter().filter(|(given, _)| given == name).map(|(_, value)| value.get());
        let (given, again) = (given.next(), given.next());
        if again.is_some() {
            self.faults.add(name, "is given twice");
            return None;
        }
        let json = given.or(absent)?;
        match serde_json::from_str(json) {
            Ok(value) => return Some(value),
            Err(_) if json == "null" && absent.is_some() => self.faults.add(name, "is required"),
            Err(error) => self.faults.add_within(name, of_error(json.as_bytes(), &error, name)),
        }
        None
    }
}

/// Builds its value within the reading of the object, so that its error is reported at the end of this very object.
struct Object<F>(F);

impl<'de, T, F: FnOnce(&mut Members) -> Option<T>> Visitor<'de> for Object<F> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<T, A::Error> {
        let mut members = Members::default();
        while let Some(member) = map.next_entry()? {
            members.members.push(member);
        }
        let built = (self.0)(&mut members);
        members.faults.result().map_err(Faults::into_serde)?;
        built.ok_or_else(|| A::Error::custom("is not complete"))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::super::read;
    use crate::time::IsoTime;

    body! {
        #[derive(Debug)]
        struct Inner {
            name: String as "theName",
            #[schema(value_type = Option<Vec<String>>)]
            tags: Option<Vec<IsoTime>> as "tags",
        }
    }

    body! {
        #[derive(Debug)]
        struct Outer {
            count: u8 as "count",
            inner: Option<Inner> as "inner",
            list: Option<Vec<Inner>> as "list",
            flag: Option<bool> as "isFlag",
        } where faults {
            if let (Some(count), Some(Some(true))) = (&count, &flag) {
                faults.check(*count > 0, "count", "must not be 0 with isFlag");
            }
        }
    }

    fn refusal(json: &str) -> String {
        read::<Outer>(json.as_bytes(), "Body").unwrap_err().to_string()
    }

    #[test]
    fn all_faults_are_named_with_their_paths() {
        for (json, faults) in [
            ("{}", "count is required"),
            (r#"{"count":null,"isFlag":"x"}"#, "count is required; isFlag must be true or false"),
            (r#"{"count":700,"inner":7}"#, "count must be a whole number from 0 to 255; inner must be an object"),
            (
                r#"{"count":"s3cret","inner":{"tags":["1970-01-01T00:00:00Z","x", "y"]},"isFlag":1}"#,
                "count must be a whole number from 0 to 255; inner.theName: theName is required; inner.tags[1]: a time \
                 must be ISO 8601 with an offset, like 2030-01-02T03:04:05.678Z; isFlag must be true or false",
            ),
            (r#"{"count":1,"list":[{"theName":"a"}, {"theName":1}, {}]}"#, "list[1].theName: theName must be a string"),
            (r#"{"count":1,"list":{}}"#, "list must be a list"),
            (r#"{"count":1,"list":[[]]}"#, "list[0] must be an object"),
            (r#"{"count":1,"count":2}"#, "count is given twice"),
            (r#"{"count":0,"isFlag":true}"#, "count must not be 0 with isFlag"),
            ("[1]", "Body must be an object"),
            ("7", "Body must be an object"),
            ("{\"count\":1} x", "Body is not JSON"),
            ("{\"count\":1", "Body is not JSON"),
            ("", "Body is not JSON"),
        ] {
            assert_eq!(refusal(json), faults, "{json}");
        }
    }

    #[test]
    fn what_is_absent_or_null_is_none_and_what_is_unknown_is_ignored() {
        let outer: Outer = read(br#"{"count":1,"flag":null,"more":{"a":[]},"inner":{"theName":"n"}}"#, "Body").unwrap();
        let inner = outer.inner.unwrap();
        assert_eq!((outer.count, inner.name.as_str(), outer.flag), (1, "n", None));
        assert!(outer.list.is_none() && inner.tags.is_none());
    }
}
