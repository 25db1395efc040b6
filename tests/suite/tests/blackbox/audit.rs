//! Every change, every read of secrets and every refusal of somebody known leaves exactly one entry, and nothing else
//! does; no secret stands in the database or the log. How entries prove themselves is in `audit_log`.

use chancery::client::{Api, Reply, RequestId};
use chancery_tests::variables::{Variables, random_uuid};
use model::AuthLevel;
use serde_json::{Value, json};

use crate::{
    answer::ok,
    case::{Case, case},
    config_project::project,
    database::{self, AuditEntry},
    deployment::{Caller, Deployment, community, secrets_of, unique},
};

pub fn cases() -> Vec<Case> {
    vec![
        case(every_change_secret_read_and_refusal_leaves_one_entry),
        case(what_a_token_does_is_in_the_same_log),
        case(a_refusal_is_recorded_once_and_only_of_a_known_caller),
        case(no_secret_is_stored_or_logged_in_the_clear),
    ]
}

/// What a request left in the log.
struct Asked {
    request_id: String,
    reply: Reply,
    entries: Vec<AuditEntry>,
}

/// Asks once, and finds the entries that were not there before.
fn ask(t: &Deployment, caller: &Caller, method: &str, path: &str, body: Option<&Value>) -> Asked {
    let request_id = RequestId::fresh().unwrap();
    let headers = caller.client.headers_with(Api::of(path).unwrap(), &request_id, &caller.secret).unwrap();
    let body = body.map(|body| body.to_string().into_bytes());
    let (reply, entries) = watch(t, || caller.client.send(method, path, &[], &headers.pairs(), body.clone()).unwrap());
    Asked { request_id: request_id.uuid.as_str().unwrap().to_owned(), reply, entries }
}

fn watch(t: &Deployment, act: impl FnOnce() -> Reply) -> (Reply, Vec<AuditEntry>) {
    let before = database::audit(&t.instance);
    let reply = act();
    let after = database::audit(&t.instance).into_iter();
    (reply, after.filter(|entry| !before.contains(entry)).collect())
}

/// The one entry, whose columns and text say the same.
#[track_caller]
fn only(entries: &[AuditEntry]) -> &AuditEntry {
    let [entry] = entries else { panic!("not one entry: {entries:?}") };
    let stored = entry.json();
    let names: Vec<_> = stored.as_object().unwrap().keys().map(String::as_str).collect();
    // serde_json sorts; the order in the text is the one of `starts_with` below.
    assert_eq!(names, ["action", "actor", "at", "detail", "index", "outcome", "requestId", "subject", "tenant"]);
    assert!(
        entry.text.starts_with(&format!("{{\"tenant\":{},\"index\":{},\"at\":", json!(entry.tenant), entry.index)),
        "{entry:?}"
    );
    assert!(stored["at"].as_i64().unwrap() > 1_700_000_000_000, "{entry:?}");
    for (name, column) in
        [("actor", &entry.actor), ("action", &entry.action), ("subject", &entry.subject), ("outcome", &entry.outcome)]
    {
        assert_eq!(stored[name], json!(column), "{entry:?}");
    }
    entry
}

/// The headers of a write name its entry.
#[track_caller]
fn names_its_entry(reply: &Reply, entry: &AuditEntry) {
    assert_eq!(reply.header("audit-entry"), Some(format!("{}/{}", entry.tenant, entry.index).as_str()));
    assert_eq!(reply.header("audit-tree-size"), Some((entry.index + 1).to_string().as_str()));
}

