//! Keys on QNSP's hardware security modules: how they are made, replaced and deleted.

use std::time::Duration;

use chancery_tests::variables::Variables;
use serde_json::{Value, json};

use crate::{
    answer::{names, ok},
    case::{Case, case},
    database,
    deployment::{Deployment, unique},
    qnsp::{Caller, Cast, Tenant, refuses},
    qnsp_auth::UNKNOWN,
    qnsp_hsm::{CONNECTIONS, KEYS, connect, connected, new_connection},
};

pub fn cases() -> Vec<Case> {
    vec![
        case(a_key_of_each_type_is_made_shown_and_deleted),
        case(keys_are_listed_oldest_first_by_connection_and_page),
        case(keys_that_break_a_rule_are_refused),
        case(a_key_needs_an_active_connection_whose_module_has_such_keys),
        case(a_replaced_key_makes_nothing_new_and_still_opens_and_verifies),
        case(keys_count_against_the_quota_until_they_are_deleted),
        case(each_key_is_metered_and_an_idempotent_call_makes_one),
        case(key_material_is_not_stored_in_clear),
        case(a_key_in_an_active_escrow_is_not_deleted),
    ]
}

pub const WRAP: &str = "/kms/v1/byohsm/wrap";
pub const UNWRAP: &str = "/kms/v1/byohsm/unwrap";
pub const SIGN: &str = "/kms/v1/byohsm/sign";
pub const VERIFY: &str = "/kms/v1/byohsm/verify";

/// A new key with these attributes besides its type and its purposes.
pub fn new_key(connection: &str, key_type: &str, purpose: &[&str], attributes: &Value) -> Value {
    let mut body = json!({ "connectionId": connection, "keyType": key_type, "purpose": purpose });
    body.as_object_mut().unwrap().extend(attributes.as_object().unwrap().clone());
    body
}

#[track_caller]
pub fn key(caller: &Caller, connection: &str, key_type: &str, purpose: &[&str], attributes: &Value) -> Value {
    ok(&caller.post(KEYS, &new_key(connection, key_type, purpose, attributes)), 201)
}

pub const WRAPS: [&str; 2] = ["encrypt", "decrypt"];
pub const SIGNS: [&str; 2] = ["sign", "verify"];

fn path(key: &Value) -> String {
    format!("{KEYS}/{}", key["keyId"].as_str().unwrap())
}

fn a_key_of_each_type_is_made_shown_and_deleted(t: &Deployment) {
    let Cast { admin, developer, viewer, foreign, .. } = &Cast::new(t);
    let connection = connected(admin);
    for (key_type, purpose, attributes, algorithm, size) in [
        ("aes", WRAPS, json!({}), "AES-KWP", json!(256)),
        ("aes", WRAPS, json!({ "keySize": 128, "algorithm": "AES-GCM" }), "AES-GCM", json!(128)),
        ("rsa", SIGNS, json!({ "keySize": 2048 }), "RSASSA-PSS-SHA256", json!(2048)),
        ("ec", SIGNS, json!({}), "ECDSA-SHA256", json!(256)),
        ("ec", SIGNS, json!({ "keySize": 384 }), "ECDSA-SHA384", json!(384)),
        ("pqc", WRAPS, json!({ "keySize": 9 }), "ML-KEM-768", json!(null)),
        ("pqc", SIGNS, json!({}), "ML-DSA-65", json!(null)),
        ("pqc", SIGNS, json!({ "algorithm": "ML-DSA-87" }), "ML-DSA-87", json!(null)),
    ] {
        let created = key(developer, &connection, key_type, &purpose, &attributes);
        let members = ["algorithm", "connectionId", "createdAt", "keyId", "keyType", "publicKey"];
        assert_eq!(names(&created), members);
        assert_eq!(created["publicKey"].is_null(), key_type == "aes");
        let expected = json!({
            "keyId": created["keyId"], "connectionId": connection, "keyType": key_type, "keySize": size,
            "algorithm": algorithm, "purpose": purpose, "publicKey": created["publicKey"], "status": "active",
            "replacedBy": null, "metadata": {}, "createdAt": created["createdAt"],
        });
        assert_eq!(ok(&viewer.get(&path(&created)), 200), expected);
        refuses(&foreign.get(&path(&created)), 404, &[]);
        refuses(&foreign.delete(&path(&created)), 404, &[]);
        ok(&admin.delete(&path(&created)), 204);
        refuses(&viewer.get(&path(&created)), 404, &[]);
        refuses(&admin.delete(&path(&created)), 404, &[]);
    }
    refuses(&viewer.get(&format!("{KEYS}/x")), 400, &["keyId"]);
    refuses(&admin.delete(&format!("{KEYS}/x")), 400, &["keyId"]);
    let named = json!({ "metadata": { "name": "Named", "description": "d", "more": 1 } });
    let created = key(developer, &connection, "aes", &["encrypt", "decrypt", "encrypt"], &named);
    let shown = ok(&viewer.get(&path(&created)), 200);
    assert_eq!(shown["metadata"], json!({ "name": "Named", "description": "d" }));
    assert_eq!(shown["purpose"], json!(["encrypt", "decrypt"]));
}

