//! Dynamic secrets of QNSP on a real PostgreSQL: its users are made, extended and removed, whatever happens between.

use std::{
    thread,
    time::{Duration, Instant},
};

use chancery_tests::{
    postgres::{ADMIN, DATABASE, PASSWORD, Postgres},
    variables::Variables,
};
use platform::PostgresError;
use serde_json::{Value, json};

use crate::{
    answer::{ok, soon},
    case::{Case, case, caught},
    clock, database,
    deployment::{Deployment, unique},
    qnsp::{Caller, Cast, refuses},
    qnsp_dynamic::{CONFIGS, configured, is_nowhere, leased, listed, password, path_of},
};

pub fn cases() -> Vec<Case> {
    vec![
        case(a_user_of_a_database_logs_in_until_its_lease_ends_and_is_removed_then),
        case(a_revoked_user_is_gone_with_its_sessions_and_what_it_owned_is_the_admins),
        case(all_users_of_a_configuration_are_removed_when_it_is_revoked),
        case(an_account_that_may_make_roles_is_enough),
        case(a_lease_lives_on_where_the_database_was_told_so),
        case(statements_of_a_configuration_take_the_place_of_ours),
        case(a_transaction_that_was_given_up_is_not_carried_on),
        case(what_the_database_refuses_is_said_and_leaves_nothing),
        case(a_server_that_does_not_answer_changes_nothing),
        case(a_crash_while_a_user_is_made_leaves_a_lease_that_is_swept),
        case(a_crash_while_a_user_is_removed_leaves_a_lease_that_is_revoked_again),
    ]
}

const REFUSED: &str = "28P01";

pub fn on(server: &Postgres, changes: &Value) -> Value {
    let mut body = json!({
        "name": unique("Orders DB"), "type": "database", "ttl": { "default": "PT15M", "max": "PT1H" },
        "backend": { "type": "postgres", "connectionString": server.url(ADMIN, PASSWORD) },
        "template": { "roleTemplate": "reader" },
    });
    body.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    body
}

/// A server with a role that users are granted.
pub fn server() -> Option<Postgres> {
    let server = Postgres::start()?;
    server.as_admin("CREATE ROLE reader").unwrap();
    Some(server)
}

pub fn user(lease: &Value) -> &str {
    lease["credentials"]["username"].as_str().unwrap()
}

pub fn log_in(server: &Postgres, lease: &Value) -> Result<(), PostgresError> {
    server.run(user(lease), password(lease), &["SELECT 1"])
}

pub fn exists(lease: &Value) -> String {
    format!("EXISTS (SELECT FROM pg_roles WHERE rolname = '{}')", user(lease))
}

pub fn no_user(name: &str) -> String {
    format!("NOT EXISTS (SELECT FROM pg_roles WHERE rolname LIKE '{name}')")
}

#[track_caller]
pub fn refuses_login(server: &Postgres, lease: &Value) {
    let refused = PostgresError::Refused { sqlstate: REFUSED.to_owned() };
    assert_eq!(log_in(server, lease), Err(refused));
}

fn leases_of(t: &Deployment, config: &str) -> i64 {
    let id = config.rsplit('/').next().unwrap();
    database::number(&t.instance, &format!("SELECT count(*) FROM qnsp_leases WHERE config_id = '{id}'"))
}

fn a_user_of_a_database_logs_in_until_its_lease_ends_and_is_removed_then(t: &Deployment) {
    let Some(server) = server() else { return };
    let Cast { admin, developer, tenant, .. } = &Cast::new(t);
    let config = configured(admin, &on(&server, &json!({ "verifyConnection": true })));
    let lasting = leased(developer, &config, &json!({}));
    let lease = leased(developer, &config, &json!({ "ttl": "PT3S" }));
    assert!(user(&lease).starts_with("v-orders-db") && password(&lease).len() == 32, "{lease}");
    assert_eq!(log_in(&server, &lease), Ok(()));
    let condition = format!(
        "EXISTS (SELECT FROM pg_roles WHERE rolname = '{}' AND rolcanlogin AND NOT rolsuper AND NOT rolcreatedb \
         AND NOT rolcreaterole AND NOT rolreplication AND rolvaliduntil = '{}' AND pg_has_role(rolname, 'reader', 'MEMBER'))",
        user(&lease),
        lease["expiresAt"].as_str().unwrap()
    );
    assert!(server.holds(&condition));
    // The database ends it by itself: nobody asks us meanwhile.
    thread::sleep(Duration::from_secs(4));
    refuses_login(&server, &lease);
    assert!(server.holds(&exists(&lease)));
    assert_eq!(listed(developer, &config, &lease).unwrap()["status"], "expired");
    server.comes_to_hold(&format!("NOT {}", exists(&lease)));
    assert_eq!(log_in(&server, &lasting), Ok(()));
    let used = format!("SELECT used FROM qnsp_quotas WHERE tenant_id = '{}' AND quota_type = 'secrets'", tenant.id);
    soon(|| database::number(&t.instance, &used), &1);
    is_nowhere(t, password(&lease));
    is_nowhere(t, PASSWORD);
}

