//! The examples in the document of QNSP: what a sample of each operation asked, and what was answered. They stand in
//! `examples/qnsp.json`, are recorded by
//!
//! `UPDATE_EXAMPLES=1 scripts/test --only ALL blackbox examples`
//!
//! and must be of the shape that is answered now.

use std::{collections::BTreeMap, env, fs, path::PathBuf};

use chancery::client::Reply;
use chancery_tests::{rows, runtime::Runtime, variables::random_uuid};
use policy::{Access, Operation};
use serde_json::{Map, Value, json};

use super::{
    callers::{self, Credentials, Expected},
    sample,
    world::World,
};
use crate::{answer::ok, clock, deployment::Deployment, qnsp::Tenant};

pub fn every_operation_of_qnsp_has_an_example(t: &Deployment) {
    if t.instance.runtime != Runtime::Native {
        return;
    }
    let mut rows: Vec<_> = rows::all().into_iter().filter(|row| matches!(row.access, Access::Qnsp(_))).collect();
    // So that lists have something in them.
    rows.sort_by_key(|row| row.method != "POST");
    let credentials = Credentials::new(t, &rows);
    let samples = sample::all();
    let asked: BTreeMap<_, _> = rows
        .iter()
        .filter_map(|row| Some((name(row), samples.iter().find(|sample| sample.is_of(row))?, row)))
        .map(|(name, sample, row)| (name, ask(t, &credentials, row, sample)))
        .chain(of_states(t))
        .collect();
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("examples/qnsp.json");
    let text = fs::read_to_string(&file).unwrap_or_default();
    let mut recorded: BTreeMap<String, Value> = serde_json::from_str(&text).unwrap_or_default();
    let is_right = |name: &str, example: &Value| {
        recorded.get(name).is_some_and(|it| it["status"] == example["status"] && is_like(it, example))
    };
    let wrong: Vec<_> = asked.keys().filter(|name| !is_right(name, &asked[*name])).cloned().collect();
    let gone: Vec<_> = recorded.keys().filter(|name| !asked.contains_key(*name)).cloned().collect();
    if env::var_os("UPDATE_EXAMPLES").is_none() {
        assert!(wrong.is_empty() && gone.is_empty(), "missing or of another shape: {wrong:#?}; of nothing: {gone:#?}");
        return;
    }
    recorded.retain(|name, _| !gone.contains(name));
    recorded.extend(wrong.into_iter().map(|name| (name.clone(), asked[&name].clone())));
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, format!("{:#}\n", json!(recorded))).unwrap();
}

fn name(row: &Operation) -> String {
    format!("{} {}", row.method, row.path)
}

/// What is asked in the name of somebody for whom the operation is, and what is answered.
fn ask(t: &Deployment, credentials: &Credentials<'_>, row: &Operation, sample: &sample::Sample) -> Value {
    let world = World::new(t, credentials);
    let mut callers = callers::of(row, sample, &world);
    callers.retain(|caller| !matches!(caller.expected, Expected::Refused(..)));
    // The highest role, of the tenant if possible.
    callers.sort_by_key(|caller| matches!(caller.expected, Expected::Admitted));
    let request = sample.request(&world);
    let reply = callers.last().unwrap().send(t, &row.method, &request);
    example(request.body.as_ref(), &reply)
}

