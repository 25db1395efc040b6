//! Tenants and API keys of QNSP, as operators make them and look after them.

use chancery_tests::variables::Variables;
use crypto::{hash, jwt, jwt::IssuerKey};
use model::AuthLevel;
use serde_json::{Value, json};

use crate::{
    answer::{ok, refused, time},
    case::{Case, case, together},
    database,
    deployment::{Deployment, unique},
    qnsp::{Cast, TENANTS, Tenant},
    tool::Folder,
};

pub fn cases() -> Vec<Case> {
    vec![
        case(a_tenant_is_made_listed_and_changed),
        case(what_an_update_does_not_give_stays),
        case(a_key_is_told_once_listed_and_revoked),
        case(every_kind_of_caller_has_the_key_or_token_of_its_kind),
        case(what_operators_decide_holds_from_the_next_call_on),
        case(a_webhook_secret_is_the_same_each_time_and_sealed),
        case(all_that_is_wrong_with_a_body_is_named_at_once),
        case(only_system_and_service_look_after_tenants),
        case(what_is_not_there_is_not_found_and_what_is_no_id_is_refused),
        case(an_id_is_given_to_one_tenant_only),
        case(changes_at_once_lose_nothing_and_a_key_is_revoked_once),
        case(what_operators_do_is_in_the_log),
        case(the_tool_makes_and_lists_tenants_and_keys),
    ]
}

/// An operation of the API that everyone may call who has a token.
const QUOTAS: &str = "/tenant/v1/quotas/current";

const UNKNOWN: &str = "5d3e0d51-7d60-4a0e-9ad8-7b5a4d6e0a11";

fn a_tenant_is_made_listed_and_changed(t: &Deployment) {
    let made = ok(&t.system.put(TENANTS, &json!({ "name": "Ä tenant" })), 201);
    let id = made["tenantId"].as_str().unwrap();
    assert_eq!(id.len(), 36);
    let created = time(&made["createdAt"]);
    let usual = json!({
        "tenantId": id, "name": "Ä tenant", "tier": "free", "addOns": [], "rateLimitPerMinute": null,
        "adminEmail": null, "suspendedAt": null, "createdAt": made["createdAt"], "updatedAt": made["createdAt"],
    });
    assert_eq!(made, usual);
    assert_eq!(listed(t, id), usual);

    let path = format!("{TENANTS}/{id}");
    let change = json!({
        "name": "b", "tier": "enterprise-pro", "addOns": ["key-escrow", "byohsm", "byohsm"],
        "rateLimitPerMinute": 7, "adminEmail": "ada@example.org", "suspended": true,
    });
    let changed = ok(&t.service.patch(&path, &change), 200);
    let expected = json!({
        "tenantId": id, "name": "b", "tier": "enterprise-pro", "addOns": ["byohsm", "key-escrow"],
        "rateLimitPerMinute": 7, "adminEmail": "ada@example.org", "suspendedAt": changed["updatedAt"],
        "createdAt": made["createdAt"], "updatedAt": changed["updatedAt"],
    });
    assert_eq!(changed, expected);
    assert!(time(&changed["updatedAt"]) >= created);
    assert_eq!(listed(t, id), expected);
}

fn what_an_update_does_not_give_stays(t: &Deployment) {
    let attributes = json!({
        "name": "n", "tier": "dev-pro", "addOns": ["byohsm"], "rateLimitPerMinute": 9, "adminEmail": "a@b",
    });
    let tenant = Tenant::new(t, &attributes);
    let change = |body: Value| ok(&t.service.patch(&tenant.path(""), &body), 200);
    let suspended = change(json!({ "suspended": true }));
    for body in [json!({}), json!({ "name": null, "suspended": null }), json!({ "suspended": true, "other": 1 })] {
        let mut changed = change(body);
        changed["updatedAt"] = suspended["updatedAt"].clone();
        assert_eq!(changed, suspended);
    }
    for (name, value) in attributes.as_object().unwrap() {
        assert_eq!(suspended[name], *value, "{name}");
    }
    let cleared = change(json!({ "addOns": [], "rateLimitPerMinute": 0, "adminEmail": "", "suspended": false }));
    let left = ["addOns", "rateLimitPerMinute", "adminEmail", "suspendedAt", "tier"].map(|name| cleared[name].clone());
    assert_eq!(left, [json!([]), Value::Null, Value::Null, Value::Null, json!("dev-pro")]);
    let made = ok(&t.service.put(TENANTS, &json!({ "name": "n", "rateLimitPerMinute": 0, "adminEmail": "" })), 201);
    assert_eq!((&made["rateLimitPerMinute"], &made["adminEmail"]), (&Value::Null, &Value::Null));
}

