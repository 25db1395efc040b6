//! Playbooks of QNSP that replace keys, in the embedded module and on a real OpenBao, and the values of secrets.

use chancery_tests::openbao::OpenBao;
use serde_json::{Value, json};

use crate::{
    answer::ok,
    case::{Case, case},
    deployment::Deployment,
    qnsp::{Caller, Cast},
    qnsp_hsm::{CONNECTIONS, KEYS, connected},
    qnsp_hsm_keys::{SIGNS, key, new_key},
    qnsp_hsm_server::connected_to,
    qnsp_hsm_uses::{sign, verify},
    qnsp_security::{create, execute, shown, states},
};

pub fn cases() -> Vec<Case> {
    vec![
        case(a_playbook_replaces_a_key_by_one_like_it),
        case(a_key_that_cannot_be_replaced_fails_the_execution),
        case(a_key_on_a_server_is_replaced_there),
        case(a_secret_gets_a_new_value),
    ]
}

fn rotate(key: &Value) -> Value {
    json!({ "type": "rotate", "parameters": { "keyId": key["keyId"] } })
}

/// The keys of the caller's tenant, without one of them.
fn others(caller: &Caller, key: &Value) -> Vec<Value> {
    let keys = ok(&caller.get(&format!("{KEYS}?limit=100")), 200)["keys"].clone();
    keys.as_array().unwrap().iter().filter(|other| other["keyId"] != key["keyId"]).cloned().collect()
}

fn seen(caller: &Caller, key: &Value) -> Value {
    ok(&caller.get(&format!("{KEYS}/{}", key["keyId"].as_str().unwrap())), 200)
}

fn a_playbook_replaces_a_key_by_one_like_it(t: &Deployment) {
    let cast = Cast::new(t);
    let connection = connected(&cast.admin);
    let metadata = json!({ "metadata": { "name": "invoices", "description": "d" } });
    let old = key(&cast.developer, &connection, "ec", &SIGNS, &metadata);
    let signed = sign(&cast.developer, &old, b"before", None);
    let used = || {
        let quotas = ok(&cast.viewer.get("/tenant/v1/quotas/current"), 200);
        quotas["quotas"].as_array().unwrap().iter().find(|quota| quota["quotaType"] == "keys").unwrap()["used"].clone()
    };
    assert_eq!(used(), 1);
    let id = create(&cast.admin, "twice", &json!([rotate(&old), rotate(&old)]));
    let ended = shown(&cast.viewer, &execute(&cast.developer, &id, &json!([])));
    assert_eq!(states(&ended), ["success", "failed"]);
    assert_eq!(ended["actions"][1]["error"], "the key is retired");
    let new = others(&cast.viewer, &old);
    assert_eq!((new.len(), used()), (1, json!(2)));
    let (before, after) = (seen(&cast.viewer, &old), seen(&cast.viewer, &new[0]));
    assert_eq!((&before["status"], &before["replacedBy"]), (&json!("retired"), &after["keyId"]));
    assert_eq!(after["status"], "active");
    for same in ["connectionId", "keyType", "keySize", "algorithm", "purpose", "metadata"] {
        assert_eq!(before[same], after[same], "{same}");
    }
    assert_ne!(before["publicKey"], after["publicKey"]);
    // What was signed stays good, and the new key signs.
    assert!(verify(&cast.developer, &signed, b"before"));
    assert!(verify(&cast.developer, &sign(&cast.developer, &after, b"after", None), b"after"));
    let events = ok(&cast.admin.get("/audit/v1/events?eventType=kms.byohsm_key.create"), 200)["items"].clone();
    let made = events.as_array().unwrap().iter().find(|event| event["payload"]["replacesKeyId"] == old["keyId"]);
    assert_eq!(made.unwrap()["payload"]["playbookId"], json!(id));
}

