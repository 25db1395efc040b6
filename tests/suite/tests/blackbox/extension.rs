//! Extensions of browsers by licence: their life, who may do what to them, and what is refused. How bearer tokens
//! activate them is in `extension_tokens`.

use chancery::client::{Api, Reply};
use chancery_tests::variables::random_uuid;
use serde_json::{Value, json};

use crate::{
    answer::{names, ok, refused, time},
    case::{Case, case, together},
    database,
    deployment::{Caller, Deployment, unique},
};

pub const ACTIVATE: &str = "/caas/extension/activate";
const DEACTIVATE: &str = "/caas/extension/deactivate";
const STATUS: &str = "/caas/extension/status";

pub fn cases() -> Vec<Case> {
    vec![
        case(an_extension_is_activated_deactivated_and_activated_again),
        case(an_extension_is_one_of_its_tenant_and_community),
        case(of_parallel_activations_the_first_counts),
        case(data_of_the_wrong_shape_are_refused),
        case(plain_mode_takes_and_gives_data_in_the_clear),
        case(a_token_is_refused_where_none_are_taken),
    ]
}

/// A new extension of a tenant of its own.
pub fn extension() -> Value {
    let tenant = unique("t").replace('_', "-");
    json!({ "extensionId": random_uuid(), "tenantDns": format!("{tenant}.example"), "communityName": "default" })
}

fn with(extension: &Value, more: &Value) -> Value {
    let mut data = extension.clone();
    data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    data
}

/// Sends data encrypted.
fn post(caller: &Caller, path: &str, data: &Value) -> Reply {
    caller.post(path, &json!({ "data": caller.client.encrypt_data(Api::Caas, data).unwrap() }))
}

/// The data of an answer, which come encrypted, with the service's key beside them.
#[track_caller]
fn opened(t: &Deployment, caller: &Caller, reply: &Reply) -> Value {
    let answer = ok(reply, 200);
    assert_eq!(names(&answer), ["data", "publicKey"]);
    assert_eq!(answer["publicKey"], ok(&t.anonymous.get("/caas/publickeys"), 200)["publicKey"]);
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    caller.client.decrypt_data(Api::Caas, answer["data"].as_str().unwrap()).unwrap()
}

fn ask(t: &Deployment, caller: &Caller, path: &str, data: &Value) -> Value {
    opened(t, caller, &post(caller, path, data))
}

fn pause() {
    std::thread::sleep(std::time::Duration::from_millis(5));
}

fn an_extension_is_activated_deactivated_and_activated_again(t: &Deployment) {
    let extension = extension();
    let id = &extension["extensionId"];
    let by = with(&extension, &json!({ "deactivatedBy": "admin@example.com" }));
    let before = ask(t, &t.service, STATUS, &extension);
    let unknown = json!({ "extensionId": id, "status": "not_activated", "activatedAt": null, "deactivatedAt": null });
    assert_eq!(before, unknown);
    refused(&post(&t.service, DEACTIVATE, &by), 404);

    let metadata = json!({ "metadata": { "browser": "Chrome", "extensionVersion": "1.0.0" } });
    let activated = ask(t, &t.service, ACTIVATE, &with(&extension, &metadata));
    assert_eq!(names(&activated), ["activatedAt", "extensionId", "status"]);
    assert_eq!((&activated["status"], &activated["extensionId"]), (&json!("active"), id));
    let first = time(&activated["activatedAt"]);
    pause();
    assert_eq!(ask(t, &t.system, ACTIVATE, &extension), activated, "the first activation stays");
    let active = ask(t, &t.service_ext, STATUS, &extension);
    assert_eq!(names(&active), ["activatedAt", "deactivatedAt", "extensionId", "status"]);
    assert_eq!((&active["status"], &active["deactivatedAt"]), (&json!("active"), &Value::Null));
    assert_eq!(activated_by(t, id), t.service.key_id);

    let deactivated = ask(t, &t.service, DEACTIVATE, &by);
    assert_eq!(names(&deactivated), ["deactivatedAt", "extensionId", "status"]);
    assert!(time(&deactivated["deactivatedAt"]) >= first);
    pause();
    let again = with(&extension, &json!({ "deactivatedBy": "somebody else" }));
    assert_eq!(ask(t, &t.service, DEACTIVATE, &again), deactivated, "the first deactivation stays");
    let status = ask(t, &t.service, STATUS, &extension);
    assert_eq!((&status["status"], &status["deactivatedAt"]), (&json!("deactivated"), &deactivated["deactivatedAt"]));
    assert_eq!(time(&status["activatedAt"]), first);

    let anew = ask(t, &t.infra, ACTIVATE, &extension);
    assert!(time(&anew["activatedAt"]) > first);
    assert_eq!(ask(t, &t.service, STATUS, &extension)["deactivatedAt"], Value::Null);
    assert_eq!(activated_by(t, id), "infra_license_key");
}

