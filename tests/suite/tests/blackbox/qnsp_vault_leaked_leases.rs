//! Scans of QNSP that find passwords of leases.

use serde_json::{Value, json};

use crate::{
    answer::ok,
    case::{Case, case},
    code_host::CodeHost,
    database,
    deployment::{Deployment, unique},
    qnsp::{Caller, Cast},
    qnsp_dynamic::{configured, is_nowhere, leased, listed, password, path_of},
    qnsp_dynamic_postgres::{exists, log_in, on, refuses_login, server},
    qnsp_vault::{secret, states},
    qnsp_vault_scans::{ended, incidents, made, start, steps},
};

pub fn cases() -> Vec<Case> {
    vec![
        case(a_leaked_user_of_a_database_is_revoked_and_removed_where_secrets_are_rotated),
        case(a_leaked_key_is_revoked),
        case(a_leaked_lease_is_left_alone_where_policies_only_alert),
        case(a_leaked_user_is_removed_later_where_its_server_does_not_answer),
        case(what_has_ended_is_found_no_more),
    ]
}

const ROTATE: &str = "rotate";
const REVOKE: &str = "revoke";

fn action(action: &str) -> Value {
    json!({ "actions": { "onDetection": action } })
}

fn keys(admin: &Caller) -> String {
    configured(admin, &json!({ "name": unique("keys"), "type": "api_key", "ttl": { "default": "PT15M" } }))
}

fn status(caller: &Caller, config: &str, lease: &Value) -> Value {
    listed(caller, config, lease).unwrap()["status"].clone()
}

fn used(t: &Deployment, tenant: &str) -> i64 {
    let used = format!("SELECT used FROM qnsp_quotas WHERE tenant_id = '{tenant}' AND quota_type = 'secrets'");
    database::number(&t.instance, &used)
}

fn a_leaked_user_of_a_database_is_revoked_and_removed_where_secrets_are_rotated(t: &Deployment) {
    let Some(server) = server() else { return };
    let Cast { developer, admin, viewer, owner, tenant, .. } = &Cast::new(t);
    let config = configured(admin, &on(&server, &json!({})));
    let [lease, kept] = [(); 2].map(|()| leased(developer, &config, &json!({})));
    let value = unique("a-value-of-a-secret");
    let id = secret(developer, &[&value]);
    let host = CodeHost::start();
    let leaked = password(&lease);
    let env = format!("\nURL=postgres://me:{leaked}@db/orders\nAGAIN={leaked}\n{value}\n");
    let longer = format!("{leaked}x {}", &password(&kept)[1..]);
    host.put("o/r", &[("deploy/.env", &env), ("longer", &longer)]);
    made(admin, &host, "github", &action(ROTATE));
    let before = used(t, &tenant.id);
    assert_eq!(ended(viewer, &start(developer, &["o/r"]))["findings"], 2);
    let found = incidents(viewer);
    let incident = found.iter().find(|incident| incident["secretId"] == lease["leaseId"]).unwrap();
    assert_eq!(
        [&incident["source"], &incident["severity"], &incident["status"]],
        [&json!("github"), &json!("critical"), &json!("open")]
    );
    assert_eq!(incident["location"], "https://code.example/o/r/blob/main/deploy/.env#L2");
    assert_eq!(crate::answer::names(&incident["details"]), ["fingerprint", "line", "path"]);
    assert_eq!(steps(incident), ["created", "revoked"]);
    assert_eq!(incident["timeline"][1]["actor"], "leakage-scan");
    let other = found.iter().find(|incident| incident["secretId"] == json!(id)).unwrap();
    assert_eq!(
        (steps(other), states(viewer, &id)),
        (vec!["created", "rotated"], vec!["active".into(), "deprecated".into()])
    );
    assert_eq!(status(developer, &config, &lease), "revoked");
    server.comes_to_hold(&format!("NOT {}", exists(&lease)));
    refuses_login(&server, &lease);
    assert_eq!((log_in(&server, &kept), status(developer, &config, &kept)), (Ok(()), json!("active")));
    assert_eq!(used(t, &tenant.id), before - 1, "it is no secret of the quota any more");
    let counted = ok(&viewer.get("/vault/v1/dynamic-secrets/stats"), 200);
    assert_eq!([&counted["activeLeases"], &counted["revokedLeases"]], [&json!(1), &json!(1)]);
    assert_eq!(
        ok(&owner.get("/audit/v1/events?eventType=vault.leakage.detected"), 200)["items"].as_array().unwrap().len(),
        2
    );
    crate::qnsp::refuses(&developer.post(&path_of(&lease, "renew"), &json!({})), 409, &[]);
    is_nowhere(t, leaked);
    assert!(!json!(found).to_string().contains(leaked));
}

