//! Retention of QNSP's events: policies, and what a cleanup erases, which the audit log still proves.

use std::fs;

use chancery::client::Reply;
use serde_json::{Value, json};

use crate::{
    answer::ok,
    case::{Case, case},
    database,
    deployment::Deployment,
    qnsp::{Caller, Tenant, refuses},
    tool::Folder,
};

pub fn cases() -> Vec<Case> {
    vec![
        case(policies_are_made_listed_changed_and_deleted),
        case(what_is_no_policy_is_refused),
        case(a_cleanup_erases_what_its_policy_selects_and_nothing_else),
        case(every_checkpoint_and_proof_outlives_a_cleanup),
        case(archived_events_are_listed_under_their_label),
        case(retention_is_for_administrators_of_tiers_that_have_it),
    ]
}

const EVENTS: &str = "/audit/v1/events";
const POLICIES: &str = "/audit/v1/retention/policies";
const CLEANUP: &str = "/audit/v1/retention/cleanup";
const PREVIEW: &str = "/audit/v1/retention/preview";
const METRICS: &str = "/audit/v1/retention/metrics";
const UNKNOWN: &str = "5d3e0d51-7d60-4a0e-9ad8-7b5a4d6e0a11";

fn tenant(t: &Deployment) -> Tenant<'_> {
    Tenant::new(t, &json!({ "tier": "dev-pro" }))
}

#[track_caller]
fn policy(admin: &Caller, policy: &Value) -> String {
    ok(&admin.post(POLICIES, policy), 201)["policyId"].as_str().unwrap().to_owned()
}

#[track_caller]
fn clean_up(admin: &Caller, policy: &str) -> Value {
    ok(&admin.post(CLEANUP, &json!({ "policyId": policy })), 200)
}

/// Records events that happened long ago.
#[track_caller]
fn record(caller: &Caller, types: &[&str]) {
    let old = |event_type: &&str| json!({ "eventType": event_type, "payload": { "who": "forgotten" }, "timestamp": "2020-01-02T03:04:05Z" });
    ok(&caller.post(EVENTS, &json!({ "events": types.iter().map(old).collect::<Vec<_>>() })), 201);
}

#[track_caller]
fn types(caller: &Caller, query: &str) -> Vec<String> {
    let items = ok(&caller.get(&format!("{EVENTS}?limit=200&{query}")), 200)["items"].clone();
    items.as_array().unwrap().iter().map(|event| event["eventType"].as_str().unwrap().to_owned()).collect()
}

fn policies_are_made_listed_changed_and_deleted(t: &Deployment) {
    let tenant = tenant(t);
    let admin = tenant.key("admin");
    let full = json!({
        "name": "short", "retentionPeriod": "P30D", "scope": { "eventTypes": ["a.*"], "services": ["ai-orchestrator"] },
        "archiveConfig": { "enabled": true, "destination": "cold" },
    });
    let made = ok(&admin.post(POLICIES, &full), 201);
    let short = made["policyId"].as_str().unwrap();
    assert_eq!(made["name"], "short");
    // The path of the first catalogue leads here, too.
    let long = ok(&admin.post("/v1/retention/policies", &json!({ "name": "long", "retentionPeriod": "P1Y" })), 201);
    let listed = ok(&admin.get(POLICIES), 200);
    assert_eq!(listed["total"], 2);
    let shown = &listed["policies"][0];
    assert_eq!((&shown["policyId"], &shown["createdAt"]), (&made["policyId"], &made["createdAt"]));
    for member in ["name", "retentionPeriod", "scope", "archiveConfig"] {
        assert_eq!(shown[member], full[member], "{member}");
    }
    let plain = &listed["policies"][1];
    assert_eq!(plain["scope"], json!({ "eventTypes": [], "services": [] }));
    assert_eq!(plain["archiveConfig"], json!({ "enabled": false, "destination": "" }));
    let second = ok(&admin.get(&format!("{POLICIES}?limit=1&offset=1")), 200);
    assert_eq!((&second["policies"][0]["name"], &second["total"]), (&json!("long"), &json!(2)));

    let at = format!("{POLICIES}/{short}");
    let changed = ok(&admin.patch(&at, &json!({ "retentionPeriod": "P2W", "scope": { "services": ["kms"] } })), 200);
    assert_eq!(changed["policyId"], short);
    let shown = ok(&admin.get(POLICIES), 200)["policies"][0].clone();
    assert_eq!((&shown["name"], &shown["retentionPeriod"]), (&json!("short"), &json!("P2W")));
    assert_eq!(shown["scope"], json!({ "eventTypes": [], "services": ["kms"] }));
    assert_eq!(shown["archiveConfig"], full["archiveConfig"]);
    assert_eq!(shown["updatedAt"], changed["updatedAt"]);
    ok(&admin.patch(&at, &json!({ "archiveConfig": {}, "name": "short" })), 200);
    let shown = ok(&admin.get(POLICIES), 200)["policies"][0].clone();
    assert_eq!(shown["archiveConfig"], json!({ "enabled": false, "destination": "" }));

    for taken in [
        admin.post(POLICIES, &json!({ "name": "long", "retentionPeriod": "P1D" })),
        admin.patch(&at, &json!({ "name": "long" })),
    ] {
        assert_eq!(ok(&taken, 409)["error"], "CONFLICT");
    }
    assert_eq!(admin.delete(&at).status, 204);
    assert_eq!(ok(&admin.get(POLICIES), 200)["total"], 1);
    let foreign = self::tenant(t).key("owner");
    let other = format!("{POLICIES}/{}", long["policyId"].as_str().unwrap());
    for missing in [
        admin.delete(&at),
        admin.patch(&at, &json!({ "name": "n" })),
        foreign.delete(&other),
        foreign.patch(&other, &json!({ "name": "n" })),
        foreign.post(CLEANUP, &json!({ "policyId": long["policyId"] })),
        foreign.post(PREVIEW, &json!({ "policyId": long["policyId"] })),
        admin.post(CLEANUP, &json!({ "policyId": UNKNOWN, "dryRun": true })),
    ] {
        assert_eq!(ok(&missing, 404)["error"], "NOT_FOUND");
    }
}

