//! The crypto inventory: hardware and its health.

use serde_json::{Value, json};

use crate::{
    answer::ok,
    case::{Case, case, together},
    deployment::Deployment,
    qnsp::{Caller, Tenant, refuses},
    qnsp_auth::UNKNOWN,
    qnsp_crypto_inventory::tenant,
};

pub fn cases() -> Vec<Case> {
    vec![
        case(a_device_is_registered_shown_changed_and_deleted),
        case(a_device_needs_all_its_parts_and_its_own_serial_number),
        case(the_shape_of_the_sdk_registers_devices),
        case(a_device_has_the_status_of_its_latest_check),
        case(devices_are_counted_by_type_and_status),
    ]
}

pub const HARDWARE: &str = "/crypto/v1/hardware";

pub fn hardware(name: &str, serial_number: &str, capabilities: &Value) -> Value {
    json!({
        "name": name, "type": "hsm", "vendor": "Vendor", "serialNumber": serial_number, "capabilities": capabilities,
    })
}

#[track_caller]
pub fn register(caller: &Caller, body: &Value) -> String {
    let made = ok(&caller.post(HARDWARE, body), 201);
    assert_eq!(made, json!({ "hardwareId": made["hardwareId"], "name": body["name"], "createdAt": made["createdAt"] }));
    made["hardwareId"].as_str().unwrap().to_owned()
}

fn a_device_is_registered_shown_changed_and_deleted(t: &Deployment) {
    let (tenant, other) = (tenant(t), tenant(t));
    let (developer, admin, viewer) = (tenant.key("developer"), tenant.key("admin"), tenant.key("viewer"));
    let body = json!({
        "name": "Luna", "type": "smartcard", "vendor": "Thales", "model": "A700", "serialNumber": "17",
        "location": "Berlin", "capabilities": ["aes", "ML-KEM-768"], "firmwareVersion": "7.8",
    });
    assert_eq!(viewer.post(HARDWARE, &body).status, 403);
    let id = register(&developer, &body);
    let second = register(&developer, &hardware("Luna", "18", &Value::Null));
    let path = format!("{HARDWARE}/{id}");
    let shown = ok(&viewer.get(&path), 200);
    let mut expected = body.clone();
    expected.as_object_mut().unwrap().extend([
        ("hardwareId".to_owned(), json!(id)),
        ("status".to_owned(), json!("healthy")),
        ("lastHealthCheckAt".to_owned(), Value::Null),
        ("createdAt".to_owned(), shown["createdAt"].clone()),
        ("updatedAt".to_owned(), shown["createdAt"].clone()),
    ]);
    assert_eq!(shown, expected);
    let listed = ok(&viewer.get(HARDWARE), 200);
    assert_eq!([&listed["total"], &listed["limit"], &listed["offset"]], [2, 50, 0]);
    assert_eq!(listed["devices"][0], expected);
    let bare = &listed["devices"][1];
    assert_eq!(
        [&bare["hardwareId"], &bare["model"], &bare["capabilities"]],
        [&json!(second), &Value::Null, &json!([])]
    );
    assert_eq!(ok(&viewer.get(&format!("{HARDWARE}?limit=1&offset=1")), 200)["devices"], json!([bare]));
    let change = json!({ "name": "Luna 2", "capabilities": ["pqc"], "firmwareVersion": "8.0", "type": "tpm" });
    let changed = ok(&developer.patch(&path, &change), 200);
    for name in ["name", "capabilities", "firmwareVersion"] {
        expected[name] = change[name].clone();
    }
    expected["updatedAt"] = changed["updatedAt"].clone();
    assert_eq!(changed, expected, "the type is none of what can be changed");
    expected["location"] = json!("Bonn");
    let changed = ok(&developer.patch(&path, &json!({ "location": "Bonn" })), 200);
    expected["updatedAt"] = changed["updatedAt"].clone();
    assert_eq!(changed, expected);
    for (change, place) in [
        (json!({}), ""),
        (json!({ "vendor": "other" }), ""),
        (json!({ "name": "" }), "name"),
        (json!({ "capabilities": ["a", 1] }), "capabilities[1]"),
    ] {
        refuses(&developer.patch(&path, &change), 400, &[place]);
    }
    let foreign = other.key("owner");
    for (caller, id) in [(&admin, UNKNOWN), (&foreign, id.as_str())] {
        let path = format!("{HARDWARE}/{id}");
        refuses(&caller.get(&path), 404, &[]);
        refuses(&caller.patch(&path, &json!({ "name": "x" })), 404, &[]);
        refuses(&caller.delete(&path), 404, &[]);
        refuses(&caller.post(&format!("{path}/health"), &json!({ "status": "failed" })), 404, &[]);
    }
    let malformed = format!("{HARDWARE}/x");
    refuses(&admin.get(&malformed), 400, &["hardwareId"]);
    refuses(&admin.patch(&malformed, &json!({ "name": "x" })), 400, &["hardwareId"]);
    refuses(&admin.delete(&malformed), 400, &["hardwareId"]);
    refuses(&viewer.get(&format!("{HARDWARE}?offset=x")), 400, &["offset"]);
    assert_eq!(viewer.patch(&path, &json!({ "name": "x" })).status, 403);
    assert_eq!(developer.delete(&path).status, 403);
    assert_eq!(admin.delete(&path).status, 204);
    refuses(&viewer.get(&path), 404, &[]);
}

