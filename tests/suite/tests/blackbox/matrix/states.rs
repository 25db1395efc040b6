//! Examples that no sample can ask, because the state that they need is there once: a workflow of a new tenant, access
//! that somebody asked for, a playbook that waits for its approval, a dashboard with data, and a payment that failed. Those of
//! the AI orchestrator and of escrow are in files of their own.

use chancery::client::Reply;
use chancery_tests::variables::random_uuid;
use serde_json::{Value, json};

use super::{examples::example, states_ai, states_escrow};
use crate::{
    answer::ok,
    clock,
    deployment::Deployment,
    qnsp::{Caller, Tenant},
};

/// The operations that were asked, each with its example.
#[derive(Default)]
pub(super) struct Examples(Vec<(String, Value)>);

impl Examples {
    pub(super) fn add(&mut self, name: &str, body: Value, reply: Reply) -> Value {
        self.0.push((name.to_owned(), example(Some(&body), &reply)));
        reply.json().unwrap_or_default()
    }
}

pub fn examples(t: &Deployment) -> Vec<(String, Value)> {
    let mut examples = Examples::default();
    let operator = Tenant::new(t, &json!({ "tier": "specialized" })).key("platform_admin");
    let tenant = Tenant::new(t, &json!({ "tier": "enterprise-pro" }));
    let (developer, admin) = (tenant.key("developer"), tenant.key("admin"));
    onboarding(&mut examples, &operator);
    billing(t, &mut examples, &operator);
    access(&mut examples, &developer, &admin);
    observability(&mut examples, &admin);
    playbooks(&mut examples, &developer, &admin);
    compliance(&mut examples, &admin);
    report(t, &mut examples, &admin);
    attack_surface(&mut examples, &developer);
    states_ai::deployment(&mut examples, &developer);
    states_escrow::recovery(t, &mut examples);
    examples.0
}

/// A report as a file, which whoever has its address may read.
fn report(t: &Deployment, examples: &mut Examples, admin: &Caller) {
    const REPORTS: &str = "/auth/federation/audit/reports";
    let event = json!({ "eventType": "login", "provider": "okta", "userId": "ada", "outcome": "success" });
    ok(&admin.post("/auth/federation/audit/events", &event), 201);
    let today = &model::time::to_iso(clock::now())[..10];
    let body = json!({ "reportType": "activity", "startDate": today, "endDate": today, "format": "csv" });
    let asked = ok(&admin.post(REPORTS, &body), 202);
    let shown = ok(&admin.get(&format!("{REPORTS}/{}", asked["reportId"].as_str().unwrap())), 200);
    let file = t.anonymous.get(shown["downloadUrl"].as_str().unwrap());
    examples.add("GET /auth/federation/audit/reports/{reportId}/download", Value::Null, file);
}

fn onboarding(examples: &mut Examples, operator: &Caller) {
    const WORKFLOWS: &str = "/tenant/v1/onboarding/workflows";
    let body = json!({
        "templateId": "enterprise", "tenantId": random_uuid(),
        "parameters": { "tenantName": "Example", "tier": "enterprise-pro", "adminEmail": "ada@example.com" },
    });
    let made = examples.add("POST /tenant/v1/onboarding/workflows", body.clone(), operator.post(WORKFLOWS, &body));
    let workflow = format!("{WORKFLOWS}/{}", made["workflowId"].as_str().unwrap());
    let body = json!({ "action": "start" });
    let reply = operator.post(&format!("{workflow}/action"), &body);
    let started = examples.add("POST /tenant/v1/onboarding/workflows/{workflowId}/action", body, reply);
    examples.add("GET /tenant/v1/onboarding/workflows/{workflowId}", Value::Null, operator.get(&workflow));
    let step = started["steps"][1]["stepId"].as_str().unwrap();
    let body = json!({ "status": "completed" });
    let reply = operator.post(&format!("{workflow}/steps/{step}/result"), &body);
    examples.add("POST /tenant/v1/onboarding/workflows/{workflowId}/steps/{stepId}/result", body, reply);
}

