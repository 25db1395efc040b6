//! Licence keys: what each operation answers, what it stores, and which bodies it refuses.

use chancery_tests::variables::{random_base64, random_uuid};
use crypto::{Curve, PrivateKey};
use model::AuthLevel;
use serde_json::{Value, json};

use crate::{
    answer::{names, ok, refused, time},
    case::{Case, case, together},
    clock::in_seconds,
    deployment::{Deployment, community, unique},
};

pub fn cases() -> Vec<Case> {
    vec![
        case(a_key_has_documented_defaults),
        case(every_attribute_can_be_given),
        case(an_ecdsa_key_is_a_key_pair),
        case(a_user_key_gets_a_new_secret),
        case(a_key_is_found_by_id_or_tag),
        case(the_current_key_is_the_callers_own),
        case(tag_id_and_secret_are_unique),
        case(of_twenty_creations_of_one_tag_one_succeeds),
        case(a_creation_of_the_wrong_shape_is_refused),
        case(an_update_changes_what_it_names),
        case(an_update_takes_effect_at_once),
        case(an_update_of_the_wrong_shape_is_refused),
        case(a_key_as_it_was_shown_may_be_sent_back),
        case(modules_come_back_in_their_order_and_wrong_ones_are_named),
        case(an_expiry_may_be_a_day),
        case(a_deleted_key_is_gone_with_its_authorisations),
        case(a_request_without_a_key_id_is_refused),
        case(keys_are_listed_in_order_of_creation),
        case(a_page_outside_the_rules_is_refused),
        case(the_infra_licence_acts_but_is_not_stored),
    ]
}

const PATH: &str = "/licenses/servicekey";
/// No copy, for cases that change what they read.
const CURRENT: &str = "/licenses/servicekey/current?read_fresh=true";
const TWO_YEARS_MS: i64 = 2 * 365 * 24 * 3600 * 1000;

fn by_id(key_id_or_tag: &str) -> String {
    format!("{PATH}?keyId={}", chancery::client::segment(key_id_or_tag))
}

fn now_ms() -> i64 {
    model::time::from_iso(&in_seconds(0)).unwrap()
}

