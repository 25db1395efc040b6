//! Tokens of the Config API: every standing of the documented table, those that are no good any more, and the owner of
//! another project.

use policy::config::Permission;
use serde_json::{Value, json};

use super::{
    callers::{Caller, Credential, Expected},
    world::World,
};
use crate::{
    answer::ok,
    clock::in_seconds,
    config_permissions::{STANDINGS, attributes},
    config_project::{Project, mint},
    deployment::Deployment,
};

/// Each token with what it may do: everything (A), reads (R), nothing (N).
pub struct Tokens<'a> {
    expired: Project<'a>,
    revoked: Project<'a>,
    foreign: Project<'a>,
    standings: Vec<(String, char, Project<'a>)>,
}

impl<'a> Tokens<'a> {
    /// All but the foreign one lead to this project.
    pub fn new(t: &'a Deployment, project: &Project<'_>) -> Self {
        let here = |more: &Value| {
            let mut body = json!({ "tenantId": project.tenant, "projectId": project.project });
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            mint(t, &body)
        };
        let standing = |(role, grant, scope, may): &(&str, &str, &str, char)| {
            (format!("{role} granted {grant:?} scoped {scope}"), *may, here(&attributes(role, grant, scope)))
        };
        let mut standings: Vec<_> = STANDINGS.iter().map(standing).collect();
        standings.push(("a token without an owner".to_owned(), 'N', here(&json!({ "ownerId": null }))));
        let revoked = here(&json!({}));
        ok(&t.system.delete(&format!("/caas/config-tokens/{}", revoked.id)), 200);
        Self { expired: here(&json!({ "expiresAt": in_seconds(1) })), revoked, foreign: mint(t, &json!({})), standings }
    }
}

pub fn callers<'a>(needed: Permission, world: &World<'a>) -> Vec<Caller<'a>> {
    let tokens = world.credentials.tokens.as_ref().unwrap();
    let caller = |name: &str, token: &Project<'_>, expected| Caller {
        name: name.to_owned(),
        credential: Credential::Header("authorization", format!("Bearer {}", token.token)),
        community: world.community.clone(),
        expected,
    };
    let unauthorised = |text: &str| Expected::Refused(401, Some(text.to_owned()));
    let mut callers = vec![
        caller("an expired token", &tokens.expired, unauthorised("API token has expired")),
        caller("a revoked token", &tokens.revoked, unauthorised("Invalid API token")),
        caller("the owner of another project", &tokens.foreign, Expected::Foreign),
    ];
    let unknown = format!("cpeer_{}", "0".repeat(64));
    for (header, text) in [
        ("Basic YTpi", "Missing or invalid authorization header"),
        (unknown.as_str(), "Missing or invalid authorization header"),
        ("Bearer ", "Missing API token"),
        ("Bearer cpeer_short", "Invalid API token"),
        (&format!("Bearer {unknown}"), "Invalid API token"),
    ] {
        callers.push(Caller {
            name: format!("the header {header}"),
            credential: Credential::Header("authorization", header.to_owned()),
            community: world.community.clone(),
            expected: unauthorised(text),
        });
    }
    let text = format!("Forbidden: config requires {} permission", needed.into_str());
    for (name, may, token) in &tokens.standings {
        let expected = match (may, needed) {
            ('A', _) | ('R', Permission::Read) => Expected::Admitted,
            _ => Expected::Refused(403, Some(text.clone())),
        };
        callers.push(caller(name, token, expected));
    }
    callers
}
