//! A look into the stored state from outside: the files of a deployment's database, read while it runs.

use std::fs;

use chancery_tests::runtime::Instance;
use rusqlite::{Connection, OpenFlags};

/// One audit row, without its number and time.
#[derive(Debug, PartialEq, Eq)]
pub struct AuditEntry {
    pub tenant: String,
    pub actor: String,
    pub action: String,
    pub subject: String,
    pub request_id: String,
}

/// Every audit row after the first `skip`, oldest first.
pub fn audit(instance: &Instance, skip: i64) -> Vec<AuditEntry> {
    let connection = open(instance);
    let text =
        "SELECT tenant_id, actor, action, subject, request_id FROM audit_entries ORDER BY seq LIMIT -1 OFFSET ?1";
    let mut statement = connection.prepare(text).unwrap();
    let rows = statement.query_map([skip], |row| {
        Ok(AuditEntry {
            tenant: row.get(0)?,
            actor: row.get(1)?,
            action: row.get(2)?,
            subject: row.get(3)?,
            request_id: row.get(4)?,
        })
    });
    rows.unwrap().map(Result::unwrap).collect()
}

pub fn audit_count(instance: &Instance) -> i64 {
    open(instance).query_row("SELECT count(*) FROM audit_entries", [], |row| row.get(0)).unwrap()
}

/// Whether these bytes stand anywhere in the files of the database, write-ahead log and leftovers included.
pub fn contains(instance: &Instance, text: &str) -> bool {
    let files = instance.database_files();
    assert!(!files.is_empty(), "there is no database file in the state folder");
    files.iter().any(|file| {
        let bytes = fs::read(file).unwrap_or_default();
        bytes.windows(text.len()).any(|window| window == text.as_bytes())
    })
}

fn open(instance: &Instance) -> Connection {
    let files = instance.database_files();
    let found = files.iter().find_map(|file| {
        let connection = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY).ok()?;
        connection.busy_timeout(std::time::Duration::from_secs(5)).ok()?;
        connection.query_row("SELECT count(*) FROM audit_entries", [], |row| row.get::<_, i64>(0)).ok()?;
        Some(connection)
    });
    found.unwrap_or_else(|| panic!("none of these files is the database: {files:?}"))
}
