//! How many incidents there are, as the writes count them.

use std::collections::BTreeMap;

use axum::Json;
use model::qnsp::vault::leakage::{LeakageSeverities, LeakageStats};
use platform::Statement;
use qnsp::Call;
use service::Result;

/// Count the incidents of the tenant.
#[utoipa::path(
    get, path = "/vault/v1/leakage-detection/stats", tag = "Vault",
    responses((status = 200, body = LeakageStats), (status = 401), (status = 403)),
)]
pub(crate) async fn show_leakage_stats(call: Call) -> Result<Json<LeakageStats>> {
    let mut work = call.work();
    let select = "SELECT dimension, name, incidents FROM qnsp_leakage_counts WHERE tenant_id = ?1";
    let found = work.push(Statement::new(select).bind(call.tenant()));
    let outcomes = work.run().await?;
    let mut counts: BTreeMap<String, BTreeMap<String, i64>> = BTreeMap::new();
    for row in outcomes.rows(found) {
        counts.entry(row.get("dimension")?).or_default().insert(row.get("name")?, row.get("incidents")?);
    }
    let count = |dimension: &str, name: &str| counts.get(dimension).and_then(|of| of.get(name)).copied().unwrap_or(0);
    let open = count("status", "open") + count("status", "investigating");
    let resolved = count("status", "resolved") + count("status", "false_positive");
    let severity = |name: &str| count("severity", name);
    let by_severity = LeakageSeverities {
        critical: severity("critical"),
        high: severity("high"),
        medium: severity("medium"),
        low: severity("low"),
    };
    let mut by_source = BTreeMap::from([("github".to_owned(), 0), ("gitlab".to_owned(), 0)]);
    by_source.extend(counts.remove("source").unwrap_or_default());
    Ok(Json(LeakageStats {
        total_incidents: open + resolved,
        open_incidents: open,
        resolved_incidents: resolved,
        by_severity,
        by_source,
    }))
}
