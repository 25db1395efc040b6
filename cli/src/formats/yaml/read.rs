//! A document of events, one after the other. Every refusal names its line and column.

use std::collections::HashMap;

use granit_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Span, StrInput, Tag};

use super::scalar::{self, Resolved};
use crate::json::{Json, MAX_DEPTH, Members, quoted};

/// YAML bounds a name to 1,024 characters unless a ? stands before it. Other writers do not care.
const LONGEST_NAME: usize = 64 * 1024;

/// How many bytes aliases may stand for altogether; a configuration has one MiB.
const MAX_REPEATED: usize = 8 * 1024 * 1024;

/// What a node takes besides its text.
const NODE: usize = 16;

pub(crate) fn parse(text: &str) -> Result<Members, String> {
    let mut options = granit_parser::options! {
        flow_nesting_limit: MAX_DEPTH,
        block_nesting_limit: MAX_DEPTH,
        simple_key_max_lookahead: LONGEST_NAME,
    };
    options.set_emit_comments(false);
    let parser = Parser::new_from_str_with_options(text, options);
    Loader { parser, anchors: HashMap::new(), repeated: 0 }.document()
}

struct Loader<'t> {
    parser: Parser<'t, StrInput<'t>>,
    /// What an alias stands for, and about how many bytes that are.
    anchors: HashMap<usize, (Json, usize)>,
    repeated: usize,
}

/// A node, about how many bytes it has, and where it begins.
struct Node {
    json: Json,
    size: usize,
    at: Marker,
}

impl<'t> Loader<'t> {
    fn document(mut self) -> Result<Members, String> {
        let mut found = None;
        loop {
            match self.next()? {
                (Event::StreamStart | Event::DocumentStart(..) | Event::DocumentEnd, _) => {}
                (Event::StreamEnd, span) => {
                    return found.ok_or_else(|| at(span.start, "there is no document in the file"));
                }
                (_, span) if found.is_some() => {
                    return Err(at(span.start, "a second document begins; many configurations are lines of JSON"));
                }
                (event, span) => {
                    let node = self.node(event, span, MAX_DEPTH)?;
                    let Json::Object(members) = node.json else {
                        return Err(at(node.at, "a configuration is a mapping"));
                    };
                    found = Some(members);
                }
            }
        }
    }

    fn next(&mut self) -> Result<(Event<'t>, Span), String> {
        match self.parser.next_event() {
            Some(event) => event.map_err(|error: ScanError| at(*error.marker(), &error.info())),
            None => Err("the file ends in the middle of a document".to_owned()),
        }
    }

    fn node(&mut self, event: Event<'t>, span: Span, depth: usize) -> Result<Node, String> {
        let deeper = depth.checked_sub(1).ok_or_else(|| at(span.start, "it is nested too deeply"))?;
        let (anchor, json, size) = match event {
            Event::Alias(anchor) => return self.repeat(anchor, span),
            Event::Scalar(text, style, anchor, tag) => {
                (anchor, scalar_of(&text, style, tag.as_deref(), span)?, NODE + text.len())
            }
            Event::SequenceStart(_, anchor, tag) => {
                expect_tag(tag.as_deref(), "seq", span)?;
                let (mut elements, mut size) = (Vec::new(), NODE);
                loop {
                    match self.next()? {
                        (Event::SequenceEnd, _) => break,
                        (event, span) => {
                            let element = self.node(event, span, deeper)?;
                            size += element.size;
                            elements.push(element.json);
                        }
                    }
                }
                (anchor, Json::List(elements), size)
            }
            Event::MappingStart(_, anchor, tag) => {
                expect_tag(tag.as_deref(), "map", span)?;
                let (members, size) = self.mapping(deeper)?;
                (anchor, Json::Object(members), size)
            }
            _ => return Err(at(span.start, "it cannot be understood")),
        };
        if anchor > 0 {
            self.anchors.insert(anchor, (json.clone(), size));
        }
        Ok(Node { json, size, at: span.start })
    }

