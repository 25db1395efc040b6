//! Variables as `dotenv` reads them, and then what they mean in a configuration: dots in a name lead into objects, and an
//! unquoted value that reads as JSON is that.

use serde_json::value::RawValue;

use super::JSON_COMMENT;
use crate::{
    formats::Document,
    json::{Json, MAX_DEPTH, Members},
};

pub(crate) fn parse(text: &str) -> Result<Document, String> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let (mut rest, mut line) = (text.as_str(), 1);
    let mut document = Document::default();
    while !rest.is_empty() {
        let (used, assignment) = assignment(rest).map_err(|reason| format!("line {line}: {reason}"))?;
        if let Some(Assignment { name, value, warning }) = assignment {
            let path: Vec<_> = name.split('.').collect();
            if path.len() > MAX_DEPTH {
                return Err(format!("line {line}: the name leads too deep"));
            }
            let again = put(&mut document.members, &path, value).map_err(|reason| format!("line {line}: {reason}"))?;
            let again = again.then(|| format!("line {line}: {name} has a value already; the last one is taken"));
            document.warnings.extend(again);
            document.warnings.extend(warning.map(|warning| format!("line {line}: {name}: {warning}")));
        }
        let (read, below) = rest.split_at(used);
        line += read.matches('\n').count();
        rest = below;
    }
    Ok(document)
}

struct Assignment<'a> {
    name: &'a str,
    value: Json,
    warning: Option<&'static str>,
}

/// What stands at the beginning of a text, and how many bytes of it were read: whole lines.
fn assignment(text: &str) -> Result<(usize, Option<Assignment<'_>>), String> {
    let line = text.split_once('\n').map_or(text, |(line, _)| line);
    let whole = |length: usize| (length + 1).min(text.len());
    let start = line.trim_start_matches(is_space);
    if start.is_empty() || start.starts_with('#') {
        return Ok((whole(line.len()), None));
    }
    let exported = start.strip_prefix("export").map(|rest| (rest, rest.trim_start_matches(is_space)));
    let start = match exported {
        Some((rest, name)) if rest != name && name.starts_with(is_name_char) => name,
        _ => start,
    };
    let after_name = start.trim_start_matches(is_name_char);
    let name = start.strip_suffix(after_name).unwrap_or_default();
    if name.split('.').any(str::is_empty) {
        return Err("a line is NAME=value; a name has letters, digits, _ and -, with dots between names".to_owned());
    }
    let written = match after_name.strip_prefix(':').filter(|rest| rest.starts_with(is_space)) {
        Some(written) => written,
        None => after_name.trim_start_matches(is_space).strip_prefix('=').ok_or("there is no = after the name")?,
    };
    let written = written.trim_start_matches(is_space);
    let before = line.len() - written.len();
    let (length, value, warning) = match written.chars().next() {
        Some(quote @ ('\'' | '"' | '`')) => {
            let (length, value) = quoted_value(text.get(before..).unwrap_or_default(), quote)?;
            (length, value, None)
        }
        _ => {
            let (value, warning) = unquoted_value(written)?;
            (written.len(), value, warning)
        }
    };
    Ok((whole(before + length), Some(Assignment { name, value, warning })))
}

/// A quotation may have several lines. It ends where nothing but a comment follows its quote. A quote behind a backslash
/// only ends it if no other one does; the backslash is kept.
fn quoted_value(text: &str, quote: char) -> Result<(usize, Json), String> {
    let mut end = None;
    for (at, _) in text.match_indices(quote).skip(1) {
        let escaped = text.get(..at).is_some_and(|before| before.ends_with('\\'));
        let rest = text.get(at + 1..).unwrap_or_default();
        let rest = rest.split_once('\n').map_or(rest, |(line, _)| line);
        let comment = rest.trim_start_matches(is_space);
        if comment.is_empty() || comment.starts_with('#') {
            end = Some((at, at + 1 + rest.len(), comment));
        }
        if !escaped {
            break;
        }
    }
    let (at, length, comment) = end.ok_or("the quotation is not closed, or something follows it")?;
    let mut content = text.get(1..at).unwrap_or_default().to_owned();
    if quote == '"' {
        content = content.replace("\\n", "\n").replace("\\r", "\r");
    }
    let value = match comment.strip_prefix('#').is_some_and(|comment| comment.trim() == JSON_COMMENT) {
        true => Json::parse(&content)?,
        false => Json::Text(content),
    };
    Ok((length, value))
}

/// A comment begins at any `#`, unless that belongs to an object or a list.
fn unquoted_value(line: &str) -> Result<(Json, Option<&'static str>), String> {
    if line.starts_with(['{', '[']) {
        let mut parts = serde_json::Deserializer::from_str(line).into_iter::<&RawValue>();
        if let Some(Ok(raw)) = parts.next() {
            let rest = line.get(parts.byte_offset()..).unwrap_or_default().trim_start_matches(is_space);
            if rest.is_empty() || rest.starts_with('#') {
                return Json::parse(raw.get()).map(|json| (json, None));
            }
        }
    }
    let (value, comment) = line.split_once('#').map_or((line, None), |(value, comment)| (value, Some(comment)));
    let cut = comment.is_some() && value.ends_with(|c: char| !is_space(c));
    let warning = cut.then_some("what follows the # is taken for a comment; quote the value if it is not");
    let value = value.trim_matches(is_space);
    let number = value.parse::<f64>().is_ok_and(f64::is_finite);
    let json = Json::parse(value).ok().filter(|_| number || matches!(value, "true" | "false" | "null"));
    Ok((json.unwrap_or_else(|| Json::Text(value.to_owned())), warning))
}

