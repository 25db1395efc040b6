//! The audit log as it is read and proved. The proofs are checked by code of this file, which knows RFC 9162 only by its
//! definitions, and the signatures by Node.

use std::process::Command;

use chancery_tests::variables::Variables;
use crypto::hash;
use model::AuthLevel;
use serde_json::{Value, json};

use crate::{
    answer::{ok, refused},
    case::{Case, case, together},
    config_project::project,
    database,
    deployment::{Deployment, community, secrets_of, unique},
};

pub fn cases() -> Vec<Case> {
    vec![
        case(writers_at_once_make_one_tree_that_proves_itself),
        case(entries_are_found_by_every_filter),
        case(only_system_and_service_read_the_log),
        case(a_value_is_found_by_its_hash_and_never_shown),
        case(what_cannot_be_is_refused),
    ]
}

type Hash = [u8; 32];

fn leaf(text: &str) -> Hash {
    hash::sha256(&[&[0], text.as_bytes()])
}

fn node(left: Hash, right: Hash) -> Hash {
    hash::sha256(&[&[1], &left, &right])
}

/// The largest power of two below a count.
fn split(count: usize) -> usize {
    let mut k = 1;
    while 2 * k < count {
        k *= 2;
    }
    k
}

/// MTH of RFC 9162, 2.1.1.
fn root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => hash::sha256(&[]),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(split(leaves.len()));
            node(root(left), root(right))
        }
    }
}

/// What a path of 2.1.3 leads to.
fn climb(index: usize, size: usize, leaf: Hash, path: &[Hash]) -> Hash {
    if size == 1 {
        assert!(path.is_empty());
        return leaf;
    }
    let ((last, path), k) = (path.split_last().unwrap(), split(size));
    if index < k {
        node(climb(index, k, leaf, path), *last)
    } else {
        node(*last, climb(index - k, size - k, leaf, path))
    }
}

/// The older and the newer root that a proof of 2.1.4 leads to.
fn grow(from: usize, to: usize, older: Option<Hash>, path: &[Hash]) -> (Hash, Hash) {
    if from == to {
        let root = match (older, path) {
            (Some(root), []) => root,
            (None, [root]) => *root,
            _ => panic!("a proof of another length"),
        };
        return (root, root);
    }
    let ((last, path), k) = (path.split_last().unwrap(), split(to));
    if from <= k {
        let (old, new) = grow(from, k, older, path);
        (old, node(new, *last))
    } else {
        let (old, new) = grow(from - k, to - k, None, path);
        (node(*last, old), node(*last, new))
    }
}

