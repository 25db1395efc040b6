//! Every cell of the permission table, asked for over HTTP.

use std::time::Duration;

use model::AuthLevel;
use policy::{Action, Membership};
use serde_json::json;

use crate::{
    answer::{ok, refused},
    case::{Case, case},
    clock::in_seconds,
    consent::{consents_of, put, show},
    deployment::{Caller, Deployment, community, secrets_of, unique},
    permission_table::{cell, status},
};

pub fn cases() -> Vec<Case> {
    vec![
        case(get_key),
        case(list_keys),
        case(create_key),
        case(update_key),
        case(delete_key),
        case(delete_own_key),
        case(check_license_and_list_community_keys),
        case(add_to_community),
        case(patch_in_community),
        case(remove_from_community),
        case(secrets),
        case(consents),
        case(an_unknown_target_is_refused_like_a_known_one_to_callers_without_permission),
    ]
}

/// Everyone who can call, and the column of the table that is theirs: the infra licence acts as a service.
fn callers(t: &Deployment) -> Vec<(&Caller, AuthLevel)> {
    let stored = AuthLevel::ALL.map(|level| (t.of(level), level));
    stored.into_iter().chain([(&t.infra, AuthLevel::Service)]).collect()
}

/// One answer against one cell.
#[track_caller]
fn check(action: Action, target: Option<AuthLevel>, caller: AuthLevel, standing: Standing, success: u16, got: u16) {
    let expected = status(cell(action, target, false, caller), standing.membership(), success);
    assert_eq!(got, expected, "{action:?} of a {target:?} key by {caller:?}, {standing:?}");
}

/// A caller's standing in a community.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// A member of nothing, or of other communities only.
    Outside,
    Valid,
    Withdrawn,
    Expired,
}

impl Standing {
    const ALL: [Self; 4] = [Self::Outside, Self::Valid, Self::Withdrawn, Self::Expired];

    fn membership(self) -> Membership {
        match self {
            Self::Outside => Membership::None,
            Self::Valid => Membership::Valid,
            Self::Withdrawn | Self::Expired => Membership::Withdrawn,
        }
    }
}

/// New callers of every level, and a community for each standing in which all of them have it.
pub struct Cast {
    callers: Vec<Caller>,
    pub communities: Vec<(Standing, String)>,
}

impl Cast {
    pub fn new(t: &Deployment) -> Self {
        let callers: Vec<_> = AuthLevel::ALL.map(|level| t.licence(level)).into_iter().collect();
        let communities: Vec<_> = Standing::ALL.map(|standing| (standing, community())).into_iter().collect();
        for (standing, community) in &communities {
            for caller in &callers {
                let mut body = json!({ "keyTag": caller.tag, "communityId": community });
                match standing {
                    Standing::Outside => continue,
                    Standing::Valid => {}
                    Standing::Withdrawn => body["isAuthorized"] = json!(false),
                    Standing::Expired => body["expiry"] = json!(in_seconds(1)),
                }
                ok(&t.root.put("/licenses/community/servicekey", &body), 200);
            }
        }
        t.pass(Duration::from_millis(1100));
        Self { callers, communities }
    }

    /// Every caller in every community.
    pub fn each(&self, mut ask: impl FnMut(&Caller, Standing, &str)) {
        for (standing, community) in &self.communities {
            for caller in &self.callers {
                ask(caller, *standing, community);
            }
        }
    }
}

fn get_key(t: &Deployment) {
    for (caller, column) in callers(t) {
        for level in AuthLevel::ALL {
            let target = t.of(level);
            for name in [&target.key_id, &target.tag] {
                let reply = caller.get(&format!("/licenses/servicekey?keyId={name}"));
                check(Action::GetKey, Some(level), column, Standing::Outside, 200, reply.status);
            }
        }
    }
}

fn list_keys(t: &Deployment) {
    for (caller, column) in callers(t) {
        let reply = caller.post("/licenses/servicekey/fetch", &json!({}));
        check(Action::ListKeys, None, column, Standing::Outside, 200, reply.status);
        if reply.status != 200 {
            continue;
        }
        let mut seen = Vec::new();
        for page in 0.. {
            let list =
                ok(&caller.call("POST", &format!("/licenses/servicekey/fetch?pSize=25&pIndex={page}"), None), 200);
            let tags = list["data"].as_array().unwrap().iter().map(|key| key["tag"].as_str().unwrap().to_owned());
            let before = seen.len();
            seen.extend(tags);
            if seen.len() == before {
                break;
            }
        }
        for level in AuthLevel::ALL {
            let is_seen = seen.contains(&t.of(level).tag);
            let answer = if is_seen { 200 } else { 401 };
            check(Action::SeeKeyInList, Some(level), column, Standing::Outside, 200, answer);
        }
        assert!(!seen.contains(&"infra_license_key".to_owned()));
    }
}

