//! The state of a deployment: a folder with its database and its logs.

use std::{
    env, fs,
    path::{Path, PathBuf},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

use crate::libsql::Database;

/// A path below the folder of a state, and what stands there.
pub type File = (PathBuf, Vec<u8>);

/// Where the states of all deployments lie: in memory where there is such a place, or where `CHANCERY_STATE` says, on a disk
/// that is to be flushed.
fn parent() -> PathBuf {
    let memory = PathBuf::from("/dev/shm");
    let otherwise = || if memory.is_dir() { memory } else { env::temp_dir() };
    env::var_os("CHANCERY_STATE").map_or_else(otherwise, PathBuf::from)
}

/// A folder, removed with the last instance that uses it.
pub struct State {
    pub folder: PathBuf,
    /// Serves the database of this folder, once it is needed.
    libsql: OnceLock<Result<Database, String>>,
}

impl State {
    pub fn new() -> Result<Self, String> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = parent().join(format!("chancery-tests-{}-{number}", std::process::id()));
        fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        Ok(Self { folder, libsql: OnceLock::new() })
    }

    /// The variables with which a deployment finds the database of this folder.
    pub fn libsql(&self) -> Result<Vec<(&'static str, String)>, String> {
        let started = self.libsql.get_or_init(|| Database::start(&self.folder));
        started.as_ref().map(Database::variables).map_err(Clone::clone)
    }

    pub fn fill(&self, files: &[File]) -> Result<(), String> {
        for (path, bytes) in files {
            let file = self.folder.join(path);
            let written = file.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&file, bytes));
            written.map_err(|error| format!("{}: {error}", file.display()))?;
        }
        Ok(())
    }

    pub fn log(&self) -> PathBuf {
        self.folder.join("log.txt")
    }

    /// With `--quiet`, Spin writes what components print to these files only.
    pub fn component_logs(&self) -> Vec<PathBuf> {
        let mut files = Vec::new();
        collect_files(&self.folder.join("logs"), &mut files);
        files.retain(|file| file.to_string_lossy().ends_with("_stderr.txt"));
        files
    }

    pub fn database_files(&self) -> Vec<PathBuf> {
        let mut files = Vec::new();
        collect_files(&self.folder, &mut files);
        files.retain(|file| file.to_string_lossy().contains("sqlite") || file.extension().is_some_and(|e| e == "db"));
        files
    }
}

impl Drop for State {
    fn drop(&mut self) {
        drop(self.libsql.take());
        if env::var_os("CHANCERY_KEEP_STATE").is_none() {
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

fn collect_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() { collect_files(&path, files) } else { files.push(path) }
    }
}