fn a_revoked_user_is_gone_with_its_sessions_and_what_it_owned_is_the_admins(t: &Deployment) {
    let Some(server) = server() else { return };
    let Cast { admin, developer, .. } = &Cast::new(t);
    let config = configured(admin, &on(&server, &json!({})));
    server.as_admin("GRANT CREATE ON SCHEMA public TO reader").unwrap();
    let lease = leased(developer, &config, &json!({}));
    server.run(user(&lease), password(&lease), &["CREATE TABLE theirs (id int)"]).unwrap();
    thread::scope(|scope| {
        let session = scope.spawn(|| server.run(user(&lease), password(&lease), &["SELECT pg_sleep(60)"]));
        let sleeps = format!("usename = '{}' AND state = 'active' AND query LIKE '%pg_sleep%'", user(&lease));
        server.comes_to_hold(&format!("EXISTS (SELECT FROM pg_stat_activity WHERE {sleeps})"));
        let started = Instant::now();
        let revoked = ok(&developer.post(&path_of(&lease, "revoke"), &json!({})), 200);
        assert_eq!(session.join().unwrap(), Err(PostgresError::Broken));
        assert!(started.elapsed() < Duration::from_secs(30));
        assert_eq!(ok(&developer.post(&path_of(&lease, "revoke"), &json!({})), 200), revoked);
    });
    refuses_login(&server, &lease);
    assert!(server.holds(&no_user(user(&lease))));
    assert!(
        server.holds(&format!("EXISTS (SELECT FROM pg_tables WHERE tablename = 'theirs' AND tableowner = '{ADMIN}')"))
    );
    refuses(&developer.post(&path_of(&lease, "renew"), &json!({})), 409, &[]);
    // A user that somebody else has removed is removed.
    let lease = leased(developer, &config, &json!({}));
    server.as_admin(&format!("DROP ROLE \"{}\"", user(&lease))).unwrap();
    ok(&developer.post(&path_of(&lease, "revoke"), &json!({})), 200);
}

fn all_users_of_a_configuration_are_removed_when_it_is_revoked(t: &Deployment) {
    let Some(server) = server() else { return };
    let Cast { admin, developer, .. } = &Cast::new(t);
    let [many, other] = [(); 2].map(|()| configured(admin, &on(&server, &json!({}))));
    let leases: Vec<_> = (0..3).map(|_| leased(developer, &many, &json!({}))).collect();
    let stays = leased(developer, &other, &json!({}));
    assert_eq!(ok(&admin.post(&format!("{many}/revoke"), &json!({})), 200)["revokedLeases"], 3);
    for lease in &leases {
        assert_eq!(listed(developer, &many, lease).unwrap()["status"], "revoked");
        server.comes_to_hold(&format!("NOT {}", exists(lease)));
        refuses_login(&server, lease);
    }
    assert_eq!(log_in(&server, &stays), Ok(()));
}

fn an_account_that_may_make_roles_is_enough(t: &Deployment) {
    let Some(server) = server() else { return };
    let Cast { admin, developer, .. } = &Cast::new(t);
    server.as_admin("CREATE ROLE maker LOGIN CREATEROLE PASSWORD 'of-the-maker'").unwrap();
    server.as_admin("GRANT reader TO maker WITH ADMIN OPTION").unwrap();
    server.as_admin("GRANT CREATE ON SCHEMA public TO reader").unwrap();
    let account = json!({ "username": "maker", "password": "of-the-maker" });
    let backend =
        json!({ "type": "postgres", "connectionString": server.url("nobody", "wrong"), "credentials": account });
    let config = configured(admin, &on(&server, &json!({ "backend": backend, "verifyConnection": true })));
    let lease = leased(developer, &config, &json!({}));
    server.run(user(&lease), password(&lease), &["CREATE TABLE theirs (id int)"]).unwrap();
    ok(&developer.post(&path_of(&lease, "revoke"), &json!({})), 200);
    assert!(server.holds(&no_user(user(&lease))));
    assert!(server.holds("EXISTS (SELECT FROM pg_tables WHERE tablename = 'theirs' AND tableowner = 'maker')"));
}

