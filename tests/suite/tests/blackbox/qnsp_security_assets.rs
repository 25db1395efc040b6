//! Assets of QNSP's security monitoring that are derived from the objects of other services.

use serde_json::{Value, json};

use crate::{
    answer::ok,
    case::{Case, case},
    deployment::{Deployment, unique},
    qnsp::{Caller, Cast, refuses},
    qnsp_ai_registry::{active, deployed},
    qnsp_dynamic::{configured, leased},
    qnsp_escrow::Scene,
    qnsp_hsm::{connect, new_connection},
    qnsp_security_attacks::{ANALYZE, ASSETS, CONNECTIONS, SIMULATE, asset, connect as connect_assets},
    qnsp_storage::{self, document},
    qnsp_vault::{secret, set_state},
    qnsp_vault_leakage,
};

pub fn cases() -> Vec<Case> {
    vec![
        case(objects_of_the_services_are_assets_while_they_are_there),
        case(keys_lead_to_their_escrows_and_modules_to_their_keys),
        case(an_open_incident_is_a_weakness_of_its_secret_or_its_configuration),
        case(a_key_is_as_weak_as_the_tenant_thinks_of_its_algorithm),
        case(derived_assets_of_other_tenants_are_unknown),
    ]
}

/// The id at the end of a path.
fn id(path: &str) -> &str {
    path.rsplit('/').next().unwrap()
}

#[track_caller]
fn assets(caller: &Caller) -> Vec<Value> {
    let listed = ok(&caller.get(&format!("{ASSETS}?limit=200")), 200);
    let assets = listed["assets"].as_array().unwrap().clone();
    assert_eq!(listed["total"], assets.len());
    let ids: Vec<_> = assets.iter().map(|asset| asset["assetId"].as_str().unwrap().to_owned()).collect();
    assert!(ids.is_sorted(), "{ids:?}");
    assets
}

#[track_caller]
fn flags(caller: &Caller, id: &str) -> Value {
    let assets = assets(caller);
    assets.iter().find(|asset| asset["assetId"] == id).unwrap_or_else(|| panic!("no {id} in {assets:?}"))["flags"]
        .clone()
}

fn derived(id: &str, name: &str, exposure: &str, flags: &Value) -> Value {
    let kind = id.split(':').next().unwrap();
    json!({ "assetId": id, "name": name, "type": kind, "exposure": exposure, "flags": flags, "createdAt": null })
}

fn keys() -> Value {
    json!({ "name": unique("keys"), "type": "api_key", "ttl": { "default": "PT15M" } })
}

