//! Grants of just-in-time access: checks, their end by themselves, and their end before time.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    answer::{ok, time},
    case::{Case, case, together},
    clock, database,
    deployment::Deployment,
    qnsp::{Caller, Cast, refuses},
    qnsp_auth::{UNKNOWN, has_passed},
    qnsp_jit::{CHECK, DAY, approve, ask, create_policy, with},
};

pub fn cases() -> Vec<Case> {
    vec![
        case(a_grant_is_for_its_principal_resource_and_permissions),
        case(a_star_stands_for_all),
        case(of_several_grants_the_one_that_ends_last_is_named),
        case(a_grant_ends_by_itself),
        case(grants_are_listed_to_those_who_have_them_and_to_administrators),
        case(who_may_revoke_a_grant),
        case(a_revoked_grant_is_gone_at_once),
        case(refused_checks_are_remembered_for_a_day),
        case(questions_that_break_a_rule_are_refused),
    ]
}

fn question(user: &str, more: &Value) -> Value {
    let base = json!({ "principalId": user, "resourceType": "db", "resourceId": "orders", "permission": "read" });
    with(base, more)
}

fn check(caller: &Caller, user: &str, more: &Value) -> Value {
    ok(&caller.post(CHECK, &question(user, more)), 200)
}

fn nothing() -> Value {
    json!({ "hasAccess": false, "grantId": null, "expiresAt": null })
}

fn of_user(user: &str) -> String {
    format!("/access/v1/jit/grants/user/{user}")
}

fn revoke(grant: &str) -> String {
    format!("/access/v1/jit/grants/{grant}/revoke")
}

/// A grant that began at once.
fn granted(caller: &Caller, more: &Value) -> Value {
    let asked = ask(caller, more);
    assert_eq!(asked["status"], "approved");
    asked
}

fn a_grant_is_for_its_principal_resource_and_permissions(t: &Deployment) {
    let cast = Cast::new(t);
    let user = cast.developer.user.as_str();
    assert_eq!(check(&cast.viewer, user, &json!({})), nothing());
    let asked = ask(&cast.developer, &json!({ "permissions": ["read", "list"] }));
    assert_eq!(check(&cast.viewer, user, &json!({})), nothing(), "what is pending is no access");
    let grant = approve(&cast.admin, &asked);
    let listed = ok(&cast.developer.get(&of_user(user)), 200)["grants"][0].clone();
    let expected = json!({ "hasAccess": true, "grantId": grant, "expiresAt": listed["expiresAt"] });
    assert_eq!(check(&cast.viewer, user, &json!({})), expected);
    assert_eq!(check(&cast.viewer, user, &json!({ "permission": "list" })), expected);
    let sdk = json!({ "userId": user, "resourceType": "db", "resourceId": "orders", "permission": "read" });
    assert_eq!(ok(&cast.viewer.post(CHECK, &sdk), 200), expected);
    for other in [
        json!({ "permission": "write" }),
        json!({ "permission": "READ" }),
        json!({ "permission": "*" }),
        json!({ "resourceId": "*" }),
        json!({ "resourceId": "order" }),
        json!({ "resourceType": "vm" }),
        json!({ "principalId": cast.admin.user }),
        json!({ "principalId": user.to_uppercase() }),
    ] {
        assert_eq!(check(&cast.viewer, user, &other), nothing(), "{other}");
    }
    assert_eq!(check(&cast.foreign, user, &json!({})), nothing(), "in another tenant");
}

fn a_star_stands_for_all(t: &Deployment) {
    let cast = Cast::new(t);
    create_policy(&cast.admin, "p", &json!({ "resourceTypes": ["*"], "requireApproval": false }));
    let user = cast.developer.user.as_str();
    granted(&cast.developer, &json!({ "permissions": ["*"] }));
    assert_eq!(check(&cast.viewer, user, &json!({ "permission": "drop" }))["hasAccess"], true);
    assert_eq!(check(&cast.viewer, user, &json!({ "resourceId": "b" }))["hasAccess"], false);
    granted(&cast.developer, &json!({ "resourceType": "vm", "resourceId": "*", "permissions": ["start"] }));
    let vm = |permission: &str| json!({ "resourceType": "vm", "resourceId": "any", "permission": permission });
    assert_eq!(check(&cast.viewer, user, &vm("start"))["hasAccess"], true);
    assert_eq!(check(&cast.viewer, user, &vm("stop"))["hasAccess"], false);
    // A type is compared as it is: a star there is no pattern.
    granted(&cast.developer, &json!({ "resourceType": "*", "resourceId": "x", "permissions": ["*"] }));
    assert_eq!(check(&cast.viewer, user, &json!({ "resourceType": "net", "resourceId": "x" }))["hasAccess"], false);
}