fn a_key_is_told_once_listed_and_revoked(t: &Deployment) {
    let tenant = Tenant::new(t, &json!({}));
    let first = tenant.key_with(&json!({
        "roles": ["owner", "approver"], "name": "first", "userId": "u-1", "expiresAt": "2999-01-02T03:04:05+01:00",
    }));
    let second = tenant.key_with(&json!({ "role": "viewer", "personal": true }));
    let [first_token, second_token] = [&first, &second].map(|key| key.token.clone().unwrap());
    assert!(
        first_token.len() == 49 && first_token.starts_with("qnsp_pqc_") && !first_token.starts_with("qnsp_pqc_pat_")
    );
    assert!(second_token.len() == 53 && second_token.starts_with("qnsp_pqc_pat_"));
    assert_eq!((first.user.as_str(), second.user.len()), ("u-1", 36));

    let keys = || {
        let reply = t.service.get(&tenant.path("/keys"));
        let text = String::from_utf8_lossy(&reply.body).into_owned();
        assert!(!text.contains(&first_token) && !text.contains(&second_token), "a list tells keys");
        ok(&reply, 200)["keys"].as_array().unwrap().clone()
    };
    let [one, other] = keys().try_into().unwrap();
    // Two keys of one millisecond stand in the order of their ids.
    let (one, other) = if one["name"] == "first" { (one, other) } else { (other, one) };
    time(&one["createdAt"]);
    let expected = json!({
        "keyId": first.key_id, "userId": "u-1", "roles": ["owner", "approver"], "name": "first",
        "createdAt": one["createdAt"], "expiresAt": "2999-01-02T02:04:05.000Z", "revokedAt": null,
    });
    assert_eq!(one, expected);
    let rest = ["keyId", "userId", "roles", "name", "expiresAt"].map(|name| other[name].clone());
    assert_eq!(rest, [json!(second.key_id), json!(second.user), json!(["viewer"]), json!(""), Value::Null]);
    let page = ok(&t.service.get(&tenant.path(&format!("/keys?after={}", one["keyId"].as_str().unwrap()))), 200);
    assert!(page["keys"].as_array().unwrap().len() < 2, "{page}");

    assert!(database::contains(&t.instance, &first.key_id), "the search would not find what is there");
    for token in [&first_token, &second_token] {
        let stored = hash::hex(&hash::sha256(&[token.as_bytes()]));
        let found =
            format!("SELECT count(*) FROM qnsp_keys WHERE key_hash = '{stored}' AND tenant_id = '{}'", tenant.id);
        assert_eq!(database::number(&t.instance, &found), 1);
        assert!(!database::contains(&t.instance, token), "a key is stored in the clear");
        assert!(!t.instance.log().contains(token), "a key was logged");
    }

    let revoke = || t.service.delete(&format!("/caas/qnsp/keys/{}", first.key_id));
    assert_eq!(ok(&revoke(), 200), json!({ "message": "API key revoked" }));
    assert_eq!(refused(&revoke(), 404), "No API key in force with this id");
    let revoked: Vec<_> = keys().iter().map(|key| (key["keyId"].clone(), key["revokedAt"].is_string())).collect();
    assert!(revoked.contains(&(json!(first.key_id), true)) && revoked.contains(&(json!(second.key_id), false)));
}

