//! Samples of QNSP, and of what operators do to its tenants with licences.

use policy::qnsp::Role;
use serde_json::{Value, json};

use super::{
    sample::{Sample, at, of},
    world::World,
};
use crate::{
    answer::ok,
    deployment::unique,
    qnsp::{TENANTS, Tenant},
};

/// An id of nothing.
const UNKNOWN: &str = "5d3e0d51-7d60-4a0e-9ad8-7b5a4d6e0a11";

pub fn samples() -> Vec<Sample> {
    [operators(), audit(), auth(), tenant(), billing(), jit(), access_policies(), observability(), search(), security()]
        .into_iter()
        .flatten()
        .collect()
}

fn operators() -> Vec<Sample> {
    vec![
        of("PUT /caas/qnsp/tenants", |_| at(TENANTS).body(json!({ "name": unique("tenant") }))),
        of("GET /caas/qnsp/tenants", |_| at(TENANTS)),
        of("PATCH /caas/qnsp/tenants/{tenantId}", |w| at(path(w, "")).body(json!({ "name": unique("tenant") }))),
        of("GET /caas/qnsp/tenants/{tenantId}/webhook-secret", |w| at(path(w, "/webhook-secret"))),
        of("PUT /caas/qnsp/tenants/{tenantId}/keys", |w| at(path(w, "/keys")).body(json!({ "role": "viewer" }))),
        of("GET /caas/qnsp/tenants/{tenantId}/keys", |w| at(path(w, "/keys"))),
        of("DELETE /caas/qnsp/keys/{keyId}", |w| {
            let key = ok(&w.t.service.put(&path(w, "/keys"), &json!({ "role": "viewer" })), 201);
            at(format!("/caas/qnsp/keys/{}", key["keyId"].as_str().unwrap()))
        }),
    ]
}

/// A path of a new tenant.
fn path(w: &World, part: &str) -> String {
    Tenant::new(w.t, &json!({})).path(part)
}

/// The answer to a new thing of the tenant that the callers are of.
fn made(w: &World, path: &str, body: &Value, status: u16) -> Value {
    ok(&w.credentials.keys.as_ref().unwrap().admin().post(path, body), status)
}

const POLICIES: &str = "/audit/v1/retention/policies";

const SUBSCRIPTIONS: &str = "/audit/v1/streaming/subscriptions";

fn new_subscription() -> Value {
    let destination = json!({ "type": "sqs", "config": { "queueUrl": "https://sqs.example/queue" } });
    json!({ "name": unique("subscription"), "destination": destination })
}

fn new_policy() -> Value {
    json!({ "name": unique("policy"), "retentionPeriod": "P1Y" })
}

/// A new subscription, by its path.
fn subscription(w: &World) -> String {
    format!("{SUBSCRIPTIONS}/{}", id(&made(w, SUBSCRIPTIONS, &new_subscription(), 201), "subscriptionId"))
}

/// A new retention policy, by its id.
fn policy(w: &World) -> String {
    id(&made(w, POLICIES, &new_policy(), 201), "policyId")
}

fn id(made: &Value, name: &str) -> String {
    made[name].as_str().unwrap().to_owned()
}

