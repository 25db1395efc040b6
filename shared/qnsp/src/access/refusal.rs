//! What was refused to a principal that really asked: a decision, or a check of its grants. Simulations are questions.

use platform::Statement;
use service::Result;

use crate::{counters::DAY, new_id};

/// How many old refusals one call removes.
const SWEPT: i64 = 16;

pub struct Refusal<'a> {
    pub tenant: &'a str,
    /// `type:id`.
    pub principal: &'a str,
    /// `type/id`.
    pub resource: &'a str,
    pub now: i64,
}

impl Refusal<'_> {
    /// Notes it. Refusals are kept for a day; many within an hour become an anomaly by a trigger.
    pub fn note(&self) -> Result<[Statement; 2]> {
        let insert = Statement::new(
            "INSERT INTO qnsp_access_refusals (tenant_id, principal, at, id, resource) VALUES (?1, ?2, ?3, ?4, ?5)",
        );
        let insert = insert.bind(self.tenant).bind(self.principal).bind(self.now).bind(new_id()?).bind(self.resource);
        Ok([insert, sweep_refusals(self.now, SWEPT)])
    }
}

/// Removes some refusals that are no longer kept, `most` at most, the oldest of all tenants first.
pub fn sweep_refusals(now: i64, most: i64) -> Statement {
    let sweep = Statement::new(
        "DELETE FROM qnsp_access_refusals WHERE (tenant_id, principal, at, id) IN \
         (SELECT tenant_id, principal, at, id FROM qnsp_access_refusals WHERE at <= ?1 ORDER BY at LIMIT ?2)",
    );
    sweep.bind(now - DAY).bind(most)
}
