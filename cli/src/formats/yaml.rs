//! YAML 1.2 with its core schema. Scalars are read by their text, so that a number stays as it was written.

use std::fmt::Write as _;

use saphyr::{ScalarStyle, Tag, Yaml, YamlLoader};
use saphyr_parser::Parser;

use super::{Json, Members};
use crate::json::quoted;

/// As deep as a configuration can be nested, and then some.
const DEEPEST: usize = 512;

pub(super) fn parse(text: &str) -> Result<Json, String> {
    let mut loader = YamlLoader::<Yaml<'_>>::default();
    loader.early_parse(false);
    Parser::new_from_str(text).load(&mut loader, true).map_err(|error| error.to_string())?;
    if let Some(error) = loader.error() {
        return Err(error.to_string());
    }
    match loader.into_documents().as_slice() {
        [document] => json(document, DEEPEST),
        [] => Err("there is no document in it".to_owned()),
        _ => Err("there is more than one document in it; many configurations are lines of JSON".to_owned()),
    }
}

fn json(node: &Yaml<'_>, depth: usize) -> Result<Json, String> {
    let deeper = depth.checked_sub(1).ok_or("it is nested too deeply")?;
    match node {
        Yaml::Representation(text, style, tag) => scalar(text, *style, tag.as_deref()),
        Yaml::Sequence(elements) => {
            elements.iter().map(|element| json(element, deeper)).collect::<Result<_, _>>().map(Json::List)
        }
        Yaml::Mapping(mapping) => {
            let mut members = Members::new();
            for (name, member) in mapping {
                let Yaml::Representation(name, style, _) = name else {
                    return Err("the name of a member is a text".to_owned());
                };
                if name == "<<" && *style == ScalarStyle::Plain {
                    return Err("merge keys (<<) are of older YAML; write the members out".to_owned());
                }
                if members.insert(name.to_string(), json(member, deeper)?).is_some() {
                    return Err(format!("a mapping names {} twice", quoted(name)));
                }
            }
            Ok(Json::Object(members))
        }
        Yaml::Tagged(tag, _) => Err(unknown(tag)),
        Yaml::Value(_) | Yaml::Alias(_) | Yaml::BadValue => Err("it cannot be understood".to_owned()),
    }
}

fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Result<Json, String> {
    let is_text = match tag {
        None => style != ScalarStyle::Plain,
        Some(tag) if tag.is_yaml_core_schema() && tag.suffix == "str" => true,
        Some(tag) => return Err(unknown(tag)),
    };
    if is_text {
        return Ok(Json::Text(text.to_owned()));
    }
    Ok(match text {
        "" | "~" | "null" | "Null" | "NULL" => Json::Bare("null".to_owned()),
        "true" | "True" | "TRUE" => Json::Bare("true".to_owned()),
        "false" | "False" | "FALSE" => Json::Bare("false".to_owned()),
        _ => match number(text)? {
            Some(number) => Json::Bare(number),
            None => Json::Text(text.to_owned()),
        },
    })
}

fn unknown(tag: &Tag) -> String {
    format!("the tag {}{} means nothing here", tag.handle, tag.suffix)
}

/// A number of the core schema as JSON writes it: as it stands, where JSON can.
fn number(text: &str) -> Result<Option<String>, String> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return Err(format!("{text} is no number of JSON"));
    }
    for (prefix, radix) in [("0x", 16), ("0o", 8)] {
        if let Some(digits) = text.strip_prefix(prefix).filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit())) {
            return Ok(u64::from_str_radix(digits, radix).ok().map(|number| number.to_string()));
        }
    }
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let is_exponent = |text: &str| {
        let text = text.strip_prefix(['-', '+']).unwrap_or(text);
        !text.is_empty() && digits(text)
    };
    let some = !whole.is_empty() || fraction.is_some_and(|fraction| !fraction.is_empty());
    if !some || !digits(whole) || !fraction.is_none_or(digits) || !exponent.is_none_or(is_exponent) {
        return Ok(None);
    }
    let sign = if text.starts_with('-') { "-" } else { "" };
    let significant = whole.trim_start_matches('0');
    let mut number = format!("{sign}{}", if significant.is_empty() { "0" } else { significant });
    match fraction {
        Some("") => number.push_str(".0"),
        Some(fraction) => {
            let _ = write!(number, ".{fraction}");
        }
        None => {}
    }
    if let Some(exponent) = exponent {
        let sign = text.bytes().find(|byte| byte.eq_ignore_ascii_case(&b'e')).map_or('e', char::from);
        let _ = write!(number, "{sign}{exponent}");
    }
    Ok(Some(number))
}