fn keys_are_listed_oldest_first_by_connection_and_page(t: &Deployment) {
    let Cast { admin, developer, viewer, foreign, .. } = &Cast::new(t);
    let connections = [connected(admin), connected(admin)];
    let mut made = Vec::new();
    for connection in [&connections[0], &connections[1], &connections[0]] {
        made.push(key(developer, connection, "ec", &SIGNS, &json!({}))["keyId"].clone());
        t.pass(Duration::from_millis(5));
    }
    let listed = |caller: &Caller, query: &str| -> Vec<Value> {
        let list = ok(&caller.get(&format!("{KEYS}?{query}")), 200)["keys"].clone();
        list.as_array().unwrap().iter().map(|key| key["keyId"].clone()).collect()
    };
    assert_eq!(listed(viewer, "limit=200"), made);
    assert_eq!(listed(viewer, "limit=1&offset=1"), made[1..2]);
    assert_eq!(listed(viewer, &format!("connectionId={}", connections[0])), [made[0].clone(), made[2].clone()]);
    assert_eq!(listed(viewer, &format!("connectionId={UNKNOWN}")), Vec::<Value>::new());
    assert_eq!(listed(foreign, "limit=200"), Vec::<Value>::new());
    let shown = ok(&viewer.get(&format!("{KEYS}/{}", made[0].as_str().unwrap())), 200);
    assert_eq!(ok(&viewer.get(&format!("{KEYS}?limit=1")), 200)["keys"][0], shown);
    refuses(&viewer.get(&format!("{KEYS}?connectionId=x")), 400, &["connectionId"]);
}

fn keys_that_break_a_rule_are_refused(t: &Deployment) {
    let Cast { admin, developer, foreign, .. } = &Cast::new(t);
    let connection = connected(admin);
    let with =
        |key_type: &str, purpose: &[&str], attributes: Value| new_key(&connection, key_type, purpose, &attributes);
    for (body, places) in [
        (json!({}), vec!["connectionId", "keyType", "purpose"]),
        (with("aes", &[], json!({})), vec!["purpose"]),
        (with("des", &WRAPS, json!({})), vec!["keyType"]),
        (with("aes", &["export"], json!({})), vec!["purpose[0]"]),
        (with("aes", &WRAPS, json!({ "connectionId": "x" })), vec!["connectionId"]),
        (with("aes", &WRAPS, json!({ "keySize": "256" })), vec!["keySize"]),
        (with("aes", &WRAPS, json!({ "metadata": { "name": "" } })), vec!["metadata.name"]),
        (with("aes", &WRAPS, json!({ "replacesKeyId": "x" })), vec!["replacesKeyId"]),
    ] {
        refuses(&developer.post(KEYS, &body), 400, &places);
    }
    for (body, place) in [
        (with("aes", &WRAPS, json!({ "keySize": 512 })), "keySize"),
        (with("rsa", &SIGNS, json!({ "keySize": 1024 })), "keySize"),
        (with("ec", &SIGNS, json!({ "keySize": 521 })), "keySize"),
        (with("aes", &WRAPS, json!({ "algorithm": "RSA-OAEP-256" })), "algorithm"),
        (with("ec", &SIGNS, json!({ "algorithm": "ECDSA-SHA384" })), "algorithm"),
        (with("pqc", &SIGNS, json!({ "algorithm": "Dilithium3" })), "algorithm"),
        (with("aes", &SIGNS, json!({})), "purpose"),
        (with("ec", &WRAPS, json!({})), "purpose"),
        (with("pqc", &WRAPS, json!({ "algorithm": "ML-DSA-65" })), "purpose"),
        (with("pqc", &SIGNS, json!({ "algorithm": "ML-KEM-768" })), "purpose"),
    ] {
        refuses(&developer.post(KEYS, &body), 422, &[place]);
    }
    refuses(&developer.post(KEYS, &with("aes", &WRAPS, json!({ "connectionId": UNKNOWN }))), 404, &[]);
    refuses(&foreign.post(KEYS, &with("aes", &WRAPS, json!({}))), 404, &[]);
    refuses(&developer.post(KEYS, &with("aes", &WRAPS, json!({ "replacesKeyId": UNKNOWN }))), 404, &[]);
}

