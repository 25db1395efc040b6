//! Dynamic secrets of QNSP as far as they need no server: configurations, and leases of keys of this API.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    answer::{ok, time},
    case::{Case, case, together},
    clock, database,
    deployment::{Deployment, unique},
    qnsp::{Caller, Cast, Tenant, refuses},
};

pub fn cases() -> Vec<Case> {
    vec![
        case(a_configuration_says_what_can_be_made_for_real),
        case(a_database_is_named_by_a_url_and_not_asked_unless_it_is_wanted),
        case(configurations_are_listed_with_their_active_leases_and_counted_by_type),
        case(a_leased_key_is_a_key_of_this_api_until_its_lease_ends),
        case(a_lease_is_renewed_up_to_what_its_configuration_has_said),
        case(a_revoked_key_is_refused_from_then_on_and_stays_revoked),
        case(all_leases_of_a_configuration_are_revoked_at_once),
        case(active_leases_are_secrets_of_the_quota),
        case(the_same_call_gives_the_same_credentials_and_they_are_nowhere_in_clear),
        case(leases_are_listed_for_30_days_after_their_end),
    ]
}

pub const CONFIGS: &str = "/vault/v1/dynamic-secrets/configs";
pub const LEASES: &str = "/vault/v1/dynamic-secrets/leases";
const STATS: &str = "/vault/v1/dynamic-secrets/stats";

/// A configuration that makes keys of this API.
pub fn keys(ttl: &Value) -> Value {
    json!({ "name": unique("keys"), "type": "api_key", "template": { "roleTemplate": "developer" }, "ttl": ttl })
}

/// The path of a new configuration.
#[track_caller]
pub fn configured(admin: &Caller, body: &Value) -> String {
    let made = ok(&admin.post(CONFIGS, body), 201);
    assert_eq!((&made["name"], &made["id"]), (&body["name"], &made["configId"]), "{made}");
    format!("{CONFIGS}/{}", made["configId"].as_str().unwrap())
}

#[track_caller]
pub fn leased(caller: &Caller, config: &str, asked: &Value) -> Value {
    ok(&caller.post(&format!("{config}/credentials"), asked), 200)
}

pub fn path_of(lease: &Value, verb: &str) -> String {
    format!("{LEASES}/{}/{verb}", lease["leaseId"].as_str().unwrap())
}

/// The lease as it is listed; `None` where it is not.
pub fn listed(caller: &Caller, config: &str, lease: &Value) -> Option<Value> {
    let leases = ok(&caller.get(&format!("{config}/leases?limit=200")), 200)["leases"].clone();
    leases.as_array().unwrap().iter().find(|one| one["leaseId"] == lease["leaseId"]).cloned()
}

pub fn password(lease: &Value) -> &str {
    lease["credentials"]["password"].as_str().unwrap()
}