fn create_key(t: &Deployment) {
    for (caller, column) in callers(t) {
        for level in AuthLevel::ALL {
            let tag = unique("created");
            let reply = caller.put("/licenses/servicekey", &json!({ "tag": tag, "authLevel": level.into_str() }));
            check(Action::CreateKey, Some(level), column, Standing::Outside, 200, reply.status);
            let exists = t.root.get(&format!("/licenses/servicekey?keyId={tag}")).status == 200;
            assert_eq!(exists, reply.status == 200, "{column:?} created {level:?}");
        }
    }
}

fn update_key(t: &Deployment) {
    for level in AuthLevel::ALL {
        let target = t.licence(level);
        let path = format!("/licenses/servicekey?keyId={}", target.key_id);
        for (caller, column) in callers(t) {
            let description = unique("description");
            let reply = caller.patch(&path, &json!({ "description": description }));
            check(Action::UpdateKey, Some(level), column, Standing::Outside, 200, reply.status);
            let stored = ok(&t.root.get(&path), 200);
            assert_eq!(
                stored["description"] == json!(description),
                reply.status == 200,
                "{column:?} updated {level:?}"
            );
        }
    }
}

fn delete_key(t: &Deployment) {
    for (caller, column) in callers(t) {
        for level in AuthLevel::ALL {
            let target = t.licence(level);
            let path = format!("/licenses/servicekey?keyId={}", target.key_id);
            let reply = caller.delete(&path);
            check(Action::DeleteKey, Some(level), column, Standing::Outside, 204, reply.status);
            let left = t.root.get(&path).status == 200;
            assert_eq!(left, reply.status != 204, "{column:?} deleted {level:?}");
        }
    }
}

fn delete_own_key(t: &Deployment) {
    for level in AuthLevel::ALL {
        let caller = t.licence(level);
        for name in [&caller.key_id, &caller.tag] {
            let reply = caller.delete(&format!("/licenses/servicekey?keyId={name}"));
            let expected = status(cell(Action::DeleteKey, Some(level), true, level), Membership::None, 204);
            refused(&reply, expected);
        }
        ok(&caller.get("/licenses/servicekey/current"), 200);
    }
}

fn check_license_and_list_community_keys(t: &Deployment) {
    let cast = Cast::new(t);
    cast.each(|caller, standing, community| {
        let reply = caller.get(&format!("/licenses/community/{community}/licensecheck"));
        check(Action::CheckLicense, None, caller.level, standing, 200, reply.status);
        if reply.status == 200 {
            assert_eq!(ok(&reply, 200)["isAuthorized"], json!(standing == Standing::Valid));
        }
        let reply = caller.post(&format!("/licenses/community/{community}/servicekey/fetch"), &json!({}));
        check(Action::ListCommunityKeys, None, caller.level, standing, 200, reply.status);
    });
    // The infra licence counts as a valid member everywhere.
    for (_, community) in &cast.communities {
        let checked = ok(&t.infra.get(&format!("/licenses/community/{community}/licensecheck")), 200);
        assert_eq!(checked["isAuthorized"], true);
        ok(&t.infra.post(&format!("/licenses/community/{community}/servicekey/fetch"), &json!({})), 200);
    }
}

fn add_to_community(t: &Deployment) {
    let (cast, targets) = (Cast::new(t), AuthLevel::ALL.map(|level| t.licence(level)));
    let add = |caller: &Caller, column, standing, community: &str| {
        for target in &targets {
            let body = json!({ "keyTag": target.tag, "communityId": community });
            let reply = caller.put("/licenses/community/servicekey", &body);
            check(Action::AddToCommunity, Some(target.level), column, standing, 200, reply.status);
            let removal = t.root.delete(&format!("/licenses/community/{community}/servicekey/{}", target.tag));
            assert_eq!(removal.status == 204, reply.status == 200, "{column:?} added {:?}", target.level);
        }
    };
    cast.each(|caller, standing, community| add(caller, caller.level, standing, community));
    for (standing, community) in &cast.communities {
        add(&t.infra, AuthLevel::Service, *standing, community);
    }
}

fn patch_in_community(t: &Deployment) {
    let (cast, targets) = (Cast::new(t), AuthLevel::ALL.map(|level| t.licence(level)));
    for (_, community) in &cast.communities {
        targets.iter().for_each(|target| t.admit(target, community));
    }
    let mut flag = true;
    let mut patch = |caller: &Caller, column, standing, community: &str| {
        for target in &targets {
            flag = !flag;
            let path = format!("/licenses/community/{community}/servicekey/{}", target.tag);
            let reply = caller.patch(&path, &json!({ "isAuthorized": flag }));
            check(Action::PatchInCommunity, Some(target.level), column, standing, 200, reply.status);
            if reply.status == 200 {
                assert_eq!(ok(&reply, 200)["isAuthorized"], json!(flag));
            }
        }
    };
    cast.each(|caller, standing, community| patch(caller, caller.level, standing, community));
    for (standing, community) in &cast.communities {
        patch(&t.infra, AuthLevel::Service, *standing, community);
    }
}