fn a_key_needs_an_active_connection_whose_module_has_such_keys(t: &Deployment) {
    let Cast { admin, developer, .. } = &Cast::new(t);
    let mut body = new_connection(&unique("module"));
    body["provider"] = json!("safenet");
    let path = connect(admin, &body);
    let connection = path.rsplit('/').next().unwrap();
    let of = |key_type: &str, purpose: &[&str]| new_key(connection, key_type, purpose, &json!({}));
    refuses(&developer.post(KEYS, &of("aes", &WRAPS)), 409, &[]);
    ok(&admin.post(&format!("{path}/validate"), &json!({})), 200);
    ok(&developer.post(KEYS, &of("aes", &WRAPS)), 201);
    refuses(&developer.post(KEYS, &of("pqc", &WRAPS)), 422, &["keyType"]);
    refuses(&developer.post(KEYS, &of("pqc", &SIGNS)), 422, &["keyType"]);
    ok(&admin.patch(&path, &json!({ "connectionConfig": { "port": 1 } })), 200);
    refuses(&developer.post(KEYS, &of("aes", &WRAPS)), 409, &[]);
}

fn a_replaced_key_makes_nothing_new_and_still_opens_and_verifies(t: &Deployment) {
    let Cast { admin, developer, viewer, .. } = &Cast::new(t);
    let connection = connected(admin);
    let text = "dGV4dA==";
    let aes = key(developer, &connection, "aes", &WRAPS, &json!({}))["keyId"].clone();
    let ec = key(developer, &connection, "ec", &SIGNS, &json!({}))["keyId"].clone();
    let wrap = json!({ "wrappingKeyId": aes, "keyToWrap": text });
    let wrapped = ok(&developer.post(WRAP, &wrap), 200)["wrappedKey"].clone();
    let sign = json!({ "keyId": ec, "data": text });
    let signature = ok(&developer.post(SIGN, &sign), 200)["signature"].clone();
    let replacing = |key: &Value| json!({ "replacesKeyId": key });
    for (old, key_type, purpose) in [(&aes, "aes", WRAPS), (&ec, "pqc", SIGNS)] {
        let new = key(developer, &connection, key_type, &purpose, &replacing(old));
        let shown = ok(&viewer.get(&format!("{KEYS}/{}", old.as_str().unwrap())), 200);
        assert_eq!((&shown["status"], &shown["replacedBy"]), (&json!("retired"), &new["keyId"]));
        refuses(&developer.post(KEYS, &new_key(&connection, key_type, &purpose, &replacing(old))), 409, &[]);
    }
    refuses(&developer.post(WRAP, &wrap), 409, &[]);
    refuses(&developer.post(SIGN, &sign), 409, &[]);
    let unwrapped = ok(&developer.post(UNWRAP, &json!({ "unwrappingKeyId": aes, "wrappedKey": wrapped })), 200);
    assert_eq!(unwrapped["unwrappedKey"], text);
    let verified = ok(&viewer.post(VERIFY, &json!({ "keyId": ec, "data": text, "signature": signature })), 200);
    assert_eq!(verified["valid"], true);
}