fn access(examples: &mut Examples, developer: &Caller, admin: &Caller) {
    let body = json!({
        "resourceType": "database", "resourceId": "orders", "permissions": ["read"],
        "justification": "To look into a fault", "duration": 30, "ticketReference": "OPS-17",
    });
    let reply = developer.post("/access/v1/jit/requests", &body);
    let asked = examples.add("POST /access/v1/jit/requests", body, reply);
    let body = json!({ "decision": "approve", "modifiedDuration": 15 });
    let path = format!("/access/v1/jit/requests/{}/process", asked["requestId"].as_str().unwrap());
    let reply = admin.post(&path, &body);
    let approved = examples.add("POST /access/v1/jit/requests/{requestId}/process", body, reply);
    let path = format!("/access/v1/jit/grants/user/{}", developer.user);
    examples.add("GET /access/v1/jit/grants/user/{userId}", Value::Null, admin.get(&path));
    let question = json!({
        "principalId": developer.user, "resourceType": "database", "resourceId": "orders", "permission": "read",
    });
    let reply = admin.post("/access/v1/jit/check", &question);
    examples.add("POST /access/v1/jit/check", question, reply);
    let body = json!({ "reason": "The fault is found" });
    let path = format!("/access/v1/jit/grants/{}/revoke", approved["grantId"].as_str().unwrap());
    let reply = admin.post(&path, &body);
    examples.add("POST /access/v1/jit/grants/{grantId}/revoke", body, reply);
}

fn observability(examples: &mut Examples, admin: &Caller) {
    let dashboard = json!({
        "name": "Latency", "layout": { "columns": 12, "rows": 2 },
        "panels": [{
            "type": "chart", "title": "Slowest requests", "query": "max(tenant.apiLatencyP99[1h])",
            "position": { "x": 0, "y": 0, "w": 12, "h": 2 },
        }],
    });
    const DASHBOARDS: &str = "/observability/v1/dashboards";
    let metrics = json!({ "apiLatencyP99": 31.5, "errorRate": 0.01, "activeUsers": 12, "storageUsage": 4096 });
    ok(&admin.post("/tenant/v1/health/snapshots", &json!({ "metrics": metrics })), 201);
    let reply = admin.post(DASHBOARDS, &dashboard);
    let made = examples.add("POST /observability/v1/dashboards", dashboard, reply);
    let path = format!("{DASHBOARDS}/{}", made["dashboardId"].as_str().unwrap());
    let starred = json!({ "starred": true });
    let reply = admin.post(&format!("{path}/star"), &starred);
    examples.add("POST /observability/v1/dashboards/{dashboardId}/star", starred, reply);
    let reply = admin.post(&format!("{path}/shares"), &json!({}));
    examples.add("POST /observability/v1/dashboards/{dashboardId}/shares", json!({}), reply);
    let shown = admin.get(&format!("{path}?data=true"));
    examples.add("GET /observability/v1/dashboards/{dashboardId}", Value::Null, shown);

    // The running month is spent at once.
    let budget = json!({
        "name": "Machines", "amount": 1, "currency": "USD", "period": "yearly", "alerts": [{ "threshold": 80 }],
    });
    let reply = admin.post("/observability/v1/costs/budgets", &budget);
    examples.add("POST /observability/v1/costs/budgets", budget, reply);
    let allocation = json!({
        "resourceId": "vm-17", "resourceType": "vm", "costCenter": "research", "amount": 90, "currency": "USD",
        "period": { "start": clock::in_seconds(-3600), "end": clock::in_seconds(3600) }, "tags": { "team": "blue" },
    });
    let reply = admin.post("/observability/v1/costs/allocations", &allocation);
    examples.add("POST /observability/v1/costs/allocations", allocation, reply);
    let reply = admin.get("/observability/v1/anomaly-detection/anomalies");
    let found = examples.add("GET /observability/v1/anomaly-detection/anomalies", Value::Null, reply);
    let anomaly = found["anomalies"][0]["anomalyId"].as_str().unwrap();
    let path = format!("/observability/v1/anomaly-detection/anomalies/{anomaly}/acknowledge");
    let reply = admin.send("POST", &path, &[], None);
    examples.add("POST /observability/v1/anomaly-detection/anomalies/{anomalyId}/acknowledge", Value::Null, reply);
}

fn billing(t: &Deployment, examples: &mut Examples, operator: &Caller) {
    let invoice = json!({
        "tenantId": Tenant::new(t, &json!({})).id,
        "periodStart": "2026-01-01T00:00:00Z", "periodEnd": "2026-02-01T00:00:00Z",
        "lineItems": [{ "description": "Seats", "quantity": 3, "unitPriceCents": 350, "totalCents": 1050 }],
        "payment": { "method": "sim_decline_1" },
    });
    let reply = operator.post("/billing/v1/invoices", &invoice);
    let failed = examples.add("POST /billing/v1/invoices", invoice, reply);
    examples.add(
        "GET /billing/v1/dunning/failed-payments",
        Value::Null,
        operator.get("/billing/v1/dunning/failed-payments"),
    );
    let body = json!({ "paymentId": failed["paymentId"] });
    let reply = operator.post("/billing/v1/dunning/retry", &body);
    examples.add("POST /billing/v1/dunning/retry", body, reply);
}

