//! Policies as they are stored.

use model::{
    qnsp::vault::leakage::{CreateLeakagePolicy, LeakagePatternType, LeakagePolicy, LeakagePolicyInList},
    time::IsoTime,
};
use platform::{Row, Statement};
use policy::qnsp::pattern::{Case, Pattern};
use qnsp::{AskPage, Caller, missing};
use serde_json::{Value, json};
use service::{Error, Guard, Result};

pub(crate) fn exists(caller: &Caller, id: &str) -> Guard {
    let exists = "EXISTS (SELECT 1 FROM qnsp_leakage_policies WHERE tenant_id = ?1 AND id = ?2)";
    Guard::new(exists, missing("No such leakage policy")).bind(caller.tenant()).bind(id)
}

pub(crate) fn insert(caller: &Caller, id: &str, policy: &CreateLeakagePolicy, channels: &[&str]) -> Statement {
    let insert = Statement::new(
        "INSERT INTO qnsp_leakage_policies (tenant_id, id, created_at, name, description, enabled, patterns, pattern_count, \
         targets, on_detection, channels, sources) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, json_array_length(?7), ?8, ?9, ?10, ?11)",
    );
    let patterns = policy.secret_patterns.0.iter().map(|it| {
        let size = match it.pattern_type {
            LeakagePatternType::Regex => Pattern::size(it.pattern.as_str(), Case::AsWritten),
            LeakagePatternType::Keyword | LeakagePatternType::Entropy => Some(0),
        };
        json!({ "type": it.pattern_type, "pattern": it.pattern.as_str(), "severity": it.severity(), "size": size })
    });
    let action = policy.actions.as_ref().and_then(|actions| actions.on_detection).unwrap_or_default();
    let sources = policy.sources.as_ref().map(|sources| &sources.0[..]).unwrap_or_default();
    insert
        .bind(caller.tenant())
        .bind(id)
        .bind(caller.now)
        .bind(policy.name.as_str())
        .bind(policy.description.as_ref().map_or("", |text| text.as_str()))
        .bind(policy.enabled.unwrap_or(true))
        .bind(Value::from_iter(patterns).to_string())
        .bind(json!(policy.targets()).to_string())
        .bind(<&str>::from(action))
        .bind(json!(channels).to_string())
        .bind(json!(sources).to_string())
}

/// Oldest first.
pub(crate) fn select_page(caller: &Caller, page: &AskPage) -> Statement {
    let select = Statement::new(
        "SELECT id, name, enabled, pattern_count FROM qnsp_leakage_policies WHERE tenant_id = ?1 \
         ORDER BY created_at, id LIMIT ?2 OFFSET ?3",
    );
    select.bind(caller.tenant()).bind(page.limit.0).bind(page.offset.0)
}

pub(crate) fn select(caller: &Caller, id: &str) -> Statement {
    let select = "SELECT * FROM qnsp_leakage_policies WHERE tenant_id = ?1 AND id = ?2";
    Statement::new(select).bind(caller.tenant()).bind(id)
}

pub(crate) fn in_list(row: &Row) -> Result<LeakagePolicyInList> {
    Ok(LeakagePolicyInList {
        policy_id: row.get("id")?,
        name: row.get("name")?,
        enabled: row.get("enabled")?,
        secret_patterns: row.get("pattern_count")?,
    })
}

pub(crate) fn shown(row: &Row) -> Result<LeakagePolicy> {
    let action: String = row.get("on_detection")?;
    Ok(LeakagePolicy {
        policy_id: row.get("id")?,
        name: row.get("name")?,
        description: row.get("description")?,
        enabled: row.get("enabled")?,
        secret_patterns: without_sizes(json_of(row, "patterns")?),
        scan_targets: json_of(row, "targets")?,
        actions: json!({ "onDetection": action, "notificationChannels": json_of(row, "channels")? }),
        sources: json_of(row, "sources")?,
        created_at: IsoTime(row.get("created_at")?),
    })
}

/// Patterns as they were given: how large they are is for us.
fn without_sizes(mut patterns: Value) -> Value {
    for pattern in patterns.as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut) {
        pattern.remove("size");
    }
    patterns
}

fn json_of(row: &Row, column: &str) -> Result<Value> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|_| Error::internal("a part of a policy that is not JSON"))
}
