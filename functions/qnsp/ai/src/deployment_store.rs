//! Deployments as they are stored.

use model::{
    qnsp::ai::{Deployment, DeploymentStatus},
    time::IsoTime,
};
use platform::{Row, Statement};
use policy::qnsp::Quota;
use qnsp::{Caller, ai_costs::GREATEST, missing, word};
use serde_json::value::RawValue;
use service::{Error, Guard, Result};

pub(crate) struct NewRow<'a> {
    pub id: &'a str,
    pub model: &'a str,
    pub config: String,
    pub replicas: i64,
    pub has_gpu: bool,
}

pub(crate) fn exists(caller: &Caller, id: &str) -> Guard {
    let exists = "EXISTS (SELECT 1 FROM qnsp_deployments WHERE tenant_id = ?1 AND id = ?2)";
    Guard::new(exists, missing("No such deployment")).bind(caller.tenant()).bind(id)
}

/// That a deployment is in one of these statuses: a list in SQL.
pub(crate) fn is_in(caller: &Caller, id: &str, statuses: &'static str, refusal: Error) -> Guard {
    let is_in =
        format!("EXISTS (SELECT 1 FROM qnsp_deployments WHERE tenant_id = ?1 AND id = ?2 AND status IN {statuses})");
    Guard::new(is_in, refusal).bind(caller.tenant()).bind(id)
}

pub(crate) fn insert(caller: &Caller, new: &NewRow) -> Statement {
    let insert = Statement::new(
        "INSERT INTO qnsp_deployments (tenant_id, id, created_at, updated_at, created_by, model_id, config, replicas, has_gpu, \
         status) VALUES (?1, ?2, ?3, ?3, ?4, ?5, ?6, ?7, ?8, 'deploying')",
    );
    let insert = insert.bind(caller.tenant()).bind(new.id).bind(caller.now).bind(caller.user()).bind(new.model);
    insert.bind(new.config.as_str()).bind(new.replicas).bind(new.has_gpu)
}

/// It runs from now on. What is not told stays.
pub(crate) fn run(caller: &Caller, id: &str, endpoint: Option<String>, reason: Option<String>) -> Statement {
    let run = Statement::new(
        "UPDATE qnsp_deployments SET status = 'running', updated_at = ?3, endpoint = coalesce(?4, endpoint), \
         reason = coalesce(?5, reason), running_from = ?3, running_until = ?6 WHERE tenant_id = ?1 AND id = ?2",
    );
    run.bind(caller.tenant()).bind(id).bind(caller.now).bind(endpoint).bind(reason).bind(GREATEST)
}

/// It does not run any longer, if it did.
pub(crate) fn end(
    caller: &Caller,
    id: &str,
    status: &'static str,
    endpoint: Option<String>,
    reason: Option<String>,
) -> Statement {
    let end = Statement::new(
        "UPDATE qnsp_deployments SET status = ?4, updated_at = ?3, endpoint = coalesce(?5, endpoint), \
         reason = coalesce(?6, reason), running_until = min(running_until, ?3) WHERE tenant_id = ?1 AND id = ?2",
    );
    end.bind(caller.tenant()).bind(id).bind(caller.now).bind(status).bind(endpoint).bind(reason)
}

/// Gives back what a deployment takes of the quota, unless it has failed and takes nothing any more. The value of the day is
/// noted by a reservation of 0.
pub(crate) fn release_room(caller: &Caller, id: &str) -> Statement {
    let release = Statement::new(
        "UPDATE qnsp_quotas SET used = max(used - (SELECT count(*) FROM qnsp_deployments WHERE tenant_id = ?1 AND id = ?2 \
         AND status IN ('deploying', 'running')), 0) WHERE tenant_id = ?1 AND quota_type = ?3",
    );
    release.bind(caller.tenant()).bind(id).bind(Quota::Deployments.as_str())
}

pub(crate) fn select(caller: &Caller, id: &str) -> Statement {
    let select = Statement::new(
        "SELECT d.*, m.version FROM qnsp_deployments d JOIN qnsp_models m ON m.tenant_id = d.tenant_id AND m.id = d.model_id \
         WHERE d.tenant_id = ?1 AND d.id = ?2",
    );
    select.bind(caller.tenant()).bind(id)
}

pub(crate) fn deployment(row: &Row) -> Result<Deployment> {
    let running_from: Option<i64> = row.get("running_from")?;
    let config = RawValue::from_string(row.get("config")?);
    let status = word(row, "status")?;
    Ok(Deployment {
        deployment_id: row.get("id")?,
        model_id: row.get("model_id")?,
        version_id: row.get("version")?,
        config: config.map_err(|_| Error::internal("a stored configuration that is not JSON"))?,
        status,
        endpoint: row.get("endpoint")?,
        reason: row.get("reason")?,
        created_at: IsoTime(row.get("created_at")?),
        updated_at: IsoTime(row.get("updated_at")?),
        running_since: running_from.filter(|_| status == DeploymentStatus::Running).map(IsoTime),
    })
}
