//! A copy of an audit log in a folder, in the form of <https://c2sp.org/tlog-tiles>: any web server can publish it, and
//! public monitors and witnesses read it. It is checked on its way: the entries against their hashes, the hashes against
//! the signed root and against the root of the copy before.

use std::{collections::HashMap, fs, path::Path};

use crypto::{
    base64,
    merkle::{self, Frontier, Hash, Node},
    note,
};
use model::audit::tile::{Kind, Tile};

use crate::{
    Error, Result,
    client::{Client, segment},
    request::Request,
};

const CHECKPOINT: &str = "checkpoint";
/// Where the key is kept of which the first copy was signed.
const KEY_FILE: &str = "key";

pub(crate) struct Mirrored {
    pub origin: String,
    pub size: u64,
    /// Tiles of entries that the log does not give, because an entry was erased or is too long.
    pub without_entries: u64,
}

/// Brings the copy up to the newest checkpoint. `key` is that of the log, if it is known; otherwise the one that is kept
/// in the folder, or at first the one that the service names.
pub(crate) fn mirror(client: &Client, tenant: &str, folder: &Path, key: Option<&str>) -> Result<Mirrored> {
    let log = Log { client, prefix: format!("/caas/audit/{}/tlog/", segment(tenant)), folder };
    let key = match (key, fs::read_to_string(folder.join(KEY_FILE))) {
        (Some(key), _) => key.to_owned(),
        (None, Ok(kept)) => kept,
        (None, Err(_)) => log.text("key")?,
    };
    let signed = log.text(CHECKPOINT)?;
    let Checkpoint { origin, size, root } = Checkpoint::verified(&key, &signed)?;
    let earlier = fs::read_to_string(folder.join(CHECKPOINT)).ok();
    let earlier = earlier.map(|earlier| Checkpoint::verified(&key, &earlier)).transpose()?;
    if earlier.as_ref().is_some_and(|earlier| earlier.size > size) {
        return Err(Error::Broken(format!("the log has {size} entries, fewer than were copied before")));
    }
    let mut tree = Tree::default();
    let mut leaves = Vec::new();
    for tile in tiles(0, size) {
        let hashes = log.hashes(tile)?;
        for hash in &hashes {
            tree.push(*hash);
            if earlier.as_ref().is_some_and(|it| it.size == tree.frontier.count() && it.root != tree.frontier.root()) {
                return Err(Error::Broken(
                    "the log does not begin with what was copied before: it was rewritten".to_owned(),
                ));
            }
        }
        leaves.push((tile, hashes));
    }
    if tree.frontier.root() != root {
        return Err(Error::Broken("the hashes do not lead to the signed root".to_owned()));
    }
    // Nothing is kept that is not proved.
    let mut without_entries = 0;
    for (tile, hashes) in leaves {
        log.keep(tile, hashes.as_flattened())?;
        let entries = Tile { of: Kind::Entries, ..tile };
        match log.tile(entries)? {
            Some(bytes) => {
                check(entries, &bytes, &hashes)?;
                log.keep(entries, &bytes)?;
            }
            None => without_entries += 1,
        }
    }
    for level in 1.. {
        let mut above = tiles(level, size).peekable();
        if above.peek().is_none() {
            break;
        }
        above.try_for_each(|tile| log.keep(tile, &tree.hashes(level, tile)?))?;
    }
    log.write(KEY_FILE, key.as_bytes())?;
    // Last, because it tells a reader which tiles are there.
    log.write(CHECKPOINT, signed.as_bytes())?;
    Ok(Mirrored { origin, size, without_entries })
}

struct Checkpoint {
    origin: String,
    size: u64,
    root: Hash,
}

