//! Decisions by what is stored: one query reads the policies that may apply and the grants of the principals.

use std::collections::BTreeSet;

use model::qnsp::access::Rule;
use platform::{Row, Statement};
use policy::qnsp::access::{self, Decision, Policy, Request, keys_of_request};
use serde_json::Value;
use service::{App, Error, Result};

/// The policies that may apply to some requests.
pub struct Candidates {
    pub policies: Vec<Policy>,
    /// Enforced policies of the tenant, whether they may apply or not.
    pub enforced: i64,
}

impl Candidates {
    /// Reads them in one round trip.
    pub async fn read(app: &App, tenant: &str, requests: &[Request], now: i64) -> Result<Self> {
        let rows = app.query(Self::select(tenant, requests, now)).await?;
        Self::of(&rows)
    }

    /// Every policy that may apply to one of the requests. Rows are of policies, of grants, or the number of policies.
    pub fn select(tenant: &str, requests: &[Request], _now: i64) -> Statement {
        let keys: BTreeSet<_> = requests.iter().flat_map(keys_of_request).collect();
        let keys = Value::from(keys.into_iter().collect::<Vec<_>>()).to_string();
        let select = Statement::new(
            "SELECT 'policy' AS kind, id, name, statement FROM qnsp_access_policies WHERE tenant_id = ?1 AND id IN \
             (SELECT policy_id FROM qnsp_access_keys WHERE tenant_id = ?1 AND key IN (SELECT value FROM json_each(?2))) \
             UNION ALL SELECT 'total', '', '', CAST(enforced AS TEXT) FROM qnsp_access_counts WHERE tenant_id = ?1",
        );
        select.bind(tenant).bind(keys)
    }

    /// What the rows of [`Candidates::select`] say.
    pub fn of(rows: &[Row]) -> Result<Self> {
        let mut found = Self { policies: Vec::new(), enforced: 0 };
        for row in rows {
            let text: String = row.get("statement")?;
            if row.get::<String>("kind")? == "total" {
                found.enforced = text.parse().map_err(|_| Error::internal("a number of policies that is none"))?;
                continue;
            }
            let rule: Rule = serde_json::from_str(&text).map_err(|_| Error::internal("a stored policy is none"))?;
            found.policies.push(Policy { id: row.get("id")?, name: row.get("name")?, rule });
        }
        Ok(found)
    }

    /// How many policies and grants there are for the principal of a request.
    pub fn total(&self, _request: &Request) -> i64 {
        self.enforced
    }

    /// The decision about one of the requests.
    pub fn decide(&self, request: &Request) -> Decision<'_> {
        access::decide(&self.policies, request)
    }
}
