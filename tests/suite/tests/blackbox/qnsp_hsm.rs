//! Connections of QNSP to hardware security modules.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    answer::{names, ok, time},
    case::{Case, case},
    database,
    deployment::{Deployment, unique},
    qnsp::{Caller, Cast, refuses},
    qnsp_auth::UNKNOWN,
};

pub fn cases() -> Vec<Case> {
    vec![
        case(a_connection_is_created_listed_shown_changed_and_deleted),
        case(connections_that_break_a_rule_are_refused),
        case(credentials_are_shown_nowhere_and_are_not_stored_in_clear),
        case(a_connection_is_active_once_its_credentials_are_those_of_its_type),
        case(a_change_of_where_it_leads_must_be_validated_again),
        case(a_connection_with_keys_stays_and_stays_of_its_kind),
        case(connections_are_of_tenants_with_the_add_on),
        case(operations_are_listed_latest_first_and_tell_of_health),
    ]
}

pub const CONNECTIONS: &str = "/kms/v1/byohsm/connections";
pub const KEYS: &str = "/kms/v1/byohsm/keys";

pub fn new_connection(name: &str) -> Value {
    let credentials = json!({ "type": "api_key", "data": { "apiKey": "s3cret-key" } });
    json!({
        "name": name, "provider": "thales", "metadata": { "location": "here", "purpose": "tests" },
        "connectionConfig": { "endpoint": "sim://module-1", "credentials": credentials },
    })
}

/// The path of a new connection, which is not validated.
#[track_caller]
pub fn connect(caller: &Caller, body: &Value) -> String {
    format!("{CONNECTIONS}/{}", ok(&caller.post(CONNECTIONS, body), 201)["connectionId"].as_str().unwrap())
}

/// The id of a new connection to the embedded module, which may be used.
#[track_caller]
pub fn connected(caller: &Caller) -> String {
    let path = connect(caller, &new_connection(&unique("module")));
    assert_eq!(ok(&caller.post(&format!("{path}/validate"), &json!({})), 200)["valid"], true);
    path.rsplit('/').next().unwrap().to_owned()
}

fn a_connection_is_created_listed_shown_changed_and_deleted(t: &Deployment) {
    let cast = Cast::new(t);
    assert_eq!(ok(&cast.viewer.get(CONNECTIONS), 200), json!({ "connections": [] }));
    let created = ok(&cast.admin.post(CONNECTIONS, &new_connection("One")), 201);
    assert_eq!(names(&created), ["connectionId", "createdAt", "name", "provider", "status"]);
    assert_eq!((&created["name"], &created["provider"]), (&json!("One"), &json!("thales")));
    assert_eq!(created["status"], "pending_validation");
    let id = &created["connectionId"];
    let path = format!("{CONNECTIONS}/{}", id.as_str().unwrap());
    // What has not been validated lists as inactive.
    let listed = json!({
        "connectionId": id, "name": "One", "provider": "thales", "status": "inactive", "lastHealthCheckAt": null,
    });
    assert_eq!(ok(&cast.viewer.get(CONNECTIONS), 200), json!({ "connections": [listed] }));
    let mut expected = json!({
        "connectionId": id, "name": "One", "provider": "thales", "status": "pending_validation",
        "connectionConfig": { "endpoint": "sim://module-1", "port": 443 },
        "healthMetrics": { "latencyMs": 0.0, "errorRate": 0.0, "lastSuccessfulOperation": null },
        "createdAt": created["createdAt"], "updatedAt": created["createdAt"],
    });
    assert_eq!(ok(&cast.viewer.get(&path), 200), expected);
    t.pass(Duration::from_millis(5));
    let changed = ok(&cast.admin.patch(&path, &json!({ "name": "Two", "metadata": {} })), 200);
    assert_eq!(names(&changed), ["connectionId", "updatedAt"]);
    assert!(time(&changed["updatedAt"]) > time(&created["createdAt"]));
    (expected["name"], expected["updatedAt"]) = (json!("Two"), changed["updatedAt"].clone());
    assert_eq!(ok(&cast.viewer.get(&path), 200), expected);
    ok(&cast.admin.patch(&path, &json!({})), 200);
    t.pass(Duration::from_millis(5));
    connect(&cast.admin, &new_connection("Last"));
    let page = ok(&cast.viewer.get(&format!("{CONNECTIONS}?limit=1&offset=1")), 200);
    assert_eq!(page["connections"][0]["name"], "Last");
    ok(&cast.admin.delete(&path), 204);
    for method in ["GET", "PATCH", "DELETE"] {
        refuses(&cast.admin.call(method, &path, Some(&json!({})).filter(|_| method == "PATCH")), 404, &[]);
    }
    refuses(&cast.admin.post(&format!("{path}/validate"), &json!({})), 404, &[]);
    refuses(&cast.viewer.get(&format!("{path}/operations")), 404, &[]);
}

