//! A database of a test's own, with all migrations.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use platform::{Sql, runtime};

pub(crate) struct Database {
    pub(crate) sql: Arc<dyn Sql>,
    folder: PathBuf,
}

impl Database {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("qnsp-database-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let sql = runtime::host(&folder.join("db.sqlite"), HashMap::new()).unwrap().sql;
        Self { sql, folder }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
