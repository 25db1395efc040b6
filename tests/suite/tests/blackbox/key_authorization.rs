//! Authorisations of keys in communities, and the licence check.

use std::time::Duration;

use model::AuthLevel;
use serde_json::{Value, json};

use crate::{
    answer::{names, ok, refused, time},
    case::{Case, case, together},
    clock::in_seconds,
    deployment::{Caller, Deployment, community, unique},
};

pub fn cases() -> Vec<Case> {
    vec![
        case(a_key_is_added_checked_and_removed),
        case(every_attribute_can_be_given),
        case(a_key_is_added_once),
        case(of_twenty_additions_one_succeeds),
        case(a_key_that_is_not_in_force_cannot_be_a_target),
        case(an_addition_of_the_wrong_shape_is_refused),
        case(an_update_of_the_wrong_shape_is_refused),
        case(an_unknown_authorisation_is_not_found),
        case(a_community_id_of_the_wrong_shape_is_refused),
        case(members_are_listed_in_pages),
        case(a_check_shows_withdrawal_and_expiry),
        case(who_withdraws_itself_is_out),
        case(a_check_shows_the_modules_of_the_key),
    ]
}

const ADD: &str = "/licenses/community/servicekey";

/// No copy, as these cases change what they check.
fn check_path(community: &str) -> String {
    format!("/licenses/community/{community}/licensecheck?read_fresh=true")
}

fn list_path(community: &str) -> String {
    format!("/licenses/community/{community}/servicekey/fetch")
}

fn one_path(community: &str, tag: &str) -> String {
    format!("/licenses/community/{community}/servicekey/{}", chancery::client::segment(tag))
}

fn add_body(caller: &Caller, community: &str) -> Value {
    json!({ "keyTag": caller.tag, "communityId": community })
}

fn a_key_is_added_checked_and_removed(t: &Deployment) {
    let (key, place) = (t.licence(AuthLevel::Basic), community());
    refused(&key.get(&check_path(&place)), 401);
    let added = ok(&t.service.put(ADD, &add_body(&key, &place)), 200);
    assert_eq!(names(&added), ["_id", "communityId", "expiry", "isAuthorized", "keyTag"]);
    assert_eq!((&added["keyTag"], &added["communityId"]), (&json!(key.tag), &json!(place)));
    assert_eq!(added["isAuthorized"], true);
    assert_eq!(added["_id"].as_str().unwrap().len(), 24);
    let days = (time(&added["expiry"]) - model::time::from_iso(&in_seconds(0)).unwrap()) / 86_400_000;
    assert!((728..=732).contains(&days), "{days} days");

    let checked = ok(&key.get(&check_path(&place)), 200);
    assert_eq!(names(&checked), ["authLevel", "expiry", "isAuthorized", "modules", "tag"]);
    assert_eq!((&checked["isAuthorized"], &checked["expiry"]), (&json!(true), &added["expiry"]));
    assert_eq!((&checked["authLevel"], &checked["tag"]), (&json!("basic"), &json!(key.tag)));

    assert_eq!(ok(&t.service.delete(&one_path(&place, &key.tag)), 204), Value::Null);
    refused(&key.get(&check_path(&place)), 401);
    refused(&t.service.delete(&one_path(&place, &key.tag)), 404);
    let again = ok(&t.service.put(ADD, &add_body(&key, &place)), 200);
    assert_ne!(again["_id"], added["_id"]);
}

fn every_attribute_can_be_given(t: &Deployment) {
    let (key, place, expiry) = (t.licence(AuthLevel::App), community(), in_seconds(3600));
    let body = json!({
        "keyTag": key.tag, "communityId": place, "communityName": "Hütte", "isAuthorized": false, "expiry": expiry,
    });
    let added = ok(&t.service.put(ADD, &body), 200);
    assert_eq!((&added["isAuthorized"], &added["expiry"]), (&json!(false), &json!(expiry)));
    let later = in_seconds(7200);
    let changed = ok(&t.service.patch(&one_path(&place, &key.tag), &json!({ "expiry": later })), 200);
    assert_eq!((&changed["isAuthorized"], &changed["expiry"]), (&json!(false), &json!(later)));
    assert_eq!(changed["_id"], added["_id"]);
    let changed = ok(&t.service.patch(&one_path(&place, &key.tag), &json!({ "isAuthorized": true })), 200);
    assert_eq!((&changed["isAuthorized"], &changed["expiry"]), (&json!(true), &json!(later)));
}

fn a_key_is_added_once(t: &Deployment) {
    let (key, place) = (t.licence(AuthLevel::App), community());
    ok(&t.service.put(ADD, &add_body(&key, &place)), 200);
    refused(&t.service.put(ADD, &add_body(&key, &place)), 400);
    refused(&t.root.put(ADD, &add_body(&key, &place)), 400);
    ok(&t.service.put(ADD, &add_body(&key, &community())), 200);
}

