//! What happened to a key, and the values that an item had.

use axum::Json as Answer;
use crypto::seal::DataKey;
use model::{
    config::{AuditLog, AuditLogsAnswer, AuditQuery, ItemAnswer, MASK, Version, VersionsAnswer},
    time::IsoTime,
};
use platform::Row;
use policy::config::Permission;
use service::{Bearer, Error, Holder, Path, Query, Result};

use crate::{history_store as store, item_store, items};

/// List what happened to a key, newest first; also to one that is no longer there.
#[utoipa::path(
    get, path = "/api/client/v1/config/items/{key}/audit", tag = "Config", params(("key" = String, Path), AuditQuery),
    responses((status = 200, body = AuditLogsAnswer), (status = 401), (status = 403)),
)]
pub(crate) async fn list_audit_logs(
    bearer: Bearer,
    Path(key): Path<String>,
    Query(page): Query<AuditQuery>,
) -> Result<Answer<AuditLogsAnswer>> {
    let holder = bearer.holder(Permission::Read).await?;
    let (outcomes, data_key) = item_store::read(&holder, vec![store::select_audit(&holder, &key, &page)]).await?;
    let rows = outcomes.first().map(|outcome| outcome.rows.as_slice()).unwrap_or_default();
    let logs = rows.iter().map(|row| audit_log(row, &holder, data_key.as_deref())).collect::<Result<_>>()?;
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
    let holder = bearer.holder(Permission::Read).await?;
    let statements = vec![store::select_versions(&holder, &key, &page), item_store::select(&holder, &key)];
    let (outcomes, data_key) = item_store::read(&holder, statements).await?;
    outcomes.get(1).and_then(|outcome| outcome.rows.first()).ok_or_else(items::missing)?;
    let rows = outcomes.first().map(|outcome| outcome.rows.as_slice()).unwrap_or_default();
    let versions = rows.iter().map(|row| version(row, &holder, &key, data_key.as_deref())).collect::<Result<_>>()?;
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
    let holder = bearer.holder(Permission::Admin).await?;
    let data_key = holder.data_key().await?;
    let audit = holder.audit_as("config-item.restore", &key).detail("version", version);
    let outcomes = holder.write(store::restore(&holder, &key, version.into()), audit).await??;
    let item = items::last_item(&outcomes, &holder, &data_key)?;
    if outcomes.first().is_none_or(|kept| kept.changes == 0) {
        return Err(Error::not_found("Config item has no such earlier version"));
    }
    Ok(Answer(ItemAnswer { item }))
}

fn audit_log(row: &Row, holder: &Holder, data_key: Option<&DataKey>) -> Result<AuditLog> {
    let (config_key, action): (String, String) = (row.get("config_key")?, row.get("action")?);
    let version: i64 = row.get("version")?;
    let secret: bool = row.get("secret")?;
    let value = |column| -> Result<Option<String>> {
        match row.get::<Option<Vec<u8>>>(column)? {
            Some(sealed) if !secret => item_store::open(data_key, holder, &config_key, &sealed).map(Some),
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

fn version(row: &Row, holder: &Holder, key: &str, data_key: Option<&DataKey>) -> Result<Version> {
    let value = if row.get::<bool>("is_secret")? {
        MASK.to_owned()
    } else {
        item_store::open(data_key, holder, key, &row.get::<Vec<u8>>("sealed")?)?
    };
    Ok(Version {
        version: row.get("version")?,
        value,
        value_type: item_store::value_type(row)?,
        created_by: row.get("made_by")?,
        created_at: IsoTime(row.get("made_at")?),
    })
}
