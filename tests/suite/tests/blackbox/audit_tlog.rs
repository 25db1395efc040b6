//! The audit log in the form of c2sp.org, copied by the tool and verified by code that is not ours: `signed_note` and
//! `tlog_tiles`.

use std::{fs, path::PathBuf};

use chancery_tests::variables::Variables;
use serde_json::json;
use signed_note::{Note, StandardVerifier, VerifierList};
use tlog_tiles::{Checkpoint, Error, HashReader, Tile, TileHashReader, TileReader};

use crate::{
    answer::refused,
    case::{Case, case, together},
    database,
    deployment::{Deployment, community, secrets_of, unique},
    tool::Folder,
};

pub fn cases() -> Vec<Case> {
    vec![
        case(a_copy_is_verified_by_others),
        case(a_copy_of_a_log_that_was_rewritten_is_refused),
        case(tiles_are_served),
    ]
}

/// A tenant with so many entries.
fn logged(t: &Deployment, entries: usize) -> (String, String) {
    let tenant = unique("tenant");
    let secrets = secrets_of(&tenant, &community());
    add(t, &secrets, entries);
    (tenant, secrets)
}

fn add(t: &Deployment, secrets: &str, entries: usize) {
    const WRITERS: usize = 4;
    together(WRITERS, |writer| {
        for _ in (writer..entries).step_by(WRITERS) {
            let reply = t.service.put(secrets, &json!({ "tag": unique("s"), "value": "v", "createdBy": "suite" }));
            assert_eq!(reply.status, 201);
        }
    });
}

/// What `chancery audit mirror` has written.
struct Copy(PathBuf);

impl Copy {
    fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.0.join(name)).unwrap()
    }

    fn checkpoint(&self) -> Checkpoint {
        let key = String::from_utf8(self.read("key")).unwrap();
        let verifier = StandardVerifier::new(key.trim()).unwrap();
        let note = Note::from_bytes(&self.read("checkpoint")).unwrap();
        let (signed, _) = note.verify(&VerifierList::new(vec![Box::new(verifier)])).unwrap();
        assert_eq!(signed.len(), 1);
        let checkpoint = Checkpoint::from_bytes(note.text()).unwrap();
        assert!(key.starts_with(&format!("{}+", checkpoint.origin())));
        checkpoint
    }

    fn entries(&self, size: u64) -> Vec<Vec<u8>> {
        let mut entries = Vec::new();
        for first in (0..size).step_by(256) {
            let width = (size - first).min(256);
            let partial = if width < 256 { format!(".p/{width}") } else { String::new() };
            let mut bytes = self.read(&format!("tile/entries/{:03}{partial}", first / 256)).into_iter();
            while let (Some(high), Some(low)) = (bytes.next(), bytes.next()) {
                entries.push(bytes.by_ref().take(u16::from_be_bytes([high, low]).into()).collect());
            }
        }
        entries
    }
}

impl TileReader for Copy {
    fn height(&self) -> u8 {
        8
    }

    fn read_tiles(&self, tiles: &[Tile]) -> Result<Vec<Vec<u8>>, Error> {
        // The paths of this crate name the height, too.
        Ok(tiles.iter().map(|tile| self.read(&tile.path().replacen("tile/8/", "tile/", 1))).collect())
    }

    fn save_tiles(&self, _: &[Tile], _: &[Vec<u8>]) {}
}

