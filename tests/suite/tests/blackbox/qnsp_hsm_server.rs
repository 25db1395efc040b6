//! Keys of QNSP on a server of its own: a real OpenBao, with its transit API.

use chancery_tests::openbao::{OpenBao, TOKEN};
use crypto::base64;
use serde_json::{Value, json};

use crate::{
    answer::ok,
    case::{Case, case},
    database,
    deployment::{Deployment, unique},
    qnsp::{Caller, Cast, refuses},
    qnsp_hsm::{CONNECTIONS, KEYS, connect},
    qnsp_hsm_keys::{SIGN, SIGNS, UNWRAP, VERIFY, WRAP, WRAPS, key, new_key},
    qnsp_hsm_uses::{asked_of, held_against_others, sign, unwrap, verify, wrap},
};

pub fn cases() -> Vec<Case> {
    vec![
        case(a_server_makes_uses_and_deletes_keys_and_none_is_here),
        case(a_server_has_fewer_kinds_of_keys),
        case(a_wrapped_key_that_a_server_does_not_open_is_refused_as_one_that_is_here),
        case(a_token_that_the_server_does_not_know_is_said_and_does_not_end_the_connection),
        case(a_server_that_does_not_answer_ends_the_connection_after_three_operations),
    ]
}

fn config(server: &OpenBao, token: &str) -> Value {
    let credentials = json!({ "type": "api_key", "data": { "apiKey": token } });
    json!({ "endpoint": "http://127.0.0.1", "port": server.port, "credentials": credentials })
}

/// The path of a connection to a server.
fn path_to(caller: &Caller, server: &OpenBao) -> String {
    let body = json!({ "name": unique("server"), "provider": "thales", "connectionConfig": config(server, TOKEN) });
    connect(caller, &body)
}

/// The id of a connection to a server, which may be used.
#[track_caller]
pub fn connected_to(caller: &Caller, server: &OpenBao) -> String {
    let path = path_to(caller, server);
    let validated = ok(&caller.post(&format!("{path}/validate"), &json!({})), 200);
    let details = json!({
        "connectivity": true, "authentication": true, "capabilities": ["aes", "rsa", "ec", "wrap", "sign"],
    });
    assert_eq!((&validated["valid"], &validated["details"]), (&json!(true), &details), "{validated}");
    path.rsplit('/').next().unwrap().to_owned()
}

/// A refusal because of the server.
#[track_caller]
fn refused_by_server(reply: &chancery::client::Reply, hsm: &str) {
    refuses(reply, 503, &["hsm"]);
    assert_eq!(reply.json().unwrap()["details"]["hsm"], hsm);
    assert!(reply.header("retry-after").is_some());
}

