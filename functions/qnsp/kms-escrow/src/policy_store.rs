//! Policies as they are stored.

use model::{
    qnsp::{
        Text,
        escrow::{ChangeEscrowPolicy, CreateEscrowPolicy, EscrowAgent, EscrowPolicy, EscrowPolicySummary},
    },
    time::IsoTime,
};
use platform::{Row, Statement};
use qnsp::{AskPage, Caller, missing};
use serde::de::DeserializeOwned;
use serde_json::json;
use service::{Error, Guard, Result};

/// The column of which no two rows of a tenant may have the same value.
pub(crate) const NAME: &str = "qnsp_escrow_policies.name";

pub(crate) fn exists(caller: &Caller, id: &str) -> Guard {
    let exists = "EXISTS (SELECT 1 FROM qnsp_escrow_policies WHERE tenant_id = ?1 AND id = ?2)";
    Guard::new(exists, missing("No such escrow policy")).bind(caller.tenant()).bind(id)
}

/// How many of the agents hold a share.
pub(crate) fn holders(agents: &[EscrowAgent]) -> i64 {
    let holders = agents.iter().filter(|agent| agent.role.holds_a_share()).count();
    i64::try_from(holders).unwrap_or(i64::MAX)
}

pub(crate) fn insert(caller: &Caller, id: &str, policy: &CreateEscrowPolicy) -> Statement {
    let insert = Statement::new(
        "INSERT INTO qnsp_escrow_policies (tenant_id, id, created_at, updated_at, revision, name, description, key_types, \
         agents, holders, threshold, retention_period) VALUES (?1, ?2, ?3, ?3, 0, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    );
    let agents = &policy.escrow_agents.0;
    insert
        .bind(caller.tenant())
        .bind(id)
        .bind(caller.now)
        .bind(policy.name.as_str())
        .bind(policy.description.as_ref().map_or("", Text::as_str))
        .bind(json!(policy.key_types.0).to_string())
        .bind(json!(agents).to_string())
        .bind(holders(agents))
        .bind(policy.recovery_threshold.0)
        .bind(policy.retention_period.as_str())
}

pub(crate) fn update(caller: &Caller, id: &str, change: &ChangeEscrowPolicy) -> Statement {
    let update = Statement::new(
        "UPDATE qnsp_escrow_policies SET updated_at = ?3, revision = revision + 1, name = coalesce(?4, name), \
         description = coalesce(?5, description), agents = coalesce(?6, agents), holders = coalesce(?7, holders), \
         threshold = coalesce(?8, threshold) WHERE tenant_id = ?1 AND id = ?2",
    );
    let agents = change.escrow_agents.as_ref().map(|agents| &agents.0);
    update
        .bind(caller.tenant())
        .bind(id)
        .bind(caller.now)
        .bind(change.name.as_ref().map(|name| name.as_str().to_owned()))
        .bind(change.description.as_ref().map(|text| text.as_str().to_owned()))
        .bind(agents.map(|agents| json!(agents).to_string()))
        .bind(agents.map(|agents| holders(agents)))
        .bind(change.recovery_threshold.map(|threshold| threshold.0))
}

/// Oldest first.
pub(crate) fn select_page(caller: &Caller, page: &AskPage) -> Statement {
    let select = Statement::new(
        "SELECT id, name, key_types, threshold FROM qnsp_escrow_policies WHERE tenant_id = ?1 \
         ORDER BY created_at, id LIMIT ?2 OFFSET ?3",
    );
    select.bind(caller.tenant()).bind(page.limit.0).bind(page.offset.0)
}

pub(crate) fn select(caller: &Caller, id: &str) -> Statement {
    Statement::new("SELECT * FROM qnsp_escrow_policies WHERE tenant_id = ?1 AND id = ?2").bind(caller.tenant()).bind(id)
}

pub(crate) fn summary(row: &Row) -> Result<EscrowPolicySummary> {
    Ok(EscrowPolicySummary {
        policy_id: row.get("id")?,
        name: row.get("name")?,
        key_types: list(row, "key_types")?,
        recovery_threshold: row.get("threshold")?,
    })
}

pub(crate) fn policy(row: &Row) -> Result<EscrowPolicy> {
    Ok(EscrowPolicy {
        policy_id: row.get("id")?,
        name: row.get("name")?,
        description: row.get("description")?,
        key_types: list(row, "key_types")?,
        escrow_agents: list(row, "agents")?,
        recovery_threshold: row.get("threshold")?,
        retention_period: row.get("retention_period")?,
        created_at: IsoTime(row.get("created_at")?),
        updated_at: IsoTime(row.get("updated_at")?),
    })
}

/// A list that is stored as JSON.
fn list<T: DeserializeOwned>(row: &Row, column: &str) -> Result<Vec<T>> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|_| Error::internal("a stored list that is not JSON"))
}