fn connections_that_break_a_rule_are_refused(t: &Deployment) {
    let Cast { admin, viewer, foreign, .. } = &Cast::new(t);
    let path = connect(admin, &new_connection("One"));
    let with = |at: &str, value: Value| {
        let mut body = new_connection(&unique("module"));
        *body.pointer_mut(at).unwrap() = value;
        body
    };
    for (at, value, place) in [
        ("/name", json!(""), "name"),
        ("/name", json!(null), "name"),
        ("/provider", json!("yubico"), "provider"),
        ("/connectionConfig", json!(null), "connectionConfig"),
        ("/connectionConfig/endpoint", json!(7), "connectionConfig.endpoint"),
        ("/connectionConfig/credentials", json!({ "type": "password" }), "connectionConfig.credentials.type"),
        ("/connectionConfig/credentials/data", json!("x"), "connectionConfig.credentials.data"),
        ("/metadata/location", json!(1), "metadata.location"),
    ] {
        refuses(&admin.post(CONNECTIONS, &with(at, value)), 400, &[place]);
    }
    for port in [json!(0), json!(65536), json!("443"), json!(1.5)] {
        let config = json!({ "endpoint": "sim://m", "port": port, "credentials": { "type": "certificate" } });
        refuses(&admin.post(CONNECTIONS, &with("/connectionConfig", config)), 400, &["connectionConfig.port"]);
    }
    for endpoint in [
        "sim://",
        "hsm.example.com",
        "ftp://hsm.example.com",
        "http://hsm.example.com",
        "https://10.0.0.1",
        "https://localhost",
        "https://hsm.example.com:8200",
        "https://user@hsm.example.com",
        "https://",
    ] {
        let places = ["connectionConfig.endpoint"];
        refuses(&admin.post(CONNECTIONS, &with("/connectionConfig/endpoint", json!(endpoint))), 422, &places);
        refuses(&admin.patch(&path, &json!({ "connectionConfig": { "endpoint": endpoint } })), 422, &places);
    }
    // No runtime shows a certificate that is chosen for a call.
    for kind in ["certificate", "managed_identity"] {
        let config = json!({ "endpoint": "https://hsm.example.com", "credentials": { "type": kind } });
        let places = ["connectionConfig.credentials.type"];
        refuses(&admin.post(CONNECTIONS, &with("/connectionConfig", config.clone())), 422, &places);
        refuses(&admin.patch(&path, &json!({ "connectionConfig": config })), 422, &places);
    }
    refuses(&admin.patch(&path, &json!({ "name": "" })), 400, &["name"]);
    // Names are the tenant's own.
    refuses(&admin.post(CONNECTIONS, &new_connection("One")), 409, &[]);
    connect(foreign, &new_connection("One"));
    let other = connect(admin, &new_connection("Other"));
    refuses(&admin.patch(&other, &json!({ "name": "One" })), 409, &[]);
    let nothing = format!("{CONNECTIONS}/x");
    refuses(&viewer.get(&nothing), 400, &["connectionId"]);
    refuses(&viewer.get(&format!("{nothing}/operations?offset=x")), 400, &["connectionId", "offset"]);
    refuses(&admin.delete(&nothing), 400, &["connectionId"]);
    refuses(&admin.post(&format!("{nothing}/validate"), &json!({})), 400, &["connectionId"]);
    refuses(&foreign.get(&path), 404, &[]);
    refuses(&foreign.patch(&path, &json!({ "name": "x" })), 404, &[]);
    refuses(&foreign.delete(&path), 404, &[]);
    refuses(&viewer.get(&format!("{CONNECTIONS}?limit=x")), 400, &["limit"]);
}

fn credentials_are_shown_nowhere_and_are_not_stored_in_clear(t: &Deployment) {
    let cast = Cast::new(t);
    let created = cast.admin.post(CONNECTIONS, &new_connection("One"));
    let path = format!("{CONNECTIONS}/{}", ok(&created, 201)["connectionId"].as_str().unwrap());
    let changed = cast.admin.patch(
        &path,
        &json!({ "connectionConfig": {
        "credentials": { "type": "api_key", "data": { "apiKey": "s3cret-key" } },
    } }),
    );
    let validated = cast.admin.post(&format!("{path}/validate"), &json!({}));
    let events = cast.owner.get("/audit/v1/events?limit=200");
    for reply in [&created, &changed, &cast.owner.get(&path), &cast.owner.get(CONNECTIONS), &validated, &events] {
        assert!(!String::from_utf8_lossy(&reply.body).contains("s3cret"));
    }
    assert_eq!(events.status, 200);
    assert!(!database::contains(&t.instance, "s3cret-key"));
}

