//! How many secrets and versions there are, as the writes count them.

use axum::Json;
use model::qnsp::vault::{SecretStates, SecretStats};
use platform::Statement;
use policy::qnsp::number;
use qnsp::Call;
use service::Result;

/// Count the secrets of the tenant and their versions.
#[utoipa::path(
    get, path = "/vault/v1/versioned-secrets/stats", tag = "Vault",
    responses((status = 200, body = SecretStats), (status = 401), (status = 403)),
)]
pub(crate) async fn show_secret_stats(call: Call) -> Result<Json<SecretStats>> {
    let mut work = call.work();
    let select = Statement::new(
        "SELECT coalesce(sum(secrets), 0) AS secrets, coalesce(sum(active), 0) AS active, coalesce(sum(deprecated), 0) AS deprecated, \
         coalesce(sum(destroyed), 0) AS destroyed FROM qnsp_secret_totals WHERE tenant_id = ?1",
    );
    let found = work.push(select.bind(call.tenant()));
    let outcomes = work.run().await?;
    let row = outcomes.one(found)?;
    let secrets: i64 = row.get("secrets")?;
    let by_state = SecretStates {
        active: row.get("active")?,
        deprecated: row.get("deprecated")?,
        destroyed: row.get("destroyed")?,
    };
    let versions = by_state.active + by_state.deprecated + by_state.destroyed;
    Ok(Json(SecretStats {
        total_secrets: secrets,
        total_versions: versions,
        average_versions_per_secret: number::average(versions, secrets),
        by_state,
    }))
}