fn a_configuration_says_what_can_be_made_for_real(t: &Deployment) {
    let Cast { admin, developer, .. } = &Cast::new(t);
    let ttl = json!({ "default": "PT15M" });
    let with = |changes: Value| {
        let mut body = keys(&ttl);
        body.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        body
    };
    for (changes, places) in [
        (json!({ "name": "" }), vec!["name"]),
        (json!({ "type": "licence" }), vec!["type"]),
        (json!({ "type": "database" }), vec!["backend.type"]),
        (json!({ "type": "database", "backend": { "type": "postgres" } }), vec!["backend.connectionString"]),
        (json!({ "type": "cloud_credentials", "backend": { "type": "paper" } }), vec!["backend.type"]),
        (json!({ "ttl": null }), vec!["ttl.default"]),
        (json!({ "ttl": { "default": "an hour" } }), vec!["ttl.default"]),
        (json!({ "ttl": { "default": "PT1H", "max": "P1" } }), vec!["ttl.max"]),
        (json!({ "template": { "creationStatements": [] } }), vec!["template.creationStatements"]),
    ] {
        refuses(&admin.post(CONFIGS, &with(changes)), 400, &places);
    }
    for (changes, places) in [
        (json!({ "ttl": { "default": "PT59S" } }), vec!["ttl.default"]),
        (json!({ "ttl": { "default": "P31D" } }), vec!["ttl.default"]),
        (json!({ "ttl": { "default": "PT1H", "max": "PT59M" } }), vec!["ttl.max"]),
        (json!({ "ttl": { "default": "PT1H", "max": "P31D" } }), vec!["ttl.max"]),
        (json!({ "template": { "roleTemplate": "admin" } }), vec!["template.roleTemplate"]),
        (json!({ "template": { "usernameTemplate": "always-the-same" } }), vec!["template.usernameTemplate"]),
        (json!({ "backend": { "type": "postgres" } }), vec!["backend.type"]),
        (json!({ "type": "database", "backend": { "type": "aws" } }), vec!["backend.type"]),
        (json!({ "type": "cloud_credentials", "backend": { "type": "postgres" } }), vec!["backend.type"]),
        (json!({ "type": "database", "backend": { "type": "mysql" } }), vec!["backend.type", "supported"]),
        (json!({ "type": "database", "backend": { "type": "redis" } }), vec!["backend.type", "supported"]),
        (json!({ "type": "cloud_credentials", "backend": { "type": "aws_iam" } }), vec!["backend.type", "supported"]),
        (json!({ "type": "certificate", "backend": { "type": "gcp" } }), vec!["supported", "type"]),
        (json!({ "type": "ssh_key", "backend": { "type": "gcp" } }), vec!["supported", "type"]),
    ] {
        refuses(&admin.post(CONFIGS, &with(changes)), 422, &places);
    }
    let wrong = with(json!({ "type": "database", "backend": { "type": "mongodb" } }));
    let details = admin.post(CONFIGS, &wrong).json().unwrap()["details"].clone();
    assert_eq!(details["supported"], json!(["database/postgres", "api_key"]));
    assert_eq!(details["backend.type"], "not supported by this deployment");
    assert_eq!(ok(&admin.get(CONFIGS), 200), json!({ "configs": [], "total": 0 }));
    refuses(&admin.get(&format!("{CONFIGS}?limit=x")), 400, &["limit"]);

    // As SDKs have it, under the path without the service.
    let body = json!({ "name": unique("sdk"), "secretType": "api_key", "defaultTtlSeconds": 60, "maxTtlSeconds": 120 });
    let made = ok(&admin.post("/v1/dynamic-secrets/configs", &body), 201);
    let lease = leased(developer, &format!("/v1/dynamic-secrets/configs/{}", made["id"].as_str().unwrap()), &json!({}));
    assert_eq!(lease["renewable"], true);
}

fn a_database_is_named_by_a_url_and_not_asked_unless_it_is_wanted(t: &Deployment) {
    let Cast { admin, developer, .. } = &Cast::new(t);
    let on = |url: &str| {
        let backend = json!({ "type": "postgresql", "connectionString": url });
        json!({ "name": unique("orders"), "type": "database", "ttl": { "default": "PT15M" }, "backend": backend })
    };
    for url in [
        "mysql://me@127.0.0.1",
        "postgres://127.0.0.1",
        "postgres://me@a.example,b.example",
        "postgres://me@10.0.0.1",
        "postgres://me@db.internal",
        "postgres://me@db.example.com?sslmode=disable",
    ] {
        refuses(&admin.post(CONFIGS, &on(url)), 422, &["backend.connectionString"]);
    }
    let body = on("postgresql://me:a-secret-of-the-url@127.0.0.1:1/db");
    let config = configured(admin, &body);
    refuses(&admin.post(CONFIGS, &body), 409, &[]);
    let mut verified = body.clone();
    verified["verifyConnection"] = true.into();
    refuses(&admin.post(CONFIGS, &verified), 409, &[]);
    verified["name"] = unique("verified").into();
    refuses(&admin.post(CONFIGS, &verified), 422, &["backend.connectionString"]);
    // Nobody answers there, so there is nothing to ask for.
    let none = developer.post(&format!("{config}/credentials"), &json!({}));
    refuses(&none, 503, &["backend"]);
    assert_eq!(none.json().unwrap()["details"]["backend"], "unreachable");
    assert!(none.header("retry-after").is_some());
    assert_eq!(ok(&admin.get(&format!("{config}/leases")), 200), json!({ "leases": [] }));
    assert!(!database::contains(&t.instance, "a-secret-of-the-url"));
    assert!(!t.instance.log().contains("a-secret-of-the-url"));
}

