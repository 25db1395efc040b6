//! Erasing events. The database cannot hash, so a page of them is read, and erased where it still stands.

use std::ops::Add;

use crypto::{hash, merkle, seal::DataKey};
use platform::{Statement, random};
use qnsp::Caller;
use serde_json::{Value, json};
use service::{Outcomes, Result, Slot};

use crate::selection::{SELECTED, Selection};

/// How many events are erased at once.
const PAGE: i64 = 500;

/// Those of a page (`?4`) that are still there, while the policy is as it was read.
const STILL: &str = "e.tenant_id = ?1 AND e.leaf_index = p.value ->> 0 AND e.occurred_at IS NOT NULL AND EXISTS (SELECT 1 \
     FROM qnsp_retention_policies WHERE tenant_id = ?1 AND id = ?2 AND updated_at = ?3)";

/// Some of the events that are selected.
pub(crate) struct Page {
    /// Index and text.
    events: Vec<(i64, String)>,
    /// When the last of them happened.
    until: i64,
}

impl Page {
    /// The oldest of them, from a time on.
    pub(crate) async fn read(caller: &Caller, selection: &Selection, from: i64) -> Result<Self> {
        let select = Statement::new(format!(
            "SELECT leaf_index, occurred_at, entry {SELECTED} AND occurred_at >= ?4 ORDER BY occurred_at LIMIT ?5"
        ));
        let rows = caller.app.query(selection.bind(select).bind(from).bind(PAGE)).await?;
        let events = rows.iter().map(|row| Ok((row.get("leaf_index")?, row.get("entry")?)));
        let until = rows.last().map(|row| row.get("occurred_at")).transpose()?;
        Ok(Self { events: events.collect::<Result<_>>()?, until: until.unwrap_or(from) })
    }

    /// Those behind this page, once it is erased.
    pub(crate) async fn next(&self, caller: &Caller, selection: &Selection) -> Result<Self> {
        Self::read(caller, selection, self.until).await
    }

    /// Whether no others are selected.
    pub(crate) fn is_last(&self) -> bool {
        i64::try_from(self.events.len()).is_ok_and(|count| count < PAGE)
    }

    /// What is done to them, in this order: archived, counted, erased. Nothing that tells of an event stays in its row,
    /// but the time and the outcome.
    pub(crate) fn erase(&self, selection: &Selection, key: Option<&DataKey>) -> Result<[Statement; 3]> {
        let leaf = |(index, text): &(i64, String)| json!([index, hash::hex(&merkle::leaf_hash(text.as_bytes()))]);
        let leaves = Value::from(self.events.iter().map(leaf).collect::<Vec<_>>()).to_string();
        let archived = match (&selection.archive, key) {
            (Some(label), Some(key)) => self.sealed(&selection.tenant, label, key)?,
            _ => Vec::new(),
        };
        let archive = Statement::new(format!(
            "INSERT OR IGNORE INTO qnsp_event_archive (tenant_id, destination, leaf_index, sealed_entry) \
             SELECT ?1, ?5, e.leaf_index, unhex(p.value ->> 1) FROM json_each(?4) p JOIN audit_entries e ON {STILL}"
        ));
        let archive = selection.bind_policy(archive).bind(Value::from(archived).to_string());
        let count = Statement::new(format!(
            "INSERT INTO qnsp_retention_savings (tenant_id, events, bytes) \
             SELECT ?1, count(*), coalesce(sum(length(CAST(e.entry AS BLOB))), 0) \
             FROM json_each(?4) p JOIN audit_entries e ON {STILL} WHERE TRUE \
             ON CONFLICT (tenant_id) DO UPDATE SET events = events + excluded.events, bytes = bytes + excluded.bytes"
        ));
        let erase = Statement::new(format!(
            "UPDATE audit_entries AS e SET entry = 'null', leaf_hash = unhex(p.value ->> 1), actor = '', action = '', \
             subject = '', value_hash = NULL, request_id = NULL, event_id = NULL, occurred_at = NULL \
             FROM json_each(?4) p WHERE {STILL}"
        ));
        Ok([
            archive.bind(selection.archive.clone().unwrap_or_default()),
            selection.bind_policy(count).bind(leaves.as_str()),
            selection.bind_policy(erase).bind(leaves),
        ])
    }

    fn sealed(&self, tenant: &str, label: &str, key: &DataKey) -> Result<Vec<Value>> {
        let seal = |(index, text): &(i64, String)| -> Result<Value> {
            let index_text = index.to_string();
            let sealed = key.seal(random::bytes()?, &aad(tenant, label, &index_text), text.as_bytes());
            Ok(json!([index, hash::hex(&sealed)]))
        };
        self.events.iter().map(seal).collect()
    }
}

/// An archived entry opens at its place only.
pub(crate) fn aad<'a>(tenant: &'a str, label: &'a str, index: &'a str) -> [&'a [u8]; 4] {
    [b"event-archive", tenant.as_bytes(), label.as_bytes(), index.as_bytes()]
}

/// What was done.
#[derive(Clone, Copy, Default)]
pub(crate) struct Erased {
    pub events: u64,
    pub archived: u64,
}

impl Erased {
    /// By the slots of what [`Page::erase`] gave.
    pub(crate) fn of(outcomes: &Outcomes, [archived, _, erased]: [Slot; 3]) -> Self {
        Self { events: outcomes.changes(erased), archived: outcomes.changes(archived) }
    }
}

impl Add for Erased {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { events: self.events + other.events, archived: self.archived + other.archived }
    }
}

/// The row with what all cleanups of a tenant have erased: `events` and `bytes`.
pub(crate) fn savings(tenant: &str) -> Statement {
    let select = "SELECT coalesce(sum(events), 0) AS events, coalesce(sum(bytes), 0) AS bytes \
                  FROM qnsp_retention_savings WHERE tenant_id = ?1";
    Statement::new(select).bind(tenant)
}
