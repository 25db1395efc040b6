//! Which algorithms are forbidden: by the registry, and for a tenant by its deprecation policies from their enforcement date
//! on. A policy names algorithms and families, each by its one name.

use std::sync::LazyLock;

use axum::http::StatusCode;
use platform::Statement;
use policy::qnsp::{
    Algorithm,
    algorithm::{Family, FamilyName, LEAST_RSA},
};
use serde_json::{Value, json};
use service::{Error, Guard, Result};

use crate::{Caller, agility::is_not_enforced};

/// The guard that no policy of the tenant forbids an algorithm now. Its refusal names the policy that does, for which it is
/// looked up first.
pub async fn not_forbidden(caller: &Caller, algorithm: &Algorithm) -> Result<Guard> {
    let select = Statement::new(
        "SELECT a.policy_id FROM qnsp_deprecated_algorithms a CROSS JOIN qnsp_deprecation_policies p \
         ON p.tenant_id = a.tenant_id AND p.id = a.policy_id WHERE a.tenant_id = ?1 \
         AND a.algorithm IN (SELECT value FROM json_each(?2)) AND p.enforcement_date <= ?3 \
         ORDER BY p.enforcement_date, p.id LIMIT 1",
    );
    let names = Value::from(algorithm.names()).to_string();
    let rows = caller.app.query(select.bind(caller.tenant()).bind(names).bind(caller.now)).await?;
    let policy = rows.first().map(|row| row.get::<String>("policy_id")).transpose()?;
    Ok(is_not_enforced(caller, algorithm, forbidden(algorithm, policy)))
}

#[track_caller]
fn forbidden(algorithm: &Algorithm, policy: Option<String>) -> Error {
    Error::new(StatusCode::UNPROCESSABLE_ENTITY, "The algorithm is forbidden by a deprecation policy")
        .with_body(json!({ "algorithm": algorithm.as_str(), "policyId": policy }))
}

/// What statements must know of algorithms, as JSON: the `names` of families, each with its family, and which of them mean a
/// `forbidden` one.
pub fn registry(now: i64) -> String {
    static NAMES: LazyLock<String> = LazyLock::new(|| shown(&Family::names()));
    let mut forbidden = Family::names();
    let families = Family::forbidden(now);
    forbidden.retain(|name| families.contains(&name.family));
    format!(r#"{{"names":{},"forbidden":{}}}"#, *NAMES, shown(&forbidden))
}

fn shown(names: &[FamilyName]) -> String {
    Value::from_iter(names.iter().map(|name| json!([name.family.as_str(), name.word, name.is_prefix]))).to_string()
}

/// Whether the algorithm that a column names is of the family that a name (`value`) of the registry means.
fn is_meant(column: &str) -> String {
    format!(
        "({column} = value ->> 1 OR (value ->> 2 AND substr({column}, 1, length(value ->> 1) + 1) = value ->> 1 || '-'))"
    )
}

/// The family of the algorithm that a column names, or NULL. `registry` is a parameter with [`registry`].
pub fn family(column: &str, registry: &str) -> String {
    format!("(SELECT value ->> 0 FROM json_each({registry}, '$.names') WHERE {} LIMIT 1)", is_meant(column))
}

/// Whether the algorithm that a column names is forbidden for the tenant (`?1`) at a time. `now` and `registry` are parameters.
/// The family is looked for only where the tenant has policies.
pub fn is_forbidden(column: &str, registry: &str, now: &str) -> String {
    let (is_meant, family) = (is_meant(column), family(column, registry));
    format!(
        "(EXISTS (SELECT 1 FROM json_each({registry}, '$.forbidden') WHERE {is_meant}) \
         OR ({column} GLOB 'RSA-[1-9]*' AND substr({column}, 5) NOT GLOB '*[^0-9]*' AND CAST(substr({column}, 5) AS INTEGER) < {LEAST_RSA}) \
         OR (EXISTS (SELECT 1 FROM qnsp_deprecated_algorithms WHERE tenant_id = ?1) \
         AND EXISTS (SELECT 1 FROM qnsp_deprecated_algorithms a CROSS JOIN qnsp_deprecation_policies p \
         ON p.tenant_id = a.tenant_id AND p.id = a.policy_id WHERE a.tenant_id = ?1 AND a.algorithm IN ({column}, {family}) \
         AND p.enforcement_date <= {now})))"
    )
}