fn a_connection_is_active_once_its_credentials_are_those_of_its_type(t: &Deployment) {
    let Cast { admin, developer, viewer, .. } = &Cast::new(t);
    for (provider, has_pqc) in [
        ("thales", true),
        ("safenet", false),
        ("aws_cloudhsm", true),
        ("azure_managed_hsm", false),
        ("google_cloud_hsm", true),
    ] {
        let mut body = new_connection(&unique("module"));
        body["provider"] = json!(provider);
        let path = connect(admin, &body);
        let validated = ok(&developer.post(&format!("{path}/validate"), &json!({})), 200);
        assert_eq!(names(&validated), ["connectionId", "details", "errors", "valid", "validatedAt"]);
        let mut capabilities = vec!["aes", "rsa", "ec", "wrap", "sign"];
        capabilities.extend(has_pqc.then_some("pqc"));
        let details = json!({ "connectivity": true, "authentication": true, "capabilities": capabilities });
        assert_eq!((&validated["valid"], &validated["errors"]), (&json!(true), &json!([])));
        assert_eq!(validated["details"], details, "{provider}");
        assert_eq!(ok(&viewer.get(&path), 200)["status"], "active");
        let listed = ok(&viewer.get(&format!("{CONNECTIONS}?limit=200")), 200);
        let listed = listed["connections"].as_array().unwrap().last().unwrap().clone();
        assert_eq!((&listed["status"], &listed["lastHealthCheckAt"]), (&json!("active"), &validated["validatedAt"]));
    }
    for (kind, data, valid) in [
        ("certificate", json!({ "certificate": "-----BEGIN" }), true),
        ("managed_identity", json!({ "clientId": "c" }), true),
        ("api_key", json!({ "apiKey": "" }), false),
        ("api_key", json!({ "certificate": "x" }), false),
        ("certificate", json!({ "apiKey": "x" }), false),
        ("managed_identity", json!({}), false),
        ("managed_identity", json!(null), false),
    ] {
        let mut body = new_connection(&unique("module"));
        body["connectionConfig"]["credentials"] = json!({ "type": kind, "data": data });
        let path = connect(admin, &body);
        let validated = ok(&developer.post(&format!("{path}/validate"), &json!({})), 200);
        assert_eq!((&validated["valid"], &validated["details"]["authentication"]), (&json!(valid), &json!(valid)));
        assert_eq!(validated["errors"].as_array().unwrap().len(), usize::from(!valid), "{validated}");
        let shown = ok(&viewer.get(&path), 200);
        assert_eq!(shown["status"], if valid { "active" } else { "error" });
        let operations = ok(&viewer.get(&format!("{path}/operations")), 200)["operations"].clone();
        let operation = &operations[0];
        assert_eq!(operation["status"], if valid { "success" } else { "failure" });
        assert_eq!((&operation["type"], &operation["keyId"]), (&json!("validate"), &json!(null)));
    }
}

fn a_change_of_where_it_leads_must_be_validated_again(t: &Deployment) {
    let Cast { admin, .. } = &Cast::new(t);
    let path = format!("{CONNECTIONS}/{}", connected(admin));
    let config = |config: Value| json!({ "connectionConfig": config });
    let status = || ok(&admin.get(&path), 200)["status"].clone();
    for same in [
        json!({ "name": unique("module") }),
        json!({ "metadata": { "location": "there" } }),
        config(json!({ "endpoint": "sim://module-1", "port": 443 })),
        config(json!({})),
    ] {
        ok(&admin.patch(&path, &same), 200);
        assert_eq!(status(), "active");
    }
    let data = json!({ "type": "api_key", "data": { "apiKey": "s3cret-key" } });
    for other in [json!({ "endpoint": "sim://module-2" }), json!({ "port": 444 }), json!({ "credentials": data })] {
        ok(&admin.patch(&path, &config(other)), 200);
        assert_eq!(status(), "pending_validation");
        assert_eq!(ok(&admin.post(&format!("{path}/validate"), &json!({})), 200)["valid"], true);
        assert_eq!(status(), "active");
    }
    let shown = ok(&admin.get(&path), 200)["connectionConfig"].clone();
    assert_eq!(shown, json!({ "endpoint": "sim://module-2", "port": 444 }));
}

