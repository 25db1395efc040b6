//! Each statement of a batch fails in turn: then nothing has happened, and no event says that it did.

use std::sync::atomic::Ordering;

use serde_json::{Value, json};
use testing::{Deployment, Reply};

use crate::{asset, call, control, execution, playbook, service, text};

const STATE: &str = "SELECT (SELECT count(*) FROM qnsp_assets) + 3 * (SELECT count(*) FROM qnsp_asset_connections) \
    + 5 * (SELECT count(*) FROM qnsp_playbooks) + 7 * (SELECT count(*) FROM qnsp_compliance_controls) \
    + 11 * (SELECT count(*) FROM qnsp_security_results) + 13 * (SELECT count(*) FROM qnsp_playbook_executions) \
    + 17 * coalesce((SELECT sum(json_array_length(results)) FROM qnsp_playbook_executions), 0) \
    + 19 * (SELECT count(*) FROM qnsp_access_policies) + 23 * (SELECT count(*) FROM audit_entries WHERE outcome = 'done') \
    + 29 * (SELECT count(*) FROM qnsp_meters) + 31 * (SELECT count(*) FROM portal_mail) \
    + 37 * coalesce((SELECT sum(used) FROM qnsp_quotas WHERE quota_type = 'policies'), 0) \
    + 41 * coalesce((SELECT sum(length(name)) FROM qnsp_playbooks), 0) \
    + 43 * coalesce((SELECT sum(length(name)) FROM qnsp_compliance_controls), 0) \
    + 47 * (SELECT count(*) FROM qnsp_playbook_executions WHERE status = 'running')";

/// 503 where the batch of the call failed, 500 where something that it had to read did.
fn is_fault(reply: &Reply) -> bool {
    matches!((reply.status.as_u16(), reply.error()), (503, "SERVICE_UNAVAILABLE") | (500, "INTERNAL_ERROR"))
}

async fn all_or_nothing(service: &Deployment, role: &str, method: &str, path: &str, body: &Value) -> Value {
    service.all_or_nothing(STATE, 4, is_fault, async || call(service, role, method, path, body).await).await
}

#[tokio::test]
async fn an_operation_that_fails_at_any_statement_has_not_happened() {
    let service = service("atomic", security::app).await;
    let all = async |role, method, path: &str, body: &Value| all_or_nothing(&service, role, method, path, body).await;
    let user = text(&all("developer", "POST", "/attack-surface/assets", &asset("user")).await, "assetId");
    let target = text(&all("developer", "POST", "/attack-surface/assets", &asset("db")).await, "assetId");
    let pair = json!({ "sourceAssetId": user, "targetAssetId": target });
    let connection = text(&all("developer", "POST", "/attack-surface/connections", &pair).await, "connectionId");
    let analysis = all("developer", "POST", "/attack-surface/analyze", &json!({ "targetAsset": target })).await;
    assert_eq!(analysis.pointer("/attackPaths/0/steps/1/asset"), Some(&json!(target)));
    let simulation = json!({ "scenario": "s", "entryPoints": [user], "objectives": [target] });
    all("developer", "POST", "/attack-surface/simulate", &simulation).await;
    all("developer", "DELETE", &format!("/attack-surface/connections/{connection}"), &Value::Null).await;
    all("developer", "DELETE", &format!("/attack-surface/assets/{target}"), &Value::Null).await;

    let made = text(&all("admin", "POST", "/compliance/controls", &control("c")).await, "controlUuid");
    let of_control = format!("/compliance/controls/{made}");
    all("admin", "PATCH", &of_control, &json!({ "name": "longer" })).await;
    all("developer", "POST", "/compliance/assess", &json!({ "frameworks": ["own", "SOC2"] })).await;
    all("admin", "DELETE", &of_control, &Value::Null).await;

    let made = text(&all("admin", "POST", "/playbooks", &playbook("p")).await, "playbookId");
    let of_playbook = format!("/playbooks/{made}");
    all("admin", "PATCH", &of_playbook, &json!({ "name": "longer" })).await;
    all("developer", "POST", "/playbooks/execute", &execution(&made)).await;
    let mut waiting = playbook("waits");
    waiting["actions"][0]["requiresApproval"] = json!(true);
    let waiting = text(&all("admin", "POST", "/playbooks", &waiting).await, "playbookId");
    let started = all("developer", "POST", "/playbooks/execute", &execution(&waiting)).await;
    let approve = format!("/playbooks/executions/{}/approve", text(&started, "executionId"));
    all("admin", "POST", &approve, &Value::Null).await;
    all("admin", "DELETE", &of_playbook, &Value::Null).await;
}

#[tokio::test]
async fn the_actions_of_an_execution_happen_with_their_outcome_or_not_at_all() {
    let service = service("runs", security::app).await;
    let made = text(&call(&service, "admin", "POST", "/playbooks", &playbook("p")).await.body, "playbookId");
    let start = async || call(&service, "developer", "POST", "/playbooks/execute", &execution(&made)).await;
    let read = async || call(&service, "viewer", "GET", "/playbooks/executions", &Value::Null).await;
    let run = async || {
        assert_eq!(start().await.status.as_u16(), 202);
        service.number(STATE).await
    };
    let before = run().await;
    assert!(read().await.status.is_success());
    let effect = service.number(STATE).await - before;
    // Three outcomes, two policies in the quota, a mail and an event, and the execution runs no longer.
    assert_eq!(effect, 3 * 17 + 2 * (19 + 37) + 31 + 23 - 47);
    let before = run().await;
    let (mut failed, mut without_effect) = (0, 0);
    loop {
        service.sql.fails_at.store(failed, Ordering::SeqCst);
        let reply = read().await;
        service.sql.fails_at.store(usize::MAX, Ordering::SeqCst);
        let now = service.number(STATE).await;
        if now != before {
            assert_eq!(now, before + effect, "statement {failed}");
            break;
        }
        assert!(is_fault(&reply), "statement {failed}: {}", reply.body);
        without_effect += 1;
        failed += 1;
    }
    assert!(without_effect >= 10, "{without_effect} statements");
    let again = service.number(STATE).await;
    assert!(read().await.status.is_success());
    assert_eq!(service.number(STATE).await, again, "nothing happens twice");
}

#[tokio::test]
async fn an_event_starts_a_playbook_once_whatever_fails() {
    let service = service("triggers", security::app).await;
    let mut on_assets = playbook("p");
    on_assets["triggerConditions"] = json!({ "eventTypes": ["security.asset.create"], "severityThreshold": "info" });
    on_assets["actions"] = json!([{ "type": "notify", "parameters": {} }]);
    assert_eq!(call(&service, "admin", "POST", "/playbooks", &on_assets).await.status.as_u16(), 201);
    assert_eq!(call(&service, "developer", "POST", "/attack-surface/assets", &asset("db")).await.status.as_u16(), 201);
    for failed in 0..12 {
        service.sql.fails_at.store(failed, Ordering::SeqCst);
        call(&service, "viewer", "GET", "/playbooks/executions", &Value::Null).await;
    }
    service.sql.fails_at.store(usize::MAX, Ordering::SeqCst);
    let listed = call(&service, "viewer", "GET", "/playbooks/executions", &Value::Null).await.body;
    assert_eq!((&listed["total"], &listed["executions"][0]["status"]), (&json!(1), &json!("completed")), "{listed}");
    let notified = "SELECT count(*) FROM audit_entries WHERE action = 'security.playbook.notified'";
    assert_eq!(service.number(notified).await, 1);
}