fn every_change_secret_read_and_refusal_leaves_one_entry(shared: &Deployment) {
    // A deployment of its own: nobody else changes anything meanwhile.
    let t = &Deployment::start(shared.instance.runtime, Variables::random()).unwrap();
    let (tenant, place) = (unique("tenant"), community());
    let (key, member) = (unique("key"), t.licence(AuthLevel::Basic));
    let secrets = secrets_of(&tenant, &place);
    let (secret, one_secret) = (json!({ "tag": "s", "value": "v", "createdBy": "c" }), format!("{secrets}/s"));
    let one_key = format!("/licenses/servicekey?keyId={key}");
    let add = json!({ "keyTag": member.tag, "communityId": place });
    let one_member = format!("/licenses/community/{place}/servicekey/{}", member.tag);
    let config = |data: Value| json!({ "context": { "appId": "audited" }, "data": data });
    let paths = |paths: &[&str]| json!({ "context": { "appId": "audited" }, "key_paths": paths });
    let (fetch, config_path) = (format!("{secrets}/fetch"), "/caas/config/a.b");
    let (licensing, platform) = ("licensing", "platform");

    for (method, path, body, success, tenant, action) in [
        ("PUT", secrets.as_str(), Some(secret.clone()), 201, tenant.as_str(), "secret.create"),
        ("POST", &fetch, None, 200, &tenant, "secret.read"),
        ("POST", &fetch, Some(json!({ "tags": ["s", "unknown"] })), 200, &tenant, "secret.read"),
        ("DELETE", &one_secret, None, 200, &tenant, "secret.delete"),
        ("PUT", "/licenses/servicekey", Some(json!({ "tag": key })), 200, licensing, "license.create"),
        ("GET", &one_key, None, 200, licensing, "license.read"),
        ("POST", "/licenses/servicekey/fetch", None, 200, licensing, "license.list"),
        ("PATCH", &one_key, Some(json!({ "disabled": true })), 200, licensing, "license.update"),
        ("DELETE", &one_key, None, 204, licensing, "license.delete"),
        ("PUT", "/licenses/community/servicekey", Some(add.clone()), 200, licensing, "authorization.add"),
        ("PATCH", &one_member, Some(json!({ "isAuthorized": false })), 200, licensing, "authorization.update"),
        ("DELETE", &one_member, None, 204, licensing, "authorization.remove"),
        ("PUT", config_path, Some(config(json!("s3cret"))), 200, platform, "config.set"),
        ("DELETE", "/caas/config", Some(paths(&["a.b", "x", "a"])), 204, platform, "config.remove"),
        ("PATCH", "/caas/sd", Some(json!({ "audited": "https://x.example" })), 200, platform, "directory.patch"),
    ] {
        let asked = ask(t, &t.system, method, path, body.as_ref());
        assert_eq!(asked.reply.status, success, "{method} {path}");
        let entry = only(&asked.entries);
        assert_eq!((entry.tenant.as_str(), entry.action.as_str()), (tenant, action), "{method} {path}");
        assert_eq!((&entry.actor, entry.outcome.as_str()), (&t.system.tag, "done"), "{method} {path}");
        assert_eq!(entry.json()["requestId"], json!(asked.request_id), "{method} {path}");
        assert!(!entry.text.contains("s3cret"), "{entry:?}");
        names_its_entry(&asked.reply, entry);
    }
    let asked = ask(t, &t.infra, "PUT", &secrets, Some(&secret));
    let entry = only(&asked.entries);
    assert_eq!((entry.actor.as_str(), &entry.tenant), ("infra_license_key", &tenant));
    assert_eq!(entry.subject, format!("{place}/s"));
    assert_eq!(entry.json()["detail"]["valueHash"].as_str().unwrap().len(), 64);

    // Refused to somebody who is known: under the same word, wherever it is known whose it is.
    for (caller, method, path, body, status, tenant, action) in [
        (&t.basic, "POST", fetch.as_str(), None, 401, tenant.as_str(), "secret.read"),
        (
            &t.basic,
            "PUT",
            &secrets,
            Some(json!({ "tag": "t", "value": "v", "createdBy": "c" })),
            401,
            &tenant,
            "secret.create",
        ),
        (&t.basic, "DELETE", &one_secret, None, 401, &tenant, "secret.delete"),
        (&t.basic, "PUT", config_path, Some(config(json!("s3cret"))), 401, platform, "config.set"),
        (&t.app, "DELETE", &one_member, None, 403, licensing, "authorization.remove"),
        (&t.service, "PATCH", "/caas/sd", Some(json!({ "x": "https://x.example" })), 401, platform, "directory.patch"),
        (&t.app, "GET", "/caas/root-key", None, 401, platform, "root-key.show"),
        (&t.app, "POST", "/licenses/servicekey/fetch", None, 401, licensing, "license.list"),
        (&t.service, "GET", "/licenses/servicekey?keyId=root", None, 401, licensing, "license.read"),
    ] {
        let asked = ask(t, caller, method, path, body.as_ref());
        assert_eq!(asked.reply.status, status, "{method} {path}");
        let entry = only(&asked.entries);
        assert_eq!((entry.tenant.as_str(), entry.action.as_str()), (tenant, action), "{method} {path}");
        assert_eq!((&entry.actor, entry.outcome.as_str()), (&caller.tag, "refused"), "{method} {path}");
        assert_eq!(
            (entry.json()["requestId"].clone(), &entry.json()["detail"]),
            (json!(asked.request_id), &Value::Null)
        );
        names_its_entry(&asked.reply, entry);
    }

    for (method, path, body, status) in [
        ("GET", "/licenses/servicekey/current", None, 200),
        ("GET", "/caas/root-key", None, 200),
        ("POST", "/caas/root-key/rewrap", None, 200),
        // Failed, or without effect.
        ("PUT", secrets.as_str(), Some(secret.clone()), 409),
        ("PUT", "/caas/config/b", Some(json!({ "context": { "appId": "b" }, "data": null })), 400),
        ("DELETE", "/caas/config", Some(json!({ "context": { "appId": "b" }, "key_paths": ["b"] })), 404),
        ("DELETE", &format!("{secrets}/unknown"), None, 404),
        ("PUT", "/licenses/servicekey", Some(json!({ "tag": "a" })), 400),
        ("PUT", "/licenses/servicekey", Some(json!({ "tag": t.basic.tag })), 400),
        ("GET", &one_key, None, 404),
        ("PATCH", &one_key, Some(json!({ "disabled": false })), 404),
        ("DELETE", &one_key, None, 404),
        ("PATCH", &one_member, Some(json!({ "isAuthorized": true })), 404),
        ("DELETE", &one_member, None, 404),
    ] {
        let asked = ask(t, &t.system, method, path, body.as_ref());
        assert_eq!((asked.reply.status, &asked.entries), (status, &Vec::new()), "{method} {path}");
        assert_eq!(asked.reply.header("audit-entry"), None, "{method} {path}");
    }
}