fn audit() -> Vec<Sample> {
    vec![
        of("GET /audit/v1/events", |_| at("/audit/v1/events")),
        of("POST /audit/v1/events", |_| {
            at("/audit/v1/events").body(json!({ "eventType": "orders.created", "payload": {} }))
        })
        .refuses(json!({ "eventType": "orders.created" })),
        of("GET /audit/v1/streaming/events", |_| {
            // A stream that is found would go on for a while.
            at(format!("/audit/v1/streaming/events?subscriptionId={UNKNOWN}"))
        })
        .answers(404),
        of("GET /audit/v1/streaming/metrics", |_| at("/audit/v1/streaming/metrics")),
        of("POST /audit/v1/streaming/subscriptions", |_| at(SUBSCRIPTIONS).body(new_subscription()))
            .refuses(json!({ "name": unique("subscription") })),
        of("GET /audit/v1/streaming/subscriptions", |_| at(SUBSCRIPTIONS)),
        of("PATCH /audit/v1/streaming/subscriptions/{subscriptionId}", |w| {
            at(subscription(w)).body(json!({ "status": "paused" }))
        })
        .refuses(json!({})),
        of("DELETE /audit/v1/streaming/subscriptions/{subscriptionId}", |w| at(subscription(w))),
        of("POST /audit/v1/retention/policies", |_| at(POLICIES).body(new_policy()))
            .refuses(json!({ "name": unique("policy") })),
        of("GET /audit/v1/retention/policies", |_| at(POLICIES)),
        of("PATCH /audit/v1/retention/policies/{policyId}", |w| {
            at(format!("{POLICIES}/{}", policy(w))).body(json!({ "retentionPeriod": "P2Y" }))
        })
        .refuses(json!({})),
        of("DELETE /audit/v1/retention/policies/{policyId}", |w| at(format!("{POLICIES}/{}", policy(w)))),
        of("POST /audit/v1/retention/cleanup", |w| {
            at("/audit/v1/retention/cleanup").body(json!({ "policyId": policy(w) }))
        })
        .names_thing()
        .refuses(json!({ "policyId": "x" })),
        of("POST /audit/v1/retention/preview", |w| {
            at("/audit/v1/retention/preview").body(json!({ "policyId": policy(w) }))
        })
        .names_thing()
        .refuses(json!({ "policyId": "x" })),
        of("GET /audit/v1/retention/metrics", |_| at("/audit/v1/retention/metrics")),
    ]
}

fn auth() -> Vec<Sample> {
    let signal = |severity: &str| json!({ "userId": UNKNOWN, "signalType": "brute_force", "severity": severity });
    let sign_in = |address: &str| json!({ "userId": UNKNOWN, "ipAddress": address, "userAgent": "a" });
    let event = |outcome: &str| json!({ "eventType": "login", "provider": "p", "userId": "u", "outcome": outcome });
    let report = |format: &str| json!({ "reportType": "activity", "startDate": "2026-01-01", "endDate": "2026-01-01", "format": format });
    const POLICIES: &str = "/auth/risk/policies";
    const REPORTS: &str = "/auth/federation/audit/reports";
    vec![
        of("POST /auth/risk/evaluate", move |_| at("/auth/risk/evaluate").body(sign_in("192.0.2.1")))
            .refuses(sign_in("here")),
        of("POST /auth/risk/policies", |_| at(POLICIES).body(json!({ "name": unique("policy") })))
            .refuses(json!({ "name": "" })),
        of("GET /auth/risk/policies", |_| at(POLICIES)),
        of("PATCH /auth/risk/policies/{policyId}", |w| {
            let policy = made(w, POLICIES, &json!({ "name": unique("policy") }), 201);
            at(format!("{POLICIES}/{}", id(&policy, "policyId"))).body(json!({ "enabled": false }))
        })
        .refuses(json!({})),
        of("POST /auth/risk/signals", move |_| at("/auth/risk/signals").body(signal("low")))
            .refuses(signal("dreadful")),
        of("GET /auth/risk/users/{userId}/signals", |_| at(format!("/auth/risk/users/{UNKNOWN}/signals"))),
        of("GET /auth/risk/stats", |_| at("/auth/risk/stats")),
        of("POST /auth/federation/audit/events", move |_| at("/auth/federation/audit/events").body(event("success")))
            .refuses(event("perhaps")),
        of("POST /auth/federation/audit/query", |_| at("/auth/federation/audit/query").body(json!({})))
            .refuses(json!({ "limit": "x" })),
        of("POST /auth/federation/audit/reports", move |_| at(REPORTS).body(report("json"))).refuses(report("xml")),
        of("GET /auth/federation/audit/reports", |_| at(REPORTS)),
        of("GET /auth/federation/audit/reports/{reportId}", move |w| {
            let asked = made(w, REPORTS, &report("json"), 202);
            at(format!("{REPORTS}/{}", id(&asked, "reportId")))
        }),
        // The address itself is what admits.
        of("GET /auth/federation/audit/reports/{reportId}/download", |_| {
            at(format!("{REPORTS}/{UNKNOWN}/download?expires=1&sig=x"))
        })
        .answers(403),
        of("GET /auth/federation/audit/cross-tenant", |_| at("/auth/federation/audit/cross-tenant")),
    ]
}