fn a_lease_lives_on_where_the_database_was_told_so(t: &Deployment) {
    let Some(server) = server() else { return };
    let Cast { admin, developer, .. } = &Cast::new(t);
    let config = configured(admin, &on(&server, &json!({})));
    let lease = leased(developer, &config, &json!({ "ttl": "PT4S" }));
    let renewed = ok(&developer.post(&path_of(&lease, "renew"), &json!({ "ttl": "PT5M" })), 200);
    let condition = format!(
        "EXISTS (SELECT FROM pg_roles WHERE rolname = '{}' AND rolvaliduntil = '{}')",
        user(&lease),
        renewed["expiresAt"].as_str().unwrap()
    );
    assert!(server.holds(&condition));
    thread::sleep(Duration::from_secs(5));
    assert_eq!(log_in(&server, &lease), Ok(()));
    assert_eq!(listed(developer, &config, &lease).unwrap()["status"], "active");
    // Nobody is there any more to be renewed.
    server.as_admin(&format!("DROP ROLE \"{}\"", user(&lease))).unwrap();
    let gone = developer.post(&path_of(&lease, "renew"), &json!({}));
    refuses(&gone, 422, &["backend", "sqlstate"]);
    assert_eq!(gone.json().unwrap()["details"]["sqlstate"], "42704");
}

fn statements_of_a_configuration_take_the_place_of_ours(t: &Deployment) {
    let Some(server) = server() else { return };
    let Cast { admin, developer, .. } = &Cast::new(t);
    server.as_admin("CREATE TABLE shared (id int)").unwrap();
    let template = json!({
        "usernameTemplate": "app_{{random8}}_{{unix}}",
        "creationStatements": [
            "CREATE ROLE \"{{name}}\" LOGIN PASSWORD '{{password}}' VALID UNTIL '{{expiration}}'",
            "GRANT SELECT ON shared TO \"{{name}}\"",
        ],
        "revocationStatements": ["REVOKE SELECT ON shared FROM \"{{name}}\"", "DROP ROLE \"{{name}}\""],
    });
    let config = configured(admin, &on(&server, &json!({ "template": template })));
    let lease = leased(developer, &config, &json!({}));
    assert!(user(&lease).starts_with("app_"), "{lease}");
    server.run(user(&lease), password(&lease), &["SELECT * FROM shared"]).unwrap();
    ok(&developer.post(&path_of(&lease, "revoke"), &json!({})), 200);
    assert!(server.holds(&no_user("app\\_%")));
    // All of them or none.
    let template = json!({
        "usernameTemplate": "half_{{random8}}",
        "creationStatements": ["CREATE ROLE \"{{name}}\"", "GRANT SELECT ON nothing TO \"{{name}}\""],
    });
    let config = configured(admin, &on(&server, &json!({ "template": template })));
    let refused = developer.post(&format!("{config}/credentials"), &json!({}));
    refuses(&refused, 422, &["backend", "sqlstate"]);
    assert_eq!(refused.json().unwrap()["details"]["sqlstate"], "42P01");
    assert!(server.holds(&no_user("half\\_%")));
}

/// A runtime may keep the session for the next call, with the transaction that is open in it.
fn a_transaction_that_was_given_up_is_not_carried_on(t: &Deployment) {
    let Some(server) = server() else { return };
    let Cast { admin, developer, .. } = &Cast::new(t);
    server.as_admin("CREATE TABLE pause AS SELECT 6 AS seconds").unwrap();
    let template = json!({
        "usernameTemplate": "given_{{random8}}",
        "creationStatements": ["CREATE ROLE \"{{name}}\" LOGIN PASSWORD '{{password}}'", "SELECT pg_sleep(seconds) FROM pause"],
    });
    let config = configured(admin, &on(&server, &json!({ "template": template })));
    assert_eq!(developer.post(&format!("{config}/credentials"), &json!({})).status, 503);
    let sessions = "pg_stat_activity WHERE pid <> pg_backend_pid()";
    server.comes_to_hold(&format!("NOT EXISTS (SELECT FROM {sessions} AND state = 'active' AND query LIKE '%pause%')"));
    server.comes_to_hold(&format!("NOT EXISTS (SELECT FROM {sessions} AND state LIKE 'idle in transaction%')"));
    server.as_admin("UPDATE pause SET seconds = 0").unwrap();
    let lease = leased(developer, &config, &json!({}));
    assert_eq!(log_in(&server, &lease), Ok(()));
    assert!(server.holds("(SELECT count(*) = 1 FROM pg_roles WHERE rolname LIKE 'given\\_%')"));
}