fn a_copy_is_verified_by_others(t: &Deployment) {
    let (tenant, secrets) = logged(t, 3);
    let folder = Folder::new(t);
    let mirror = || folder.json(&["audit", "mirror", "--tenant", &tenant, "copy", "--json"]);
    let copy = Copy(folder.path("copy"));
    assert_eq!(mirror()["treeSize"], 3);
    let older = copy.checkpoint();
    assert_eq!((older.size(), copy.entries(3).len()), (3, 3));
    add(t, &secrets, 260);
    assert_eq!(mirror()["treeSize"], 263);
    let newer = copy.checkpoint();
    assert_eq!(newer.origin(), older.origin());

    let reader = TileHashReader::new(newer.size(), *newer.hash(), &copy);
    let entries = copy.entries(263);
    assert_eq!(entries.len(), 263);
    let stored: Vec<_> = database::audit(&t.instance).into_iter().filter(|entry| entry.tenant == tenant).collect();
    for (index, (entry, stored)) in (0..).zip(entries.iter().zip(&stored)) {
        assert_eq!(entry, stored.text.as_bytes());
        let leaf = tlog_tiles::record_hash(entry);
        let index_of = tlog_tiles::stored_hash_index(0, index);
        assert_eq!(reader.read_hashes(&[index_of]).unwrap(), [leaf]);
        if index % 50 == 0 || index == 262 {
            let proof = tlog_tiles::prove_record(263, index, &reader).unwrap();
            tlog_tiles::check_record(&proof, 263, *newer.hash(), index, leaf).unwrap();
        }
    }
    let proof = tlog_tiles::prove_tree(263, 3, &reader).unwrap();
    tlog_tiles::check_tree(&proof, 263, *newer.hash(), 3, *older.hash()).unwrap();
    // Again, with nothing new.
    assert_eq!(mirror()["treeSize"], 263);
}

fn a_copy_of_a_log_that_was_rewritten_is_refused(shared: &Deployment) {
    let t = &Deployment::start(shared.instance.runtime, Variables::random()).unwrap();
    let (tenant, secrets) = logged(t, 3);
    let folder = Folder::new(t);
    let fails = |tenant: &str, copy: &str, reason: &str| {
        let output = folder.run(&["audit", "mirror", "--tenant", tenant, copy], &[]);
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{errors}");
        assert!(errors.contains(reason), "{errors}");
    };
    let printed = folder.prints(&["audit", "mirror", "--tenant", &tenant, "copy"]);
    assert!(printed.starts_with("3 entries of chancery-audit/"), "{printed}");
    let before = fs::read(folder.path("copy/checkpoint")).unwrap();
    let rewrite = format!(
        "UPDATE audit_entries SET entry = replace(entry, 'secret.create', 'secret.delete') \
         WHERE tenant_id = '{tenant}' AND leaf_index = 1"
    );
    database::change(&t.instance, &rewrite);
    add(t, &secrets, 1);
    fails(&tenant, "copy", "it was rewritten");
    assert_eq!(fs::read(folder.path("copy/checkpoint")).unwrap(), before);
    let (other, _) = logged(t, 1);
    fails(&other, "copy", "not signed by the key of this log");
}

fn tiles_are_served(t: &Deployment) {
    let (tenant, _) = logged(t, 3);
    let log = format!("/caas/audit/{tenant}/tlog");
    let get = |path: &str| t.service.get(&format!("{log}/{path}"));
    let key = t.anonymous.get(&format!("{log}/key"));
    assert_eq!((key.status, key.header("content-type")), (200, Some("text/plain; charset=utf-8")));
    let note = get("checkpoint");
    assert_eq!((note.status, note.header("content-type")), (200, Some("text/plain; charset=utf-8")));
    for (path, length) in [("0/000.p/3", 3 * 32), ("0/000.p/2", 2 * 32)] {
        let tile = get(&format!("tile/{path}"));
        assert_eq!((tile.status, tile.body.len()), (200, length), "{path}");
        assert_eq!(tile.header("content-type"), Some("application/octet-stream"));
    }
    assert_eq!(get("tile/entries/000.p/1").status, 200);
    for path in ["0/000", "0/000.p/4", "0/001.p/1", "1/000.p/1", "0/0", "entries/000", "entries/000.p/4", "data/000"] {
        refused(&get(&format!("tile/{path}")), 404);
    }
    for path in ["checkpoint", "tile/0/000.p/1"] {
        refused(&t.anonymous.get(&format!("{log}/{path}")), 401);
        refused(&t.app.get(&format!("{log}/{path}")), 401);
    }
    refused(&t.service.get(&format!("/caas/audit/{}/tlog/checkpoint", unique("tenant"))), 404);
}
