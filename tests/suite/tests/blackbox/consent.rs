//! Consents: what is put and shown, what is refused, in both modes and at the same time.

use chancery::client::{Api, Reply};
use chancery_tests::variables::Variables;
use crypto::base64;
use model::AuthLevel;
use serde_json::{Value, json};

use crate::{
    answer::{names, ok, refused},
    case::{Case, case, together},
    clock,
    database::{self, AuditEntry},
    deployment::{Caller, Deployment, community, unique},
};

pub fn cases() -> Vec<Case> {
    vec![
        case(a_type_without_a_consent_shows_its_template),
        case(templates_are_configured),
        case(versions_are_put_and_found_by_their_hash),
        case(only_new_content_makes_a_version),
        case(content_of_a_disabled_consent_is_ignored),
        case(a_first_put_takes_from_the_template_what_it_leaves_out),
        case(what_is_not_of_this_community_is_not_found),
        case(a_put_of_the_wrong_shape_is_refused),
        case(data_is_encrypted_unless_it_is_asked_for_plain),
        case(plain_mode_can_be_forbidden),
        case(thirty_two_puts_at_once_form_one_chain),
        case(a_document_is_one_block_at_most),
        case(a_type_is_checked),
        case(a_put_is_recorded_with_its_event_and_never_logged),
    ]
}

pub const FIELDS: [&str; 12] = [
    "acknowledgeText",
    "body",
    "consentId",
    "docUpdatedAt",
    "isEnabled",
    "prevConsentId",
    "subtitle",
    "title",
    "type",
    "updatedAt",
    "updatedBy",
    "version",
];

/// Where the consents of a tenant and community are.
pub fn consents_of(tenant: &str, community: &str) -> String {
    format!("/caas/tenants/{tenant}/community/{community}/consents")
}

pub fn anywhere() -> String {
    consents_of(&unique("tenant"), &community())
}

pub fn content(title: &str) -> Value {
    json!({ "title": title, "subtitle": "s", "body": base64::encode(b"<p>\xc3\xa4</p>"), "acknowledgeText": "I agree" })
}

/// Puts an enabled consent in plain mode, with these fields over the usual ones.
#[track_caller]
pub fn put(caller: &Caller, place: &str, kind: &str, fields: &Value) -> Reply {
    let mut data = json!({ "type": kind, "isEnabled": true, "requestingUser": "suite" });
    for (name, value) in fields.as_object().unwrap() {
        data[name] = value.clone();
    }
    plain(caller, "PUT", place, Some(&json!({ "data": data })))
}

/// Reads in plain mode.
#[track_caller]
pub fn show(caller: &Caller, path: &str) -> Reply {
    plain(caller, "GET", path, None)
}

#[track_caller]
fn plain(caller: &Caller, method: &str, path: &str, body: Option<&Value>) -> Reply {
    let signed = caller.client.headers(Api::Caas).unwrap();
    let mut headers = signed.pairs().to_vec();
    headers.push(("requestfromswagger", "true"));
    let time = clock::header();
    headers.extend(time.as_ref().map(|(name, value)| (*name, value.as_str())));
    let body = body.map(|body| body.to_string().into_bytes());
    if body.as_ref().is_some_and(|body| body.len() > 512 * 1024) {
        // Who refuses it by its length may close the connection while it is still sent.
        headers.push(("expect", "100-continue"));
    }
    caller.client.send(method, path, &[], &headers, body).unwrap()
}

/// The consent in a plain answer.
#[track_caller]
pub fn data(reply: &Reply) -> Value {
    let body = ok(reply, 200);
    assert_eq!(names(&body), ["data", "publicKey"]);
    assert_eq!(names(&body["data"]), FIELDS);
    body["data"].clone()
}

/// The shared service licence is a member of no community; this one is of this one.
fn member(t: &Deployment, place: &str) -> Caller {
    let caller = t.licence(AuthLevel::ServiceExt);
    t.admit(&caller, place.split('/').nth(5).unwrap());
    caller
}