fn a_device_needs_all_its_parts_and_its_own_serial_number(t: &Deployment) {
    let (tenant, other) = (tenant(t), tenant(t));
    let developer = tenant.key("developer");
    refuses(&developer.post(HARDWARE, &json!({})), 400, &["name", "serialNumber", "type", "vendor"]);
    let good = || hardware("d", "1", &json!([]));
    for (name, value) in [
        ("type", json!("secure_enclave")),
        ("type", json!("crypto_accelerator")),
        ("vendor", json!("")),
        ("serialNumber", json!(7)),
        ("capabilities", json!("rsa")),
        ("name", json!("x".repeat(129))),
    ] {
        let mut body = good();
        body[name] = value;
        refuses(&developer.post(HARDWARE, &body), 400, &[name]);
    }
    let statuses = together(4, |_| developer.post(HARDWARE, &good()).status);
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1, "{statuses:?}");
    refuses(&developer.post(HARDWARE, &good()), 409, &[]);
    let mut of_another_vendor = good();
    of_another_vendor["vendor"] = json!("Another");
    register(&developer, &of_another_vendor);
    register(&other.key("developer"), &good());
}

fn the_shape_of_the_sdk_registers_devices(t: &Deployment) {
    let tenant = tenant(t);
    let developer = tenant.key("developer");
    let body = json!({
        "name": "Card", "hardwareType": "crypto_accelerator", "model": "X", "supportedAlgorithms": ["RSA-2048", "dilithium3"],
        "pqcCapable": false,
    });
    let made = ok(&developer.post(HARDWARE, &body), 201);
    let expected = json!({
        "hardwareId": made["hardwareId"], "name": "Card", "createdAt": made["createdAt"],
        "device": {
            "id": made["hardwareId"], "name": "Card", "hardwareType": "crypto_accelerator", "vendor": null, "model": "X",
            "serialNumber": null, "location": null, "firmwareVersion": null,
            "supportedAlgorithms": ["RSA-2048", "dilithium3"], "pqcCapable": true, "healthStatus": "healthy",
            "createdAt": made["createdAt"], "updatedAt": made["createdAt"],
        },
    });
    assert_eq!(made, expected, "an algorithm says more than the flag");
    // Nothing is unique about what has no serial number.
    let mut again = body.clone();
    again["pqcCapable"] = json!(true);
    again["capabilities"] = json!(["fast"]);
    let again = ok(&developer.post(HARDWARE, &again), 201);
    let shown = ok(&developer.get(&format!("{HARDWARE}/{}", again["hardwareId"].as_str().unwrap())), 200);
    assert_eq!(shown["capabilities"], json!(["fast", "RSA-2048", "dilithium3", "pqc"]));
    assert_eq!(
        [&shown["type"], &shown["vendor"], &shown["serialNumber"]],
        [&json!("accelerator"), &Value::Null, &Value::Null]
    );
    for kind in ["secure_enclave", "key_storage_device", "accelerator"] {
        let body = json!({ "name": "n", "hardwareType": kind });
        refuses(&developer.post(HARDWARE, &body), 400, &["hardwareType"]);
    }
    let path = format!("{HARDWARE}/{}/health", made["hardwareId"].as_str().unwrap());
    let check = json!({ "healthStatus": "warning", "temperature": 71.5, "uptime": 12 });
    let checked = ok(&developer.post(&path, &check), 201);
    let expected = json!({
        "healthCheckId": checked["healthCheckId"], "recordedAt": checked["recordedAt"],
        "healthCheck": {
            "id": checked["healthCheckId"], "hardwareId": made["hardwareId"], "healthStatus": "warning", "temperature": 71.5,
            "checkedAt": checked["recordedAt"],
        },
    });
    assert_eq!(checked, expected);
    for (said, status) in [("critical", "failed"), ("unknown", "healthy"), ("degraded", "degraded")] {
        ok(&developer.post(&path, &json!({ "healthStatus": said })), 201);
        let shown = ok(&developer.get(&format!("{HARDWARE}/{}", made["hardwareId"].as_str().unwrap())), 200);
        assert_eq!(shown["status"], status, "{said}");
    }
}

