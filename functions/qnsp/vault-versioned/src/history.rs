//! The versions of a secret, without their values.

use axum::Json;
use model::{
    qnsp::vault::{SecretHistory, SecretPage, SecretVersionInHistory, SecretVersionState},
    time::IsoTime,
};
use platform::{Row, Statement};
use qnsp::{Call, Caller, Limit, Nothing, Offset};
use serde::Deserialize;
use service::Result;
use utoipa::IntoParams;

use crate::store::{self, OfSecret};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AskVersions {
    #[param(inline)]
    state: Option<SecretVersionState>,
    #[serde(default)]
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200)]
    limit: Limit,
    #[serde(default)]
    #[param(value_type = Option<i64>, minimum = 0)]
    offset: Offset,
}

/// List the versions of a secret, newest first.
#[utoipa::path(
    get, path = "/vault/v1/versioned-secrets/{secretId}/history", tag = "Vault",
    params(("secretId" = String, Path), AskVersions),
    responses((status = 200, body = SecretHistory), (status = 400), (status = 401), (status = 403), (status = 404)),
)]
pub(crate) async fn list_versions(call: Call<Nothing, AskVersions, OfSecret>) -> Result<Json<SecretHistory>> {
    let secret = call.path.secret_id.as_str();
    call.about(secret);
    let mut work = call.work();
    work.require(store::secret_exists(&call, secret));
    let total = work.push(select_total(&call, secret, call.query.state));
    let found = work.push(select(&call, secret, &call.query));
    let outcomes = work.run().await?;
    let versions = outcomes.rows(found).iter().map(version).collect::<Result<Vec<_>>>()?;
    let (total, offset) = (outcomes.one(total)?.get("total")?, call.query.offset.0);
    let shown = i64::try_from(versions.len()).unwrap_or(i64::MAX);
    let has_more = offset.saturating_add(shown) < total;
    let pagination = SecretPage { total, limit: call.query.limit.0, offset, has_more };
    Ok(Json(SecretHistory { secret_id: secret.to_owned(), versions, pagination }))
}

/// How many versions there are of a state, as the secret's row counts them.
fn select_total(caller: &Caller, secret: &str, state: Option<SecretVersionState>) -> Statement {
    let total = match state {
        None => "last_version",
        Some(SecretVersionState::Active) => "active_version IS NOT NULL",
        Some(SecretVersionState::Deprecated) => "deprecated",
        Some(SecretVersionState::Destroyed) => "destroyed",
    };
    let select = format!("SELECT {total} AS total FROM qnsp_secrets WHERE tenant_id = ?1 AND id = ?2");
    Statement::new(select).bind(caller.tenant()).bind(secret)
}

/// What is not asked for is no condition of a column, so that the index is used that fits.
fn select(caller: &Caller, secret: &str, query: &AskVersions) -> Statement {
    let state = query.state.map_or("?3 IS NULL", |_| "state = ?3");
    let select = format!(
        "SELECT version, state, created_at, created_by, metadata FROM qnsp_secret_versions \
         WHERE tenant_id = ?1 AND secret_id = ?2 AND {state} ORDER BY version DESC LIMIT ?4 OFFSET ?5"
    );
    Statement::new(select)
        .bind(caller.tenant())
        .bind(secret)
        .bind(query.state.map(|state| <&str>::from(state).to_owned()))
        .bind(query.limit.0)
        .bind(query.offset.0)
}

fn version(row: &Row) -> Result<SecretVersionInHistory> {
    Ok(SecretVersionInHistory {
        version: row.get("version")?,
        state: row.get("state")?,
        created_at: IsoTime(row.get("created_at")?),
        created_by: row.get("created_by")?,
        metadata: store::metadata(row)?,
    })
}
