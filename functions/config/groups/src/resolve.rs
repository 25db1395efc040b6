//! Values in the clear, many at once: one round trip, a durable row of the history for every secret among them, and one
//! entry of the audit log if there is any.

use axum::Json as Answer;
use model::config::{ResolveAnswer, ResolveRequest, Resolved};
use policy::config::Permission;
use service::{Bearer, Result};

use crate::{Body, item_store as store, list::project};

/// Resolve up to 50 keys to their values. What is not there is absent.
#[utoipa::path(
    post, path = "/api/client/v1/config/resolve", tag = "Config", request_body = ResolveRequest,
    responses((status = 200, body = ResolveAnswer), (status = 400), (status = 401), (status = 403)),
)]
pub(crate) async fn resolve_configs(bearer: Bearer, body: Body<ResolveRequest>) -> Result<Answer<ResolveAnswer>> {
    let holder = bearer.holder(Permission::Admin).await?;
    let request = body.parse()?;
    let entry = holder.audit_as("config-item.resolve", "").detail("keys", request.keys.as_slice());
    let wanted = serde_json::Value::from(request.keys).to_string();
    let select = project(
        "SELECT key, sealed, value_type, version FROM config_items \
         WHERE tenant_id = ?1 AND project_id = ?2 AND key IN (SELECT value FROM json_each(?3))",
        &holder,
    );
    let audit = project(
        "INSERT INTO config_audit (tenant_id, project_id, config_key, action, version, performed_by, at) \
         SELECT tenant_id, project_id, key, 'read', version, ?4, ?5 FROM config_items \
         WHERE tenant_id = ?1 AND project_id = ?2 AND key IN (SELECT value FROM json_each(?3)) AND is_secret = 1",
        &holder,
    );
    let audit = audit.bind(wanted.as_str()).bind(holder.performer.as_str()).bind(holder.now);
    let keys = holder.app.data_keys();
    let (statements, open_key) = keys.with_select(&holder.tenant, vec![select.bind(wanted), audit]);
    let outcomes = holder.write(statements, entry).await??;
    let data_key = keys.found(&holder.app, &holder.tenant, open_key, &outcomes)?;
    let mut configs = std::collections::BTreeMap::new();
    for row in outcomes.first().map(|outcome| outcome.rows.as_slice()).unwrap_or_default() {
        let key: String = row.get("key")?;
        // A value that does not open is as good as none.
        if let Ok(value) = store::open(data_key.as_deref(), &holder, &key, &row.get::<Vec<u8>>("sealed")?) {
            let resolved = Resolved { value, value_type: store::value_type(row)?, version: row.get("version")? };
            configs.insert(key, resolved);
        }
    }
    Ok(Answer(ResolveAnswer { configs }))
}