fn tenant() -> Vec<Sample> {
    let metrics = |errors: f64| -> Value {
        json!({ "metrics": { "apiLatencyP99": 1, "errorRate": errors, "activeUsers": 1, "storageUsage": 1 } })
    };
    let workflow = format!("/tenant/v1/onboarding/workflows/{UNKNOWN}");
    let (shown, acted, step) = (workflow.clone(), workflow.clone(), format!("{workflow}/steps/{UNKNOWN}/result"));
    vec![
        of("POST /tenant/v1/health/snapshots", move |_| at("/tenant/v1/health/snapshots").body(metrics(0.0)))
            .refuses(metrics(2.0)),
        of("GET /tenant/v1/health/current", |_| at("/tenant/v1/health/current")),
        of("GET /tenant/v1/health/trends", |_| at("/tenant/v1/health/trends")),
        of("GET /tenant/v1/quotas/current", |_| at("/tenant/v1/quotas/current")),
        of("POST /tenant/v1/quotas/forecast", |_| at("/tenant/v1/quotas/forecast").body(json!({})))
            .refuses(json!({ "forecastDays": 0 })),
        of("POST /tenant/v1/quotas/usage", |_| {
            at("/tenant/v1/quotas/usage").body(json!({ "quotaType": "serviceAccounts", "used": 1 }))
        })
        .refuses(json!({ "quotaType": "keys" })),
        // A tenant has one workflow at a time, and a request names the tenant of its caller: so one without a tenant.
        of("POST /tenant/v1/onboarding/workflows", |_| {
            at("/tenant/v1/onboarding/workflows").body(json!({ "templateId": "standard" }))
        })
        .answers(400),
        of("POST /tenant/v1/onboarding/workflows/{workflowId}/action", move |_| {
            at(format!("{acted}/action")).body(json!({ "action": "start" }))
        })
        .answers(404),
        of("GET /tenant/v1/onboarding/workflows/{workflowId}", move |_| at(shown.clone())).answers(404),
        of("POST /tenant/v1/onboarding/workflows/{workflowId}/steps/{stepId}/result", move |_| {
            at(step.clone()).body(json!({ "status": "completed" }))
        })
        .answers(404),
        of("POST /tenant/v1/isolation/audits", |_| at("/tenant/v1/isolation/audits").body(json!({})))
            .refuses(json!({ "scope": [] })),
        of("GET /tenant/v1/isolation/current-status", |_| at("/tenant/v1/isolation/current-status")),
        of("GET /tenant/v1/isolation/audits/{auditId}", |w| {
            let started = made(w, "/tenant/v1/isolation/audits", &json!({}), 201);
            at(format!("/tenant/v1/isolation/audits/{}", id(&started, "auditId")))
        }),
    ]
}

/// The tenant of those who ask.
fn own(w: &World) -> String {
    w.credentials.keys.as_ref().unwrap().admin().tenant.clone()
}

