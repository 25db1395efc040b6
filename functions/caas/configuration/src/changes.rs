//! The SQL of changes. The database itself edits the document, so writers of one context wait for each other and none
//! overwrites what it has not seen. A change first writes its revision, if its conditions hold; the next statement carries
//! out a revision that the document does not have yet.

use std::collections::BTreeMap;

use model::{
    configuration::{ConfigValue, MAX_CONFIG_BYTES, WHOLE},
    ids::KeyPath,
};
use platform::Statement;
use service::{CALLER_KEY_ID, Condition, EntityTag, Error, Preconditions, Result, Signed};

use crate::access::RecordRef;

/// What stands before a change: the revision, and whether something other than an object is in its way.
pub(crate) fn select_state(record: &RecordRef, key_path: &KeyPath) -> Statement {
    Statement::new(
        "SELECT coalesce(c.revision, 0) AS revision, c.data IS NOT NULL AS present, \
           EXISTS (SELECT 1 FROM json_each(?2) p WHERE json_type(c.data, p.value) <> 'object') AS blocked \
         FROM (SELECT 1) LEFT JOIN configs c ON c.context_key = ?1",
    )
    .bind(record.key.as_str())
    .bind(parents(key_path))
}

/// What stands before a removal.
pub(crate) fn select_whole(record: &RecordRef) -> Statement {
    Statement::new(
        "SELECT coalesce(c.revision, 0) AS revision, c.data IS NOT NULL AS present \
         FROM (SELECT 1) LEFT JOIN configs c ON c.context_key = ?1",
    )
    .bind(record.key.as_str())
}

/// Whether the conditions of a request hold for the configuration `c`, as `Preconditions::hold` has it. The parameter is
/// what [`conditions_json`] makes of them.
fn conditions_hold(parameter: &str) -> String {
    let is_listed =
        |list: &str| format!("coalesce(c.revision, 0) || '' IN (SELECT value FROM json_each({parameter}, '$.{list}'))");
    format!(
        "coalesce((c.data IS NOT NULL) = {parameter} ->> '$.present', 1) \
         AND (json_type({parameter}, '$.match') IS NULL OR {}) AND NOT {}",
        is_listed("match"),
        is_listed("other"),
    )
}

/// `match`: the revisions of which one must stand; `other`: those of which none may; `present`: whether a configuration
/// must be there (1) or not (0).
fn conditions_json(conditions: &Preconditions) -> String {
    let opaque = |tags: &[EntityTag], strong: bool| -> Vec<String> {
        tags.iter().filter(|tag| !strong || !tag.is_weak).map(|tag| tag.opaque.clone()).collect()
    };
    let mut json = serde_json::Map::new();
    match &conditions.if_match {
        None => {}
        Some(Condition::Any) => drop(json.insert("present".to_owned(), 1.into())),
        Some(Condition::Tags(tags)) => drop(json.insert("match".to_owned(), opaque(tags, true).into())),
    }
    match &conditions.if_none_match {
        None => {}
        // Both at once: a configuration that is there and is not. Nothing is.
        Some(Condition::Any) if json.contains_key("present") => drop(json.insert("present".to_owned(), 2.into())),
        Some(Condition::Any) => drop(json.insert("present".to_owned(), 0.into())),
        Some(Condition::Tags(tags)) => drop(json.insert("other".to_owned(), opaque(tags, false).into())),
    }
    serde_json::Value::Object(json).to_string()
}

/// The revision of a set: only when the conditions hold, nothing is in the way and the result is not too
/// long. The exact length is only computed where the sum of the parts does not say enough.
pub(crate) fn record_set(
    signed: &Signed,
    record: &RecordRef,
    key_path: &KeyPath,
    value: &ConfigValue,
    conditions: &Preconditions,
) -> Statement {
    let text = format!(
        "INSERT INTO config_revisions (context_key, revision, action, key_path, previous, updated_by, updated_at) \
             SELECT ?1, coalesce(c.revision, 0) + 1, 'set', ?2, c.data -> ?3, {CALLER_KEY_ID}, ?4 \
             FROM request_nonces m LEFT JOIN configs c ON c.context_key = ?1 \
             WHERE m.nonce = ?5 AND {} \
               AND NOT EXISTS (SELECT 1 FROM json_each(?7) p WHERE json_type(c.data, p.value) <> 'object') \
               AND (length(CAST(coalesce(c.data, '') || ?8 AS BLOB)) + 2 * length(?3) <= ?9 \
                 OR length(CAST(json_set(coalesce(c.data, '{{}}'), ?3, json(?8)) AS BLOB)) <= ?9)",
        conditions_hold("?6")
    );
    Statement::new(text)
        .bind(record.key.as_str())
        .bind(key_path.as_str())
        .bind(sql_path(key_path))
        .bind(signed.now)
        .bind(signed.nonce())
        .bind(conditions_json(conditions))
        .bind(parents(key_path))
        .bind(value.as_str())
        .bind(MAX_CONFIG_BYTES)
}

