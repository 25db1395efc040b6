//! Developers of the portal with their sessions, and the tools of operators with tokens for its files.

use serde_json::json;

use super::{
    callers::{Caller, Credential, Expected},
    world::World,
};
use crate::{
    answer::ok,
    database,
    deployment::{Deployment, unique},
    portal::{developer, set_status},
};

pub struct Portal {
    /// Of a developer who has nothing to do with any operation.
    pub email: String,
    pub admin_token: String,
    revoked_admin_token: String,
    /// Cookies that were good, by what became of them.
    useless: [(&'static str, String); 4],
}

impl Portal {
    /// `has_sessions`: whether sessions that are good no more are asked for.
    pub fn new(t: &Deployment, has_sessions: bool) -> Self {
        let token = || ok(&t.service.post("/caas/portal/tokens", &json!({ "name": unique("matrix") })), 201);
        let text = |token: &serde_json::Value, name: &str| token[name].as_str().unwrap().to_owned();
        let revoked = token();
        ok(&t.service.delete(&format!("/caas/portal/tokens/{}", text(&revoked, "id"))), 204);
        let [expired, ended, disabled, gone] = [(); 4].map(|()| developer(t));
        if has_sessions {
            let expiry = format!("UPDATE portal_sessions SET expires_at = 1 WHERE developer_id = '{}'", expired.id);
            database::change(&t.instance, &expiry);
        }
        ok(&ended.session.call("DELETE", "/auth", None), 200);
        set_status(t, &disabled.id, 3);
        ok(&gone.session.call("DELETE", "/developer", None), 204);
        Self {
            email: developer(t).email,
            admin_token: text(&token(), "token"),
            revoked_admin_token: text(&revoked, "token"),
            useless: [
                ("an expired session", expired.session.cookie),
                ("a session that was ended", ended.session.cookie),
                ("a developer who was revoked", disabled.session.cookie),
                ("a developer who is gone", gone.session.cookie),
            ],
        }
    }
}

pub fn sessions<'a>(world: &World<'a>) -> Vec<Caller<'a>> {
    let caller = |name: &str, cookie: &str, expected| caller(world, name, "cookie", cookie, expected);
    let useless = world.credentials.portal.useless.iter();
    let mut callers: Vec<_> =
        useless.map(|(name, cookie)| caller(name, cookie, Expected::Refused(401, None))).collect();
    callers.push(caller("another developer", &developer(world.t).session.cookie, Expected::Foreign));
    callers.push(caller("the developer", &world.owner().developer.session.cookie, Expected::Admitted));
    callers
}

pub fn admin_tokens<'a>(world: &World<'a>) -> Vec<Caller<'a>> {
    let caller = |name, token: &str, expected| caller(world, name, "kong-admin-token", token, expected);
    let portal = &world.credentials.portal;
    vec![
        caller("a revoked admin token", &portal.revoked_admin_token, Expected::Refused(401, None)),
        caller("the holder of an admin token", &portal.admin_token, Expected::Admitted),
    ]
}

fn caller<'a>(world: &World, name: &str, header: &'static str, value: &str, expected: Expected) -> Caller<'a> {
    let credential = Credential::Header(header, value.to_owned());
    Caller { name: name.to_owned(), credential, community: world.community.clone(), expected }
}