fn playbooks(examples: &mut Examples, developer: &Caller, admin: &Caller) {
    const PLAYBOOKS: &str = "/security/v1/playbooks";
    const PLAYBOOK: &str = "/security/v1/playbooks/{playbookId}";
    let body = json!({
        "name": "Contain a leak", "triggerConditions": { "eventTypes": ["vault.leakage.*"], "severityThreshold": "high" },
        "actions": [{ "type": "notify" }, { "type": "isolate", "requiresApproval": true }],
    });
    let made = ok(&admin.post(PLAYBOOKS, &body), 201);
    let path = format!("{PLAYBOOKS}/{}", made["playbookId"].as_str().unwrap());
    examples.add(&format!("GET {PLAYBOOK}"), Value::Null, admin.get(&path));
    let body = json!({ "description": "Nobody reads the resource until the secret is new" });
    let reply = admin.patch(&path, &body);
    examples.add(&format!("PATCH {PLAYBOOK}"), body, reply);
    let context = json!({ "incidentId": "INC-7", "targetResources": ["database/orders"] });
    let body = json!({ "playbookId": made["playbookId"], "context": context });
    let reply = developer.post(&format!("{PLAYBOOKS}/execute"), &body);
    let started = examples.add(&format!("POST {PLAYBOOKS}/execute"), body, reply);
    let execution = started["executionId"].as_str().unwrap();
    let reply = admin.send("POST", &format!("{PLAYBOOKS}/executions/{execution}/approve"), &[], None);
    examples.add(&format!("POST {PLAYBOOKS}/executions/{{executionId}}/approve"), Value::Null, reply);
    examples.add(&format!("GET {PLAYBOOKS}/executions"), Value::Null, admin.get(&format!("{PLAYBOOKS}/executions")));
    examples.add(&format!("DELETE {PLAYBOOK}"), Value::Null, admin.delete(&path));
}

fn compliance(examples: &mut Examples, admin: &Caller) {
    const CONTROLS: &str = "/security/v1/compliance/controls";
    const CONTROL: &str = "/security/v1/compliance/controls/{controlUuid}";
    let body = json!({
        "controlId": "OPS-1", "framework": "HOUSE", "name": "The audit log is whole",
        "automatedChecks": ["audit_chain_valid"],
    });
    let made = ok(&admin.post(CONTROLS, &body), 201);
    let path = format!("{CONTROLS}/{}", made["controlUuid"].as_str().unwrap());
    examples.add(&format!("GET {CONTROL}"), Value::Null, admin.get(&path));
    let body = json!({ "requirements": ["Each change has its entry"] });
    let reply = admin.patch(&path, &body);
    examples.add(&format!("PATCH {CONTROL}"), body, reply);
    examples.add(&format!("DELETE {CONTROL}"), Value::Null, admin.delete(&path));
}

fn attack_surface(examples: &mut Examples, developer: &Caller) {
    const SURFACE: &str = "/security/v1/attack-surface";
    let asset = |body: &Value| ok(&developer.post(&format!("{SURFACE}/assets"), body), 201)["assetId"].clone();
    let web = asset(&json!({ "name": "web", "type": "server", "exposure": "external", "flags": ["unhealthy"] }));
    let data = asset(&json!({ "name": "orders", "type": "database" }));
    let body = json!({ "sourceAssetId": web, "targetAssetId": data, "type": "network" });
    let reply = developer.post(&format!("{SURFACE}/connections"), &body);
    let connection = examples.add(&format!("POST {SURFACE}/connections"), body, reply)["connectionId"].clone();
    let body = json!({ "targetAsset": data });
    let reply = developer.post(&format!("{SURFACE}/analyze"), &body);
    examples.add(&format!("POST {SURFACE}/analyze"), body, reply);
    let body = json!({ "scenario": "ransomware", "entryPoints": [web], "objectives": [data] });
    let reply = developer.post(&format!("{SURFACE}/simulate"), &body);
    examples.add(&format!("POST {SURFACE}/simulate"), body, reply);
    let path = format!("{SURFACE}/connections/{}", connection.as_str().unwrap());
    examples.add(&format!("DELETE {SURFACE}/connections/{{connectionId}}"), Value::Null, developer.delete(&path));
    let path = format!("{SURFACE}/assets/{}", web.as_str().unwrap());
    examples.add(&format!("DELETE {SURFACE}/assets/{{assetId}}"), Value::Null, developer.delete(&path));
}