fn configurations_are_listed_with_their_active_leases_and_counted_by_type(t: &Deployment) {
    let Cast { admin, developer, viewer, foreign, .. } = &Cast::new(t);
    let stats = |configs: i64, [active, expired, revoked]: [i64; 3], keys: Option<i64>| {
        let mut by_type = json!({ "database": 0, "cloud_credentials": 0 });
        if let Some(keys) = keys {
            by_type["api_key"] = keys.into();
        }
        let expected = json!({
            "totalConfigs": configs, "activeLeases": active, "expiredLeases": expired, "revokedLeases": revoked,
            "byType": by_type,
        });
        assert_eq!(ok(&viewer.get(STATS), 200), expected);
    };
    stats(0, [0, 0, 0], None);
    let [first, second] = ["PT15M", "PT1M"].map(|default| {
        let body = keys(&json!({ "default": default }));
        (configured(admin, &body), body["name"].clone())
    });
    let leases = [&first, &first, &second].map(|(config, _)| leased(developer, config, &json!({})));
    stats(2, [3, 0, 0], Some(2));
    ok(&developer.post(&path_of(&leases[0], "revoke"), &json!({})), 200);
    let shown = |(path, name): &(String, Value), active: i64| {
        let id = path.rsplit('/').next().unwrap();
        json!({ "configId": id, "name": name, "type": "api_key", "backend": "api_key", "activeLeases": active })
    };
    let expected = json!({ "configs": [shown(&first, 1), shown(&second, 1)], "total": 2 });
    assert_eq!(ok(&viewer.get(CONFIGS), 200), expected);
    assert_eq!(ok(&viewer.get(&format!("{CONFIGS}?limit=1&offset=1")), 200)["configs"], json!([shown(&second, 1)]));
    stats(2, [2, 0, 1], Some(2));
    assert_eq!(ok(&foreign.get(CONFIGS), 200)["configs"], json!([]));
    refuses(&foreign.get(&format!("{}/leases", first.0)), 404, &[]);
    clock::pass(t.instance.runtime, Duration::from_secs(61));
    stats(2, [1, 1, 1], Some(2));
    assert_eq!(ok(&viewer.get(CONFIGS), 200)["configs"], json!([shown(&first, 1), shown(&second, 0)]));
}