/// What is stored says whose a key is; a token is read as the service reads it.
fn every_kind_of_caller_has_the_key_or_token_of_its_kind(t: &Deployment) {
    let cast = Cast::new(t);
    let roles = ["viewer", "developer", "service", "admin", "owner", "platform_admin", "owner", "owner", "owner"];
    let keys = cast.all().into_iter().filter(|(_, caller)| !caller.key_id.is_empty());
    let stored: Vec<_> =
        keys.map(|(_, caller)| (caller.token.clone().unwrap(), &caller.tenant, &caller.user)).collect();
    assert_eq!(stored.len(), roles.len());
    for ((token, tenant, user), role) in stored.into_iter().zip(roles) {
        let hash = hash::hex(&hash::sha256(&[token.as_bytes()]));
        let row = format!("SELECT tenant_id || user_id || roles FROM qnsp_keys WHERE key_hash = '{hash}'");
        assert_eq!(database::text(&t.instance, &row), format!("{tenant}{user}[\"{role}\"]"));
    }
    assert_ne!(cast.foreign.tenant, cast.tenant.id);
    let tier =
        |tenant: &str| (listed(t, tenant)["tier"].clone(), listed(t, tenant)["addOns"].as_array().unwrap().len());
    for (caller, expected) in [
        (&cast.owner, (json!("enterprise-pro"), 2)),
        (&cast.operator, (json!("specialized"), 2)),
        (&cast.free, (json!("free"), 0)),
        (&cast.without_add_ons, (json!("enterprise-pro"), 0)),
    ] {
        assert_eq!(tier(&caller.tenant), expected);
    }

    let text = cast.jwt.token.clone().unwrap();
    let token = jwt::Token::parse(&text).unwrap();
    let secret = t.instance.variables.get("QNSP_JWT_HS256_SECRET");
    token.verify(&IssuerKey::hs256(secret.as_bytes()).unwrap(), crate::qnsp::now()).unwrap();
    let claims: Value = token.claims().unwrap();
    assert_eq!((&claims["tenant_id"], &claims["roles"]), (&json!(cast.tenant.id), &json!(["owner"])));
    assert_eq!(claims["sub"], json!(cast.jwt.user));
}

fn what_operators_decide_holds_from_the_next_call_on(t: &Deployment) {
    let cast = Cast::new(t);
    for (kind, caller) in cast.all() {
        let expected = if matches!(kind, "anonymous" | "garbage") { 401 } else { 200 };
        assert_eq!(caller.get(QUOTAS).status, expected, "{kind}");
    }
    let personal = cast.tenant.key_with(&json!({ "role": "viewer", "personal": true }));
    assert_eq!(personal.get(QUOTAS).status, 200);
    ok(&t.service.delete(&format!("/caas/qnsp/keys/{}", personal.key_id)), 200);
    assert_eq!(personal.get(QUOTAS).status, 401);
    let end = model::time::to_iso(1000 * (crate::qnsp::now() + 4));
    let short = cast.tenant.key_with(&json!({ "role": "viewer", "expiresAt": end }));
    assert_eq!(short.get(QUOTAS).status, 200);
    std::thread::sleep(std::time::Duration::from_millis(4_100));
    assert_eq!(short.get(QUOTAS).status, 401);

    let change = |body: Value| ok(&t.service.patch(&cast.tenant.path(""), &body), 200);
    let limit = || ok(&cast.owner.get(QUOTAS), 200)["quotas"][0]["limit"].as_f64().unwrap();
    let high = limit();
    change(json!({ "tier": "free" }));
    assert!(limit() < high, "the tier was not changed");
    change(json!({ "suspended": true }));
    for caller in [&cast.owner, &cast.jwt] {
        let reply = caller.get(QUOTAS);
        assert_eq!((reply.status, details(&reply)["control"].clone()), (403, json!("suspended")));
    }
    change(json!({ "suspended": false, "rateLimitPerMinute": 1 }));
    // The calls before have used it up, unless a minute has just begun.
    let statuses = [0; 3].map(|_| cast.viewer.get(QUOTAS).status);
    assert!(statuses.contains(&429), "{statuses:?}");
    change(json!({ "rateLimitPerMinute": 0 }));
    assert_eq!(cast.viewer.get(QUOTAS).status, 200);
}