fn of_twenty_additions_one_succeeds(t: &Deployment) {
    let (key, place) = (t.licence(AuthLevel::App), community());
    let replies = together(20, |_| t.service.put(ADD, &add_body(&key, &place)));
    assert_eq!(replies.iter().filter(|reply| reply.status == 200).count(), 1);
    for reply in replies.iter().filter(|reply| reply.status != 200) {
        refused(reply, 400);
    }
    assert_eq!(ok(&t.service.call("POST", &list_path(&place), None), 200)["page"]["total"], 1);
}

fn a_key_that_is_not_in_force_cannot_be_a_target(t: &Deployment) {
    let (inside, outside) = (community(), community());
    let disabled = t.licence(AuthLevel::App);
    let expired = t.licence(AuthLevel::App);
    for key in [&disabled, &expired] {
        t.admit(key, &inside);
    }
    let update = |key: &Caller, body: Value| {
        ok(&t.root.patch(&format!("/licenses/servicekey?keyId={}", key.key_id), &body), 200);
    };
    update(&disabled, json!({ "disabled": true }));
    update(&expired, json!({ "expiry": in_seconds(1) }));
    t.pass(Duration::from_millis(1100));
    for key in [&disabled, &expired] {
        for caller in [&t.system, &t.service] {
            refused(&caller.put(ADD, &add_body(key, &outside)), 400);
            refused(&caller.patch(&one_path(&inside, &key.tag), &json!({ "isAuthorized": false })), 400);
            refused(&caller.delete(&one_path(&inside, &key.tag)), 400);
        }
        refused(&key.get(&check_path(&inside)), 401);
    }
    refused(&t.service.put(ADD, &json!({ "keyTag": unique("unknown"), "communityId": outside })), 400);
    assert_eq!(ok(&t.service.call("POST", &list_path(&inside), None), 200)["page"]["total"], 2);
}

fn an_addition_of_the_wrong_shape_is_refused(t: &Deployment) {
    let (key, place) = (t.licence(AuthLevel::App), community());
    for wrong in [
        json!({ "keyTag": null }),
        json!({ "keyTag": 1 }),
        json!({ "keyTag": "ab" }),
        json!({ "keyTag": "a.b.c" }),
        json!({ "communityId": null }),
        json!({ "communityId": "" }),
        json!({ "communityId": "a.b" }),
        json!({ "communityId": "g".repeat(65) }),
        json!({ "communityName": "x".repeat(257) }),
        json!({ "communityName": 1 }),
        json!({ "isAuthorized": "true" }),
        json!({ "isAuthorized": null }),
        json!({ "expiry": in_seconds(-1) }),
        json!({ "expiry": "soon" }),
        json!({ "expiry": 7 }),
    ] {
        let mut body = add_body(&key, &place);
        for (name, value) in wrong.as_object().unwrap() {
            body[name] = value.clone();
        }
        let reply = t.service.put(ADD, &body);
        assert_eq!(reply.status, 400, "{wrong}");
        refused(&reply, 400);
    }
    for body in [json!({}), json!([]), json!("x"), json!({ "keyTag": key.tag }), json!({ "communityId": place })] {
        refused(&t.service.put(ADD, &body), 400);
    }
    refused(&t.service.send("PUT", ADD, b"{\"keyTag\":"), 400);
    refused(&t.service.send("PUT", ADD, &[b' '; (1 << 20) + 1]), 413);
    assert_eq!(ok(&t.service.call("POST", &list_path(&place), None), 200)["page"]["total"], 0);
}

fn an_update_of_the_wrong_shape_is_refused(t: &Deployment) {
    let (key, place) = (t.licence(AuthLevel::App), community());
    let added = ok(&t.service.put(ADD, &add_body(&key, &place)), 200);
    let path = one_path(&place, &key.tag);
    for body in [
        json!([]),
        json!(null),
        json!({ "isAuthorized": "false" }),
        json!({ "isAuthorized": null }),
        json!({ "expiry": in_seconds(-1) }),
        json!({ "expiry": "never" }),
        json!({ "isAuthorized": false, "keyTag": "other" }),
        json!({ "isAuthorized": false, "communityName": "x" }),
    ] {
        refused(&t.service.patch(&path, &body), 400);
    }
    refused(&t.service.send("PATCH", &path, b"nonsense"), 400);
    refused(&t.service.send("PATCH", &path, &[b' '; (1 << 20) + 1]), 413);
    let list = ok(&t.service.call("POST", &list_path(&place), None), 200);
    assert_eq!(list["data"], json!([added]));
    // What was shown may be sent back, with or without a change; so may what is not known.
    for same in [added.clone(), json!({}), json!({ "keyTag": key.tag }), json!({ "unknown": 1 })] {
        assert_eq!(ok(&t.service.patch(&path, &same), 200), added, "{same}");
    }
    let mut edited = added.clone();
    edited["isAuthorized"] = json!(false);
    assert_eq!(ok(&t.service.patch(&path, &edited), 200), edited);
    edited["_id"] = json!("0");
    assert_eq!(refused(&t.service.patch(&path, &edited), 400), "_id is read-only; leave it out or as it is");
}

