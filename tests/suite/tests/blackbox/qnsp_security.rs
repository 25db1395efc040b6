//! Playbooks of QNSP's security monitoring: how they are made, started by callers and by events, approved, and what
//! their actions do.

use std::time::Duration;

use crypto::hash;
use serde_json::{Value, json};

use crate::{
    answer::{names, ok, time},
    case::{Case, case, together},
    database,
    deployment::Deployment,
    qnsp::{Caller, Cast, Tenant, refuses},
    qnsp_auth::UNKNOWN,
    qnsp_jit::with,
    receiver::{next, nothing, receiver},
};

pub fn cases() -> Vec<Case> {
    vec![
        case(a_playbook_is_created_shown_changed_and_deleted),
        case(playbooks_that_break_a_rule_are_refused),
        case(an_execution_is_accepted_and_carried_out_by_a_read),
        case(blocked_principals_and_isolated_resources_are_denied_until_the_policy_is_deleted),
        case(the_first_failure_ends_an_execution),
        case(nobody_approves_an_execution_of_their_own),
        case(what_stands_before_the_approval_runs_before_it),
        case(a_webhook_is_signed_and_sent_once),
        case(a_webhook_that_is_refused_fails_and_is_not_repeated),
        case(an_event_starts_a_playbook_once),
        case(executions_that_wait_fail_with_their_playbook),
        case(executions_are_listed_newest_first_by_filter_and_page),
        case(each_execution_by_a_caller_is_metered),
    ]
}

const PLAYBOOKS: &str = "/security/v1/playbooks";
const EXECUTE: &str = "/security/v1/playbooks/execute";
const EXECUTIONS: &str = "/security/v1/playbooks/executions";

/// A playbook that starts on nothing.
fn playbook(name: &str, actions: &Value) -> Value {
    json!({ "name": name, "triggerConditions": { "eventTypes": ["none"] }, "actions": actions })
}

#[track_caller]
pub fn create(caller: &Caller, name: &str, actions: &Value) -> String {
    ok(&caller.post(PLAYBOOKS, &playbook(name, actions)), 201)["playbookId"].as_str().unwrap().to_owned()
}

#[track_caller]
pub fn execute(caller: &Caller, playbook: &str, targets: &Value) -> Value {
    let context = json!({ "incidentId": "i-1", "targetResources": targets });
    ok(&caller.post(EXECUTE, &json!({ "playbookId": playbook, "context": context })), 202)
}

/// The execution as a read shows it, which carries it out.
pub fn shown(caller: &Caller, started: &Value) -> Value {
    let list = ok(&caller.get(&format!("{EXECUTIONS}?limit=200")), 200);
    let all = list["executions"].as_array().unwrap();
    all.iter().find(|one| one["executionId"] == started["executionId"]).unwrap().clone()
}

/// What came of the actions of an execution.
pub fn states(execution: &Value) -> Vec<&str> {
    execution["actions"].as_array().unwrap().iter().map(|action| action["status"].as_str().unwrap()).collect()
}