fn a_type_without_a_consent_shows_its_template(t: &Deployment) {
    let place = anywhere();
    for kind in ["biometric", "unheard-of"] {
        let shown = data(&show(&t.infra, &format!("{place}/{kind}")));
        assert_eq!((&shown["type"], &shown["isEnabled"]), (&json!(kind), &json!(false)));
        for name in ["consentId", "prevConsentId", "version", "updatedBy", "updatedAt", "docUpdatedAt"] {
            assert_eq!(shown[name], Value::Null, "{name}");
        }
        for name in ["title", "subtitle", "body", "acknowledgeText"] {
            assert_eq!(shown[name].as_str().unwrap().is_empty(), kind == "unheard-of", "{name}");
        }
    }
    let body = data(&show(&t.infra, &format!("{place}/biometric")))["body"].as_str().unwrap().to_owned();
    assert!(base64::decode_any(&body).unwrap().starts_with(b"<p>"));
}

fn templates_are_configured(shared: &Deployment) {
    // A deployment of its own: the platform's configuration is everybody's.
    let t = &Deployment::start(shared.instance.runtime, Variables::random()).unwrap();
    let (tenant, here) = (unique("tenant"), community());
    let title = |community: &str, kind: &str| {
        data(&show(&t.infra, &format!("{}/{kind}", consents_of(&tenant, community))))["title"].clone()
    };
    let set = |context: &Value, data: &Value| {
        ok(&t.infra.put("/caas/config/consentTemplates", &json!({ "context": context, "data": data })), 200);
    };
    set(
        &json!({ "appId": "platform" }),
        &json!({ "biometric": { "title": "of all" }, "terms-2": { "title": "terms" } }),
    );
    assert_eq!((title(&here, "biometric"), title(&here, "terms-2")), (json!("of all"), json!("terms")));
    assert_eq!(data(&show(&t.infra, &format!("{}/biometric", consents_of(&tenant, &here))))["body"], "");
    let context = json!({ "tenantId": tenant, "communityId": here });
    set(&context, &json!({ "biometric": { "title": "of this one" } }));
    assert_eq!((title(&here, "biometric"), title(&here, "terms-2")), (json!("of this one"), json!("terms")));
    assert_eq!(title(&community(), "biometric"), "of all");
    // What is not a template is none.
    set(&context, &json!({ "biometric": { "title": 5 }, "terms-2": "text" }));
    assert_eq!((title(&here, "biometric"), title(&here, "terms-2")), (json!("Use of biometric data"), json!("terms")));
}

fn versions_are_put_and_found_by_their_hash(t: &Deployment) {
    let place = anywhere();
    let caller = member(t, &place);
    let first = data(&put(&caller, &place, "biometric", &content("one")));
    assert_eq!(
        (&first["type"], &first["title"], &first["isEnabled"]),
        (&json!("biometric"), &json!("one"), &json!(true))
    );
    assert_eq!((&first["prevConsentId"], &first["updatedBy"]), (&Value::Null, &json!("suite")));
    let at = first["docUpdatedAt"].as_i64().unwrap();
    assert_eq!((&first["version"], &first["updatedAt"]), (&json!(format!("v{}", at * 1000)), &json!(at)));
    let id = first["consentId"].as_str().unwrap();
    assert!(id.len() == 46 && id.starts_with("Qm"), "{id}");
    assert_eq!(data(&show(&caller, &format!("{place}/biometric"))), first);
    assert_eq!(data(&show(&caller, &format!("{place}/ipfs/{id}"))), first);

    let second = data(&put(&caller, &place, "biometric", &json!({ "title": "two", "requestingUser": "other" })));
    assert_eq!((&second["title"], &second["subtitle"]), (&json!("two"), &json!("s")));
    assert_eq!((&second["prevConsentId"], &second["updatedBy"]), (&json!(id), &json!("other")));
    assert_ne!(second["consentId"], first["consentId"]);
    assert_eq!(data(&show(&caller, &format!("{place}/biometric"))), second);
    assert_eq!(data(&show(&caller, &format!("{place}/ipfs/{id}"))), first, "what was written stays as it was");

    // Another type has a chain of its own.
    let other = data(&put(&caller, &place, "terms", &content("one")));
    assert_eq!(other["prevConsentId"], Value::Null);
    assert_ne!(other["consentId"], first["consentId"]);
}