fn a_leased_key_is_a_key_of_this_api_until_its_lease_ends(t: &Deployment) {
    let Cast { admin, developer, tenant, .. } = &Cast::new(t);
    let config = configured(admin, &keys(&json!({ "default": "PT15M", "max": "PT1H" })));
    let reply =
        developer.post(&format!("{config}/credentials"), &json!({ "ttl": "PT2S", "metadata": { "purpose": "p" } }));
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    let lease = ok(&reply, 200);
    assert_eq!(lease["renewable"], true);
    assert!(password(&lease).starts_with("qnsp_pqc_"), "{lease}");
    let holder = Caller::with_token(t, &tenant.id, password(&lease));
    // It is the user who asked, with the role of the template.
    let own = configured(admin, &keys(&json!({ "default": "PT1M" })));
    let second = leased(&holder, &own, &json!({}));
    refuses(&holder.post(CONFIGS, &keys(&json!({ "default": "PT1M" }))), 403, &["actual", "required"]);
    let entries = database::audit(&t.instance);
    let by_holder = entries.iter().find(|entry| entry.subject.ends_with(second["leaseId"].as_str().unwrap())).unwrap();
    assert_eq!((&by_holder.actor, by_holder.action.as_str()), (&developer.user, "vault.dynamic_secret_lease.generate"));
    let first =
        entries.iter().find(|entry| entry.subject.ends_with(lease["leaseId"].as_str().unwrap())).unwrap().json();
    assert_eq!(first["detail"]["payload"]["metadata"], json!({ "purpose": "p" }));
    clock::pass(t.instance.runtime, Duration::from_secs(3));
    refuses(&holder.get(CONFIGS), 401, &["reason"]);
    let shown = listed(developer, &config, &lease).unwrap();
    assert_eq!((&shown["status"], &shown["expiresAt"]), (&json!("expired"), &lease["expiresAt"]));
    for verb in ["renew", "revoke"] {
        refuses(&developer.post(&path_of(&lease, verb), &json!({})), 409, &[]);
    }
    for (asked, place) in [(json!({ "ttl": "PT61M" }), "ttl"), (json!({ "ttlSeconds": 3601 }), "ttlSeconds")] {
        refuses(&developer.post(&format!("{config}/credentials"), &asked), 422, &[place]);
    }
    refuses(&developer.post(&format!("{config}/credentials"), &json!({ "ttl": "PT0S" })), 422, &["ttl"]);
    refuses(&developer.post(&format!("{config}/credentials"), &json!({ "ttl": "soon" })), 400, &["ttl"]);
    let longest = leased(developer, &config, &json!({ "ttlSeconds": 3600 }));
    assert_eq!(longest["renewable"], false);
}

fn a_lease_is_renewed_up_to_what_its_configuration_has_said(t: &Deployment) {
    let Cast { admin, developer, tenant, .. } = &Cast::new(t);
    let config = configured(admin, &keys(&json!({ "default": "PT1M", "max": "PT1H" })));
    let lease = leased(developer, &config, &json!({ "ttl": "PT4S" }));
    let holder = Caller::with_token(t, &tenant.id, password(&lease));
    // The instance knows the key, and when it was to end.
    ok(&holder.get(CONFIGS), 200);
    let renew = |asked: Value| developer.post(&path_of(&lease, "renew"), &asked);
    refuses(&renew(json!({ "ttl": "PT0S" })), 422, &["ttl"]);
    refuses(&renew(json!({ "ttl": "1h" })), 400, &["ttl"]);
    let renewed = ok(&renew(json!({})), 200);
    assert_eq!(renewed["leaseId"], lease["leaseId"]);
    assert!((55_000..=65_000).contains(&(time(&renewed["expiresAt"]) - clock::now())), "{renewed}");
    clock::pass(t.instance.runtime, Duration::from_secs(5));
    ok(&holder.get(CONFIGS), 200);
    assert_eq!(listed(developer, &config, &lease).unwrap()["expiresAt"], renewed["expiresAt"]);
    // Less long than before is possible, too.
    let shorter = ok(&renew(json!({ "ttlSeconds": 30 })), 200);
    assert!(time(&shorter["expiresAt"]) < time(&renewed["expiresAt"]));
    let last = ok(&renew(json!({ "ttl": "P365D" })), 200);
    let issued = time(&listed(developer, &config, &lease).unwrap()["createdAt"]);
    assert_eq!(time(&last["expiresAt"]), issued + 3_600_000);
    refuses(&renew(json!({})), 409, &[]);
    refuses(&developer.post(&format!("{LEASES}/{}/renew", uuid()), &json!({})), 404, &[]);
}

fn uuid() -> String {
    chancery_tests::variables::random_uuid()
}

