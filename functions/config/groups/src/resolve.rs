//! Values in the clear, many at once: one round trip, a durable row of the history for every secret among them, and one
//! entry of the audit log if there is any.

use axum::Json as Answer;
use model::config::{ResolveAnswer, ResolveRequest, Resolved};
use service::{Bearer, Blob, Result, blob};

use crate::{Body, item_store as store, list::project};

/// Resolve up to 50 keys to their values. Missing keys are absent.
#[utoipa::path(
    post, path = "/api/client/v1/config/resolve", tag = "Config", request_body = ResolveRequest,
    responses((status = 200, body = ResolveAnswer), (status = 400), (status = 401), (status = 403)),
)]
pub(crate) async fn resolve_configs(bearer: Bearer, body: Body<ResolveRequest>) -> Result<Answer<ResolveAnswer>> {
    let request = body.parse()?;
    let entry = bearer.audit("").detail("keys", request.keys.as_slice());
    let wanted = serde_json::Value::from(request.keys).to_string();
    let select = format!(
        "SELECT key, {}, value_type, version FROM config_items \
         WHERE tenant_id = ?1 AND project_id = ?2 AND key IN (SELECT value FROM json_each(?3))",
        blob("sealed", "sealed")
    );
    let select = project(select, &bearer);
    let audit = project(
        "INSERT INTO config_audit (tenant_id, project_id, config_key, action, version, performed_by, at) \
         SELECT tenant_id, project_id, key, 'read', version, ?4, ?5 FROM config_items \
         WHERE tenant_id = ?1 AND project_id = ?2 AND key IN (SELECT value FROM json_each(?3)) AND is_secret = 1",
        &bearer,
    );
    let audit = audit.bind(wanted.as_str()).bind(bearer.performer.as_str()).bind(bearer.now);
    let mut batch = bearer.batch();
    let found = batch.push(select.bind(wanted));
    let read_secrets = batch.push(audit);
    batch.record(entry, read_secrets);
    let data_key = batch.read_data_key(&bearer.tenant);
    let outcomes = batch.write().await?;
    let data_key = outcomes.data_key(&data_key)?;
    let mut configs = std::collections::BTreeMap::new();
    for row in outcomes.rows(found) {
        let key: String = row.get("key")?;
        // A value that does not open is as good as none.
        if let Ok(value) = store::open(data_key.as_deref(), &bearer, &key, &row.get::<Blob>("sealed")?.0) {
            let resolved = Resolved { value, value_type: store::value_type(row)?, version: row.get("version")? };
            configs.insert(key, resolved);
        }
    }
    Ok(Answer(ResolveAnswer { configs }))
}
