//! An entry of the audit log, which stands in the same batch as what it tells of. Values appear in it as keyed hashes
//! at most. How entries become a tree that proves itself is the
//! business of the function `audit-log`.

use crypto::{hash, seal::DataKey};
use platform::{Outcome, Statement};
use serde_json::{Map, Value};

/// The tenant of what belongs to no tenant.
pub const PLATFORM_TENANT: &str = "platform";

/// What and where. Who is known from the request's mark unless it is said here; when is known from the clock.
#[derive(Clone)]
pub struct Audit {
    tenant: String,
    action: &'static str,
    subject: String,
    actor: Option<String>,
    outcome: &'static str,
    detail: Map<String, Value>,
    unconditional: bool,
}

/// Where an entry stands in its tenant's log.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub tenant: String,
    pub index: u64,
}

impl Audit {
    /// Tells of a change, if the last changing statement before it changed something. Reads may stand between them.
    pub fn new(tenant: impl Into<String>, action: &'static str, subject: impl Into<String>) -> Self {
        Self {
            tenant: tenant.into(),
            action,
            subject: subject.into(),
            actor: None,
            outcome: "done",
            detail: Map::new(),
            unconditional: false,
        }
    }

    /// Tells of a read of secrets, whatever it found.
    pub fn reading(tenant: impl Into<String>, action: &'static str, subject: impl Into<String>) -> Self {
        Self::new(tenant, action, subject).unconditionally()
    }

    /// Tells that the same was refused to somebody who is known. What would have been done is not told.
    pub(crate) fn refused_to(self, actor: impl Into<String>) -> Self {
        Self { outcome: "refused", detail: Map::new(), unconditional: false, ..self.by(actor) }
    }

    /// Whatever the statement before it did.
    pub(crate) fn unconditionally(self) -> Self {
        Self { unconditional: true, ..self }
    }

    /// A caller who is not in the request's mark.
    #[must_use]
    pub fn by(mut self, actor: impl Into<String>) -> Self {
        self.actor = Some(actor.into());
        self
    }

    /// Something else that is worth knowing, and is not a value.
    #[must_use]
    pub fn detail(mut self, name: &str, detail: impl Into<Value>) -> Self {
        self.detail.insert(name.to_owned(), detail.into());
        self
    }

    /// The value that was set, as a hash under the salt of the tenant's data key: who knows a value finds where it was
    /// set, and nobody finds the value.
    #[must_use]
    pub fn value(self, data_key: &DataKey, value: &[u8]) -> Self {
        self.detail(VALUE_HASH, hash::hex(&data_key.audit_hash(value)))
    }

    /// Goes after the statement that decides whether anything happened. The database numbers the entry and writes its
    /// text, so that two writers never hold the same number.
    pub(crate) fn statement(&self, mark: Option<&str>, request_id: Option<&str>, now: i64) -> Statement {
        let detail = (!self.detail.is_empty()).then(|| Value::Object(self.detail.clone()).to_string());
        let value_hash = self.detail.get(VALUE_HASH).and_then(Value::as_str).map(str::to_owned);
        // A number may arrive as a float; in a text it would keep its `.0`.
        let append = Statement::new(
            "INSERT INTO audit_entries \
             (tenant_id, leaf_index, at, actor, action, subject, outcome, value_hash, entry) \
             SELECT ?1, n, ?2, actor, ?3, ?4, ?5, ?6, json_object('tenant', ?1, 'index', n, \
             'at', CAST(?2 AS INTEGER), 'actor', actor, 'action', ?3, 'subject', ?4, 'requestId', ?7, \
             'outcome', ?5, 'detail', json(?8)) \
             FROM (SELECT coalesce((SELECT max(leaf_index) FROM audit_entries WHERE tenant_id = ?1), -1) + 1 AS n, \
             coalesce(?9, (SELECT caller FROM request_marks WHERE mark = ?10)) AS actor) \
             WHERE ?11 OR changes() > 0 RETURNING leaf_index",
        );
        append
            .bind(self.tenant.as_str())
            .bind(now)
            .bind(self.action)
            .bind(self.subject.as_str())
            .bind(self.outcome)
            .bind(value_hash)
            .bind(request_id.map(str::to_owned))
            .bind(detail)
            .bind(self.actor.clone())
            .bind(mark.map(str::to_owned))
            .bind(self.unconditional)
    }

    /// Where the entry stands, by the outcome of its statement; `None` when there was nothing to tell.
    pub(crate) fn place(&self, outcome: &Outcome) -> Option<Place> {
        let index = outcome.rows.first()?.get("leaf_index").ok()?;
        Some(Place { tenant: self.tenant.clone(), index })
    }
}

const VALUE_HASH: &str = "valueHash";
