//! The tenant service of QNSP: health, quotas, onboarding, isolation.

use serde_json::{Value, json};

use crate::{
    answer::ok,
    case::{Case, case, together},
    deployment::Deployment,
    qnsp::{Caller, Cast, Tenant},
};

pub fn cases() -> Vec<Case> {
    vec![
        case(health_follows_from_the_latest_snapshot),
        case(a_snapshot_needs_all_its_metrics_in_range),
        case(quotas_are_those_of_the_tier_and_count_calls),
        case(recorded_usage_is_forecast),
        case(what_cannot_be_forecast_or_recorded_is_refused),
        case(an_operator_onboards_a_tenant_whose_key_then_works),
        case(an_enterprise_waits_for_an_operator),
        case(a_workflow_moves_only_along_its_states),
        case(a_tenant_has_one_workflow_at_a_time),
        case(workflows_of_others_are_not_found_and_parameters_of_operators_are_refused),
        case(an_audit_of_isolation_is_carried_out_when_it_is_read),
    ]
}

const SNAPSHOTS: &str = "/tenant/v1/health/snapshots";
const WORKFLOWS: &str = "/tenant/v1/onboarding/workflows";
const UNKNOWN: &str = "5d3e0d51-7d60-4a0e-9ad8-7b5a4d6e0a11";

fn metrics(latency: f64, errors: f64, storage: i64) -> Value {
    json!({ "metrics": { "apiLatencyP99": latency, "errorRate": errors, "activeUsers": 3, "storageUsage": storage } })
}

fn health_follows_from_the_latest_snapshot(t: &Deployment) {
    let developer = Tenant::new(t, &json!({ "tier": "free" })).key("developer");
    let none = ok(&developer.get("/tenant/v1/health/current"), 200);
    assert_eq!(none, json!({ "status": "healthy", "score": 100.0, "metrics": {}, "issues": [] }));
    for (body, status, score, codes) in [
        (metrics(200.0, 0.0, 0), "healthy", 100.0, json!([])),
        (metrics(500.0, 0.02, 0), "degraded", 75.0, json!(["latency_high", "error_rate_high"])),
        (
            metrics(100_000.0, 1.0, 10 << 30),
            "critical",
            0.0,
            json!(["latency_high", "error_rate_high", "storage_quota_high"]),
        ),
    ] {
        let made = ok(&developer.post(SNAPSHOTS, &body), 201);
        assert!(made["snapshotId"].is_string() && made["recordedAt"].is_string());
        let current = ok(&developer.get("/tenant/v1/health/current"), 200);
        assert_eq!((current["status"].as_str(), current["score"].as_f64()), (Some(status), Some(score)), "{current}");
        let found: Vec<_> = current["issues"].as_array().unwrap().iter().map(|issue| issue["code"].clone()).collect();
        assert_eq!(Value::from(found), codes);
        assert_eq!(current["metrics"], body["metrics"]);
    }
    let trends = ok(&developer.get("/tenant/v1/health/trends"), 200);
    assert_eq!(trends["period"], "24h");
    let scores: Vec<_> = trends["dataPoints"].as_array().unwrap().iter().map(|point| point["score"].as_f64()).collect();
    assert_eq!(scores, [Some(100.0), Some(75.0), Some(0.0)]);
    assert_eq!(ok(&developer.get("/tenant/v1/health/trends?period=30d"), 200)["period"], "30d");
    assert_eq!(developer.get("/tenant/v1/health/trends?period=1y").status, 400);
}