fn a_key_that_cannot_be_replaced_fails_the_execution(t: &Deployment) {
    let cast = Cast::new(t);
    let connection = connected(&cast.admin);
    let fails = |name: &str, key: &Value| {
        let id = create(&cast.admin, name, &json!([rotate(key)]));
        let ended = shown(&cast.viewer, &execute(&cast.developer, &id, &json!([])));
        assert_eq!(ended["status"], "failed");
        ended["actions"][0]["error"].as_str().unwrap().to_owned()
    };
    let forbidden = key(&cast.developer, &connection, "rsa", &SIGNS, &json!({ "keySize": 2048 }));
    let policy = json!({
        "name": "No RSA", "algorithms": ["RSA-2048"], "deprecationDate": "2020-01-01T00:00:00Z",
        "enforcementDate": "2020-01-01T00:00:00Z", "migrationTarget": "ML-DSA-65",
    });
    ok(&cast.admin.post("/crypto/v1/deprecation/policies", &policy), 201);
    assert_eq!(fails("forbidden", &forbidden), "the algorithm of the key is forbidden");
    // A key of another tenant is no key.
    let theirs = key(&cast.foreign, &connected(&cast.foreign), "aes", &["encrypt", "decrypt"], &json!({}));
    assert_eq!(fails("foreign", &theirs), "no such key");
    let aes = key(&cast.developer, &connection, "aes", &["encrypt", "decrypt"], &json!({}));
    let wrong = json!({ "connectionConfig": { "endpoint": "sim://module-2" } });
    ok(&cast.admin.patch(&format!("{CONNECTIONS}/{connection}"), &wrong), 200);
    assert_eq!(fails("inactive", &aes), "the connection of the key is not active");
    assert_eq!(seen(&cast.viewer, &aes)["status"], "active");
    assert_eq!(others(&cast.viewer, &aes).len(), 1);
}

fn a_key_on_a_server_is_replaced_there(t: &Deployment) {
    let Some(mut server) = OpenBao::start() else { return };
    let cast = Cast::new(t);
    let connection = connected_to(&cast.admin, &server);
    let old = ok(&cast.developer.post(KEYS, &new_key(&connection, "ec", &SIGNS, &json!({}))), 201);
    let id = create(&cast.admin, "server", &json!([rotate(&old)]));
    let ended = shown(&cast.viewer, &execute(&cast.developer, &id, &json!([])));
    assert_eq!(states(&ended), ["success"], "{ended}");
    let new = others(&cast.viewer, &old);
    assert!(server.key(new[0]["keyId"].as_str().unwrap()).is_some());
    assert!(verify(&cast.developer, &sign(&cast.developer, &new[0], b"x", None), b"x"));
    server.stop();
    let again = create(&cast.admin, "stopped", &json!([rotate(&new[0])]));
    let ended = shown(&cast.viewer, &execute(&cast.developer, &again, &json!([])));
    assert_eq!(ended["actions"][0]["error"], "the module of the key cannot be reached");
    assert_eq!(seen(&cast.viewer, &new[0])["status"], "active");
}

fn a_secret_gets_a_new_value(t: &Deployment) {
    let cast = Cast::new(t);
    let secrets = "/vault/v1/versioned-secrets";
    ok(&cast.developer.post(secrets, &json!({ "secretId": "db", "value": "leaked" })), 201);
    let rotates = |name: &str, secret: &str| {
        let action = json!({ "type": "rotate", "parameters": { "secretId": secret } });
        let id = create(&cast.admin, name, &json!([action]));
        (shown(&cast.viewer, &execute(&cast.developer, &id, &json!([])))["actions"][0].clone(), id)
    };
    let (action, playbook) = rotates("db", "db");
    assert_eq!(action["status"], "success", "{action}");
    let history = ok(&cast.viewer.get(&format!("{secrets}/db/history")), 200)["versions"].clone();
    let states: Vec<_> = history.as_array().unwrap().iter().map(|version| &version["state"]).collect();
    assert_eq!(states, ["active", "deprecated"]);
    assert_eq!(history[0]["metadata"]["reason"], json!(format!("Playbook {playbook}")));
    let value = ok(&cast.developer.get(&format!("{secrets}/db/versions/2")), 200)["value"].clone();
    assert!(value.as_str().unwrap().len() == 32 && value.as_str().unwrap().bytes().all(|b| b.is_ascii_alphanumeric()));
    // A secret of another tenant is no secret.
    ok(&cast.foreign.post(secrets, &json!({ "secretId": "theirs", "value": "x" })), 201);
    assert_eq!(rotates("theirs", "theirs").0["error"], "no such secret");
    assert_eq!(
        ok(&cast.foreign.get(&format!("{secrets}/theirs/history")), 200)["versions"].as_array().unwrap().len(),
        1
    );
}