fn billing() -> Vec<Sample> {
    let of_tenant = |path: &'static str| move |w: &World| at(path.replace("{tenantId}", &own(w)));
    vec![
        of("POST /billing/v1/credits", |w| {
            let credit =
                json!({ "tenantId": own(w), "amount": 1, "currency": "USD", "type": "goodwill", "reason": "r" });
            at("/billing/v1/credits").body(credit)
        })
        .names_tenant(),
        of("GET /billing/v1/credits/balance/{tenantId}", of_tenant("/billing/v1/credits/balance/{tenantId}"))
            .names_tenant(),
        of("POST /billing/v1/promotions", |_| {
            let promotion = json!({ "code": unique("code"), "name": "n", "creditAmountCents": 1 });
            at("/billing/v1/promotions").body(promotion)
        })
        .refuses(json!({ "code": "" })),
        of("POST /billing/v1/promotions/redeem", |w| {
            at("/billing/v1/promotions/redeem").body(json!({ "tenantId": own(w), "code": "none" }))
        })
        .names_tenant(),
        of("POST /billing/v1/admin/provision-tier", |w| {
            at("/billing/v1/admin/provision-tier").body(json!({ "tenantId": own(w), "tier": "enterprise-pro" }))
        })
        .names_tenant(),
        of("POST /billing/v1/meters", |w| {
            let meter = json!({ "tenantId": own(w), "meterType": "kms.hsm.sign", "quantity": 1 });
            at("/billing/v1/meters").body(json!({ "meters": [meter] }))
        })
        .refuses(json!({ "meters": [] })),
        of("GET /billing/v1/forecasting/usage/{tenantId}", of_tenant("/billing/v1/forecasting/usage/{tenantId}"))
            .names_tenant(),
        of("GET /billing/v1/forecasting/capacity/{tenantId}", of_tenant("/billing/v1/forecasting/capacity/{tenantId}"))
            .names_tenant(),
        of("GET /billing/v1/analytics/revenue/summary", |_| at("/billing/v1/analytics/revenue/summary")),
        of("GET /billing/v1/analytics/revenue/by-service", |_| at("/billing/v1/analytics/revenue/by-service")),
        of("POST /billing/v1/invoices", |w| {
            let period = ("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z");
            let items = json!([{ "totalCents": 1 }]);
            at("/billing/v1/invoices").body(json!({
                "tenantId": own(w), "periodStart": period.0, "periodEnd": period.1, "lineItems": items,
            }))
        })
        .names_tenant(),
        of("GET /billing/v1/dunning/failed-payments", |_| at("/billing/v1/dunning/failed-payments")),
        of("POST /billing/v1/dunning/retry", |_| at("/billing/v1/dunning/retry").body(json!({ "paymentId": UNKNOWN })))
            .answers(404)
            .refuses(json!({ "paymentId": "x" })),
        of("POST /billing/v1/dunning/schedule", |w| {
            let step = json!({ "dayAfterFailure": 0, "action": "email", "template": "t" });
            at("/billing/v1/dunning/schedule").body(json!({ "tenantId": own(w), "schedule": [step] }))
        })
        .names_tenant(),
        of("POST /billing/v1/sdk/activate", |_| {
            at("/billing/v1/sdk/activate").body(json!({ "sdkId": "s", "sdkVersion": "1", "runtime": "node" }))
        })
        .refuses(json!({ "sdkId": "s" })),
    ]
}

const JIT: &str = "/access/v1/jit";

/// A request for something that nobody has asked for.
fn jit_request() -> Value {
    let resource = unique("resource");
    json!({ "resourceType": "db", "resourceId": resource, "permissions": ["read"], "justification": "j", "duration": 5 })
}