fn details(reply: &chancery::client::Reply) -> Value {
    let body: Value = serde_json::from_slice(&reply.body).unwrap();
    body["details"].clone()
}

fn a_webhook_secret_is_the_same_each_time_and_sealed(shared: &Deployment) {
    let t = &Deployment::start(shared.instance.runtime, Variables::random()).unwrap();
    let secret = |tenant: &Tenant| {
        let answer = ok(&t.service.get(&tenant.path("/webhook-secret")), 200);
        answer["webhookSecret"].as_str().unwrap().to_owned()
    };
    let [one, other] = [Tenant::new(t, &json!({})), Tenant::new(t, &json!({}))];
    let first = secret(&one);
    assert!(first.len() == 64 && first.bytes().all(|byte| byte.is_ascii_hexdigit()), "{first}");
    assert_eq!(secret(&one), first);
    assert_ne!(secret(&other), first);
    assert!(!database::contains(&t.instance, &first) && !t.instance.log().contains(&first));
    // Moved to another tenant it does not open.
    let moved = "UPDATE qnsp_tenants SET sealed_webhook_secret = \
         (SELECT sealed_webhook_secret FROM qnsp_tenants WHERE id = '{from}') WHERE id = '{to}'";
    database::change(&t.instance, &moved.replace("{from}", &one.id).replace("{to}", &other.id));
    refused(&t.service.get(&other.path("/webhook-secret")), 500);
}

fn all_that_is_wrong_with_a_body_is_named_at_once(t: &Deployment) {
    let tenant = Tenant::new(t, &json!({ "name": "stays" }));
    let before = listed(t, &tenant.id);
    let long = "x".repeat(129);
    let wrong = json!({
        "name": long, "tier": "gold", "addOns": ["byohsm", "sauna"], "rateLimitPerMinute": -1, "adminEmail": "nobody",
        "suspended": "yes", "tenantId": "7",
    });
    let common = "name must have 1 to 128 characters, none of them a control character; tier must be the name of a tier, \
         such as free or enterprise-pro; addOns[1] must be byohsm or key-escrow; rateLimitPerMinute must be a whole \
         number from 0 to 1000000000; adminEmail must be an e-mail address of at most 254 characters";
    let made = refused(&t.service.put(TENANTS, &wrong), 400);
    assert_eq!(made, format!("{common}; tenantId must be a UUID"));
    let changed = refused(&t.service.patch(&tenant.path(""), &wrong), 400);
    assert_eq!(changed, format!("{common}; suspended must be true or false"));
    assert_eq!(listed(t, &tenant.id), before);

    let nil = json!({ "tenantId": "00000000-0000-0000-0000-000000000000" });
    assert_eq!(refused(&t.service.put(TENANTS, &nil), 400), "name is required; tenantId must not be the nil UUID");
    for body in [json!([]), json!("x"), Value::Null] {
        refused(&t.service.put(TENANTS, &body), 400);
        refused(&t.service.put(&tenant.path("/keys"), &body), 400);
        refused(&t.service.patch(&tenant.path(""), &body), 400);
    }

    let many = vec!["r"; 33];
    let name = "must have 1 to 128 characters, none of them a control character";
    for (body, message) in [
        (json!({}), "role is required unless roles are given".to_owned()),
        (json!({ "role": "a", "roles": ["b"] }), "roles must not be given with role".to_owned()),
        (json!({ "roles": [] }), "roles must have 1 to 32 names".to_owned()),
        (json!({ "roles": many }), "roles must have 1 to 32 names".to_owned()),
        (
            json!({
                "roles": ["a", "", 7], "name": "", "userId": "u\n", "expiresAt": "tomorrow", "personal": 1,
            }),
            format!(
                "roles[1] {name}; name {name}; userId must have 1 to 256 characters, none of them a control character; \
                 expiresAt: a time must be ISO 8601 with an offset, like 2030-01-02T03:04:05.678Z; personal must be true \
                 or false"
            ),
        ),
        (
            json!({ "expiresAt": "2020-01-01T00:00:00Z" }),
            "role is required unless roles are given; expiresAt must lie in the future".to_owned(),
        ),
    ] {
        assert_eq!(refused(&t.service.put(&tenant.path("/keys"), &body), 400), message, "{body}");
    }
    assert_eq!(ok(&t.service.get(&tenant.path("/keys")), 200)["keys"], json!([]));
}