fn a_server_makes_uses_and_deletes_keys_and_none_is_here(t: &Deployment) {
    let Some(server) = OpenBao::start() else { return };
    let Cast { admin, developer, viewer, .. } = &Cast::new(t);
    let connection = connected_to(admin, &server);
    let made = |key_type: &str, purpose: &[&str], attributes: Value| {
        key(developer, &connection, key_type, purpose, &attributes)
    };
    for (key, algorithm) in [
        (made("aes", &WRAPS, json!({})), "AES-256-GCM"),
        (made("aes", &WRAPS, json!({ "keySize": 128 })), "AES-128-GCM"),
        (made("rsa", &WRAPS, json!({ "keySize": 2048 })), "RSA-OAEP-256"),
    ] {
        assert_eq!(key["algorithm"], algorithm);
        let wrapped = wrap(developer, &key, b"a key", None);
        assert_eq!(wrapped["algorithm"], algorithm);
        assert_eq!(unwrap(developer, &key, &wrapped["wrappedKey"], None), b"a key");
        if algorithm == "RSA-OAEP-256" {
            let asked =
                json!({ "algorithm": algorithm, "publicKey": key["publicKey"], "key": base64::encode(b"of others") });
            let wrapped = held_against_others(&[], &[asked])["wrapped"][0].clone();
            assert_eq!(unwrap(developer, &key, &wrapped, None), b"of others");
            let too_long = json!({ "wrappingKeyId": key["keyId"], "keyToWrap": base64::encode(&[7; 191]) });
            refuses(&developer.post(WRAP, &too_long), 422, &["keyToWrap"]);
        }
    }
    let mut asked = Vec::new();
    for (key_type, attributes, algorithm) in [
        ("rsa", json!({ "keySize": 2048 }), "RSASSA-PSS-SHA256"),
        ("rsa", json!({ "keySize": 2048, "algorithm": "RSASSA-PKCS1-SHA256" }), "RSASSA-PKCS1-SHA256"),
        ("ec", json!({}), "ECDSA-SHA256"),
        ("ec", json!({ "keySize": 384 }), "ECDSA-SHA384"),
    ] {
        let key = made(key_type, &SIGNS, attributes);
        let signed = sign(developer, &key, b"text", None);
        assert_eq!(signed["algorithm"], algorithm);
        assert!(verify(viewer, &signed, b"text") && !verify(viewer, &signed, b"other"), "{algorithm}");
        let mut one = asked_of(&signed, b"text");
        one["publicKey"] = key["publicKey"].clone();
        asked.push(one);
        let none = json!({ "keyId": key["keyId"], "data": "", "signature": "AAAA" });
        assert_eq!(ok(&viewer.post(VERIFY, &none), 200)["valid"], false);
        let id = key["keyId"].as_str().unwrap();
        assert_eq!(server.key(id).unwrap()["data"]["exportable"], false);
        let path = format!("{KEYS}/{id}");
        ok(&admin.delete(&path), 204);
        assert!(server.key(id).is_none());
        refuses(&viewer.get(&path), 404, &[]);
    }
    assert_eq!(held_against_others(&asked, &[])["verified"], json!([true, true, true, true]));
    let here = format!(
        "SELECT count(*) FROM qnsp_hsm_keys WHERE connection_id = '{connection}' AND sealed_material IS NOT NULL"
    );
    assert_eq!(database::number(&t.instance, &here), 0);
    assert!(!database::contains(&t.instance, TOKEN));
}

fn a_server_has_fewer_kinds_of_keys(t: &Deployment) {
    let Some(server) = OpenBao::start() else { return };
    let Cast { admin, developer, .. } = &Cast::new(t);
    let connection = connected_to(admin, &server);
    for (key_type, purpose, attributes, place) in [
        ("pqc", WRAPS, json!({}), "keyType"),
        ("aes", WRAPS, json!({ "keySize": 192 }), "keySize"),
        ("aes", WRAPS, json!({ "algorithm": "AES-KWP" }), "algorithm"),
    ] {
        refuses(&developer.post(KEYS, &new_key(&connection, key_type, &purpose, &attributes)), 422, &[place]);
    }
    let path = format!("{CONNECTIONS}/{connection}");
    key(developer, &connection, "aes", &WRAPS, &json!({}));
    let embedded = json!({ "connectionConfig": { "endpoint": "sim://module" } });
    refuses(&admin.patch(&path, &embedded), 409, &[]);
}

fn a_wrapped_key_that_a_server_does_not_open_is_refused_as_one_that_is_here(t: &Deployment) {
    let Some(server) = OpenBao::start() else { return };
    let Cast { admin, developer, .. } = &Cast::new(t);
    let connection = connected_to(admin, &server);
    for (key_type, attributes) in [("aes", json!({})), ("rsa", json!({ "keySize": 2048 }))] {
        let key = key(developer, &connection, key_type, &WRAPS, &attributes);
        let wrapped = wrap(developer, &key, b"a key", None)["wrappedKey"].clone();
        let mut broken = base64::decode_any(wrapped.as_str().unwrap()).unwrap();
        let last = broken.len() - 3;
        broken[last] ^= 1;
        // More than the three after which a connection without answers ends.
        for wrong in [&broken, [0].as_slice(), &[0; 256], b"vault:v1:", b"\xff"] {
            let body = json!({ "unwrappingKeyId": key["keyId"], "wrappedKey": base64::encode(wrong) });
            refuses(&developer.post(UNWRAP, &body), 422, &[]);
        }
        assert_eq!(unwrap(developer, &key, &wrapped, None), b"a key");
    }
}

