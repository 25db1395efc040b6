//! How far a tenant is on the way to post-quantum algorithms.

use model::qnsp::agility::MigrationReadiness;
use platform::Statement;
use policy::qnsp::readiness::{Coverage, assess};
use service::{Actor, Batch, Outcomes, Result, Slot};

use super::{
    KeySlots,
    standing::{bind, legacy, recommended},
};
use crate::Caller;

/// Where the outcomes of the statements are from which readiness is assessed.
pub struct ReadinessSlots {
    keys: KeySlots,
    progress: Slot,
}

impl ReadinessSlots {
    pub fn push<A: Actor>(batch: &mut Batch<A>, caller: &Caller) -> Self {
        Self { keys: KeySlots::push(batch, caller), progress: batch.push(select(caller)) }
    }

    pub fn read(&self, outcomes: &Outcomes, now: i64) -> Result<MigrationReadiness> {
        let row = outcomes.one(self.progress)?;
        let coverage = if row.get("is_covered")? {
            Coverage::Full
        } else if row.get("is_planned")? {
            Coverage::Planned
        } else {
            Coverage::None
        };
        Ok(assess(&self.keys.read(outcomes, now)?, row.get("migrated")?, coverage))
    }
}

/// How many keys were replaced, and what the plans say of those that should be.
fn select(caller: &Caller) -> Statement {
    let recommended = recommended();
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