fn what_is_no_policy_is_refused(t: &Deployment) {
    let admin = tenant(t).key("admin");
    let made = policy(&admin, &json!({ "name": "n", "retentionPeriod": "P1D" }));
    let at = format!("{POLICIES}/{made}");
    for (body, status, field) in [
        (json!({ "retentionPeriod": "P1D" }), 400, "name"),
        (json!({ "name": "x" }), 400, "retentionPeriod"),
        (json!({ "name": "", "retentionPeriod": "P1D" }), 400, "name"),
        (json!({ "name": "x", "retentionPeriod": "a month" }), 400, "retentionPeriod"),
        (json!({ "name": "x", "retentionPeriod": "PT23H59M" }), 422, "retentionPeriod"),
        (json!({ "name": "x", "retentionPeriod": "P1D", "scope": { "services": [7] } }), 400, "scope.services[0]"),
        (
            json!({ "name": "x", "retentionPeriod": "P1D", "scope": { "eventTypes": vec!["a"; 1001] } }),
            400,
            "scope.eventTypes",
        ),
        (
            json!({ "name": "x", "retentionPeriod": "P1D", "archiveConfig": { "enabled": true } }),
            422,
            "archiveConfig.destination",
        ),
    ] {
        let refused = ok(&admin.post(POLICIES, &body), status);
        assert!(refused["details"][field].is_string(), "{field}: {refused}");
        if body.get("name").is_some() && body.get("retentionPeriod").is_some() {
            assert_eq!(admin.patch(&at, &body).status, status, "{body}");
        }
    }
    assert_eq!(admin.patch(&at, &json!({})).status, 400);
    assert_eq!(admin.patch(&at, &json!({ "name": null })).status, 400);
    for path in [CLEANUP, PREVIEW] {
        for body in [json!({}), json!({ "policyId": "x" })] {
            assert!(ok(&admin.post(path, &body), 400)["details"]["policyId"].is_string());
        }
    }
    assert!(
        ok(&admin.post(CLEANUP, &json!({ "policyId": made, "dryRun": "yes" })), 400)["details"]["dryRun"].is_string()
    );
    assert_eq!(admin.delete(&format!("{POLICIES}/x")).status, 400);
    refuses(&admin.get(&format!("{POLICIES}?limit=many")), 400, &["limit"]);
}

