//! An entry of the audit log, which is written by the same batch as what it records. Values appear in it as keyed hashes
//! at most. The function `audit-log` makes the tree above the entries.

use std::borrow::Cow;

use crypto::{hash, seal::DataKey};
use platform::{Outcome, Statement};
use serde_json::{Map, Value};

/// The tenant of what belongs to no tenant.
pub const PLATFORM_TENANT: &str = "platform";

/// Tenant, action and subject of an entry. The actor comes from the batch unless it is said here.
#[derive(Clone)]
pub struct Audit {
    tenant: String,
    action: Cow<'static, str>,
    subject: String,
    actor: Option<String>,
    outcome: &'static str,
    detail: Map<String, Value>,
    event: Option<Event>,
}

/// An entry that is also an event of the QNSP API.
#[derive(Clone)]
struct Event {
    id: String,
    occurred_at: Option<i64>,
}

/// Where an entry stands in its tenant's log.
#[derive(Clone, Debug)]
pub(crate) struct AuditPosition {
    pub tenant: String,
    pub index: u64,
}

impl Audit {
    pub fn new(tenant: impl Into<String>, action: impl Into<Cow<'static, str>>, subject: impl Into<String>) -> Self {
        Self {
            tenant: tenant.into(),
            action: action.into(),
            subject: subject.into(),
            actor: None,
            outcome: "done",
            detail: Map::new(),
            event: None,
        }
    }

    /// The entry is an event, which is found by this id; `occurred_at` if it happened before it is recorded.
    #[must_use]
    pub fn event(self, id: String, occurred_at: Option<i64>) -> Self {
        Self { event: Some(Event { id, occurred_at }), ..self }
    }

    /// The same was refused to a caller who is known. What would have been done is not recorded.
    pub(crate) fn refused_to(self, actor: impl Into<String>) -> Self {
        Self { outcome: "refused", detail: Map::new(), ..self.by(actor) }
    }

    /// `done` unless something else is said.
    #[must_use]
    pub fn outcome(self, outcome: &'static str) -> Self {
        Self { outcome, ..self }
    }

    /// Another actor than the caller of the batch.
    #[must_use]
    pub fn by(mut self, actor: impl Into<String>) -> Self {
        self.actor = Some(actor.into());
        self
    }

    /// The caller of the batch, where no other actor was said.
    pub(crate) fn by_default(mut self, actor: String) -> Self {
        self.actor.get_or_insert(actor);
        self
    }

    /// Another fact, never a value.
    #[must_use]
    pub fn detail(mut self, name: &str, detail: impl Into<Value>) -> Self {
        self.detail.insert(name.to_owned(), detail.into());
        self
    }

    /// The value that was set, as a hash under the salt of the tenant's data key: it lets a caller who knows a value find
    /// where it was set, and does not reveal the value.
    #[must_use]
    pub fn value(self, data_key: &DataKey, value: &[u8]) -> Self {
        self.detail(VALUE_HASH, hash::hex(&data_key.audit_hash(value)))
    }

    /// The statement that appends the entry: always, or if the statement right before it changed something. The database
    /// numbers the entry and writes its text, so that two writers never hold the same number.
    pub(crate) fn append(&self, nonce: Option<&str>, request_id: Option<&str>, now: i64, always: bool) -> Statement {
        let detail = (!self.detail.is_empty()).then(|| Value::Object(self.detail.clone()).to_string());
        let value_hash = self.detail.get(VALUE_HASH).and_then(Value::as_str).map(str::to_owned);
        // A number may arrive as a float; in a text it would keep its `.0`.
        let append = Statement::new(
            "INSERT INTO audit_entries \
             (tenant_id, leaf_index, at, actor, action, subject, outcome, value_hash, event_id, occurred_at, request_id, \
             entry) \
             SELECT ?1, n, ?2, actor, ?3, ?4, ?5, ?6, ?12, ?13, CASE WHEN ?12 IS NOT NULL THEN ?7 END, json_object('tenant', ?1, 'index', n, \
             'at', CAST(?2 AS INTEGER), 'actor', actor, 'action', ?3, 'subject', ?4, 'requestId', ?7, \
             'outcome', ?5, 'detail', json(?8)) \
             FROM (SELECT coalesce((SELECT max(leaf_index) FROM audit_entries WHERE tenant_id = ?1), -1) + 1 AS n, \
             coalesce(?9, (SELECT caller FROM request_nonces WHERE nonce = ?10)) AS actor) \
             WHERE ?11 OR changes() > 0 RETURNING leaf_index",
        );
        append
            .bind(self.tenant.as_str())
            .bind(now)
            .bind(&*self.action)
            .bind(self.subject.as_str())
            .bind(self.outcome)
            .bind(value_hash)
            .bind(request_id.map(str::to_owned))
            .bind(detail)
            .bind(self.actor.clone())
            .bind(nonce.map(str::to_owned))
            .bind(always)
            .bind(self.event.as_ref().map(|event| event.id.clone()))
            .bind(self.event.as_ref().map(|event| event.occurred_at.unwrap_or(now)))
    }

    /// Where the entry stands, by the outcome of its statement; `None` when nothing was recorded.
    pub(crate) fn position(&self, outcome: &Outcome) -> Option<AuditPosition> {
        let index = outcome.rows.first()?.get("leaf_index").ok()?;
        Some(AuditPosition { tenant: self.tenant.clone(), index })
    }
}

const VALUE_HASH: &str = "valueHash";
