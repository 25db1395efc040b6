//! The SQL of files.

use crypto::hash;
use model::portal::{List, PortalFile, admin::FileEntry, readable_by, type_of};
use platform::{Outcome, Row, Statement};
use service::{
    Error, Result,
    portal::{self, Page},
};

pub(crate) fn count() -> Statement {
    Statement::new("SELECT count(*) AS total FROM portal_files")
}

pub(crate) fn select_page(page: &Page) -> Statement {
    Statement::new(
        "SELECT id, path, type, checksum, readable_by, created_at, updated_at FROM portal_files \
         WHERE path > ?1 ORDER BY path LIMIT ?2",
    )
    .bind(page.after())
    .bind(page.size + 1)
}

pub(crate) fn file_list(rows: &[Row], page: &Page, total: i64) -> Result<List<FileEntry>> {
    page.list_by("/caas/portal/files", rows, total, entry, |row| Ok(row.get("path")?))
}

pub(crate) fn select(path: &str) -> Statement {
    Statement::new("SELECT id, path, checksum, contents, created_at FROM portal_files WHERE path = ?1").bind(path)
}

pub(crate) fn upsert(path: &str, contents: &str, now: i64) -> Result<Statement> {
    let readers = readable_by(contents).map(|roles| serde_json::Value::from(roles).to_string());
    let insert = Statement::new(
        "INSERT INTO portal_files (id, path, type, contents, checksum, readable_by, created_at, updated_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7) ON CONFLICT (path) DO UPDATE SET type = excluded.type, \
         contents = excluded.contents, checksum = excluded.checksum, readable_by = excluded.readable_by, \
         updated_at = excluded.updated_at",
    );
    Ok(insert
        .bind(portal::new_id()?)
        .bind(path)
        .bind(type_of(path))
        .bind(contents)
        .bind(hash::hex(&hash::sha256(&[contents.as_bytes()])))
        .bind(readers)
        .bind(now))
}

pub(crate) fn delete(path: &str) -> Statement {
    Statement::new("DELETE FROM portal_files WHERE path = ?1").bind(path)
}

pub(crate) fn missing() -> Error {
    Error::not_found("No file at this path")
}

/// The file that the last statement read.
pub(crate) fn last_file(outcomes: &[Outcome]) -> Result<PortalFile> {
    let row = outcomes.last().and_then(|outcome| outcome.rows.first()).ok_or_else(missing)?;
    Ok(PortalFile {
        checksum: row.get("checksum")?,
        id: row.get("id")?,
        path: row.get("path")?,
        created_at: row.get::<i64>("created_at")?.div_euclid(1000),
        contents: row.get("contents")?,
    })
}

fn entry(row: &Row) -> Result<FileEntry> {
    let readers = row.get::<Option<String>>("readable_by")?.map(|roles| serde_json::from_str(&roles)).transpose();
    Ok(FileEntry {
        id: row.get("id")?,
        path: row.get("path")?,
        kind: row.get("type")?,
        checksum: row.get("checksum")?,
        readable_by: readers.map_err(|_| Error::internal("the readers of a file are not JSON"))?,
        created_at: row.get::<i64>("created_at")?.div_euclid(1000),
        updated_at: row.get::<i64>("updated_at")?.div_euclid(1000),
    })
}