fn a_cleanup_erases_what_its_policy_selects_and_nothing_else(t: &Deployment) {
    let tenant = tenant(t);
    let (admin, viewer) = (tenant.key("admin"), tenant.key("viewer"));
    record(&admin, &["orders.created", "orders.deleted", "parcel.created", "ordersx"]);
    ok(&admin.post(EVENTS, &json!({ "eventType": "orders.new", "payload": {} })), 201);
    let before = ok(&viewer.get(METRICS), 200);
    assert_eq!(
        (&before["totalEvents"], &before["byAge"]["older"], &before["byAge"]["last7Days"]),
        (&json!(5), &json!(4), &json!(1))
    );
    let scope = json!({ "eventTypes": ["*.created", "*.new", "orders*"], "services": ["orders"] });
    let id = policy(&admin, &json!({ "name": "orders", "retentionPeriod": "P365D", "scope": scope }));
    let preview = ok(&viewer.post(PREVIEW, &json!({ "policyId": id })), 200);
    let old = "2020-01-02T03:04:05.000Z";
    assert_eq!((&preview["policyId"], &preview["eventsAffected"]), (&json!(id), &json!(2)));
    assert_eq!((&preview["oldestEventDate"], &preview["newestEventDate"]), (&json!(old), &json!(old)));
    let dry = ok(&admin.post(CLEANUP, &json!({ "policyId": id, "dryRun": true })), 200);
    assert_eq!(
        (&dry["eventsProcessed"], &dry["eventsDeleted"], &dry["eventsArchived"], &dry["dryRun"]),
        (&json!(2), &json!(0), &json!(0), &json!(true))
    );
    let metered = || {
        let select = format!(
            "SELECT count(*) FROM qnsp_meters WHERE tenant_id = '{}' AND operation = 'audit.retention_cleanup'",
            tenant.id
        );
        database::number(&t.instance, &select)
    };
    assert_eq!((metered(), types(&viewer, "eventType=orders*").len()), (0, 4));
    let real = clean_up(&admin, &id);
    assert_eq!(
        (&real["eventsProcessed"], &real["eventsDeleted"], &real["dryRun"]),
        (&json!(2), &json!(2), &json!(false))
    );
    assert_eq!(real["executionId"].as_str().unwrap().len(), 36);
    let again = clean_up(&admin, &id);
    assert_eq!((&again["eventsProcessed"], &again["eventsDeleted"], metered()), (&json!(0), &json!(0), 2));
    let cleanups = types(&viewer, "eventType=audit.retention.cleanup");
    assert_eq!(cleanups.len(), 3);
    assert_eq!(types(&viewer, &format!("resourceId={id}")), cleanups);
    let left: Vec<_> = types(&viewer, "").into_iter().filter(|it| !it.starts_with("audit.")).collect();
    assert_eq!(left, ["orders.new", "ordersx", "parcel.created"]);
    assert_eq!(types(&viewer, &format!("actorId={}&eventType=orders*", admin.user)), ["orders.new", "ordersx"]);
    let after = ok(&viewer.get(METRICS), 200);
    assert_eq!((&after["totalEvents"], &after["byAge"]["older"]), (&json!(3 + 3), &json!(2)));
    assert_eq!(after["retentionSavings"], json!({ "eventsDeleted": 2, "bytesReclaimed": preview["sizeBytes"] }));
    let empty = ok(&viewer.post(PREVIEW, &json!({ "policyId": id })), 200);
    let nothing = json!({ "policyId": id, "eventsAffected": 0, "oldestEventDate": null, "newestEventDate": null, "sizeBytes": 0 });
    assert_eq!(empty, nothing);
    // Nothing of them is left in the log, as it is read by those who run it.
    let log = ok(&t.system.get(&format!("/caas/audit/{}/entries?limit=1000", tenant.id)), 200);
    assert!(!log.to_string().contains("orders.created") && log.to_string().contains("parcel.created"));
    assert!(log["entries"].as_array().unwrap().iter().all(Value::is_object));
}

fn every_checkpoint_and_proof_outlives_a_cleanup(t: &Deployment) {
    let tenant = tenant(t);
    let admin = tenant.key("admin");
    // More than the 256 entries of a subtree that is stored, so that a part is computed of erased entries again.
    for _ in 0..3 {
        record(&admin, &["orders.created"; 100]);
    }
    let first = ok(&admin.get(&format!("{EVENTS}?eventType=orders.created&limit=1")), 200)["items"][0].clone();
    let folder = Folder::new(t);
    let of = ["--tenant", tenant.id.as_str()];
    let kept = folder.prints(&["audit", "checkpoint", of[0], of[1]]);
    let kept_file = folder.file("kept.json", &kept);
    let id = policy(&admin, &json!({ "name": "all", "retentionPeriod": "P365D" }));
    assert_eq!(clean_up(&admin, &id)["eventsDeleted"], 300);
    let export = folder.prints(&["audit", "export", of[0], of[1]]);
    assert!(!export.contains("orders.created") && !export.contains("forgotten"));
    let key = folder.prints(&["audit", "key"]);
    let file = folder.file("export", &export);
    let verify = ["audit", "verify", file.as_str(), "--key", key.trim(), "--previous", kept_file.as_str()];
    let printed = folder.prints(&verify);
    assert!(printed.contains("all of them signed") && printed.contains("the text of 300 was erased"), "{printed}");
    // So is the copy for public verifiers.
    let copied = folder.json(&["audit", "mirror", of[0], of[1], "copy", "--json"]);
    assert_eq!(copied["tilesWithoutEntries"], 2);
    // An erased entry is proved by the hash that was shown before.
    let size = serde_json::from_str::<Value>(&kept).unwrap()["treeSize"].clone();
    let path = format!("/caas/audit/{}/proof/inclusion?index={}&size={size}", tenant.id, first["sequence"]);
    let proof = ok(&t.system.get(&path), 200);
    assert_eq!(proof["leafHash"], first["hash"]);
    assert_eq!(proof["rootHash"], serde_json::from_str::<Value>(&kept).unwrap()["rootHash"]);
    // Whoever puts another leaf in the place of an erased one is found out.
    let line = export.lines().find(|line| line.contains(first["hash"].as_str().unwrap())).unwrap();
    let forged = line.replace(first["hash"].as_str().unwrap(), &"0".repeat(64));
    fs::write(&file, export.replace(line, &forged)).unwrap();
    let output = folder.run(&verify, &[]);
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{errors}");
    assert!(errors.contains("signs another tree"), "{errors}");
}