fn only_new_content_makes_a_version(t: &Deployment) {
    let place = anywhere();
    let first = data(&put(&t.infra, &place, "biometric", &content("one")));
    for fields in [json!({}), content("one"), json!({ "title": null, "subtitle": "s" }), json!({ "isEnabled": false })]
    {
        let again = data(&put(&t.infra, &place, "biometric", &fields));
        for name in ["consentId", "prevConsentId", "docUpdatedAt", "version", "title"] {
            assert_eq!(again[name], first[name], "{name} after {fields}");
        }
        assert_eq!(again["isEnabled"], fields.get("isEnabled").unwrap_or(&json!(true)).clone());
    }
    let disabled = data(&show(&t.infra, &format!("{place}/biometric")));
    assert_eq!((&disabled["isEnabled"], &disabled["title"]), (&json!(false), &json!("one")));
    // By its hash it is what it was.
    let id = first["consentId"].as_str().unwrap();
    assert_eq!(data(&show(&t.infra, &format!("{place}/ipfs/{id}"))), first);
    // Back to earlier content is a version too.
    data(&put(&t.infra, &place, "biometric", &content("two")));
    let back = data(&put(&t.infra, &place, "biometric", &content("one")));
    assert_ne!(back["consentId"], first["consentId"]);
}

fn content_of_a_disabled_consent_is_ignored(t: &Deployment) {
    let place = anywhere();
    let mut off = content("ignored");
    off["isEnabled"] = json!(false);
    off["body"] = json!("not base64!");
    let shown = data(&put(&t.infra, &place, "biometric", &off));
    assert_eq!((&shown["title"], &shown["consentId"]), (&json!("Use of biometric data"), &Value::Null));
    // What is known of it is who put it, and when.
    assert_eq!((&shown["updatedBy"], &shown["isEnabled"]), (&json!("suite"), &json!(false)));
    assert!(shown["updatedAt"].as_i64().unwrap() > 1_700_000_000 && shown["docUpdatedAt"].is_null());
    assert_eq!(shown, data(&show(&t.infra, &format!("{place}/biometric"))));
    let first = data(&put(&t.infra, &place, "biometric", &content("one")));
    let after = data(&put(&t.infra, &place, "biometric", &off));
    assert_eq!((&after["title"], &after["consentId"]), (&json!("one"), &first["consentId"]));
    assert_eq!(after["isEnabled"], false);
}

fn a_first_put_takes_from_the_template_what_it_leaves_out(t: &Deployment) {
    let place = anywhere();
    let shown = data(&show(&t.infra, &format!("{place}/biometric")));
    let first = data(&put(&t.infra, &place, "biometric", &json!({})));
    for name in ["title", "subtitle", "body", "acknowledgeText"] {
        assert_eq!(first[name], shown[name], "{name}");
    }
    assert_eq!((&first["isEnabled"], &first["prevConsentId"]), (&json!(true), &Value::Null));
    assert!(first["consentId"].as_str().unwrap().starts_with("Qm"));
    let other = anywhere();
    let alone = data(&put(&t.infra, &other, "biometric", &json!({ "title": "alone" })));
    assert_eq!((&alone["title"], &alone["subtitle"]), (&json!("alone"), &shown["subtitle"]));
    // A type without a template needs all of its content.
    let message = refused(&put(&t.infra, &place, "terms", &json!({ "title": "alone" })), 400);
    assert_eq!(message, "subtitle must not be empty; body must not be empty; acknowledgeText must not be empty");
}

fn what_is_not_of_this_community_is_not_found(t: &Deployment) {
    let (tenant, here) = (unique("tenant"), community());
    let place = consents_of(&tenant, &here);
    let id = data(&put(&t.infra, &place, "biometric", &content("one")))["consentId"].as_str().unwrap().to_owned();
    for elsewhere in [consents_of(&tenant, &community()), consents_of(&unique("tenant"), &here)] {
        refused(&show(&t.infra, &format!("{elsewhere}/ipfs/{id}")), 404);
        assert_eq!(data(&show(&t.infra, &format!("{elsewhere}/biometric")))["consentId"], Value::Null);
    }
    let unknown = "QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o";
    for wrong in [unknown, "Qm", "x", "%27", "QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5oo", &id.to_lowercase()] {
        refused(&show(&t.infra, &format!("{place}/ipfs/{wrong}")), 404);
    }
    refused(&show(&t.infra, &format!("{place}/ipfs/{id}/more")), 404);
}

