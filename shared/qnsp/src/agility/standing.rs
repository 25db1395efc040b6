//! What holds for algorithms in a tenant now, for statements and for what is computed from their rows.

use model::qnsp::kms::AlgorithmStatus;
use platform::{Row, Statement};
use policy::qnsp::{Algorithm, hsm::KeyKind};
use serde_json::{Value, json};
use service::{Error, Guard, Result};

use crate::Caller;

/// The algorithms that policies of a tenant (`?1`) forbid at a time (`?2`): names of algorithms and of families.
const ENFORCED: &str = "SELECT a.algorithm FROM qnsp_deprecated_algorithms a CROSS JOIN qnsp_deprecation_policies p \
     ON p.tenant_id = a.tenant_id AND p.id = a.policy_id WHERE a.tenant_id = ?1 AND p.enforcement_date <= ?2";

/// The algorithms of keys of security modules that are recommended. `?1` to `?3` are what [`bind`] binds.
pub fn recommended() -> String {
    format!(
        "SELECT k.value ->> 0 FROM json_each(?3) k WHERE k.value ->> 2 = 'recommended' AND NOT EXISTS \
         (SELECT 1 FROM ({ENFORCED}) e WHERE e.algorithm IN (k.value ->> 0, k.value ->> 1))"
    )
}

/// The algorithms of keys of security modules that should be replaced.
pub(super) fn legacy() -> String {
    format!(
        "SELECT k.value ->> 0 FROM json_each(?3) k WHERE k.value ->> 2 IN ('deprecated', 'forbidden') OR EXISTS \
         (SELECT 1 FROM ({ENFORCED}) e WHERE e.algorithm IN (k.value ->> 0, k.value ->> 1))"
    )
}

/// Binds the tenant, the time, and what the registry says of the algorithms: name, family and status of each.
pub fn bind(statement: Statement, caller: &Caller) -> Statement {
    let kind = |kind: &KeyKind| {
        let algorithm = Algorithm::of(kind.name());
        let family = algorithm.family().map(|family| family.as_str());
        json!([algorithm.as_str(), family, algorithm.registry_status(caller.now)])
    };
    let kinds: Vec<Value> = KeyKind::ALL.iter().map(kind).collect();
    statement.bind(caller.tenant()).bind(caller.now).bind(Value::from(kinds).to_string())
}

/// What policies forbid now.
pub struct Enforced(Vec<Algorithm>);

impl Enforced {
    pub fn select(caller: &Caller) -> Statement {
        Statement::new(ENFORCED).bind(caller.tenant()).bind(caller.now)
    }

    /// Reads the rows of [`Enforced::select`].
    pub fn of(rows: &[Row]) -> Result<Self> {
        let names = rows.iter().map(|row| Ok(Algorithm::of(&row.get::<String>("algorithm")?)));
        names.collect::<Result<_>>().map(Self)
    }

    pub fn status(&self, algorithm: &Algorithm, now: i64) -> AlgorithmStatus {
        algorithm.status(&self.0, now)
    }
}

/// That no policy of the tenant forbids an algorithm now.
pub fn is_not_enforced(caller: &Caller, algorithm: &Algorithm, refusal: Error) -> Guard {
    let guard = format!("NOT EXISTS ({ENFORCED} AND a.algorithm IN (SELECT value FROM json_each(?3)))");
    let names = Value::from(algorithm.names()).to_string();
    Guard::new(guard, refusal).bind(caller.tenant()).bind(caller.now).bind(names)
}
