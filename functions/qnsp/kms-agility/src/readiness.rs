//! How far the tenant is on the way to post-quantum algorithms.

use axum::Json;
use model::qnsp::{agility::MigrationReadiness, kms::AlgorithmStatus};
use platform::Statement;
use policy::qnsp::readiness::{Coverage, assess};
use qnsp::{Call, Caller};
use service::Result;

use crate::{
    keys::FactSlots,
    standing::{bind, legacy, of_status},
};

/// Show how ready keys and plans are for the migration, and what is in its way.
#[utoipa::path(
    get, path = "/kms/v1/crypto-agility/migration-readiness", tag = "Key management",
    responses((status = 200, body = MigrationReadiness), (status = 401), (status = 403)),
)]
pub(crate) async fn show_migration_readiness(call: Call) -> Result<Json<MigrationReadiness>> {
    let mut work = call.work();
    let facts = FactSlots::push(&mut work, &call);
    let progress = work.push(select(&call));
    let outcomes = work.run().await?;
    let row = outcomes.one(progress)?;
    let coverage = if row.get("is_covered")? {
        Coverage::Full
    } else if row.get("is_planned")? {
        Coverage::Planned
    } else {
        Coverage::None
    };
    Ok(Json(assess(&facts.read(&outcomes, call.now)?, row.get("migrated")?, coverage)))
}

/// How many keys were replaced, and what the plans say of those that should be.
fn select(caller: &Caller) -> Statement {
    let recommended = of_status(AlgorithmStatus::Recommended);
    let legacy = legacy();
    let select = format!(
        "SELECT (SELECT count(*) FROM qnsp_hsm_keys k JOIN qnsp_hsm_keys s ON s.tenant_id = k.tenant_id \
         AND s.id = k.replaced_by WHERE k.tenant_id = ?1 AND k.status = 'retired' AND s.algorithm IN ({recommended})) \
         AS migrated, \
         EXISTS (SELECT 1 FROM qnsp_migration_plans WHERE tenant_id = ?1 AND status IN ('draft', 'active', 'paused')) \
         AS is_planned, \
         EXISTS (SELECT 1 FROM qnsp_migration_plans p WHERE p.tenant_id = ?1 AND p.status = 'active' AND NOT EXISTS \
         (SELECT 1 FROM qnsp_hsm_keys k WHERE k.tenant_id = ?1 AND k.status = 'active' AND k.algorithm IN ({legacy}) \
         AND k.key_type NOT IN (SELECT value FROM json_each(p.key_types)) AND NOT EXISTS (SELECT 1 \
         FROM qnsp_migration_plan_keys n WHERE n.tenant_id = ?1 AND n.plan_id = p.id AND n.key_id = k.id))) \
         AS is_covered"
    );
    bind(Statement::new(select), caller)
}