fn a_revoked_key_is_refused_from_then_on_and_stays_revoked(t: &Deployment) {
    let Cast { admin, developer, foreign, tenant, .. } = &Cast::new(t);
    let config = configured(admin, &keys(&json!({ "default": "PT15M" })));
    let lease = leased(developer, &config, &json!({}));
    let holder = Caller::with_token(t, &tenant.id, password(&lease));
    ok(&holder.get(CONFIGS), 200);
    let path = path_of(&lease, "revoke");
    refuses(&foreign.post(&path, &json!({})), 404, &[]);
    let revoked = together(4, |_| ok(&developer.post(&path, &json!({})), 200));
    assert!(revoked.iter().all(|one| *one == revoked[0]), "{revoked:?}");
    refuses(&holder.get(CONFIGS), 401, &["reason"]);
    assert_eq!(ok(&developer.post(&path, &json!({})), 200), revoked[0]);
    assert_eq!(listed(developer, &config, &lease).unwrap()["status"], "revoked");
    assert_eq!(ok(&developer.get(STATS), 200)["revokedLeases"], 1);
    refuses(&developer.post(&path_of(&lease, "renew"), &json!({})), 409, &[]);
    refuses(&developer.post(&format!("{LEASES}/{}/revoke", uuid()), &json!({})), 404, &[]);
}

fn all_leases_of_a_configuration_are_revoked_at_once(t: &Deployment) {
    let Cast { admin, developer, foreign, tenant, .. } = &Cast::new(t);
    let [many, other] = [(); 2].map(|()| configured(admin, &keys(&json!({ "default": "PT15M" }))));
    let leases: Vec<_> = (0..5).map(|_| leased(developer, &many, &json!({}))).collect();
    let stays = leased(developer, &other, &json!({}));
    ok(&developer.post(&path_of(&leases[0], "revoke"), &json!({})), 200);
    let holders: Vec<_> = leases.iter().map(|lease| Caller::with_token(t, &tenant.id, password(lease))).collect();
    ok(&holders[1].get(CONFIGS), 200);
    let path = format!("{many}/revoke");
    refuses(&developer.post(&path, &json!({})), 403, &["actual", "required"]);
    refuses(&foreign.post(&path, &json!({})), 404, &[]);
    refuses(&admin.post(&format!("{CONFIGS}/{}/revoke", uuid()), &json!({})), 404, &[]);
    ok(&holders[1].get(CONFIGS), 200);

    let revoked = ok(&admin.post(&path, &json!({})), 200);
    let expected = json!({
        "configId": many.rsplit('/').next().unwrap(), "revokedLeases": 4, "revokedAt": revoked["revokedAt"],
    });
    assert_eq!(revoked, expected);
    for holder in &holders {
        refuses(&holder.get(CONFIGS), 401, &["reason"]);
    }
    ok(&Caller::with_token(t, &tenant.id, password(&stays)).get(CONFIGS), 200);
    assert!(leases.iter().all(|lease| listed(developer, &many, lease).unwrap()["status"] == "revoked"));
    // Each keeps the time of its own revocation.
    let first = ok(&developer.post(&path_of(&leases[0], "revoke"), &json!({})), 200);
    assert!(time(&first["revokedAt"]) <= time(&revoked["revokedAt"]));
    let second = ok(&developer.post(&path_of(&leases[1], "revoke"), &json!({})), 200);
    assert_eq!(second["revokedAt"], revoked["revokedAt"]);
    let stats = ok(&developer.get(STATS), 200);
    assert_eq!((&stats["activeLeases"], &stats["revokedLeases"]), (&json!(1), &json!(5)), "{stats}");
    assert_eq!(used(t, &tenant.id), 1);
    // None is left, and what comes after is good.
    assert_eq!(ok(&admin.post(&path, &json!({})), 200)["revokedLeases"], 0);
    let new = leased(developer, &many, &json!({}));
    ok(&Caller::with_token(t, &tenant.id, password(&new)).get(CONFIGS), 200);
}

fn used(t: &Deployment, tenant: &str) -> i64 {
    database::number(
        &t.instance,
        &format!(
            "SELECT coalesce((SELECT used FROM qnsp_quotas WHERE tenant_id = '{tenant}' AND quota_type = 'secrets'), 0)"
        ),
    )
}

