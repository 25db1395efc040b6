//! What comes of an action of a playbook.

use platform::{Row, Statement};
use qnsp::hsm::MadeKey;
use serde::{Deserialize, Serialize};
use service::{Audit, Error, Guard, Result};

/// What came of an action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Outcome {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl Outcome {
    pub(crate) const DONE: Self = Self { error: None };

    pub(crate) fn failed(error: &str) -> Self {
        Self { error: Some(error.to_owned()) }
    }

    pub(crate) fn is_done(&self) -> bool {
        self.error.is_none()
    }

    /// What came of the first actions of an execution.
    pub(crate) fn all(row: &Row) -> Result<Vec<Self>> {
        let text: String = row.get("results")?;
        serde_json::from_str(&text).map_err(|_| Error::internal("results that cannot be read"))
    }
}

/// What an action does besides its outcome.
#[derive(Default)]
pub(crate) struct Effects {
    /// What must still be so when the rest is stored.
    pub guards: Vec<Guard>,
    pub statements: Vec<Statement>,
    pub events: Vec<Audit>,
    /// Keys with their ids that exist already.
    pub keys: Vec<(String, MadeKey)>,
}
