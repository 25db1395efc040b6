//! Work that falls due without a caller: a tick alone carries it out, and any number of them at once do nothing twice.
//! Each case has a deployment of its own, because a tick does what is due of all its tenants.

use std::time::Duration;

use chancery_tests::variables::Variables;
use serde_json::{Value, json};

use crate::{
    answer::{names, ok, refused, soon},
    case::{Case, case, together},
    clock, database,
    deployment::{Deployment, unique},
    portal::{address, mails, register},
    portal_mail::mail_server,
    qnsp::{Cast, Tenant},
    qnsp_dynamic::{configured, leased},
    qnsp_dynamic_postgres::{exists, on, server},
    qnsp_storage::document,
    qnsp_vault::{events, of, secret, states},
    receiver::{next, nothing, parsed, receiver},
    tool::Folder,
};

pub fn cases() -> Vec<Case> {
    vec![
        case(only_the_token_of_the_deployment_asks_for_due_work),
        case(a_tick_revokes_a_lease_that_has_ended),
        case(a_tick_repeats_a_webhook),
        case(a_tick_destroys_versions_that_are_not_kept),
        case(a_tick_sends_a_mail_of_the_outbox),
        case(ticks_and_readers_at_once_do_nothing_twice),
        case(the_tool_ticks),
    ]
}

const DAY: Duration = Duration::from_secs(86_400);

fn own(shared: &Deployment, variables: Variables) -> Deployment {
    Deployment::start(shared.instance.runtime, variables).unwrap()
}

/// One step of a function.
#[track_caller]
fn tick(t: &Deployment, function: &str) -> Value {
    let token = format!("Bearer {}", t.instance.variables.get("DUE_TOKEN"));
    let done =
        ok(&t.anonymous.send("POST", &format!("/system/due/{function}"), &[("authorization", &token)], None), 200);
    assert_eq!(names(&done), ["done", "failed", "function", "more"]);
    assert_eq!((&done["function"], &done["failed"]), (&json!(function), &json!(0)), "{done}");
    done
}

/// One step with this much done, after which nothing is left.
#[track_caller]
fn tick_does(t: &Deployment, function: &str, count: u64) {
    assert_eq!(tick(t, function)["done"], count);
    let next = tick(t, function);
    assert_eq!((&next["done"], &next["more"]), (&json!(0), &json!(false)));
}

fn only_the_token_of_the_deployment_asks_for_due_work(shared: &Deployment) {
    let t = &own(shared, Variables::random());
    let key = Tenant::new(t, &json!({ "tier": "enterprise-pro" })).key("platform_admin").token.unwrap();
    let ask = |t: &Deployment, method: &str, token: Option<&str>| {
        let header = token.map(|token| ("authorization", token));
        t.anonymous.send(method, "/system/due/storage", header.as_slice(), None)
    };
    assert_eq!(ok(&t.anonymous.get("/caas/healthz/due"), 200), json!({ "functions": [] }));
    let token = t.instance.variables.get("DUE_TOKEN");
    let wrong = format!("Bearer {token}x");
    for shown in [None, Some(token), Some(wrong.as_str()), Some("Bearer "), Some(&*format!("Bearer {key}"))] {
        assert!(refused_message(&ask(t, "POST", shown), 401).contains("DUE_TOKEN"), "{shown:?}");
    }
    assert_eq!(ask(t, "GET", Some(&format!("Bearer {token}"))).status, 405);
    assert_eq!(ok(&t.anonymous.get("/licenses/healthz/due"), 200), json!({ "functions": [] }));
    assert_eq!(ok(&ask(t, "POST", Some(&format!("bearer {token}"))), 200)["done"], 0);
    let told = ok(&t.anonymous.get("/caas/healthz/due"), 200);
    assert_eq!(names(&told["functions"][0]), ["failed", "lastRunAt", "more", "name"]);
    assert_eq!(told["functions"][0]["name"], "storage");
    refused(&t.anonymous.post("/system/due/nothing", &json!({})), 404);
    refused(&t.anonymous.post("/system/due", &json!({})), 404);

    for unset in ["", "too short to be a token"] {
        let t = &own(shared, Variables::random().with("DUE_TOKEN", unset));
        assert!(refused_message(&ask(t, "POST", Some(&format!("Bearer {unset}"))), 403).contains("set DUE_TOKEN"));
    }
}

#[track_caller]
fn refused_message(reply: &chancery::client::Reply, status: u16) -> String {
    assert_eq!(reply.status, status, "{}", String::from_utf8_lossy(&reply.body));
    reply.json().unwrap()["message"].as_str().unwrap().to_owned()
}