fn jit() -> Vec<Sample> {
    let policies = format!("{JIT}/policies");
    let policy = || json!({ "name": unique("policy"), "resourceTypes": ["vm"], "maxDuration": 60 });
    let (listed, deleted) = (policies.clone(), policies.clone());
    let question = |permission: &str| json!({ "principalId": "p", "resourceType": "db", "resourceId": "r", "permission": permission });
    vec![
        of("POST /access/v1/jit/policies", move |_| at(policies.clone()).body(policy()))
            .refuses(json!({ "name": "", "resourceTypes": ["vm"], "maxDuration": 60 })),
        of("GET /access/v1/jit/policies", move |_| at(listed.clone())),
        of("DELETE /access/v1/jit/policies/{policyId}", move |w| {
            let made = made(w, &deleted, &policy(), 201);
            at(format!("{deleted}/{}", made["policyId"].as_str().unwrap()))
        }),
        of("POST /access/v1/jit/requests", |_| at(format!("{JIT}/requests")).body(jit_request()))
            .refuses(json!({ "resourceType": "db" })),
        of("GET /access/v1/jit/requests", |_| at(format!("{JIT}/requests"))),
        of("POST /access/v1/jit/requests/{requestId}/process", |_| {
            at(format!("{JIT}/requests/{UNKNOWN}/process")).body(json!({ "decision": "approve" }))
        })
        .answers(404)
        .refuses(json!({ "decision": "perhaps" })),
        // Of somebody else.
        of("GET /access/v1/jit/grants/user/{userId}", |_| at(format!("{JIT}/grants/user/somebody"))).needs(Role::Admin),
        of("POST /access/v1/jit/grants/{grantId}/revoke", |_| {
            at(format!("{JIT}/grants/{UNKNOWN}/revoke")).body(json!({ "reason": "r" }))
        })
        .answers(404)
        .refuses(json!({ "reason": "" })),
        of("POST /access/v1/jit/check", move |_| at(format!("{JIT}/check")).body(question("read")))
            .refuses(question("")),
        of("GET /access/v1/jit/stats", |_| at(format!("{JIT}/stats"))),
    ]
}

fn observability() -> Vec<Sample> {
    const COSTS: &str = "/observability/v1/costs";
    const RULES: &str = "/observability/v1/anomaly-detection/rules";
    const DASHBOARDS: &str = "/observability/v1/dashboards";
    let allocation = |amount: i64| {
        json!({
            "resourceId": "r", "resourceType": "vm", "costCenter": "c", "amount": amount, "currency": "USD",
            "period": { "start": "2026-01-01T00:00:00Z", "end": "2026-02-01T00:00:00Z" },
        })
    };
    let budget =
        |amount: i64| json!({ "name": unique("budget"), "amount": amount, "currency": "USD", "period": "monthly" });
    let rule = |kind: &str| {
        let condition = json!({ "type": kind, "parameters": { "operator": "gt", "value": 1e15 } });
        json!({ "name": unique("rule"), "metric": "cost.none", "condition": condition })
    };
    let dashboard = |columns: i64| json!({ "name": unique("dashboard"), "layout": { "columns": columns, "rows": 1 } });
    let acknowledged = format!("/observability/v1/anomaly-detection/anomalies/{UNKNOWN}/acknowledge");
    vec![
        of("POST /observability/v1/costs/allocations", move |_| at(format!("{COSTS}/allocations")).body(allocation(1)))
            .refuses(allocation(-1)),
        of("GET /observability/v1/costs/allocations", |_| at(format!("{COSTS}/allocations"))),
        of("POST /observability/v1/costs/budgets", move |_| at(format!("{COSTS}/budgets")).body(budget(1)))
            .refuses(budget(0)),
        of("GET /observability/v1/costs/summary", |_| at(format!("{COSTS}/summary"))),
        of("POST /observability/v1/anomaly-detection/rules", move |_| at(RULES).body(rule("threshold")))
            .refuses(rule("hunch")),
        of("DELETE /observability/v1/anomaly-detection/rules/{ruleId}", move |w| {
            at(format!("{RULES}/{}", id(&made(w, RULES, &rule("threshold"), 201), "ruleId")))
        }),
        of("GET /observability/v1/anomaly-detection/anomalies", |_| {
            at("/observability/v1/anomaly-detection/anomalies")
        }),
        of("POST /observability/v1/anomaly-detection/anomalies/{anomalyId}/acknowledge", move |_| {
            at(acknowledged.clone())
        })
        .answers(404),
        of("POST /observability/v1/dashboards", move |_| at(DASHBOARDS).body(dashboard(1))).refuses(dashboard(0)),
        of("GET /observability/v1/dashboards", |_| at(DASHBOARDS)),
        of("GET /observability/v1/dashboards/{dashboardId}", |_| at(format!("{DASHBOARDS}/{UNKNOWN}"))).answers(404),
        of("POST /observability/v1/dashboards/{dashboardId}/star", |_| {
            at(format!("{DASHBOARDS}/{UNKNOWN}/star")).body(json!({ "starred": true }))
        })
        .answers(404)
        .refuses(json!({})),
        of("POST /observability/v1/dashboards/{dashboardId}/shares", |_| {
            at(format!("{DASHBOARDS}/{UNKNOWN}/shares")).body(json!({}))
        })
        .answers(404),
    ]
}

