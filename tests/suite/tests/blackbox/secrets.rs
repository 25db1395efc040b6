//! The Secret Store: what it answers, and what it refuses.

use chancery_tests::variables::random_uuid;
use serde_json::{Value, json};

use crate::{
    answer::{names, ok, refused},
    case::{Case, case, together},
    deployment::{Deployment, community, secrets_of, unique},
};

pub fn cases() -> Vec<Case> {
    vec![
        case(a_secret_is_put_fetched_and_deleted),
        case(a_fetch_is_filtered_by_tags),
        case(secrets_of_another_community_or_tenant_are_not_seen),
        case(of_twenty_puts_of_one_tag_one_creates),
        case(a_put_of_the_wrong_shape_is_refused),
        case(a_value_may_have_64_kib_and_no_more),
        case(a_fetch_of_the_wrong_shape_is_refused),
        case(an_unknown_tag_is_not_found),
        case(ids_are_bounded),
    ]
}

fn put_body(tag: &str, value: &str) -> Value {
    json!({ "tag": tag, "value": value, "createdBy": "suite" })
}

pub fn a_secret_is_put_fetched_and_deleted(t: &Deployment) {
    let place = secrets_of(&unique("tenant"), &community());
    let value = random_uuid();
    let created = ok(&t.service.put(&place, &put_body("API_KEY", &value)), 201);
    assert_eq!(names(&created), ["createdBy", "createdTs", "tag"]);
    assert_eq!((&created["tag"], &created["createdBy"]), (&json!("API_KEY"), &json!("suite")));

    let reply = t.service.post(&format!("{place}/fetch"), &json!({ "tags": ["API_KEY"] }));
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    let fetched = ok(&reply, 200);
    assert_eq!(names(&fetched), ["secrets"]);
    let secret = &fetched["secrets"][0];
    assert_eq!(names(secret), ["communityId", "createdBy", "createdTs", "tag", "tenantId", "value"]);
    assert_eq!(secret["value"], json!(value));
    assert_eq!(secret["createdTs"], created["createdTs"]);
    assert!(place.contains(secret["tenantId"].as_str().unwrap()));
    assert!(place.contains(secret["communityId"].as_str().unwrap()));

    let path = format!("{place}/API_KEY");
    assert_eq!(ok(&t.service.delete(&path), 200), json!({ "message": "Secret deleted successfully" }));
    refused(&t.service.delete(&path), 404);
    assert_eq!(ok(&t.service.call("POST", &format!("{place}/fetch"), None), 200), json!({ "secrets": [] }));

    ok(&t.service.put(&place, &put_body("API_KEY", "again")), 201);
    let again = ok(&t.service.call("POST", &format!("{place}/fetch"), None), 200);
    assert_eq!(again["secrets"][0]["value"], "again");
}

fn a_fetch_is_filtered_by_tags(t: &Deployment) {
    let place = secrets_of(&unique("tenant"), &community());
    for tag in ["b", "a", "c"] {
        ok(&t.service.put(&place, &put_body(tag, "hütte ☃ \u{0}")), 201);
    }
    let tags_of = |body: Option<Value>| -> Vec<String> {
        let reply = ok(&t.service.call("POST", &format!("{place}/fetch"), body.as_ref()), 200);
        let secrets = reply["secrets"].as_array().unwrap();
        assert!(secrets.iter().all(|secret| secret["value"] == "hütte ☃ \u{0}"));
        secrets.iter().map(|secret| secret["tag"].as_str().unwrap().to_owned()).collect()
    };
    let sorted = |mut tags: Vec<String>| {
        tags.sort();
        tags
    };
    // By the second of creation, then by tag; the three may lie in different seconds.
    for body in [None, Some(json!({})), Some(json!({ "tags": null }))] {
        assert_eq!(sorted(tags_of(body)), ["a", "b", "c"]);
    }
    assert_eq!(sorted(tags_of(Some(json!({ "tags": ["c", "a", "c", "unknown", "'"] })))), ["a", "c"]);
    assert!(tags_of(Some(json!({ "tags": [] }))).is_empty());
    assert!(tags_of(Some(json!({ "tags": ["A"] }))).is_empty());
}

fn secrets_of_another_community_or_tenant_are_not_seen(t: &Deployment) {
    let (tenant, here) = (unique("tenant"), community());
    ok(&t.service.put(&secrets_of(&tenant, &here), &put_body("shared", "x")), 201);
    for place in [secrets_of(&tenant, &community()), secrets_of(&unique("tenant"), &here)] {
        let fetched = ok(&t.service.post(&format!("{place}/fetch"), &json!({ "tags": ["shared"] })), 200);
        assert_eq!(fetched, json!({ "secrets": [] }));
        refused(&t.service.delete(&format!("{place}/shared")), 404);
        ok(&t.service.put(&place, &put_body("shared", "y")), 201);
    }
    let fetched = ok(&t.service.call("POST", &format!("{}/fetch", secrets_of(&tenant, &here)), None), 200);
    assert_eq!(fetched["secrets"][0]["value"], "x");
}