fn a_snapshot_needs_all_its_metrics_in_range(t: &Deployment) {
    let developer = Tenant::new(t, &json!({})).key("developer");
    let refused = developer.post(SNAPSHOTS, &metrics(-1.0, 1.5, -1));
    assert_eq!(refused.status, 400);
    let details = refused.json().unwrap()["details"].clone();
    let names: Vec<_> = details.as_object().unwrap().keys().cloned().collect();
    assert_eq!(names, ["metrics.apiLatencyP99", "metrics.errorRate", "metrics.storageUsage"], "{details}");
    assert_eq!(
        developer.post(SNAPSHOTS, &json!({ "metrics": {} })).json().unwrap()["details"].as_object().unwrap().len(),
        4
    );
    assert_eq!(developer.post(SNAPSHOTS, &json!({})).status, 400);
}

fn quota<'a>(quotas: &'a Value, name: &str) -> &'a Value {
    quotas["quotas"].as_array().unwrap().iter().find(|quota| quota["quotaType"] == name).unwrap()
}

fn quotas_are_those_of_the_tier_and_count_calls(t: &Deployment) {
    let viewer = Tenant::new(t, &json!({ "tier": "free" })).key("viewer");
    for calls in 1..4 {
        let quotas = ok(&viewer.get("/tenant/v1/quotas/current"), 200);
        let names: Vec<_> =
            quotas["quotas"].as_array().unwrap().iter().map(|quota| quota["quotaType"].clone()).collect();
        let expected =
            ["apiCalls", "deployments", "keys", "policies", "scans", "secrets", "serviceAccounts", "storageBytes"];
        assert_eq!(names, expected);
        let api_calls = quota(&quotas, "apiCalls");
        assert_eq!((&api_calls["limit"], &api_calls["used"]), (&json!(50_000), &json!(calls)));
        assert_eq!(api_calls["remaining"], 50_000 - calls);
        assert_eq!(quota(&quotas, "storageBytes")["limit"].as_i64(), Some(10 << 30));
    }
    let unlimited = Tenant::new(t, &json!({ "tier": "enterprise-elite" })).key("viewer");
    let quotas = ok(&unlimited.get("/tenant/v1/quotas/current"), 200);
    let api_calls = quota(&quotas, "apiCalls");
    assert_eq!(
        (&api_calls["limit"], &api_calls["remaining"], &api_calls["percentage"]),
        (&json!(-1), &json!(-1), &json!(0.0))
    );
}

fn recorded_usage_is_forecast(t: &Deployment) {
    let tenant = Tenant::new(t, &json!({ "tier": "free" }));
    let service = tenant.key("service");
    let day = |ago: i64| model::time::to_iso((crate::qnsp::now() - ago * 86_400) * 1000);
    for (ago, used) in [(4, 10), (3, 11), (2, 12), (1, 13)] {
        ok(
            &service.post("/tenant/v1/quotas/usage", &json!({ "quotaType": "keys", "used": used, "at": day(ago) })),
            201,
        );
    }
    let recorded = ok(&service.post("/tenant/v1/quotas/usage", &json!({ "quotaType": "keys", "used": 14 })), 201);
    assert_eq!((&recorded["quotaType"], &recorded["used"]), (&json!("keys"), &json!(14)));
    assert_eq!(quota(&ok(&service.get("/tenant/v1/quotas/current"), 200), "keys")["used"], 14);
    let body = json!({ "quotaTypes": ["keys"], "forecastDays": 3 });
    let forecasts = ok(&service.post("/tenant/v1/quotas/forecast", &body), 200);
    let forecast = &forecasts["forecasts"][0];
    assert_eq!((&forecast["currentUsage"], &forecast["projectedUsage"]), (&json!(14), &json!(17)), "{forecast}");
    assert_eq!(forecast["exceedsLimitAt"], Value::Null);
    let longer = ok(&service.post("/tenant/v1/quotas/forecast", &json!({ "quotaTypes": ["keys"] })), 200);
    assert!(longer["forecasts"][0]["exceedsLimitAt"].as_str().unwrap().ends_with("T00:00:00.000Z"));
    let all = ok(&service.post("/tenant/v1/quotas/forecast", &json!({ "quotaTypes": [] })), 200);
    assert_eq!(all["forecasts"].as_array().unwrap().len(), 8);
}

