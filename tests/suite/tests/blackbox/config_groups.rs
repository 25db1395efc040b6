//! The Config API: groups, lists and what separates projects.

use serde_json::{Value, json};

use crate::{
    answer::{names, ok, time},
    case::{Case, case},
    config_project::{keys_of, mint, project, refused},
    deployment::{Deployment, unique},
};

pub fn cases() -> Vec<Case> {
    vec![
        case(a_group_is_created_read_changed_and_deleted),
        case(a_group_gets_a_key_from_its_name),
        case(all_that_is_wrong_with_a_body_is_named),
        case(metadata_come_back_as_they_were_written),
        case(a_wrong_group_is_refused_by_name),
        case(lists_filter_by_all_tags_and_by_search),
        case(the_deletion_of_a_group_deletes_its_items_and_is_recorded),
        case(another_project_sees_and_changes_nothing),
        case(unknown_paths_and_methods_answer_in_the_same_shape),
    ]
}

const FIELDS: [&str; 11] = [
    "_id",
    "createdAt",
    "createdBy",
    "key",
    "metadata",
    "name",
    "projectId",
    "tags",
    "tenantId",
    "updatedAt",
    "updatedBy",
];

fn a_group_is_created_read_changed_and_deleted(t: &Deployment) {
    let p = project(t);
    let body = json!({ "name": "Database", "key": "db.main", "tags": ["a", "b"], "metadata": { "n": [1] } });
    let created = ok(&p.post("/groups", &body), 201)["group"].clone();
    assert_eq!(names(&created), FIELDS);
    assert_eq!((&created["tenantId"], &created["projectId"]), (&json!(p.tenant), &json!(p.project)));
    assert_eq!((&created["createdBy"], &created["tags"]), (&json!("ada@example.org"), &json!(["a", "b"])));
    assert_eq!(created["createdAt"], created["updatedAt"]);

    let mut shown = ok(&p.get("/groups/db.main"), 200)["group"].clone();
    assert_eq!(shown.as_object_mut().unwrap().remove("items"), Some(json!([])));
    assert_eq!(shown, created);
    assert_eq!(ok(&p.get("/groups"), 200), json!({ "groups": [created] }));

    let change = json!({ "description": "of all", "tags": ["c"], "metadata": { "m": 2 }, "key": "other", "_id": 1 });
    let changed = ok(&p.patch("/groups/db.main", &change), 200)["group"].clone();
    assert_eq!(
        (&changed["key"], &changed["name"], &changed["_id"]),
        (&json!("db.main"), &json!("Database"), &created["_id"])
    );
    assert_eq!((&changed["description"], &changed["metadata"]), (&json!("of all"), &json!({ "m": 2 })));
    assert_eq!(changed["tags"], json!(["c"]));
    std::thread::sleep(std::time::Duration::from_millis(5));
    let touched = ok(&p.patch("/groups/db.main", &json!({})), 200)["group"].clone();
    assert!(time(&touched["updatedAt"]) > time(&changed["updatedAt"]) && touched["tags"] == changed["tags"]);

    assert_eq!(ok(&p.delete("/groups/db.main"), 200), json!({ "success": true }));
    for reply in [p.get("/groups/db.main"), p.delete("/groups/db.main"), p.patch("/groups/db.main", &json!({}))] {
        assert_eq!(refused(&reply, 404), "Config group not found");
    }
}

fn a_group_gets_a_key_from_its_name(t: &Deployment) {
    let p = project(t);
    let key = |name: &str| ok(&p.post("/groups", &json!({ "name": name })), 201)["group"]["key"].clone();
    assert_eq!(key("Größe der Datenbank!"), "cfg-grp-grosse-der-datenbank");
    for (name, expected) in [
        ("Billing & Payments", "billing-and-payments"),
        ("50% off", "50percent-off"),
        ("Привет", "privet"),
        ("Cafe\u{301}", "cafe"),
    ] {
        assert_eq!(key(name), format!("cfg-grp-{expected}"));
    }
    // An empty key asks for one.
    let asked = ok(&p.post("/groups", &json!({ "name": "Empty key", "key": "" })), 201);
    assert_eq!(asked["group"]["key"], "cfg-grp-empty-key");
    let numbered = key("日本").as_str().unwrap().to_owned();
    assert!(numbered.strip_prefix("cfg-grp-").unwrap().parse::<i64>().unwrap() > 1_700_000_000_000, "{numbered}");
    let again = refused(&p.post("/groups", &json!({ "name": "Größe der Datenbank!" })), 409);
    assert_eq!(again, "Config group with key \"cfg-grp-grosse-der-datenbank\" already exists.");
}

