//! Rows as they are given: a JSON list of objects, or CSV with a header.

use std::collections::HashMap;

use model::qnsp::ai::EvaluationType;
use serde_json::{Map, Value};

use super::{Failure, tally::Facts};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Json,
    Csv,
}

impl Format {
    /// Of data that do not say what they are.
    pub fn of(data: &[u8]) -> Self {
        let data = data.strip_prefix(MARK).unwrap_or(data);
        if data.trim_ascii_start().starts_with(b"[") { Self::Json } else { Self::Csv }
    }
}

/// The byte order mark that some programs write first.
const MARK: &[u8] = b"\xef\xbb\xbf";

#[derive(Debug)]
pub struct Dataset(Rows);

#[derive(Debug)]
enum Rows {
    Json(Vec<Value>),
    Csv { columns: HashMap<String, usize>, rows: Vec<Vec<String>> },
}

/// A value of a row.
enum Cell<'a> {
    Json(&'a Value),
    Csv(&'a str),
}

impl Dataset {
    pub fn read(data: &[u8], format: Format) -> Result<Self, Failure> {
        let data = data.strip_prefix(MARK).unwrap_or(data);
        match format {
            Format::Json => {
                serde_json::from_slice(data).map(|rows| Self(Rows::Json(rows))).map_err(|_| Failure::BadData)
            }
            Format::Csv => {
                let text = std::str::from_utf8(data).map_err(|_| Failure::BadData)?;
                let mut rows = records(text).ok_or(Failure::BadData)?;
                let header = if rows.is_empty() { Vec::new() } else { rows.remove(0) };
                // Of columns that are called alike the first counts.
                let columns = header.into_iter().enumerate().rev().map(|(index, name)| (name, index)).collect();
                Ok(Self(Rows::Csv { columns, rows }))
            }
        }
    }

    pub fn rows(&self) -> usize {
        match &self.0 {
            Rows::Json(rows) => rows.len(),
            Rows::Csv { rows, .. } => rows.len(),
        }
    }

    fn cell(&self, row: usize, column: &str) -> Option<Cell<'_>> {
        match &self.0 {
            Rows::Json(rows) => rows.get(row)?.as_object().and_then(|row: &Map<_, _>| row.get(column)).map(Cell::Json),
            Rows::Csv { columns, rows } => {
                rows.get(row)?.get(*columns.get(column)?).map(|text| Cell::Csv(text.as_str()))
            }
        }
    }

    /// What a metric needs of a row, unless that is missing or another value.
    pub(super) fn facts(&self, kind: EvaluationType, row: usize) -> Option<Facts> {
        let binary = |column| self.cell(row, column)?.binary();
        Some(match kind {
            EvaluationType::DemographicParity => Facts { is_predicted: binary("prediction")?, ..Facts::default() },
            EvaluationType::EqualizedOdds => {
                Facts { is_positive: binary("label")?, is_predicted: binary("prediction")?, ..Facts::default() }
            }
            EvaluationType::Calibration => {
                let score = self.cell(row, "score")?.share()?;
                Facts { is_positive: binary("label")?, score, ..Facts::default() }
            }
        })
    }

    /// To which group of an attribute a row belongs.
    pub(super) fn group(&self, row: usize, attribute: &str) -> Option<String> {
        match self.cell(row, attribute)? {
            Cell::Csv("") => None,
            Cell::Csv(text) => Some(text.to_owned()),
            Cell::Json(Value::String(text)) => Some(text.clone()),
            Cell::Json(value @ (Value::Number(_) | Value::Bool(_))) => Some(value.to_string()),
            Cell::Json(_) => None,
        }
    }
}

