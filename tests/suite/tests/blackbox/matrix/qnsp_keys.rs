//! API keys and tokens of QNSP: every role, those that are no good any more, and those of other tenants. The rate limit and
//! quotas are tests of the pipeline, for they are the same for all operations.

use policy::qnsp::{Controls, Role, Tier};
use serde_json::json;

use super::{
    callers::{Caller, Credential, Expected},
    sample::Sample,
    world::World,
};
use crate::{
    answer::ok,
    clock::in_seconds,
    deployment::Deployment,
    qnsp::{self, Cast, Tenant},
};

pub struct Keys<'a> {
    cast: Cast<'a>,
    revoked: qnsp::Caller<'a>,
    expired: qnsp::Caller<'a>,
    suspended: qnsp::Caller<'a>,
    unranked: qnsp::Caller<'a>,
}

impl<'a> Keys<'a> {
    pub fn new(t: &'a Deployment) -> Self {
        let cast = Cast::new(t);
        let revoked = cast.tenant.key("owner");
        ok(&t.service.delete(&format!("/caas/qnsp/keys/{}", revoked.key_id)), 200);
        let expired = cast.tenant.key_with(&json!({ "role": "owner", "expiresAt": in_seconds(1) }));
        let tenant = Tenant::new(t, &json!({ "tier": "enterprise-pro", "addOns": ["byohsm", "key-escrow"] }));
        let suspended = tenant.key("owner");
        ok(&t.service.patch(&tenant.path(""), &json!({ "suspended": true })), 200);
        let unranked = cast.tenant.key("auditor");
        Self { cast, revoked, expired, suspended, unranked }
    }

    /// An administrator of the tenant whose things the samples are about.
    pub fn admin(&self) -> &qnsp::Caller<'a> {
        &self.cast.admin
    }
}

pub fn callers<'a>(controls: Controls, sample: &Sample, world: &World<'a>) -> Vec<Caller<'a>> {
    let keys = world.credentials.keys.as_ref().unwrap();
    let cast = &keys.cast;
    let caller = |name: &str, of: &qnsp::Caller<'_>, expected| Caller {
        name: name.to_owned(),
        credential: match &of.token {
            Some(token) => Credential::Header("authorization", format!("Bearer {token}")),
            None => Credential::Nothing,
        },
        community: world.community.clone(),
        expected,
    };
    let refused = |status| Expected::Refused(status, None);
    let is_enough = |role: Option<Role>| {
        controls.admit(role) && sample.least.is_none_or(|least| role.is_some_and(|role| role.is_at_least(least)))
    };
    let by_role = |role| if is_enough(role) { Expected::Admitted } else { refused(403) };
    let stranger = |is_refused: bool| match controls.admit(Some(Role::Owner)) {
        true if !is_refused && !sample.names_tenant => Expected::Foreign,
        _ => refused(403),
    };
    let operator = if sample.names_tenant { Expected::Admitted } else { Expected::Foreign };
    let needs_tier = controls.entitled && controls.service.least_tier() > Tier::Free;
    let needs_add_on = controls.add_on.is_some();
    vec![
        caller("a revoked key", &keys.revoked, refused(401)),
        caller("an expired key", &keys.expired, refused(401)),
        caller("a role without a rank", &keys.unranked, by_role(None)),
        caller("the owner of a suspended tenant", &keys.suspended, stranger(controls.refuses_suspended())),
        caller("the owner of another tenant", &cast.foreign, stranger(false)),
        caller("the owner of a free tenant", &cast.free, stranger(needs_tier || needs_add_on)),
        caller("the owner of a tenant without add-ons", &cast.without_add_ons, stranger(needs_add_on)),
        caller("an operator", &cast.operator, operator),
        caller("a viewer", &cast.viewer, by_role(Some(Role::Viewer))),
        caller("a developer", &cast.developer, by_role(Some(Role::Developer))),
        caller("a program", &cast.service, by_role(Some(Role::Service))),
        caller("an admin", &cast.admin, by_role(Some(Role::Admin))),
        caller("an owner", &cast.owner, by_role(Some(Role::Owner))),
        caller("an owner by a JSON web token", &cast.jwt, by_role(Some(Role::Owner))),
    ]
}
