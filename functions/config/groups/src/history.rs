//! What happened to a key, and the values that an item had.

use axum::Json as Answer;
use crypto::seal::DataKey;
use model::{
    config::{AuditLog, AuditLogsAnswer, AuditQuery, ItemAnswer, MASK, Version, VersionsAnswer},
    time::IsoTime,
};
use platform::Row;
use service::{Bearer, Blob, Error, Path, Query, Result};

use crate::{history_store as store, item_store};

/// List the audit entries of a key, newest first; also those of a deleted one.
#[utoipa::path(
    get, path = "/api/client/v1/config/items/{key}/audit", tag = "Config", params(("key" = String, Path), AuditQuery),
    responses((status = 200, body = AuditLogsAnswer), (status = 401), (status = 403)),
)]
pub(crate) async fn list_audit_logs(
    bearer: Bearer,
    Path(key): Path<String>,
    Query(page): Query<AuditQuery>,
) -> Result<Answer<AuditLogsAnswer>> {
    let mut batch = bearer.batch();
    let found = batch.push(store::select_audit(&bearer, &key, &page));
    let data_key = batch.read_data_key(&bearer.tenant);
    let outcomes = batch.read().await?;
    let data_key = outcomes.data_key(&data_key)?;
    let logs =
        outcomes.rows(found).iter().map(|row| audit_log(row, &bearer, data_key.as_deref())).collect::<Result<_>>()?;
    Ok(Answer(AuditLogsAnswer { logs }))
}

/// List the values that an item has and had, newest first; masked while it is a secret.
#[utoipa::path(
    get, path = "/api/client/v1/config/items/{key}/versions", tag = "Chancery",
    params(("key" = String, Path), AuditQuery),
    responses((status = 200, body = VersionsAnswer), (status = 401), (status = 403), (status = 404)),
)]
pub(crate) async fn list_versions(
    bearer: Bearer,
    Path(key): Path<String>,
    Query(page): Query<AuditQuery>,
) -> Result<Answer<VersionsAnswer>> {
    let mut batch = bearer.batch();
    let found = batch.push(store::select_versions(&bearer, &key, &page));
    let item = batch.push(item_store::select(&bearer, &key));
    let data_key = batch.read_data_key(&bearer.tenant);
    let outcomes = batch.read().await?;
    outcomes.row(item).ok_or_else(item_store::missing)?;
    let data_key = outcomes.data_key(&data_key)?;
    let versions = outcomes
        .rows(found)
        .iter()
        .map(|row| version(row, &bearer, &key, data_key.as_deref()))
        .collect::<Result<_>>()?;
    Ok(Answer(VersionsAnswer { versions }))
}

/// Put an earlier value in force again, as a new version.
#[utoipa::path(
    post, path = "/api/client/v1/config/items/{key}/versions/{version}/restore", tag = "Chancery",
    params(("key" = String, Path), ("version" = i64, Path)),
    responses((status = 200, body = ItemAnswer), (status = 401), (status = 403), (status = 404)),
)]
pub(crate) async fn restore_version(
    bearer: Bearer,
    Path((key, version)): Path<(String, u32)>,
) -> Result<Answer<ItemAnswer>> {
    let mut batch = bearer.batch();
    let data_key = batch.data_key(&bearer.tenant).await?;
    let changed = store::restore(&mut batch, &key, version.into());
    batch.record(bearer.audit(&key).detail("version", version), changed.change);
    let outcomes = batch.write().await?;
    let row = outcomes.row(changed.item).ok_or_else(item_store::missing)?;
    let item = item_store::item(row, &bearer, Some(&data_key))?;
    if !outcomes.changed(changed.change) {
        return Err(Error::not_found("Config item has no such earlier version"));
    }
    Ok(Answer(ItemAnswer { item }))
}

fn audit_log(row: &Row, bearer: &Bearer, data_key: Option<&DataKey>) -> Result<AuditLog> {
    let (config_key, action): (String, String) = (row.get("config_key")?, row.get("action")?);
    let version: i64 = row.get("version")?;
    let secret: bool = row.get("secret")?;
    let value = |column| -> Result<Option<String>> {
        match row.get::<Option<Blob>>(column)? {
            Some(Blob(sealed)) if !secret => item_store::open(data_key, bearer, &config_key, &sealed).map(Some),
            _ => Ok(Some(MASK.to_owned())),
        }
    };
    // The deletion of a group has version 0, and no value.
    let (had, has) = match action.as_str() {
        "create" => (false, true),
        "update" => (true, row.get("has_new")?),
        "delete" => (version > 0, false),
        _ => (false, false),
    };
    Ok(AuditLog {
        previous_value: if had { value("previous")? } else { None },
        new_value: if has { value("new")? } else { None },
        id: row.get("id")?,
        tenant_id: row.get("tenant_id")?,
        project_id: row.get("project_id")?,
        performed_by: row.get("performed_by")?,
        created_at: IsoTime(row.get("at")?),
        config_key,
        action,
        version,
    })
}

fn version(row: &Row, bearer: &Bearer, key: &str, data_key: Option<&DataKey>) -> Result<Version> {
    let value = if row.get::<bool>("is_secret")? {
        MASK.to_owned()
    } else {
        item_store::open(data_key, bearer, key, &row.get::<Blob>("sealed")?.0)?
    };
    Ok(Version {
        version: row.get("version")?,
        value,
        value_type: item_store::value_type(row)?,
        created_by: row.get("made_by")?,
        created_at: IsoTime(row.get("made_at")?),
    })
}