impl Cell<'_> {
    fn binary(&self) -> Option<bool> {
        match self {
            Self::Csv("0") => Some(false),
            Self::Csv("1") => Some(true),
            Self::Csv(_) => None,
            Self::Json(value) => match value.as_f64()? {
                0.0 => Some(false),
                1.0 => Some(true),
                _ => None,
            },
        }
    }

    /// A number from 0 to 1.
    fn share(&self) -> Option<f64> {
        let number = match self {
            Self::Csv(text) => text.parse().ok()?,
            Self::Json(value) => value.as_f64()?,
        };
        (0.0..=1.0).contains(&number).then_some(number)
    }
}

/// The records of a text in CSV (RFC 4180). Empty lines are none. `None` where a quote does not close as it must.
fn records(text: &str) -> Option<Vec<Vec<String>>> {
    let (mut records, mut record) = (Vec::new(), Vec::new());
    let mut rest = text;
    while !rest.is_empty() {
        let (field, after) = field(rest)?;
        let is_first = record.is_empty();
        let (ends_line, next) = match after.chars().next() {
            Some(',') => (false, after.get(1..)?),
            Some('\r') if after.starts_with("\r\n") => (true, after.get(2..)?),
            Some('\n' | '\r') => (true, after.get(1..)?),
            None => (true, after),
            // Something behind a quote that closes.
            Some(_) => return None,
        };
        let is_blank = is_first && ends_line && field.is_empty() && !rest.starts_with('"');
        if !is_blank {
            record.push(field);
        }
        // A comma at the very end has an empty field behind it.
        if !ends_line && next.is_empty() {
            record.push(String::new());
        }
        if (ends_line || next.is_empty()) && !record.is_empty() {
            records.push(std::mem::take(&mut record));
        }
        rest = next;
    }
    Some(records)
}

/// The field at the beginning of a text, and what comes after it.
fn field(text: &str) -> Option<(String, &str)> {
    let Some(mut quoted) = text.strip_prefix('"') else {
        let end = text.find([',', '\r', '\n']).unwrap_or(text.len());
        return text.split_at_checked(end).map(|(field, rest)| (field.to_owned(), rest));
    };
    let mut field = String::new();
    loop {
        let (part, rest) = quoted.split_once('"')?;
        field.push_str(part);
        match rest.strip_prefix('"') {
            Some(rest) => {
                field.push('"');
                quoted = rest;
            }
            None => return Some((field, rest)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Option<Vec<Vec<String>>> {
        records(text)
    }

    #[test]
    fn csv_has_fields_quotes_and_lines() {
        for (text, expected) in [
            ("", vec![]),
            ("\n\r\n", vec![]),
            ("a,b\n1,2", vec![vec!["a", "b"], vec!["1", "2"]]),
            ("a,b\r\n1,2\r\n", vec![vec!["a", "b"], vec!["1", "2"]]),
            ("a\n\nb\n", vec![vec!["a"], vec!["b"]]),
            ("\"a,\"\"b\"\"\n\",c", vec![vec!["a,\"b\"\n", "c"]]),
            ("a,\n,b", vec![vec!["a", ""], vec!["", "b"]]),
            ("a,", vec![vec!["a", ""]]),
            ("\"\"\n", vec![vec![""]]),
            ("a\"b,c", vec![vec!["a\"b", "c"]]),
        ] {
            let expected: Vec<Vec<String>> =
                expected.into_iter().map(|line: Vec<&str>| line.into_iter().map(str::to_owned).collect()).collect();
            assert_eq!(parsed(text), Some(expected), "{text:?}");
        }
        for text in ["\"a", "\"a\"b", "\"a\"\"", "a\n\"b\" ,c"] {
            assert_eq!(parsed(text), None, "{text:?}");
        }
    }

    #[test]
    fn data_without_a_type_are_told_by_their_first_character() {
        assert_eq!(Format::of(b" \n[{}]"), Format::Json);
        assert_eq!(Format::of(b"\xef\xbb\xbf[]"), Format::Json);
        assert_eq!(Format::of(b"label,score\n"), Format::Csv);
        assert_eq!(Format::of(b""), Format::Csv);
    }
}