fn a_token_that_the_server_does_not_know_is_said_and_does_not_end_the_connection(t: &Deployment) {
    let Some(server) = OpenBao::start() else { return };
    let Cast { admin, developer, viewer, .. } = &Cast::new(t);
    let connection = connected_to(admin, &server);
    let path = format!("{CONNECTIONS}/{connection}");
    let ec = key(developer, &connection, "ec", &SIGNS, &json!({}));
    server.post("/v1/auth/token/create", &json!({ "id": "short-lived", "policies": ["root"] }));
    ok(&admin.patch(&path, &json!({ "connectionConfig": config(&server, "short-lived") })), 200);
    assert_eq!(ok(&admin.post(&format!("{path}/validate"), &json!({})), 200)["valid"], true);
    server.post("/v1/auth/token/revoke", &json!({ "token": "short-lived" }));
    let body = json!({ "keyId": ec["keyId"], "data": "AAAA" });
    for _ in 0..4 {
        refused_by_server(&developer.post(SIGN, &body), "authentication");
    }
    refused_by_server(&developer.post(KEYS, &new_key(&connection, "ec", &SIGNS, &json!({}))), "authentication");
    refused_by_server(&admin.delete(&format!("{KEYS}/{}", ec["keyId"].as_str().unwrap())), "authentication");
    assert_eq!(ok(&viewer.get(&path), 200)["status"], "active");
    let validated = ok(&developer.post(&format!("{path}/validate"), &json!({})), 200);
    let details = json!({ "connectivity": true, "authentication": false, "capabilities": [] });
    assert_eq!((&validated["valid"], &validated["details"]), (&json!(false), &details));
    assert_eq!(ok(&viewer.get(&path), 200)["status"], "error");
    // The key is still there, and what failed cost nothing of the quota.
    assert_eq!(ok(&viewer.get(KEYS), 200)["keys"].as_array().unwrap().len(), 1);
    // A token without a transit API is not enough either.
    let other = json!({ "connectionConfig": { "endpoint": "http://127.0.0.1/v1/nothing", "credentials": {
        "type": "api_key", "data": { "apiKey": TOKEN },
    } } });
    ok(&admin.patch(&path, &other), 200);
    let validated = ok(&developer.post(&format!("{path}/validate"), &json!({})), 200);
    assert_eq!((&validated["valid"], &validated["details"]), (&json!(false), &details));
}

fn a_server_that_does_not_answer_ends_the_connection_after_three_operations(t: &Deployment) {
    let Some(mut server) = OpenBao::start() else { return };
    let Cast { admin, developer, viewer, .. } = &Cast::new(t);
    let connection = connected_to(admin, &server);
    let path = format!("{CONNECTIONS}/{connection}");
    let status = || ok(&viewer.get(&path), 200)["status"].clone();
    let ec = key(developer, &connection, "ec", &SIGNS, &json!({}));
    let body = json!({ "keyId": ec["keyId"], "data": "AAAA" });
    server.post("/v1/sys/seal", &json!({}));
    let validate = || ok(&developer.post(&format!("{path}/validate"), &json!({})), 200);
    for _ in 0..2 {
        refused_by_server(&developer.post(SIGN, &body), "unreachable");
        assert_eq!(status(), "active");
    }
    server.stop();
    refused_by_server(&developer.post(SIGN, &body), "unreachable");
    assert_eq!(status(), "inactive");
    refuses(&developer.post(SIGN, &body), 409, &[]);
    let verifying = json!({ "keyId": ec["keyId"], "data": "", "signature": "AAAA" });
    refuses(&viewer.post(VERIFY, &verifying), 409, &[]);
    refused_by_server(&admin.delete(&format!("{KEYS}/{}", ec["keyId"].as_str().unwrap())), "unreachable");
    let validated = validate();
    let details = json!({ "connectivity": false, "authentication": false, "capabilities": [] });
    assert_eq!((&validated["valid"], &validated["details"]), (&json!(false), &details));
    assert_eq!(status(), "error");
    let operations = ok(&viewer.get(&format!("{path}/operations?limit=4")), 200)["operations"].clone();
    let failed = operations.as_array().unwrap().iter().filter(|one| one["status"] == "failure").count();
    assert_eq!(failed, 4, "{operations}");
}
