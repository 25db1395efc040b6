//! Grants of just-in-time access as decisions take them: each is a policy that allows, for users and services of its
//! grantee's id, until it expires or is revoked.

use model::qnsp::access::{Conditions, Effect, Rule};
use platform::{Row, Statement};
use policy::qnsp::access::{Policy, Triple};
use service::{Error, Result};

use crate::{Caller, DAY};

/// How many grants of the last 30 days one analysis reads.
const MOST: i64 = 10_000;

/// The grants of a tenant.
pub struct Grants {
    /// Those in force, as policies.
    pub active: Vec<Policy>,
    /// What was granted in the last 30 days.
    pub granted: Vec<Triple>,
    /// Whether there are more than were read.
    pub is_truncated: bool,
}

/// The columns that [`policy`] reads.
pub(super) const COLUMNS: &str = "id, resource_type, resource_id, grantee_id, permissions";

/// A grant as a policy. In a grant a star is a pattern only where it stands alone, for all resources of the type or all
/// permissions. In any other text it is a star, which no pattern can say: what has one allows nothing here.
pub(super) fn policy(row: &Row) -> Result<Option<Policy>> {
    let (kind, id): (String, String) = (row.get("resource_type")?, row.get("resource_id")?);
    let grantee: String = row.get("grantee_id")?;
    let permissions: Vec<String> =
        serde_json::from_str(&row.get::<String>("permissions")?).map_err(|_| Error::internal("a grant of no list"))?;
    let is_plain = |text: &str| !text.contains('*');
    let is_plain_or_all = |text: &str| text == "*" || is_plain(text);
    let actions: Vec<_> = permissions.into_iter().filter(|permission| is_plain_or_all(permission)).collect();
    if !is_plain(&grantee) || !is_plain(&kind) || !is_plain_or_all(&id) || actions.is_empty() {
        return Ok(None);
    }
    Ok(Some(Policy {
        id: row.get("id")?,
        name: format!("jit:{kind}"),
        rule: Rule {
            effect: Effect::Allow,
            principals: vec![format!("user:{grantee}"), format!("service:{grantee}")],
            resources: vec![format!("{kind}/{id}")],
            actions,
            conditions: Conditions::default(),
        },
    }))
}

/// The grants that an analysis of the whole tenant asks for.
pub async fn of_tenant(caller: &Caller) -> Result<Grants> {
    let select = Statement::new(format!(
        "SELECT {COLUMNS}, revoked_at IS NULL AND expires_at > ?2 AS is_active FROM qnsp_jit_grants \
         WHERE tenant_id = ?1 AND granted_at > ?3 ORDER BY granted_at DESC, id LIMIT ?4"
    ));
    let select = select.bind(caller.tenant()).bind(caller.now).bind(caller.now - 30 * DAY).bind(MOST + 1);
    let rows = caller.app.query(select).await?;
    let mut grants = Grants { active: Vec::new(), granted: Vec::new(), is_truncated: false };
    for (index, row) in rows.iter().enumerate() {
        // A grant lasts for a week at most, so that all in force are among them.
        if i64::try_from(index).unwrap_or(i64::MAX) >= MOST {
            grants.is_truncated = true;
            break;
        }
        let Some(policy) = policy(row)? else { continue };
        let principal = policy.rule.principals.first().cloned().unwrap_or_default();
        let resource = policy.rule.resources.first().cloned().unwrap_or_default();
        grants.granted.extend(policy.rule.actions.iter().map(|action| Triple {
            principal: principal.clone(),
            resource: resource.clone(),
            action: action.clone(),
        }));
        if row.get("is_active")? {
            grants.active.push(policy);
        }
    }
    Ok(grants)
}