fn a_put_of_the_wrong_shape_is_refused(t: &Deployment) {
    let place = anywhere();
    let with = |name: &str, value: Value| {
        // A type without a template, from which content could be taken.
        let mut data = json!({ "type": "terms", "isEnabled": true, "requestingUser": "u" });
        for (field, value) in content("one").as_object().unwrap() {
            data[field] = value.clone();
        }
        data[name] = value;
        data
    };
    let without = |name: &str| {
        let mut data = with("x", json!(1));
        data.as_object_mut().unwrap().remove(name);
        data
    };
    let mut wrong: Vec<_> =
        ["type", "isEnabled", "requestingUser", "title", "subtitle", "body", "acknowledgeText"].map(without).to_vec();
    for name in ["title", "subtitle", "body", "acknowledgeText", "requestingUser"] {
        wrong.extend([with(name, json!("")), with(name, json!(5)), with(name, json!(["x"]))]);
    }
    for kind in ["", "Upper", "ipfs", "1a", "a b", "ä"] {
        wrong.push(with("type", json!(kind)));
    }
    wrong.extend([
        with("isEnabled", json!("true")),
        with("isEnabled", json!(1)),
        with("body", json!("<p>not base64</p>")),
        with("requestingUser", json!("x".repeat(257))),
        with("eventData", json!("text")),
        with("eventData", json!({ "user_id": 5 })),
        with("eventData", json!({ "caller_user_agent": "x".repeat(1025) })),
        json!([]),
        json!("text"),
        json!(null),
    ]);
    for data in wrong {
        let reply = plain(&t.infra, "PUT", &place, Some(&json!({ "data": data })));
        assert_eq!(reply.status, 400, "{data}: {}", String::from_utf8_lossy(&reply.body));
        refused(&reply, 400);
    }
    for body in [json!({}), json!([]), json!("x")] {
        refused(&plain(&t.infra, "PUT", &place, Some(&body)), 400);
    }
    assert_eq!(data(&show(&t.infra, &format!("{place}/terms")))["consentId"], Value::Null);
    refused(&t.infra.get(&place), 405);
}

fn data_is_encrypted_unless_it_is_asked_for_plain(t: &Deployment) {
    let place = anywhere();
    let caller = member(t, &place);
    let public_key = ok(&t.anonymous.get("/caas/publickeys"), 200)["publicKey"].clone();
    let mut wanted = content("encrypted");
    wanted["type"] = json!("biometric");
    wanted["isEnabled"] = json!(true);
    wanted["requestingUser"] = json!("suite");
    let sealed = caller.client.encrypt_data(Api::Caas, &wanted).unwrap();
    let answer = ok(&caller.put(&place, &json!({ "data": sealed })), 200);
    assert_eq!(names(&answer), ["data", "publicKey"]);
    assert_eq!(answer["publicKey"], public_key);
    let open = |answer: &Value| caller.client.decrypt_data(Api::Caas, answer["data"].as_str().unwrap()).unwrap();
    let consent = open(&answer);
    assert_eq!(names(&consent), FIELDS);
    assert_eq!(consent["title"], "encrypted");
    let id = consent["consentId"].as_str().unwrap();
    for path in ["biometric".to_owned(), format!("ipfs/{id}")] {
        let answer = ok(&caller.get(&format!("{place}/{path}")), 200);
        assert_eq!((&answer["publicKey"], &open(&answer)), (&public_key, &consent));
        let plain = ok(&show(&caller, &format!("{place}/{path}")), 200);
        assert_eq!((&plain["publicKey"], &plain["data"]), (&public_key, &consent));
    }

    let mut bytes = base64::decode_any(&sealed).unwrap();
    bytes[20] ^= 1;
    let not_json = caller.client.envelope(Api::Caas).unwrap().encrypt([9; 16], b"{");
    for wrong in [json!(base64::encode(&bytes)), json!("%"), json!(""), wanted, json!(null), json!(not_json)] {
        refused(&caller.put(&place, &json!({ "data": wrong })), 400);
    }
    // What another caller has encrypted does not open.
    refused(&t.infra.put(&place, &json!({ "data": sealed })), 400);
}

fn plain_mode_can_be_forbidden(shared: &Deployment) {
    let variables = Variables::random().with("PLAIN_MODE", "forbidden");
    let t = &Deployment::start(shared.instance.runtime, variables).unwrap();
    let place = anywhere();
    refused(&put(&t.infra, &place, "biometric", &content("one")), 400);
    assert!(refused(&show(&t.infra, &format!("{place}/biometric")), 400).contains("Plain mode"));
    let answer = ok(&t.infra.get(&format!("{place}/biometric")), 200);
    let shown = t.infra.client.decrypt_data(Api::Caas, answer["data"].as_str().unwrap()).unwrap();
    assert_eq!(shown["consentId"], Value::Null);
}