fn access_policies() -> Vec<Sample> {
    const POLICIES: &str = "/access/v1/policies";
    let policy = |actions: Value| -> Value {
        json!({ "name": unique("policy"), "statement": { "effect": "allow", "resources": ["*"], "actions": actions } })
    };
    let stored = move |w: &World| -> String {
        made(w, POLICIES, &policy(json!(["read"])), 201)["policyId"].as_str().unwrap().to_owned()
    };
    let question = |kind: &str| -> Value {
        let (principal, resource) = (json!({ "type": kind, "id": "a" }), json!({ "type": "document", "id": "1" }));
        json!({ "principal": principal, "resource": resource, "action": "read" })
    };
    vec![
        of("POST /access/v1/policies", move |_| at(POLICIES).body(policy(json!(["read"])))).refuses(policy(json!([]))),
        of("GET /access/v1/policies/{policyId}", move |w| at(format!("{POLICIES}/{}", stored(w)))),
        of("PUT /access/v1/policies/{policyId}", move |w| {
            at(format!("{POLICIES}/{}", stored(w))).body(policy(json!(["read"])))
        })
        .refuses(policy(json!([]))),
        of("DELETE /access/v1/policies/{policyId}", move |w| at(format!("{POLICIES}/{}", stored(w)))),
        of("GET /access/v1/tenants/{tenantId}/policies", |w| at(format!("/access/v1/tenants/{}/policies", own(w))))
            .names_tenant(),
        of("POST /access/v1/simulate", move |_| at("/access/v1/simulate").body(question("user")))
            .refuses(question("robot")),
        of("POST /access/v1/simulate/batch", move |_| {
            at("/access/v1/simulate/batch").body(json!({ "requests": [question("user")] }))
        })
        .refuses(json!({ "requests": [] })),
        of("POST /access/v1/simulate/impact", |_| {
            let new = json!({
                "name": unique("policy"), "effect": "allow", "principals": ["user:ada"], "resources": ["document/*"],
                "actions": ["read"],
            });
            at("/access/v1/simulate/impact").body(json!({ "policyChange": { "type": "create", "newPolicy": new } }))
        })
        .refuses(json!({ "policyChange": { "type": "delete" } })),
        of("GET /access/v1/simulate/history", |_| at("/access/v1/simulate/history")),
        of("POST /access/v1/cross-tenant/overview", |w| {
            at("/access/v1/cross-tenant/overview").body(json!({ "tenantIds": [own(w)] }))
        })
        .names_tenant(),
        of("POST /access/v1/cross-tenant/compare", |w| {
            let other = Tenant::new(w.t, &json!({})).id;
            at("/access/v1/cross-tenant/compare").body(json!({ "tenantIds": [own(w), other] }))
        })
        .needs(Role::PlatformAdmin)
        .names_tenant(),
        of("POST /access/v1/cross-tenant/anomalies", |_| at("/access/v1/cross-tenant/anomalies").body(json!({})))
            .refuses(json!({ "severity": "info" })),
        of("GET /access/v1/cross-tenant/graph", |_| at("/access/v1/cross-tenant/graph")),
        of("GET /access/v1/cross-tenant/isolation-audit", |_| at("/access/v1/cross-tenant/isolation-audit")),
        of("POST /access/v1/evaluate", move |_| at("/access/v1/evaluate").body(question("user")))
            .refuses(question("robot")),
    ]
}