fn keys_count_against_the_quota_until_they_are_deleted(t: &Deployment) {
    let tenant = Tenant::new(t, &json!({ "tier": "free", "addOns": ["byohsm"] }));
    let owner = &tenant.key("owner");
    let connection = connected(owner);
    let body = new_key(&connection, "aes", &WRAPS, &json!({}));
    let made: Vec<_> = (0..20).map(|_| ok(&owner.post(KEYS, &body), 201)).collect();
    let refused = owner.post(KEYS, &body);
    refuses(&refused, 403, &["limit", "resource", "used"]);
    let refused = refused.json().unwrap();
    assert_eq!(refused["error"], "QUOTA_EXCEEDED");
    assert_eq!(refused["details"], json!({ "resource": "keys", "used": 20, "limit": 20 }));
    ok(&owner.delete(&path(&made[7])), 204);
    ok(&owner.post(KEYS, &body), 201);
    refuses(&owner.post(KEYS, &body), 403, &["limit", "resource", "used"]);
}

fn each_key_is_metered_and_an_idempotent_call_makes_one(t: &Deployment) {
    let cast = Cast::new(t);
    let connection = connected(&cast.admin);
    let body = new_key(&connection, "pqc", &SIGNS, &json!({})).to_string();
    let headers = [("idempotency-key", "once")];
    let made: Vec<_> =
        (0..3).map(|_| ok(&cast.developer.send("POST", KEYS, &headers, Some(body.as_bytes())), 201)).collect();
    assert!(made[1..].iter().all(|answer| *answer == made[0]));
    assert_eq!(ok(&cast.viewer.get(KEYS), 200)["keys"].as_array().unwrap().len(), 1);
    refuses(&cast.developer.post(KEYS, &new_key(UNKNOWN, "aes", &WRAPS, &json!({}))), 404, &[]);
    let metered = format!(
        "SELECT count(*) FROM qnsp_meters WHERE tenant_id = '{}' AND operation = 'kms.hsm.key.create'",
        cast.tenant.id
    );
    assert_eq!(database::number(&t.instance, &metered), 1);
}

fn key_material_is_not_stored_in_clear(t: &Deployment) {
    let Cast { admin, developer, tenant, .. } = &Cast::new(t);
    let connection = connected(admin);
    for (key_type, purpose) in [("ec", SIGNS), ("pqc", SIGNS), ("pqc", WRAPS), ("aes", WRAPS)] {
        key(developer, &connection, key_type, &purpose, &json!({}));
    }
    // PKCS#8 of an elliptic key and of ML-KEM begin so; sealed bytes begin with their format and the id of their key.
    let in_clear = "SELECT count(*) FROM qnsp_hsm_keys WHERE tenant_id = '{tenant}' AND (sealed_material IS NULL \
                    OR substr(sealed_material, 1, 1) <> x'01' OR instr(sealed_material, x'301306072a8648ce3d0201') > 0 \
                    OR instr(sealed_material, x'300b0609608648016503') > 0)";
    assert_eq!(database::number(&t.instance, &in_clear.replace("{tenant}", &tenant.id)), 0);
    assert!(ok(&admin.get(&format!("{CONNECTIONS}/{connection}")), 200)["status"] == "active");
}

fn a_key_in_an_active_escrow_is_not_deleted(shared: &Deployment) {
    let t = &Deployment::start(shared.instance.runtime, Variables::random()).unwrap();
    let cast = Cast::new(t);
    let made = key(&cast.developer, &connected(&cast.admin), "aes", &WRAPS, &json!({}));
    let escrow = "INSERT INTO qnsp_escrows (tenant_id, id, created_at, created_by, key_id, policy_id, expires_at, threshold, \
                  key_hash) VALUES ('{tenant}', 'e', 0, 'u', '{key}', 'p', {until}, 2, x'')";
    let escrow = escrow.replace("{tenant}", &cast.tenant.id).replace("{key}", made["keyId"].as_str().unwrap());
    database::change(&t.instance, &escrow.replace("{until}", "253402300799999"));
    refuses(&cast.admin.delete(&path(&made)), 409, &[]);
    // One that has ended keeps nobody from it.
    database::change(&t.instance, "UPDATE qnsp_escrows SET expires_at = 1");
    ok(&cast.admin.delete(&path(&made)), 204);
}
