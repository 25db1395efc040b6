//! Who may fetch, set and remove which configuration: the documented table written out, and every cell asked for over
//! HTTP, internal ones included.

use model::AuthLevel;
use serde_json::{Value, json};

use crate::{
    answer::{ok, refused},
    case::{Case, case},
    configuration::FRESH,
    deployment::{Caller, Deployment, unique},
    permissions::{Cast, Standing},
};

pub fn cases() -> Vec<Case> {
    vec![case(communities), case(persons_and_apps)]
}

/// Context, then the levels that may fetch, set and remove.
struct Row {
    context: &'static str,
    may: [&'static [AuthLevel]; 3],
}

use AuthLevel::{App, AppExt, Basic, Service, ServiceExt, System};

const EVERYBODY: &[AuthLevel] = &[System, Service, ServiceExt, AppExt, App, Basic];
const NOT_BASIC: &[AuthLevel] = &[System, Service, ServiceExt, AppExt, App];
const SERVICES: &[AuthLevel] = &[System, Service, ServiceExt];
const OURS: &[AuthLevel] = &[System, Service];

const COMMUNITY: Row = Row { context: "community", may: [EVERYBODY, SERVICES, SERVICES] };
const OTHERS: [Row; 4] = [
    Row { context: "person", may: [EVERYBODY, NOT_BASIC, NOT_BASIC] },
    Row { context: "app", may: [EVERYBODY, SERVICES, OURS] },
    Row { context: "adminconsole.global", may: [NOT_BASIC, OURS, OURS] },
    Row { context: "platform", may: [NOT_BASIC, OURS, OURS] },
];
const INTERNAL: [&[AuthLevel]; 3] = [OURS, OURS, &[System]];

/// Asks for all three operations, and looks whether what was refused was not done either.
fn ask(t: &Deployment, row: &Row, caller: &Caller, level: AuthLevel, authorized: bool, context: &Value) {
    // The infra licence counts as a valid member everywhere, so it can prepare and look.
    let internal = context["internal"] == true;
    let may = |operation: usize| {
        authorized && row.may[operation].contains(&level) && (!internal || INTERNAL[operation].contains(&level))
    };
    let check = |operation: usize, status: u16, success: u16| {
        let expected = if may(operation) { success } else { 401 };
        assert_eq!(status, expected, "{} {operation} by {level:?} ({authorized}): {context}", row.context);
    };
    let path: String =
        unique("p").bytes().map(|byte| char::from(if byte.is_ascii_digit() { byte + 49 } else { byte })).collect();
    let set = |caller: &Caller, value: &str| {
        caller.put(&format!("/caas/config/{path}"), &json!({ "context": context, "data": value }))
    };
    let named = json!({ "context": context, "key_paths": [path] });
    let stored = || ok(&t.infra.post(FRESH, &named), 200)[&path].clone();

    ok(&set(&t.infra, "prepared"), 200);
    let fetched = caller.post(FRESH, &named);
    check(0, fetched.status, 200);
    if may(0) {
        assert_eq!(ok(&fetched, 200)[&path], "prepared");
    } else {
        refused(&fetched, 401);
    }
    check(0, caller.post("/caas/config/fetch", &named).status, 200);
    let query = chancery::client::segment(&context.to_string());
    check(0, caller.get(&format!("/caas/config/history?limit=1&context={query}")).status, 200);
    check(1, set(caller, "changed").status, 200);
    assert_eq!(stored(), if may(1) { "changed" } else { "prepared" });
    check(2, caller.call("DELETE", "/caas/config", Some(&named)).status, 204);
    assert_eq!(stored().is_null(), may(2));
    // Who may not remove does not learn what is there.
    check(2, caller.call("DELETE", "/caas/config", Some(&named)).status, if may(2) { 404 } else { 401 });
}

fn communities(t: &Deployment) {
    let (cast, tenant) = (Cast::new(t), unique("tenant"));
    for internal in [false, true] {
        cast.each(|caller, standing, community| {
            let context = json!({ "tenantId": tenant, "communityId": community, "internal": internal });
            ask(t, &COMMUNITY, caller, caller.level, standing == Standing::Valid, &context);
        });
        for (_, community) in &cast.communities {
            let context = json!({ "tenantId": tenant, "communityId": community, "internal": internal });
            ask(t, &COMMUNITY, &t.infra, Service, true, &context);
        }
    }
}

fn persons_and_apps(t: &Deployment) {
    let callers = AuthLevel::ALL.map(|level| (t.of(level), level)).into_iter().chain([(&t.infra, Service)]);
    for (caller, level) in callers {
        for row in &OTHERS {
            for internal in [false, true] {
                let mut context = match row.context {
                    "person" => json!({ "personId": unique("person"), "mobile_app_id": "app" }),
                    "app" => json!({ "appId": unique("app") }),
                    reserved => json!({ "appId": reserved }),
                };
                if internal {
                    context["internal"] = json!(true);
                }
                ask(t, row, caller, level, true, &context);
            }
        }
        // The reserved names are exact.
        for name in ["Platform", "platform ", "adminconsole.globa", "adminconsole"] {
            ok(&caller.post(FRESH, &json!({ "context": { "appId": name } })), 200);
        }
    }
}