fn search() -> Vec<Sample> {
    let document = |title: &str| json!({ "documentId": unique("document"), "title": title });
    let group = |count: usize| {
        let terms: Vec<_> = (0..count).map(|_| unique("term")).collect();
        json!({ "name": unique("group"), "type": "equivalent", "terms": terms })
    };
    let query = |results: i64| json!({ "query": "q", "resultCount": results, "latencyMs": 1 });
    // Each window is of an index of its own, so that none overlaps another.
    let window = |kind: &str| {
        json!({
            "indexNames": [unique("index")], "maintenanceType": kind, "scheduledAt": "2999-01-01T00:00:00Z",
            "duration": "PT1H",
        })
    };
    let rating = |query: &Value, rating: i64| json!({ "queryId": query, "type": "rating", "rating": rating });
    vec![
        of("GET /search/v1/analytics/metrics", |_| at("/search/v1/analytics/metrics")),
        of("GET /search/v1/analytics/quality", |_| at("/search/v1/analytics/quality")),
        of("POST /search/v1/analytics/queries", move |_| at("/search/v1/analytics/queries").body(query(1)))
            .refuses(query(-1)),
        of("POST /search/v1/analytics/feedback", move |w| {
            let recorded = made(w, "/search/v1/analytics/queries", &query(1), 201);
            at("/search/v1/analytics/feedback").body(rating(&recorded["queryId"], 5))
        })
        .names_thing()
        .refuses(rating(&json!(UNKNOWN), 0)),
        of("POST /search/v1/synonyms", move |_| at("/search/v1/synonyms").body(group(2))).refuses(group(1)),
        of("POST /search/v1/synonyms/expand", |_| at("/search/v1/synonyms/expand").body(json!({ "term": "t" })))
            .refuses(json!({ "term": "" })),
        of("GET /search/v1/synonyms/expand", |_| at("/search/v1/synonyms/expand?term=t")),
        of("GET /search/v1/health/current", |_| at("/search/v1/health/current")),
        of("POST /search/v1/health/maintenance", move |_| at("/search/v1/health/maintenance").body(window("backup")))
            .refuses(window("dance")),
        of("POST /search/v1/isolation/verify", |_| {
            at("/search/v1/isolation/verify").body(json!({ "testType": "full", "sampleSize": 1 }))
        })
        .refuses(json!({ "testType": "none" })),
        of("POST /search/v1/documents/index", move |_| at("/search/v1/documents/index").body(document("title")))
            .refuses(json!({ "title": "t" })),
        of("GET /search/v1/documents", |_| at("/search/v1/documents?q=title")),
    ]
}

const SECURITY: &str = "/security/v1";

