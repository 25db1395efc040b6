//! The SQL of the directory: only what differs from the built-in entries is stored.

use std::collections::BTreeMap;

use model::directory::BUILT_IN;
use platform::{Row, Statement};
use service::{Cached, Error, Result};

/// Names with their URL, or without one where the built-in entry is hidden.
pub(crate) type Overrides = Vec<(String, Option<String>)>;

pub(crate) type CachedOverrides = Cached<Overrides>;

pub(crate) fn select() -> Statement {
    Statement::new("SELECT name, url FROM service_directory ORDER BY name")
}

pub(crate) fn read(rows: &[Row]) -> Result<Overrides> {
    rows.iter().map(|row| Ok((row.get("name")?, row.get("url")?))).collect()
}

/// All changes in one statement, so that its count says whether there was any. What is removed stays as a name
/// without a URL; what was never there is not written down.
pub(crate) fn apply(changes: &BTreeMap<String, Option<String>>) -> Result<Statement> {
    let json = |error: serde_json::Error| Error::internal(format!("directory: {error}"));
    let apply = Statement::new(
        "INSERT INTO service_directory (name, url) \
         SELECT key, value FROM json_each(?1) AS change \
         WHERE value IS NOT NULL OR key IN (SELECT value FROM json_each(?2)) \
           OR EXISTS (SELECT 1 FROM service_directory WHERE name = change.key) \
         ON CONFLICT (name) DO UPDATE SET url = excluded.url WHERE url IS NOT excluded.url",
    );
    let built_in = BUILT_IN.map(|(name, _)| name);
    Ok(apply.bind(serde_json::to_string(changes).map_err(json)?).bind(serde_json::to_string(&built_in).map_err(json)?))
}
