//! The active keys of a tenant, as they are assessed.

use model::qnsp::hsm::{Provider, Purpose};
use platform::{Row, Statement};
use policy::qnsp::{Algorithm, KeyFacts, hsm::has_pqc};
use serde::de::DeserializeOwned;
use service::{Actor, Batch, Error, Outcomes, Result, Slot};

use super::Enforced;
use crate::Caller;

/// Where the outcomes of the statements are from which the facts are read.
pub struct KeySlots {
    keys: Slot,
    enforced: Slot,
}

impl KeySlots {
    /// Reads how many keys there are that are alike.
    pub fn push<A: Actor>(batch: &mut Batch<A>, caller: &Caller) -> Self {
        Self::push_with(batch, caller, "'[]'")
    }

    /// Reads which keys there are as well.
    pub fn push_with_ids<A: Actor>(batch: &mut Batch<A>, caller: &Caller) -> Self {
        Self::push_with(batch, caller, "json_group_array(k.id)")
    }

    fn push_with<A: Actor>(batch: &mut Batch<A>, caller: &Caller, ids: &str) -> Self {
        let select = format!(
            "SELECT k.algorithm, k.purposes, c.provider, c.endpoint LIKE 'sim://%' AS is_embedded, \
             c.status = 'active' AS is_connected, count(*) AS keys, {ids} AS ids \
             FROM qnsp_hsm_keys k JOIN qnsp_hsm_connections c ON c.tenant_id = k.tenant_id AND c.id = k.connection_id \
             WHERE k.tenant_id = ?1 AND k.status = 'active' GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5"
        );
        let keys = batch.push(Statement::new(select).bind(caller.tenant()));
        Self { keys, enforced: batch.push(Enforced::select(caller)) }
    }

    pub fn read(&self, outcomes: &Outcomes, now: i64) -> Result<Vec<KeyFacts>> {
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
fn list<T: DeserializeOwned>(row: &Row, column: &str) -> Result<Vec<T>> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|_| Error::internal("a stored list that is not JSON"))
}