fn only_system_and_service_look_after_tenants(t: &Deployment) {
    let tenant = Tenant::new(t, &json!({}));
    let key = tenant.key("owner");
    let one_key = format!("/caas/qnsp/keys/{}", key.key_id);
    let operations = [
        ("PUT", TENANTS.to_owned(), Some(json!({ "name": "n" })), 201),
        ("GET", TENANTS.to_owned(), None, 200),
        ("PATCH", tenant.path(""), Some(json!({ "suspended": false })), 200),
        ("PUT", tenant.path("/keys"), Some(json!({ "role": "viewer" })), 201),
        ("GET", tenant.path("/keys"), None, 200),
        ("GET", tenant.path("/webhook-secret"), None, 200),
    ];
    for level in [AuthLevel::ServiceExt, AuthLevel::AppExt, AuthLevel::App, AuthLevel::Basic] {
        for (method, path, body, _) in &operations {
            refused(&t.of(level).call(method, path, body.as_ref()), 401);
        }
        refused(&t.of(level).delete(&one_key), 401);
    }
    for (method, path, body, _) in &operations {
        let body = body.as_ref().map(|body| body.to_string().into_bytes());
        refused(&t.anonymous.send(method, path, &[("content-type", "application/json")], body.as_deref()), 401);
    }
    // A key of the API itself is no licence, not even an operator's.
    let operator = tenant.key("platform_admin");
    for reply in [
        operator.get(TENANTS),
        operator.put(TENANTS, &json!({ "name": "n" })),
        operator.patch(&tenant.path(""), &json!({ "tier": "specialized" })),
        operator.delete(&one_key),
    ] {
        refused(&reply, 401);
    }
    refused(&operator.post(TENANTS, &json!({})), 405);
    refused(&t.anonymous.call("DELETE", &one_key, None), 401);
    for caller in [&t.system, &t.service, &t.infra] {
        for (method, path, body, success) in &operations {
            ok(&caller.call(method, path, body.as_ref()), *success);
        }
        ok(&caller.delete(&format!("/caas/qnsp/keys/{}", tenant.key("viewer").key_id)), 200);
    }
}

fn what_is_not_there_is_not_found_and_what_is_no_id_is_refused(t: &Deployment) {
    let key = json!({ "role": "viewer" });
    for (id, status) in [(UNKNOWN, 404), ("7", 400), ("5d3e0d517d604a0e9ad87b5a4d6e0a11", 400)] {
        let path = format!("{TENANTS}/{id}");
        for (method, path, body) in [
            ("PATCH", path.clone(), Some(json!({ "name": "n" }))),
            ("PUT", format!("{path}/keys"), Some(key.clone())),
            ("GET", format!("{path}/keys"), None),
            ("GET", format!("{path}/webhook-secret"), None),
            ("DELETE", format!("/caas/qnsp/keys/{id}"), None),
        ] {
            let reply = t.service.call(method, &path, body.as_ref());
            let message = refused(&reply, status);
            let expected = match (status, method) {
                (404, "DELETE") => "No API key in force with this id",
                (404, _) => "No tenant with this id",
                (_, "DELETE") => "keyId must be a UUID",
                _ => "tenantId must be a UUID",
            };
            assert_eq!(message, expected, "{method} {path}");
            assert_eq!(reply.header("audit-entry"), None, "{method} {path}");
        }
    }
    let left = format!("SELECT count(*) FROM qnsp_keys WHERE tenant_id = '{UNKNOWN}'");
    assert_eq!(database::number(&t.instance, &left), 0);
    // An id is one whatever its case.
    let tenant = Tenant::new(t, &json!({}));
    ok(&t.service.get(&format!("{TENANTS}/{}/keys", tenant.id.to_uppercase())), 200);
}

