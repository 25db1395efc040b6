//! Whether an exported audit log is the one that was signed, found out without the service: the tree is built again from
//! the entries, and held against every checkpoint. What was altered, dropped, moved or inserted is named.

use std::collections::BTreeMap;

use crypto::{
    PublicKey, base64, hash,
    merkle::{self, Frontier, Hash},
    sign,
};
use model::audit::{Checkpoint, Entry, ExportLine};

use crate::{Error, Result};

/// How many faults are listed one by one.
const MOST_LISTED: usize = 50;

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub tenant: String,
    pub entries: u64,
    /// How many of them the last good checkpoint covers.
    pub covered: u64,
    pub checkpoints: usize,
    /// How many entries have a leaf and no text any more.
    pub erased: u64,
    faults: Vec<String>,
}

impl Report {
    /// The faults as one error, if there are any.
    pub fn proven(self) -> Result<Self> {
        if self.faults.is_empty() {
            return Ok(self);
        }
        let more = self.faults.len().saturating_sub(MOST_LISTED);
        let mut listed: Vec<_> = self.faults.into_iter().take(MOST_LISTED).collect();
        if more > 0 {
            listed.push(format!("and {more} more"));
        }
        Err(Error::Broken(listed.join("\n")))
    }
}

/// The key that the export itself names, from its first lines.
pub(crate) fn named_key(lines: &mut dyn Iterator<Item = Result<String>>) -> Result<Option<String>> {
    for line in lines {
        if let ExportLine::Key { key } = parse(&line?)? {
            return Ok(Some(key.public_key));
        }
    }
    Ok(None)
}

/// Checks an export, whose lines are gone through twice. `previous` is a checkpoint that was kept from before.
pub(crate) fn verify(
    lines: &dyn Fn() -> Result<Box<dyn Iterator<Item = Result<String>>>>,
    key: &PublicKey,
    previous: Option<Checkpoint>,
) -> Result<Report> {
    let mut report = Report::default();
    let mut signed = BTreeMap::<u64, Vec<(Checkpoint, &str)>>::new();
    for line in lines()? {
        if let ExportLine::Checkpoint { checkpoint } = parse(&line?)? {
            signed.entry(checkpoint.tree_size).or_default().push((checkpoint, "the checkpoint"));
        }
    }
    if let Some(previous) = previous {
        signed.entry(previous.tree_size).or_default().push((previous, "the earlier checkpoint"));
    }
    for (size, checkpoints) in &mut signed {
        checkpoints.retain(|(checkpoint, name)| {
            let signature = base64::decode_any(&checkpoint.signature).unwrap_or_default();
            let good = sign::verify(key, checkpoint.signed_text().as_bytes(), &signature).is_ok();
            if !good {
                report.faults.push(format!("{name} of {size} entries is not signed by this key"));
            }
            good
        });
    }
    report.checkpoints = signed.values().map(Vec::len).sum();
    if report.checkpoints == 0 {
        report.faults.push("no good checkpoint is there, so nothing is proved".to_owned());
    }
    let mut tree = Tree { frontier: Frontier::new(0), complete: true, good: 0 };
    for (number, line) in lines()?.enumerate() {
        if let ExportLine::Entry { index, leaf_hash, entry } = parse(&line?)? {
            tree.add(&mut report, number + 1, index, &leaf_hash, entry.as_deref());
            if tree.complete
                && let Some(checkpoints) = signed.remove(&report.entries)
            {
                tree.compare(&mut report, &checkpoints);
            }
        }
    }
    if tree.complete
        && let Some((size, _)) = signed.into_iter().next_back().filter(|(_, checkpoints)| !checkpoints.is_empty())
    {
        let (from, to) = (report.entries, size - 1);
        report.faults.push(format!("entries {from} to {to} are missing: {size} were signed"));
    }
    report.covered = tree.good;
    Ok(report)
}

struct Tree {
    frontier: Frontier,
    /// No entry is missing so far, and no root was wrong.
    complete: bool,
    /// The size of the last tree that was as signed.
    good: u64,
}

impl Tree {
    fn add(&mut self, report: &mut Report, line: usize, index: u64, leaf_hash: &str, text: Option<&str>) {
        let expected = report.entries;
        if index < expected {
            report.faults.push(format!("line {line}: entry {index} stands here out of its order, moved or inserted"));
            return;
        }
        if index > expected {
            let missing = if index - 1 == expected {
                format!("entry {expected} is")
            } else {
                format!("entries {expected} to {} are", index - 1)
            };
            report.faults.push(format!("line {line}: {missing} missing before it"));
            self.complete = false;
        }
        report.entries = index + 1;
        let leaf = match text {
            Some(text) => leaf_of(report, (line, index), leaf_hash, text),
            None => {
                report.erased += 1;
                kept_leaf(report, (line, index), leaf_hash)
            }
        };
        self.frontier.push(leaf, |_, _| {});
    }

