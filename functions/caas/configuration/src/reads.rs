//! The SQL of reads. What leaves the database is JSON text, and goes on as it is.

use crypto::hash;
use model::{
    configuration::{History, Revision},
    ids::KeyPath,
};
use platform::{Row, Statement};
use service::{Error, Result};

use crate::{access::Place, changes::sql_paths};

/// The replaced values that one page of the history reads at most, in bytes, to hash them.
const HASHED_BYTES: i64 = 4 << 20;

/// A configuration or parts of it, as JSON text.
pub(crate) struct Found {
    pub revision: i64,
    pub json: String,
}

pub(crate) fn select_whole(place: &Place) -> Statement {
    Statement::new("SELECT revision, data FROM configs WHERE context_key = ?1").bind(place.key.as_str())
}

pub(crate) fn whole(rows: &[Row]) -> Result<Found> {
    let Some(row) = rows.first() else { return Ok(Found { revision: 0, json: "{}".to_owned() }) };
    let json = row.get::<Option<String>>("data")?.unwrap_or_else(|| "{}".to_owned());
    Ok(Found { revision: row.get("revision")?, json })
}

/// A row for every path, with NULL where nothing is.
pub(crate) fn select_parts(place: &Place, key_paths: &[KeyPath]) -> Result<Statement> {
    let select = Statement::new(
        "SELECT c.revision, p.key AS key_path, c.data -> p.value AS part FROM configs c JOIN json_each(?2) p \
         WHERE c.context_key = ?1 ORDER BY p.id",
    );
    Ok(select.bind(place.key.as_str()).bind(sql_paths(key_paths)?))
}

pub(crate) fn parts(rows: &[Row]) -> Result<Found> {
    let mut found = Found { revision: 0, json: "{".to_owned() };
    for row in rows {
        found.revision = row.get("revision")?;
        let Some(part) = row.get::<Option<String>>("part")? else { continue };
        if found.json.len() > 1 {
            found.json.push(',');
        }
        found.json.push_str(&named(&row.get::<String>("key_path")?, &part));
    }
    found.json.push('}');
    Ok(found)
}

/// A member of an object. A key path holds nothing that would have to be escaped.
pub(crate) fn named(key_path: &str, json: &str) -> String {
    format!("\"{key_path}\":{json}")
}

/// A page of the history, newest first. It ends early when the values to hash become too many; one is always there.
pub(crate) fn select_history(place: &Place, limit: i64, before: Option<u32>) -> Statement {
    Statement::new(
        "SELECT revision, action, key_path, previous, updated_by, updated_at FROM (\
           SELECT *, sum(bytes) OVER (ORDER BY revision DESC) AS total FROM (\
             SELECT *, coalesce(length(CAST(previous AS BLOB)), 0) AS bytes FROM config_revisions \
             WHERE context_key = ?1 AND revision < coalesce(?2, 9007199254740991) ORDER BY revision DESC LIMIT ?3)) \
         WHERE total - bytes <= ?4 ORDER BY revision DESC",
    )
    .bind(place.key.as_str())
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

/// The rows of the first statement of a batch.
pub(crate) fn first(outcomes: &[platform::Outcome]) -> Result<&[Row]> {
    let outcome = outcomes.first().ok_or_else(|| Error::internal("a batch without an outcome"))?;
    Ok(&outcome.rows)
}