fn a_connection_with_keys_stays_and_stays_of_its_kind(t: &Deployment) {
    let Cast { admin, developer, .. } = &Cast::new(t);
    let connection = connected(admin);
    let path = format!("{CONNECTIONS}/{connection}");
    let elsewhere = json!({ "connectionConfig": { "endpoint": "https://hsm.example.com" } });
    ok(&admin.patch(&path, &elsewhere), 200);
    ok(&admin.patch(&path, &json!({ "connectionConfig": { "endpoint": "sim://module-1" } })), 200);
    ok(&admin.post(&format!("{path}/validate"), &json!({})), 200);
    let body = json!({ "connectionId": connection, "keyType": "aes", "purpose": ["encrypt", "decrypt"] });
    let key = ok(&developer.post(KEYS, &body), 201)["keyId"].as_str().unwrap().to_owned();
    refuses(&admin.patch(&path, &elsewhere), 409, &[]);
    refuses(&admin.delete(&path), 409, &[]);
    // The key works with the other module of the same kind: its material stays where it is.
    ok(&admin.patch(&path, &json!({ "connectionConfig": { "endpoint": "sim://module-2" } })), 200);
    let wrap = json!({ "wrappingKeyId": key, "keyToWrap": "a2V5" });
    refuses(&developer.post("/kms/v1/byohsm/wrap", &wrap), 409, &[]);
    ok(&admin.post(&format!("{path}/validate"), &json!({})), 200);
    ok(&developer.post("/kms/v1/byohsm/wrap", &wrap), 200);
    ok(&admin.delete(&format!("{KEYS}/{key}")), 204);
    ok(&admin.delete(&path), 204);
}

fn connections_are_of_tenants_with_the_add_on(t: &Deployment) {
    let cast = Cast::new(t);
    for caller in [&cast.free, &cast.without_add_ons] {
        let refused = caller.post(CONNECTIONS, &new_connection("One"));
        refuses(&refused, 403, &["addOn", "control"]);
        let details = &refused.json().unwrap()["details"];
        assert_eq!((&details["control"], &details["addOn"]), (&json!("addon"), &json!("byohsm")));
        refuses(&caller.get(KEYS), 403, &["addOn", "control"]);
        // Neither is told whether there is such a thing.
        refuses(&caller.get(&format!("{CONNECTIONS}/{UNKNOWN}")), 403, &["addOn", "control"]);
    }
}

fn operations_are_listed_latest_first_and_tell_of_health(t: &Deployment) {
    let Cast { admin, developer, viewer, .. } = &Cast::new(t);
    let connection = connected(admin);
    let path = format!("{CONNECTIONS}/{connection}");
    let body = json!({ "connectionId": connection, "keyType": "aes", "purpose": ["encrypt", "decrypt"] });
    let key = ok(&developer.post(KEYS, &body), 201)["keyId"].clone();
    let wrap = json!({ "wrappingKeyId": key, "keyToWrap": "a2V5" });
    let wrapped = ok(&developer.post("/kms/v1/byohsm/wrap", &wrap), 200)["wrappedKey"].clone();
    t.pass(Duration::from_millis(5));
    let unwrap = json!({ "unwrappingKeyId": key, "wrappedKey": wrapped });
    ok(&developer.post("/kms/v1/byohsm/unwrap", &unwrap), 200);
    refuses(
        &developer.post("/kms/v1/byohsm/unwrap", &json!({ "unwrappingKeyId": key, "wrappedKey": "AAAA" })),
        422,
        &[],
    );
    let listed = ok(&viewer.get(&format!("{path}/operations")), 200)["operations"].clone();
    let said: Vec<_> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["type"].as_str().unwrap(), one["status"].as_str().unwrap()))
        .collect();
    let expected = [
        ("unwrap", "failure"),
        ("unwrap", "success"),
        ("wrap", "success"),
        ("key.create", "success"),
        ("validate", "success"),
    ];
    assert_eq!(said, expected);
    assert_eq!(names(&listed[0]), ["keyId", "latencyMs", "operationId", "status", "timestamp", "type"]);
    assert!(listed.as_array().unwrap()[..4].iter().all(|one| one["keyId"] == key));
    assert!(listed[0]["latencyMs"].as_i64().unwrap() >= 0);
    let page = ok(&viewer.get(&format!("{path}/operations?limit=2&offset=1")), 200)["operations"].clone();
    assert_eq!(page, json!([listed[1], listed[2]]));
    let health = ok(&viewer.get(&path), 200)["healthMetrics"].clone();
    assert_eq!(health["errorRate"], 0.2);
    assert_eq!(health["lastSuccessfulOperation"], listed[1]["timestamp"]);
    assert!(health["latencyMs"].as_f64().unwrap() >= 0.0);
}
