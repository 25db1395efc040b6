//! Plans as they are stored, and how far they have come.

use model::{
    qnsp::agility::{CreateMigrationPlan, MigrationSchedule, Plan, PlanProgress, PlanScope, PlanStatus, PlanSummary},
    time::{IsoTime, from_iso},
};
use platform::{Row, Statement};
use policy::qnsp::{
    duration,
    migration_plan::{current_phase, progress},
};
use qnsp::{
    AskPage, Caller,
    agility::{bind, recommended},
    missing,
};
use serde::Deserialize;
use serde_json::{json, value::RawValue};
use service::{Error, Guard, Result};

/// The column of which no two rows of a tenant may have the same value.
pub(crate) const NAME: &str = "qnsp_migration_plans.name";

pub(crate) fn exists(caller: &Caller, id: &str) -> Guard {
    let exists = "EXISTS (SELECT 1 FROM qnsp_migration_plans WHERE tenant_id = ?1 AND id = ?2)";
    Guard::new(exists, missing("No such migration plan")).bind(caller.tenant()).bind(id)
}

pub(crate) fn insert(caller: &Caller, id: &str, plan: &CreateMigrationPlan) -> Result<Vec<Statement>> {
    let insert = Statement::new(
        "INSERT INTO qnsp_migration_plans (tenant_id, id, created_at, updated_at, name, description, target_algorithms, \
         key_types, schedule, status) VALUES (?1, ?2, ?3, ?3, ?4, ?5, ?6, ?7, ?8, 'draft')",
    );
    let targets = serde_json::to_string(&plan.target_algorithms);
    let targets = targets.map_err(|_| Error::internal("target algorithms that are not JSON"))?;
    let types = plan.scope.key_types.as_ref().map_or(&[][..], |types| &types.0);
    let insert = insert
        .bind(caller.tenant())
        .bind(id)
        .bind(caller.now)
        .bind(plan.name.as_str())
        .bind(plan.description.as_ref().map_or("", |text| text.as_str()))
        .bind(targets)
        .bind(json!(types).to_string())
        .bind(schedule_text(plan.schedule.as_ref().unwrap_or(&MigrationSchedule::default()))?);
    let keys = Statement::new(
        "INSERT INTO qnsp_migration_plan_keys (tenant_id, plan_id, key_id, position) \
         SELECT ?1, ?2, value, min(key) FROM json_each(?3) GROUP BY value",
    );
    Ok(vec![insert, keys.bind(caller.tenant()).bind(id).bind(key_ids(plan))])
}

/// The ids of the keys that a plan names, as JSON.
pub(crate) fn key_ids(plan: &CreateMigrationPlan) -> String {
    json!(plan.scope.key_ids.as_ref().map_or(&[][..], |ids| &ids.0)).to_string()
}

pub(crate) fn schedule_text(schedule: &MigrationSchedule) -> Result<String> {
    serde_json::to_string(schedule).map_err(|_| Error::internal("a schedule that is not JSON"))
}

/// Plans with the number of keys in their scope, and of those that are migrated: of a recommended algorithm, or retired
/// with a successor of one.
fn with_progress(plans: &str) -> String {
    let recommended = recommended();
    format!(
        "WITH good (name) AS MATERIALIZED ({recommended}), \
         keys AS MATERIALIZED (SELECT k.id, k.key_type, (k.algorithm IN (SELECT name FROM good) OR (k.status = 'retired' \
         AND coalesce(s.algorithm, '') IN (SELECT name FROM good))) AS is_migrated FROM qnsp_hsm_keys k \
         LEFT JOIN qnsp_hsm_keys s ON s.tenant_id = k.tenant_id AND s.id = k.replaced_by WHERE k.tenant_id = ?1), \
         types AS MATERIALIZED (SELECT key_type, count(*) AS total, sum(is_migrated) AS migrated FROM keys GROUP BY key_type), \
         plans AS MATERIALIZED ({plans}), \
         scopes AS (SELECT p.id, t.total, t.migrated FROM plans p, json_each(p.key_types) w JOIN types t \
         ON t.key_type = w.value UNION ALL SELECT p.id, 1, k.is_migrated FROM plans p JOIN qnsp_migration_plan_keys n \
         ON n.tenant_id = ?1 AND n.plan_id = p.id JOIN keys k ON k.id = n.key_id \
         WHERE k.key_type NOT IN (SELECT value FROM json_each(p.key_types))), \
         sums AS MATERIALIZED (SELECT id, sum(total) AS total, sum(migrated) AS migrated FROM scopes GROUP BY id)"
    )
}

