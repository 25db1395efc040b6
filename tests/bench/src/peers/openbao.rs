//! Beside OpenBao: keys beside its transit engine, secrets and their versions beside version 2 of its key-value store.

use chancery_tests::{
    openbao::{OpenBao, TOKEN},
    variables::random_bytes,
};
use crypto::{base64, hash};
use serde_json::{Value, json};

use super::{Bench, Row, Side, loopback};
use crate::{
    config_api::text,
    operation::{Operation, with_headers},
    qnsp::SECRETS,
};

/// A key of ours, and the one of OpenBao that does the same, if there is one.
struct Key {
    name: &'static str,
    is_signing: bool,
    /// Its type, and its size where there are several.
    ours: (&'static str, Option<u32>),
    theirs: Option<&'static str>,
}

const fn key(
    name: &'static str,
    is_signing: bool,
    ours: (&'static str, Option<u32>),
    theirs: Option<&'static str>,
) -> Key {
    Key { name, is_signing, ours, theirs }
}

const KEYS: [Key; 7] = [
    key("sign, ECDSA P-256", true, ("ec", Some(256)), Some("ecdsa-p256")),
    key("sign, ECDSA P-384", true, ("ec", Some(384)), Some("ecdsa-p384")),
    key("sign, RSA-3072 PSS", true, ("rsa", Some(3072)), Some("rsa-3072")),
    key("sign, ML-DSA-65", true, ("pqc", None), None),
    key("wrap, AES-256", false, ("aes", Some(256)), Some("aes256-gcm96")),
    key("wrap, RSA-3072 OAEP", false, ("rsa", Some(3072)), Some("rsa-3072")),
    key("wrap, ML-KEM-768", false, ("pqc", None), None),
];

const STORED: &str = "/v1/secret/data/bench";
const READ: &str = "OpenBao, KV read";
const WRITE: &str = "OpenBao, KV write";

/// A key of each type, and a secret.
pub fn prepare(server: &OpenBao) {
    for theirs in KEYS.iter().filter_map(|key| key.theirs) {
        server.post(&format!("/v1/transit/keys/{theirs}"), &json!({ "type": theirs }));
    }
    server.post(STORED, &secret());
}

pub fn rows(bench: &Bench<'_>) -> Result<Vec<Row>, String> {
    let mut rows = Vec::new();
    for operation in [Operation::FetchOne, Operation::Put].into_iter().filter(|row| bench.plan.wants(row.name())) {
        // A new secret each time, as ours is.
        let write = |_| {
            let path = format!("/v1/secret/data/{}", hash::hex(&random_bytes::<8>()));
            request("POST", &path, &secret())
        };
        rows.push(if operation == Operation::Put {
            bench.operation(operation, WRITE, side(bench, &write))?
        } else {
            bench.operation(operation, READ, side(bench, &|_| request("GET", STORED, &Value::Null)))?
        });
    }
    let read = |_| bench.owner("GET", &format!("{SECRETS}/bench/versions/1"), &Value::Null);
    if bench.plan.wants("secret version, read") {
        let theirs = side(bench, &|_| request("GET", STORED, &Value::Null));
        rows.push(bench.beside("secret version, read", READ, bench.ours(200, &read), theirs)?);
    }
    let write =
        |number| bench.owner("POST", SECRETS, &json!({ "secretId": format!("bench-{number}"), "value": value() }));
    if bench.plan.wants("secret version, write") {
        let theirs = side(bench, &|_| request("POST", STORED, &secret()));
        rows.push(bench.beside("secret version, write", WRITE, bench.ours(201, &write), theirs)?);
    }
    for key in KEYS.iter().filter(|key| bench.plan.wants(key.name)) {
        rows.push(used(bench, key)?);
    }
    Ok(rows)
}

/// Of the size that our operations have.
fn value() -> String {
    "correct horse battery staple ".repeat(3)
}

fn secret() -> Value {
    json!({ "data": { "value": value() } })
}

fn request(method: &str, path: &str, body: &Value) -> Vec<u8> {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    with_headers(method, path, &format!("x-vault-token: {TOKEN}\r\n"), &body)
}

fn side<'b>(bench: &Bench<'_>, request: &'b (dyn Fn(usize) -> Vec<u8> + Sync)) -> Option<Side<'b>> {
    let server = bench.peers.openbao.as_ref()?;
    Some(Side::Requests { server: server.process_id(), address: loopback(server.port), status: 200, request })
}

fn used(bench: &Bench<'_>, key: &Key) -> Result<Row, String> {
    let purpose = if key.is_signing { ["sign", "verify"] } else { ["encrypt", "decrypt"] };
    let mut new = json!({ "connectionId": bench.module, "keyType": key.ours.0, "purpose": purpose });
    if let (Some(size), Some(members)) = (key.ours.1, new.as_object_mut()) {
        members.insert("keySize".to_owned(), size.into());
    }
    let id = text(&bench.make("/kms/v1/byohsm/keys", &new)?, "keyId")?;
    let (data, wrapped) = (base64::encode(&[7; 256]), base64::encode(&[7; 32]));
    let ours = if key.is_signing {
        bench.owner("POST", "/kms/v1/byohsm/sign", &json!({ "keyId": id, "data": data }))
    } else {
        bench.owner("POST", "/kms/v1/byohsm/wrap", &json!({ "wrappingKeyId": id, "keyToWrap": wrapped }))
    };
    let theirs = key.theirs.map(|theirs| {
        if key.is_signing {
            request("POST", &format!("/v1/transit/sign/{theirs}/sha2-256"), &json!({ "input": data }))
        } else {
            request("POST", &format!("/v1/transit/encrypt/{theirs}"), &json!({ "plaintext": wrapped }))
        }
    });
    let ask = |_| theirs.clone().unwrap_or_default();
    let side = theirs.as_ref().and_then(|_| side(bench, &ask));
    let beside = if theirs.is_some() { "OpenBao, transit" } else { "–" };
    bench.beside(key.name, beside, bench.ours(200, &|_| ours.clone()), side)
}
