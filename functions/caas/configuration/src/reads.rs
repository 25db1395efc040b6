//! The SQL of reads. What leaves the database is JSON text, and goes on as it is.

use std::collections::BTreeMap;

use crypto::hash;
use model::{
    configuration::{History, MAX_CONFIG_BYTES, Revision},
    ids::KeyPath,
};
use platform::{Row, Statement};
use service::{Actor, Batch, Outcomes, Result, Slot};

use crate::{
    access::RecordRef,
    changes::sql_paths,
    document::{Document, named},
};

/// The replaced values that one page of the history reads at most, in bytes, to hash them.
const HASHED_BYTES: i64 = 4 << 20;

/// A longer configuration is not fetched whole when parts of it are asked for.
const FETCHED_WHOLE_BYTES: i64 = 128 << 10;

/// What the database gave: all of a configuration, or parts of a long one with its revision.
pub(crate) enum Found {
    Whole(Document),
    Parts(i64, String),
}

/// Where the outcomes of [`push_select`] are.
pub(crate) struct FoundSlots {
    whole: Slot,
    parts: Option<Slot>,
}

/// For parts there are two statements, of which one at most has rows: they are only looked for in a long configuration.
/// The length counts letters, which is near enough.
pub(crate) fn push_select(
    batch: &mut Batch<impl Actor>,
    record: &RecordRef,
    key_paths: &[KeyPath],
) -> Result<FoundSlots> {
    let whole =
        Statement::new("SELECT revision, data FROM configs WHERE context_key = ?1 AND (length(data) > ?2) IS NOT TRUE");
    if key_paths.is_empty() {
        let whole = batch.push(whole.bind(record.key.as_str()).bind(MAX_CONFIG_BYTES));
        return Ok(FoundSlots { whole, parts: None });
    }
    let parts = Statement::new(
        "SELECT c.revision, p.key AS key_path, c.data -> p.value AS part FROM configs c JOIN json_each(?3) p \
         WHERE c.context_key = ?1 AND length(c.data) > ?2",
    );
    let bind = |statement: Statement| statement.bind(record.key.as_str()).bind(FETCHED_WHOLE_BYTES);
    let whole = batch.push(bind(whole));
    let parts = batch.push(bind(parts).bind(sql_paths(key_paths)?));
    Ok(FoundSlots { whole, parts: Some(parts) })
}

pub(crate) fn found(outcomes: &Outcomes, slots: &FoundSlots) -> Result<Found> {
    if let Some(rows) = slots.parts.map(|slot| outcomes.rows(slot)).filter(|rows| !rows.is_empty()) {
        return parts(rows);
    }
    match outcomes.row(slots.whole) {
        None => Ok(Found::Whole(Document::new(0, None))),
        Some(row) => Ok(Found::Whole(Document::new(row.get("revision")?, row.get("data")?))),
    }
}

fn parts(rows: &[Row]) -> Result<Found> {
    let (mut revision, mut parts) = (0, BTreeMap::new());
    for row in rows {
        revision = row.get("revision")?;
        if let Some(part) = row.get::<Option<String>>("part")? {
            parts.insert(row.get::<String>("key_path")?, part);
        }
    }
    let members: Vec<_> = parts.iter().map(|(path, part)| named(path, part)).collect();
    Ok(Found::Parts(revision, format!("{{{}}}", members.join(","))))
}

/// A page of the history, newest first. It ends early when the values to hash become too many; one is always there.
pub(crate) fn select_history(record: &RecordRef, limit: i64, before: Option<u32>) -> Statement {
    Statement::new(
        "SELECT revision, action, key_path, previous, updated_by, updated_at FROM (\
           SELECT *, sum(bytes) OVER (ORDER BY revision DESC) AS total FROM (\
             SELECT *, coalesce(length(CAST(previous AS BLOB)), 0) AS bytes FROM config_revisions \
             WHERE context_key = ?1 AND revision < coalesce(?2, 9007199254740991) ORDER BY revision DESC LIMIT ?3)) \
         WHERE total - bytes <= ?4 ORDER BY revision DESC",
    )
    .bind(record.key.as_str())
    .bind(before.map(i64::from))
    .bind(limit)
    .bind(HASHED_BYTES)
}

pub(crate) fn history(rows: &[Row]) -> Result<History> {
    let history: Vec<_> = rows.iter().map(revision).collect::<Result<_>>()?;
    // Revisions are numbered from 1 without a gap.
    let next = history.last().map(|last| last.revision).filter(|last| *last > 1);
    Ok(History { history, next })
}

fn revision(row: &Row) -> Result<Revision> {
    let previous = row.get::<Option<String>>("previous")?;
    Ok(Revision {
        revision: row.get("revision")?,
        key_path: row.get("key_path")?,
        action: row.get("action")?,
        updated_by: row.get("updated_by")?,
        updated_at: row.get::<i64>("updated_at")?.div_euclid(1000),
        previous_hash: previous.map(|previous| hash::hex(&hash::sha256(&[previous.as_bytes()]))),
    })
}
