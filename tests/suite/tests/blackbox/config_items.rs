//! The Config API: items, their versions, secrets and history.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{
    answer::{names, ok},
    case::{Case, case, together},
    config_project::{MASK, Project, mint, project, refused},
    database,
    deployment::{Deployment, unique},
};

pub fn cases() -> Vec<Case> {
    vec![
        case(an_item_is_created_read_changed_and_deleted),
        case(a_wrong_item_is_refused_by_name),
        case(a_value_is_text_and_must_read_as_its_type),
        case(a_number_becomes_the_text_that_javascript_gives),
        case(all_that_is_wrong_with_an_item_is_named),
        case(an_update_without_a_value_has_no_new_one),
        case(a_version_counts_values_and_nothing_else),
        case(a_secret_is_shown_by_resolve_alone),
        case(an_item_may_become_a_secret_and_only_a_new_value_may_be_shown),
        case(resolve_takes_fifty_keys),
        case(every_read_of_a_secret_is_in_its_history_once),
        case(values_of_any_length_come_back_as_they_were_written),
        case(earlier_values_are_kept_and_restored),
        case(the_audit_is_paged_newest_first),
        case(writers_at_once_lose_no_version),
    ]
}

fn entry(action: &str, version: i64, previous: Value, new: Value) -> (String, i64, Value, Value) {
    (action.to_owned(), version, previous, new)
}

fn an_item_is_created_read_changed_and_deleted(t: &Deployment) {
    let p = project(t);
    let group = p.group();
    let path = format!("/groups/{group}/items");
    let item = ok(&p.post(&path, &json!({ "name": "Max Size", "value": "10" })), 201)["item"].clone();
    let fields = [
        "_id",
        "createdAt",
        "createdBy",
        "groupId",
        "isSecret",
        "key",
        "metadata",
        "name",
        "projectId",
        "tags",
        "tenantId",
        "updatedAt",
        "updatedBy",
        "value",
        "valueType",
        "version",
    ];
    assert_eq!(names(&item), fields);
    assert_eq!(
        (&item["key"], &item["valueType"], &item["isSecret"]),
        (&json!("cfg-max-size"), &json!("string"), &json!(false))
    );
    assert_eq!((&item["value"], &item["version"]), (&json!("10"), &json!(1)));
    assert_eq!(ok(&p.get("/items/cfg-max-size"), 200), json!({ "item": item }));
    assert_eq!(ok(&p.get(&path), 200), json!({ "items": [item] }));
    let shown = ok(&p.get(&format!("/groups/{group}")), 200)["group"].clone();
    assert_eq!((&shown["items"], &shown["_id"]), (&json!([item]), &item["groupId"]));

    let other = format!("/groups/{}/items", p.group());
    let again = refused(&p.post(&other, &json!({ "name": "Max Size", "value": "11" })), 409);
    assert_eq!(again, "Config item with key \"cfg-max-size\" already exists.");

    let change = json!({ "name": "Most", "description": "d", "metadata": { "a": 1 }, "value": "20", "key": "x" });
    let changed = ok(&p.patch("/items/cfg-max-size", &change), 200)["item"].clone();
    assert_eq!(
        (&changed["key"], &changed["name"], &changed["version"]),
        (&json!("cfg-max-size"), &json!("Most"), &json!(2))
    );
    assert_eq!((&changed["value"], &changed["metadata"]), (&json!("20"), &json!({ "a": 1 })));

    assert_eq!(ok(&p.delete("/items/cfg-max-size"), 200), json!({ "success": true }));
    for reply in [
        p.get("/items/cfg-max-size"),
        p.delete("/items/cfg-max-size"),
        p.patch("/items/cfg-max-size", &json!({})),
        p.get("/items/cfg-max-size/versions"),
    ] {
        assert_eq!(refused(&reply, 404), "Config item not found");
    }
    let expected = [
        entry("delete", 2, json!("20"), Value::Null),
        entry("update", 2, json!("10"), json!("20")),
        entry("create", 1, Value::Null, json!("10")),
    ];
    assert_eq!(p.history("cfg-max-size"), expected);
}

