//! Rules of classification as they are stored, and as they are searched.

use model::qnsp::storage::{DataType, Level};
use platform::Row;
use policy::qnsp::classification::{self, Rule};
use serde::{Deserialize, Serialize};
use service::{Error, Result};

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StoredRule {
    pub pattern: String,
    pub classification: Level,
    pub data_types: Vec<DataType>,
}

/// Compiles the rules of a column: a JSON list.
pub(crate) fn compile(row: &Row, column: &str) -> Result<Vec<Rule>> {
    let unreadable = || Error::internal("rules of classification that cannot be read");
    let stored: Vec<StoredRule> = serde_json::from_str(&row.get::<String>(column)?).map_err(|_| unreadable())?;
    let rules = stored.iter().map(|it| Rule::new(&it.pattern, it.classification, classification::sum(&it.data_types)));
    rules.collect::<Option<_>>().ok_or_else(unreadable)
}