fn what_the_database_refuses_is_said_and_leaves_nothing(t: &Deployment) {
    let Some(server) = server() else { return };
    let Cast { admin, developer, tenant, .. } = &Cast::new(t);
    server.as_admin("CREATE ROLE nobody LOGIN PASSWORD 'w'").unwrap();
    let to = |url: String| json!({ "backend": { "type": "postgres", "connectionString": url } });
    let other = server.url(ADMIN, PASSWORD).replace(&format!("/{DATABASE}"), "/other");
    for (changes, sqlstate, is_told) in [
        (to(server.url(ADMIN, "wrong")), "28P01", true),
        (to(other), "3D000", true),
        (to(server.url("nobody", "w")), "42501", false),
        (json!({ "template": { "roleTemplate": "strangers" } }), "42704", false),
    ] {
        let mut body = on(&server, &changes);
        let config = configured(admin, &body);
        let refused = developer.post(&format!("{config}/credentials"), &json!({}));
        refuses(&refused, 422, &["backend", "sqlstate"]);
        let details = refused.json().unwrap()["details"].clone();
        assert_eq!(details, json!({ "backend": "refused", "sqlstate": sqlstate }));
        assert_eq!(leases_of(t, &config), 0);
        if is_told {
            body["name"] = unique("verified").into();
            body["verifyConnection"] = true.into();
            refuses(&admin.post(CONFIGS, &body), 422, &["backend.connectionString"]);
        }
    }
    assert!(server.holds(&no_user("v-%")));
    // Nothing of it is metered, and the same call may be tried again.
    let meters = format!("SELECT count(*) FROM qnsp_meters WHERE tenant_id = '{}'", tenant.id);
    assert_eq!(database::number(&t.instance, &meters), 0);
    let config = configured(admin, &on(&server, &json!({ "template": { "roleTemplate": "later" } })));
    let ask = || developer.send("POST", &format!("{config}/credentials"), &[("idempotency-key", "again")], Some(b"{}"));
    refuses(&ask(), 422, &["backend", "sqlstate"]);
    server.as_admin("CREATE ROLE later").unwrap();
    let lease = ok(&ask(), 200);
    assert_eq!(ok(&ask(), 200), lease);
    assert_eq!(database::number(&t.instance, &meters), 1);
    // A lease whose admin has lost its rights stays as it is. A runtime may keep sessions, which a new password leaves alone.
    let sessions = "pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()";
    server.as_admin(&format!("SELECT pg_terminate_backend(pid) FROM {sessions}")).unwrap();
    server.as_admin(&format!("ALTER ROLE {ADMIN} PASSWORD 'another'")).unwrap();
    for verb in ["renew", "revoke"] {
        refuses(&developer.post(&path_of(&lease, verb), &json!({})), 422, &["backend", "sqlstate"]);
    }
    assert_eq!(listed(developer, &config, &lease).unwrap()["status"], "active");
}

#[track_caller]
pub fn is_unreachable(caller: &Caller, path: &str) {
    let reply = caller.post(path, &json!({}));
    refuses(&reply, 503, &["backend"]);
    assert_eq!(reply.json().unwrap()["details"]["backend"], "unreachable");
    assert!(reply.header("retry-after").is_some());
}

fn a_server_that_does_not_answer_changes_nothing(t: &Deployment) {
    let Some(mut server) = server() else { return };
    let Cast { admin, developer, .. } = &Cast::new(t);
    let config = configured(admin, &on(&server, &json!({})));
    let lease = leased(developer, &config, &json!({}));
    let short = leased(developer, &config, &json!({ "ttl": "PT1S" }));
    server.stop();
    is_unreachable(developer, &format!("{config}/credentials"));
    is_unreachable(developer, &path_of(&lease, "renew"));
    is_unreachable(developer, &path_of(&lease, "revoke"));
    let shown = listed(developer, &config, &lease).unwrap();
    assert_eq!((&shown["status"], &shown["expiresAt"]), (&json!("active"), &lease["expiresAt"]));
    assert_eq!(leases_of(t, &config), 2);
    server.start_again();
    assert_eq!(log_in(&server, &lease), Ok(()));
    ok(&developer.post(&path_of(&lease, "revoke"), &json!({})), 200);
    // What could not be removed then is removed later.
    clock::pass(t.instance.runtime, Duration::from_secs(61));
    listed(developer, &config, &short);
    server.comes_to_hold(&format!("NOT {}", exists(&short)));
}

/// What keeps roles as they are.
const LOCK: &str = "pg_locks WHERE relation = 'pg_authid'::regclass AND mode = 'ShareLock' AND granted";