fn a_wrong_item_is_refused_by_name(t: &Deployment) {
    let p = project(t);
    let path = format!("/groups/{}/items", p.group());
    assert_eq!(refused(&p.post(&path, &json!({ "value": "v" })), 400), "name is required");
    for body in [json!({ "name": "n" }), json!({ "name": "n", "value": null })] {
        assert_eq!(refused(&p.post(&path, &body), 400), "value is required");
    }
    for (field, value) in [
        ("key", json!("a/b")),
        ("valueType", json!("text")),
        ("isSecret", json!("true")),
        ("tags", json!([null])),
        ("metadata", json!("x")),
        ("value", json!("x".repeat((1 << 20) + 1))),
    ] {
        let mut body = json!({ "name": "n", "value": "v" });
        body[field] = value;
        assert!(refused(&p.post(&path, &body), 400).starts_with(field), "{field}");
    }
    let unknown = p.post("/groups/unknown/items", &json!({ "name": "n", "value": "v" }));
    assert_eq!(refused(&unknown, 404), "Config group not found");
    assert_eq!(p.history("cfg-n"), []);
}

fn a_value_is_text_and_must_read_as_its_type(t: &Deployment) {
    let p = project(t);
    for (value, kind, expected) in [
        (json!(true), "boolean", "true"),
        (json!(7), "number", "7"),
        (json!({ "a": [1] }), "json", r#"{"a":[1]}"#),
        (json!("-1.5e3"), "number", "-1.5e3"),
        (json!(""), "string", ""),
        (json!(false), "string", "false"),
    ] {
        let key = unique("item");
        let item = p.item(&key, &json!({ "value": value, "valueType": kind }));
        assert_eq!((&item["value"], &item["valueType"]), (&json!(expected), &json!(kind)));
        assert_eq!(p.resolved(&[&key])[&key], json!({ "value": expected, "valueType": kind, "version": 1 }));
    }
    let path = format!("/groups/{}/items", p.group());
    for (value, kind) in [("1x", "number"), ("TRUE", "boolean"), ("{", "json"), ("", "json")] {
        refused(&p.post(&path, &json!({ "name": "n", "value": value, "valueType": kind })), 400);
    }
    let key = unique("item");
    p.item(&key, &json!({ "value": "7", "valueType": "number" }));
    let path = format!("/items/{key}");
    refused(&p.patch(&path, &json!({ "value": "seven" })), 400);
    refused(&p.patch(&path, &json!({ "valueType": "boolean" })), 400);
    assert_eq!(ok(&p.patch(&path, &json!({ "valueType": "json" })), 200)["item"]["version"], 1);
    let both = ok(&p.patch(&path, &json!({ "value": true, "valueType": "boolean" })), 200);
    assert_eq!((&both["item"]["value"], &both["item"]["version"]), (&json!("true"), &json!(2)));
}

fn a_number_becomes_the_text_that_javascript_gives(t: &Deployment) {
    let p = project(t);
    let path = format!("/groups/{}/items", p.group());
    for (json, kind, expected) in [
        ("0.39531392847264213", "number", "0.39531392847264213"),
        ("0.000001234", "number", "0.000001234"),
        ("1e3", "number", "1000"),
        ("1e21", "number", "1e+21"),
        ("-0", "number", "0"),
        ("100000000000000000000", "number", "100000000000000000000"),
        ("12345678901234567890123", "number", "12345678901234567890123"),
        ("5e-324", "number", "5e-324"),
        (r#"{"id":12345678901234567890123,"x":1.50}"#, "json", r#"{"id":12345678901234567890123,"x":1.50}"#),
    ] {
        let key = unique("item");
        let body = format!(r#"{{"name":"n","key":"{key}","valueType":"{kind}","value":{json}}}"#);
        let item = ok(&p.send("POST", &path, Some(body.as_bytes())), 201)["item"].clone();
        assert_eq!(item["value"], json!(expected), "{json}");
        assert_eq!(p.resolved(&[&key])[&key]["value"], json!(expected));
        assert_eq!(p.history(&key)[0].3, json!(expected));
    }
    let beyond = br#"{"name":"n","value":1e999}"#;
    assert_eq!(refused(&p.send("POST", &path, Some(beyond)), 400), "value must have numbers that fit in a double");
}

fn all_that_is_wrong_with_an_item_is_named(t: &Deployment) {
    let p = project(t);
    let path = format!("/groups/{}/items", p.group());
    let body = json!({ "value": "x", "valueType": "number", "isSecret": "s3cret", "metadata": 1 });
    assert_eq!(
        refused(&p.post(&path, &body), 400),
        "name is required; isSecret must be true or false; metadata must be an object; value must be a number"
    );
    let resolve = p.post("/resolve", &json!({ "keys": ["a", 1, null] }));
    assert_eq!(refused(&resolve, 400), "keys[1] must be a string; keys[2] must be a string");
}

fn an_update_without_a_value_has_no_new_one(t: &Deployment) {
    let p = project(t);
    let (open, hidden) = (unique("item"), unique("item"));
    p.item(&open, &json!({ "value": "v1" }));
    p.item(&hidden, &json!({ "value": "v1", "isSecret": true }));
    for key in [&open, &hidden] {
        ok(&p.patch(&format!("/items/{key}"), &json!({ "description": "d" })), 200);
        ok(&p.patch(&format!("/items/{key}"), &json!({ "value": "v2" })), 200);
    }
    let expected = [entry("update", 2, json!("v1"), json!("v2")), entry("update", 1, json!("v1"), Value::Null)];
    assert_eq!(p.history(&open)[..2], expected);
    let expected = [entry("update", 2, json!(MASK), json!(MASK)), entry("update", 1, json!(MASK), Value::Null)];
    assert_eq!(p.history(&hidden)[..2], expected);
    let logs = ok(&p.get(&format!("/items/{open}/audit?limit=2")), 200)["logs"].clone();
    assert_eq!((logs[0].get("newValue").is_some(), logs[1].get("newValue").is_some()), (true, false));
}

fn a_version_counts_values_and_nothing_else(t: &Deployment) {
    let p = project(t);
    let key = unique("item");
    p.item(&key, &json!({}));
    let version = |body: Value| ok(&p.patch(&format!("/items/{key}"), &body), 200)["item"]["version"].clone();
    assert_eq!(version(json!({ "name": "other" })), 1);
    assert_eq!(version(json!({ "value": "v1" })), 2);
    assert_eq!(version(json!({})), 2);
    assert_eq!(version(json!({ "value": null, "tags": ["a"] })), 2);
    assert_eq!(version(json!({ "value": "v2" })), 3);
    let versions: Vec<_> = p.history(&key).iter().map(|(action, version, ..)| (action.clone(), *version)).collect();
    let expected = [("update", 3), ("update", 2), ("update", 2), ("update", 2), ("update", 1), ("create", 1)];
    assert_eq!(versions, expected.map(|(action, version)| (action.to_owned(), version)));
}

fn a_secret_is_shown_by_resolve_alone(t: &Deployment) {
    let p = project(t);
    let (key, first, second) = (unique("item"), unique("first"), unique("second"));
    let group = p.group();
    let body = json!({ "name": "n", "key": key, "value": first, "isSecret": true });
    let mut replies = vec![p.post(&format!("/groups/{group}/items"), &body)];
    replies.push(p.patch(&format!("/items/{key}"), &json!({ "value": second })));
    let resolved = p.post("/resolve", &json!({ "keys": [key] }));
    assert_eq!(resolved.header("cache-control"), Some("no-store"));
    assert_eq!(ok(&resolved, 200)["configs"][&key]["value"], json!(second));
    replies.push(p.get(&format!("/items/{key}")));
    replies.push(p.get(&format!("/groups/{group}")));
    replies.push(p.get(&format!("/groups/{group}/items")));
    replies.push(p.get("/items"));
    replies.push(p.get(&format!("/items/{key}/audit")));
    replies.push(p.get(&format!("/items/{key}/versions")));
    replies.push(p.delete(&format!("/items/{key}")));
    replies.push(p.get(&format!("/items/{key}/audit")));
    for reply in &replies {
        let text = String::from_utf8_lossy(&reply.body);
        assert!(matches!(reply.status, 200 | 201), "{text}");
        assert!(!text.contains(&first) && !text.contains(&second), "{text}");
    }
    let masked = replies.iter().filter(|reply| String::from_utf8_lossy(&reply.body).contains(MASK)).count();
    assert_eq!(masked, replies.len() - 1, "all but the deletion show the mask");
    let mask = || json!(MASK);
    let expected = [
        entry("delete", 2, mask(), Value::Null),
        entry("read", 2, Value::Null, Value::Null),
        entry("update", 2, mask(), mask()),
        entry("create", 1, Value::Null, mask()),
    ];
    assert_eq!(p.history(&key), expected);
    assert!(database::contains(&t.instance, &key), "the search would not find what is there");
    let log = t.instance.log();
    for secret in [&first, &second, &p.token] {
        assert!(!database::contains(&t.instance, secret), "a secret stands in the database in the clear");
        assert!(!log.contains(secret.as_str()), "a secret was logged");
    }
}

fn an_item_may_become_a_secret_and_only_a_new_value_may_be_shown(t: &Deployment) {
    let p = project(t);
    let (key, first, third) = (unique("item"), unique("first"), unique("third"));
    p.item(&key, &json!({ "value": first }));
    let path = format!("/items/{key}");
    let hidden = ok(&p.patch(&path, &json!({ "isSecret": true })), 200)["item"].clone();
    assert_eq!((&hidden["value"], &hidden["version"], &hidden["isSecret"]), (&json!(MASK), &json!(1), &json!(true)));
    assert_eq!(p.resolved(&[&key])[&key]["value"], json!(first));
    // What was clear once is hidden everywhere, and was never stored in the clear.
    for path in [path.clone(), format!("{path}/audit"), format!("{path}/versions")] {
        assert!(!String::from_utf8_lossy(&p.get(&path).body).contains(&first), "{path}");
    }
    assert!(!database::contains(&t.instance, &first), "the value stands in the database in the clear");

    refused(&p.patch(&path, &json!({ "isSecret": false })), 400);
    assert_eq!(ok(&p.get(&path), 200)["item"]["isSecret"], true);
    let shown = ok(&p.patch(&path, &json!({ "isSecret": false, "value": third })), 200)["item"].clone();
    assert_eq!((&shown["value"], &shown["version"]), (&json!(third), &json!(2)));
    assert_eq!(p.history(&key)[0], entry("update", 2, json!(MASK), json!(third)));
}

fn resolve_takes_fifty_keys(t: &Deployment) {
    let p = project(t);
    for body in [json!({}), json!({ "keys": [] }), json!({ "keys": "a" }), json!({ "keys": null })] {
        assert_eq!(refused(&p.post("/resolve", &body), 400), "keys array is required");
    }
    refused(&p.post("/resolve", &json!({ "keys": ["a", 1] })), 400);
    let keys = |count: usize| json!({ "keys": vec!["a"; count] });
    assert_eq!(refused(&p.post("/resolve", &keys(51)), 400), "Maximum 50 keys per request");
    assert_eq!(ok(&p.post("/resolve", &keys(50)), 200), json!({ "configs": {} }));

    let group = p.group();
    let all: Vec<String> = (0..50).map(|number| format!("k{number}")).collect();
    for (number, key) in all.iter().enumerate() {
        let body = json!({ "name": "n", "key": key, "value": format!("v{number}"), "isSecret": number % 2 == 0 });
        ok(&p.post(&format!("/groups/{group}/items"), &body), 201);
    }
    let asked: Vec<_> = all.iter().map(String::as_str).collect();
    let resolved = p.resolved(&asked);
    for (number, key) in all.iter().enumerate() {
        let expected = json!({ "value": format!("v{number}"), "valueType": "string", "version": 1 });
        assert_eq!(resolved[key], expected);
        let reads = p.history(key).iter().filter(|(action, ..)| action == "read").count();
        assert_eq!(reads, usize::from(number % 2 == 0), "{key}");
    }
}

/// Reads wait in a row for all of a request before they become entries. The history shows them alike.
fn every_read_of_a_secret_is_in_its_history_once(t: &Deployment) {
    let p = project(t);
    let other = mint(t, &json!({ "tenantId": p.tenant, "ownerEmail": "ada@example.org" }));
    let (key, open, second) = (unique("secret"), unique("open"), unique("second"));
    for project in [&p, &other] {
        project.item(&key, &json!({ "isSecret": true }));
    }
    p.item(&open, &json!({}));
    p.item(&second, &json!({ "isSecret": true }));
    let page = |skip: usize, limit: usize| -> Vec<Value> {
        let path = format!("/items/{key}/audit?skip={skip}&limit={limit}");
        ok(&p.get(&path), 200)["logs"].as_array().unwrap().clone()
    };

    let (mut expected, mut version, mut early) = (vec![("create".to_owned(), 1)], 1, Vec::new());
    for round in 1..=40 {
        assert_eq!(p.resolved(&[&key, &open, &second]).as_object().unwrap().len(), 3);
        expected.push(("read".to_owned(), version));
        if round % 3 == 0 {
            other.resolved(&[&key]);
        }
        if round == 5 {
            early = page(0, 100);
        }
        if round % 9 == 0 {
            ok(&p.patch(&format!("/items/{key}"), &json!({ "value": format!("v{round}") })), 200);
            version += 1;
            expected.push(("update".to_owned(), version));
        }
    }
    expected.reverse();

    let pages: Vec<Value> =
        (0..).map(|number| page(number * 7, 7)).take_while(|page| !page.is_empty()).flatten().collect();
    let shown = |log: &Value| (log["action"].as_str().unwrap().to_owned(), log["version"].as_i64().unwrap());
    assert_eq!(pages.iter().map(shown).collect::<Vec<_>>(), expected);
    assert_eq!(page(0, 100), pages, "pages are parts of one list");
    assert_eq!(pages[pages.len() - early.len()..], early, "an entry stays as it was when it waited");
    let ids: BTreeSet<_> = pages.iter().map(|log| log["_id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), expected.len());
    for log in pages.iter().filter(|log| log["action"] == "read") {
        assert_eq!((&log["configKey"], &log["performedBy"]), (&json!(key), &json!("ada@example.org")));
        assert_eq!((&log["tenantId"], &log["projectId"]), (&json!(p.tenant), &json!(p.project)));
    }
    let reads = |project: &Project<'_>, key: &str| {
        let logs = ok(&project.get(&format!("/items/{key}/audit?limit=100")), 200)["logs"].as_array().unwrap().clone();
        logs.iter().filter(|log| log["action"] == "read").count()
    };
    assert_eq!((reads(&other, &key), reads(&p, &second), reads(&p, &open)), (13, 40, 0));
}

fn values_of_any_length_come_back_as_they_were_written(t: &Deployment) {
    let p = project(t);
    let group = p.group();
    let values = [1, 4_000, 4_096, 5_000, 1 << 20].map(|length| "\u{e9}".repeat(length / 2) + &"x".repeat(length % 2));
    let keys: Vec<String> = values.iter().map(|value| unique(&format!("of-{}", value.len()))).collect();
    for (key, value) in keys.iter().zip(&values) {
        let body = json!({ "name": "n", "key": key, "value": value, "isSecret": value.len() == 5_000 });
        ok(&p.post(&format!("/groups/{group}/items"), &body), 201);
        ok(&p.patch(&format!("/items/{key}"), &json!({ "value": value })), 200);
    }
    let asked: Vec<_> = keys.iter().map(String::as_str).collect();
    let resolved = p.resolved(&asked);
    let listed = ok(&p.get(&format!("/groups/{group}/items")), 200)["items"].clone();
    for (key, value) in keys.iter().zip(&values) {
        let shown = if value.len() == 5_000 { MASK } else { value };
        assert!(resolved[key]["value"] == *value && resolved[key]["version"] == 2, "{key}");
        let item = listed.as_array().unwrap().iter().find(|item| item["key"] == **key).unwrap();
        assert!(item["value"] == shown, "{key}");
        let versions = ok(&p.get(&format!("/items/{key}/versions")), 200)["versions"].clone();
        assert!(versions.as_array().unwrap().iter().all(|version| version["value"] == shown), "{key}");
        let (_, _, previous, new) = p.history(key).into_iter().find(|(action, ..)| action == "update").unwrap();
        assert!(previous == shown && new == shown, "{key}");
    }
}

fn earlier_values_are_kept_and_restored(t: &Deployment) {
    let p = project(t);
    let key = unique("item");
    p.item(&key, &json!({ "value": "1", "valueType": "number" }));
    let path = format!("/items/{key}");
    ok(&p.patch(&path, &json!({ "value": "two", "valueType": "string" })), 200);
    let versions = || ok(&p.get(&format!("{path}/versions")), 200)["versions"].clone();
    let short = |all: Value| -> Vec<(Value, Value, Value)> {
        let list = all.as_array().unwrap().iter();
        list.map(|one| (one["version"].clone(), one["value"].clone(), one["valueType"].clone())).collect()
    };
    let (one, two) = (|v: i64| (json!(v), json!("1"), json!("number")), (json!(2), json!("two"), json!("string")));
    assert_eq!(short(versions()), [two.clone(), one(1)]);
    let restored = ok(&p.post(&format!("{path}/versions/1/restore"), &json!({})), 200)["item"].clone();
    assert_eq!(
        (&restored["value"], &restored["valueType"], &restored["version"]),
        (&json!("1"), &json!("number"), &json!(3))
    );
    assert_eq!(short(versions()), [one(3), two, one(1)]);
    assert_eq!(p.history(&key)[0], entry("update", 3, json!("two"), json!("1")));
    for version in ["3", "9"] {
        refused(&p.post(&format!("{path}/versions/{version}/restore"), &json!({})), 404);
    }
    let no_number = refused(&p.post(&format!("{path}/versions/x/restore"), &json!({})), 400);
    assert_eq!(no_number, "A number in the path must be a whole number in its range");
    assert_eq!(ok(&p.get(&path), 200)["item"]["version"], 3);
}

fn the_audit_is_paged_newest_first(t: &Deployment) {
    let p = project(t);
    let key = unique("item");
    p.item(&key, &json!({ "value": "0" }));
    for number in 1..=60 {
        ok(&p.patch(&format!("/items/{key}"), &json!({ "value": number })), 200);
    }
    let versions = |query: &str| -> Vec<i64> {
        let logs = ok(&p.get(&format!("/items/{key}/audit?{query}")), 200)["logs"].clone();
        logs.as_array().unwrap().iter().map(|log| log["version"].as_i64().unwrap()).collect()
    };
    assert_eq!(versions(""), (12..=61).rev().collect::<Vec<_>>());
    assert_eq!(versions("limit=1000"), (1..=61).rev().collect::<Vec<_>>());
    assert_eq!(versions("limit=2&skip=59"), [2, 1]);
    assert_eq!(versions("limit=x&skip=y").len(), 50);
    assert_eq!(versions("limit=-1&skip=-1").len(), 50);
    let log = ok(&p.get(&format!("/items/{key}/audit?limit=1")), 200)["logs"][0].clone();
    let fields = [
        "_id",
        "action",
        "configKey",
        "createdAt",
        "newValue",
        "performedBy",
        "previousValue",
        "projectId",
        "tenantId",
        "version",
    ];
    assert_eq!((names(&log), &log["performedBy"]), (fields.to_vec(), &json!("ada@example.org")));
    assert_eq!(p.history("never"), []);
}

fn writers_at_once_lose_no_version(t: &Deployment) {
    let p = project(t);
    let key = unique("item");
    p.item(&key, &json!({}));
    let replies = together(8, |number| p.patch(&format!("/items/{key}"), &json!({ "value": number })));
    let mut versions: Vec<_> =
        replies.iter().map(|reply| ok(reply, 200)["item"]["version"].as_i64().unwrap()).collect();
    versions.sort_unstable();
    assert_eq!(versions, (2..=9).collect::<Vec<_>>());
    assert_eq!(p.history(&key).len(), 9);
    assert_eq!(ok(&p.get(&format!("/items/{key}/versions")), 200)["versions"].as_array().unwrap().len(), 9);
}