fn a_playbook_is_created_shown_changed_and_deleted(t: &Deployment) {
    let cast = Cast::new(t);
    assert_eq!(ok(&cast.viewer.get(PLAYBOOKS), 200), json!({ "playbooks": [], "total": 0 }));
    let conditions =
        json!({ "eventTypes": ["vault.*"], "severityThreshold": "high", "filters": { "result": "failure" } });
    let body = json!({
        "name": "Leak", "description": "d", "triggerConditions": conditions, "enabled": false,
        "actions": [{ "type": "notify", "parameters": { "to": "a@example.org" }, "requiresApproval": true }],
    });
    let created = ok(&cast.admin.post(PLAYBOOKS, &body), 201);
    assert_eq!((names(&created), &created["name"]), (vec!["createdAt", "name", "playbookId"], &json!("Leak")));
    let path = format!("{PLAYBOOKS}/{}", created["playbookId"].as_str().unwrap());
    let mut expected = with(
        body.clone(),
        &json!({
            "playbookId": created["playbookId"], "createdAt": created["createdAt"], "updatedAt": created["createdAt"],
        }),
    );
    assert_eq!(ok(&cast.viewer.get(&path), 200), expected);
    assert_eq!(ok(&cast.viewer.get(PLAYBOOKS), 200), json!({ "playbooks": [expected], "total": 1 }));
    t.pass(Duration::from_millis(5));
    let change =
        json!({ "enabled": true, "triggerConditions": { "eventTypes": ["kms.*"] }, "actions": [{ "type": "notify" }] });
    let changed = ok(&cast.admin.patch(&path, &change), 200);
    assert!(time(&changed["updatedAt"]) > time(&changed["createdAt"]));
    expected["enabled"] = json!(true);
    expected["triggerConditions"] = json!({ "eventTypes": ["kms.*"], "severityThreshold": "medium", "filters": {} });
    expected["actions"] = json!([{ "type": "notify", "parameters": {}, "requiresApproval": false }]);
    expected["updatedAt"] = changed["updatedAt"].clone();
    assert_eq!(changed, expected);
    // Names are the tenant's own, and stay unique.
    refuses(&cast.admin.post(PLAYBOOKS, &body), 409, &[]);
    create(&cast.foreign, "Leak", &json!([{ "type": "notify" }]));
    create(&cast.admin, "Other", &json!([{ "type": "notify" }]));
    refuses(&cast.admin.patch(&path, &json!({ "name": "Other" })), 409, &[]);
    for (method, caller) in [("GET", &cast.foreign), ("PATCH", &cast.foreign), ("DELETE", &cast.foreign)] {
        refuses(&caller.call(method, &path, Some(&json!({ "enabled": true })).filter(|_| method == "PATCH")), 404, &[]);
    }
    ok(&cast.admin.delete(&path), 204);
    refuses(&cast.viewer.get(&path), 404, &[]);
    refuses(&cast.admin.delete(&path), 404, &[]);
    assert_eq!(ok(&cast.viewer.get(&format!("{PLAYBOOKS}?limit=1")), 200)["total"], 1);
}