fn what_a_token_does_is_in_the_same_log(shared: &Deployment) {
    let t = &Deployment::start(shared.instance.runtime, Variables::random()).unwrap();
    let p = project(t);
    let group = p.group();
    let (items, item) = (format!("/groups/{group}/items"), "/items/k".to_owned());
    let new = json!({ "name": "K", "key": "k", "value": "s3cret", "isSecret": true });
    let bare = json!({ "name": "Bare", "key": "bare" });
    let both = json!({ "keys": ["k", "plain"] });
    for (method, path, body, status, action, subject) in [
        ("POST", "/groups", Some(bare.clone()), 201, "config-group.create", "bare"),
        ("PATCH", "/groups/bare", Some(json!({ "tags": ["a"] })), 200, "config-group.update", "bare"),
        ("PATCH", "/groups/bare", Some(json!({})), 200, "config-group.update", "bare"),
        ("POST", &items, Some(new.clone()), 201, "config-item.create", "k"),
        ("PATCH", &item, Some(json!({ "value": "s4cret", "tags": ["b"] })), 200, "config-item.update", "k"),
        ("POST", "/items/k/versions/1/restore", None, 200, "config-item.restore", "k"),
        ("POST", "/resolve", Some(both.clone()), 200, "config-item.resolve", ""),
        ("DELETE", &item, None, 200, "config-item.delete", "k"),
        ("DELETE", "/groups/bare", None, 200, "config-group.delete", "bare"),
    ] {
        let (reply, entries) = watch(t, || p.call(method, path, body.as_ref()));
        assert_eq!(reply.status, status, "{method} {path}");
        let entry = only(&entries);
        assert_eq!((&entry.tenant, entry.action.as_str()), (&p.tenant, action), "{method} {path}");
        assert_eq!(entry.subject, format!("{}/{subject}", p.project), "{method} {path}");
        assert_eq!((entry.actor.as_str(), entry.outcome.as_str()), ("ada@example.org", "done"), "{method} {path}");
        assert!(!entry.text.contains("s3cret") && !entry.text.contains("s4cret"), "{entry:?}");
        names_its_entry(&reply, entry);
    }
    let plain = json!({ "name": "Plain", "key": "plain", "value": "v" });
    ok(&p.post(&items, &plain), 201);
    for (method, path, body, status) in [
        ("GET", items.as_str(), None, 200),
        ("GET", "/items/plain", None, 200),
        ("POST", "/resolve", Some(json!({ "keys": ["plain", "unknown"] })), 200),
        ("POST", &items, Some(plain.clone()), 409),
        ("POST", "/groups/unknown/items", Some(new.clone()), 404),
        ("PATCH", "/items/unknown", Some(json!({ "value": "v" })), 404),
        ("PATCH", "/groups/unknown", Some(json!({ "tags": ["a"] })), 404),
        ("DELETE", "/items/unknown", None, 404),
        ("DELETE", "/groups/unknown", None, 404),
        ("POST", "/items/plain/versions/7/restore", None, 404),
    ] {
        let (reply, entries) = watch(t, || p.call(method, path, body.as_ref()));
        assert_eq!((reply.status, &entries), (status, &Vec::new()), "{method} {path}");
    }
    let reader = crate::config_project::mint(t, &json!({ "role": "user", "grant": "read", "tenantId": p.tenant }));
    for (method, path, body, action) in [
        ("POST", "/resolve", Some(both), "config-item.resolve"),
        ("DELETE", "/items/plain", None, "config-item.delete"),
    ] {
        let (reply, entries) = watch(t, || reader.call(method, path, body.as_ref()));
        let entry = only(&entries);
        assert_eq!((reply.status, entry.outcome.as_str(), entry.action.as_str()), (403, "refused", action));
        assert_eq!(entry.subject, format!("{method} /api/client/v1/config{path}"));
        assert_eq!((entry.actor.as_str(), &entry.tenant), ("u-1", &p.tenant));
    }
    ok(&t.service.delete(&format!("/caas/config-tokens/{}", reader.id)), 200);
    let (reply, entries) = watch(t, || reader.call("DELETE", "/items/plain", None));
    assert_eq!((reply.status, &entries), (401, &Vec::new()));
}