fn archived_events_are_listed_under_their_label(t: &Deployment) {
    let tenant = tenant(t);
    let (admin, viewer) = (tenant.key("admin"), tenant.key("viewer"));
    record(&admin, &["orders.created", "orders.deleted", "parcel.created"]);
    let shown = |query: &str| ok(&viewer.get(&format!("{EVENTS}?{query}")), 200)["items"].clone();
    let before = shown("eventType=*");
    let config = json!({ "enabled": true, "destination": "cold" });
    let id = policy(&admin, &json!({ "name": "cold", "retentionPeriod": "P1Y", "archiveConfig": config }));
    let done = clean_up(&admin, &id);
    assert_eq!((&done["eventsDeleted"], &done["eventsArchived"]), (&json!(3), &json!(3)));
    assert_eq!(shown("archive=cold"), before, "an archived event is shown as it was, with its hash");
    assert_eq!(types(&viewer, "eventType=orders*"), Vec::<String>::new());
    assert_eq!(types(&viewer, "archive=warm"), Vec::<String>::new());
    for (query, expected) in [
        ("eventType=orders.*", vec!["orders.deleted", "orders.created"]),
        ("result=failure", vec![]),
        (
            "severity=info&until=2020-01-02T03:04:05.001Z&since=2020-01-02T03:04:05Z&eventType=p*",
            vec!["parcel.created"],
        ),
        ("since=2020-01-02T03:04:06Z", vec![]),
    ] {
        assert_eq!(types(&viewer, &format!("archive=cold&{query}")), expected, "{query}");
    }
    let page = ok(&viewer.get(&format!("{EVENTS}?archive=cold&limit=2")), 200);
    let cursor = page["nextCursor"].as_str().unwrap();
    let rest = ok(&viewer.get(&format!("{EVENTS}?archive=cold&limit=2&cursor={cursor}")), 200);
    assert_eq!((&rest["items"][0], &rest["nextCursor"]), (&before[2], &Value::Null));
    assert_eq!(viewer.get(&format!("{EVENTS}?cursor={cursor}")).status, 400);
    let foreign = self::tenant(t).key("owner");
    assert_eq!(types(&foreign, "archive=cold"), Vec::<String>::new());
}

fn retention_is_for_administrators_of_tiers_that_have_it(t: &Deployment) {
    let tenant = tenant(t);
    let (admin, developer) = (tenant.key("admin"), tenant.key("developer"));
    let id = policy(&admin, &json!({ "name": "n", "retentionPeriod": "P1D" }));
    let body = json!({ "policyId": id });
    let refused = |reply: Reply| ok(&reply, 403)["details"].clone();
    assert_eq!(refused(developer.post(CLEANUP, &body)), json!({ "required": "admin", "actual": "developer" }));
    let free = Tenant::new(t, &json!({ "tier": "free" })).key("owner");
    for reply in [free.post(CLEANUP, &body), free.post(PREVIEW, &body), free.get(METRICS)] {
        assert_eq!(refused(reply)["control"], "entitlements");
    }
    // A refused cleanup is an event, of a kind that the audit log can be searched for; so is one that found nothing.
    assert_eq!(admin.post(CLEANUP, &json!({ "policyId": UNKNOWN })).status, 404);
    for (outcome, count) in [("refused", 1), ("failed", 1), ("done", 0)] {
        let query = format!("entries?action=audit.retention.cleanup&outcome={outcome}");
        let found = ok(&t.system.get(&format!("/caas/audit/{}/{query}", tenant.id)), 200);
        assert_eq!(found["entries"].as_array().unwrap().len(), count, "{outcome}");
    }
}