fn what_cannot_be_forecast_or_recorded_is_refused(t: &Deployment) {
    let tenant = Tenant::new(t, &json!({}));
    let (service, owner) = (tenant.key("service"), tenant.key("owner"));
    let forecast = "/tenant/v1/quotas/forecast";
    assert_eq!(service.post(forecast, &json!({ "quotaTypes": ["keys", "cars"] })).status, 422);
    assert_eq!(service.post(forecast, &json!({ "forecastDays": 366 })).status, 400);
    let usage = "/tenant/v1/quotas/usage";
    assert_eq!(owner.post(usage, &json!({ "quotaType": "keys", "used": 1 })).status, 403);
    assert_eq!(service.post(usage, &json!({ "quotaType": "cars", "used": 1 })).status, 422);
    assert_eq!(service.post(usage, &json!({ "quotaType": "keys", "used": -1 })).status, 400);
    for at in ["2020-01-01T00:00:00Z", "2999-01-01T00:00:00Z"] {
        assert_eq!(service.post(usage, &json!({ "quotaType": "keys", "used": 1, "at": at })).status, 422, "{at}");
    }
    assert_eq!(service.post(usage, &json!({ "quotaType": "keys", "used": 1, "at": "yesterday" })).status, 400);
}

/// A new workflow for a tenant that does not exist yet.
fn workflow(operator: &Caller, tenant: &str, template: &str, parameters: &Value) -> String {
    let body = json!({ "templateId": template, "tenantId": tenant, "parameters": parameters });
    let made = ok(&operator.post(WORKFLOWS, &body), 201);
    assert_eq!((&made["status"], &made["tenantId"]), (&json!("pending"), &json!(tenant)));
    made["workflowId"].as_str().unwrap().to_owned()
}

fn act(caller: &Caller, id: &str, action: &str) -> chancery::client::Reply {
    caller.post(&format!("{WORKFLOWS}/{id}/action"), &json!({ "action": action, "reason": "it is time" }))
}

fn an_operator_onboards_a_tenant_whose_key_then_works(t: &Deployment) {
    let cast = Cast::new(t);
    let id = chancery_tests::variables::random_uuid();
    let parameters = json!({ "tenantName": "Onboarded", "tier": "dev-pro", "rateLimitPerMinute": 5000 });
    let workflow = workflow(&cast.operator, &id, "standard", &parameters);
    let started = ok(&act(&cast.operator, &workflow, "start"), 200);
    assert_eq!(started["status"], "completed");
    let steps = started["steps"].as_array().unwrap();
    assert!(steps.iter().all(|step| step["status"] == "completed"), "{started}");
    let output = &steps.iter().find(|step| step["kind"] == "register_admin").unwrap()["output"];
    let owner = Caller::with_token(t, &id, output["apiKey"].as_str().unwrap());
    let limit = owner.get("/tenant/v1/quotas/current");
    assert_eq!((limit.status, limit.header("x-ratelimit-limit")), (200, Some("5000")));
    assert_eq!(quota(&limit.json().unwrap(), "apiCalls")["limit"], 500_000);
    // The key is shown once.
    let shown = ok(&owner.get(&format!("{WORKFLOWS}/{workflow}")), 200);
    assert!(!shown.to_string().contains("qnsp_pqc_") && shown["status"] == "completed", "{shown}");
    // A second workflow keeps what is not given anew, and registers nobody.
    let again = ok(&cast.operator.post(WORKFLOWS, &json!({ "templateId": "sandbox", "tenantId": id })), 201);
    let again = ok(&act(&cast.operator, again["workflowId"].as_str().unwrap(), "start"), 200);
    let step = again["steps"].as_array().unwrap().iter().find(|step| step["kind"] == "register_admin").unwrap();
    assert_eq!(step["output"], json!({ "userId": output["userId"] }));
    assert_eq!(quota(&ok(&owner.get("/tenant/v1/quotas/current"), 200), "apiCalls")["limit"], 500_000);
}

