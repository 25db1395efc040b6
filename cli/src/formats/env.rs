//! Files of variables, `NAME=value`. A value that reads as JSON is that, everything else and whatever is quoted is a text.
//! Dots in a name lead into objects.

use super::{Json, Members};
use crate::json::quoted;

pub(super) fn parse(text: &str) -> Result<Json, String> {
    let mut members = Members::new();
    for (at, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let told = |reason: &str| format!("line {}: {reason}", at + 1);
        let line = line.strip_prefix("export ").unwrap_or(line);
        let (name, written) = line.split_once('=').ok_or_else(|| told("there is no ="))?;
        let value = value(written.trim()).map_err(|reason| told(&reason))?;
        let names: Vec<_> = name.trim().split('.').collect();
        if !names.iter().all(|name| is_name(name)) {
            return Err(told("a name has letters, digits, _ and -, with dots between names"));
        }
        put(&mut members, &names, value).map_err(|reason| told(&reason))?;
    }
    Ok(Json::Object(members))
}

fn put(members: &mut Members, names: &[&str], value: Json) -> Result<(), String> {
    let twice = |name: &str| Err(format!("{name} has a value already"));
    match names {
        [] => Ok(()),
        [name] if members.contains_key(*name) => twice(name),
        [name] => {
            members.insert((*name).to_owned(), value);
            Ok(())
        }
        [name, below @ ..] => match members.entry((*name).to_owned()).or_insert_with(|| Json::Object(Members::new())) {
            Json::Object(members) => put(members, below, value),
            Json::Bare(_) | Json::Text(_) | Json::List(_) => twice(name),
        },
    }
}

fn value(written: &str) -> Result<Json, String> {
    if let Some(rest) = written.strip_prefix('\'') {
        let (text, rest) = rest.split_once('\'').ok_or("the quotation is not closed")?;
        return only_comment(rest).map(|()| Json::Text(text.to_owned()));
    }
    if written.starts_with('"') {
        let mut parts = serde_json::Deserializer::from_str(written).into_iter::<String>();
        let text = match parts.next() {
            Some(Ok(text)) => text,
            _ => return Err("the quotation is not closed, or has an escape that JSON does not know".to_owned()),
        };
        return only_comment(written.get(parts.byte_offset()..).unwrap_or_default()).map(|()| Json::Text(text));
    }
    if written.starts_with(['{', '[']) {
        return Json::parse(written);
    }
    let bare = written.split_once(" #").map_or(written, |(value, _)| value).trim_end();
    let number = bare.parse::<f64>().is_ok_and(f64::is_finite);
    let json = Json::parse(bare).ok().filter(|_| number || matches!(bare, "true" | "false" | "null"));
    Ok(json.unwrap_or_else(|| Json::Text(bare.to_owned())))
}

fn only_comment(rest: &str) -> Result<(), String> {
    let rest = rest.trim_start();
    if rest.is_empty() || rest.starts_with('#') { Ok(()) } else { Err("something follows the quotation".to_owned()) }
}

pub(super) fn write(members: &Members) -> Result<String, String> {
    let mut text = String::new();
    write_below(members, "", &mut text)?;
    Ok(text)
}

fn write_below(members: &Members, above: &str, text: &mut String) -> Result<(), String> {
    for (name, value) in members {
        if !is_name(name) {
            return Err(format!("{} cannot be the name of a variable; write JSON or YAML", quoted(name)));
        }
        match value {
            Json::Object(below) if !below.is_empty() => write_below(below, &format!("{above}{name}."), text)?,
            value => text.push_str(&format!("{above}{name}={value}\n")),
        }
    }
    Ok(())
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn variables_become_members() {
        let text = "# a comment\n\nexport A=plain text # not this\nB = \"two\\nlines\" # nor this\nC='it is $C #1'\n\
                    D=6\nE=01\nF=1.50\nG=true\nH=True\nI=\nJ={\"a\": [1]}\nK.L=1\nK.M.N=\"1\"\nO=1e999\nP=a#b\nQ=https://x.example/?a=b";
        let expected = r#"{"A":"plain text","B":"two\nlines","C":"it is $C #1","D":6,"E":"01","F":1.50,"G":true,"H":"True",
            "I":"","J":{"a":[1]},"K":{"L":1,"M":{"N":"1"}},"O":"1e999","P":"a#b","Q":"https://x.example/?a=b"}"#;
        assert_eq!(parse(text).unwrap(), Json::parse(expected).unwrap());
    }

    #[test]
    fn a_wrong_line_is_named() {
        for wrong in
            ["A", "=1", "A B=1", "A..B=1", "A='x", "A=\"x", "A=\"x\" y", "A=[1", "A=1\nA=2", "A=1\nA.B=2", "A=\"\\x\""]
        {
            let told = parse(&format!("\n{wrong}")).unwrap_err();
            assert!(told.starts_with("line "), "{wrong}: {told}");
        }
    }
}
