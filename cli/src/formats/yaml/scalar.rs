//! What a scalar is by the core schema, found out by its text, so that a number keeps its digits.

use std::fmt::Write as _;

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Resolved {
    Text,
    /// A number, `true`, `false` or `null` as JSON writes it.
    Bare(String),
    /// A number that JSON does not have.
    Unwritable,
}

/// A plain scalar without a tag.
pub(super) fn resolve(text: &str) -> Resolved {
    let bare = |text: &str| Resolved::Bare(text.to_owned());
    match text {
        "" | "~" | "null" | "Null" | "NULL" => bare("null"),
        "true" | "True" | "TRUE" => bare("true"),
        "false" | "False" | "FALSE" => bare("false"),
        _ => number(text),
    }
}

/// A scalar with a tag of the core schema, in whatever quotes it stands; nothing if it is not that.
pub(super) fn as_tagged(text: &str, tag: &str) -> Option<Resolved> {
    let resolved = resolve(text);
    let fits = match (tag, &resolved) {
        ("str", _) => return Some(Resolved::Text),
        ("int", Resolved::Bare(bare)) => bare.bytes().all(|byte| byte == b'-' || byte.is_ascii_digit()),
        ("float", Resolved::Bare(bare)) => bare.starts_with(|c: char| c == '-' || c.is_ascii_digit()),
        ("float", Resolved::Unwritable) => true,
        ("bool", Resolved::Bare(bare)) => bare == "true" || bare == "false",
        ("null", Resolved::Bare(bare)) => bare == "null",
        _ => false,
    };
    fits.then_some(resolved)
}

/// A number as it stands, where JSON can write it so.
fn number(text: &str) -> Resolved {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return Resolved::Unwritable;
    }
    for (prefix, radix) in [("0x", 16), ("0o", 8)] {
        let digits = text.strip_prefix(prefix).filter(|digits| !digits.is_empty());
        if let Some(digits) = digits.filter(|digits| digits.chars().all(|digit| digit.is_digit(radix))) {
            return u128::from_str_radix(digits, radix).map_or(Resolved::Unwritable, |n| Resolved::Bare(n.to_string()));
        }
    }
    decimal(text, unsigned).map_or(Resolved::Text, Resolved::Bare)
}

fn decimal(text: &str, unsigned: &str) -> Option<String> {
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
        return None;
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
        let sign = text.chars().find(|c| c.eq_ignore_ascii_case(&'e')).unwrap_or('e');
        let _ = write!(number, "{sign}{exponent}");
    }
    Some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(resolved: Option<Resolved>) -> String {
        match resolved {
            Some(Resolved::Bare(bare)) => bare,
            Some(Resolved::Text) => "text".to_owned(),
            Some(Resolved::Unwritable) => "unwritable".to_owned(),
            None => "refused".to_owned(),
        }
    }

    #[test]
    fn a_plain_scalar_is_what_the_core_schema_says() {
        for (text, expected) in [
            ("12", "12"),
            ("+012", "12"),
            ("-0", "-0"),
            ("1.50", "1.50"),
            (".5", "0.5"),
            ("-1.", "-1.0"),
            ("1e3", "1e3"),
            ("6.02E+23", "6.02E+23"),
            ("0x1F", "31"),
            ("0xFFFFFFFFFFFFFFFFFF", "4722366482869645213695"),
            ("0o17", "15"),
            ("0o8", "text"),
            ("123456789012345678901234567890", "123456789012345678901234567890"),
            ("~", "null"),
            ("", "null"),
            ("True", "true"),
            ("no", "text"),
            ("1_000", "text"),
            ("1.2.3", "text"),
            ("0xg", "text"),
            ("0x", "text"),
            (".", "text"),
            ("e5", "text"),
            ("2024-01-01", "text"),
            ("1:30", "text"),
            ("-.inf", "unwritable"),
            (".NaN", "unwritable"),
            (&format!("0x{}", "f".repeat(33)), "unwritable"),
        ] {
            assert_eq!(shown(Some(resolve(text))), expected, "{text}");
        }
    }

    #[test]
    fn a_tag_decides_what_a_scalar_is() {
        for (text, tag, expected) in [
            ("3", "int", "3"),
            ("0x1F", "int", "31"),
            ("3.0", "int", "refused"),
            ("x", "int", "refused"),
            ("1e3", "float", "1e3"),
            ("3", "float", "3"),
            ("true", "float", "refused"),
            (".inf", "float", "unwritable"),
            ("12", "str", "text"),
            ("", "str", "text"),
            ("true", "bool", "true"),
            ("yes", "bool", "refused"),
            ("", "null", "null"),
            ("0", "null", "refused"),
            ("1", "map", "refused"),
        ] {
            assert_eq!(shown(as_tagged(text, tag)), expected, "!!{tag} {text}");
        }
    }
}