fn thirty_two_puts_at_once_form_one_chain(t: &Deployment) {
    let place = anywhere();
    let written = together(32, |number| {
        let reply = put(&t.infra, &place, "biometric", &content(&format!("version {number}")));
        data(&reply)
    });
    let mut titles = Vec::new();
    let mut id = data(&show(&t.infra, &format!("{place}/biometric")))["consentId"].clone();
    while let Some(hash) = id.as_str() {
        let version = data(&show(&t.infra, &format!("{place}/ipfs/{hash}")));
        let answered = written.iter().find(|answer| answer["consentId"] == version["consentId"]).unwrap();
        assert_eq!((&answered["title"], &answered["prevConsentId"]), (&version["title"], &version["prevConsentId"]));
        titles.push(version["title"].as_str().unwrap().to_owned());
        id = version["prevConsentId"].clone();
    }
    assert_eq!(titles.len(), 32, "one chain without a fork: {titles:?}");
    titles.sort();
    titles.dedup();
    assert_eq!(titles.len(), 32);
}

fn a_document_is_one_block_at_most(t: &Deployment) {
    let place = anywhere();
    let mut long = content("long");
    long["body"] = json!("QUFB".repeat(65_000));
    let shown = data(&put(&t.infra, &place, "biometric", &long));
    assert_eq!(shown["body"], long["body"]);
    assert_eq!(data(&show(&t.infra, &format!("{place}/ipfs/{}", shown["consentId"].as_str().unwrap()))), shown);
    long["body"] = json!("QUFB".repeat(65_536));
    assert!(refused(&put(&t.infra, &place, "biometric", &long), 400).contains("too long"));
    long["body"] = json!("QUFB".repeat(300_000));
    refused(&put(&t.infra, &place, "biometric", &long), 413);
}

fn a_type_is_checked(t: &Deployment) {
    let place = anywhere();
    for wrong in ["Biometric", "ipfs", "1", "a.b", "%C3%A4", &"x".repeat(65)] {
        refused(&show(&t.infra, &format!("{place}/{wrong}")), 400);
    }
    let long = "x".repeat(65);
    for place in [consents_of(&long, "c"), consents_of("t", &long)] {
        refused(&show(&t.infra, &format!("{place}/biometric")), 400);
        refused(&put(&t.infra, &place, "biometric", &content("one")), 400);
    }
}

fn a_put_is_recorded_with_its_event_and_never_logged(t: &Deployment) {
    let (tenant, here) = (unique("tenant"), community());
    let place = consents_of(&tenant, &here);
    let entries = || -> Vec<AuditEntry> {
        database::audit(&t.instance).into_iter().filter(|entry| entry.tenant == tenant).collect()
    };
    let mut fields = content("one");
    fields["eventData"] = json!({
        "user_id": "u-1", "user_name": "Ada", "client_ip_address": "192.0.2.7", "caller_user_agent": "Unheard-Of/1.0",
    });
    let id = data(&put(&t.infra, &place, "biometric", &fields))["consentId"].clone();
    refused(&put(&t.basic, &place, "biometric", &fields), 401);
    refused(&put(&t.infra, &place, "biometric", &json!({ "title": "" })), 400);
    refused(&show(&t.basic, &format!("{place}/biometric")), 401);
    let recorded = entries();
    let words: Vec<_> = recorded.iter().map(|entry| (entry.action.as_str(), entry.outcome.as_str())).collect();
    assert_eq!(words, [("consent.put", "done"), ("consent.put", "refused"), ("consent.read", "refused")]);
    assert!(recorded.iter().all(|entry| entry.subject == format!("{here}/biometric")), "{recorded:?}");
    let detail = json!({
        "consentId": id, "isEnabled": true, "requestingUser": "suite", "userId": "u-1", "userName": "Ada",
        "clientIpAddress": "192.0.2.7", "callerUserAgent": "Unheard-Of/1.0",
    });
    assert_eq!(recorded[0].json()["detail"], detail);
    assert!(!t.instance.log().contains("Unheard-Of"));
    // A writer that has to read again records nothing of that.
    together(8, |number| data(&put(&t.infra, &place, "biometric", &content(&number.to_string()))));
    assert_eq!(entries().len(), 3 + 8);
}
