//! Decisions by what is stored: one query reads the policies that may apply and the grants of the principals.

use std::collections::BTreeSet;

use model::qnsp::access::Rule;
use platform::{Row, Statement};
use policy::qnsp::access::{self, Decision, Policy, Request, keys_of_request};
use serde_json::Value;
use service::{App, Error, Result};

use super::grants;

/// The policies that may apply to some requests.
pub struct Candidates {
    policies: Vec<Policy>,
    /// The grants in force of all principals that are asked about.
    grants: Vec<Policy>,
    /// Enforced policies of the tenant, whether they may apply or not.
    enforced: i64,
}

impl Candidates {
    /// Reads them in one round trip.
    pub async fn read(app: &App, tenant: &str, requests: &[Request], now: i64) -> Result<Self> {
        let rows = app.query(Self::select(tenant, requests, now)).await?;
        Self::of(&rows)
    }

    /// Every policy that may apply to one of the requests, and every grant of a principal in force. Rows are of policies, of
    /// grants, or the number of policies.
    pub fn select(tenant: &str, requests: &[Request], now: i64) -> Statement {
        let keys: BTreeSet<_> = requests.iter().flat_map(keys_of_request).collect();
        let grantees: BTreeSet<_> = requests.iter().filter_map(grantee).collect();
        let select = Statement::new(
            "SELECT 'policy' AS kind, id, name, statement, '' AS resource_type, '' AS resource_id, '' AS grantee_id, \
             '' AS permissions FROM qnsp_access_policies WHERE tenant_id = ?1 AND id IN \
             (SELECT policy_id FROM qnsp_access_keys WHERE tenant_id = ?1 AND key IN (SELECT value FROM json_each(?2))) \
             UNION ALL SELECT 'total', '', '', CAST(enforced AS TEXT), '', '', '', '' FROM qnsp_access_counts \
             WHERE tenant_id = ?1 \
             UNION ALL SELECT 'grant', id, '', '', resource_type, resource_id, grantee_id, permissions \
             FROM qnsp_jit_grants WHERE tenant_id = ?1 AND grantee_id IN (SELECT value FROM json_each(?3)) \
             AND revoked_at IS NULL AND expires_at > ?4",
        );
        let list = |texts: Vec<Value>| Value::from(texts).to_string();
        let keys = list(keys.into_iter().map(Value::from).collect());
        let grantees = list(grantees.into_iter().map(Value::from).collect());
        select.bind(tenant).bind(keys).bind(grantees).bind(now)
    }

    /// What the rows of [`Candidates::select`] say.
    pub fn of(rows: &[Row]) -> Result<Self> {
        let mut found = Self { policies: Vec::new(), grants: Vec::new(), enforced: 0 };
        for row in rows {
            let kind: String = row.get("kind")?;
            if kind == "grant" {
                found.grants.extend(grants::policy(row)?);
                continue;
            }
            let text: String = row.get("statement")?;
            if kind == "total" {
                found.enforced = text.parse().map_err(|_| Error::internal("a number of policies that is none"))?;
                continue;
            }
            let rule: Rule = serde_json::from_str(&text).map_err(|_| Error::internal("a stored policy is none"))?;
            found.policies.push(Policy { id: row.get("id")?, name: row.get("name")?, rule });
        }
        Ok(found)
    }

    /// How many policies and grants there are for the principal of a request.
    pub fn total(&self, request: &Request) -> i64 {
        let principal = request.principal();
        let grants = self.grants.iter().filter(|grant| grant.rule.principals.contains(&principal)).count();
        self.enforced.saturating_add(i64::try_from(grants).unwrap_or(i64::MAX))
    }

    /// All that may apply.
    pub fn all(&self) -> impl Iterator<Item = &Policy> {
        self.policies.iter().chain(&self.grants)
    }

    /// The decision about one of the requests.
    pub fn decide(&self, request: &Request) -> Decision<'_> {
        access::decide(self.all(), request)
    }
}

/// Groups have no grants.
fn grantee(request: &Request) -> Option<&str> {
    (request.principal_type != "group").then_some(request.principal_id.as_str())
}