/// Whether there was a value already.
fn put(members: &mut Members, path: &[&str], value: Json) -> Result<bool, String> {
    let both = |name: &str| format!("{name} cannot have a value and members");
    match path {
        [] => Ok(false),
        [name] => match (members.get(*name), &value) {
            (Some(Json::Object(_)), Json::Bare(_) | Json::Text(_) | Json::List(_)) => Err(both(name)),
            _ => Ok(members.insert((*name).to_owned(), value).is_some()),
        },
        [name, below @ ..] => match members.entry((*name).to_owned()).or_insert_with(|| Json::Object(Members::new())) {
            Json::Object(members) => put(members, below, value),
            Json::Bare(_) | Json::Text(_) | Json::List(_) => Err(both(name)),
        },
    }
}

fn is_name_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')
}

/// What JavaScript's `\s` and `trim` take for a space, but for the end of a line.
fn is_space(c: char) -> bool {
    c == '\u{feff}' || (c.is_whitespace() && !matches!(c, '\n' | '\u{85}'))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn read(text: &str) -> String {
        Json::Object(parse(text).unwrap().members).to_string()
    }

    #[test]
    fn variables_become_members() {
        let text = "# a comment\n\nexport A=plain text # not this\nB = \"two\\nlines\" # nor this\nC='it is $C #1'\n\
                    D=6\nE=01\nF=1.50\nG=true\nH=True\nI=\nJ={\"a\": [\"#\"]} # why\nK.L=1\nK.M.N=\"1\"\nO=1e999\nP: colon\n\
                    Q=https://x.example/?a=b\nexport=1";
        let expected = r##"{"A":"plain text","B":"two\nlines","C":"it is $C #1","D":6,"E":"01","F":1.50,"G":true,"H":"True",
            "I":"","J":{"a":["#"]},"K":{"L":1,"M":{"N":"1"}},"O":"1e999","P":"colon","Q":"https://x.example/?a=b","export":1}"##;
        assert_eq!(read(text), Json::parse(expected).unwrap().to_string());
    }

    #[test]
    fn quotes_and_comments_are_those_of_dotenv() {
        for (text, expected) in [
            ("A= # ask the admin", r#"{"A":""}"#),
            ("A=x\t# note", r#"{"A":"x"}"#),
            ("A=#x", r#"{"A":""}"#),
            (
                "A=\"-----BEGIN KEY-----\nAA==\n-----END KEY-----\" # pem\nB=1",
                r#"{"A":"-----BEGIN KEY-----\nAA==\n-----END KEY-----","B":1}"#,
            ),
            ("A=[%t] %m", r#"{"A":"[%t] %m"}"#),
            ("A=[::1]:8080", r#"{"A":"[::1]:8080"}"#),
            ("A=\"pa\\$word\"", r#"{"A":"pa\\$word"}"#),
            ("A=\"C:\\Program Files\"", r#"{"A":"C:\\Program Files"}"#),
            ("A=`say \"it's\"`", r#"{"A":"say \"it's\""}"#),
            ("A='it\\'s'\nB='x\\'", r#"{"A":"it\\'s","B":"x\\"}"#),
            ("A='[1,\"2\"]' # json\nB='[1]'", r#"{"A":[1,"2"],"B":"[1]"}"#),
            ("A={a", r#"{"A":"{a"}"#),
            ("\u{a0}A\t=\u{a0}x\r\nB=y\rC=", r#"{"A":"x","B":"y","C":""}"#),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
    }

    #[test]
    fn what_may_be_meant_otherwise_is_taken_with_a_warning() {
        let twice = parse("A=1\nB=2\nA=\"3\"").unwrap();
        assert_eq!(twice.members, *Json::parse(r#"{"A":"3","B":2}"#).unwrap().object().unwrap());
        assert_eq!(twice.warnings, ["line 3: A has a value already; the last one is taken"]);
        let cut = parse("\nA=pass#word").unwrap().warnings;
        assert!(
            cut.len() == 1 && cut.iter().all(|message| message.starts_with("line 2: A: ") && !message.contains("word"))
        );
        assert!(parse("A='a#b' #c\nB=a #b").unwrap().warnings.is_empty());
    }

    #[test]
    fn a_wrong_line_is_named_and_no_value_is_repeated() {
        let deep = format!("{}a=s3cret", "a.".repeat(10_000));
        let brackets = format!("A={}{}", "[".repeat(10_000), "]".repeat(10_000));
        for wrong in [
            "A s3cret",
            "=s3cret",
            "A B=s3cret",
            "A..B=s3cret",
            ".A=s3cret",
            "A='s3cret",
            "A=\"s3cret",
            "A=\"s3cret\" y",
            "A=1\nA.B=s3cret",
            "A.B=1\nA=s3cret",
            "A='s3cret' # json",
            "é=s3cret",
            &deep,
            &brackets,
        ] {
            let message = parse(&format!("\n{wrong}")).err().unwrap();
            assert!(message.starts_with("line ") && !message.contains("s3cret"), "{wrong:.30}: {message}");
        }
    }
}