fn a_key_has_documented_defaults(t: &Deployment) {
    let tag = unique("key");
    let reply = t.service.put(PATH, &json!({ "tag": tag }));
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    let key = ok(&reply, 200);
    for name in ["_id", "authLevel", "disabled", "expiry", "keyId", "keySecret", "module", "modules", "tag", "type"] {
        assert!(names(&key).contains(&name), "{name} is missing in {key}");
    }
    let id = key["_id"].as_str().unwrap();
    assert!(id.len() == 24 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
    for name in ["keyId", "keySecret"] {
        let text = key[name].as_str().unwrap();
        assert!(text.len() == 36 && text.split('-').count() == 5, "{name} {text} is no uuid");
    }
    assert_eq!((&key["type"], &key["authLevel"], &key["disabled"]), (&json!("hawk"), &json!("basic"), &json!(false)));
    assert_eq!((&key["module"], &key["modules"], &key["tag"]), (&json!({}), &json!({}), &json!(tag)));
    let off = time(&key["expiry"]) - now_ms() - TWO_YEARS_MS;
    assert!(off.abs() < 3 * 24 * 3600 * 1000, "{} is not two years from now", key["expiry"]);
}

fn every_attribute_can_be_given(t: &Deployment) {
    let modules = json!({ "mod_dl": true, "bypass_poi": false, "mod_phone": "sms", "mod_dvcid": "x" });
    let given = json!({
        "tag": unique("a|b:c-D"), "keyId": unique("id"), "keySecret": random_uuid(), "disabled": false,
        "expiry": in_seconds(3600), "authLevel": "app_ext", "type": "hawk", "modules": modules, "description": "hütte",
    });
    let key = ok(&t.service.put(PATH, &given), 200);
    for (name, value) in given.as_object().unwrap() {
        assert_eq!(&key[name], value, "{name}");
    }
    assert_eq!(key["module"], modules);
    let again = ok(&t.service.get(&by_id(given["keyId"].as_str().unwrap())), 200);
    assert_eq!(again, key);
    let current = ok(
        &t.client(given["keySecret"].as_str().unwrap()).call("GET", "/licenses/servicekey/current", &[], None).unwrap(),
        200,
    );
    assert_eq!(current, key);
}

pub fn an_ecdsa_key_is_a_key_pair(t: &Deployment) {
    let curve: Curve = t.instance.variables.get("EC_CURVE_NAME").parse().unwrap();
    let key = ok(&t.service.put(PATH, &json!({ "tag": unique("key"), "type": "ecdsa" })), 200);
    let private = PrivateKey::from_base64(curve, key["keySecret"].as_str().unwrap()).unwrap();
    assert_eq!(key["keyId"], private.public_key().to_base64());
    assert_eq!(key["type"], "ecdsa");

    let other = PrivateKey::from_base64(curve, &random_base64()).unwrap();
    let given = json!({ "tag": unique("key"), "type": "ecdsa", "keyId": other.public_key().to_base64(), "keySecret": other.to_base64().as_str() });
    let key = ok(&t.service.put(PATH, &given), 200);
    assert_eq!(key["keyId"], given["keyId"]);
    for id in ["", "no point", &"A".repeat(86)] {
        let wrong = json!({ "tag": unique("key"), "type": "ecdsa", "keyId": id, "keySecret": random_uuid() });
        refused(&t.service.put(PATH, &wrong), 400);
    }
}

fn a_user_key_gets_a_new_secret(t: &Deployment) {
    let id = format!("urn:user:{}", unique("u"));
    let secret = random_uuid();
    let body = json!({ "tag": unique("key"), "type": "user", "keyId": id, "keySecret": secret });
    let key = ok(&t.service.put(PATH, &body), 200);
    assert_eq!((&key["keyId"], &key["type"]), (&json!(id), &json!("user")));
    assert_ne!(key["keySecret"], json!(secret));
    assert_eq!(key["keySecret"].as_str().unwrap().len(), 36);
    refused(&t.service.put(PATH, &json!({ "tag": unique("key"), "type": "user" })), 400);
}

fn a_key_is_found_by_id_or_tag(t: &Deployment) {
    let created = ok(&t.service.put(PATH, &json!({ "tag": unique("a|b:c") })), 200);
    for name in ["keyId", "tag"] {
        let reply = t.service.get(&by_id(created[name].as_str().unwrap()));
        assert_eq!(reply.header("cache-control"), Some("no-store"));
        assert_eq!(ok(&reply, 200), created);
    }
    for unknown in
        ["unknown", "%", "' OR 1=1 --", created["_id"].as_str().unwrap(), created["keySecret"].as_str().unwrap()]
    {
        refused(&t.service.get(&by_id(unknown)), 404);
    }
}

fn the_current_key_is_the_callers_own(t: &Deployment) {
    for level in AuthLevel::ALL {
        let caller = t.of(level);
        let reply = caller.get("/licenses/servicekey/current");
        assert_eq!(reply.header("cache-control"), Some("no-store"));
        let key = ok(&reply, 200);
        assert_eq!(key["tag"], json!(caller.tag));
        assert_eq!(key["keySecret"], json!(caller.secret));
        assert_eq!(key["keyId"], json!(caller.key_id));
        assert_eq!(key["authLevel"], level.into_str());
        assert_eq!(key["disabled"], false);
        assert!(time(&key["expiry"]) > now_ms());
    }
}

fn tag_id_and_secret_are_unique(t: &Deployment) {
    let first = json!({ "tag": unique("key"), "keyId": unique("id"), "keySecret": random_uuid() });
    ok(&t.service.put(PATH, &first), 200);
    for taken in ["tag", "keyId", "keySecret"] {
        let mut second = json!({ "tag": unique("key"), "keyId": unique("id"), "keySecret": random_uuid() });
        second[taken] = first[taken].clone();
        refused(&t.service.put(PATH, &second), 400);
        // Whoever failed has left nothing.
        if taken != "tag" {
            refused(&t.service.get(&by_id(second["tag"].as_str().unwrap())), 404);
        }
    }
}

fn of_twenty_creations_of_one_tag_one_succeeds(t: &Deployment) {
    let tag = unique("contended");
    let replies = together(20, |_| t.service.put(PATH, &json!({ "tag": tag })));
    let created: Vec<_> = replies.iter().filter(|reply| reply.status == 200).collect();
    assert_eq!(created.len(), 1, "{:?}", replies.iter().map(|reply| reply.status).collect::<Vec<_>>());
    for reply in replies.iter().filter(|reply| reply.status != 200) {
        refused(reply, 400);
    }
    assert_eq!(ok(&t.service.get(&by_id(&tag)), 200), ok(created[0], 200));
}

fn a_creation_of_the_wrong_shape_is_refused(t: &Deployment) {
    let tag = unique("refused");
    for wrong in [
        json!({ "tag": null }),
        json!({ "tag": "" }),
        json!({ "tag": "ab" }),
        json!({ "tag": "a.b.c" }),
        json!({ "tag": "a b c" }),
        json!({ "tag": "x".repeat(257) }),
        json!({ "tag": 1 }),
        json!({ "keyId": "id-without-secret" }),
        json!({ "keyId": 5, "keySecret": "s" }),
        json!({ "keySecret": 7 }),
        json!({ "disabled": "yes" }),
        json!({ "disabled": 1 }),
        json!({ "expiry": "tomorrow" }),
        json!({ "expiry": in_seconds(-60) }),
        json!({ "expiry": 1_900_000_000 }),
        json!({ "authLevel": "root" }),
        json!({ "authLevel": "Service" }),
        json!({ "authLevel": 1 }),
        json!({ "type": "password" }),
        json!({ "modules": [] }),
        json!({ "modules": { "mod_unknown": true } }),
        json!({ "modules": { "mod_dl": "yes" } }),
        json!({ "modules": { "mod_phone": true } }),
        json!({ "description": "x".repeat(1025) }),
        json!({ "description": 1 }),
    ] {
        let mut body = json!({ "tag": tag });
        for (name, value) in wrong.as_object().unwrap() {
            body[name] = value.clone();
        }
        let reply = t.service.put(PATH, &body);
        assert_eq!(reply.status, 400, "{wrong}");
        refused(&reply, 400);
    }
    for body in [json!({}), json!([]), json!("x"), json!(null), json!({ "authLevel": "app" })] {
        refused(&t.service.put(PATH, &body), 400);
    }
    for bytes in [&b"{"[..], b"", b"tag=abc", b"{}{}", b"\xff"] {
        refused(&t.service.send("PUT", PATH, bytes), 400);
    }
    let oversize = json!({ "tag": tag, "description": "x".repeat(2 << 20) }).to_string();
    refused(&t.service.send("PUT", PATH, oversize.as_bytes()), 413);
    refused(&t.service.get(&by_id(&tag)), 404);
}

fn an_update_changes_what_it_names(t: &Deployment) {
    let before = ok(&t.service.put(PATH, &json!({ "tag": unique("key"), "modules": { "mod_dl": true } })), 200);
    let path = by_id(before["keyId"].as_str().unwrap());
    for change in [
        json!({ "description": "new" }),
        json!({ "expiry": in_seconds(7200) }),
        json!({ "modules": { "mod_pin": true, "mod_phone": "x" } }),
        json!({ "modules": {} }),
        json!({ "disabled": true }),
        json!({ "disabled": false, "description": "d" }),
    ] {
        let was = ok(&t.service.get(&path), 200);
        let is = ok(&t.service.patch(&path, &change), 200);
        let mut expected = was;
        for (name, value) in change.as_object().unwrap() {
            expected[name] = value.clone();
        }
        expected["module"] = expected["modules"].clone();
        assert_eq!(is, expected);
        assert_eq!(ok(&t.service.get(&path), 200), expected);
    }
    let by_tag = by_id(before["tag"].as_str().unwrap());
    assert_eq!(ok(&t.service.patch(&by_tag, &json!({ "description": "by tag" })), 200)["description"], "by tag");
}

fn an_update_takes_effect_at_once(t: &Deployment) {
    let caller = t.licence(AuthLevel::Service);
    let path = by_id(&caller.key_id);
    ok(&caller.get(CURRENT), 200);
    ok(&t.root.patch(&path, &json!({ "disabled": true })), 200);
    refused(&caller.get(CURRENT), 401);
    refused(&caller.get("/caas/root-key"), 401);
    ok(&t.root.patch(&path, &json!({ "disabled": false })), 200);
    ok(&caller.get(CURRENT), 200);
    ok(&t.root.patch(&path, &json!({ "expiry": in_seconds(1) })), 200);
    t.pass(std::time::Duration::from_millis(1100));
    refused(&caller.get(CURRENT), 401);
    // A key may disable itself, and is then out.
    let caller = t.licence(AuthLevel::System);
    ok(&caller.patch(&by_id(&caller.key_id), &json!({ "disabled": true })), 200);
    refused(&caller.get(CURRENT), 401);
}

fn an_update_of_the_wrong_shape_is_refused(t: &Deployment) {
    let key = ok(&t.service.put(PATH, &json!({ "tag": unique("key") })), 200);
    let path = by_id(key["keyId"].as_str().unwrap());
    for body in [
        json!([]),
        json!(null),
        json!({ "disabled": "true" }),
        json!({ "expiry": in_seconds(-1) }),
        json!({ "expiry": "never" }),
        json!({ "modules": { "mod_dl": 1 } }),
        json!({ "modules": null }),
        json!({ "description": "x".repeat(1025) }),
        json!({ "description": "ok", "tag": "other_tag" }),
        json!({ "description": "ok", "keyId": "other" }),
        json!({ "description": "ok", "keySecret": "other" }),
        json!({ "description": "ok", "authLevel": "system" }),
        json!({ "description": "ok", "type": "user" }),
        json!({ "description": "ok", "_id": "0" }),
        json!({ "description": "ok", "module": { "mod_dl": true } }),
    ] {
        refused(&t.service.patch(&path, &body), 400);
    }
    refused(&t.service.send("PATCH", &path, b"{\"disabled\":tru"), 400);
    refused(&t.service.send("PATCH", &path, &[b' '; (1 << 20) + 1]), 413);
    assert_eq!(ok(&t.service.get(&path), 200), key);
}

fn a_key_as_it_was_shown_may_be_sent_back(t: &Deployment) {
    let body = json!({ "tag": unique("key"), "modules": { "mod_phone": "x", "mod_dl": true }, "description": "d" });
    let key = ok(&t.service.put(PATH, &body), 200);
    let path = by_id(key["keyId"].as_str().unwrap());
    for same in [key.clone(), json!({}), json!({ "tag": key["tag"] }), json!({ "unknown": [1] })] {
        assert_eq!(ok(&t.service.patch(&path, &same), 200), key, "{same}");
    }
    let mut edited = ok(&t.service.get(&path), 200);
    edited["modules"] = json!({ "mod_dl": false });
    edited["disabled"] = json!(true);
    let changed = ok(&t.service.patch(&path, &edited), 200);
    assert_eq!((&changed["modules"], &changed["disabled"]), (&json!({ "mod_dl": false }), &json!(true)));
    // An expiry that has passed is no change either.
    ok(&t.service.patch(&path, &json!({ "expiry": in_seconds(1) })), 200);
    t.pass(std::time::Duration::from_millis(1100));
    let expired = ok(&t.service.get(&path), 200);
    assert_eq!(ok(&t.service.patch(&path, &expired), 200), expired);
    let mut wrong = expired;
    wrong["authLevel"] = json!("system");
    wrong["tag"] = json!("another");
    assert_eq!(
        refused(&t.service.patch(&path, &wrong), 400),
        "tag is read-only; leave it out or as it is; authLevel is read-only; leave it out or as it is"
    );
}

fn modules_come_back_in_their_order_and_wrong_ones_are_named(t: &Deployment) {
    let tag = unique("key");
    let modules = r#"{"mod_phone":"x","mod_dl":true,"mod_core":false}"#;
    let key = t.service.send("PUT", PATH, format!(r#"{{"tag":"{tag}","modules":{modules}}}"#).as_bytes());
    for reply in [key, t.service.get(&by_id(&tag))] {
        let text = String::from_utf8_lossy(&reply.body).into_owned();
        assert!(text.contains(&format!(r#""module":{modules},"modules":{modules}"#)), "{text}");
    }
    let wrong = json!({ "tag": unique("key"), "modules": { "mod_x": true, "mod_dl": 1 } });
    assert_eq!(
        refused(&t.service.put(PATH, &wrong), 400),
        "modules.mod_x: mod_x is not known here; modules.mod_dl: mod_dl must be true or false"
    );
    let query = t.service.call("POST", &format!("{PATH}/fetch?pSize=x&pIndex=-1"), None);
    assert_eq!(
        refused(&query, 400),
        "pSize must be a whole number in its range; pIndex must be a whole number in its range"
    );
}

fn an_expiry_may_be_a_day(t: &Deployment) {
    let key = ok(&t.service.put(PATH, &json!({ "tag": unique("key"), "expiry": "2038-01-08" })), 200);
    assert_eq!(key["expiry"], "2038-01-08T00:00:00.000Z");
}

fn a_deleted_key_is_gone_with_its_authorisations(t: &Deployment) {
    let (caller, place) = (t.licence(AuthLevel::App), community());
    t.admit(&caller, &place);
    ok(&caller.get(&format!("/licenses/community/{place}/licensecheck?read_fresh=true")), 200);
    let reply = t.service.delete(&by_id(&caller.tag));
    assert_eq!(ok(&reply, 204), Value::Null);
    refused(&t.service.get(&by_id(&caller.key_id)), 404);
    refused(&t.service.delete(&by_id(&caller.key_id)), 404);
    refused(&caller.get(CURRENT), 401);
    let list = ok(&t.service.post(&format!("/licenses/community/{place}/servicekey/fetch"), &json!({})), 200);
    assert_eq!(list["page"]["total"], 0);
    // Its tag is free again, and brings no authorisation back.
    let body = json!({ "tag": caller.tag, "keyId": caller.key_id, "keySecret": caller.secret });
    ok(&t.service.put(PATH, &body), 200);
    refused(&caller.get(&format!("/licenses/community/{place}/licensecheck?read_fresh=true")), 401);
}

fn a_request_without_a_key_id_is_refused(t: &Deployment) {
    for path in [PATH.to_owned(), format!("{PATH}?keyId="), format!("{PATH}?keyid=x")] {
        refused(&t.service.get(&path), 400);
        refused(&t.service.patch(&path, &json!({ "disabled": true })), 400);
        refused(&t.service.delete(&path), 400);
    }
}

fn keys_are_listed_in_order_of_creation(t: &Deployment) {
    let tags: Vec<_> = (0..3).map(|_| unique("listed")).collect();
    for tag in &tags {
        ok(&t.service.put(PATH, &json!({ "tag": tag, "modules": { "mod_dl": true } })), 200);
    }
    // Other cases delete keys meanwhile, and then one may slip between two pages: look again.
    assert!((0..5).any(|_| listed(t, &tags) == tags));
    let first = ok(&t.service.call("POST", &format!("{PATH}/fetch"), None), 200);
    assert_eq!(first["page"]["size"], 10);
    let seen_by_system = ok(&t.system.call("POST", &format!("{PATH}/fetch?pSize=1"), None), 200);
    assert_eq!(seen_by_system["data"][0]["tag"], "root");
}

/// Which of these tags a walk through all pages meets, in which order.
fn listed(t: &Deployment, tags: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    for index in 0.. {
        let page = ok(&t.service.call("POST", &format!("{PATH}/fetch?pIndex={index}&pSize=7"), None), 200);
        assert_eq!((names(&page), names(&page["page"])), (vec!["data", "page"], vec!["index", "size", "total"]));
        let data = page["data"].as_array().unwrap();
        assert_eq!((&page["page"]["index"], &page["page"]["size"]), (&json!(index), &json!(data.len())));
        if data.is_empty() {
            assert!(page["page"]["total"].as_u64().unwrap() <= index * 7, "an empty page: {page}");
            break;
        }
        for key in data.iter().filter(|key| tags.iter().any(|tag| key["tag"] == json!(tag))) {
            assert_eq!(names(key), ["authLevel", "disabled", "expiry", "keyId", "keySecret", "modules", "tag"]);
            assert_eq!(key["modules"], json!({ "mod_dl": true }));
            found.push(key["tag"].as_str().unwrap().to_owned());
        }
    }
    found
}

fn a_page_outside_the_rules_is_refused(t: &Deployment) {
    for query in [
        "pSize=0",
        "pSize=26",
        "pSize=-1",
        "pSize=x",
        "pSize=1.5",
        "pSize=",
        "pIndex=-1",
        "pIndex=x",
        "pSize=99999999999999999999",
    ] {
        let message = refused(&t.service.call("POST", &format!("{PATH}/fetch?{query}"), None), 400);
        let name = query.split('=').next().unwrap();
        assert!(message.starts_with(name) && !message.contains("digit") && !message.contains("parse"), "{message}");
        let path = format!("/licenses/community/{}/servicekey/fetch?{query}", community());
        refused(&t.service.call("POST", &path, None), 400);
    }
    let past = ok(&t.service.call("POST", &format!("{PATH}/fetch?pIndex=4000000"), None), 200);
    assert_eq!(past["data"], json!([]));
    assert!(past["page"]["total"].as_u64().unwrap() > 0);
}

fn the_infra_licence_acts_but_is_not_stored(t: &Deployment) {
    let key = ok(&t.infra.get("/licenses/servicekey/current"), 200);
    assert_eq!((&key["tag"], &key["authLevel"]), (&json!("infra_license_key"), &json!("service")));
    assert_eq!((&key["keySecret"], &key["disabled"]), (&json!(t.infra.secret), &json!(false)));
    let key_id = key["keyId"].as_str().unwrap();
    assert!(key_id.len() == 128 && key_id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{key_id}");
    assert!(time(&key["expiry"]) > now_ms() + 364 * 24 * 3600 * 1000);
    for name in ["infra_license_key", key_id] {
        for caller in [&t.root, &t.infra] {
            for reply in [caller.patch(&by_id(name), &json!({ "disabled": true })), caller.delete(&by_id(name))] {
                assert!([400, 401, 404].contains(&reply.status), "{}", reply.status);
                refused(&reply, reply.status);
            }
        }
    }
    refused(
        &t.root.put(
            "/licenses/community/servicekey",
            &json!({ "keyTag": "infra_license_key", "communityId": community() }),
        ),
        400,
    );
    ok(&t.infra.get("/licenses/servicekey/current"), 200);
    // Nobody takes its name.
    refused(&t.root.put(PATH, &json!({ "tag": "infra_license_key" })), 400);
}