/// What no sample can ask, because the state that it needs is there once: a workflow of a new tenant, access that
/// somebody asked for, a dashboard with data, an anomaly, and a payment that failed.
fn of_states(t: &Deployment) -> Vec<(String, Value)> {
    const WORKFLOWS: &str = "/tenant/v1/onboarding/workflows";
    let operator = Tenant::new(t, &json!({ "tier": "specialized" })).key("platform_admin");
    let mut examples = Vec::new();
    let mut tell = |name: &str, body: Value, reply: Reply| {
        examples.push((name.to_owned(), example(Some(&body), &reply)));
        reply.json().unwrap()
    };
    let body = json!({
        "templateId": "enterprise", "tenantId": random_uuid(),
        "parameters": { "tenantName": "Example", "tier": "enterprise-pro", "adminEmail": "ada@example.com" },
    });
    let made = tell("POST /tenant/v1/onboarding/workflows", body.clone(), operator.post(WORKFLOWS, &body));
    let workflow = format!("{WORKFLOWS}/{}", made["workflowId"].as_str().unwrap());
    let body = json!({ "action": "start" });
    let reply = operator.post(&format!("{workflow}/action"), &body);
    let started = tell("POST /tenant/v1/onboarding/workflows/{workflowId}/action", body, reply);
    tell("GET /tenant/v1/onboarding/workflows/{workflowId}", Value::Null, operator.get(&workflow));
    let step = started["steps"][1]["stepId"].as_str().unwrap();
    let body = json!({ "status": "completed" });
    let reply = operator.post(&format!("{workflow}/steps/{step}/result"), &body);
    tell("POST /tenant/v1/onboarding/workflows/{workflowId}/steps/{stepId}/result", body, reply);

    let tenant = Tenant::new(t, &json!({ "tier": "enterprise-pro" }));
    let (developer, admin) = (tenant.key("developer"), tenant.key("admin"));
    let body = json!({
        "resourceType": "database", "resourceId": "orders", "permissions": ["read"],
        "justification": "To look into a fault", "duration": 30, "ticketReference": "OPS-17",
    });
    let reply = developer.post("/access/v1/jit/requests", &body);
    let asked = tell("POST /access/v1/jit/requests", body, reply);
    let body = json!({ "decision": "approve", "modifiedDuration": 15 });
    let path = format!("/access/v1/jit/requests/{}/process", asked["requestId"].as_str().unwrap());
    let reply = admin.post(&path, &body);
    let approved = tell("POST /access/v1/jit/requests/{requestId}/process", body, reply);
    let path = format!("/access/v1/jit/grants/user/{}", developer.user);
    tell("GET /access/v1/jit/grants/user/{userId}", Value::Null, admin.get(&path));
    let question = json!({
        "principalId": developer.user, "resourceType": "database", "resourceId": "orders", "permission": "read",
    });
    let reply = admin.post("/access/v1/jit/check", &question);
    tell("POST /access/v1/jit/check", question, reply);
    let body = json!({ "reason": "The fault is found" });
    let path = format!("/access/v1/jit/grants/{}/revoke", approved["grantId"].as_str().unwrap());
    let reply = admin.post(&path, &body);
    tell("POST /access/v1/jit/grants/{grantId}/revoke", body, reply);

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
    let made = tell("POST /observability/v1/dashboards", dashboard, reply);
    let path = format!("{DASHBOARDS}/{}", made["dashboardId"].as_str().unwrap());
    let starred = json!({ "starred": true });
    let reply = admin.post(&format!("{path}/star"), &starred);
    tell("POST /observability/v1/dashboards/{dashboardId}/star", starred, reply);
    let reply = admin.post(&format!("{path}/shares"), &json!({}));
    tell("POST /observability/v1/dashboards/{dashboardId}/shares", json!({}), reply);
    let shown = admin.get(&format!("{path}?data=true"));
    tell("GET /observability/v1/dashboards/{dashboardId}", Value::Null, shown);

    // The running month is spent at once.
    let budget = json!({
        "name": "Machines", "amount": 1, "currency": "USD", "period": "yearly", "alerts": [{ "threshold": 80 }],
    });
    let reply = admin.post("/observability/v1/costs/budgets", &budget);
    tell("POST /observability/v1/costs/budgets", budget, reply);
    let allocation = json!({
        "resourceId": "vm-17", "resourceType": "vm", "costCenter": "research", "amount": 90, "currency": "USD",
        "period": { "start": clock::in_seconds(-3600), "end": clock::in_seconds(3600) }, "tags": { "team": "blue" },
    });
    let reply = admin.post("/observability/v1/costs/allocations", &allocation);
    tell("POST /observability/v1/costs/allocations", allocation, reply);
    let reply = admin.get("/observability/v1/anomaly-detection/anomalies");
    let found = tell("GET /observability/v1/anomaly-detection/anomalies", Value::Null, reply);
    let anomaly = found["anomalies"][0]["anomalyId"].as_str().unwrap();
    let path = format!("/observability/v1/anomaly-detection/anomalies/{anomaly}/acknowledge");
    let reply = admin.send("POST", &path, &[], None);
    tell("POST /observability/v1/anomaly-detection/anomalies/{anomalyId}/acknowledge", Value::Null, reply);

    let invoice = json!({
        "tenantId": Tenant::new(t, &json!({})).id,
        "periodStart": "2026-01-01T00:00:00Z", "periodEnd": "2026-02-01T00:00:00Z",
        "lineItems": [{ "description": "Seats", "quantity": 3, "unitPriceCents": 350, "totalCents": 1050 }],
        "payment": { "method": "sim_decline_1" },
    });
    let reply = operator.post("/billing/v1/invoices", &invoice);
    let failed = tell("POST /billing/v1/invoices", invoice, reply);
    tell("GET /billing/v1/dunning/failed-payments", Value::Null, operator.get("/billing/v1/dunning/failed-payments"));
    let body = json!({ "paymentId": failed["paymentId"] });
    let reply = operator.post("/billing/v1/dunning/retry", &body);
    tell("POST /billing/v1/dunning/retry", body, reply);
    examples
}

/// The example of a request and its answer. Two things are enough of a list.
fn example(body: Option<&Value>, reply: &Reply) -> Value {
    let answer: Option<Value> = serde_json::from_slice(&reply.body).ok();
    json!({ "body": body, "status": reply.status, "answer": answer.map(|answer| shortened(answer, 2)) })
}

fn shortened(value: Value, most: usize) -> Value {
    match value {
        Value::Array(items) => items.into_iter().take(most).map(|item| shortened(item, most)).collect(),
        Value::Object(members) => members.into_iter().map(|(name, it)| (name, shortened(it, most))).collect(),
        other => other,
    }
}

/// Whether both have the same members of the same types. What is null or empty in one of them may be more in the other,
/// and members that are named by ids may have any.
fn is_like(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Null, _) | (_, Value::Null) => true,
        (Value::Object(one), Value::Object(other)) if is_by_id(one) && is_by_id(other) => {
            one.values().zip(other.values()).all(|(one, other)| is_like(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.keys().eq(other.keys()) && one.iter().all(|(name, value)| is_like(value, &other[name]))
        }
        (Value::Array(one), Value::Array(other)) => match (one.first(), other.first()) {
            (Some(one), Some(other)) => is_like(one, other),
            _ => true,
        },
        _ => std::mem::discriminant(one) == std::mem::discriminant(other),
    }
}

fn is_by_id(members: &Map<String, Value>) -> bool {
    !members.is_empty() && members.keys().all(|name| model::ids::uuid_bytes(name).is_some())
}
