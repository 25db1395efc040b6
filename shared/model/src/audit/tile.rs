//! The paths of tiles, as <https://c2sp.org/tlog-tiles> has them: `0/x001/234`, `1/000.p/17`, `entries/005`.

use std::{fmt, str::FromStr};

/// How many hashes or entries a full tile has.
pub const FULL: u64 = 256;
/// Above this level no log of this world has a tile.
const HIGHEST: u8 = 7;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tile {
    pub of: Kind,
    pub index: u64,
    /// From 1 to 256.
    pub width: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Hashes of complete subtrees of 256^level leaves.
    Hashes { level: u8 },
    /// The entries themselves.
    Entries,
}

impl Tile {
    /// The tile of this index in a log of so many entries, as far as it is there.
    #[must_use]
    pub fn in_log(of: Kind, index: u64, size: u64) -> Option<Self> {
        let level = match of {
            Kind::Hashes { level } => u32::from(level),
            Kind::Entries => 0,
        };
        let complete = size.checked_shr(8 * level).unwrap_or_default();
        let width = complete.saturating_sub(index.checked_mul(FULL)?).min(FULL);
        (width > 0).then_some(Self { of, index, width })
    }

    #[must_use]
    pub fn is_full(&self) -> bool {
        self.width == FULL
    }

    /// The index of its first hash or entry.
    #[must_use]
    pub fn start(&self) -> u64 {
        self.index.saturating_mul(FULL)
    }
}

impl fmt::Display for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.of {
            Kind::Hashes { level } => write!(f, "{level}/")?,
            Kind::Entries => f.write_str("entries/")?,
        }
        let digits = self.index.to_string();
        let digits = format!("{}{digits}", "0".repeat((3 - digits.len() % 3) % 3));
        let groups = digits.len() / 3;
        for group in 0..groups {
            let digits = digits.get(3 * group..3 * group + 3).unwrap_or_default();
            if group + 1 == groups { f.write_str(digits)? } else { write!(f, "x{digits}/")? }
        }
        if self.is_full() { Ok(()) } else { write!(f, ".p/{}", self.width) }
    }
}

impl FromStr for Tile {
    type Err = ();

    /// Each tile has one path: what does not come out again as it was is none.
    fn from_str(path: &str) -> Result<Self, ()> {
        let (kind, rest) = path.split_once('/').ok_or(())?;
        let of = match kind {
            "entries" => Kind::Entries,
            level => Kind::Hashes { level: level.parse().ok().filter(|level| *level <= HIGHEST).ok_or(())? },
        };
        let (index, width) = match rest.split_once(".p/") {
            Some((index, width)) => (index, width.parse().ok().filter(|width| (1..FULL).contains(width)).ok_or(())?),
            None => (rest, FULL),
        };
        let digits: String = index.chars().filter(|c| !matches!(c, 'x' | '/')).collect();
        let tile = Self { of, index: digits.parse().map_err(drop)?, width };
        if tile.to_string() == path { Ok(tile) } else { Err(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_those_of_the_specification() {
        let hashes = |level, index, width| Tile { of: Kind::Hashes { level }, index, width };
        for (path, tile) in [
            ("0/x001/x234/067", hashes(0, 1_234_067, FULL)),
            ("1/000", hashes(1, 0, FULL)),
            ("0/x001/x234/067.p/8", hashes(0, 1_234_067, 8)),
            ("entries/x273/112.p/255", Tile { of: Kind::Entries, index: 273_112, width: 255 }),
        ] {
            assert_eq!((path.parse(), tile.to_string()), (Ok(tile), path.to_owned()));
        }
        for wrong in [
            "",
            "0",
            "0/",
            "0/1",
            "0/0001",
            "0/x000/001",
            "0/001/",
            "0/x001",
            "00/001",
            "8/001",
            "-1/001",
            "+1/001",
            "0/001.p/0",
            "0/001.p/256",
            "0/001.p/01",
            "0/001.p/",
            "0/001.p",
            "data/001",
            "0/001/002",
            "0/x0a1/002",
            "0/x999/x999/x999/x999/x999/x999/x999/999",
        ] {
            assert_eq!(wrong.parse::<Tile>(), Err(()), "{wrong}");
        }
    }

    #[test]
    fn a_tile_is_there_as_far_as_the_log_goes() {
        let width = |of, index, size| Tile::in_log(of, index, size).map(|tile| tile.width);
        let level = |level| Kind::Hashes { level };
        assert_eq!(width(level(0), 0, 0), None);
        assert_eq!(width(level(0), 0, 70_000), Some(256));
        assert_eq!(width(level(0), 273, 70_000), Some(70_000 - 273 * 256));
        assert_eq!(width(level(0), 274, 70_000), None);
        assert_eq!(width(level(1), 1, 70_000), Some(70_000 / 256 - 256));
        assert_eq!(width(level(2), 0, 70_000), Some(1));
        assert_eq!(width(level(3), 0, 70_000), None);
        assert_eq!(width(Kind::Entries, u64::MAX, u64::MAX), None);
    }
}
