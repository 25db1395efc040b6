//! Programs that `scripts/setup` installs for tests, wherever there is a Python.
#![expect(clippy::unwrap_used, reason = "a case fails by panicking")]

use std::{
    env,
    path::PathBuf,
    process::{Command, Stdio},
};

/// The folder in which they lie.
pub fn folder() -> PathBuf {
    let cache = env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    cache.unwrap_or_else(|| PathBuf::from(env::var_os("HOME").unwrap()).join(".cache")).join("chancery/tools")
}

/// Where a program is, if it is installed.
pub fn find(path: &str) -> Option<PathBuf> {
    Some(folder().join(path)).filter(|program| program.exists())
}

/// Where a program is; `None` on a machine without Python, where what needs it is not tested.
pub fn program(path: &str) -> Option<PathBuf> {
    if let Some(program) = find(path) {
        return Some(program);
    }
    let any = Command::new("python3").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    assert!(any.is_err(), "{} is missing: run scripts/setup", folder().join(path).display());
    eprintln!("NOT RUN: there is no python3, and so no {path}");
    None
}