fn an_enterprise_waits_for_an_operator(t: &Deployment) {
    let cast = Cast::new(t);
    let id = chancery_tests::variables::random_uuid();
    let workflow = workflow(&cast.operator, &id, "enterprise", &json!({ "tier": "enterprise-pro" }));
    let started = ok(&act(&cast.operator, &workflow, "start"), 200);
    let statuses: Vec<_> = started["steps"].as_array().unwrap().iter().map(|step| step["status"].clone()).collect();
    assert_eq!(statuses, ["completed", "in_progress", "pending", "pending", "pending"]);
    let step = started["steps"][1]["stepId"].as_str().unwrap();
    let path = format!("{WORKFLOWS}/{workflow}/steps/{step}/result");
    assert_eq!(cast.owner.post(&path, &json!({ "status": "completed" })).status, 403);
    assert_eq!(cast.operator.post(&path, &json!({ "status": "pending" })).status, 400);
    let other = format!("{WORKFLOWS}/{workflow}/steps/{UNKNOWN}/result");
    assert_eq!(cast.operator.post(&other, &json!({ "status": "completed" })).status, 404);
    let done = ok(&cast.operator.post(&path, &json!({ "status": "completed" })), 200);
    assert_eq!(done["status"], "completed");
    assert_eq!(cast.operator.post(&path, &json!({ "status": "completed" })).status, 409);
}

fn a_workflow_moves_only_along_its_states(t: &Deployment) {
    let cast = Cast::new(t);
    let id = chancery_tests::variables::random_uuid();
    let first = workflow(&cast.operator, &id, "enterprise", &json!({ "manualSteps": ["create_tenant_record"] }));
    for (action, status) in [
        ("pause", None),
        ("resume", None),
        ("start", Some("in_progress")),
        ("start", None),
        ("pause", Some("paused")),
        ("pause", None),
        ("resume", Some("in_progress")),
        ("cancel", Some("cancelled")),
        ("cancel", None),
        ("start", None),
    ] {
        let reply = act(&cast.operator, &first, action);
        match status {
            Some(status) => assert_eq!(ok(&reply, 200)["status"], status, "{action}"),
            None => assert_eq!(reply.status, 409, "{action}"),
        }
    }
    let second = workflow(&cast.operator, &id, "standard", &json!({ "manualSteps": ["register_admin"] }));
    let started = ok(&act(&cast.operator, &second, "start"), 200);
    let step = started["steps"].as_array().unwrap().iter().find(|step| step["status"] == "in_progress").unwrap();
    let path = format!("{WORKFLOWS}/{second}/steps/{}/result", step["stepId"].as_str().unwrap());
    assert_eq!(ok(&cast.operator.post(&path, &json!({ "status": "failed" })), 200)["status"], "failed");
    let path = format!("{WORKFLOWS}/{second}/action");
    assert_eq!(cast.operator.post(&path, &json!({ "action": "pause" })).status, 400);
    assert_eq!(cast.operator.post(&path, &json!({ "action": "dance" })).status, 400);
}

fn a_tenant_has_one_workflow_at_a_time(t: &Deployment) {
    let cast = Cast::new(t);
    let body = json!({ "templateId": "standard", "tenantId": cast.tenant.id });
    let replies = together(8, |_| cast.owner.post(WORKFLOWS, &body).status);
    assert_eq!(replies.iter().filter(|status| **status == 201).count(), 1, "{replies:?}");
    assert_eq!(replies.iter().filter(|status| **status == 409).count(), 7, "{replies:?}");
}

