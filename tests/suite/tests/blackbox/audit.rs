//! Every change leaves exactly one audit row, and nothing else does; no secret stands in the database or the log.

use chancery::client::{Api, RequestId};
use chancery_tests::variables::{Variables, random_uuid};
use model::AuthLevel;
use serde_json::{Value, json};

use crate::{
    answer::ok,
    case::{Case, case},
    database,
    deployment::{Caller, Deployment, community, secrets_of, unique},
};

pub fn cases() -> Vec<Case> {
    vec![case(every_change_leaves_one_row_and_nothing_else_does), case(no_secret_is_stored_or_logged_in_the_clear)]
}

/// Asks once, and gives what the request was called, its status, and the audit rows it left.
fn ask(
    t: &Deployment,
    caller: &Caller,
    method: &str,
    path: &str,
    body: Option<&Value>,
) -> (String, u16, Vec<database::AuditEntry>) {
    let before = database::audit_count(&t.instance);
    let request_id = RequestId::fresh().unwrap();
    let headers = caller.client.headers_with(Api::of(path).unwrap(), &request_id, &caller.secret).unwrap();
    let body = body.map(|body| body.to_string().into_bytes());
    let reply = caller.client.send(method, path, &[], &headers.pairs(), body).unwrap();
    (request_id.uuid.as_str().unwrap().to_owned(), reply.status, database::audit(&t.instance, before))
}

fn every_change_leaves_one_row_and_nothing_else_does(shared: &Deployment) {
    // A deployment of its own: nobody else changes anything meanwhile.
    let t = &Deployment::start(shared.instance.runtime, Variables::random()).unwrap();
    let (tenant, place) = (unique("tenant"), community());
    let (key, member) = (unique("key"), t.licence(AuthLevel::Basic));
    let secrets = secrets_of(&tenant, &place);
    let (secret, one_secret) = (json!({ "tag": "s", "value": "v", "createdBy": "c" }), format!("{secrets}/s"));
    let one_key = format!("/licenses/servicekey?keyId={key}");
    let add = json!({ "keyTag": member.tag, "communityId": place });
    let one_member = format!("/licenses/community/{place}/servicekey/{}", member.tag);

    for (method, path, body, success) in [
        ("PUT", secrets.as_str(), Some(secret.clone()), 201),
        ("DELETE", &one_secret, None, 200),
        ("PUT", "/licenses/servicekey", Some(json!({ "tag": key })), 200),
        ("PATCH", &one_key, Some(json!({ "disabled": true })), 200),
        ("DELETE", &one_key, None, 204),
        ("PUT", "/licenses/community/servicekey", Some(add.clone()), 200),
        ("PATCH", &one_member, Some(json!({ "isAuthorized": false })), 200),
        ("DELETE", &one_member, None, 204),
        ("PUT", "/caas/config/a.b", Some(json!({ "context": { "appId": "audited" }, "data": "s3cret" })), 200),
        (
            "DELETE",
            "/caas/config",
            Some(json!({ "context": { "appId": "audited" }, "key_paths": ["a.b", "x", "a"] })),
            204,
        ),
        ("PATCH", "/caas/sd", Some(json!({ "audited": "https://x.example" })), 200),
    ] {
        let (request_id, status, rows) = ask(t, &t.system, method, path, body.as_ref());
        assert_eq!(status, success, "{method} {path}");
        assert_eq!(rows.len(), 1, "{method} {path}: {rows:?}");
        assert_eq!((&rows[0].actor, &rows[0].request_id), (&t.system.tag, &request_id), "{method} {path}");
        for text in [&rows[0].tenant, &rows[0].action, &rows[0].subject] {
            assert!(!text.is_empty() && !text.contains("s3cret"), "{method} {path}: {rows:?}");
        }
    }
    let (_, _, rows) = ask(t, &t.infra, "PUT", &secrets, Some(&secret));
    assert_eq!((rows.len(), rows[0].actor.as_str()), (1, "infra_license_key"));
    assert_eq!((&rows[0].tenant, rows[0].subject.contains('s')), (&tenant, true));

    for (caller, method, path, body, status) in [
        (&t.system, "POST", format!("{secrets}/fetch"), None, 200),
        (&t.system, "GET", "/licenses/servicekey/current".to_owned(), None, 200),
        (&t.system, "POST", "/licenses/servicekey/fetch".to_owned(), None, 200),
        (&t.system, "GET", "/caas/root-key".to_owned(), None, 200),
        (&t.system, "POST", "/caas/root-key/rewrap".to_owned(), None, 200),
        // Refused, failed, or without effect.
        (&t.system, "PUT", secrets.clone(), Some(secret.clone()), 409),
        (&t.basic, "PUT", secrets.clone(), Some(json!({ "tag": "t", "value": "v", "createdBy": "c" })), 401),
        (&t.basic, "DELETE", one_secret.clone(), None, 401),
        (
            &t.system,
            "PUT",
            "/caas/config/b".to_owned(),
            Some(json!({ "context": { "appId": "b" }, "data": null })),
            400,
        ),
        (&t.basic, "PUT", "/caas/config/b".to_owned(), Some(json!({ "context": { "appId": "b" }, "data": 1 })), 401),
        (
            &t.system,
            "DELETE",
            "/caas/config".to_owned(),
            Some(json!({ "context": { "appId": "b" }, "key_paths": ["b"] })),
            404,
        ),
        (&t.system, "DELETE", format!("{secrets}/unknown"), None, 404),
        (&t.system, "PUT", "/licenses/servicekey".to_owned(), Some(json!({ "tag": "a" })), 400),
        (&t.system, "PUT", "/licenses/servicekey".to_owned(), Some(json!({ "tag": t.basic.tag })), 400),
        (&t.system, "PATCH", one_key.clone(), Some(json!({ "disabled": false })), 404),
        (&t.system, "DELETE", one_key.clone(), None, 404),
        (&t.system, "PATCH", one_member.clone(), Some(json!({ "isAuthorized": true })), 404),
        (&t.system, "DELETE", one_member.clone(), None, 404),
        (&t.app, "DELETE", one_member.clone(), None, 403),
        (&t.service, "PATCH", "/caas/sd".to_owned(), Some(json!({ "x": "https://x.example" })), 401),
    ] {
        let (_, got, rows) = ask(t, caller, method, &path, body.as_ref());
        assert_eq!((got, &rows), (status, &Vec::new()), "{method} {path}");
    }
}