fn remove_from_community(t: &Deployment) {
    let (cast, targets) = (Cast::new(t), AuthLevel::ALL.map(|level| t.licence(level)));
    for (_, community) in &cast.communities {
        targets.iter().for_each(|target| t.admit(target, community));
    }
    let remove = |caller: &Caller, column, standing, community: &str| {
        for target in &targets {
            let reply = caller.delete(&format!("/licenses/community/{community}/servicekey/{}", target.tag));
            check(Action::RemoveFromCommunity, Some(target.level), column, standing, 204, reply.status);
            if reply.status == 204 {
                t.admit(target, community);
            } else {
                refused(&reply, reply.status);
            }
        }
    };
    cast.each(|caller, standing, community| remove(caller, caller.level, standing, community));
    for (standing, community) in &cast.communities {
        remove(&t.infra, AuthLevel::Service, *standing, community);
    }
}

fn secrets(t: &Deployment) {
    let cast = Cast::new(t);
    let tenant = unique("tenant");
    let ask = |caller: &Caller, column, standing, community: &str| {
        let place = secrets_of(&tenant, community);
        let tag = unique("secret");
        let put = caller.put(&place, &json!({ "tag": tag, "value": "v", "createdBy": "suite" }));
        check(Action::PutSecret, None, column, standing, 201, put.status);
        if put.status != 201 {
            ok(&t.root.put(&place, &json!({ "tag": tag, "value": "v", "createdBy": "suite" })), 201);
        }
        let fetched = caller.post(&format!("{place}/fetch"), &json!({ "tags": [tag] }));
        check(Action::FetchSecrets, None, column, standing, 200, fetched.status);
        if fetched.status == 200 {
            assert_eq!(ok(&fetched, 200)["secrets"][0]["value"], "v");
        } else {
            refused(&fetched, 401);
        }
        let deleted = caller.delete(&format!("{place}/{tag}"));
        check(Action::DeleteSecret, None, column, standing, 200, deleted.status);
        let left = ok(&t.root.post(&format!("{place}/fetch"), &json!({ "tags": [tag] })), 200);
        assert_eq!(left["secrets"].as_array().unwrap().len(), usize::from(deleted.status != 200));
    };
    cast.each(|caller, standing, community| ask(caller, caller.level, standing, community));
    for (standing, community) in &cast.communities {
        ask(&t.infra, AuthLevel::Service, *standing, community);
    }
}

fn consents(t: &Deployment) {
    let cast = Cast::new(t);
    let tenant = unique("tenant");
    let ask = |caller: &Caller, column, standing, community: &str| {
        let place = consents_of(&tenant, community);
        // The infra licence may write everywhere, so there is something to read.
        let content = json!({ "title": "t", "subtitle": "s", "body": "PGI+", "acknowledgeText": "a" });
        let kind = format!("k{}", unique("").trim_start_matches('_'));
        let first = ok(&put(&t.infra, &place, &kind, &content), 200)["data"].clone();
        let change = put(caller, &place, &kind, &json!({ "title": "changed" }));
        check(Action::PutConsent, None, column, standing, 200, change.status);
        let now = ok(&show(&t.infra, &format!("{place}/{kind}")), 200);
        assert_eq!(now["data"]["title"] == "changed", change.status == 200);
        let id = first["consentId"].as_str().unwrap();
        // A caller who may not read gets one refusal, also for what is malformed or unknown.
        for (path, success) in [(kind.as_str(), 200), (&format!("ipfs/{id}"), 200), ("ipfs/Qm", 404)] {
            let reply = show(caller, &format!("{place}/{path}"));
            check(Action::ReadConsent, None, column, standing, success, reply.status);
        }
    };
    cast.each(|caller, standing, community| ask(caller, caller.level, standing, community));
    for (_, community) in &cast.communities {
        // The infra licence counts as a member everywhere.
        ask(&t.infra, AuthLevel::Service, Standing::Valid, community);
    }
}

fn an_unknown_target_is_refused_like_a_known_one_to_callers_without_permission(t: &Deployment) {
    let (unknown, place) = (unique("unknown"), community());
    for (caller, column) in callers(t) {
        let may = matches!(column, AuthLevel::System | AuthLevel::Service);
        let path = format!("/licenses/servicekey?keyId={unknown}");
        let expected = if may { 404 } else { 401 };
        refused(&caller.get(&path), expected);
        refused(&caller.patch(&path, &json!({ "disabled": true })), expected);
        refused(&caller.delete(&path), expected);
        let authorization = format!("/licenses/community/{place}/servicekey/{unknown}");
        refused(&caller.patch(&authorization, &json!({ "isAuthorized": true })), expected);
        refused(&caller.delete(&authorization), if may { 404 } else { 403 });
        let body = json!({ "keyTag": unknown, "communityId": place });
        refused(&caller.put("/licenses/community/servicekey", &body), if may { 400 } else { 401 });
    }
}
