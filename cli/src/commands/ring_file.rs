//! The ring of root keys in the local `.dev.vars`: a new key is put in front. Keys are written to the file and never
//! printed.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crypto::{Zeroizing, seal::RootKeys};

use crate::{Error, Result, private_file};

const FILE: &str = ".dev.vars";
const VARIABLE: &str = "ROOT_KEY";

/// The nearest `.dev.vars` from here upwards. The functions' own are links to one file: that one is meant.
pub(super) fn find(from: &Path) -> Result<PathBuf> {
    let found = from.ancestors().map(|dir| dir.join(FILE)).find(|path| path.is_file());
    found.and_then(|path| path.canonicalize().ok()).ok_or_else(|| {
        Error::usage(format!(
            "no {FILE} from {} upwards: scripts/up makes it. For another place, `chancery root-key add --print` prints a new entry.",
            from.display()
        ))
    })
}

/// Puts an entry of the ring in front of the ring in the file, and gives the ids of the new ring.
pub(super) fn prepend(path: &Path, entry: &str) -> Result<Vec<String>> {
    let failed = |error: std::io::Error| Error::usage(format!("{}: {error}", path.display()));
    let text = fs::read_to_string(path).map(Zeroizing::new).map_err(failed)?;
    let (text, ids) = with_entry(&text, entry)?;
    private_file::replace(path, &text).map_err(failed)?;
    Ok(ids)
}

/// An id that the ring in the text does not have yet: the day, or the day with a number.
pub(super) fn free_id(path: &Path, day: &str) -> Result<String> {
    let text = fs::read_to_string(path).map(Zeroizing::new).unwrap_or_default();
    let ring = ring_of(&text).and_then(|ring| RootKeys::parse(ring).ok());
    let taken = |id: &str| ring.as_ref().is_some_and(|ring| ring.ids().any(|taken| taken == id));
    let numbered = (2..).map(|number: u32| format!("{day}-{number}"));
    let free = std::iter::once(day.to_owned()).chain(numbered).find(|id| !taken(id));
    free.ok_or_else(|| Error::usage("no id left for today; name one with --id"))
}

fn with_entry(text: &str, entry: &str) -> Result<(Zeroizing<String>, Vec<String>)> {
    let ring = ring_of(text).filter(|ring| !ring.is_empty()).ok_or_else(|| Error::usage("the file has no ROOT_KEY"))?;
    let longer = Zeroizing::new(format!("{entry},{ring}"));
    let keys = RootKeys::parse(&longer).map_err(|error| Error::usage(error.to_string()))?;
    let lines = text
        .lines()
        .map(|line| if value_of(line).is_some() { format!("{VARIABLE}=\"{}\"", *longer) } else { line.to_owned() });
    let text = Zeroizing::new(lines.map(|line| line + "\n").collect());
    Ok((text, keys.ids().map(str::to_owned).collect()))
}

fn ring_of(text: &str) -> Option<&str> {
    text.lines().rev().find_map(value_of)
}

/// The value when the line sets the ring.
fn value_of(line: &str) -> Option<&str> {
    let value = line.trim().strip_prefix(VARIABLE)?.trim_start().strip_prefix('=')?.trim();
    Some(value.trim_matches(['"', '\'']))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn entry(id: &str, byte: u8) -> String {
        format!("{id}:{}", crypto::base64::encode(&[byte; 32]))
    }

    #[test]
    fn the_new_key_comes_first_and_every_other_line_stays() {
        let file = format!("# local\nA=\"1\"\nROOT_KEY=\"{}\"\nROOT_KEYS_OF=x\n", entry("r1", 1));
        let (text, ids) = with_entry(&file, &entry("r2", 2)).unwrap();
        assert_eq!(ids, ["r2", "r1"]);
        let ring = format!("{},{}", entry("r2", 2), entry("r1", 1));
        assert_eq!(*text, format!("# local\nA=\"1\"\nROOT_KEY=\"{ring}\"\nROOT_KEYS_OF=x\n"));
    }

    #[test]
    fn an_id_twice_or_no_ring_changes_nothing() {
        let file = format!("ROOT_KEY={}\n", entry("r1", 1));
        assert!(with_entry(&file, &entry("r1", 2)).is_err());
        assert!(with_entry("A=1\n", &entry("r1", 2)).is_err());
        assert!(with_entry("ROOT_KEY=\n", &entry("r1", 2)).is_err());
    }

    #[test]
    fn a_file_behind_a_link_is_changed_itself_and_stays_private() {
        let dir = std::env::temp_dir().join(format!("chancery-ring-{}", std::process::id()));
        let inner = dir.join("functions/a");
        fs::create_dir_all(&inner).unwrap();
        fs::write(dir.join(FILE), format!("ROOT_KEY=\"{}\"\n", entry("2030-01-01", 1))).unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink("../../.dev.vars", inner.join(FILE)).unwrap();

        let path = find(&inner).unwrap();
        let id = free_id(&path, "2030-01-01").unwrap();
        assert_eq!(id, "2030-01-01-2");
        assert_eq!(prepend(&path, &entry(&id, 2)).unwrap(), ["2030-01-01-2", "2030-01-01"]);
        assert!(fs::read_to_string(dir.join(FILE)).unwrap().starts_with("ROOT_KEY=\"2030-01-01-2:"));
        #[cfg(unix)]
        {
            assert!(inner.join(FILE).is_symlink());
            let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(dir.join(FILE)).unwrap().permissions());
            assert_eq!(mode & 0o777, 0o600);
        }
        fs::remove_dir_all(&dir).unwrap();
    }
}
