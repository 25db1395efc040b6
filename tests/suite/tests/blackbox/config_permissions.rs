//! Who may do what with a token: the documented table, written out by hand, against `policy` and over HTTP.

use policy::config::{Permission, Scope, Standing};
use serde_json::{Value, json};

use crate::{
    answer::{ok, refused as refused_signed},
    case::{Case, case},
    clock,
    config_project::{Project, mint, project, refused, send},
    deployment::Deployment,
};

pub fn cases() -> Vec<Case> {
    vec![
        case(the_table_of_policy_says_the_same),
        case(the_scheme_of_a_token_has_no_case),
        case(an_expired_or_revoked_token_is_refused_at_once),
        case(tokens_are_shown_once),
        case(a_wrong_wish_for_a_token_is_refused),
    ]
}

/// Role, grant, what the scope map says (`*`: there is none, `-`: another service only), and what may be done:
/// everything (A), reads (R), nothing (N).
pub const STANDINGS: &[(&str, &str, &str, char)] = &[
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
    for (role, grant, scope, expected) in STANDINGS {
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

/// What a token is minted with to have a standing.
pub fn attributes(role: &str, grant: &str, scope: &str) -> Value {
    let mut attributes = json!({ "role": role });
    if !grant.is_empty() {
        attributes["grant"] = json!(grant);
    }
    match scope {
        "*" => {}
        "-" => attributes["scope"] = json!({ "prompts": "admin" }),
        limit => attributes["scope"] = json!({ "config": limit, "prompts": "admin" }),
    }
    attributes
}

fn the_scheme_of_a_token_has_no_case(t: &Deployment) {
    let good = project(t);
    ok(&send(t, &format!("bEARER {}", good.token), "GET", "/groups", None), 200);
}

fn an_expired_or_revoked_token_is_refused_at_once(t: &Deployment) {
    let soon = model::time::to_iso(clock::now() + 1_500);
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
    t.pass(std::time::Duration::from_millis(1_600));
    assert_eq!(refused(&short.get("/groups"), 401), "API token has expired");
    assert_eq!(refused(&short.post("/groups", &json!({ "name": "n" })), 401), "API token has expired");
}

fn tokens_are_shown_once(t: &Deployment) {
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
