//! Who may do what with a token: the documented table, written out by hand, against `policy` and over HTTP.

use policy::config::{Permission, Scope, Standing};
use serde_json::{Map, Value, json};

use crate::{
    answer::{ok, refused as refused_signed},
    case::{Case, case},
    config_project::{Project, mint, project, refused, send},
    deployment::{Deployment, unique},
};

pub fn cases() -> Vec<Case> {
    vec![
        case(the_table_of_policy_says_the_same),
        case(every_standing_gets_what_the_table_says_on_all_operations),
        case(a_header_without_a_good_token_is_unauthorised),
        case(an_expired_or_revoked_token_is_refused_at_once),
        case(a_token_without_an_owner_may_do_nothing),
        case(tokens_are_shown_once_and_administered_by_system_and_service),
        case(a_wrong_wish_for_a_token_is_refused),
    ]
}

/// Role, grant, what the scope map says (`*`: there is none, `-`: another service only), and what may be done:
/// everything (A), reads (R), nothing (N).
const TABLE: &[(&str, &str, &str, char)] = &[
    ("owner", "", "*", 'A'),
    ("admin", "", "*", 'A'),
    ("user", "", "*", 'N'),
    ("project_admin", "", "*", 'N'),
    ("user", "read", "*", 'R'),
    ("project_admin", "read", "*", 'R'),
    ("user", "write", "*", 'R'),
    ("project_admin", "write", "*", 'R'),
    ("user", "admin", "*", 'A'),
    ("project_admin", "admin", "*", 'A'),
    ("owner", "", "read", 'R'),
    ("admin", "", "read", 'R'),
    ("owner", "", "write", 'R'),
    ("owner", "", "admin", 'A'),
    ("owner", "", "none", 'N'),
    ("owner", "", "-", 'N'),
    ("admin", "", "-", 'N'),
    ("user", "admin", "read", 'R'),
    ("user", "admin", "-", 'N'),
    ("user", "read", "admin", 'R'),
    ("user", "", "admin", 'N'),
];

fn the_table_of_policy_says_the_same(_: &Deployment) {
    for (role, grant, scope, expected) in TABLE {
        let standing = Standing {
            role: role.parse().unwrap(),
            grant: grant.parse().unwrap_or(Permission::None),
            scope: match *scope {
                "*" => Scope::Unscoped,
                limit => Scope::Limit(limit.parse().unwrap_or(Permission::None)),
            },
        };
        let permission = standing.permission();
        let (reads, all) = (permission >= Permission::Read, permission >= Permission::Admin);
        assert_eq!((reads, all), (*expected != 'N', *expected == 'A'), "{standing:?}");
        assert_eq!(Permission::Admin.is_granted_to(&standing.key()), all, "{standing:?}");
    }
}

/// Every operation on the group `g` and the item `i` of a project, and whether it is a read. None of them stands in
/// the way of the ones after it.
fn operations() -> Vec<(&'static str, &'static str, Option<Value>, bool)> {
    vec![
        ("GET", "/groups", None, true),
        ("GET", "/groups/g", None, true),
        ("GET", "/groups/g/items", None, true),
        ("GET", "/items", None, true),
        ("GET", "/items/i", None, true),
        ("GET", "/items/i/audit", None, true),
        ("GET", "/items/i/versions", None, true),
        ("POST", "/resolve", Some(json!({ "keys": ["i"] })), false),
        ("POST", "/groups", Some(json!({ "name": "n", "key": "g2" })), false),
        ("PATCH", "/groups/g", Some(json!({})), false),
        ("POST", "/groups/g/items", Some(json!({ "name": "n", "key": "i2", "value": "v" })), false),
        ("PATCH", "/items/i", Some(json!({ "value": "w" })), false),
        ("POST", "/items/i/versions/1/restore", None, false),
        ("DELETE", "/items/i", None, false),
        ("DELETE", "/groups/g", None, false),
    ]
}

fn every_standing_gets_what_the_table_says_on_all_operations(t: &Deployment) {
    for (role, grant, scope, expected) in TABLE {
        let owner = project(t);
        ok(&owner.post("/groups", &json!({ "name": "n", "key": "g" })), 201);
        ok(&owner.post("/groups/g/items", &json!({ "name": "n", "key": "i", "value": "v" })), 201);
        let mut attributes = Map::new();
        attributes.insert("tenantId".to_owned(), json!(owner.tenant));
        attributes.insert("projectId".to_owned(), json!(owner.project));
        attributes.insert("role".to_owned(), json!(role));
        if !grant.is_empty() {
            attributes.insert("grant".to_owned(), json!(grant));
        }
        match *scope {
            "*" => {}
            "-" => drop(attributes.insert("scope".to_owned(), json!({ "prompts": "admin" }))),
            limit => drop(attributes.insert("scope".to_owned(), json!({ "config": limit, "prompts": "admin" }))),
        }
        let token = mint(t, &Value::Object(attributes));
        for (method, path, body, reads) in operations() {
            let reply = token.call(method, path, body.as_ref());
            let allowed = *expected == 'A' || (*expected == 'R' && reads);
            if allowed {
                assert!(matches!(reply.status, 200 | 201), "{role} {grant} {scope}: {method} {path} {}", reply.status);
            } else {
                let needed = if reads { "read" } else { "admin" };
                let text = format!("Forbidden: config requires {needed} permission");
                assert_eq!(refused(&reply, 403), text, "{role} {grant} {scope}: {method} {path}");
            }
        }
        // What was refused did not happen either.
        if *expected != 'A' {
            assert_eq!(ok(&owner.get("/items/i"), 200)["item"]["version"], 1);
            assert_eq!(ok(&owner.get("/groups"), 200)["groups"].as_array().unwrap().len(), 1);
        }
    }
}