fn a_refusal_is_recorded_once_and_only_of_a_known_caller(shared: &Deployment) {
    let t = &Deployment::start(shared.instance.runtime, Variables::random()).unwrap();
    let path = format!("{}/fetch", secrets_of(&unique("tenant"), &community()));
    // A copy of a refused request fills no log.
    let headers = t.basic.client.headers(Api::Caas).unwrap();
    let send = || t.basic.client.send("POST", &path, &[], &headers.pairs(), None).unwrap();
    let (reply, entries) = watch(t, send);
    assert_eq!((reply.status, entries.len()), (401, 1));
    let (reply, entries) = watch(t, send);
    assert_eq!((reply.status, &entries), (401, &Vec::new()));
    // Neither does who has no licence, or none in force.
    let disabled = t.licence(AuthLevel::Basic);
    let key = format!("/licenses/servicekey?keyId={}", disabled.tag);
    ok(&t.system.patch(&key, &json!({ "disabled": true })), 200);
    let stranger = t.client(&random_uuid());
    for client in [&stranger, &disabled.client] {
        let (reply, entries) = watch(t, || client.call("POST", &path, &[], None).unwrap());
        assert_eq!((reply.status, &entries), (401, &Vec::new()));
    }
    let (reply, entries) = watch(t, || t.anonymous.call("POST", &path, None));
    assert_eq!((reply.status, &entries), (401, &Vec::new()));
}

fn no_secret_is_stored_or_logged_in_the_clear(t: &Deployment) {
    let (value, key_secret) = (format!("value-{}", random_uuid()), random_uuid());
    let (tag, place) = (unique("marker"), secrets_of(&unique("tenant"), &community()));
    ok(&t.service.put(&place, &json!({ "tag": tag, "value": value, "createdBy": "suite" })), 201);
    ok(&t.service.post(&format!("{place}/fetch"), &json!({ "tags": [tag] })), 200);
    let key = json!({ "tag": unique("key"), "keyId": unique("id"), "keySecret": key_secret });
    ok(&t.service.put("/licenses/servicekey", &key), 200);
    // The refusal of a body does not repeat it either.
    let refused = t.service.put(&place, &json!({ "tag": "1", "value": value, "createdBy": key_secret }));
    assert_eq!(refused.status, 400);
    let refusal = String::from_utf8(refused.body).unwrap();
    assert!(!refusal.contains(&value) && !refusal.contains(&key_secret), "{refusal}");

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
