//! How far the tenant is on the way to post-quantum algorithms.

use axum::Json;
use model::qnsp::agility::MigrationReadiness;
use qnsp::{Call, agility::ReadinessSlots};
use service::Result;

/// Show how ready keys and plans are for the migration, and what is in its way.
#[utoipa::path(
    get, path = "/kms/v1/crypto-agility/migration-readiness", tag = "Key management",
    responses((status = 200, body = MigrationReadiness), (status = 401), (status = 403)),
)]
pub(crate) async fn show_migration_readiness(call: Call) -> Result<Json<MigrationReadiness>> {
    let mut work = call.work();
    let readiness = ReadinessSlots::push(&mut work, &call);
    let outcomes = work.run().await?;
    readiness.read(&outcomes, call.now).map(Json)
}