fn unhex(text: &Value) -> Hash {
    let text = text.as_str().unwrap();
    let bytes: Vec<_> =
        (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect();
    bytes.try_into().unwrap()
}

fn hashes(list: &Value) -> Vec<Hash> {
    list.as_array().unwrap().iter().map(unhex).collect()
}

/// Checks a checkpoint's signature with the implementation of Node.
fn is_signed(checkpoint: &Value, jwk: &Value) -> bool {
    let text = format!(
        "chancery-audit-checkpoint\n{}\n{}\n{}\n{}\n",
        checkpoint["tenant"].as_str().unwrap(),
        checkpoint["treeSize"],
        checkpoint["rootHash"].as_str().unwrap(),
        checkpoint["time"]
    );
    let script = "const c = require('crypto'); const [jwk, text, signature] = process.argv.slice(1); \
         const key = c.createPublicKey({ key: JSON.parse(jwk), format: 'jwk' }); \
         const good = c.verify('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }, Buffer.from(signature, 'base64')); \
         process.exit(good ? 0 : 1)";
    let arguments = ["-e", script, &jwk.to_string(), &text, checkpoint["signature"].as_str().unwrap()];
    Command::new("node").args(arguments).status().unwrap().success()
}

fn put(t: &Deployment, secrets: &str, tag: &str) -> chancery::client::Reply {
    let reply = t.service.put(secrets, &json!({ "tag": tag, "value": "v", "createdBy": "suite" }));
    assert_eq!(reply.status, 201);
    reply
}

fn writers_at_once_make_one_tree_that_proves_itself(t: &Deployment) {
    const WRITERS: usize = 64;
    const EACH: usize = 9;
    let tenant = unique("tenant");
    let (secrets, log) = (secrets_of(&tenant, &community()), format!("/caas/audit/{tenant}"));
    refused(&t.service.call("POST", &format!("{log}/checkpoint"), None), 404);
    let mut numbers: Vec<_> = together(WRITERS, |number| {
        let name = |turn| {
            let reply = put(t, &secrets, &format!("s{number}_{turn}"));
            let entry = reply.header("audit-entry").unwrap().strip_prefix(&format!("{tenant}/")).unwrap().to_owned();
            let size: usize = reply.header("audit-tree-size").unwrap().parse().unwrap();
            assert_eq!(entry, (size - 1).to_string());
            size - 1
        };
        (0..EACH).map(name).collect::<Vec<_>>()
    })
    .concat();
    numbers.sort_unstable();
    assert!(numbers.iter().copied().eq(0..WRITERS * EACH), "two writers hold one number, or one is nobody's");

    let key = ok(&t.anonymous.get("/caas/audit/key"), 200);
    assert_eq!(key["algorithm"], "ES256");
    assert_ne!(key["publicKey"], ok(&t.anonymous.get("/caas/publickeys"), 200)["publicKey"]);
    let sign = || {
        let answer = ok(&t.service.call("POST", &format!("{log}/checkpoint"), None), 200);
        assert_eq!(answer["pending"], 0);
        answer["checkpoint"].clone()
    };
    let first = sign();
    assert_eq!((&first["treeSize"], &first["tenant"]), (&json!(WRITERS * EACH), &json!(tenant)));
    assert_eq!(sign(), first, "the same tree is signed once");
    for number in 0..3 {
        put(t, &secrets, &format!("more{number}"));
    }
    // Several at once sign one and the same.
    let second = together(4, |_| sign());
    assert!(second.iter().all(|checkpoint| *checkpoint == second[0]), "{second:?}");
    let second = &second[0];
    let listed = ok(&t.service.get(&format!("{log}/checkpoints")), 200);
    assert_eq!(listed["checkpoints"], json!([first, second]));
    for checkpoint in [&first, second] {
        assert!(is_signed(checkpoint, &key["jwk"]));
    }
    let mut forged = first.clone();
    forged["treeSize"] = json!(WRITERS * EACH - 1);
    assert!(!is_signed(&forged, &key["jwk"]));

    let texts: Vec<_> = database::audit(&t.instance)
        .into_iter()
        .filter(|entry| entry.tenant == tenant)
        .map(|entry| entry.text)
        .collect();
    let leaves: Vec<_> = texts.iter().map(|text| leaf(text)).collect();
    let (older, newer) = (WRITERS * EACH, WRITERS * EACH + 3);
    assert_eq!(leaves.len(), newer);
    assert_eq!((unhex(&first["rootHash"]), unhex(&second["rootHash"])), (root(&leaves[..older]), root(&leaves)));
    for size in [1, 255, 256, 257, 512, 575, older, newer] {
        for index in [0, 1, 200, 255, 256, 300, 511, 512, 570, size - 1].into_iter().filter(|index| *index < size) {
            let proof = ok(&t.service.get(&format!("{log}/proof/inclusion?index={index}&size={size}")), 200);
            assert_eq!(unhex(&proof["leafHash"]), leaves[index]);
            assert_eq!(unhex(&proof["rootHash"]), root(&leaves[..size]));
            assert_eq!(
                climb(index, size, leaves[index], &hashes(&proof["proof"])),
                root(&leaves[..size]),
                "{index} of {size}"
            );
        }
        for from in [1, 2, 100, 256, 300, 512, older].into_iter().filter(|from| *from <= size) {
            let proof = ok(&t.service.get(&format!("{log}/proof/consistency?from={from}&to={size}")), 200);
            let roots = (root(&leaves[..from]), root(&leaves[..size]));
            assert_eq!((unhex(&proof["fromRootHash"]), unhex(&proof["toRootHash"])), roots);
            let reached = grow(from, size, Some(roots.0), &hashes(&proof["proof"]));
            assert_eq!(reached, roots, "{from} to {size}");
        }
    }
}

fn entries_are_found_by_every_filter(t: &Deployment) {
    let tenant = unique("tenant");
    let (place, log) = (community(), format!("/caas/audit/{tenant}/entries"));
    let secrets = secrets_of(&tenant, &place);
    for tag in ["a", "b", "c"] {
        put(t, &secrets, tag);
    }
    ok(&t.system.delete(&format!("{secrets}/b")), 200);
    ok(&t.system.call("POST", &format!("{secrets}/fetch"), None), 200);
    refused(&t.basic.call("POST", &format!("{secrets}/fetch"), None), 401);
    let indices = |query: &str| -> Vec<i64> {
        let answer = ok(&t.service.get(&format!("{log}?{query}")), 200);
        assert_eq!(answer.get("next"), None, "{query}");
        answer["entries"].as_array().unwrap().iter().map(|entry| entry["index"].as_i64().unwrap()).collect()
    };
    let (service, system, basic) = (&t.service.tag, &t.system.tag, &t.basic.tag);
    assert_eq!(indices(""), [5, 4, 3, 2, 1, 0]);
    assert_eq!(indices(&format!("actor={service}")), [2, 1, 0]);
    assert_eq!(indices(&format!("actor={system}&action=secret.read")), [4]);
    assert_eq!(indices(&format!("actor={basic}")), [5]);
    assert_eq!(indices("action=secret.read"), [5, 4]);
    assert_eq!(indices(&format!("subject={place}/b")), [3, 1]);
    assert_eq!(indices(&format!("subject={place}/b&actor={system}")), [3]);
    assert_eq!(indices("outcome=refused"), [5]);
    assert_eq!(indices("outcome=done&before=3"), [2, 1, 0]);
    assert_eq!(indices("to=2001-01-01T00:00:00Z"), [0; 0]);
    assert_eq!(indices("from=2001-01-01T00:00:00Z&action=secret.delete"), [3]);
    assert_eq!(indices("actor=nobody"), [0; 0]);
    // Page by page.
    let (mut path, mut found) = (format!("{log}?limit=4"), Vec::new());
    loop {
        let page = ok(&t.service.get(&path), 200);
        found.extend(page["entries"].as_array().unwrap().iter().map(|entry| entry["index"].as_i64().unwrap()));
        match page.get("next") {
            Some(next) => path = format!("{log}?limit=4&before={next}"),
            None => break,
        }
    }
    assert_eq!(found, [5, 4, 3, 2, 1, 0]);
    // The entry is the text of the leaf.
    let reply = t.service.get(&format!("{log}?limit=1"));
    let stored = database::audit(&t.instance).into_iter().rfind(|entry| entry.tenant == tenant).unwrap();
    assert!(String::from_utf8(reply.body).unwrap().contains(&stored.text));
}

fn only_system_and_service_read_the_log(t: &Deployment) {
    let tenant = unique("tenant");
    put(t, &secrets_of(&tenant, &community()), "a");
    let log = format!("/caas/audit/{tenant}");
    for (method, path, body) in [
        ("GET", "entries", None),
        ("POST", "hash", Some(json!({ "value": "v" }))),
        ("POST", "checkpoint", None),
        ("GET", "checkpoints", None),
        ("GET", "proof/inclusion?index=0&size=1", None),
        ("GET", "proof/consistency?from=1&to=1", None),
        ("GET", "export", None),
    ] {
        let path = format!("{log}/{path}");
        for caller in AuthLevel::ALL.map(|level| t.of(level)).into_iter().chain([&t.infra]) {
            let allowed = matches!(caller.level, AuthLevel::System | AuthLevel::Service);
            let reply = caller.call(method, &path, body.as_ref());
            assert_eq!(reply.status, if allowed { 200 } else { 401 }, "{method} {path} by {}", caller.tag);
        }
        refused(&t.anonymous.call(method, &path, body.as_ref()), 401);
    }
    let refusals = ok(&t.service.get(&format!("{log}/entries?outcome=refused&action=audit.read")), 200);
    assert_eq!(refusals["entries"].as_array().unwrap().len(), 7 * 4);
}

fn a_value_is_found_by_its_hash_and_never_shown(t: &Deployment) {
    let p = project(t);
    let (value, tenant) = (unique("value"), &p.tenant);
    let secrets = secrets_of(tenant, &community());
    let body = json!({ "tag": "a", "value": value, "createdBy": "suite" });
    ok(&t.service.put(&secrets, &body), 201);
    p.item("k", &json!({ "value": value, "isSecret": true }));
    let context = json!({ "tenantId": tenant, "communityId": community() });
    t.admit(&t.service, context["communityId"].as_str().unwrap());
    ok(&t.service.put("/caas/config/a.b", &json!({ "context": context, "data": value })), 200);
    put(t, &secrets, "other");
    let log = format!("/caas/audit/{tenant}");
    let hash =
        |tenant: &str| ok(&t.service.post(&format!("/caas/audit/{tenant}/hash"), &json!({ "value": value })), 200);
    let value_hash = hash(tenant)["valueHash"].as_str().unwrap().to_owned();
    let found = t.service.get(&format!("{log}/entries?valueHash={value_hash}"));
    let found = ok(&found, 200);
    let actions: Vec<_> = found["entries"].as_array().unwrap().iter().map(|entry| entry["action"].clone()).collect();
    assert_eq!(actions, ["config.set", "config-item.create", "secret.create"]);
    assert!(!found.to_string().contains(&value));
    // Every tenant has a salt of its own.
    let other = unique("tenant");
    refused(&t.service.post(&format!("/caas/audit/{other}/hash"), &json!({ "value": value })), 404);
    put(t, &secrets_of(&other, &community()), "a");
    assert_ne!(hash(&other)["valueHash"], json!(value_hash));
    let created = t.licence(AuthLevel::Basic);
    let licence = ok(&t.service.post("/caas/audit/licensing/hash", &json!({ "value": created.secret })), 200);
    let path = format!("/caas/audit/licensing/entries?valueHash={}", licence["valueHash"].as_str().unwrap());
    assert_eq!(ok(&t.service.get(&path), 200)["entries"][0]["subject"], json!(created.tag));
}

fn what_cannot_be_is_refused(shared: &Deployment) {
    let t = &Deployment::start(shared.instance.runtime, Variables::random()).unwrap();
    let tenant = unique("tenant");
    put(t, &secrets_of(&tenant, &community()), "a");
    let log = format!("/caas/audit/{tenant}");
    for query in [
        "entries?limit=0",
        "entries?limit=1001",
        "entries?outcome=maybe",
        "entries?from=yesterday",
        "entries?before=x",
        "proof/inclusion",
        "proof/inclusion?index=1&size=1",
        "proof/inclusion?index=0&size=2",
        "proof/inclusion?index=-1&size=1",
        "proof/consistency?from=0&to=1",
        "proof/consistency?from=2&to=1",
        "proof/consistency?from=1&to=2",
        "export?limit=0",
        "export?from=x",
    ] {
        refused(&t.service.get(&format!("{log}/{query}")), 400);
    }
    refused(&t.service.post(&format!("{log}/hash"), &json!({})), 400);
    assert_eq!(t.service.get(&format!("/caas/audit/{}/export", unique("tenant"))).body, b"");
    let empty = ok(&t.service.get(&format!("/caas/audit/{}/entries", unique("tenant"))), 200);
    assert_eq!(empty, json!({ "entries": [] }));
}
