//! Conditional requests: the headers `If-Match` and `If-None-Match`, as RFC 9110 (13.1) has them. What the current entity
//! tag is, and whether anything is there at all, is for the handler.

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderName, header, request::Parts},
};

use crate::{App, Error, Result};

/// The conditions of one request.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Preconditions {
    pub if_match: Option<Condition>,
    pub if_none_match: Option<Condition>,
}

/// What a header lists.
#[derive(Debug, PartialEq, Eq)]
pub enum Condition {
    /// `*`: whatever is there.
    Any,
    Tags(Vec<EntityTag>),
}

/// An entity tag: `"7"`, or weak, `W/"7"`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntityTag {
    pub is_weak: bool,
    pub opaque: String,
}

impl FromRequestParts<App> for Preconditions {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _app: &App) -> Result<Self> {
        Self::of(&parts.headers)
    }
}

impl Preconditions {
    fn of(headers: &HeaderMap) -> Result<Self> {
        Ok(Self {
            if_match: condition(headers, &header::IF_MATCH)?,
            if_none_match: condition(headers, &header::IF_NONE_MATCH)?,
        })
    }

    /// Whether the request may be carried out where this tag stands; `exists` says whether anything does.
    pub fn hold(&self, tag: &str, exists: bool) -> bool {
        let is_matched = self.if_match.as_ref().is_none_or(|condition| match condition {
            Condition::Any => exists,
            // The strong comparison: a weak tag equals none.
            Condition::Tags(tags) => tags.iter().any(|given| !given.is_weak && given.opaque == tag),
        });
        let is_excluded = self.if_none_match.as_ref().is_some_and(|condition| match condition {
            Condition::Any => exists,
            Condition::Tags(tags) => tags.iter().any(|given| given.opaque == tag),
        });
        is_matched && !is_excluded
    }
}

/// All lines of a header together are one list.
fn condition(headers: &HeaderMap, name: &HeaderName) -> Result<Option<Condition>> {
    let mut tags = Vec::new();
    let mut lines = headers.get_all(name).iter().peekable();
    if lines.peek().is_none() {
        return Ok(None);
    }
    for line in lines {
        let line = line.to_str().unwrap_or("\"").trim();
        if line == "*" && headers.get_all(name).iter().count() == 1 {
            return Ok(Some(Condition::Any));
        }
        tags.extend(list(line).ok_or_else(|| {
            let name = if *name == header::IF_MATCH { "If-Match" } else { "If-None-Match" };
            Error::bad_request(format!("{name} must be * or a list of entity tags, like \"7\", \"8\""))
        })?);
    }
    Ok(Some(Condition::Tags(tags)))
}

/// Reads a list of entity tags. Ours are numbers, which may stand without quotes; empty places of a list are passed over.
fn list(line: &str) -> Option<Vec<EntityTag>> {
    let (mut tags, mut rest) = (Vec::new(), line);
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        if rest.is_empty() {
            break;
        }
        let (is_weak, tag) = rest.strip_prefix("W/").map_or((false, rest), |tag| (true, tag));
        let (opaque, after) = match tag.strip_prefix('"') {
            Some(tag) => tag.split_once('"')?,
            None => {
                let end = tag.find(|end: char| !end.is_ascii_digit()).unwrap_or(tag.len());
                tag.split_at_checked(end).filter(|(number, _)| !number.is_empty() && !is_weak)?
            }
        };
        if !opaque.bytes().all(|byte| byte == b'!' || byte >= b'#') {
            return None;
        }
        tags.push(EntityTag { is_weak, opaque: opaque.to_owned() });
        rest = after.trim_start_matches([' ', '\t']);
        if !rest.is_empty() && !rest.starts_with(',') {
            return None;
        }
    }
    (!tags.is_empty()).then_some(tags)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn read(name: HeaderName, lines: &[&'static str]) -> Result<Preconditions> {
        let headers = lines.iter().map(|line| (name.clone(), (*line).parse().unwrap())).collect();
        Preconditions::of(&headers)
    }

    #[test]
    fn a_request_without_conditions_always_holds() {
        assert!(Preconditions::default().hold("7", false));
    }

    #[test]
    fn if_match_holds_for_one_of_its_tags_by_the_strong_comparison() {
        for (lines, seven) in [
            (&["\"7\""][..], true),
            (&["7"], true),
            (&["\"6\", \"7\""], true),
            (&["\"6\",, \"7\","], true),
            (&["\"6\"", "\"7\""], true),
            (&["\"a,b\", \"7\""], true),
            (&["\"6\""], false),
            (&["W/\"7\""], false),
            (&["W/\"7\", \"7\""], true),
            (&["\"*\""], false),
            (&["\"\""], false),
        ] {
            let conditions = read(header::IF_MATCH, lines).unwrap();
            assert_eq!((conditions.hold("7", true), conditions.hold("7", false)), (seven, seven), "{lines:?}");
        }
        let any = read(header::IF_MATCH, &[" * "]).unwrap();
        assert!(any.hold("7", true) && !any.hold("7", false));
    }

    #[test]
    fn if_none_match_holds_unless_one_of_its_tags_stands_weak_or_not() {
        for (line, holds) in [("\"7\"", false), ("W/\"7\"", false), ("\"6\", \"7\"", false), ("\"6\"", true)] {
            assert_eq!(read(header::IF_NONE_MATCH, &[line]).unwrap().hold("7", true), holds, "{line}");
        }
        let any = read(header::IF_NONE_MATCH, &["*"]).unwrap();
        assert!(!any.hold("7", true) && any.hold("7", false));
    }

    #[test]
    fn what_is_no_list_of_tags_is_a_400() {
        for line in ["", ",", "\"7", "7\"", "x", "-1", "*, \"7\"", "\"7\" \"8\"", "W/7", "w/\"7\"", "\"a b\"", "\"7\"x"]
        {
            for name in [header::IF_MATCH, header::IF_NONE_MATCH] {
                assert_eq!(read(name, &[line]).unwrap_err().status.as_u16(), 400, "{line}");
            }
        }
        assert!(read(header::IF_MATCH, &["*", "\"7\""]).is_err());
    }
}