fn of_twenty_puts_of_one_tag_one_creates(t: &Deployment) {
    let place = secrets_of(&unique("tenant"), &community());
    let replies = together(20, |number| t.service.put(&place, &put_body("contended", &number.to_string())));
    let winners: Vec<_> = (0..20).filter(|number| replies[*number].status == 201).collect();
    assert_eq!(winners.len(), 1, "{:?}", replies.iter().map(|reply| reply.status).collect::<Vec<_>>());
    for reply in replies.iter().filter(|reply| reply.status != 201) {
        refused(reply, 409);
    }
    let fetched = ok(&t.service.call("POST", &format!("{place}/fetch"), None), 200);
    assert_eq!(fetched["secrets"].as_array().unwrap().len(), 1);
    assert_eq!(fetched["secrets"][0]["value"], winners[0].to_string());
}

fn a_put_of_the_wrong_shape_is_refused(t: &Deployment) {
    let place = secrets_of(&unique("tenant"), &community());
    let long = "x".repeat(129);
    for body in [
        json!({}),
        json!([]),
        json!("text"),
        json!(null),
        json!({ "value": "v", "createdBy": "c" }),
        json!({ "tag": "t", "createdBy": "c" }),
        json!({ "tag": "t", "value": "v" }),
        json!({ "tag": 1, "value": "v", "createdBy": "c" }),
        json!({ "tag": "t", "value": 1, "createdBy": "c" }),
        json!({ "tag": "t", "value": "v", "createdBy": ["c"] }),
        json!({ "tag": null, "value": "v", "createdBy": "c" }),
        json!({ "tag": "t", "value": "", "createdBy": "c" }),
        json!({ "tag": "t", "value": "v", "createdBy": "" }),
        json!({ "tag": "", "value": "v", "createdBy": "c" }),
        json!({ "tag": "1t", "value": "v", "createdBy": "c" }),
        json!({ "tag": "_t", "value": "v", "createdBy": "c" }),
        json!({ "tag": "a-b", "value": "v", "createdBy": "c" }),
        json!({ "tag": "tä", "value": "v", "createdBy": "c" }),
        json!({ "tag": long, "value": "v", "createdBy": "c" }),
    ] {
        let message = refused(&t.service.put(&place, &body), 400);
        assert!(!message.contains("panick"), "{message}");
    }
    for bytes in [&b"{"[..], b"", b"tag=t", b"{\"tag\":\"t\"}}", b"\xff\xfe", b"{\"tag\":\"\xff\"}"] {
        refused(&t.service.send("PUT", &place, bytes), 400);
    }
    let fetched = ok(&t.service.call("POST", &format!("{place}/fetch"), None), 200);
    assert_eq!(fetched, json!({ "secrets": [] }));
}

fn a_value_may_have_64_kib_and_no_more(t: &Deployment) {
    let place = secrets_of(&unique("tenant"), &community());
    // Two bytes of UTF-8 each: the limit counts bytes.
    let longest = "ü".repeat(32 * 1024);
    ok(&t.service.put(&place, &put_body("longest", &longest)), 201);
    let fetched = ok(&t.service.post(&format!("{place}/fetch"), &json!({ "tags": ["longest"] })), 200);
    assert_eq!(fetched["secrets"][0]["value"], json!(longest));
    refused(&t.service.put(&place, &put_body("longer", &format!("{longest}x"))), 400);

    let oversize = format!(r#"{{"tag":"huge","createdBy":"c","value":"{}"}}"#, "x".repeat(2 << 20));
    refused(&t.service.send("PUT", &place, oversize.as_bytes()), 413);
    refused(&t.service.send("POST", &format!("{place}/fetch"), oversize.as_bytes()), 413);
}

fn a_fetch_of_the_wrong_shape_is_refused(t: &Deployment) {
    let path = format!("{}/fetch", secrets_of(&unique("tenant"), &community()));
    for body in [json!([]), json!("x"), json!({ "tags": "t" }), json!({ "tags": [1] }), json!({ "tags": [null] })] {
        refused(&t.service.post(&path, &body), 400);
    }
    refused(&t.service.send("POST", &path, b"{\"tags\":["), 400);
}

fn an_unknown_tag_is_not_found(t: &Deployment) {
    let place = secrets_of(&unique("tenant"), &community());
    for tag in ["unknown", "not%20a%20tag", "%27%20OR%201=1"] {
        refused(&t.service.delete(&format!("{place}/{tag}")), 404);
    }
}

fn ids_are_bounded(t: &Deployment) {
    let name = unique("t").replace('_', "%20%C3%BC%2F");
    let place = secrets_of(&name, "tenant_123");
    ok(&t.service.put(&place, &put_body("a", "b")), 201);
    let fetched = ok(&t.service.call("POST", &format!("{place}/fetch"), None), 200);
    assert!(fetched["secrets"][0]["tenantId"].as_str().unwrap().contains(" ü/"));
    let long = "x".repeat(65);
    for place in [secrets_of(&long, "c"), secrets_of("t", &long), secrets_of("t", "%FF"), secrets_of("t", "a%20b")] {
        refused(&t.service.put(&place, &put_body("a", "b")), 400);
        refused(&t.service.call("POST", &format!("{place}/fetch"), None), 400);
        refused(&t.service.delete(&format!("{place}/a")), 400);
    }
}
