//! The SQL of files.

use model::portal::{List, PortalFile, admin::FileEntry};
use platform::{Row, Statement};
use service::{
    Error, Result,
    portal::{Page, files_of},
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

pub(crate) fn missing() -> Error {
    Error::not_found("No file at this path")
}

/// The one file of these rows.
pub(crate) fn file(rows: &[Row]) -> Result<PortalFile> {
    files_of(rows)?.into_iter().next().ok_or_else(missing)
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