/// Completes the active plans whose keys are all migrated, if there are any.
pub(crate) fn complete(caller: &Caller) -> Statement {
    let active = with_progress("SELECT * FROM qnsp_migration_plans WHERE tenant_id = ?1 AND status = 'active'");
    let update = format!(
        "{active} UPDATE qnsp_migration_plans SET status = 'completed', updated_at = ?2 \
         WHERE tenant_id = ?1 AND status = 'active' AND id IN (SELECT id FROM sums WHERE migrated = total)"
    );
    bind(Statement::new(update), caller)
}

const SHOWN: &str = "SELECT p.*, coalesce(s.total, 0) AS total, coalesce(s.migrated, 0) AS migrated";

/// Newest first.
pub(crate) fn select_page(caller: &Caller, page: &AskPage) -> Statement {
    let plans = "SELECT * FROM qnsp_migration_plans WHERE tenant_id = ?1 ORDER BY created_at DESC, id DESC \
                 LIMIT ?4 OFFSET ?5";
    let select = format!(
        "{} {SHOWN} FROM plans p LEFT JOIN sums s ON s.id = p.id ORDER BY p.created_at DESC, p.id DESC",
        with_progress(plans)
    );
    bind(Statement::new(select), caller).bind(page.limit.0).bind(page.offset.0)
}

pub(crate) fn select(caller: &Caller, id: &str) -> Statement {
    let plan = "SELECT * FROM qnsp_migration_plans WHERE tenant_id = ?1 AND id = ?4";
    let select = format!(
        "{} {SHOWN}, (SELECT json_group_array(key_id) FROM (SELECT key_id FROM qnsp_migration_plan_keys \
         WHERE tenant_id = ?1 AND plan_id = ?4 ORDER BY position)) AS key_ids \
         FROM plans p LEFT JOIN sums s ON s.id = p.id",
        with_progress(plan)
    );
    bind(Statement::new(select), caller).bind(id)
}

pub(crate) fn summary(row: &Row) -> Result<PlanSummary> {
    let status = status(row)?;
    Ok(PlanSummary {
        plan_id: row.get("id")?,
        name: row.get("name")?,
        status: if status == PlanStatus::Paused { PlanStatus::Active } else { status },
        progress: progress(row.get("migrated")?, row.get("total")?),
        created_at: IsoTime(row.get("created_at")?),
    })
}

pub(crate) fn plan(row: &Row, now: i64) -> Result<Plan> {
    let schedule: String = row.get("schedule")?;
    let current_phase = StoredSchedule::read(&schedule)?.phase(now);
    Ok(Plan {
        plan_id: row.get("id")?,
        name: row.get("name")?,
        description: row.get("description")?,
        status: status(row)?,
        target_algorithms: raw(row.get("target_algorithms")?)?,
        scope: PlanScope { key_ids: list(row, "key_ids")?, key_types: list(row, "key_types")? },
        schedule: raw(schedule)?,
        progress: PlanProgress { keys_total: row.get("total")?, keys_migrated: row.get("migrated")?, current_phase },
        created_at: IsoTime(row.get("created_at")?),
        updated_at: IsoTime(row.get("updated_at")?),
    })
}

fn status(row: &Row) -> Result<PlanStatus> {
    row.get::<String>("status")?.parse().map_err(|_| Error::internal("a plan of an unknown status"))
}

fn list(row: &Row, column: &str) -> Result<Vec<String>> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|_| Error::internal("a stored list that is not JSON"))
}

fn raw(text: String) -> Result<Box<RawValue>> {
    RawValue::from_string(text).map_err(|_| Error::internal("a stored text that is not JSON"))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StoredSchedule {
    start_date: Option<String>,
    #[serde(default)]
    phases: Vec<StoredPhase>,
}

#[derive(Deserialize)]
struct StoredPhase {
    name: String,
    duration: Option<String>,
}

impl StoredSchedule {
    fn read(text: &str) -> Result<Self> {
        serde_json::from_str(text).map_err(|_| Error::internal("a stored schedule that cannot be read"))
    }

    fn phase(&self, now: i64) -> Option<String> {
        let length = |phase: &StoredPhase| phase.duration.as_deref().and_then(duration::parse).unwrap_or(0);
        let lengths: Vec<_> = self.phases.iter().map(length).collect();
        let current = current_phase(&lengths, self.start_date.as_deref().and_then(from_iso), now)?;
        self.phases.get(current).map(|phase| phase.name.clone())
    }
}
