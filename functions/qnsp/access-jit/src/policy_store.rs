//! Policies as they are stored. Lists are JSON, a time of the day is a minute.

use model::qnsp::{Text, jit::CreateJitPolicy};
use platform::{Row, Statement};
use policy::qnsp::Role;
use qnsp::{AskPage, Caller};
use serde_json::json;
use service::{Error, Result};

/// The column of which no two rows of a tenant may have the same value.
pub(crate) const NAME: &str = "qnsp_jit_policies.name";

pub(crate) fn insert(caller: &Caller, id: &str, policy: &CreateJitPolicy) -> Statement {
    let conditions = policy.auto_approve_conditions.as_ref();
    let window = conditions.and_then(|conditions| conditions.time_window.as_ref());
    let types: Vec<_> = policy.resource_types.0.iter().map(Text::as_str).collect();
    let roles = match &policy.approver_roles {
        Some(roles) => json!(roles.0),
        None => json!([Role::Admin.as_str()]),
    };
    let insert = Statement::new(
        "INSERT INTO qnsp_jit_policies (tenant_id, id, created_at, name, description, resource_types, max_minutes, \
         require_approval, approver_roles, has_conditions, window_start, window_end, max_risk_score) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
    );
    insert
        .bind(caller.tenant())
        .bind(id)
        .bind(caller.now)
        .bind(policy.name.as_str())
        .bind(policy.description.as_ref().map_or("", Text::as_str))
        .bind(json!(types).to_string())
        .bind(policy.max_duration.0)
        .bind(policy.require_approval.unwrap_or(true))
        .bind(roles.to_string())
        .bind(conditions.is_some())
        .bind(window.map(|window| window.start.0))
        .bind(window.map(|window| window.end.0))
        .bind(conditions.and_then(|conditions| conditions.max_risk_score).map(|score| score.0))
}

pub(crate) fn select(caller: &Caller, page: &AskPage) -> Statement {
    let select = Statement::new(
        "SELECT id, name, resource_types, require_approval FROM qnsp_jit_policies WHERE tenant_id = ?1 \
         ORDER BY created_at, id LIMIT ?2 OFFSET ?3",
    );
    select.bind(caller.tenant()).bind(page.limit.0).bind(page.offset.0)
}

pub(crate) fn delete(caller: &Caller, id: &str) -> Statement {
    Statement::new("DELETE FROM qnsp_jit_policies WHERE tenant_id = ?1 AND id = ?2").bind(caller.tenant()).bind(id)
}

/// A stored list of texts.
pub(crate) fn list(row: &Row, column: &str) -> Result<Vec<String>> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|_| Error::internal("a stored list that is not JSON"))
}
