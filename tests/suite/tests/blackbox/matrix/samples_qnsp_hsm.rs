//! Samples of QNSP: hardware security modules.

use serde_json::{Value, json};

use super::{
    sample::{Sample, at, of},
    samples_qnsp::{id, made},
    world::World,
};
use crate::deployment::unique;

const CONNECTIONS: &str = "/kms/v1/byohsm/connections";
const KEYS: &str = "/kms/v1/byohsm/keys";

fn new_connection() -> Value {
    let credentials = json!({ "type": "api_key", "data": { "apiKey": "k" } });
    let config = json!({ "endpoint": "sim://module", "credentials": credentials });
    json!({ "name": unique("module"), "provider": "thales", "connectionConfig": config })
}

fn connection(w: &World) -> String {
    id(&made(w, CONNECTIONS, &new_connection(), 201), "connectionId")
}

fn active_connection(w: &World) -> String {
    let connection = connection(w);
    assert_eq!(made(w, &format!("{CONNECTIONS}/{connection}/validate"), &json!({}), 200)["valid"], true);
    connection
}

fn new_key(connection: &str, key_type: &str, purpose: &Value) -> Value {
    json!({ "connectionId": connection, "keyType": key_type, "purpose": purpose })
}

/// A key that wraps.
fn aes(w: &World) -> String {
    id(&made(w, KEYS, &new_key(&active_connection(w), "aes", &json!(["encrypt", "decrypt"])), 201), "keyId")
}

/// A key that signs.
fn ec(w: &World) -> String {
    id(&made(w, KEYS, &new_key(&active_connection(w), "ec", &json!(["sign", "verify"])), 201), "keyId")
}

fn wrap(key: &str) -> Value {
    json!({ "wrappingKeyId": key, "keyToWrap": "a2V5" })
}

fn sign(key: &str) -> Value {
    json!({ "keyId": key, "data": "dGV4dA==" })
}

pub fn samples() -> Vec<Sample> {
    let path = |connection: String| format!("{CONNECTIONS}/{connection}");
    vec![
        of("POST /kms/v1/byohsm/connections", |_| at(CONNECTIONS).body(new_connection()))
            .refuses(json!({ "name": "n", "provider": "nobody", "connectionConfig": {} })),
        of("GET /kms/v1/byohsm/connections", |_| at(CONNECTIONS)),
        of("GET /kms/v1/byohsm/connections/{connectionId}", move |w| at(path(connection(w)))),
        of("PATCH /kms/v1/byohsm/connections/{connectionId}", move |w| {
            at(path(connection(w))).body(json!({ "name": unique("module") }))
        })
        .refuses(json!({ "name": "" })),
        of("DELETE /kms/v1/byohsm/connections/{connectionId}", move |w| at(path(connection(w)))),
        of("POST /kms/v1/byohsm/connections/{connectionId}/validate", move |w| {
            at(format!("{}/validate", path(connection(w))))
        }),
        of("GET /kms/v1/byohsm/connections/{connectionId}/operations", move |w| {
            at(format!("{}/operations", path(connection(w))))
        }),
        of("POST /kms/v1/byohsm/keys", |w| {
            at(KEYS).body(new_key(&active_connection(w), "ec", &json!(["sign", "verify"])))
        })
        .names_thing()
        .refuses(json!({ "keyType": "ec", "purpose": [] })),
        of("GET /kms/v1/byohsm/keys", |_| at(KEYS)),
        of("GET /kms/v1/byohsm/keys/{keyId}", |w| at(format!("{KEYS}/{}", ec(w)))),
        of("DELETE /kms/v1/byohsm/keys/{keyId}", |w| at(format!("{KEYS}/{}", ec(w)))),
        of("POST /kms/v1/byohsm/wrap", |w| at("/kms/v1/byohsm/wrap").body(wrap(&aes(w))))
            .names_thing()
            .refuses(json!({ "wrappingKeyId": "x", "keyToWrap": "-" })),
        of("POST /kms/v1/byohsm/unwrap", |w| {
            let key = aes(w);
            let wrapped = made(w, "/kms/v1/byohsm/wrap", &wrap(&key), 200);
            let body = json!({ "unwrappingKeyId": key, "wrappedKey": wrapped["wrappedKey"] });
            at("/kms/v1/byohsm/unwrap").body(body)
        })
        .names_thing()
        .refuses(json!({ "unwrappingKeyId": "x", "wrappedKey": "-" })),
        of("POST /kms/v1/byohsm/sign", |w| at("/kms/v1/byohsm/sign").body(sign(&ec(w))))
            .names_thing()
            .refuses(json!({ "keyId": "x", "data": "-" })),
        of("POST /kms/v1/byohsm/verify", |w| {
            let key = ec(w);
            let signed = made(w, "/kms/v1/byohsm/sign", &sign(&key), 200);
            let body = json!({ "keyId": key, "data": "dGV4dA==", "signature": signed["signature"] });
            at("/kms/v1/byohsm/verify").body(body)
        })
        .names_thing()
        .refuses(json!({ "keyId": "x", "data": "-", "signature": 1 })),
    ]
}