fn of_several_grants_the_one_that_ends_last_is_named(t: &Deployment) {
    let cast = Cast::new(t);
    create_policy(&cast.admin, "p", &json!({ "requireApproval": false }));
    let user = cast.developer.user.as_str();
    let grants: Vec<_> = [
        json!({ "duration": 10 }),
        json!({ "duration": 40 }),
        json!({ "duration": 30, "resourceId": "*" }),
        json!({ "duration": 50, "resourceId": "*", "permissions": ["write"] }),
        json!({ "duration": 60, "resourceId": "other" }),
    ]
    .iter()
    .map(|more| granted(&cast.developer, more))
    .collect();
    let ends = |index: usize| &grants[index]["expiresAt"];
    assert_eq!(&check(&cast.viewer, user, &json!({}))["expiresAt"], ends(1));
    assert_eq!(&check(&cast.viewer, user, &json!({ "permission": "write" }))["expiresAt"], ends(3));
    assert_eq!(&check(&cast.viewer, user, &json!({ "resourceId": "elsewhere" }))["expiresAt"], ends(2));
    assert_eq!(&check(&cast.viewer, user, &json!({ "resourceId": "other" }))["expiresAt"], ends(4));
    let ended_first = ok(&cast.developer.get(&of_user(user)), 200);
    let order: Vec<_> = ended_first["grants"].as_array().unwrap().iter().map(|grant| &grant["expiresAt"]).collect();
    assert_eq!(order, [ends(0), ends(2), ends(1), ends(3), ends(4)]);
    let page = ok(&cast.developer.get(&format!("{}?limit=1&offset=1", of_user(user))), 200);
    assert_eq!(&page["grants"][0]["expiresAt"], ends(2));
    assert_eq!(page["grants"].as_array().unwrap().len(), 1);
}

fn a_grant_ends_by_itself(t: &Deployment) {
    let cast = Cast::new(t);
    create_policy(&cast.admin, "p", &json!({ "requireApproval": false }));
    let user = cast.developer.user.as_str();
    // A second, the least.
    let asked = granted(&cast.developer, &json!({ "duration": 1.0 / 60.0 }));
    assert_eq!(time(&asked["expiresAt"]) - time(&asked["requestedAt"]), 1_000);
    let checked = check(&cast.viewer, user, &json!({}));
    if checked["hasAccess"] == true {
        assert_eq!(checked["expiresAt"], asked["expiresAt"]);
    }
    let grants = ok(&cast.developer.get(&of_user(user)), 200);
    t.pass(Duration::from_millis(1_001));
    assert_eq!(check(&cast.viewer, user, &json!({})), nothing());
    assert_eq!(ok(&cast.developer.get(&of_user(user)), 200), json!({ "grants": [], "activeGrants": [] }));
    if let Some(grant) = grants["grants"][0]["grantId"].as_str() {
        refuses(&cast.admin.post(&revoke(grant), &json!({ "reason": "late" })), 409, &[]);
    }
    assert_eq!(ok(&cast.viewer.get("/access/v1/jit/stats"), 200)["activeGrants"], 0);
}

fn grants_are_listed_to_those_who_have_them_and_to_administrators(t: &Deployment) {
    let cast = Cast::new(t);
    let user = cast.developer.user.as_str();
    assert_eq!(ok(&cast.developer.get(&of_user(user)), 200), json!({ "grants": [], "activeGrants": [] }));
    let grant = approve(&cast.admin, &ask(&cast.developer, &json!({ "duration": 10.5 })));
    let listed = ok(&cast.admin.get(&of_user(user)), 200);
    let shown = json!({
        "grantId": grant, "resourceType": "db", "resourceId": "orders", "permissions": ["read"],
        "grantedAt": listed["grants"][0]["grantedAt"], "expiresAt": listed["grants"][0]["expiresAt"],
    });
    assert_eq!(listed["grants"], json!([shown]));
    assert_eq!(listed["activeGrants"], json!([with(shown, &json!({ "remainingMinutes": 10 }))]));
    assert_eq!(ok(&cast.owner.get(&of_user(user)), 200)["grants"], listed["grants"]);
    for other in [&cast.viewer, &cast.service] {
        refuses(&other.get(&of_user(user)), 403, &["actual", "required"]);
    }
    assert_eq!(ok(&cast.foreign.get(&of_user(user)), 200)["grants"], json!([]));
    // Whatever a user is called.
    assert_eq!(ok(&cast.admin.get(&of_user(&"u".repeat(300))), 200)["grants"], json!([]));
    assert_eq!(ok(&cast.admin.get(&of_user("a%20b%25")), 200)["grants"], json!([]));
}