fn a_leaked_key_is_revoked(t: &Deployment) {
    let Cast { developer, admin, viewer, tenant, .. } = &Cast::new(t);
    let config = keys(admin);
    let lease = leased(developer, &config, &json!({}));
    let key = password(&lease).to_owned();
    let of_lease = Caller::with_token(t, &tenant.id, &key);
    ok(&of_lease.get("/vault/v1/dynamic-secrets/stats"), 200);
    let host = CodeHost::start();
    host.put("o/r", &[("a", &format!("token = \"{key}\"\n"))]);
    made(admin, &host, "github", &action(REVOKE));
    assert_eq!(ended(viewer, &start(developer, &["o/r"]))["findings"], 1);
    let [incident] = &incidents(viewer)[..] else { panic!("one incident") };
    assert_eq!((&incident["secretId"], steps(incident)), (&lease["leaseId"], vec!["created", "revoked"]));
    assert_eq!(of_lease.get("/vault/v1/dynamic-secrets/stats").status, 401);
    assert_eq!(status(developer, &config, &lease), "revoked");
    is_nowhere(t, &key);
}

fn a_leaked_lease_is_left_alone_where_policies_only_alert(t: &Deployment) {
    let Cast { developer, admin, viewer, foreign, .. } = &Cast::new(t);
    let config = keys(admin);
    let lease = leased(developer, &config, &json!({}));
    let theirs = leased(foreign, &keys(foreign), &json!({}));
    let host = CodeHost::start();
    host.put("o/r", &[("a", &format!("{} {}", password(&theirs), password(&lease)))]);
    made(admin, &host, "github", &json!({}));
    assert_eq!(ended(viewer, &start(developer, &["o/r"]))["findings"], 1, "another tenant's is none of ours");
    let [incident] = &incidents(viewer)[..] else { panic!("one incident") };
    assert_eq!((&incident["secretId"], steps(incident)), (&lease["leaseId"], vec!["created"]));
    assert_eq!(status(developer, &config, &lease), "active");
    assert_eq!(ended(viewer, &start(developer, &["o/r"]))["findings"], 0, "the same again is no second incident");
    let checked = ok(
        &viewer.post(
            &format!("/vault/v1/leakage-detection/secrets/{}/check", lease["leaseId"].as_str().unwrap()),
            &json!({}),
        ),
        200,
    );
    assert_eq!(checked["hasActiveIncidents"], true);
}

fn a_leaked_user_is_removed_later_where_its_server_does_not_answer(t: &Deployment) {
    let Some(mut server) = server() else { return };
    let Cast { developer, admin, viewer, .. } = &Cast::new(t);
    let config = configured(admin, &on(&server, &json!({})));
    let lease = leased(developer, &config, &json!({}));
    let host = CodeHost::start();
    host.put("o/r", &[("a", password(&lease))]);
    made(admin, &host, "github", &action(REVOKE));
    server.stop();
    assert_eq!(ended(viewer, &start(developer, &["o/r"]))["findings"], 1);
    assert_eq!(status(developer, &config, &lease), "revoked");
    // Somebody asks the server after an answer, in vain.
    let id = lease["leaseId"].as_str().unwrap();
    let asked = format!("SELECT count(*) FROM qnsp_leases WHERE id = '{id}' AND claimed_until IS NOT NULL");
    crate::answer::soon(|| database::number(&t.instance, &asked), &1);
    server.start_again();
    assert!(server.holds(&exists(&lease)));
    crate::clock::pass(t.instance.runtime, std::time::Duration::from_secs(61));
    listed(developer, &config, &lease);
    server.comes_to_hold(&format!("NOT {}", exists(&lease)));
}

fn what_has_ended_is_found_no_more(t: &Deployment) {
    let Cast { developer, admin, viewer, .. } = &Cast::new(t);
    let config = keys(admin);
    let lease = leased(developer, &config, &json!({}));
    let host = CodeHost::start();
    host.put("o/r", &[("a", password(&lease))]);
    made(admin, &host, "github", &action(REVOKE));
    ok(&developer.post(&path_of(&lease, "revoke"), &json!({})), 200);
    assert_eq!(ended(viewer, &start(developer, &["o/r"]))["findings"], 0);
    assert_eq!(incidents(viewer), Vec::<Value>::new());
}