/// While something is done, roles can be read, and neither be made nor be removed.
fn with_roles_as_they_are(server: &Postgres, what: impl FnOnce()) {
    thread::scope(|scope| {
        let statements = ["BEGIN", "LOCK TABLE pg_authid IN SHARE MODE", "SELECT pg_sleep(50)"];
        let lock = scope.spawn(move || server.run(ADMIN, PASSWORD, &statements));
        server.comes_to_hold(&format!("EXISTS (SELECT FROM {LOCK})"));
        what();
        server.as_admin(&format!("SELECT pg_terminate_backend(pid) FROM {LOCK}")).unwrap();
        assert_eq!(lock.join().unwrap(), Err(PostgresError::Broken));
    });
}

/// Sends a request that nobody answers, since all is killed once a statement like this waits for the lock.
fn killed_at(t: &Deployment, server: &Postgres, path: &str, token: &str, statement: &str) {
    with_roles_as_they_are(server, || {
        thread::scope(|scope| {
            scope.spawn(|| {
                let authorization = format!("Bearer {token}");
                let headers = [("authorization", authorization.as_str())];
                caught(|| t.anonymous.send("POST", path, &headers, Some(b"{}"))).unwrap_err();
            });
            let waits = format!("pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '{statement}'");
            server.comes_to_hold(&format!("EXISTS (SELECT FROM {waits})"));
            t.instance.kill();
        });
    });
}

fn a_crash_while_a_user_is_removed_leaves_a_lease_that_is_revoked_again(shared: &Deployment) {
    let Some(server) = server() else { return };
    let variables = Variables::random();
    let t = Deployment::start(shared.instance.runtime, variables.clone()).unwrap();
    let (config, lease, token, tenant) = {
        let Cast { admin, developer, tenant, .. } = &Cast::new(&t);
        let config = configured(admin, &on(&server, &json!({})));
        let lease = leased(developer, &config, &json!({}));
        (config, lease, developer.token.clone().unwrap(), tenant.id.clone())
    };
    log_in(&server, &lease).unwrap();
    killed_at(&t, &server, &path_of(&lease, "revoke"), &token, &format!("%{}%", user(&lease)));
    let t = t.restart(variables).unwrap();
    let developer = Caller::with_token(&t, &tenant, &token);
    // What was not said is not stored, and is done when it is asked for again.
    assert_eq!(listed(&developer, &config, &lease).unwrap()["status"], "active");
    clock::pass(t.instance.runtime, Duration::from_secs(7));
    assert!(ok(&developer.post(&path_of(&lease, "revoke"), &json!({})), 200)["revokedAt"].is_string());
    assert_eq!(listed(&developer, &config, &lease).unwrap()["status"], "revoked");
    assert!(!server.holds(&exists(&lease)));
    refuses_login(&server, &lease);
}

fn a_crash_while_a_user_is_made_leaves_a_lease_that_is_swept(shared: &Deployment) {
    let Some(server) = server() else { return };
    let variables = Variables::random();
    let t = Deployment::start(shared.instance.runtime, variables.clone()).unwrap();
    let (config, token, tenant) = {
        let Cast { admin, developer, tenant, .. } = &Cast::new(&t);
        (configured(admin, &on(&server, &json!({}))), developer.token.clone().unwrap(), tenant.id.clone())
    };
    killed_at(&t, &server, &format!("{config}/credentials"), &token, "CREATE ROLE%");
    // The server did not notice that nobody waits any more.
    server.comes_to_hold("EXISTS (SELECT FROM pg_roles WHERE rolname LIKE 'v-%')");
    let t = t.restart(variables).unwrap();
    assert_eq!(database::number(&t.instance, "SELECT count(*) FROM qnsp_leases WHERE is_pending = 1"), 1);
    let developer = Caller::with_token(&t, &tenant, &token);
    let leases = || ok(&developer.get(&format!("{config}/leases")), 200)["leases"].clone();
    assert_eq!(leases(), json!([]));
    assert!(!server.holds(&no_user("v-%")));
    clock::pass(t.instance.runtime, Duration::from_secs(61));
    assert_eq!(leases(), json!([]));
    server.comes_to_hold(&no_user("v-%"));
    soon(|| database::number(&t.instance, "SELECT count(*) FROM qnsp_leases"), &0);
    let used = "SELECT sum(used) FROM qnsp_quotas WHERE quota_type = 'secrets'";
    assert_eq!(database::number(&t.instance, used), 0);
    ok(&developer.post(&format!("{config}/credentials"), &json!({})), 200);
}