fn who_may_revoke_a_grant(t: &Deployment) {
    let cast = Cast::new(t);
    create_policy(&cast.admin, "p", &json!({ "requireApproval": false, "approverRoles": ["dba"] }));
    let number = std::cell::Cell::new(0);
    let new = || {
        number.set(number.get() + 1);
        granted(&cast.developer, &json!({ "resourceId": number.get().to_string() }));
        let listed = ok(&cast.developer.get(&format!("{}?limit=200", of_user(&cast.developer.user))), 200);
        let grants = listed["grants"].as_array().unwrap().clone();
        let resource = number.get().to_string();
        let newest = grants.into_iter().find(|grant| grant["resourceId"].as_str() == Some(&resource));
        newest.unwrap()["grantId"].as_str().unwrap().to_owned()
    };
    let reason = json!({ "reason": "no longer needed" });
    let dba = cast.tenant.key_with(&json!({ "roles": ["developer", "dba"] }));
    for caller in [&cast.developer, &cast.admin, &cast.owner, &dba] {
        let grant = new();
        let revoked = ok(&caller.post(&revoke(&grant), &reason), 200);
        let expected = json!({ "grantId": grant, "revokedAt": revoked["revokedAt"], "revokedBy": caller.user });
        assert_eq!(revoked, expected);
        refuses(&caller.post(&revoke(&grant), &reason), 409, &[]);
    }
    let grant = new();
    let other = cast.tenant.key("developer");
    refuses(&other.post(&revoke(&grant), &reason), 403, &[]);
    refuses(&cast.foreign.post(&revoke(&grant), &reason), 404, &[]);
    refuses(&other.post(&revoke(UNKNOWN), &reason), 404, &[]);
    for (body, places) in [(json!({}), ["reason"]), (json!({ "reason": "r".repeat(2_001) }), ["reason"])] {
        refuses(&cast.admin.post(&revoke(&grant), &body), 400, &places);
    }
    refuses(&cast.admin.post(&revoke("x"), &reason), 400, &["grantId"]);
    let mut statuses = together(4, |_| cast.admin.post(&revoke(&grant), &reason).status);
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409, 409, 409]);
    refuses(&other.post(&revoke(&grant), &reason), 403, &[]);
}

fn a_revoked_grant_is_gone_at_once(t: &Deployment) {
    let cast = Cast::new(t);
    let user = cast.developer.user.as_str();
    let grant = approve(&cast.admin, &ask(&cast.developer, &json!({})));
    assert_eq!(check(&cast.viewer, user, &json!({}))["hasAccess"], true);
    ok(&cast.admin.post(&revoke(&grant), &json!({ "reason": "r" })), 200);
    assert_eq!(check(&cast.viewer, user, &json!({})), nothing());
    assert_eq!(ok(&cast.developer.get(&of_user(user)), 200)["grants"], json!([]));
}

fn refused_checks_are_remembered_for_a_day(t: &Deployment) {
    let cast = Cast::new(t);
    let user = cast.developer.user.as_str();
    approve(&cast.admin, &ask(&cast.developer, &json!({})));
    let refusals = format!("FROM qnsp_access_refusals WHERE tenant_id = '{}'", cast.tenant.id);
    let count = || database::number(&t.instance, &format!("SELECT count(*) {refusals}"));
    check(&cast.viewer, user, &json!({}));
    assert_eq!(count(), 0, "what was granted");
    check(&cast.viewer, user, &json!({ "permission": "drop" }));
    check(&cast.viewer, user, &json!({ "permission": "drop" }));
    assert_eq!(count(), 2);
    let text = database::text(&t.instance, &format!("SELECT principal || ' ' || resource {refusals}"));
    assert_eq!(text, format!("user:{user} db/orders"));
    // One call of sixteen removes some that are older, those of other tenants as well.
    if has_passed(t, DAY) {
        let old = format!("SELECT count(*) {refusals} AND at <= {}", clock::now() - 86_400_000);
        let body = question("somebody", &json!({})).to_string();
        for number in 0..32 {
            let id = format!("00000000-0000-4000-8000-{number:012}");
            ok(&cast.viewer.send("POST", CHECK, &[("x-request-id", &id)], Some(body.as_bytes())), 200);
            if database::number(&t.instance, &old) == 0 {
                return;
            }
        }
        panic!("refusals of yesterday are kept");
    }
}

fn questions_that_break_a_rule_are_refused(t: &Deployment) {
    let cast = Cast::new(t);
    let all = ["permission", "principalId", "resourceId", "resourceType"];
    refuses(&cast.viewer.post(CHECK, &json!({})), 400, &all);
    for name in all {
        refuses(&cast.viewer.post(CHECK, &question("u", &json!({ name: "" }))), 400, &[name]);
        refuses(&cast.viewer.post(CHECK, &question("u", &json!({ name: "x".repeat(257) }))), 400, &[name]);
    }
}