fn objects_of_the_services_are_assets_while_they_are_there(t: &Deployment) {
    let Cast { admin, developer, viewer, foreign, .. } = &Cast::new(t);
    let mut remote = new_connection(&unique("remote"));
    remote["connectionConfig"]["endpoint"] = json!("https://127.0.0.1");
    remote["connectionConfig"]["port"] = json!(1);
    let connection = connect(admin, &remote);
    assert_eq!(ok(&admin.post(&format!("{connection}/validate"), &json!({})), 200)["valid"], false);
    let body = keys();
    let config = configured(admin, &body);
    let value = secret(developer, &["a value"]);
    let device =
        json!({ "name": "device", "type": "hsm", "vendor": "V", "serialNumber": unique("s"), "capabilities": [] });
    let device = ok(&admin.post("/crypto/v1/hardware", &device), 201)["hardwareId"].as_str().unwrap().to_owned();
    let deployment = deployed(developer, &active(developer, &json!({})), json!({}));
    let kept = document(developer, "invoices", "2026/1", "text");
    let of = |kind: &str, id: &str| format!("{kind}:{id}");
    let [connection_id, config_id, secret_id, device_id, deployment_id] = [
        of("connection", id(&connection)),
        of("config", id(&config)),
        of("secret", &value),
        of("hardware", &device),
        of("deployment", id(&deployment)),
    ];
    let expected = [
        derived("bucket:invoices", "invoices", "internal", &json!([])),
        derived(&config_id, body["name"].as_str().unwrap(), "internal", &json!([])),
        derived(&connection_id, remote["name"].as_str().unwrap(), "external", &json!(["unhealthy"])),
        derived(&deployment_id, id(&deployment), "internal", &json!([])),
        derived(&device_id, "device", "internal", &json!([])),
        derived(&secret_id, &value, "internal", &json!([])),
    ];
    assert_eq!(assets(viewer), expected);
    assert_eq!(assets(foreign), Vec::<Value>::new());
    let page = ok(&viewer.get(&format!("{ASSETS}?limit=2&offset=1")), 200);
    assert_eq!((&page["assets"], &page["total"]), (&json!(expected[1..3]), &json!(6)));
    ok(&developer.post(&format!("/crypto/v1/hardware/{device}/health"), &json!({ "status": "degraded" })), 201);
    assert_eq!(flags(viewer, &device_id), json!(["unhealthy"]));
    // What begins outside may reach whatever is connected with it.
    let bucket_id = "bucket:invoices".to_owned();
    for target in [&config_id, &secret_id, &device_id, &deployment_id, &bucket_id] {
        connect_assets(developer, &connection_id, target);
        let asked = json!({ "targetAsset": target, "includeExternalThreats": true });
        let steps = ok(&developer.post(ANALYZE, &asked), 200)["attackPaths"][0]["steps"].clone();
        assert_eq!((&steps[0]["asset"], &steps[0]["vulnerability"]), (&json!(connection_id), &json!("unhealthy")));
        assert_eq!(steps[1]["asset"], json!(target));
    }
    // What is left in name only is no asset.
    ok(&set_state(developer, &value, 1, "destroyed"), 200);
    ok(&developer.send("POST", &format!("{deployment}/stop"), &[], None), 200);
    ok(&admin.delete(&connection), 204);
    ok(&admin.delete(&qnsp_storage::path(&kept)), 204);
    let left: Vec<_> = assets(viewer).iter().map(|asset| asset["assetId"].clone()).collect();
    assert_eq!(left, [json!(config_id), json!(device_id)]);
    for gone in [&secret_id, &deployment_id, &connection_id, &bucket_id] {
        refuses(&developer.post(ANALYZE, &json!({ "targetAsset": gone })), 404, &["asset"]);
        let pair = json!({ "sourceAssetId": config_id, "targetAssetId": gone });
        refuses(&developer.post(CONNECTIONS, &pair), 404, &["asset"]);
    }
}

fn keys_lead_to_their_escrows_and_modules_to_their_keys(t: &Deployment) {
    let scene = Scene::new(t, 2);
    let Cast { developer, viewer, .. } = &scene.cast;
    let (key, other) = (scene.key("ec"), scene.key("aes"));
    let escrow = format!("escrow:{}", scene.escrowed(&key, &scene.created(2, &json!({}))));
    let [key, other] = [key, other].map(|id| format!("key:{id}"));
    let connection = assets(viewer).into_iter().find(|asset| asset["type"] == "connection").unwrap();
    assert_eq!((&connection["exposure"], &connection["flags"]), (&json!("internal"), &json!([])));
    let connection = connection["assetId"].as_str().unwrap().to_owned();
    let listed = ok(&viewer.get(&format!("{CONNECTIONS}?limit=200")), 200);
    assert_eq!(listed["total"], 3);
    let mut found: Vec<_> = listed["connections"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| {
            assert_eq!(it["createdAt"], Value::Null);
            json!([it["sourceAssetId"], it["targetAssetId"], it["type"]])
        })
        .collect();
    let mut expected =
        vec![json!([connection, key, "key"]), json!([connection, other, "key"]), json!([key, escrow, "escrow"])];
    found.sort_by_key(Value::to_string);
    expected.sort_by_key(Value::to_string);
    assert_eq!(found, expected);
    let derived = listed["connections"][0]["connectionId"].as_str().unwrap();
    refuses(&developer.delete(&format!("{CONNECTIONS}/{derived}")), 404, &[]);
    let user = asset(developer, "user", "user", &json!([]));
    connect_assets(developer, &user, &connection);
    let analysis = ok(&developer.post(ANALYZE, &json!({ "targetAsset": escrow })), 200);
    let steps = json!([
        { "asset": user, "vulnerability": "lateral_movement", "technique": "T1021" },
        { "asset": connection, "vulnerability": "lateral_movement", "technique": "T1021" },
        { "asset": key, "vulnerability": "deprecated_algorithm", "technique": "T1600" },
        { "asset": escrow, "vulnerability": "lateral_movement", "technique": "T1021" },
    ]);
    assert_eq!((&analysis["attackPaths"][0]["steps"], &analysis["truncated"]), (&steps, &json!(false)));
    let simulated = json!({ "scenario": "insider", "entryPoints": [connection], "objectives": [escrow] });
    // Two fifths for the key, one for the escrow.
    assert_eq!(ok(&developer.post(SIMULATE, &simulated), 200)["results"]["successProbability"], 0.08);
}