fn an_unknown_authorisation_is_not_found(t: &Deployment) {
    let (key, place) = (t.licence(AuthLevel::App), community());
    t.admit(&key, &community());
    for tag in [&key.tag, &unique("unknown")] {
        refused(&t.service.patch(&one_path(&place, tag), &json!({ "isAuthorized": true })), 404);
        refused(&t.service.delete(&one_path(&place, tag)), 404);
    }
}

fn a_community_id_of_the_wrong_shape_is_refused(t: &Deployment) {
    for place in ["%20", "a.b", "a%2Fb", "%C3%A4", &"g".repeat(65)] {
        refused(&t.service.get(&check_path(place)), 400);
        refused(&t.service.call("POST", &list_path(place), None), 400);
        refused(&t.service.patch(&one_path(place, "tag"), &json!({ "isAuthorized": true })), 400);
        refused(&t.service.delete(&one_path(place, "tag")), 400);
    }
}

fn members_are_listed_in_pages(t: &Deployment) {
    let place = community();
    let keys: Vec<_> = (0..5).map(|_| t.licence(AuthLevel::Basic)).collect();
    let added: Vec<_> = keys.iter().map(|key| ok(&t.service.put(ADD, &add_body(key, &place)), 200)).collect();
    let all = ok(&t.service.call("POST", &list_path(&place), None), 200);
    assert_eq!(all, json!({ "page": { "index": 0, "total": 5, "size": 5 }, "data": added }));
    for (index, expected) in [(0, &added[..2]), (1, &added[2..4]), (2, &added[4..]), (3, &[])] {
        let page = ok(&t.service.call("POST", &format!("{}?pIndex={index}&pSize=2", list_path(&place)), None), 200);
        assert_eq!(page["data"], json!(expected));
        assert_eq!(page["page"], json!({ "index": index, "total": 5, "size": expected.len() }));
    }
    ok(&t.service.delete(&one_path(&place, &keys[1].tag)), 204);
    let rest = ok(&t.service.call("POST", &list_path(&place), None), 200);
    assert_eq!(rest["data"], json!([added[0], added[2], added[3], added[4]]));
}

fn a_check_shows_withdrawal_and_expiry(t: &Deployment) {
    let (key, place) = (t.licence(AuthLevel::Service), community());
    t.admit(&key, &place);
    let is_authorized = || ok(&key.get(&check_path(&place)), 200)["isAuthorized"].clone();
    assert_eq!(is_authorized(), true);
    let change = |body: Value| ok(&t.root.patch(&one_path(&place, &key.tag), &body), 200);
    change(json!({ "isAuthorized": false }));
    assert_eq!(is_authorized(), false);
    change(json!({ "isAuthorized": true, "expiry": in_seconds(1) }));
    t.pass(Duration::from_millis(1100));
    assert_eq!(is_authorized(), false);
    change(json!({ "expiry": in_seconds(3600) }));
    assert_eq!(is_authorized(), true);
}

fn who_withdraws_itself_is_out(t: &Deployment) {
    for removal in ["PATCH", "DELETE"] {
        let (key, other, place) = (t.licence(AuthLevel::ServiceExt), t.licence(AuthLevel::Basic), community());
        t.admit(&key, &place);
        ok(&key.put(ADD, &add_body(&other, &place)), 200);
        ok(&key.call("POST", &list_path(&place), None), 200);
        let own = one_path(&place, &key.tag);
        if removal == "PATCH" {
            ok(&key.patch(&own, &json!({ "isAuthorized": false })), 200);
        } else {
            ok(&key.delete(&own), 204);
        }
        refused(&key.call("POST", &list_path(&place), None), 401);
        refused(&key.put(ADD, &add_body(&t.licence(AuthLevel::Basic), &place)), 401);
        refused(&key.patch(&one_path(&place, &other.tag), &json!({ "isAuthorized": false })), 401);
        refused(&key.delete(&one_path(&place, &other.tag)), 403);
        refused(&key.patch(&own, &json!({ "isAuthorized": true })), 401);
    }
}

fn a_check_shows_the_modules_of_the_key(t: &Deployment) {
    let modules = json!({ "mod_face": true, "mod_auid_license": "x" });
    let key = t.licence_with(AuthLevel::AppExt, &json!({ "modules": modules }));
    let place = community();
    t.admit(&key, &place);
    assert_eq!(ok(&key.get(&check_path(&place)), 200)["modules"], modules);
    let checked = ok(&t.infra.get(&check_path(&community())), 200);
    assert_eq!((&checked["isAuthorized"], &checked["authLevel"]), (&json!(true), &json!("service")));
    assert!(time(&checked["expiry"]) > model::time::from_iso(&in_seconds(3600)).unwrap());
}