fn playbooks_that_break_a_rule_are_refused(t: &Deployment) {
    let admin = Tenant::new(t, &json!({ "tier": "business-team" })).key("admin");
    refuses(&admin.post(PLAYBOOKS, &json!({})), 400, &["actions", "name", "triggerConditions"]);
    let notify = json!([{ "type": "notify" }]);
    let many: Vec<_> = (0..21).map(|_| json!({ "type": "notify" })).collect();
    for (more, place) in [
        (json!({ "name": "n".repeat(129) }), "name"),
        (json!({ "triggerConditions": {} }), "triggerConditions.eventTypes"),
        (json!({ "triggerConditions": { "eventTypes": [] } }), "triggerConditions.eventTypes"),
        (
            json!({ "triggerConditions": { "eventTypes": ["*"], "severityThreshold": "dreadful" } }),
            "triggerConditions.severityThreshold",
        ),
        (json!({ "triggerConditions": { "eventTypes": ["*"], "filters": [] } }), "triggerConditions.filters"),
        (json!({ "actions": [] }), "actions"),
        (json!({ "actions": many }), "actions"),
        (json!({ "actions": [{ "type": "notify" }, { "type": "explode" }] }), "actions[1].type"),
        (json!({ "actions": [{ "type": "notify", "requiresApproval": 1 }] }), "actions[0].requiresApproval"),
        (json!({ "enabled": "yes" }), "enabled"),
    ] {
        refuses(&admin.post(PLAYBOOKS, &with(playbook("p", &notify), &more)), 400, &[place]);
    }
    let webhook = |parameters: Value| json!([{ "type": "notify" }, { "type": "webhook", "parameters": parameters }]);
    for parameters in [
        json!({}),
        json!({ "url": 7 }),
        json!({ "url": "nowhere" }),
        json!({ "url": "http://hooks.example.com/" }),
        json!({ "url": "https://10.0.0.1/" }),
        json!({ "url": "https://user:secret@hooks.example.com/" }),
    ] {
        let places = ["actions[1].parameters.url"];
        refuses(&admin.post(PLAYBOOKS, &playbook("p", &webhook(parameters.clone()))), 422, &places);
        let made = create(&admin, "good", &notify);
        let path = format!("{PLAYBOOKS}/{made}");
        refuses(&admin.patch(&path, &json!({ "actions": webhook(parameters) })), 422, &places);
        ok(&admin.delete(&path), 204);
    }
    let path = format!("{PLAYBOOKS}/{}", create(&admin, "good", &notify));
    refuses(&admin.patch(&path, &json!({})), 400, &[""]);
    refuses(&admin.patch(&path, &json!({ "actions": [] })), 400, &["actions"]);
    refuses(&admin.patch(&format!("{PLAYBOOKS}/{UNKNOWN}"), &json!({ "enabled": true })), 404, &[]);
    for method in ["GET", "DELETE"] {
        refuses(&admin.call(method, &format!("{PLAYBOOKS}/x"), None), 400, &["playbookId"]);
    }
    refuses(&admin.get(&format!("{PLAYBOOKS}?limit=x")), 400, &["limit"]);
    for (body, places) in [
        (json!({}), vec!["playbookId"]),
        (json!({ "playbookId": "x" }), vec!["playbookId"]),
        (json!({ "playbookId": UNKNOWN, "context": { "targetResources": [""] } }), vec!["context.targetResources[0]"]),
        (json!({ "playbookId": UNKNOWN, "context": { "incidentId": "" } }), vec!["context.incidentId"]),
    ] {
        refuses(&admin.post(EXECUTE, &body), 400, &places);
    }
}

fn an_execution_is_accepted_and_carried_out_by_a_read(t: &Deployment) {
    let cast = Cast::new(t);
    let id = create(
        &cast.admin,
        "p",
        &json!([{ "type": "notify" }, { "type": "notify", "parameters": { "to": "a@example.org" } }]),
    );
    let started = execute(&cast.developer, &id, &json!(["user:7"]));
    let expected =
        json!({ "executionId": started["executionId"], "status": "running", "startedAt": started["startedAt"] });
    assert_eq!(started, expected);
    let done = shown(&cast.viewer, &started);
    let expected = json!({
        "executionId": started["executionId"], "playbookId": id, "status": "completed",
        "context": { "incidentId": "i-1", "targetResources": ["user:7"] }, "startedAt": started["startedAt"],
        "completedAt": done["completedAt"],
        "actions": [{ "type": "notify", "status": "success" }, { "type": "notify", "status": "success" }],
    });
    assert_eq!(done, expected);
    assert!(time(&done["completedAt"]) >= time(&done["startedAt"]));
    assert_eq!(shown(&cast.viewer, &started), done, "once");
    let entries = database::audit(&t.instance);
    let events: Vec<_> = entries
        .iter()
        .filter(|entry| entry.tenant == cast.tenant.id && entry.actor == "system")
        .map(|entry| entry.action.as_str())
        .collect();
    assert_eq!(events, ["security.playbook.notified", "security.playbook.run"]);
    let mails = "SELECT count(*) FROM portal_mail WHERE kind = 'security-playbook' AND recipient = 'a@example.org'";
    assert_eq!(database::number(&t.instance, mails), 1);
    // Several reads at once carry it out once.
    let again = execute(&cast.developer, &id, &json!([]));
    together(4, |_| cast.viewer.get(EXECUTIONS));
    assert_eq!(shown(&cast.viewer, &again)["status"], "completed");
    assert_eq!(database::number(&t.instance, mails), 2);
    // Without a context, and what is not there or disabled.
    ok(&cast.developer.post(EXECUTE, &json!({ "playbookId": id })), 202);
    refuses(&cast.developer.post(EXECUTE, &json!({ "playbookId": UNKNOWN })), 404, &[]);
    refuses(&cast.foreign.post(EXECUTE, &json!({ "playbookId": id })), 404, &[]);
    ok(&cast.admin.patch(&format!("{PLAYBOOKS}/{id}"), &json!({ "enabled": false })), 200);
    refuses(&cast.developer.post(EXECUTE, &json!({ "playbookId": id })), 409, &[]);
}

