//! Values in the clear, many at once: one round trip, one durable row of the history for all secrets among them, and one
//! entry of the audit log if there is any.

use axum::Json as Answer;
use crypto::hash;
use model::config::{ResolveAnswer, ResolveRequest, Resolved, ValueType};
use service::{Bearer, Error, Result, is_short_blob};

use crate::{Body, item_store as store, list::project};

/// All items with short values in one text, since each row costs where it crosses into the sandbox; an item with a long
/// value in a row of its own.
fn select() -> String {
    let is_short = is_short_blob("sealed");
    format!(
        "SELECT json_group_array(json_array(key, iif({is_short}, hex(sealed), NULL), value_type, version)) AS items, \
         iif({is_short}, NULL, sealed) AS long FROM config_items \
         WHERE tenant_id = ?1 AND project_id = ?2 AND key IN (SELECT value FROM json_each(?3)) \
         GROUP BY iif({is_short}, '', key)"
    )
}

/// Resolve up to 50 keys to their values. Missing keys are absent.
#[utoipa::path(
    post, path = "/api/client/v1/config/resolve", tag = "Config", request_body = ResolveRequest,
    responses((status = 200, body = ResolveAnswer), (status = 400), (status = 401), (status = 403)),
)]
pub(crate) async fn resolve_configs(bearer: Bearer, body: Body<ResolveRequest>) -> Result<Answer<ResolveAnswer>> {
    let request = body.parse()?;
    let entry = bearer.audit("").detail("keys", request.keys.as_slice());
    let wanted = serde_json::Value::from(request.keys).to_string();
    let select = project(select(), &bearer);
    let audit = project(
        "INSERT INTO config_reads (tenant_id, project_id, performed_by, at, secrets) \
         SELECT ?1, ?2, ?4, ?5, json_group_array(json_array(key, version)) FROM config_items \
         WHERE tenant_id = ?1 AND project_id = ?2 AND key IN (SELECT value FROM json_each(?3)) AND is_secret = 1 \
         HAVING count(*) > 0",
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
        let mut long: Option<Vec<u8>> = row.get("long")?;
        let items: Vec<(String, Option<String>, ValueType, i64)> =
            serde_json::from_str(&row.get::<String>("items")?)
                .map_err(|_| Error::internal("items that are no JSON"))?;
        for (key, short, value_type, version) in items {
            let sealed = short.map_or_else(|| long.take(), |digits| hash::from_hex(&digits));
            // A value that does not open is as good as none.
            let value = sealed.and_then(|sealed| store::open(data_key.as_deref(), &bearer, &key, &sealed).ok());
            if let Some(value) = value {
                configs.insert(key, Resolved { value, value_type, version });
            }
        }
    }
    Ok(Answer(ResolveAnswer { configs }))
}