fn a_wrong_group_is_refused_by_name(t: &Deployment) {
    let p = project(t);
    for body in
        [json!({}), json!({ "name": "" }), json!({ "name": "  " }), json!({ "name": 7 }), json!({ "name": null })]
    {
        assert_eq!(refused(&p.post("/groups", &body), 400), "name is required");
    }
    for (field, value) in [
        ("key", json!("a b")),
        ("key", json!("ü")),
        ("key", json!("x".repeat(129))),
        ("key", json!(1)),
        ("description", json!(1)),
        ("tags", json!("a")),
        ("tags", json!([1])),
        ("metadata", json!([])),
    ] {
        let mut body = json!({ "name": "n" });
        body[field] = value;
        assert!(refused(&p.post("/groups", &body), 400).starts_with(field));
    }
    for bytes in [&b"{"[..], b"[]", b"\"x\"", b"{} x"] {
        refused(&p.send("POST", "/groups", Some(bytes)), 400);
    }
    let key = p.group();
    refused(&p.patch(&format!("/groups/{key}"), &json!({ "name": "" })), 400);
    refused(&p.patch(&format!("/groups/{key}"), &json!({ "tags": {} })), 400);
    let huge = format!(r#"{{"name":"{}"}}"#, "x".repeat(11 << 20));
    refused(&p.send("POST", "/groups", Some(huge.as_bytes())), 413);
}

fn all_that_is_wrong_with_a_body_is_named(t: &Deployment) {
    let p = project(t);
    let body = json!({ "key": "a b", "description": 7, "tags": ["a", 1], "metadata": [] });
    assert_eq!(
        refused(&p.post("/groups", &body), 400),
        "name is required; key must have 1 to 128 characters of A-Z a-z 0-9 . _ -; description must be a string; \
         tags[1] must be a string; metadata must be an object"
    );
    let path = format!("/groups/{}", p.group());
    assert_eq!(
        refused(&p.patch(&path, &json!({ "name": " ", "tags": {} })), 400),
        "name must not be empty; tags must be a list"
    );
    for (bytes, text) in [(&b"{"[..], "Body is not JSON"), (b"[]", "Body must be an object")] {
        assert_eq!(refused(&p.send("POST", "/groups", Some(bytes)), 400), text);
    }
    assert_eq!(refused(&p.send("POST", "/groups", None), 400), "name is required");
    // A caller who may not create a group learns nothing about the body.
    let user = mint(t, &json!({ "role": "user" }));
    refused(&user.post("/groups", &body), 403);
}

fn metadata_come_back_as_they_were_written(t: &Deployment) {
    let p = project(t);
    let metadata = r#"{"z":12345678901234567890123,"a":0.39531392847264213,"b":1.50,"c":[1e3,-0],"a":{"x":1,"x":2}}"#;
    let body = format!(r#"{{"name":"n","key":"kept","metadata":{metadata}}}"#);
    let shows = |reply: &chancery::client::Reply, status: u16| {
        let text = String::from_utf8_lossy(&reply.body).into_owned();
        assert!(reply.status == status && text.contains(&format!(r#""metadata":{metadata}"#)), "{text}");
    };
    shows(&p.send("POST", "/groups", Some(body.as_bytes())), 201);
    shows(&p.get("/groups/kept"), 200);
    shows(&p.patch("/groups/kept", &json!({ "name": "m" })), 200);
    let item = format!(r#"{{"name":"n","key":"item","value":1,"metadata":{metadata}}}"#);
    shows(&p.send("POST", "/groups/kept/items", Some(item.as_bytes())), 201);
    shows(&p.get("/items/item"), 200);
}

fn lists_filter_by_all_tags_and_by_search(t: &Deployment) {
    let p = project(t);
    for (key, name, tags, description) in [
        ("g1", "Ärzte", json!(["a", "b", "b"]), "100% sure"),
        ("g2", "Bank", json!(["b"]), "one_two"),
        ("g3", "Zug", json!([]), "a\\b"),
    ] {
        ok(&p.post("/groups", &json!({ "name": name, "key": key, "tags": tags, "description": description })), 201);
        let item = json!({ "name": name, "key": format!("i-{key}"), "tags": tags, "description": description,
            "value": "v", "isSecret": key == "g1" });
        ok(&p.post("/groups/g1/items", &item), 201);
    }
    for (query, expected) in [
        ("", "123"),
        ("tags=b", "12"),
        ("tags=%20a%20,,b", "1"),
        ("tags=a,c", ""),
        ("search=%C3%A4RZ", "1"),
        ("search=G2", "2"),
        ("search=%25", "1"),
        ("search=_", "2"),
        ("search=%5C", "3"),
        ("search=ZU&tags=b", ""),
        ("search=ban&tags=b", "2"),
    ] {
        let keys = |prefix: &str| expected.chars().map(|n| format!("{prefix}{n}")).collect::<Vec<_>>();
        assert_eq!(keys_of(&ok(&p.get(&format!("/groups?{query}")), 200)["groups"]), keys("g"), "{query}");
        assert_eq!(keys_of(&ok(&p.get(&format!("/groups/g1/items?{query}")), 200)["items"]), keys("i-g"), "{query}");
        assert_eq!(keys_of(&ok(&p.get(&format!("/items?{query}")), 200)["items"]), keys("i-g"), "{query}");
    }
    for (query, expected) in [("true", 1), ("false", 2), ("yes", 3), ("", 3)] {
        let items = ok(&p.get(&format!("/groups/g1/items?isSecret={query}")), 200);
        assert_eq!(items["items"].as_array().unwrap().len(), expected, "{query}");
    }
    let id = ok(&p.get("/groups/g2"), 200)["group"]["_id"].as_str().unwrap().to_owned();
    assert_eq!(ok(&p.get(&format!("/items?groupId={id}")), 200), json!({ "items": [] }));
    // A change of the tags is seen by the filter.
    ok(&p.patch("/groups/g2", &json!({ "tags": ["c"] })), 200);
    ok(&p.patch("/items/i-g2", &json!({ "tags": ["c", "d"] })), 200);
    assert_eq!(keys_of(&ok(&p.get("/groups?tags=b"), 200)["groups"]), ["g1"]);
    assert_eq!(keys_of(&ok(&p.get("/items?tags=d,c"), 200)["items"]), ["i-g2"]);
}

fn the_deletion_of_a_group_deletes_its_items_and_is_recorded(t: &Deployment) {
    let p = project(t);
    let group = p.group();
    for (key, secret) in [("open", false), ("hidden", true)] {
        let body = json!({ "name": "n", "key": key, "value": "v", "isSecret": secret });
        ok(&p.post(&format!("/groups/{group}/items"), &body), 201);
    }
    p.item("elsewhere", &json!({}));
    ok(&p.delete(&format!("/groups/{group}")), 200);
    assert_eq!(refused(&p.get("/items/open"), 404), "Config item not found");
    assert_eq!(p.resolved(&["open", "hidden", "elsewhere"]).as_object().unwrap().len(), 1);
    let mask = json!(crate::config_project::MASK);
    assert_eq!(p.history("open")[0], ("delete".to_owned(), 1, json!("v"), Value::Null));
    assert_eq!(p.history("hidden")[0], ("delete".to_owned(), 1, mask, Value::Null));
    assert_eq!(p.history(&group), [("delete".to_owned(), 0, Value::Null, Value::Null)]);
    // The keys are free again.
    p.item("open", &json!({ "value": "w" }));
}

fn another_project_sees_and_changes_nothing(t: &Deployment) {
    let p = project(t);
    let group = p.group();
    let key = unique("item");
    ok(
        &p.post(&format!("/groups/{group}/items"), &json!({ "name": "n", "key": key, "value": "v", "tags": ["x"] })),
        201,
    );
    let sibling = mint(t, &json!({ "tenantId": p.tenant }));
    let stranger = mint(t, &json!({ "projectId": p.project }));
    for other in [&sibling, &stranger] {
        assert_eq!(ok(&other.get("/groups"), 200), json!({ "groups": [] }));
        assert_eq!(ok(&other.get("/items?tags=x"), 200), json!({ "items": [] }));
        assert_eq!(other.resolved(&[&key]), json!({}));
        assert_eq!(other.history(&key), []);
        for (method, path, body) in [
            ("GET", format!("/groups/{group}"), None),
            ("PATCH", format!("/groups/{group}"), Some(json!({ "name": "x" }))),
            ("DELETE", format!("/groups/{group}"), None),
            ("GET", format!("/groups/{group}/items"), None),
            ("POST", format!("/groups/{group}/items"), Some(json!({ "name": "x", "value": "x" }))),
            ("GET", format!("/items/{key}"), None),
            ("PATCH", format!("/items/{key}"), Some(json!({ "value": "x" }))),
            ("DELETE", format!("/items/{key}"), None),
            ("GET", format!("/items/{key}/versions"), None),
            ("POST", format!("/items/{key}/versions/1/restore"), None),
        ] {
            refused(&other.call(method, &path, body.as_ref()), 404);
        }
        // The same keys are free here.
        ok(&other.post("/groups", &json!({ "name": "n", "key": group })), 201);
        ok(&other.post(&format!("/groups/{group}/items"), &json!({ "name": "n", "key": key, "value": "o" })), 201);
        assert_eq!(other.resolved(&[&key])[&key]["value"], "o");
        ok(&other.delete(&format!("/groups/{group}")), 200);
    }
    assert_eq!(p.resolved(&[&key])[&key]["value"], "v");
}

fn unknown_paths_and_methods_answer_in_the_same_shape(t: &Deployment) {
    let p = project(t);
    refused(&p.get("/nothing"), 404);
    refused(&p.call("PUT", "/groups", Some(&json!({}))), 405);
}
