//! What holds for a request: the policies that match it, and the requester's last risk score. They are read before the
//! batch that stores the request, and the batch sees to it that they are still the same.

use model::ids::{uuid_bytes, uuid_text};
use platform::Statement;
use policy::qnsp::jit::{Conditions, Policy, Terms, Window};
use qnsp::{Caller, conflict};
use serde::Deserialize;
use service::{Error, Guard, Result};

/// The policies of a tenant (`?1`) for a resource type (`?2`).
const MATCHING: &str = "SELECT * FROM qnsp_jit_policies WHERE tenant_id = ?1 \
                        AND EXISTS (SELECT 1 FROM json_each(resource_types) WHERE value IN (?2, '*')) ORDER BY id";

/// The last evaluation of a user (`?3`) of a tenant (`?1`).
const EVALUATION: &str =
    "FROM qnsp_evaluations WHERE tenant_id = ?1 AND user_id = ?3 ORDER BY at DESC, id DESC LIMIT 1";

/// The code of the guard that finds other facts than those that were read; it is never answered.
const OUTDATED: &str = "ACCESS_TERMS_OUTDATED";

/// What was read.
pub(crate) struct Facts {
    policies: Vec<StoredPolicy>,
    score: f64,
    /// Differs when a matching policy comes or goes, or the user is evaluated. Policies never change.
    version: String,
}

#[derive(Deserialize)]
struct StoredPolicy(i64, bool, Vec<String>, bool, Option<i64>, Option<i64>, Option<f64>);

impl StoredPolicy {
    fn policy(&self) -> Policy {
        let Self(max_minutes, require_approval, approver_roles, has_conditions, start, end, max_risk_score) = self;
        let window = start.zip(*end).map(|(start, end)| Window { start, end });
        Policy {
            max_minutes: *max_minutes,
            require_approval: *require_approval,
            approver_roles: approver_roles.clone(),
            conditions: has_conditions.then_some(Conditions { window, max_risk_score: *max_risk_score }),
        }
    }
}

impl Facts {
    pub(crate) async fn read(caller: &Caller, resource_type: &str) -> Result<Self> {
        let select = Statement::new(format!(
            "SELECT (SELECT json_group_array(json_array(max_minutes, json(iif(require_approval, 'true', 'false')), \
             json(approver_roles), json(iif(has_conditions, 'true', 'false')), window_start, window_end, \
             max_risk_score)) FROM ({MATCHING})) AS policies, (SELECT score {EVALUATION}) AS score, {} AS version",
            version()
        ));
        let rows = caller.app.query(bind(select, caller, resource_type)).await?;
        let row = rows.first().ok_or_else(|| Error::internal("no facts of a request"))?;
        let policies = serde_json::from_str(&row.get::<String>("policies")?);
        Ok(Self {
            policies: policies.map_err(|_| Error::internal("a policy that is not JSON"))?,
            score: row.get::<Option<f64>>("score")?.unwrap_or(0.0),
            version: row.get("version")?,
        })
    }

    pub(crate) fn terms(&self, now: i64) -> Terms {
        let policies: Vec<_> = self.policies.iter().map(StoredPolicy::policy).collect();
        Terms::of(&policies, now, self.score)
    }

    /// That the facts are still those that were read.
    pub(crate) fn guard(&self, caller: &Caller, resource_type: &str) -> Guard {
        let same = Guard::new(format!("{} = ?4", version()), conflict("The policies have changed").with_code(OUTDATED));
        same.bind(caller.tenant()).bind(resource_type).bind(user(caller)).bind(self.version.as_str())
    }
}

/// Whether a batch found other facts than those that were read.
pub(crate) fn is_outdated(error: &Error) -> bool {
    error.code() == Some(OUTDATED)
}

fn version() -> String {
    format!("json_array((SELECT json_group_array(id) FROM ({MATCHING})), (SELECT id {EVALUATION}))")
}

fn bind(statement: Statement, caller: &Caller, resource_type: &str) -> Statement {
    statement.bind(caller.tenant()).bind(resource_type).bind(user(caller))
}

/// The user as evaluations name it: a UUID in its usual spelling.
fn user(caller: &Caller) -> String {
    uuid_bytes(caller.user()).map_or_else(|| caller.user().to_owned(), uuid_text)
}
