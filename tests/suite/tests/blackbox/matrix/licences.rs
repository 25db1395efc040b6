//! Licences: of every level, with every standing in the community that the request names, and those that are no good.
//! What each gets is written down in `permission_table`.

use std::collections::BTreeMap;

use chancery::client::Client;
use model::AuthLevel;
use policy::{Membership, Operation};
use serde_json::json;

use super::{
    callers::{Caller, Credential, Expected},
    sample::Sample,
    world::World,
};
use crate::{
    answer::ok,
    clock::in_seconds,
    deployment::{Deployment, community},
    permission_table::{Cell, cell, status},
};

pub struct Licences {
    /// By what is wrong with them.
    useless: BTreeMap<&'static str, Client>,
    /// In which callers of all levels are members, and in which their membership was withdrawn.
    pub member: String,
    pub withdrawn: String,
}

impl Licences {
    pub fn new(t: &Deployment) -> Self {
        let disabled = t.licence(AuthLevel::System);
        let path = format!("/licenses/servicekey?keyId={}", disabled.key_id);
        ok(&t.root.patch(&path, &json!({ "disabled": true })), 200);
        let expired = t.licence_with(AuthLevel::System, &json!({ "expiry": in_seconds(1) }));
        let removed = t.licence(AuthLevel::System);
        ok(&t.root.delete(&format!("/licenses/servicekey?keyId={}", removed.key_id)), 204);
        let useless = [
            ("no licence", t.client("no licence at all")),
            ("a disabled licence", disabled.client),
            ("an expired licence", expired.client),
            ("a removed licence", removed.client),
        ];
        let [member, withdrawn] = [true, false].map(|is_authorized| {
            let community = community();
            for level in AuthLevel::ALL {
                let tag = &t.of(level).tag;
                let body = json!({ "keyTag": tag, "communityId": community, "isAuthorized": is_authorized });
                ok(&t.root.put("/licenses/community/servicekey", &body), 200);
            }
            community
        });
        Self { useless: useless.into(), member, withdrawn }
    }
}

pub fn callers<'a>(row: &Operation, sample: &Sample, world: &World<'a>) -> Vec<Caller<'a>> {
    let (t, licences) = (world.t, &world.credentials.licences);
    let action = sample.needed(row);
    let success = sample.admitted(row);
    let caller = |name: String, credential, community: &str, expected| Caller {
        name,
        credential,
        community: community.to_owned(),
        expected,
    };
    let refused = |status| Expected::Refused(status, None);
    let expected = |level, membership| match status(cell(action, sample.target, false, level), membership, success) {
        answered if answered == success => Expected::Admitted,
        answered => refused(answered),
    };
    let outside = &world.community;
    let mut callers: Vec<_> = licences
        .useless
        .iter()
        .map(|(name, client)| caller((*name).to_owned(), Credential::Licence(client), outside, refused(401)))
        .collect();
    let elsewhere = Credential::Elsewhere(&t.system.client);
    callers.push(caller("a licence at the other API".to_owned(), elsewhere, outside, refused(401)));
    let cells = AuthLevel::ALL.map(|level| cell(action, sample.target, false, level));
    let is_about_members =
        cells.iter().any(|cell| matches!(cell, Cell::Member | Cell::MemberElseForbidden | Cell::Present));
    let standings = [
        ("outside", outside, Membership::None),
        ("as a member", &licences.member, Membership::Valid),
        ("with a withdrawn membership", &licences.withdrawn, Membership::Withdrawn),
    ];
    for (standing, community, membership) in &standings[..if is_about_members { 3 } else { 1 }] {
        for level in AuthLevel::ALL {
            let expected = expected(level, *membership);
            let client = Credential::Licence(&t.of(level).client);
            callers.push(caller(format!("{} {standing}", level.into_str()), client, community, expected));
        }
    }
    // The infra licence acts as a service, and as a member everywhere.
    for (name, client, level, membership) in [
        ("the infra licence", &t.infra.client, AuthLevel::Service, Membership::Valid),
        ("the root licence", &t.root.client, AuthLevel::System, Membership::None),
    ] {
        let expected = expected(level, membership);
        callers.push(caller(name.to_owned(), Credential::Licence(client), outside, expected));
    }
    callers
}