fn security() -> Vec<Sample> {
    const PLAYBOOKS: &str = "/security/v1/playbooks";
    const SURFACE: &str = "/security/v1/attack-surface";
    const CONTROLS: &str = "/security/v1/compliance/controls";
    let playbook = || {
        let conditions = json!({ "eventTypes": ["none"] });
        json!({ "name": unique("playbook"), "triggerConditions": conditions, "actions": [{ "type": "notify" }] })
    };
    let asset = |name: &str| json!({ "name": name, "type": "server" });
    let control = || json!({ "controlId": unique("control"), "framework": "OWN", "name": "n" });
    let connection = |target: &str| json!({ "sourceAssetId": UNKNOWN, "targetAssetId": target });
    vec![
        of("POST /security/v1/playbooks", move |_| at(PLAYBOOKS).body(playbook())).refuses(json!({ "name": "n" })),
        of("GET /security/v1/playbooks", |_| at(PLAYBOOKS)),
        of("GET /security/v1/playbooks/{playbookId}", |_| at(format!("{PLAYBOOKS}/{UNKNOWN}"))).answers(404),
        of("PATCH /security/v1/playbooks/{playbookId}", |_| {
            at(format!("{PLAYBOOKS}/{UNKNOWN}")).body(json!({ "enabled": false }))
        })
        .answers(404)
        .refuses(json!({})),
        of("DELETE /security/v1/playbooks/{playbookId}", |_| at(format!("{PLAYBOOKS}/{UNKNOWN}"))).answers(404),
        of("POST /security/v1/playbooks/execute", |_| {
            at(format!("{PLAYBOOKS}/execute")).body(json!({ "playbookId": UNKNOWN }))
        })
        .answers(404)
        .refuses(json!({ "playbookId": "x" })),
        of("GET /security/v1/playbooks/executions", |_| at(format!("{PLAYBOOKS}/executions"))),
        of("POST /security/v1/playbooks/executions/{executionId}/approve", |_| {
            at(format!("{PLAYBOOKS}/executions/{UNKNOWN}/approve")).body(json!({}))
        })
        .answers(404),
        of("POST /security/v1/attack-surface/assets", move |_| at(format!("{SURFACE}/assets")).body(asset("n")))
            .refuses(asset("")),
        of("GET /security/v1/attack-surface/assets", |_| at(format!("{SURFACE}/assets"))),
        of("DELETE /security/v1/attack-surface/assets/{assetId}", |_| at(format!("{SURFACE}/assets/{UNKNOWN}")))
            .answers(404),
        of("POST /security/v1/attack-surface/connections", move |_| {
            at(format!("{SURFACE}/connections")).body(connection("user:nobody"))
        })
        .answers(404)
        .refuses(connection("")),
        of("GET /security/v1/attack-surface/connections", |_| at(format!("{SURFACE}/connections"))),
        of("DELETE /security/v1/attack-surface/connections/{connectionId}", |_| {
            at(format!("{SURFACE}/connections/{UNKNOWN}"))
        })
        .answers(404),
        of("POST /security/v1/attack-surface/analyze", |_| {
            at(format!("{SURFACE}/analyze")).body(json!({ "targetAsset": UNKNOWN }))
        })
        .answers(404)
        .refuses(json!({ "targetAsset": UNKNOWN, "analysisDepth": 0 })),
        of("POST /security/v1/attack-surface/simulate", |_| {
            let body = json!({ "scenario": "s", "entryPoints": [UNKNOWN], "objectives": [UNKNOWN] });
            at(format!("{SURFACE}/simulate")).body(body)
        })
        .answers(404)
        .refuses(json!({ "scenario": "s" })),
        of("POST /security/v1/compliance/controls", move |_| at(CONTROLS).body(control()))
            .refuses(json!({ "framework": "OWN" })),
        of("GET /security/v1/compliance/controls/{controlUuid}", |_| at(format!("{CONTROLS}/{UNKNOWN}"))).answers(404),
        of("PATCH /security/v1/compliance/controls/{controlUuid}", |_| {
            at(format!("{CONTROLS}/{UNKNOWN}")).body(json!({ "name": "n" }))
        })
        .answers(404)
        .refuses(json!({})),
        of("DELETE /security/v1/compliance/controls/{controlUuid}", |_| at(format!("{CONTROLS}/{UNKNOWN}")))
            .answers(404),
        of("POST /security/v1/compliance/assess", |_| {
            at(format!("{SECURITY}/compliance/assess")).body(json!({ "frameworks": ["SOC2"] }))
        })
        .refuses(json!({ "frameworks": [] })),
    ]
}
