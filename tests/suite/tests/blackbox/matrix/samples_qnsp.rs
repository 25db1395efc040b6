//! Samples of the first services of QNSP, and of what operators do to its tenants with licences.

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
pub const UNKNOWN: &str = "5d3e0d51-7d60-4a0e-9ad8-7b5a4d6e0a11";

pub fn samples() -> Vec<Sample> {
    [operators(), audit(), auth(), tenant(), billing()].into_iter().flatten().collect()
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
pub fn made(w: &World, path: &str, body: &Value, status: u16) -> Value {
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

pub fn id(made: &Value, name: &str) -> String {
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
pub fn own(w: &World) -> String {
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
