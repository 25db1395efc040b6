//! Which events a policy no longer keeps. Its patterns are held against the types that the tenant's events have, so that
//! SQL compares whole words.

use platform::Statement;
use policy::qnsp::EventFilter;
use qnsp::Caller;
use serde_json::Value;
use service::{Error, Result};

use crate::policy_store;

/// What is selected; nothing where there is no such policy.
#[derive(Default)]
pub(crate) struct Selection {
    pub tenant: String,
    policy: String,
    /// The policy as it was read.
    updated_at: i64,
    /// Events that happened before.
    before: i64,
    /// A JSON list of event types.
    types: String,
    /// The label under which they are archived.
    pub archive: Option<String>,
}

/// The events of a tenant (`?1`) that happened before a time (`?2`) and have one of these types (`?3`).
pub(crate) const SELECTED: &str = "FROM audit_entries INDEXED BY audit_events_by_time \
     WHERE tenant_id = ?1 AND occurred_at IS NOT NULL AND occurred_at < ?2 AND action IN (SELECT value FROM json_each(?3))";

impl Selection {
    pub(crate) async fn of(caller: &Caller, policy: &str) -> Result<Self> {
        // The types one after the other, each found by one step in the index.
        let select = Statement::new(
            "SELECT retention_ms, event_types, services, is_archived, archive_destination, updated_at, \
             (WITH RECURSIVE types (type) AS ( \
             SELECT min(action) FROM audit_entries WHERE tenant_id = ?1 AND occurred_at IS NOT NULL UNION ALL \
             SELECT (SELECT min(action) FROM audit_entries WHERE tenant_id = ?1 AND occurred_at IS NOT NULL AND action > type) \
             FROM types WHERE type IS NOT NULL) \
             SELECT json_group_array(type) FROM types WHERE type IS NOT NULL) AS types \
             FROM qnsp_retention_policies WHERE tenant_id = ?1 AND id = ?2",
        );
        let rows = caller.app.query(select.bind(caller.tenant()).bind(policy)).await?;
        let Some(row) = rows.first() else { return Ok(Self::default()) };
        let scope = policy_store::scope(row)?;
        let filter = EventFilter { event_types: scope.event_types, services: scope.services, ..EventFilter::default() };
        let types: Vec<String> =
            serde_json::from_str(&row.get::<String>("types")?).map_err(|_| Error::internal("types are no list"))?;
        let types: Vec<_> = types.into_iter().filter(|event_type| filter.has_type(event_type)).collect();
        let is_archived: bool = row.get("is_archived")?;
        let label: Option<String> = row.get("archive_destination")?;
        Ok(Self {
            tenant: caller.tenant().to_owned(),
            policy: policy.to_owned(),
            updated_at: row.get("updated_at")?,
            before: caller.now - row.get::<i64>("retention_ms")?,
            types: Value::from(types).to_string(),
            archive: label.filter(|_| is_archived),
        })
    }

    /// `events`, `bytes`, `oldest` and `newest` of what is selected.
    pub(crate) fn count(&self) -> Statement {
        self.bind(Statement::new(format!(
            "SELECT count(*) AS events, coalesce(sum(length(CAST(entry AS BLOB))), 0) AS bytes, \
             min(occurred_at) AS oldest, max(occurred_at) AS newest {SELECTED}"
        )))
    }

    pub(crate) fn bind(&self, statement: Statement) -> Statement {
        statement.bind(self.tenant.as_str()).bind(self.before).bind(self.types.as_str())
    }

    /// Tenant, policy, and when that was changed last, for statements that must not carry out what it no longer says.
    pub(crate) fn bind_policy(&self, statement: Statement) -> Statement {
        statement.bind(self.tenant.as_str()).bind(self.policy.as_str()).bind(self.updated_at)
    }
}
