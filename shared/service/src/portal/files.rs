//! Files as they are stored: a row, and its contents in parts that every database takes. Several functions read or write
//! them; who may is judged there.

use crypto::hash;
use model::portal::{PortalFile, is_file_path, readable_by, type_of};
use platform::{Row, Statement};

use super::new_id;
use crate::{Actor, Batch, Error, Result, Slot};

/// The longest file, in bytes.
pub const MAX_FILE: usize = 10 << 20;

/// The longest body that brings a file: JSON escapes make it longer than the contents in it.
pub const FILE_BODY_LIMIT: usize = 16 << 20;

/// The longest part, in bytes. D1 takes rows of 2 MB.
const PART: usize = 1_000_000;

/// Refuses what cannot be a file.
pub fn check_file(path: &str, contents: &str) -> Result<()> {
    if !is_file_path(path) {
        return Err(Error::bad_request("path must be names between slashes, at most 512 bytes, none of them . or .."));
    }
    if contents.len() > MAX_FILE {
        return Err(Error::bad_request("contents may have at most 10 MiB"));
    }
    Ok(())
}

/// Puts a file at its path. The slot says whether anything changed.
pub fn put_file<A: Actor>(batch: &mut Batch<A>, path: &str, contents: &str) -> Result<Slot> {
    let now = batch.actor().now;
    let readers = readable_by(contents).map(|roles| serde_json::Value::from(roles).to_string());
    let upsert = Statement::new(
        "INSERT INTO portal_files (id, path, type, bytes, checksum, readable_by, created_at, updated_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7) ON CONFLICT (path) DO UPDATE SET type = excluded.type, \
         bytes = excluded.bytes, checksum = excluded.checksum, readable_by = excluded.readable_by, \
         updated_at = excluded.updated_at",
    );
    let upsert = upsert
        .bind(new_id()?)
        .bind(path)
        .bind(type_of(path))
        .bind(i64::try_from(contents.len()).unwrap_or(i64::MAX))
        .bind(hash::hex(&hash::sha256(&[contents.as_bytes()])))
        .bind(readers)
        .bind(now);
    let clear =
        Statement::new("DELETE FROM portal_file_parts WHERE file_id = (SELECT id FROM portal_files WHERE path = ?1)");
    let changed = batch.push(upsert);
    batch.push(clear.bind(path));
    for (number, part) in (0_i64..).zip(parts(contents)) {
        let insert = Statement::new(
            "INSERT INTO portal_file_parts (file_id, part, contents) SELECT id, ?2, ?3 FROM portal_files WHERE path = ?1",
        );
        batch.push(insert.bind(path).bind(number).bind(part));
    }
    Ok(changed)
}

/// A file with its contents, one row for each part.
pub fn select_file(path: &str) -> Statement {
    Statement::new(
        "SELECT f.id, f.path, f.checksum, f.created_at, c.contents FROM portal_files f \
         JOIN portal_file_parts c ON c.file_id = f.id WHERE f.path = ?1 ORDER BY c.part",
    )
    .bind(path)
}

pub fn delete_file(path: &str) -> Statement {
    Statement::new("DELETE FROM portal_files WHERE path = ?1").bind(path)
}

/// The files of rows that hold a part each, in their order.
pub fn files_of(rows: &[Row]) -> Result<Vec<PortalFile>> {
    let mut files: Vec<PortalFile> = Vec::new();
    for row in rows {
        let (id, contents): (String, String) = (row.get("id")?, row.get("contents")?);
        match files.last_mut().filter(|file| file.id == id) {
            Some(file) => file.contents.push_str(&contents),
            None => files.push(PortalFile {
                checksum: row.get("checksum")?,
                id,
                path: row.get("path")?,
                created_at: row.get::<i64>("created_at")?.div_euclid(1000),
                contents,
            }),
        }
    }
    Ok(files)
}

/// Contents in parts that begin and end between characters; one empty part of nothing.
fn parts(contents: &str) -> Vec<&str> {
    let (mut parts, mut rest) = (Vec::new(), contents);
    loop {
        let (part, after) = rest.split_at_checked(rest.floor_char_boundary(PART)).unwrap_or((rest, ""));
        parts.push(part);
        rest = after;
        if rest.is_empty() {
            return parts;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_whole_texts_and_together_the_contents() {
        assert_eq!(parts(""), [""]);
        assert_eq!(parts("ä"), ["ä"]);
        let long = "ä€x".repeat(500_001);
        let found = parts(&long);
        assert_eq!((found.len(), found.concat() == long), (4, true));
        assert!(found.iter().all(|part| part.len() <= PART && part.len() > PART - 4 || part.len() < PART));
        assert_eq!(parts(&"x".repeat(PART)).len(), 1);
    }
}
