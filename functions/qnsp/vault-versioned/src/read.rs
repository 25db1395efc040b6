//! The value of a version.

use axum::Json;
use model::{
    ids::SecretId,
    qnsp::vault::{SecretVersion, VersionNumber},
    time::IsoTime,
};
use platform::Statement;
use qnsp::{Call, Nothing, new_id};
use serde::Deserialize;
use serde_json::json;
use service::{Error, Result};

use crate::store;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OfVersion {
    pub secret_id: SecretId,
    pub version: VersionNumber,
}

/// Read a version of a secret.
#[utoipa::path(
    get, path = "/vault/v1/versioned-secrets/{secretId}/versions/{version}", tag = "Vault",
    params(("secretId" = String, Path), ("version" = i64, Path, minimum = 1)),
    responses(
        (status = 200, body = SecretVersion), (status = 400), (status = 401), (status = 403), (status = 404),
        (status = 410),
    ),
)]
pub(crate) async fn read_version(call: Call<Nothing, Nothing, OfVersion>) -> Result<Json<SecretVersion>> {
    let (secret, version) = (call.path.secret_id.as_str(), call.path.version.0);
    call.about(secret);
    call.payload(json!({ "version": version }));
    let mut work = call.work();
    work.require(store::version_exists(&call, secret, version));
    work.require(store::version_has_value(&call, secret, version));
    work.limit_calls();
    let found = work.push(store::select_version(&call, secret, version));
    let event = Statement::new(
        "INSERT INTO qnsp_secret_events (tenant_id, secret_id, number, at, id, action, version, actor) VALUES (?1, ?2, \
         1 + coalesce((SELECT max(number) FROM qnsp_secret_events WHERE tenant_id = ?1 AND secret_id = ?2), 0), ?3, ?4, \
         'read', ?5, ?6)",
    );
    work.push(event.bind(call.tenant()).bind(secret).bind(call.now).bind(new_id()?).bind(version).bind(call.user()));
    let data_key = work.read_data_key(call.tenant());
    let outcomes = work.run().await?;
    let row = outcomes.one(found)?;
    let value = store::value(&call, outcomes.data_key(&data_key)?.as_deref(), secret, row)?;
    let value = String::from_utf8(value.to_vec()).map_err(|_| Error::internal("a value that is no text"))?;
    Ok(Json(SecretVersion {
        secret_id: secret.to_owned(),
        version,
        value,
        state: row.get("state")?,
        created_at: IsoTime(row.get("created_at")?),
        metadata: store::metadata(row)?,
    }))
}