    fn compare(&mut self, report: &mut Report, checkpoints: &[(Checkpoint, &str)]) {
        let (root, size) = (hash::hex(&self.frontier.root()), report.entries);
        for (checkpoint, name) in checkpoints {
            if report.tenant.is_empty() {
                // Every text so far was erased.
                report.tenant.clone_from(&checkpoint.tenant);
            }
            if checkpoint.tenant != report.tenant {
                report.faults.push(format!("{name} of {size} entries is of another tenant, {}", checkpoint.tenant));
            } else if checkpoint.root_hash != root {
                let (from, to) = (self.good, size - 1);
                report.faults.push(format!(
                    "{name} of {size} entries signs another tree: something among the entries {from} to {to} was altered, \
                     dropped, moved or inserted"
                ));
                // Every later tree has this one inside.
                self.complete = false;
                return;
            }
        }
        if !checkpoints.is_empty() {
            self.good = size;
        }
    }
}

/// The leaf of an entry with its text, which must be what it says to be.
fn leaf_of(report: &mut Report, (line, index): (usize, u64), leaf_hash: &str, text: &str) -> Hash {
    match serde_json::from_str::<Entry>(text) {
        Ok(entry) => {
            if report.tenant.is_empty() {
                report.tenant.clone_from(&entry.tenant);
            }
            if entry.index != index {
                let says = entry.index;
                report.faults.push(format!("line {line}: entry {index} says of itself that it is {says}"));
            }
            if entry.tenant != report.tenant {
                report.faults.push(format!("line {line}: entry {index} is of another tenant, {}", entry.tenant));
            }
        }
        Err(_) => report.faults.push(format!("line {line}: entry {index} is not an entry")),
    }
    let leaf = merkle::leaf_hash(text.as_bytes());
    if hash::hex(&leaf) != leaf_hash {
        report.faults.push(format!("line {line}: entry {index} was altered: its text has another hash"));
    }
    leaf
}

/// The leaf of an entry whose text was erased. That it is the right one is shown by the checkpoints alone.
fn kept_leaf(report: &mut Report, (line, index): (usize, u64), leaf_hash: &str) -> Hash {
    let kept = hash::from_hex(leaf_hash).and_then(|bytes| Hash::try_from(bytes).ok());
    kept.unwrap_or_else(|| {
        report.faults.push(format!("line {line}: entry {index} has neither a text nor a hash"));
        Hash::default()
    })
}