pub(super) fn write(members: &Members) -> String {
    if members.is_empty() {
        return "{}\n".to_owned();
    }
    let mut text = String::new();
    write_members(members, 0, true, &mut text);
    text
}

/// Below each other; the first goes on where the line is when it does not stand alone.
fn write_members(members: &Members, depth: usize, alone: bool, text: &mut String) {
    for (at, (name, member)) in members.iter().enumerate() {
        if at > 0 || alone {
            text.push_str(&"  ".repeat(depth));
        }
        let _ = write!(text, "{}:", if is_plain(name) { name.clone() } else { quoted(name) });
        match member {
            Json::Object(below) if !below.is_empty() => {
                text.push('\n');
                write_members(below, depth + 1, true, text);
            }
            Json::List(elements) if !elements.is_empty() => {
                text.push('\n');
                write_elements(elements, depth, true, text);
            }
            other => {
                let _ = writeln!(text, " {other}");
            }
        }
    }
}

fn write_elements(elements: &[Json], depth: usize, alone: bool, text: &mut String) {
    for (at, element) in elements.iter().enumerate() {
        if at > 0 || alone {
            text.push_str(&"  ".repeat(depth));
        }
        text.push_str("- ");
        match element {
            Json::Object(members) if !members.is_empty() => write_members(members, depth + 1, false, text),
            Json::List(elements) if !elements.is_empty() => write_elements(elements, depth + 1, false, text),
            other => {
                let _ = writeln!(text, "{other}");
            }
        }
    }
}

/// A name that no reader of YAML, new or old, takes for anything else.
fn is_plain(name: &str) -> bool {
    const OTHERS: [&str; 9] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
        && !OTHERS.contains(&name.to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn scalars_are_what_the_core_schema_says() {
        for (yaml, expected) in [
            ("12", "12"),
            ("+012", "12"),
            ("-0", "-0"),
            ("1.50", "1.50"),
            (".5", "0.5"),
            ("-1.", "-1.0"),
            ("1e3", "1e3"),
            ("6.02E+23", "6.02E+23"),
            ("0x1F", "31"),
            ("0o17", "15"),
            ("123456789012345678901234567890", "123456789012345678901234567890"),
            ("~", "null"),
            ("", "null"),
            ("True", "true"),
            ("no", "\"no\""),
            ("1_000", "\"1_000\""),
            ("1.2.3", "\"1.2.3\""),
            ("0xg", "\"0xg\""),
            (".", "\".\""),
            ("e5", "\"e5\""),
            ("2024-01-01", "\"2024-01-01\""),
            ("\"12\"", "\"12\""),
            ("'it''s'", "\"it's\""),
            ("!!str 12", "\"12\""),
            ("|\n   a\n   b\n", "\"a\\nb\\n\""),
            ("&x [1, {a: 2}]", "[1,{\"a\":2}]"),
        ] {
            assert_eq!(parse(&format!("v: {yaml}")).unwrap().to_string(), format!("{{\"v\":{expected}}}"), "{yaml}");
        }
        assert_eq!(parse("a: &x {b: 1}\nc: *x").unwrap().to_string(), r#"{"a":{"b":1},"c":{"b":1}}"#);
    }

    #[test]
    fn what_json_cannot_say_is_refused() {
        let bomb =
            (0..30).fold("a: &l0 [x]\n".to_owned(), |text, n| format!("{text}b{n}: &l{} [*l{n}, *l{n}]\n", n + 1));
        for wrong in [
            "v: .inf",
            "v: .nan",
            "v: !x 1",
            "v: !!binary aGk=",
            "[a]: 1",
            "a: 1\na: 2",
            "a: 1\n'a': 2",
            "a: 1\n---\nb: 2",
            "<<: {a: 1}",
            "a: [",
            "a: *b",
            "",
            &bomb,
        ] {
            assert!(parse(wrong).is_err(), "{wrong:.40}");
        }
    }
}