fn active_leases_are_secrets_of_the_quota(t: &Deployment) {
    let tenant = Tenant::new(t, &json!({ "tier": "free" }));
    let owner = tenant.key("owner");
    let config = configured(&owner, &keys(&json!({ "default": "PT1M" })));
    let path = format!("{config}/credentials");
    let leases: Vec<_> = (0..25).map(|_| leased(&owner, &config, &json!({}))).collect();
    refuses(&owner.post(&path, &json!({})), 403, &["limit", "resource", "used"]);
    assert_eq!(used(t, &tenant.id), 25);
    ok(&owner.post(&path_of(&leases[0], "revoke"), &json!({})), 200);
    ok(&owner.post(&path_of(&leases[0], "revoke"), &json!({})), 200);
    assert_eq!(used(t, &tenant.id), 24);
    let one = |_| owner.post(&path, &json!({})).status;
    let mut statuses = together(4, one);
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 403, 403, 403]);
    // What has ended counts no longer.
    clock::pass(t.instance.runtime, Duration::from_secs(61));
    leased(&owner, &config, &json!({}));
    assert_eq!(used(t, &tenant.id), 1);
}

fn the_same_call_gives_the_same_credentials_and_they_are_nowhere_in_clear(t: &Deployment) {
    let Cast { admin, developer, .. } = &Cast::new(t);
    let config = configured(admin, &keys(&json!({ "default": "PT15M" })));
    let path = format!("{config}/credentials");
    let ask = || developer.send("POST", &path, &[("idempotency-key", "one")], Some(b"{}"));
    let replies = together(3, |_| ask());
    let lease = ok(&ask(), 200);
    for reply in replies {
        // One that came while the first was under way is told so.
        match reply.status {
            409 => refuses(&reply, 409, &["reason"]),
            _ => assert_eq!(ok(&reply, 200), lease),
        }
    }
    assert_eq!(ok(&developer.get(STATS), 200)["activeLeases"], 1);
    let other = developer.send("POST", &path, &[("idempotency-key", "one")], Some(br#"{"ttl":"PT1M"}"#));
    refuses(&other, 409, &[]);
    is_nowhere(t, password(&lease));
}

/// Neither the text nor its base64 or hexadecimal digits are in the files of the database or in the log.
#[track_caller]
pub fn is_nowhere(t: &Deployment, secret: &str) {
    let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
    for written in [secret.to_owned(), crypto::base64::encode(secret.as_bytes()), hex] {
        // Without its end, which depends on what follows.
        let part = &written[..written.len() - 4];
        assert!(!database::contains(&t.instance, part), "{secret} is in the database");
        assert!(!t.instance.log().contains(part), "{secret} is in the log");
    }
}

fn leases_are_listed_for_30_days_after_their_end(t: &Deployment) {
    let Cast { admin, developer, .. } = &Cast::new(t);
    let config = configured(admin, &keys(&json!({ "default": "PT1M" })));
    let leases = [(); 2].map(|()| leased(developer, &config, &json!({})));
    let all = ok(&developer.get(&format!("{config}/leases")), 200)["leases"].clone();
    assert!(all.as_array().unwrap().iter().all(|lease| lease["status"] == "active"), "{all}");
    assert_eq!(ok(&developer.get(&format!("{config}/leases?limit=1")), 200)["leases"], json!([all[0]]));
    clock::pass(t.instance.runtime, Duration::from_secs(30 * 86_400));
    let expired = listed(developer, &config, &leases[0]).unwrap();
    assert_eq!(expired["status"], "expired");
    clock::pass(t.instance.runtime, Duration::from_secs(120));
    assert_eq!(listed(developer, &config, &leases[0]), None);
    // What is not listed is forgotten some time after, with the key that it was.
    let left = || {
        let ids = leases.each_ref().map(|lease| format!("'{}'", lease["leaseId"].as_str().unwrap())).join(", ");
        database::number(&t.instance, &format!("SELECT count(*) FROM qnsp_leases WHERE id IN ({ids})"))
    };
    crate::answer::soon(left, &0);
    let keys =
        leases.each_ref().map(|lease| format!("'{}'", lease["credentials"]["username"].as_str().unwrap())).join(", ");
    assert_eq!(database::number(&t.instance, &format!("SELECT count(*) FROM qnsp_keys WHERE id IN ({keys})")), 0);
    assert_eq!(ok(&developer.get(STATS), 200)["expiredLeases"], 2);
}
