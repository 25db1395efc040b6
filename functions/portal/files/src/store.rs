//! The SQL of files.

use model::portal::{FilePage, FileSummary, SummaryPage};
use platform::{Row, Statement};
use service::{
    Result,
    portal::{Cookie, Page, files_of},
};

/// How many bytes of contents one answer holds, but for a single file.
const MOST_BYTES: i64 = 4 << 20;

/// Files after a place, as many as the caller may read. The roles are those of the session, if it lives.
pub(crate) fn select(cookie: Option<&Cookie>, page: &Page, kind: Option<&str>, now: i64) -> Statement {
    let select = select_contents(
        page,
        kind,
        "WITH reader AS (SELECT d.roles FROM portal_sessions s JOIN portal_developers d ON d.id = s.developer_id \
           WHERE s.id_hash = ?5 AND s.developer_id = ?6 AND s.expires_at > ?7 AND d.status = 0),",
        "AND (readable_by IS NULL OR EXISTS ( \
           SELECT 1 FROM json_each(readable_by) role, reader WHERE role.value = '*' \
           OR role.value IN (SELECT value FROM json_each(reader.roles))))",
    );
    let (id_hash, developer) =
        cookie.map_or((String::new(), String::new()), |cookie| (cookie.id_hash.clone(), cookie.developer.clone()));
    select.bind(id_hash).bind(developer).bind(now)
}

/// Files after a place, whatever their readers are.
pub(crate) fn select_all(page: &Page, kind: Option<&str>) -> Statement {
    select_contents(page, kind, "WITH", "")
}

/// Files after a place that meet a condition, as many as the bytes of an answer allow. Parameters of the caller follow
/// from `?5` on.
fn select_contents(page: &Page, kind: Option<&str>, with: &str, condition: &str) -> Statement {
    let select = Statement::new(format!(
        "{with} listed AS (SELECT id, path, bytes FROM portal_files WHERE path > ?1 AND (?2 IS NULL OR type = ?2) \
           {condition} ORDER BY path LIMIT ?3), \
         placed AS (SELECT id, path, sum(bytes) OVER (ORDER BY path) AS bytes, \
           row_number() OVER (ORDER BY path) AS place, count(*) OVER () AS found FROM listed) \
         SELECT f.id, f.path, f.checksum, c.contents, f.created_at, p.place, p.found FROM placed p \
         JOIN portal_files f ON f.id = p.id JOIN portal_file_parts c ON c.file_id = f.id \
         WHERE (p.bytes <= ?4 OR p.place = 1) AND p.place < ?3 ORDER BY p.place, c.part"
    ));
    select.bind(page.after()).bind(kind.map(str::to_owned)).bind(page.size + 1).bind(MOST_BYTES)
}

pub(crate) fn select_summaries(page: &Page, kind: Option<&str>) -> Statement {
    let select = Statement::new(
        "SELECT id, path, checksum, created_at FROM portal_files WHERE path > ?1 AND (?2 IS NULL OR type = ?2) \
         ORDER BY path LIMIT ?3",
    );
    select.bind(page.after()).bind(kind.map(str::to_owned)).bind(page.size + 1)
}

pub(crate) fn summary_page(rows: &[Row], page: &Page, path: &str) -> Result<SummaryPage> {
    let read = |row: &Row| {
        Ok(FileSummary {
            checksum: row.get("checksum")?,
            id: row.get("id")?,
            path: row.get("path")?,
            created_at: row.get::<i64>("created_at")?.div_euclid(1000),
        })
    };
    let list = page.list_by(path, rows, 0, read, |row| Ok(row.get("path")?))?;
    Ok(SummaryPage { data: list.data, next: list.next, offset: list.offset })
}

pub(crate) fn file_page(rows: &[Row], page: &Page, path: &str) -> Result<FilePage> {
    let data = files_of(rows)?;
    let has_more = match rows.last() {
        Some(row) => row.get::<i64>("place")? < row.get::<i64>("found")?,
        None => false,
    };
    let place = data.last().filter(|_| has_more).map(|file| file.path.as_str());
    let next = place.map(|place| page.next(path, place));
    let offset = place.map(Page::offset);
    Ok(FilePage { data, next, offset })
}