/// Whether a user may read a document, as a simulation says.
fn simulated(caller: &Caller, user: &str, document: &str) -> Value {
    let question = json!({
        "principal": { "type": "user", "id": user }, "resource": { "type": "doc", "id": document }, "action": "read",
    });
    ok(&caller.post("/access/v1/simulate", &question), 200)["decision"].clone()
}

fn blocked_principals_and_isolated_resources_are_denied_until_the_policy_is_deleted(t: &Deployment) {
    let cast = Cast::new(t);
    let allow = json!({ "name": "all", "statement": { "effect": "allow", "resources": ["*"], "actions": ["*"] } });
    ok(&cast.admin.post("/access/v1/policies", &allow), 201);
    let id = create(&cast.admin, "p", &json!([{ "type": "block" }, { "type": "isolate" }]));
    let started = execute(&cast.developer, &id, &json!(["user:eve", "user:mallory", "doc/secret"]));
    assert_eq!(simulated(&cast.viewer, "eve", "open"), "allow", "nothing has been carried out yet");
    assert_eq!(states(&shown(&cast.viewer, &started)), ["success", "success"]);
    for (user, document, decision) in
        [("eve", "open", "deny"), ("mallory", "open", "deny"), ("alice", "open", "allow"), ("alice", "secret", "deny")]
    {
        assert_eq!(simulated(&cast.viewer, user, document), decision, "{user} {document}");
    }
    let policies = ok(&cast.viewer.get(&format!("/access/v1/tenants/{}/policies", cast.tenant.id)), 200);
    let made: Vec<_> = policies["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|policy| policy["name"].as_str().unwrap().starts_with("playbook:"))
        .map(|policy| (policy["name"].as_str().unwrap().to_owned(), policy["policyId"].as_str().unwrap().to_owned()))
        .collect();
    let execution = started["executionId"].as_str().unwrap();
    let expected = [format!("playbook:{execution}"), format!("playbook:{execution}:1")];
    assert_eq!(made.iter().map(|(name, _)| name.clone()).collect::<std::collections::BTreeSet<_>>(), expected.into());
    let quota = |caller: &Caller| {
        let quotas = ok(&caller.get("/tenant/v1/quotas/current"), 200);
        let all = quotas["quotas"].as_array().unwrap();
        all.iter().find(|quota| quota["quotaType"] == "policies").unwrap()["used"].clone()
    };
    assert_eq!(quota(&cast.viewer), 3);
    for (_, policy) in made {
        ok(&cast.admin.delete(&format!("/access/v1/policies/{policy}")), 204);
    }
    assert_eq!((simulated(&cast.viewer, "eve", "open"), quota(&cast.viewer)), (json!("allow"), json!(1)));
}

fn the_first_failure_ends_an_execution(t: &Deployment) {
    let cast = Cast::new(t);
    for (action, targets, error) in [
        (json!({ "type": "block" }), json!([]), "no target is a principal type:id"),
        (json!({ "type": "block" }), json!(["doc/secret"]), "no target is a principal type:id"),
        (json!({ "type": "isolate" }), json!(["user:eve"]), "no target is a resource type/id"),
        (json!({ "type": "rotate" }), json!([]), "parameters.secretId or parameters.keyId is required"),
        (json!({ "type": "rotate", "parameters": { "keyId": UNKNOWN } }), json!([]), "no such key"),
        (json!({ "type": "rotate", "parameters": { "secretId": UNKNOWN } }), json!([]), "no such secret"),
        (
            json!({ "type": "notify", "parameters": { "to": "nobody" } }),
            json!([]),
            "parameters.to is no e-mail address",
        ),
    ] {
        let actions = json!([{ "type": "notify" }, action, { "type": "notify" }]);
        let id = create(&cast.admin, error, &actions);
        let ended = shown(&cast.viewer, &execute(&cast.developer, &id, &targets));
        assert_eq!((&ended["status"], states(&ended)), (&json!("failed"), vec!["success", "failed", "skipped"]));
        assert_eq!(ended["actions"][1]["error"], error);
        assert!(ended["completedAt"].is_string());
        ok(&cast.admin.delete(&format!("{PLAYBOOKS}/{id}")), 204);
    }
}

fn approve(caller: &Caller, started: &Value) -> chancery::client::Reply {
    caller.post(&format!("{EXECUTIONS}/{}/approve", started["executionId"].as_str().unwrap()), &json!({}))
}

fn nobody_approves_an_execution_of_their_own(t: &Deployment) {
    let cast = Cast::new(t);
    let id = create(&cast.admin, "p", &json!([{ "type": "block", "requiresApproval": true }]));
    let started = execute(&cast.admin, &id, &json!(["user:eve"]));
    assert_eq!(started["status"], "pending_approval");
    refuses(&approve(&cast.admin, &started), 403, &["reason"]);
    let same = cast.tenant.jwt(&json!({ "roles": ["owner"], "user_id": cast.admin.user.to_uppercase() }));
    refuses(&approve(&same, &started), 403, &["reason"]);
    refuses(&approve(&cast.developer, &started), 403, &["actual", "required"]);
    refuses(&approve(&cast.foreign, &started), 404, &[]);
    refuses(&approve(&cast.owner, &json!({ "executionId": UNKNOWN })), 404, &[]);
    refuses(&approve(&cast.owner, &json!({ "executionId": "x" })), 400, &["executionId"]);
    let waiting = shown(&cast.viewer, &started);
    assert_eq!((&waiting["status"], states(&waiting)), (&json!("pending_approval"), vec!["pending"]));
    assert_eq!(waiting["completedAt"], Value::Null);
    let approved = ok(&approve(&cast.owner, &started), 200);
    assert_eq!(approved, json!({ "executionId": started["executionId"], "status": "running" }));
    refuses(&approve(&cast.owner, &started), 409, &[]);
    let done = shown(&cast.viewer, &started);
    assert_eq!((&done["status"], states(&done)), (&json!("completed"), vec!["success"]));
}

fn what_stands_before_the_approval_runs_before_it(t: &Deployment) {
    let cast = Cast::new(t);
    let id = create(
        &cast.admin,
        "p",
        &json!([
            { "type": "notify" }, { "type": "block", "requiresApproval": true }, { "type": "isolate", "requiresApproval": true },
        ]),
    );
    let started = execute(&cast.developer, &id, &json!(["user:eve", "doc/1"]));
    let waiting = shown(&cast.viewer, &started);
    assert_eq!(
        (&waiting["status"], states(&waiting)),
        (&json!("pending_approval"), vec!["success", "pending", "pending"])
    );
    ok(&approve(&cast.admin, &started), 200);
    assert_eq!(
        states(&shown(&cast.viewer, &started)),
        ["success", "success", "success"],
        "one approval covers the rest"
    );
}

fn a_webhook_is_signed_and_sent_once(t: &Deployment) {
    let cast = Cast::new(t);
    let (url, taken) = receiver(&[200]);
    let id =
        create(&cast.admin, "p", &json!([{ "type": "webhook", "parameters": { "url": url } }, { "type": "notify" }]));
    let started = execute(&cast.developer, &id, &json!(["user:7"]));
    let done = shown(&cast.viewer, &started);
    assert_eq!((&done["status"], states(&done)), (&json!("completed"), vec!["success", "success"]));
    let (signature, body) = next(&taken);
    let expected = json!({
        "executionId": started["executionId"], "playbookId": id,
        "context": { "incidentId": "i-1", "targetResources": ["user:7"] },
    });
    assert_eq!(serde_json::from_slice::<Value>(&body).unwrap(), expected);
    let secret = ok(&t.service.get(&cast.tenant.path("/webhook-secret")), 200);
    let secret = secret["webhookSecret"].as_str().unwrap();
    assert_eq!(signature, format!("sha256={}", hash::hex(&hash::hmac_sha256(secret.as_bytes(), &[&body]))));
    shown(&cast.viewer, &started);
    // Reads at once send it once.
    execute(&cast.developer, &id, &json!([]));
    together(4, |_| cast.viewer.get(EXECUTIONS));
    next(&taken);
    nothing(&taken);
}

fn a_webhook_that_is_refused_fails_and_is_not_repeated(t: &Deployment) {
    let cast = Cast::new(t);
    let (url, taken) = receiver(&[500, 302, 200]);
    for _ in 0..2 {
        let id = create(
            &cast.admin,
            "p",
            &json!([{ "type": "webhook", "parameters": { "url": url } }, { "type": "notify" }]),
        );
        let ended = shown(&cast.viewer, &execute(&cast.developer, &id, &json!([])));
        assert_eq!((&ended["status"], states(&ended)), (&json!("failed"), vec!["failed", "skipped"]));
        assert_eq!(ended["actions"][0]["error"], "the webhook was refused");
        next(&taken);
        ok(&cast.admin.delete(&format!("{PLAYBOOKS}/{id}")), 204);
    }
    cast.viewer.get(EXECUTIONS);
    nothing(&taken);
    let nobody = json!([{ "type": "webhook", "parameters": { "url": "http://127.0.0.1:1/" } }]);
    let id = create(&cast.admin, "nobody", &nobody);
    let ended = shown(&cast.viewer, &execute(&cast.developer, &id, &json!([])));
    assert_eq!(ended["actions"][0]["error"], "the webhook gave no answer");
}

fn an_event_starts_a_playbook_once(t: &Deployment) {
    let cast = Cast::new(t);
    let record = |count: i64, severity: &str| {
        let event = json!({ "eventType": "orders.deleted", "severity": severity, "payload": { "count": count } });
        ok(&cast.developer.post("/audit/v1/events", &event), 201)
    };
    record(7, "high");
    let conditions =
        json!({ "eventTypes": ["orders.*"], "severityThreshold": "high", "filters": { "payload.count": 7 } });
    let body = json!({ "name": "p", "triggerConditions": conditions, "actions": [{ "type": "notify" }] });
    let id = ok(&cast.admin.post(PLAYBOOKS, &body), 201)["playbookId"].clone();
    let executions = || ok(&cast.viewer.get(&format!("{EXECUTIONS}?playbookId={}", id.as_str().unwrap())), 200);
    assert_eq!(executions()["total"], 0, "what happened before does not count");
    record(7, "medium");
    record(8, "high");
    let event = record(7, "high");
    together(4, |_| executions());
    let list = executions();
    assert_eq!(list["total"], 1);
    let started = &list["executions"][0];
    let event_id = &event["eventIds"][0];
    assert_eq!(started["context"], json!({ "incidentId": event_id, "targetResources": [] }));
    assert_eq!(started["status"], "completed");
    // What happens while it is disabled is not made up for.
    let path = format!("{PLAYBOOKS}/{}", id.as_str().unwrap());
    ok(&cast.admin.patch(&path, &json!({ "enabled": false })), 200);
    record(7, "high");
    assert_eq!(executions()["total"], 1);
    ok(&cast.admin.patch(&path, &json!({ "enabled": true })), 200);
    assert_eq!(executions()["total"], 1);
    record(7, "critical");
    assert_eq!(executions()["total"], 2);
    let metered = format!("SELECT count(*) FROM qnsp_meters WHERE tenant_id = '{}'", cast.tenant.id);
    assert_eq!(database::number(&t.instance, &metered), 0, "such executions are not metered");
}

fn executions_that_wait_fail_with_their_playbook(t: &Deployment) {
    let cast = Cast::new(t);
    let id = create(&cast.admin, "p", &json!([{ "type": "notify", "requiresApproval": true }]));
    let started = execute(&cast.developer, &id, &json!([]));
    ok(&cast.admin.delete(&format!("{PLAYBOOKS}/{id}")), 204);
    let ended = shown(&cast.viewer, &started);
    assert_eq!((&ended["status"], states(&ended)), (&json!("failed"), vec!["skipped"]));
    refuses(&approve(&cast.admin, &started), 409, &[]);
}

fn executions_are_listed_newest_first_by_filter_and_page(t: &Deployment) {
    let cast = Cast::new(t);
    let open = create(&cast.admin, "open", &json!([{ "type": "notify" }]));
    let closed = create(&cast.admin, "closed", &json!([{ "type": "notify", "requiresApproval": true }]));
    let failing = create(&cast.admin, "failing", &json!([{ "type": "rotate" }]));
    let started: Vec<_> = [&open, &closed, &failing, &open]
        .iter()
        .map(|id| {
            t.pass(Duration::from_millis(5));
            execute(&cast.developer, id, &json!([]))["executionId"].clone()
        })
        .collect();
    for (query, expected, total) in [
        (String::new(), vec![3, 2, 1, 0], 4),
        ("limit=2&offset=1".to_owned(), vec![2, 1], 4),
        ("status=completed".to_owned(), vec![3, 0], 2),
        ("status=failed".to_owned(), vec![2], 1),
        ("status=pending_approval".to_owned(), vec![1], 1),
        ("status=running".to_owned(), vec![], 0),
        (format!("playbookId={open}"), vec![3, 0], 2),
        (format!("playbookId={open}&status=failed"), vec![], 0),
    ] {
        let list = ok(&cast.viewer.get(&format!("{EXECUTIONS}?{query}")), 200);
        let ids: Vec<_> = list["executions"].as_array().unwrap().iter().map(|one| one["executionId"].clone()).collect();
        let expected: Vec<_> = expected.iter().map(|index: &usize| started[*index].clone()).collect();
        assert_eq!((ids, &list["total"]), (expected, &json!(total)), "{query}");
    }
    assert_eq!(ok(&cast.foreign.get(EXECUTIONS), 200), json!({ "executions": [], "total": 0 }));
    for (query, place) in [("status=open", "status"), ("playbookId=x", "playbookId"), ("offset=x", "offset")] {
        refuses(&cast.viewer.get(&format!("{EXECUTIONS}?{query}")), 400, &[place]);
    }
}

fn each_execution_by_a_caller_is_metered(t: &Deployment) {
    let tenant = Tenant::new(t, &json!({ "tier": "business-team" }));
    let (admin, developer) = (tenant.key("admin"), tenant.key("developer"));
    let id = create(&admin, "p", &json!([{ "type": "notify" }]));
    let body = json!({ "playbookId": id }).to_string();
    let once = || developer.send("POST", EXECUTE, &[("idempotency-key", "once")], Some(body.as_bytes()));
    assert_eq!(ok(&once(), 202), ok(&once(), 202));
    refuses(&developer.post(EXECUTE, &json!({ "playbookId": UNKNOWN })), 404, &[]);
    let metered = format!("SELECT group_concat(operation) FROM qnsp_meters WHERE tenant_id = '{}'", tenant.id);
    assert_eq!(database::text(&t.instance, &metered), "security.playbook_execute");
    assert_eq!(ok(&developer.get(EXECUTIONS), 200)["total"], 1);
}
