//! A look into the stored state from outside: the files of a deployment's database, read while it runs.

use std::{path::PathBuf, process::Command};

use chancery_tests::runtime::Instance;
use memchr::memmem;
use rusqlite::{Connection, OpenFlags};

/// One entry of the audit log, as its columns say, and the text that is the leaf.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    pub tenant: String,
    pub index: i64,
    pub actor: String,
    pub action: String,
    pub subject: String,
    pub outcome: String,
    pub text: String,
}

impl AuditEntry {
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.text).unwrap()
    }
}

/// Every entry of every tenant, each tenant's in their order.
pub fn audit(instance: &Instance) -> Vec<AuditEntry> {
    let connection = open(instance);
    let text = "SELECT tenant_id, leaf_index, actor, action, subject, outcome, entry FROM audit_entries \
         ORDER BY tenant_id, leaf_index";
    let mut statement = connection.prepare(text).unwrap();
    let rows = statement.query_map([], |row| {
        Ok(AuditEntry {
            tenant: row.get(0)?,
            index: row.get(1)?,
            actor: row.get(2)?,
            action: row.get(3)?,
            subject: row.get(4)?,
            outcome: row.get(5)?,
            text: row.get(6)?,
        })
    });
    rows.unwrap().map(Result::unwrap).collect()
}

/// The one number that a statement reads.
pub fn number(instance: &Instance, select: &str) -> i64 {
    open(instance).query_row(select, [], |row| row.get(0)).unwrap()
}

/// The first text that a statement reads.
pub fn text(instance: &Instance, select: &str) -> String {
    open(instance).query_row(select, [], |row| row.get(0)).unwrap()
}

/// The tags of a tenant's secrets.
pub fn secret_tags(instance: &Instance, tenant: &str) -> Vec<String> {
    let connection = open(instance);
    let mut statement = connection.prepare("SELECT tag FROM secrets WHERE tenant_id = ?1 ORDER BY tag").unwrap();
    let tags = statement.query_map([tenant], |row| row.get(0)).unwrap().map(Result::unwrap);
    tags.collect()
}

/// The first column of what a query finds.
pub fn text_rows(instance: &Instance, query: &str) -> Vec<String> {
    let connection = open(instance);
    let mut statement = connection.prepare(query).unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

/// Whether these bytes stand anywhere in the files of the database, write-ahead log and leftovers included.
pub fn contains(instance: &Instance, text: &(impl AsRef<[u8]> + ?Sized)) -> bool {
    let files = instance.database_files();
    assert!(!files.is_empty(), "there is no database file in the state folder");
    // Another process reads them: when this one closes a file of a database, it gives up the locks of all its connections
    // to it, and what other cases read meanwhile falls apart.
    let read = Command::new("cat").arg("--").args(&files).output().unwrap();
    memmem::find(&read.stdout, text.as_ref()).is_some()
}

/// Changes the stored state behind the back of the running deployment, which must be one of the case's own: D1 does not
/// expect another writer, and fails what others are doing meanwhile.
pub fn change(instance: &Instance, statements: &str) {
    open_with(instance, OpenFlags::SQLITE_OPEN_READ_WRITE).execute_batch(statements).unwrap();
}

fn open(instance: &Instance) -> Connection {
    open_with(instance, OpenFlags::SQLITE_OPEN_READ_ONLY)
}

fn open_with(instance: &Instance, flags: OpenFlags) -> Connection {
    open_among(&instance.database_files(), flags).0
}

/// Which of these files is the database; without its write-ahead log.
pub fn file(files: &[PathBuf]) -> PathBuf {
    open_among(files, OpenFlags::SQLITE_OPEN_READ_ONLY).1
}

fn open_among(files: &[PathBuf], flags: OpenFlags) -> (Connection, PathBuf) {
    let found = files.iter().find_map(|file| {
        let connection = Connection::open_with_flags(file, flags).ok()?;
        connection.busy_timeout(std::time::Duration::from_secs(5)).ok()?;
        connection.query_row("SELECT count(*) FROM audit_entries", [], |row| row.get::<_, i64>(0)).ok()?;
        Some((connection, file.clone()))
    });
    found.unwrap_or_else(|| panic!("none of these files is the database: {files:?}"))
}