fn an_id_is_given_to_one_tenant_only(t: &Deployment) {
    let id = chancery_tests::variables::random_uuid();
    let body = |number: usize| json!({ "name": format!("n{number}"), "tenantId": id.to_uppercase() });
    let replies = together(6, |number| t.service.put(TENANTS, &body(number)));
    let (made, others): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.status == 201);
    assert_eq!((made.len(), others.len()), (1, 5));
    for other in others {
        assert_eq!(refused(other, 409), "A tenant with this id exists");
    }
    let made = ok(made[0], 201);
    assert_eq!(made["tenantId"], json!(id));
    assert_eq!(listed(t, &id), made);
    // The data key is that of the one who was first: what it seals opens.
    ok(&t.service.get(&format!("{TENANTS}/{id}/webhook-secret")), 200);
}

fn changes_at_once_lose_nothing_and_a_key_is_revoked_once(t: &Deployment) {
    let tenant = Tenant::new(t, &json!({}));
    let changes = [
        json!({ "name": "b" }),
        json!({ "tier": "enterprise-pro" }),
        json!({ "addOns": ["byohsm"] }),
        json!({ "rateLimitPerMinute": 5 }),
        json!({ "adminEmail": "a@b" }),
        json!({ "suspended": true }),
    ];
    together(changes.len(), |number| ok(&t.service.patch(&tenant.path(""), &changes[number]), 200));
    let left = listed(t, &tenant.id);
    assert!(left["suspendedAt"].is_string(), "{left}");
    for (name, value) in changes.iter().take(5).flat_map(|change| change.as_object().unwrap()) {
        assert_eq!(left[name], *value, "{name}");
    }
    let key = tenant.key("owner");
    let mut statuses = together(4, |_| t.service.delete(&format!("/caas/qnsp/keys/{}", key.key_id)).status);
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 404, 404, 404]);
    let keys = together(4, |_| tenant.key("owner").token.unwrap());
    assert!((1..4).all(|number| !keys[..number].contains(&keys[number])), "a key was given twice");
    assert_eq!(ok(&t.service.get(&tenant.path("/keys")), 200)["keys"].as_array().unwrap().len(), 5);
}

fn what_operators_do_is_in_the_log(t: &Deployment) {
    let tenant = Tenant::new(t, &json!({ "name": "watched", "tier": "dev-pro" }));
    ok(&t.system.patch(&tenant.path(""), &json!({ "suspended": true, "name": "n" })), 200);
    let key = tenant.key_with(&json!({ "role": "owner", "userId": "u" }));
    ok(&t.service.get(&tenant.path("/webhook-secret")), 200);
    ok(&t.service.get(&tenant.path("/keys")), 200);
    refused(&t.app.put(&tenant.path("/keys"), &json!({ "role": "owner" })), 401);
    ok(&t.service.delete(&format!("/caas/qnsp/keys/{}", key.key_id)), 200);

    let log = database::audit(&t.instance);
    let of_tenant: Vec<_> = log.iter().filter(|entry| entry.tenant == tenant.id).collect();
    let told: Vec<_> = of_tenant.iter().map(|entry| (entry.action.as_str(), entry.subject.as_str())).collect();
    let (subject, key_subject) = (format!("tenant/{}", tenant.id), format!("api-key/{}", key.key_id));
    let expected = [
        ("qnsp-tenant.create", subject.as_str()),
        ("qnsp-tenant.update", &subject),
        ("qnsp-key.create", &key_subject),
        ("qnsp-webhook-secret.read", "webhook-secret"),
    ];
    assert_eq!(told[..4], expected);
    let details: Vec<_> = of_tenant.iter().map(|entry| entry.json()["detail"].clone()).collect();
    let facts = [
        json!({ "name": "watched", "tier": "dev-pro" }),
        json!({ "changes": ["name", "suspended"] }),
        json!({ "userId": "u", "roles": ["owner"] }),
        Value::Null,
    ];
    assert_eq!(details[..4], facts);
    let actors = of_tenant.iter().take(4).map(|entry| (&entry.actor, entry.outcome.as_str()));
    let [service, system] = [&t.service, &t.system].map(|caller| (&caller.tag, "done"));
    assert_eq!(actors.collect::<Vec<_>>(), [service, system, service, service]);

    let refusal = (of_tenant[4].action.as_str(), of_tenant[4].subject.as_str(), of_tenant[4].outcome.as_str());
    assert!(matches!(refusal, ("qnsp-key.create", _, "refused")), "{refusal:?}");
    assert_eq!((&of_tenant[4].actor, of_tenant.len()), (&t.app.tag, 5));
    let revoked = log.iter().filter(|entry| entry.action == "qnsp-key.revoke" && entry.subject == key_subject);
    assert_eq!(revoked.map(|entry| entry.tenant.as_str()).collect::<Vec<_>>(), ["platform"]);
}

