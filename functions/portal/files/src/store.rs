//! The SQL of files.

use model::portal::{FilePage, PortalFile};
use platform::{Row, Statement};
use service::{
    Result,
    portal::{Cookie, Page},
};

/// How many bytes of contents one answer holds, but for a single file.
const MOST_BYTES: i64 = 4 << 20;

/// Files after a place, as many as the caller may read. The roles are those of the session, if it lives.
pub(crate) fn select(cookie: Option<&Cookie>, page: &Page, kind: Option<&str>, now: i64) -> Statement {
    let select = Statement::new(
        "WITH reader AS (SELECT d.roles FROM portal_sessions s JOIN portal_developers d ON d.id = s.developer_id \
           WHERE s.id_hash = ?1 AND s.developer_id = ?2 AND s.expires_at > ?3 AND d.status = 0), \
         listed AS (SELECT id, path, length(CAST(contents AS BLOB)) AS bytes FROM portal_files \
           WHERE path > ?4 AND (?5 IS NULL OR type = ?5) AND (readable_by IS NULL OR EXISTS ( \
             SELECT 1 FROM json_each(readable_by) role, reader WHERE role.value = '*' \
             OR role.value IN (SELECT value FROM json_each(reader.roles)))) \
           ORDER BY path LIMIT ?6), \
         placed AS (SELECT id, path, sum(bytes) OVER (ORDER BY path) AS bytes, \
           row_number() OVER (ORDER BY path) AS place, count(*) OVER () AS found FROM listed) \
         SELECT f.id, f.path, f.checksum, f.contents, f.created_at, p.place, p.found FROM placed p \
         JOIN portal_files f ON f.id = p.id WHERE (p.bytes <= ?7 OR p.place = 1) AND p.place < ?6 ORDER BY p.place",
    );
    let (id_hash, developer) =
        cookie.map_or((String::new(), String::new()), |cookie| (cookie.id_hash.clone(), cookie.developer.clone()));
    select
        .bind(id_hash)
        .bind(developer)
        .bind(now)
        .bind(page.after())
        .bind(kind.map(str::to_owned))
        .bind(page.size + 1)
        .bind(MOST_BYTES)
}

pub(crate) fn file_page(rows: &[Row], page: &Page, kind: Option<&str>) -> Result<FilePage> {
    let data = rows.iter().map(file).collect::<Result<Vec<_>>>()?;
    let has_more = match rows.last() {
        Some(row) => row.get::<i64>("place")? < row.get::<i64>("found")?,
        None => false,
    };
    let place = data.last().filter(|_| has_more).map(|file| file.path.as_str());
    let path = kind.map_or_else(|| "/files".to_owned(), |kind| format!("/files?type={kind}"));
    let next = place.map(|place| page.next(&path, place));
    let offset = place.map(Page::offset);
    Ok(FilePage { data, next, offset })
}

fn file(row: &Row) -> Result<PortalFile> {
    Ok(PortalFile {
        checksum: row.get("checksum")?,
        id: row.get("id")?,
        path: row.get("path")?,
        created_at: row.get::<i64>("created_at")?.div_euclid(1000),
        contents: row.get("contents")?,
    })
}