fn a_tick_revokes_a_lease_that_has_ended(shared: &Deployment) {
    let Some(server) = server() else { return };
    let t = &own(shared, Variables::random());
    let Cast { admin, developer, tenant, .. } = &Cast::new(t);
    let config = configured(admin, &on(&server, &json!({})));
    let lasting = leased(developer, &config, &json!({}));
    let lease = leased(developer, &config, &json!({ "ttl": "PT3S" }));
    tick_does(t, "vault-dynamic", 0);
    t.pass(Duration::from_secs(4));
    let used = format!("SELECT used FROM qnsp_quotas WHERE tenant_id = '{}' AND quota_type = 'secrets'", tenant.id);
    assert!(server.holds(&exists(&lease)) && database::number(&t.instance, &used) == 2);
    together(8, |_| tick(t, "vault-dynamic"));
    assert!(server.holds(&format!("NOT {}", exists(&lease))) && server.holds(&exists(&lasting)));
    assert_eq!(database::number(&t.instance, &used), 1);
    tick_does(t, "vault-dynamic", 0);
}

fn a_tick_repeats_a_webhook(shared: &Deployment) {
    let t = &own(shared, Variables::random());
    let tenant = Tenant::new(t, &json!({ "tier": "dev-pro" }));
    let developer = tenant.key("developer");
    let (url, taken) = receiver(&[503, 200]);
    let subscription = json!({
        "name": unique("hook"), "filters": { "services": ["orders"] },
        "destination": { "type": "webhook", "config": { "url": url } },
    });
    ok(&developer.post("/audit/v1/streaming/subscriptions", &subscription), 201);
    ok(&developer.post("/audit/v1/events", &json!({ "eventType": "orders.created", "payload": {} })), 201);
    let first = next(&taken);
    // It waits with the time of the next attempt.
    soon(|| database::number(&t.instance, "SELECT count(*) FROM qnsp_deliveries"), &1);
    t.pass(Duration::from_millis(1100));
    nothing(&taken);
    together(8, |_| tick(t, "audit-events"));
    assert_eq!(next(&taken), first);
    nothing(&taken);
    assert_eq!(database::number(&t.instance, "SELECT count(*) FROM qnsp_deliveries"), 0);
    tick_does(t, "audit-events", 0);
}

fn a_tick_destroys_versions_that_are_not_kept(shared: &Deployment) {
    let t = &own(shared, Variables::random());
    let Cast { developer, admin, viewer, .. } = &Cast::new(t);
    let set = |secret: &str, policy: Value| ok(&admin.put(&of(secret, "retention-policy"), &policy), 200);
    let (many, asked, old) =
        (secret(developer, &["a", "b", "c"]), secret(developer, &["a", "b"]), secret(developer, &["a", "b"]));
    set(&many, json!({ "maxVersions": 2, "autoDestroy": true }));
    set(&asked, json!({ "maxVersions": 1 }));
    set(&old, json!({ "deleteAfter": "P2D", "autoDestroy": true }));
    assert_eq!(states(viewer, &many), ["active", "deprecated", "deprecated"], "not by the policy alone");
    tick_does(t, "vault-versioned", 1);
    assert_eq!(states(viewer, &many), ["active", "deprecated", "destroyed"]);
    assert_eq!(events(viewer, &many).last().unwrap(), "destroyed 1");
    let own = "SELECT count(*) FROM audit_entries WHERE action = 'vault.secret_retention.enforce' AND actor = 'system'";
    assert_eq!(database::number(&t.instance, own), 1);
    assert_eq!(states(viewer, &asked), ["active", "deprecated"], "a policy that waits to be asked");

    t.pass(2 * DAY + Duration::from_secs(1));
    tick_does(t, "vault-versioned", 1);
    assert_eq!(states(viewer, &old), ["active", "destroyed"]);
    assert_eq!(database::number(&t.instance, own), 2);
}

fn a_tick_sends_a_mail_of_the_outbox(shared: &Deployment) {
    let (url, taken) = mail_server(&[500, 200]);
    let variables = Variables::random()
        .with("PORTAL_EMAIL_VERIFICATION", "true")
        .with("MAIL_API_URL", &format!("{url}/emails"))
        .with("MAIL_API_HOST", &url)
        .with("MAIL_API_KEY", "k3y")
        .with("MAIL_FROM", "portal@example.org");
    let t = &own(shared, variables);
    let email = address();
    register(t, &email);
    let first = taken.recv_timeout(Duration::from_secs(10)).unwrap();
    soon(|| mails(t, &email)[0]["failure"].clone(), &json!("the mail API answered 500"));
    tick_does(t, "portal-admin", 0);
    t.pass(Duration::from_secs(61));
    together(8, |_| tick(t, "portal-admin"));
    assert_eq!(taken.recv_timeout(Duration::from_secs(10)).unwrap(), first);
    assert!(taken.recv_timeout(Duration::from_millis(400)).is_err());
    // Licences sign with the machine's time.
    clock::set_ahead(Duration::ZERO);
    let sent = &mails(t, &email)[0];
    assert!(sent["sent_at"].is_number() && sent["attempts"] == 2, "{sent}");

    // Without a mail API the outbox keeps them, and nothing is said to be done.
    let t = &own(shared, Variables::random().with("PORTAL_EMAIL_VERIFICATION", "true"));
    register(t, &address());
    tick_does(t, "portal-admin", 0);
}

