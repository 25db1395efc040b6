//! Lists that rows hold as text.

use model::qnsp::Text;
use platform::Row;
use serde_json::Value;
use service::{Error, Result};

pub(crate) fn list(row: &Row, column: &str) -> Result<Vec<String>> {
    serde_json::from_str(&row.get::<String>(column)?).map_err(|_| Error::internal("a stored list that is not JSON"))
}

pub(crate) fn json_list<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    Value::from_iter(texts).to_string()
}

/// An optional text as a parameter.
pub(crate) fn text<const MIN: usize, const MAX: usize>(text: Option<&Text<MIN, MAX>>) -> Option<String> {
    text.map(|text| text.as_str().to_owned())
}