fn the_tool_makes_and_lists_tenants_and_keys(t: &Deployment) {
    let (folder, name) = (Folder::new(t), unique("acme"));
    let make = ["--json", "qnsp", "tenant", "create", &name, "--tier", "dev-pro", "--add-on", "byohsm"];
    let made = folder.json(&make);
    let id = made["tenantId"].as_str().unwrap();
    assert_eq!((&made["name"], &made["addOns"]), (&json!(name), &json!(["byohsm"])));
    assert_eq!(listed(t, id), made);
    let shown = folder.prints(&["qnsp", "tenant", "update", id, "--suspend", "--no-add-ons"]);
    assert!(shown.contains(&name) && shown.contains("suspendedAt") && !shown.contains("byohsm"), "{shown}");

    let created = folder.run(&["qnsp", "key", "create", "--tenant", id, "--role", "owner", "--name", "mine"], &[]);
    let key = String::from_utf8(created.stdout).unwrap();
    let key = key.strip_suffix('\n').unwrap();
    assert!(key.len() == 49 && key.starts_with("qnsp_pqc_"), "{key}");
    let listed_key = folder.json(&["--json", "qnsp", "key", "list", "--tenant", id])["keys"][0].clone();
    let key_id = listed_key["keyId"].as_str().unwrap();
    assert!(String::from_utf8(created.stderr).unwrap().contains(key_id));
    let table = folder.prints(&["qnsp", "key", "list", "--tenant", id]);
    assert!(table.contains("mine") && table.contains("owner") && !table.contains(key), "{table}");
    assert_eq!(folder.prints(&["qnsp", "key", "revoke", key_id]), format!("revoked {key_id}\n"));
    assert_eq!(folder.run(&["qnsp", "key", "revoke", key_id], &[]).status.code(), Some(1));

    let secret = ok(&t.service.get(&format!("{TENANTS}/{id}/webhook-secret")), 200)["webhookSecret"].clone();
    assert_eq!(folder.prints(&["qnsp", "webhook-secret", "--tenant", id]), format!("{}\n", secret.as_str().unwrap()));
    let stranger = folder.run(&["qnsp", "webhook-secret", "--tenant", id], &[("CHANCERY_LICENSE", &t.basic.secret)]);
    assert_eq!((stranger.status.code(), stranger.stdout.as_slice()), (Some(1), b"".as_slice()));
}

/// A tenant as the list shows it: other cases make tenants too, so it may stand on any page.
#[track_caller]
fn listed(t: &Deployment, id: &str) -> Value {
    let mut path = TENANTS.to_owned();
    loop {
        let page = ok(&t.service.get(&path), 200);
        let tenants = page["tenants"].as_array().unwrap();
        let ids: Vec<_> = tenants.iter().map(|tenant| tenant["tenantId"].as_str().unwrap()).collect();
        assert!(ids.is_sorted() && ids.len() <= 100, "{ids:?}");
        match (tenants.iter().find(|tenant| tenant["tenantId"] == id), page["next"].as_str()) {
            (Some(found), _) => return found.clone(),
            (None, Some(next)) => path = format!("{TENANTS}?after={next}"),
            (None, None) => panic!("{id} is not listed"),
        }
    }
}