fn a_device_has_the_status_of_its_latest_check(t: &Deployment) {
    let tenant = Tenant::new(t, &json!({ "tier": "dev-pro" }));
    let (developer, viewer) = (tenant.key("developer"), tenant.key("viewer"));
    let id = register(&developer, &hardware("d", "1", &json!([])));
    let path = format!("{HARDWARE}/{id}/health");
    refuses(&developer.post(&path, &json!({})), 400, &["status"]);
    for (body, place) in [
        (json!({ "status": "warning" }), "status"),
        (json!({ "status": "failed", "metrics": { "temperature": 201 } }), "metrics.temperature"),
        (json!({ "status": "failed", "metrics": { "temperature": -200.5 } }), "metrics.temperature"),
        (json!({ "status": "failed", "metrics": { "operationsPerSecond": -1 } }), "metrics.operationsPerSecond"),
        (json!({ "status": "failed", "metrics": { "errorRate": 1.1 } }), "metrics.errorRate"),
        (json!({ "status": "failed", "metrics": [] }), "metrics"),
        (json!({ "healthStatus": "fine" }), "healthStatus"),
        (json!({ "healthStatus": "critical", "errorRate": 2 }), "errorRate"),
    ] {
        refuses(&developer.post(&path, &body), 400, &[place]);
    }
    refuses(&developer.post(&format!("{HARDWARE}/x/health"), &json!({ "status": "failed" })), 400, &["hardwareId"]);
    assert_eq!(viewer.post(&path, &json!({ "status": "failed" })).status, 403);
    let metrics = json!({ "temperature": -200, "operationsPerSecond": 0, "errorRate": 1 });
    for (status, metrics) in [("failed", Value::Null), ("healthy", json!({})), ("degraded", metrics)] {
        let checked = ok(&developer.post(&path, &json!({ "status": status, "metrics": metrics })), 201);
        assert_eq!(checked, json!({ "healthCheckId": checked["healthCheckId"], "recordedAt": checked["recordedAt"] }));
        let shown = ok(&viewer.get(&format!("{HARDWARE}/{id}")), 200);
        assert_eq!([&shown["status"], &shown["lastHealthCheckAt"]], [&json!(status), &checked["recordedAt"]]);
    }
    // The history is that of the events.
    let events =
        ok(&tenant.key("admin").get("/audit/v1/events?eventType=crypto.hardware_health.create&result=success"), 200);
    let items = events["items"].as_array().unwrap();
    let statuses: Vec<_> = items.iter().map(|event| event["payload"]["status"].clone()).collect();
    assert_eq!(statuses, ["degraded", "healthy", "failed"]);
    assert_eq!(
        items[0]["payload"]["metrics"],
        json!({ "temperature": -200.0, "operationsPerSecond": 0.0, "errorRate": 1.0 })
    );
    assert_eq!(items[0]["resource"], json!({ "type": "hardware_health", "id": id, "name": null }));
}

fn devices_are_counted_by_type_and_status(t: &Deployment) {
    let (tenant, other) = (tenant(t), tenant(t));
    let developer = tenant.key("developer");
    let summary = || ok(&tenant.key("viewer").get(&format!("{HARDWARE}/summary")), 200);
    let types = |hsm: i64, tpm: i64| json!({ "hsm": hsm, "tpm": tpm, "smartcard": 0, "accelerator": 0 });
    let statuses = |healthy: i64, degraded: i64, failed: i64| json!({ "healthy": healthy, "degraded": degraded, "failed": failed });
    assert_eq!(summary(), json!({ "totalDevices": 0, "byType": types(0, 0), "byStatus": statuses(0, 0, 0) }));
    let ids: Vec<_> =
        (0..3).map(|number| register(&developer, &hardware("d", &number.to_string(), &json!([])))).collect();
    let mut tpm = hardware("d", "4", &json!([]));
    tpm["type"] = json!("tpm");
    register(&developer, &tpm);
    register(&other.key("developer"), &tpm);
    for (id, status) in [(&ids[0], "failed"), (&ids[1], "degraded")] {
        ok(&developer.post(&format!("{HARDWARE}/{id}/health"), &json!({ "status": status })), 201);
    }
    assert_eq!(summary(), json!({ "totalDevices": 4, "byType": types(3, 1), "byStatus": statuses(2, 1, 1) }));
}