fn ticks_and_readers_at_once_do_nothing_twice(shared: &Deployment) {
    const DOCUMENTS: usize = 12;
    let t = &own(shared, Variables::random());
    let Cast { admin, developer, viewer, tenant, .. } = &Cast::new(t);
    let retention = json!({
        "name": unique("policy"), "retentionPeriod": "PT1S", "scope": { "buckets": ["short"] },
        "actions": { "onExpiry": "notify" },
    });
    ok(&admin.post("/storage/v1/retention/policies", &retention), 201);
    for number in 0..DOCUMENTS {
        document(developer, "short", &format!("d{number}"), "x");
    }
    let (url, taken) = receiver(&[200]);
    let subscription = json!({
        "name": unique("hook"), "filters": { "eventTypes": ["storage.object.expired"] },
        "destination": { "type": "webhook", "config": { "url": url } },
    });
    ok(&developer.post("/audit/v1/streaming/subscriptions", &subscription), 201);
    t.pass(Duration::from_millis(1100));
    together(10, |number| match number {
        0 | 1 => ok(&viewer.get("/storage/v1/classification/stats"), 200),
        _ if number % 2 == 0 => tick(t, "storage"),
        _ => tick(t, "audit-events"),
    });
    tick(t, "storage");
    let events = format!(
        "SELECT count(*) FROM audit_entries WHERE tenant_id = '{}' AND action = 'storage.object.expired'",
        tenant.id
    );
    assert_eq!(database::number(&t.instance, &events), i64::try_from(DOCUMENTS).unwrap());
    // What readers have sent on after their answer is theirs; the rest is a tick's.
    let last = format!(
        "SELECT count(*) FROM qnsp_subscriptions WHERE next_index > (SELECT max(leaf_index) FROM audit_entries \
         WHERE tenant_id = '{}')",
        tenant.id
    );
    soon(|| (tick(t, "audit-events"), database::number(&t.instance, &last)).1, &1);
    let mut told: Vec<_> = (0..DOCUMENTS).map(|_| parsed(&next(&taken))["event_id"].to_string()).collect();
    told.sort();
    told.dedup();
    assert_eq!(told.len(), DOCUMENTS);
    nothing(&taken);
}

fn the_tool_ticks(shared: &Deployment) {
    let t = &own(shared, Variables::random());
    let Cast { developer, admin, viewer, .. } = &Cast::new(t);
    let secret = secret(developer, &["a", "b"]);
    ok(&admin.put(&of(&secret, "retention-policy"), &json!({ "maxVersions": 1, "autoDestroy": true })), 200);
    let (folder, token) = (Folder::new(t), t.instance.variables.get("DUE_TOKEN"));
    let said = |output: &std::process::Output| String::from_utf8_lossy(&output.stderr).into_owned();
    let without = folder.run(&["tick"], &[("CHANCERY_DUE_TOKEN", "")]);
    assert!(without.status.code() == Some(2) && said(&without).contains("CHANCERY_DUE_TOKEN"), "{}", said(&without));
    let unknown = folder.run(&["tick", "healthz"], &[("CHANCERY_DUE_TOKEN", token)]);
    assert!(unknown.status.code() == Some(2) && said(&unknown).contains("vault-versioned"), "{}", said(&unknown));
    let wrong = folder.run(&["tick", "vault-versioned"], &[("CHANCERY_DUE_TOKEN", "wrong")]);
    assert_eq!(wrong.status.code(), Some(1), "{}", said(&wrong));
    assert_eq!(states(viewer, &secret), ["active", "deprecated"]);
    let ticked = folder.run(&["tick", "--json", "vault-versioned", "storage"], &[("CHANCERY_DUE_TOKEN", token)]);
    assert!(ticked.status.success(), "{}", said(&ticked));
    let answer = |function: &str, done: u64| json!({ "function": function, "done": done, "failed": 0, "more": false });
    let told: Value = serde_json::from_slice(&ticked.stdout).unwrap();
    assert_eq!(told, json!([answer("vault-versioned", 1), answer("storage", 0)]));
    assert_eq!(states(viewer, &secret), ["active", "destroyed"]);
    let doctor = folder.prints(&["doctor"]);
    assert!(doctor.contains("due work") && doctor.contains("is carried out"), "{doctor}");
}