fn parse(line: &str) -> Result<ExportLine> {
    serde_json::from_str(line).map_err(|_| Error::usage("this is not an export of an audit log: a line cannot be read"))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

    use crypto::{Curve, PrivateKey, sign::SigningKey};
    use serde_json::json;

    use super::*;

    fn key() -> SigningKey {
        SigningKey::derive(&PrivateKey::from_bytes(Curve::P256, &[7; 32]).unwrap(), "test").unwrap()
    }

    fn entry(index: u64, subject: &str) -> String {
        let text = json!({
            "tenant": "acme", "index": index, "at": 1, "actor": "a", "action": "x", "subject": subject,
            "requestId": null, "outcome": "done", "detail": null,
        });
        text.to_string()
    }

    fn entry_line(index: u64, text: &str) -> String {
        json!({ "index": index, "leafHash": hash::hex(&merkle::leaf_hash(text.as_bytes())), "entry": text }).to_string()
    }

    fn checkpoint(texts: &[String], key: &SigningKey) -> Checkpoint {
        let mut frontier = Frontier::new(0);
        for text in texts {
            frontier.push(merkle::leaf_hash(text.as_bytes()), |_, _| {});
        }
        let mut made = Checkpoint {
            tenant: "acme".to_owned(),
            tree_size: texts.len() as u64,
            root_hash: hash::hex(&frontier.root()),
            time: 5,
            signature: String::new(),
        };
        made.signature = base64::encode(&key.sign(made.signed_text().as_bytes()));
        made
    }

    /// Ten entries, with checkpoints behind the fourth and the last.
    fn export() -> (Vec<String>, Vec<String>) {
        let texts: Vec<_> = (0..10).map(|index| entry(index, &format!("s{index}"))).collect();
        let mut lines: Vec<_> = texts.iter().zip(0..).map(|(text, index)| entry_line(index, text)).collect();
        for size in [10, 4] {
            lines.insert(size, json!({ "checkpoint": checkpoint(&texts[..size], &key()) }).to_string());
        }
        (texts, lines)
    }

    fn verified(lines: &[String], previous: Option<Checkpoint>) -> std::result::Result<Report, String> {
        let lines = lines.to_vec();
        let source =
            || -> Result<Box<dyn Iterator<Item = Result<String>>>> { Ok(Box::new(lines.clone().into_iter().map(Ok))) };
        let report = verify(&source, &key().public_key(), previous).unwrap();
        report.proven().map_err(|error| error.to_string())
    }

    #[test]
    fn what_was_signed_is_proved() {
        let (texts, lines) = export();
        let report = verified(&lines, Some(checkpoint(&texts[..7], &key()))).unwrap();
        assert_eq!((report.entries, report.covered, report.checkpoints), (10, 10, 3));
        let report = verified(&lines[..11], None).unwrap();
        assert_eq!((report.entries, report.covered), (10, 4));
    }

    #[test]
    fn what_was_altered_dropped_moved_or_inserted_is_named() {
        let (texts, lines) = export();
        // The lines of entries 0 to 3, then a checkpoint, then 4 to 9, then a checkpoint.
        let faults_after = |change: &dyn Fn(&mut Vec<String>)| {
            let mut lines = lines.clone();
            change(&mut lines);
            verified(&lines, None).unwrap_err()
        };
        let altered = faults_after(&|lines| lines[2] = lines[2].replace("s2", "sX"));
        assert!(altered.contains("line 3: entry 2 was altered"), "{altered}");
        let altered = faults_after(&|lines| lines[7] = entry_line(6, &entry(6, "another")));
        assert!(altered.contains("among the entries 4 to 9") && altered.lines().count() == 1, "{altered}");
        let dropped = faults_after(&|lines| drop(lines.remove(5)));
        assert!(dropped.contains("entry 4 is missing"), "{dropped}");
        let dropped = faults_after(&|lines| drop(lines.drain(6..8)));
        assert!(dropped.contains("entries 5 to 6 are missing"), "{dropped}");
        let moved = faults_after(&|lines| lines.swap(5, 6));
        assert!(moved.contains("entry 4 is missing") && moved.contains("line 7: entry 4 stands here"), "{moved}");
        let inserted = faults_after(&|lines| lines.insert(2, entry_line(1, &entry(1, "new"))));
        assert!(inserted.contains("line 3: entry 1 stands here out of its order"), "{inserted}");
        let renumbered = faults_after(&|lines| lines[2] = entry_line(2, &texts[3]));
        assert!(renumbered.contains("entry 2 says of itself that it is 3"), "{renumbered}");
        let foreign = faults_after(&|lines| lines[2] = entry_line(2, &entry(2, "x").replace("acme", "other")));
        assert!(foreign.contains("entry 2 is of another tenant"), "{foreign}");
        let cut = faults_after(&|lines| drop(lines.drain(9..11)));
        assert!(cut.contains("entries 8 to 9 are missing: 10 were signed"), "{cut}");
    }

    #[test]
    fn an_erased_entry_is_counted_and_its_leaf_still_proved() {
        let (_, mut lines) = export();
        let erased = |index: u64, leaf: &str| json!({ "index": index, "leafHash": leaf, "entry": null }).to_string();
        let leaf = |line: &str| {
            serde_json::from_str::<serde_json::Value>(line).unwrap()["leafHash"].as_str().unwrap().to_owned()
        };
        for (line, index) in [(0, 0), (1, 1), (7, 6)] {
            lines[line] = erased(index, &leaf(&lines[line]));
        }
        let report = verified(&lines, None).unwrap();
        assert_eq!((report.entries, report.erased, report.covered, report.tenant.as_str()), (10, 3, 10, "acme"));
        let other = leaf(&lines[2]);
        lines[7] = erased(6, &other);
        let altered = verified(&lines, None).unwrap_err();
        assert!(altered.contains("among the entries 4 to 9"), "{altered}");
        lines[7] = erased(6, "00");
        let without = verified(&lines, None).unwrap_err();
        assert!(without.contains("line 8: entry 6 has neither a text nor a hash"), "{without}");
    }

    #[test]
    fn a_history_that_was_written_anew_is_found_by_its_signatures() {
        let (texts, _) = export();
        let mut other = texts.clone();
        other[1] = entry(1, "another");
        let mut lines: Vec<_> = other.iter().zip(0..).map(|(text, index)| entry_line(index, text)).collect();
        assert!(verified(&lines, None).unwrap_err().contains("nothing is proved"));
        let stranger = SigningKey::derive(&PrivateKey::from_bytes(Curve::P256, &[8; 32]).unwrap(), "test").unwrap();
        lines.push(json!({ "checkpoint": checkpoint(&other, &stranger) }).to_string());
        assert!(verified(&lines, None).unwrap_err().contains("not signed by this key"));
        // Even who holds the key cannot deny what was signed before.
        lines[10] = json!({ "checkpoint": checkpoint(&other, &key()) }).to_string();
        assert!(verified(&lines, None).is_ok());
        let listed = verified(&lines, Some(checkpoint(&texts[..6], &key()))).unwrap_err();
        assert!(listed.contains("the earlier checkpoint of 6 entries signs another tree"), "{listed}");
        let listed = verified(&lines[..5], Some(checkpoint(&texts[..6], &key()))).unwrap_err();
        assert!(listed.contains("entries 5 to 5 are missing"), "{listed}");
    }
}
