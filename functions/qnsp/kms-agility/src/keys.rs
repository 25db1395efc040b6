//! The active keys of a tenant, as they are assessed.

use model::qnsp::hsm::{Provider, Purpose};
use platform::{Row, Statement};
use policy::qnsp::{Algorithm, KeyFacts, hsm::has_pqc};
use qnsp::{Caller, Work};
use service::{Error, Outcomes, Result, Slot};

use crate::standing::Enforced;

/// Where the outcomes of the statements are from which the facts are read.
pub(crate) struct FactSlots {
    keys: Slot,
    enforced: Slot,
}

impl FactSlots {
    /// Reads how many keys there are that are alike.
    pub(crate) fn push(work: &mut Work, caller: &Caller) -> Self {
        Self::push_with(work, caller, "'[]'")
    }

    /// Reads which keys there are as well.
    pub(crate) fn push_with_ids(work: &mut Work, caller: &Caller) -> Self {
        Self::push_with(work, caller, "json_group_array(k.id)")
    }

    fn push_with(work: &mut Work, caller: &Caller, ids: &str) -> Self {
        let select = format!(
            "SELECT k.algorithm, k.purposes, c.provider, c.endpoint LIKE 'sim://%' AS is_embedded, \
             c.status = 'active' AS is_connected, count(*) AS keys, {ids} AS ids \
             FROM qnsp_hsm_keys k JOIN qnsp_hsm_connections c ON c.tenant_id = k.tenant_id AND c.id = k.connection_id \
             WHERE k.tenant_id = ?1 AND k.status = 'active' GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5"
        );
        let keys = work.push(Statement::new(select).bind(caller.tenant()));
        Self { keys, enforced: work.push(Enforced::select(caller)) }
    }

    pub(crate) fn read(&self, outcomes: &Outcomes, now: i64) -> Result<Vec<KeyFacts>> {
        let enforced = Enforced::of(outcomes.rows(self.enforced))?;
        outcomes.rows(self.keys).iter().map(|row| facts(row, &enforced, now)).collect()
    }
}

fn facts(row: &Row, enforced: &Enforced, now: i64) -> Result<KeyFacts> {
    let algorithm = Algorithm::of(&row.get::<String>("algorithm")?);
    let provider: String = row.get("provider")?;
    let provider: Provider = provider.parse().map_err(|_| Error::internal("a provider that is not known"))?;
    Ok(KeyFacts {
        status: enforced.status(&algorithm, now),
        algorithm,
        purposes: list::<Purpose>(row, "purposes")?,
        count: row.get("keys")?,
        has_pqc: row.get("is_embedded")? && has_pqc(provider),
        is_connected: row.get("is_connected")?,
        ids: list(row, "ids")?,
    })
}

/// A list that is stored as JSON.
pub(crate) fn list<T: serde::de::DeserializeOwned>(row: &Row, column: &str) -> Result<Vec<T>> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|_| Error::internal("a stored list that is not JSON"))
}