fn no_secret_is_stored_or_logged_in_the_clear(t: &Deployment) {
    let (value, key_secret) = (format!("value-{}", random_uuid()), random_uuid());
    let (tag, place) = (unique("marker"), secrets_of(&unique("tenant"), &community()));
    ok(&t.service.put(&place, &json!({ "tag": tag, "value": value, "createdBy": "suite" })), 201);
    ok(&t.service.post(&format!("{place}/fetch"), &json!({ "tags": [tag] })), 200);
    let key = json!({ "tag": unique("key"), "keyId": unique("id"), "keySecret": key_secret });
    ok(&t.service.put("/licenses/servicekey", &key), 200);
    // A body that is refused is not a reason to tell it either.
    let refused = t.service.put(&place, &json!({ "tag": "1", "value": value, "createdBy": key_secret }));
    assert_eq!(refused.status, 400);
    let told = String::from_utf8(refused.body).unwrap();
    assert!(!told.contains(&value) && !told.contains(&key_secret), "{told}");

    assert!(database::contains(&t.instance, &tag), "the search would not find what is there");
    let log = t.instance.log();
    let configured =
        ["CAAS_PRIVATE_KEY", "LICENSES_PRIVATE_KEY", "ROOT_KEY", "LOOKUP_KEY", "ROOT_LICENSE_KEY", "INFRA_LICENSE_KEY"];
    let configured = configured.map(|name| t.instance.variables.get(name).to_owned());
    for secret in [value, key_secret, t.service.secret.clone()].into_iter().chain(configured) {
        assert!(!database::contains(&t.instance, &secret), "a secret stands in the database in the clear");
        assert!(!log.contains(&secret), "a secret was logged");
    }
}