fn workflows_of_others_are_not_found_and_parameters_of_operators_are_refused(t: &Deployment) {
    let cast = Cast::new(t);
    let body = json!({ "templateId": "standard", "tenantId": cast.tenant.id });
    let id = ok(&cast.owner.post(WORKFLOWS, &body), 201)["workflowId"].as_str().unwrap().to_owned();
    for (who, caller, status) in
        [("foreign", &cast.foreign, 404), ("owner", &cast.owner, 200), ("operator", &cast.operator, 200)]
    {
        assert_eq!(caller.get(&format!("{WORKFLOWS}/{id}")).status, status, "{who}");
    }
    assert_eq!(act(&cast.foreign, &id, "start").status, 404);
    assert_eq!(cast.owner.get(&format!("{WORKFLOWS}/{UNKNOWN}")).status, 404);
    assert_eq!(cast.owner.get(&format!("{WORKFLOWS}/mine")).status, 400);
    assert_eq!(cast.foreign.post(WORKFLOWS, &body).json().unwrap()["error"], "TENANT_MISMATCH");
    for parameters in [
        json!({ "tier": "free" }),
        json!({ "addOns": [] }),
        json!({ "rateLimitPerMinute": 1 }),
        json!({ "manualSteps": [] }),
    ] {
        let body = json!({ "templateId": "standard", "tenantId": cast.tenant.id, "parameters": parameters });
        assert_eq!(cast.owner.post(WORKFLOWS, &body).status, 403, "{parameters}");
    }
    let body = |template: &str, parameters: Value| json!({ "templateId": template, "tenantId": UNKNOWN, "parameters": parameters });
    assert_eq!(cast.operator.post(WORKFLOWS, &body("other", json!({}))).status, 404);
    assert_eq!(cast.operator.post(WORKFLOWS, &body("standard", json!({ "tier": "golden" }))).status, 422);
    assert_eq!(
        cast.operator.post(WORKFLOWS, &body("standard", json!({ "addOns": ["x"], "adminEmail": "x" }))).json().unwrap()
            ["details"]
            .as_object()
            .unwrap()
            .len(),
        2
    );
}

fn an_audit_of_isolation_is_carried_out_when_it_is_read(t: &Deployment) {
    let tenant = Tenant::new(t, &json!({}));
    let (admin, viewer) = (tenant.key("admin"), tenant.key("viewer"));
    let status = "/tenant/v1/isolation/current-status";
    let before = ok(&viewer.get(status), 200);
    assert_eq!((&before["overallStatus"], &before["lastAuditAt"]), (&json!("warning"), &Value::Null));
    assert_eq!(before["byCategory"]["data"], "unknown");
    let started =
        ok(&admin.post("/tenant/v1/isolation/audits", &json!({ "scope": ["data"], "depth": "comprehensive" })), 201);
    assert_eq!(started["status"], "running");
    let path = format!("/tenant/v1/isolation/audits/{}", started["auditId"].as_str().unwrap());
    let done = ok(&viewer.get(&path), 200);
    assert_eq!(
        (&done["status"], &done["findings"], &done["scope"]),
        (&json!("completed"), &json!([]), &json!(["data"]))
    );
    assert_eq!(ok(&viewer.get(&path), 200), done);
    let after = ok(&viewer.get(status), 200);
    assert_eq!(
        (&after["byCategory"]["data"], &after["byCategory"]["network"]),
        (&json!("isolated"), &json!("unknown"))
    );
    ok(&admin.post("/tenant/v1/isolation/audits", &json!({})), 201);
    let all = ok(&viewer.get(status), 200);
    assert_eq!((&all["overallStatus"], all["lastAuditAt"].is_string()), (&json!("isolated"), true));
    for body in [json!({ "scope": [] }), json!({ "scope": ["all"] }), json!({ "depth": "deep" })] {
        assert_eq!(admin.post("/tenant/v1/isolation/audits", &body).status, 400, "{body}");
    }
    assert_eq!(viewer.get("/tenant/v1/isolation/audits/last").status, 400);
    let foreign = Tenant::new(t, &json!({})).key("owner");
    assert_eq!(foreign.get(&path).status, 404);
}
