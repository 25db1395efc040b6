//! The files that a configuration is read from and written to. Each gives the same JSON back that it was made from.

mod env;
#[cfg(test)]
pub(crate) mod readers;
mod yaml;

use clap::ValueEnum;

use crate::json::{Json, Members};

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// One object
    Json,
    /// One mapping; YAML 1.2
    Yaml,
    /// NAME=value on each line
    Env,
    /// Many configurations: {"context": {…}, "data": {…}} on each line
    Jsonl,
}

/// Any JSON as YAML.
pub(crate) fn to_yaml(json: &Json) -> String {
    yaml::document(json)
}

impl Format {
    /// By the end of a file's name.
    pub fn of(path: &str) -> Option<Self> {
        let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
        match name.rsplit_once('.')?.1 {
            "json" => Some(Self::Json),
            "yaml" | "yml" => Some(Self::Yaml),
            "env" => Some(Self::Env),
            "jsonl" | "ndjson" => Some(Self::Jsonl),
            // `.env.local` and the like
            _ if name.starts_with(".env.") => Some(Self::Env),
            _ => None,
        }
    }

    /// A configuration, which is an object. Of a line format, one line.
    pub fn parse(self, text: &str) -> Result<Document, String> {
        match self {
            Self::Json | Self::Jsonl => match Json::parse(text)? {
                Json::Object(members) => Ok(Document { members, warnings: Vec::new() }),
                Json::Bare(_) | Json::Text(_) | Json::List(_) => Err("a configuration is an object".to_owned()),
            },
            Self::Yaml => Ok(Document { members: yaml::parse(text)?, warnings: Vec::new() }),
            Self::Env => env::parse(text),
        }
    }

    pub fn write(self, configuration: &Members) -> Result<String, String> {
        match self {
            Self::Json => Ok(Json::Object(configuration.clone()).pretty()),
            Self::Jsonl => Ok(format!("{}\n", Json::Object(configuration.clone()))),
            Self::Yaml => Ok(yaml::write(configuration)),
            Self::Env => env::write(configuration),
        }
    }
}

/// What a file says, and what its author should look at.
#[derive(Debug, Default)]
pub(crate) struct Document {
    pub members: Members,
    pub warnings: Vec<String>,
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    const EVERYTHING: &str = r#"{
        "numbers": [0, -1.50, 1e2, 123456789012345678901234567890, 0.10],
        "texts": {"empty": "", "number": "12", "no": "no", "null": "null", "lines": "one\ntwo\n\ttab", "quotes": "\"'`$x #",
            "blank": " x ", "far": "héé ☃ 😀", "control": "\u0001\u007f\u0085\u2028", "colon": "a: b", "dash": "- a", "date": "2024-01-01"},
        "yes": true, "no": false, "nothing": null, "object": {}, "list": [], "lists": [[], [1, [2]], {"a": [{"b": {}}]}],
        "odd names": {"1": 1, "true": 2, "~": 3, "a b": 4, "é": 5, "": 6, "<<": 7, "- x": 8}
    }"#;

    #[test]
    fn a_format_is_recognised_by_the_name_of_the_file() {
        for (path, format) in [
            ("a.json", Some(Format::Json)),
            ("/x.json/a.yml", Some(Format::Yaml)),
            (".env", Some(Format::Env)),
            ("a/.env.production", Some(Format::Env)),
            ("many.jsonl", Some(Format::Jsonl)),
            ("-", None),
            ("a.txt", None),
            ("json", None),
        ] {
            assert_eq!(Format::of(path), format, "{path}");
        }
    }

    #[test]
    fn each_format_gives_back_what_was_written() {
        let same = |format: Format, configuration: &Members| {
            let text = format.write(configuration).unwrap();
            let read = format.parse(&text).unwrap().members;
            // Two objects are equal in any order; a text is not.
            let (read, written) = (Json::Object(read).to_string(), Json::Object(configuration.clone()).to_string());
            assert_eq!(read, written, "{format:?}\n{text}");
        };
        let everything = Json::parse(EVERYTHING).unwrap();
        for format in [Format::Json, Format::Yaml, Format::Jsonl] {
            same(format, everything.object().unwrap());
        }
        let (nested, long) = (Members::from([("n".to_owned(), everything.clone())]), "n".repeat(3000));
        same(Format::Env, &nested);
        same(Format::Yaml, &Members::from([(long.clone(), everything), (format!("{long}2"), Json::Text(long))]));
    }

    #[test]
    fn a_configuration_is_an_object() {
        for (format, text) in [(Format::Json, "[]"), (Format::Yaml, "- a"), (Format::Yaml, ""), (Format::Json, "1")] {
            assert!(format.parse(text).is_err(), "{format:?} {text}");
        }
        assert_eq!(Format::Env.parse("").unwrap().members, Members::new());
    }
}