fn a_header_without_a_good_token_is_unauthorised(t: &Deployment) {
    let unknown = format!("cpeer_{}", "0".repeat(64));
    for (method, path, body, _) in operations() {
        let body = body.map(|body| body.to_string().into_bytes());
        for (header, message) in [
            ("Basic YTpi", "Missing or invalid authorization header"),
            (unknown.as_str(), "Missing or invalid authorization header"),
            ("Bearer ", "Missing API token"),
            ("Bearer cpeer_short", "Invalid API token"),
            (&format!("Bearer {unknown}"), "Invalid API token"),
        ] {
            assert_eq!(refused(&send(t, header, method, path, body.as_deref()), 401), message, "{method} {path}");
        }
    }
    let without = t.anonymous.send("GET", "/api/client/v1/config/groups", &[], None);
    assert_eq!(refused(&without, 401), "Missing or invalid authorization header");
    let good = project(t);
    ok(&send(t, &format!("bEARER {}", good.token), "GET", "/groups", None), 200);
}

fn an_expired_or_revoked_token_is_refused_at_once(t: &Deployment) {
    let soon = model::time::to_iso(model::time::from_iso("2026-01-01T00:00:00Z").unwrap().max(now()) + 1_500);
    let short = mint(t, &json!({ "expiresAt": soon }));
    ok(&short.get("/groups"), 200);
    let revoked = project(t);
    ok(&revoked.get("/groups"), 200);
    ok(&revoked.post("/groups", &json!({ "name": "before" })), 201);
    ok(&t.system.delete(&format!("/caas/config-tokens/{}", revoked.id)), 200);
    assert_eq!(refused(&revoked.get("/groups"), 401), "Invalid API token");
    assert_eq!(refused(&revoked.post("/groups", &json!({ "name": "after" })), 401), "Invalid API token");
    assert_eq!(refused(&revoked.post("/resolve", &json!({ "keys": ["x"] })), 401), "Invalid API token");
    let witness = mint(t, &json!({ "tenantId": revoked.tenant, "projectId": revoked.project }));
    assert_eq!(ok(&witness.get("/groups"), 200)["groups"].as_array().unwrap().len(), 1);
    refused_signed(&t.system.delete(&format!("/caas/config-tokens/{}", revoked.id)), 404);
    std::thread::sleep(std::time::Duration::from_millis(1_600));
    assert_eq!(refused(&short.get("/groups"), 401), "API token has expired");
    assert_eq!(refused(&short.post("/groups", &json!({ "name": "n" })), 401), "API token has expired");
}

fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(since.as_millis()).unwrap()
}

fn a_token_without_an_owner_may_do_nothing(t: &Deployment) {
    let token = mint(t, &json!({ "ownerId": null }));
    for (method, path, body, _) in operations() {
        assert!(refused(&token.call(method, path, body.as_ref()), 403).starts_with("Forbidden: config requires "));
    }
}

fn tokens_are_shown_once_and_administered_by_system_and_service(t: &Deployment) {
    let minted: Vec<Project<'_>> = (0..3).map(|_| project(t)).collect();
    let mut listed = Vec::new();
    let mut path = "/caas/config-tokens".to_owned();
    loop {
        let reply = t.system.get(&path);
        let page = ok(&reply, 200);
        for token in &minted {
            assert!(!String::from_utf8_lossy(&reply.body).contains(&token.token), "a list shows tokens");
        }
        listed.extend(page["tokens"].as_array().unwrap().clone());
        match page["next"].as_str() {
            Some(next) => path = format!("/caas/config-tokens?after={next}"),
            None => break,
        }
    }
    for token in &minted {
        let found = listed.iter().find(|listed| listed["id"] == token.id.as_str()).unwrap();
        assert_eq!((&found["tenantId"], &found["createdBy"]), (&json!(token.tenant), &json!(t.service.tag)));
        assert!(token.token.starts_with("cpeer_") && token.token.len() == 70);
        assert!(!crate::database::contains(&t.instance, &token.token), "a token is stored in the clear");
    }
    let wish = json!({ "tenantId": unique("tenant"), "role": "owner", "ownerId": "u" });
    for caller in [&t.service_ext, &t.app_ext, &t.app, &t.basic] {
        refused_signed(&caller.put("/caas/config-tokens", &wish), 401);
        refused_signed(&caller.get("/caas/config-tokens"), 401);
        refused_signed(&caller.delete(&format!("/caas/config-tokens/{}", minted[0].id)), 401);
    }
    ok(&minted[0].get("/groups"), 200);
}

fn a_wrong_wish_for_a_token_is_refused(t: &Deployment) {
    for (field, value) in [
        ("tenantId", json!("")),
        ("tenantId", json!(7)),
        ("projectId", json!("x".repeat(65))),
        ("role", json!("root")),
        ("grant", json!("all")),
        ("scope", json!({ "config": "all" })),
        ("scope", json!(["config"])),
        ("expiresAt", json!("2020-01-01T00:00:00Z")),
        ("expiresAt", json!("tomorrow")),
        ("ownerId", json!("")),
    ] {
        let mut wish = json!({ "tenantId": "t", "role": "owner", "ownerId": "u" });
        wish[field] = value;
        refused_signed(&t.service.put("/caas/config-tokens", &wish), 400);
    }
}
