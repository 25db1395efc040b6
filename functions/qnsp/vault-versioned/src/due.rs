//! Versions are destroyed by policies that do so by themselves, though no new version comes.

use platform::clock;
use qnsp::{secrets::Change, system_event};
use serde_json::json;
use service::{Anonymous, App, Due, Result};

/// Secrets with a version that such a policy does not keep: an old one, or one too many.
const SELECT: &str = "SELECT s.tenant_id, s.id FROM qnsp_secrets s WHERE auto_destroy = 1 AND deprecated > 0 \
     AND (last_version - destroyed > max_versions OR ?1 - delete_after > (SELECT v.created_at \
     FROM qnsp_secret_versions v INDEXED BY qnsp_secret_versions_by_state WHERE v.tenant_id = s.tenant_id \
     AND v.secret_id = s.id AND v.state = 'deprecated' ORDER BY v.version LIMIT 1))";

pub(crate) const ALL: &[Due] = &[Due {
    select: || SELECT.to_owned(),
    carry_out: |app, piece| {
        Box::pin(async move { enforce(app, &piece.get::<String>("tenant_id")?, &piece.get::<String>("id")?).await })
    },
}];

async fn enforce(app: &App, tenant: &str, secret: &str) -> Result<()> {
    let mut batch = Anonymous::background(app).batch();
    let change = Change { tenant, secret, by: "retention", now: clock::now_ms() };
    let destroyed = batch.push(change.enforce_retention());
    let payload = json!({ "by": "retention" });
    batch.record(system_event(tenant, "vault.secret_retention.enforce", secret, payload)?, destroyed);
    batch.write().await.map(drop)
}