    /// Members of the mapping itself win over those that are merged into it, wherever they stand.
    fn mapping(&mut self, depth: usize) -> Result<(Members, usize), String> {
        let (mut own, mut merged, mut size) = (Members::new(), Members::new(), NODE);
        loop {
            let (event, span) = match self.next()? {
                (Event::MappingEnd, _) => break,
                name => name,
            };
            let merges = matches!(&event, Event::Scalar(name, ScalarStyle::Plain, _, None) if name == "<<");
            let name = self.name(event, span)?;
            let (event, value_span) = self.next()?;
            let value = self.node(event, value_span, depth)?;
            size += NODE + name.len() + value.size;
            if merges {
                merge(&mut merged, value)?;
            } else if own.insert(name.clone(), value.json).is_some() {
                return Err(at(span.start, &format!("the mapping names {} twice", quoted(&name))));
            }
        }
        for (name, value) in own {
            merged.insert(name, value);
        }
        Ok((merged, size))
    }

    fn name(&mut self, event: Event<'t>, span: Span) -> Result<String, String> {
        match event {
            // By its text: a number as a name is not another number.
            Event::Scalar(name, style, anchor, tag) => {
                if anchor > 0 {
                    let json = scalar_of(&name, style, tag.as_deref(), span)?;
                    self.anchors.insert(anchor, (json, NODE + name.len()));
                }
                Ok(name.into_owned())
            }
            Event::Alias(anchor) => match self.repeat(anchor, span)?.json {
                Json::Text(name) | Json::Bare(name) => Ok(name),
                Json::List(_) | Json::Object(_) => Err(at(span.start, "the name of a member is a text")),
            },
            _ => Err(at(span.start, "the name of a member is a text")),
        }
    }

    fn repeat(&mut self, anchor: usize, span: Span) -> Result<Node, String> {
        let known =
            self.anchors.get(&anchor).ok_or_else(|| at(span.start, "the alias stands inside of what it names"))?;
        self.repeated += known.1;
        if self.repeated > MAX_REPEATED {
            return Err(at(span.start, "aliases stand for too much"));
        }
        Ok(Node { json: known.0.clone(), size: known.1, at: span.start })
    }
}

/// What was merged before wins.
fn merge(into: &mut Members, from: Node) -> Result<(), String> {
    let wrong = || at(from.at, "what is merged (<<) is a mapping, or a list of mappings");
    let sources = match from.json {
        Json::List(elements) => elements,
        other => vec![other],
    };
    for source in sources {
        let Json::Object(members) = source else { return Err(wrong()) };
        for (name, value) in members {
            into.entry(name).or_insert(value);
        }
    }
    Ok(())
}

fn scalar_of(text: &str, style: ScalarStyle, tag: Option<&Tag>, span: Span) -> Result<Json, String> {
    let resolved = match tag {
        None if style == ScalarStyle::Plain => scalar::resolve(text),
        None => Resolved::Text,
        Some(tag) => match tag.core_suffix() {
            Some(kind) => scalar::as_tagged(text, kind)
                .ok_or_else(|| at(span.start, &format!("the value is not what its tag !!{kind} says")))?,
            None if tag.original() == "!" => Resolved::Text,
            None => return Err(unknown(tag, span)),
        },
    };
    match resolved {
        Resolved::Text => Ok(Json::Text(text.to_owned())),
        Resolved::Bare(bare) => Ok(Json::Bare(bare)),
        Resolved::Unwritable => Err(at(span.start, "JSON has no such number")),
    }
}

fn expect_tag(tag: Option<&Tag>, kind: &str, span: Span) -> Result<(), String> {
    match tag {
        Some(tag) if tag.core_suffix() != Some(kind) && tag.original() != "!" => Err(unknown(tag, span)),
        _ => Ok(()),
    }
}

fn unknown(tag: &Tag, span: Span) -> String {
    at(span.tag_start().unwrap_or(span.start), &format!("the tag {} has no meaning in JSON", tag.original()))
}

