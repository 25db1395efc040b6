//! How far an import of many configurations has come, in a file beside the one that is imported, so that it can go on
//! where it broke off.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::{Duration, Instant, UNIX_EPOCH},
};

use serde::{Deserialize, Serialize};

/// How long it is not written down, at most.
const PAUSE: Duration = Duration::from_secs(1);

pub(super) struct Progress {
    path: PathBuf,
    state: State,
    written: Instant,
}

/// What was imported where. It is another import when anything but the line differs.
#[derive(Clone, Serialize, Deserialize, PartialEq, Eq)]
struct State {
    url: String,
    length: u64,
    modified: u128,
    prune: bool,
    /// The last line before which everything is done.
    line: usize,
}

impl Progress {
    pub fn open(file: &Path, url: &str, prune: bool) -> io::Result<Self> {
        let about = fs::metadata(file)?;
        let modified = about.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
        let mut path = file.as_os_str().to_owned();
        path.push(".progress");
        let path = PathBuf::from(path);
        let mut state = State { url: url.to_owned(), length: about.len(), modified, prune, line: 0 };
        let known = fs::read(&path).ok().and_then(|text| serde_json::from_slice::<State>(&text).ok());
        if let Some(known) = known.filter(|known| State { line: 0, ..known.clone() } == state) {
            state = known;
        }
        Ok(Self { path, state, written: Instant::now() })
    }

    pub fn done(&self) -> usize {
        self.state.line
    }

    pub fn reached(&mut self, line: usize) {
        self.state.line = line;
        if self.written.elapsed() > PAUSE {
            self.write();
        }
    }

    /// Once all is done, there is nothing to go on with.
    pub fn close(&mut self, all_done: bool) {
        if all_done {
            // It may never have been written.
            let _ = fs::remove_file(&self.path);
        } else {
            self.write();
        }
    }

    /// Without it the next import begins anew, which costs time and nothing else.
    fn write(&mut self) {
        self.written = Instant::now();
        if let Ok(text) = serde_json::to_vec(&self.state) {
            let _ = fs::write(&self.path, text);
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn an_import_goes_on_only_if_it_is_the_same() {
        let file = std::env::temp_dir().join(format!("chancery-progress-{}.jsonl", std::process::id()));
        fs::write(&file, "{}\n{}\n").unwrap();
        let mut progress = Progress::open(&file, "http://a", false).unwrap();
        assert_eq!(progress.done(), 0);
        progress.reached(1);
        progress.close(false);
        assert_eq!(Progress::open(&file, "http://a", false).unwrap().done(), 1);
        assert_eq!(Progress::open(&file, "http://b", false).unwrap().done(), 0);
        assert_eq!(Progress::open(&file, "http://a", true).unwrap().done(), 0);
        fs::write(&file, "{}\n{}\n{}\n").unwrap();
        assert_eq!(Progress::open(&file, "http://a", false).unwrap().done(), 0);
        progress.close(true);
        assert!(!progress.path.exists());
        fs::remove_file(file).unwrap();
    }
}
