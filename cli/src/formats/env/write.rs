//! Variables in the forms that sh, `node --env-file`, npm's `dotenv` and `python-dotenv` read alike.

use super::JSON_COMMENT;
use crate::json::{Json, Members, quoted};

/// Numbers, `true`, `false` and `null` stand bare, a text in quotes, an object or a list as quoted JSON with the comment
/// `json` behind it.
pub(crate) fn write(members: &Members) -> Result<String, String> {
    let mut text = String::new();
    for (name, value) in members {
        if !is_name(name) {
            return Err(format!("{} cannot be the name of a variable; write JSON or YAML", quoted(name)));
        }
        let value = match value {
            Json::Bare(bare) => bare.clone(),
            Json::Text(value) => quotation(value).map_err(|reason| {
                format!(
                    "the value of {name} cannot be written for every reader of variables ({reason}); write JSON or YAML"
                )
            })?,
            json @ (Json::List(_) | Json::Object(_)) => format!("'{}' # {JSON_COMMENT}", quotable(&json.to_string())),
        };
        text.push_str(&format!("{name}={value}\n"));
    }
    Ok(text)
}

/// A name that every shell knows. JavaScript has another use for `__proto__`.
fn is_name(name: &str) -> bool {
    !name.starts_with(|first: char| first.is_ascii_digit())
        && !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && name != "__proto__"
}

/// Single quotes, or double ones around single ones.
fn quotation(text: &str) -> Result<String, &'static str> {
    if text.contains(['\0', '\r']) {
        return Err("it has a carriage return or a NUL");
    }
    if text.contains("${") {
        return Err("it has ${, which python-dotenv replaces");
    }
    if !text.contains('\'') {
        return match text.contains("\\\\") || text.ends_with('\\') {
            true => Err("it ends with a backslash or has two of them, which python-dotenv reads otherwise"),
            false => Ok(format!("'{text}'")),
        };
    }
    match text.contains(['"', '$', '`', '\\']) {
        true => Err("it has a single quote beside a double quote, $, ` or \\"),
        false => Ok(format!("\"{text}\"")),
    }
}

/// The same JSON without what cannot stand in single quotes.
fn quotable(json: &str) -> String {
    let (mut text, mut chars) = (String::with_capacity(json.len()), json.chars().peekable());
    while let Some(c) = chars.next() {
        match c {
            '\\' if chars.next_if_eq(&'\\').is_some() => text.push_str("\\u005c"),
            // The character that is escaped is not looked at again.
            '\\' => text.extend([Some(c), chars.next()].into_iter().flatten()),
            '\'' => text.push_str("\\u0027"),
            '$' if chars.peek() == Some(&'{') => text.push_str("\\u0024"),
            c => text.push(c),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn written(json: &str) -> Result<String, String> {
        write(Json::parse(json).unwrap().object().unwrap())
    }

    #[test]
    fn a_text_stands_in_quotes_and_nothing_in_it_is_run() {
        let json = r#"{"P":"a`id -un`b","D":"$HOME","W":"C:\\new","S":"say \"hi\"\tthere","L":"a\nb","I":"it's #1","E":"","N":1.50,"T":true}"#;
        let text = "P='a`id -un`b'\nD='$HOME'\nW='C:\\new'\nS='say \"hi\"\tthere'\nL='a\nb'\nI=\"it's #1\"\nE=''\nN=1.50\nT=true\n";
        assert_eq!(written(json).unwrap(), text);
    }

    #[test]
    fn an_object_or_a_list_is_quoted_json() {
        let json = r#"{"O":{"it's":"a\\b\\\"${x}"},"L":[1,"$x"]}"#;
        let text = "O='{\"it\\u0027s\":\"a\\u005cb\\u005c\\\"\\u0024{x}\"}' # json\nL='[1,\"$x\"]' # json\n";
        assert_eq!(written(json).unwrap(), text);
    }

    #[test]
    fn what_readers_disagree_about_is_refused_by_name() {
        for value in
            ["\\\\", "a\\\\\\\\b", "\\u0000", "a\\r\\n", "${x}", "it's \\\"x\\\"", "it's $5", "it's `", "'\\\\n"]
        {
            let message = written(&format!("{{\"A\":\"b\",\"SECRET\":\"{value}\"}}")).unwrap_err();
            assert!(message.contains("SECRET") && !message.contains("it's"), "{message}");
        }
        for name in ["a.b", "a b", "", "a=b", "é", "1a", "a-b", "__proto__"] {
            let odd = Members::from([(name.to_owned(), Json::Text(String::new()))]);
            assert!(write(&odd).unwrap_err().starts_with(&quoted(name)), "{name}");
        }
    }
}
