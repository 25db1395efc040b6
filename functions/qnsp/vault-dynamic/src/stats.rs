//! How many configurations and leases there are and were.

use std::collections::BTreeMap;

use axum::Json;
use model::qnsp::dynamic_secrets::DynamicSecretStats;
use platform::Row;
use qnsp::Call;
use service::Result;

use crate::config_store::{select_active, select_counts};

/// Types that are shown even if there is no configuration of them.
const ALWAYS: [&str; 2] = ["database", "cloud_credentials"];

/// Show the counts of dynamic secrets.
#[utoipa::path(
    get, path = "/vault/v1/dynamic-secrets/stats", tag = "Vault",
    responses((status = 200, body = DynamicSecretStats), (status = 401), (status = 403)),
)]
pub(crate) async fn show_dynamic_stats(call: Call) -> Result<Json<DynamicSecretStats>> {
    let mut work = call.work();
    let counts = work.push(select_counts(&call));
    let active = work.push(select_active(&call));
    let outcomes = work.run().await?;
    let active_leases: i64 = outcomes.one(active)?.get("active")?;
    let counted = |row: &Row| Ok((row.get("counted")?, row.get("value")?));
    let mut by_type: BTreeMap<String, i64> = outcomes.rows(counts).iter().map(counted).collect::<Result<_>>()?;
    let issued = by_type.remove("issued").unwrap_or_default();
    let revoked_leases = by_type.remove("revoked").unwrap_or_default();
    let total_configs = by_type.values().sum();
    for kind in ALWAYS {
        by_type.entry(kind.to_owned()).or_default();
    }
    Ok(Json(DynamicSecretStats {
        total_configs,
        active_leases,
        expired_leases: issued - revoked_leases - active_leases,
        revoked_leases,
        by_type,
    }))
}