pub fn activated_by(t: &Deployment, id: &Value) -> String {
    let query = format!("SELECT activated_by FROM extensions WHERE extension_id = '{}'", id.as_str().unwrap());
    database::text_rows(&t.instance, &query).concat()
}

fn an_extension_is_one_of_its_tenant_and_community(t: &Deployment) {
    let extension = extension();
    ask(t, &t.service, ACTIVATE, &extension);
    let state = |more: Value| ask(t, &t.service, STATUS, &with(&extension, &more))["status"].clone();
    let upper = |name: &str| json!({ name: extension[name].as_str().unwrap().to_uppercase() });
    for same in [upper("extensionId"), upper("tenantDns"), json!({ "communityName": "Default" })] {
        assert_eq!(state(same.clone()), "active", "{same}");
    }
    let others = [
        json!({ "extensionId": random_uuid() }),
        json!({ "tenantDns": "other.example" }),
        json!({ "communityName": "other" }),
    ];
    for other in others {
        assert_eq!(state(other.clone()), "not_activated", "{other}");
    }
}

fn of_parallel_activations_the_first_counts(t: &Deployment) {
    let extension = extension();
    let answers = together(8, |number| {
        let data = with(&extension, &json!({ "metadata": { "number": number } }));
        ask(t, &t.service, ACTIVATE, &data)
    });
    assert!(answers.iter().all(|answer| answer == &answers[0]), "{answers:?}");
    let by = with(&extension, &json!({ "deactivatedBy": "x" }));
    let answers = together(8, |_| ask(t, &t.service, DEACTIVATE, &by));
    assert!(answers.iter().all(|answer| answer == &answers[0]), "{answers:?}");
}

fn data_of_the_wrong_shape_are_refused(t: &Deployment) {
    let extension = extension();
    for (name, wrong) in [
        ("extensionId", json!("not a uuid")),
        ("extensionId", Value::Null),
        ("tenantDns", json!("")),
        ("tenantDns", json!("not a host")),
        ("communityName", json!("x")),
        ("communityName", json!(7)),
    ] {
        let data = with(&extension, &json!({ name: wrong, "deactivatedBy": "x" }));
        for path in [ACTIVATE, DEACTIVATE, STATUS] {
            refused(&post(&t.service, path, &data), 400);
        }
    }
    for metadata in [json!("x"), json!([]), json!({ "browser": 1 }), json!({ "x": "y".repeat(4096) })] {
        refused(&post(&t.service, ACTIVATE, &with(&extension, &json!({ "metadata": metadata }))), 400);
    }
    for by in [json!({}), json!({ "deactivatedBy": "" }), json!({ "deactivatedBy": 1 })] {
        refused(&post(&t.service, DEACTIVATE, &with(&extension, &by)), 400);
    }
    let foreign = t.system.client.encrypt_data(Api::Caas, &extension).unwrap();
    for path in [ACTIVATE, DEACTIVATE, STATUS] {
        for body in [
            json!({}),
            json!({ "data": null }),
            json!({ "data": extension }),
            json!({ "data": "" }),
            json!({ "data": "no base64!" }),
            json!({ "data": foreign }),
        ] {
            refused(&t.service.post(path, &body), 400);
        }
        refused(&t.service.send("POST", path, b"{"), 400);
    }
    assert_eq!(ask(t, &t.service, STATUS, &extension)["status"], "not_activated");
}

fn plain_mode_takes_and_gives_data_in_the_clear(t: &Deployment) {
    let extension = extension();
    let client = &t.service.client;
    let plain = |path: &str, data: &Value| {
        let signed = client.headers(Api::Caas).unwrap();
        let mut headers = signed.pairs().to_vec();
        headers.push(("requestfromswagger", "true"));
        let body = json!({ "data": data }).to_string().into_bytes();
        let answer = ok(&client.send("POST", path, &[], &headers, Some(body)).unwrap(), 200);
        assert!(answer["publicKey"].is_string());
        answer["data"].clone()
    };
    assert_eq!(plain(ACTIVATE, &extension)["status"], "active");
    assert_eq!(plain(STATUS, &extension)["status"], "active");
    assert_eq!(plain(DEACTIVATE, &with(&extension, &json!({ "deactivatedBy": "x" })))["status"], "deactivated");
}

fn a_token_is_refused_where_none_are_taken(t: &Deployment) {
    let client = &t.service.client;
    let signed = client.headers(Api::Caas).unwrap();
    let mut headers = signed.pairs().to_vec();
    headers.push(("authorization", "Bearer abc"));
    let body = json!({ "data": client.encrypt_data(Api::Caas, extension()).unwrap() }).to_string().into_bytes();
    refused(&client.send("POST", ACTIVATE, &[], &headers, Some(body)).unwrap(), 401);
}
