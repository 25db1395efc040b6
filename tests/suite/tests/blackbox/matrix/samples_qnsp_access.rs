//! Samples of QNSP: access control and security monitoring.

use policy::qnsp::Role;
use serde_json::{Value, json};

use super::{
    sample::{Sample, at, of},
    samples_qnsp::{UNKNOWN, made, own},
    world::World,
};
use crate::{deployment::unique, qnsp::Tenant};

pub fn samples() -> Vec<Sample> {
    [jit(), access_policies(), security()].into_iter().flatten().collect()
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