/// Carries out what [`record_set`] wrote down.
pub(crate) fn set(record: &RecordRef, key_path: &KeyPath, value: &ConfigValue) -> Statement {
    Statement::new(
        "INSERT INTO configs (context_key, context, data, revision, updated_by, updated_at) \
         SELECT ?1, ?2, json_set(coalesce((SELECT data FROM configs WHERE context_key = ?1), '{}'), ?3, json(?4)), \
           revision, updated_by, updated_at \
         FROM (SELECT revision, updated_by, updated_at FROM config_revisions WHERE context_key = ?1 \
           ORDER BY revision DESC LIMIT 1) \
         WHERE revision > coalesce((SELECT revision FROM configs WHERE context_key = ?1), 0) \
         ON CONFLICT (context_key) DO UPDATE SET data = excluded.data, revision = excluded.revision, \
           updated_by = excluded.updated_by, updated_at = excluded.updated_at",
    )
    .bind(record.key.as_str())
    .bind(record.context.as_str())
    .bind(sql_path(key_path))
    .bind(value.as_str())
}

/// A revision for every path that is there, when the conditions hold.
pub(crate) fn record_remove(
    signed: &Signed,
    record: &RecordRef,
    key_paths: &[KeyPath],
    conditions: &Preconditions,
) -> Result<Statement> {
    let text = format!(
        "INSERT INTO config_revisions (context_key, revision, action, key_path, previous, updated_by, updated_at) \
             SELECT ?1, c.revision + row_number() OVER (ORDER BY p.id), 'remove', p.key, c.data -> p.value, {CALLER_KEY_ID}, ?4 \
             FROM request_nonces m JOIN configs c ON c.context_key = ?1 JOIN json_each(?2) p \
             WHERE m.nonce = ?3 AND json_type(c.data, p.value) IS NOT NULL AND {}",
        conditions_hold("?5")
    );
    let insert = Statement::new(text).bind(record.key.as_str()).bind(sql_paths(key_paths)?);
    Ok(insert.bind(signed.nonce()).bind(signed.now).bind(conditions_json(conditions)))
}

/// Carries out what [`record_remove`] wrote down: one path after the other. What is then empty is gone.
pub(crate) fn remove(record: &RecordRef, key_paths: &[KeyPath]) -> Result<Statement> {
    let remove = Statement::new(
        "UPDATE configs SET data = (\
           WITH RECURSIVE paths (number, path) AS (\
             SELECT row_number() OVER (ORDER BY id), value FROM json_each(?2)), \
           less (number, doc) AS (\
             SELECT 0, data FROM configs WHERE context_key = ?1 \
             UNION ALL SELECT paths.number, json_remove(doc, path) FROM less JOIN paths ON paths.number = less.number + 1) \
           SELECT nullif(doc, '{}') FROM less ORDER BY number DESC LIMIT 1), \
         revision = last.revision, updated_by = last.updated_by, updated_at = last.updated_at \
         FROM (SELECT revision, updated_by, updated_at FROM config_revisions WHERE context_key = ?1 \
           ORDER BY revision DESC LIMIT 1) last \
         WHERE configs.context_key = ?1 AND configs.revision < last.revision",
    );
    Ok(remove.bind(record.key.as_str()).bind(sql_paths(key_paths)?))
}

/// The path in SQLite's notation. A key path holds nothing that would have to be escaped in it.
pub(crate) fn sql_path(key_path: &KeyPath) -> String {
    match key_path.as_str() {
        WHOLE => "$".to_owned(),
        path => format!("$.\"{}\"", path.replace('.', "\".\"")),
    }
}

/// Each key path with its path in SQLite's notation, as a JSON object. Whoever names everything needs no other path.
pub(crate) fn sql_paths(key_paths: &[KeyPath]) -> Result<String> {
    let paths: BTreeMap<_, _> = key_paths.iter().map(|path| (path.as_str(), sql_path(path))).collect();
    serde_json::to_string(&paths).map_err(|error| Error::internal(format!("key paths: {error}")))
}

/// Everything above a path, in SQLite's notation, as a JSON array.
fn parents(key_path: &KeyPath) -> String {
    let path = key_path.as_str();
    let above = path.match_indices('.').filter_map(|(dot, _)| path.get(..dot));
    let above: Vec<_> = above.map(|path| format!("$.\"{}\"", path.replace('.', "\".\""))).collect();
    serde_json::Value::from(above).to_string()
}
