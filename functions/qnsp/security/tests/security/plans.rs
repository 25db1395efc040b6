//! No statement goes through a table: each finds the tenant's rows by an index.

use std::sync::Arc;

use serde_json::{Value, json};
use testing::{Batches, Recording};

use crate::{asset, call, control, execution, playbook, service, text};

/// What a statement may go through: what it has itself found or was given.
const SCANNED: [&str; 5] = ["SCAN CONSTANT ROW", "SCAN (subquery-", "VIRTUAL TABLE", "SCAN pairs", "SCAN n"];

#[tokio::test]
async fn no_statement_goes_through_a_table() {
    let batches = Batches::default();
    let service = service("plans", |mut host| {
        host.sql = Arc::new(Recording { inner: host.sql.clone(), batches: batches.clone() });
        security::app(host)
    })
    .await;
    let made = async |role: &str, path: &str, body: &Value, id: &str| {
        let reply = call(&service, role, "POST", path, body).await;
        assert!(reply.status.is_success(), "{path}: {}", reply.body);
        text(&reply.body, id)
    };
    let [user, target, other] = [
        made("developer", "/attack-surface/assets", &asset("user"), "assetId").await,
        made("developer", "/attack-surface/assets", &asset("db"), "assetId").await,
        made("developer", "/attack-surface/assets", &asset("db"), "assetId").await,
    ];
    let pair = |target: &str| json!({ "sourceAssetId": user, "targetAssetId": target });
    let connection = made("developer", "/attack-surface/connections", &pair(&target), "connectionId").await;
    let of_connection = format!("/attack-surface/connections/{connection}");
    let of_asset = format!("/attack-surface/assets/{target}");
    let of_control =
        format!("/compliance/controls/{}", made("admin", "/compliance/controls", &control("a"), "controlUuid").await);
    let playbook_id = made("admin", "/playbooks", &playbook("a"), "playbookId").await;
    let of_playbook = format!("/playbooks/{playbook_id}");
    let executions = format!("/playbooks/executions?playbookId={playbook_id}");
    for (method, path, body) in [
        ("POST", "/attack-surface/assets", asset("db")),
        ("GET", "/attack-surface/assets", Value::Null),
        ("POST", "/attack-surface/connections", pair(&other)),
        ("GET", "/attack-surface/connections", Value::Null),
        ("POST", "/attack-surface/analyze", json!({ "targetAsset": target })),
        ("POST", "/attack-surface/simulate", json!({ "scenario": "s", "entryPoints": [user], "objectives": [target] })),
        ("DELETE", of_connection.as_str(), Value::Null),
        ("DELETE", of_asset.as_str(), Value::Null),
        ("POST", "/compliance/controls", control("b")),
        ("GET", of_control.as_str(), Value::Null),
        ("PATCH", of_control.as_str(), json!({ "name": "other" })),
        ("DELETE", of_control.as_str(), Value::Null),
        ("POST", "/playbooks", playbook("b")),
        ("GET", "/playbooks", Value::Null),
        ("GET", of_playbook.as_str(), Value::Null),
        ("POST", "/playbooks/execute", execution(&playbook_id)),
        ("GET", "/playbooks/executions", Value::Null),
        ("GET", "/playbooks/executions?status=completed", Value::Null),
        ("GET", executions.as_str(), Value::Null),
        ("PATCH", of_playbook.as_str(), json!({ "enabled": false })),
        ("DELETE", of_playbook.as_str(), Value::Null),
    ] {
        batches.lock().unwrap().clear();
        let reply = call(&service, "admin", method, path, &body).await;
        assert!(reply.status.is_success(), "{method} {path}: {}", reply.body);
        let asked = std::mem::take(&mut *batches.lock().unwrap());
        for statement in asked.iter().flatten() {
            for step in service.plan(statement).await {
                let is_small = SCANNED.iter().any(|small| step.contains(small));
                assert!(!step.starts_with("SCAN ") || is_small, "{method} {path}: {step} in {}", statement.text);
            }
        }
    }
}