fn an_open_incident_is_a_weakness_of_its_secret_or_its_configuration(t: &Deployment) {
    let Cast { admin, developer, viewer, .. } = &Cast::new(t);
    let value = secret(developer, &["a value"]);
    let config = configured(admin, &keys());
    let lease = leased(developer, &config, &json!({}))["leaseId"].as_str().unwrap().to_owned();
    let incident = |secret: &str| {
        let body = json!({ "secretId": secret, "source": "github", "severity": "high" });
        let made = ok(&developer.post(&qnsp_vault_leakage::path("incidents"), &body), 201);
        qnsp_vault_leakage::path(&format!("incidents/{}", made["incidentId"].as_str().unwrap()))
    };
    let (of_secret, of_config) = (format!("secret:{value}"), format!("config:{}", id(&config)));
    for (asset, secret) in [(&of_secret, value.as_str()), (&of_config, lease.as_str())] {
        assert_eq!(flags(viewer, asset), json!([]));
        let incident = incident(secret);
        assert_eq!(flags(viewer, asset), json!(["open_incident"]));
        let asked = json!({ "scenario": "s", "entryPoints": [asset], "objectives": [asset] });
        ok(&developer.post(SIMULATE, &asked), 200);
        ok(&developer.patch(&incident, &json!({ "status": "investigating" })), 200);
        assert_eq!(flags(viewer, asset), json!(["open_incident"]));
        ok(&developer.patch(&incident, &json!({ "status": "resolved", "resolution": "rotated" })), 200);
        assert_eq!(flags(viewer, asset), json!([]));
    }
    incident(&value);
    let user = asset(developer, "user", "user", &json!([]));
    connect_assets(developer, &user, &of_secret);
    let path = ok(&developer.post(ANALYZE, &json!({ "targetAsset": of_secret })), 200)["attackPaths"][0].clone();
    assert_eq!((&path["steps"][1]["technique"], &path["severity"]), (&json!("T1552"), &json!("high")));
}

fn a_key_is_as_weak_as_the_tenant_thinks_of_its_algorithm(t: &Deployment) {
    let scene = Scene::new(t, 1);
    let Cast { admin, viewer, .. } = &scene.cast;
    let [ec, aes, pqc] = ["ec", "aes", "pqc"].map(|kind| format!("key:{}", scene.key(kind)));
    let found = || [&ec, &aes, &pqc].map(|key| flags(viewer, key));
    assert_eq!(found(), [json!(["deprecated_algorithm"]), json!([]), json!([])]);
    let policy = |name: &str, algorithms: Value, enforced: &str| {
        let body = json!({
            "name": name, "algorithms": algorithms, "deprecationDate": "2020-01-01T00:00:00Z", "enforcementDate": enforced,
            "migrationTarget": "ML-DSA-65",
        });
        ok(&admin.post("/crypto/v1/deprecation/policies", &body), 201);
    };
    policy("later", json!(["AES-256"]), "2999-01-01T00:00:00Z");
    policy("now", json!(["ML-KEM", "ECDSA-P256"]), "2021-01-01T00:00:00Z");
    let forbidden = json!(["forbidden_algorithm"]);
    assert_eq!(found(), [forbidden.clone(), json!([]), forbidden]);
}

fn derived_assets_of_other_tenants_are_unknown(t: &Deployment) {
    let Cast { developer, foreign, .. } = &Cast::new(t);
    let of_other = format!("secret:{}", secret(foreign, &["a value"]));
    let own = format!("secret:{}", secret(developer, &["a value"]));
    refuses(&developer.post(ANALYZE, &json!({ "targetAsset": of_other })), 404, &["asset"]);
    let simulated = json!({ "scenario": "s", "entryPoints": [own], "objectives": [of_other] });
    refuses(&developer.post(SIMULATE, &simulated), 404, &["asset"]);
    let pair = json!({ "sourceAssetId": own, "targetAssetId": of_other });
    refuses(&developer.post(CONNECTIONS, &pair), 404, &["asset"]);
    for unknown in ["secret:", "secret", "bucket:none", ":x", "nothing:x"] {
        refuses(&developer.post(ANALYZE, &json!({ "targetAsset": unknown })), 404, &["asset"]);
    }
}