impl Checkpoint {
    fn verified(key: &str, signed: &str) -> Result<Self> {
        let text = note::verified(key, signed);
        let text = text.map_err(|_| Error::Broken("a checkpoint is not signed by the key of this log".to_owned()))?;
        let checkpoint = Self::parse(text).ok_or_else(|| Error::Fault("a note is not a checkpoint".to_owned()))?;
        // The key's name is the origin.
        if key.starts_with(&format!("{}+", checkpoint.origin)) {
            Ok(checkpoint)
        } else {
            Err(Error::Broken("the checkpoint is one of another log".to_owned()))
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let (origin, size, root) = (lines.next()?.to_owned(), lines.next()?.parse().ok()?, lines.next()?);
        Some(Self { origin, size, root: base64::decode_any(root).ok()?.try_into().ok()? })
    }
}

/// The tiles of hashes of a level.
fn tiles(level: u8, size: u64) -> impl Iterator<Item = Tile> {
    (0..).map_while(move |index| Tile::in_log(Kind::Hashes { level }, index, size))
}

/// Holds each entry of a tile against its hash.
fn check(tile: Tile, mut entries: &[u8], hashes: &[Hash]) -> Result<()> {
    for (index, hash) in (tile.start()..).zip(hashes) {
        let altered = || Error::Broken(format!("entry {index} was altered"));
        let (length, rest) = entries.split_first_chunk::<2>().ok_or_else(altered)?;
        let (entry, rest) = rest.split_at_checked(u16::from_be_bytes(*length).into()).ok_or_else(altered)?;
        if merkle::leaf_hash(entry) != *hash {
            return Err(altered());
        }
        entries = rest;
    }
    if entries.is_empty() { Ok(()) } else { Err(Error::Broken(format!("tile {tile} has more entries than hashes"))) }
}

/// The tree over the leaves, and those of its nodes that stand in tiles above.
struct Tree {
    frontier: Frontier,
    nodes: HashMap<Node, Hash>,
}

impl Default for Tree {
    fn default() -> Self {
        Self { frontier: Frontier::new(0), nodes: HashMap::new() }
    }
}

impl Tree {
    fn push(&mut self, leaf: Hash) {
        let nodes = &mut self.nodes;
        self.frontier.push(leaf, |node, hash| {
            if node.level > 0 && node.level % 8 == 0 {
                nodes.insert(node, hash);
            }
        });
    }

    fn hashes(&self, level: u8, tile: Tile) -> Result<Vec<u8>> {
        let node = |at| Node { level: 8 * u32::from(level), position: tile.start() + at };
        let hashes = (0..tile.width).map(|at| self.nodes.get(&node(at)).copied());
        let hashes: Option<Vec<_>> = hashes.collect();
        Ok(hashes.ok_or_else(|| Error::Fault(format!("tile {tile} cannot be computed")))?.concat())
    }
}

struct Log<'a> {
    client: &'a Client,
    prefix: String,
    folder: &'a Path,
}

impl Log<'_> {
    fn get(&self, path: &str) -> Result<Vec<u8>> {
        Ok(Request::new("GET", format!("{}{path}", self.prefix)).send(self.client)?.body)
    }

    fn text(&self, path: &str) -> Result<String> {
        String::from_utf8(self.get(path)?).map_err(|_| Error::Fault(format!("{path} is not text")))
    }

    fn hashes(&self, tile: Tile) -> Result<Vec<Hash>> {
        let bytes = self.tile(tile)?.ok_or_else(|| Error::Fault(format!("there is no tile {tile}")))?;
        let (hashes, rest) = bytes.as_chunks();
        if hashes.len() as u64 == tile.width && rest.is_empty() {
            Ok(hashes.to_vec())
        } else {
            Err(Error::Broken(format!("tile {tile} has another width")))
        }
    }

    /// A tile from the folder if it is full and there, otherwise from the service. `None` if that has none.
    fn tile(&self, tile: Tile) -> Result<Option<Vec<u8>>> {
        let path = format!("tile/{tile}");
        if tile.is_full()
            && let Ok(kept) = fs::read(self.folder.join(&path))
        {
            return Ok(Some(kept));
        }
        match self.get(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(Error::Refused { status: 404, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn keep(&self, tile: Tile, bytes: &[u8]) -> Result<()> {
        let path = format!("tile/{tile}");
        if tile.is_full() {
            // The partial ones of this tile are of no use any more.
            let _ = fs::remove_dir_all(self.folder.join(format!("{path}.p")));
        }
        self.write(&path, bytes)
    }

    /// Replaces a file as a whole, so that no reader sees a part of it.
    fn write(&self, path: &str, bytes: &[u8]) -> Result<()> {
        let file = self.folder.join(path);
        let new = file.with_added_extension("new");
        let written = file.parent().map_or(Ok(()), fs::create_dir_all);
        let written = written.and_then(|()| fs::write(&new, bytes)).and_then(|()| fs::rename(&new, &file));
        written.map_err(|error| Error::usage(format!("{}: {error}", file.display())))
    }
}