fn at(marker: Marker, reason: &str) -> String {
    format!("line {} column {}: {reason}", marker.line(), marker.col() + 1)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn read(text: &str) -> String {
        Json::Object(parse(text).unwrap()).to_string()
    }

    #[test]
    fn merge_keys_give_way_to_the_mapping_and_to_what_was_merged_before() {
        for (yaml, expected) in [
            ("a: &x {b: 1, c: 2}\nd:\n  c: 3\n  <<: *x", r#"{"a":{"b":1,"c":2},"d":{"b":1,"c":3}}"#),
            (
                "a: &x {b: 1}\nc: &y {b: 2, d: 3}\ne: {<<: [*x, *y]}",
                r#"{"a":{"b":1},"c":{"b":2,"d":3},"e":{"b":1,"d":3}}"#,
            ),
            (
                "a: &x {b: 1}\nc: &y\n  <<: *x\n  d: 1\ne:\n  <<: *y",
                r#"{"a":{"b":1},"c":{"b":1,"d":1},"e":{"b":1,"d":1}}"#,
            ),
            ("<<: {a: 1}\n<<: {a: 2, b: 3}", r#"{"a":1,"b":3}"#),
            ("\"<<\": 1", r#"{"<<":1}"#),
        ] {
            assert_eq!(read(yaml), expected, "{yaml}");
        }
    }

    #[test]
    fn what_other_readers_take_is_taken() {
        let name = "n".repeat(2000);
        for (yaml, expected) in [
            ("k: [\n  1,\n]\nb: {\n  c: 2\n}", r#"{"k":[1],"b":{"c":2}}"#),
            ("a:\n  k: [\n    1, 2\n  ]\n  l: [\n1\n]", r#"{"a":{"k":[1,2],"l":[1]}}"#),
            ("- a: [\n  1\n  ]".replace("- a", "x:\n- a").as_str(), r#"{"x":[{"a":[1]}]}"#),
            ("a:\t1\nb:\t\"x\"\nc:\t[1]\t# x", r#"{"a":1,"b":"x","c":[1]}"#),
            ("\u{feff}a: 1", r#"{"a":1}"#),
            ("%YAML 1.1\n---\na: 1\n...\n", r#"{"a":1}"#),
            ("&n a: 1\nb: *n\n*n : 2".replace("\n*n : 2", "").as_str(), r#"{"a":1,"b":"a"}"#),
            (format!("{name}: 1\n? {name}2\n: 2").as_str(), format!("{{\"{name}\":1,\"{name}2\":2}}").as_str()),
            ("a: &x {b: 1}\nc: *x", r#"{"a":{"b":1},"c":{"b":1}}"#),
            ("a: |\n  b\n   c\n\nd: >-\n  e\n  f\n", r#"{"a":"b\n c\n","d":"e f"}"#),
        ] {
            assert_eq!(read(yaml), expected, "{yaml:.60}");
        }
    }

    #[test]
    fn every_refusal_names_line_and_column() {
        let bomb =
            (0..30).fold("a: &l0 [x]\n".to_owned(), |text, n| format!("{text}b{n}: &l{} [*l{n}, *l{n}]\n", n + 1));
        let (flow, block) = ("a: ".to_owned() + &"[".repeat(10_000), "- ".repeat(10_000));
        for (wrong, place) in [
            ("v: .inf", "line 1 column 4"),
            ("v: 1\nw: !x s3cret", "line 2 column 4"),
            ("v: !!binary aGk=", "line 1 column 4"),
            ("v: !!int s3cret", "line 1 column "),
            ("v: !!set {a}", "line 1 column 4"),
            ("a: 1\n[a]: 1", "line 2 column 1"),
            ("a: 1\n'a': 2", "line 2 column 1"),
            ("a: 1\n---\nb: 2", "line 3 column 1"),
            ("a:\n  <<: s3cret", "line 2 column 7"),
            ("a: [", "line 1 column "),
            ("a: *b", "line 1 column 4"),
            ("a: &a [*a]", "line 1 column 8"),
            ("a: b: s3cret", "line 1 column "),
            ("a:\n\tb: 1", "line 2 column "),
            ("- s3cret", "line 1 column 1"),
            ("", "line 1 column 1"),
            (&bomb, "line "),
            (&format!("a: &a {}\nb: [{}]", "x".repeat(100_000), "*a,".repeat(100)), "line 2 column "),
            (&flow, "line 1 column "),
            (&block, "line 1 column "),
        ] {
            let message = parse(wrong).unwrap_err();
            assert!(
                message.starts_with(place) && message.contains(" column ") && !message.contains("s3cret"),
                "{wrong:.40}: {message}"
            );
        }
    }
}
