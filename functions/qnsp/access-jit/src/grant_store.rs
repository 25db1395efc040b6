//! Grants as they are stored. A grant is active while it is not revoked and its end lies ahead: each statement compares
//! with the clock of the call, so that nothing has to end one.

use model::qnsp::jit::Permissions;
use platform::Statement;
use qnsp::{AskPage, Caller};

use crate::request_store::text;

/// A grant of a request, with what was modified.
pub(crate) struct NewGrant<'a> {
    pub id: &'a str,
    pub request: &'a str,
    pub permissions: Option<&'a Permissions>,
    /// Milliseconds.
    pub duration: Option<i64>,
}

/// Grants what a request that the tenant has asks for, from now on.
pub(crate) fn insert(caller: &Caller, grant: &NewGrant) -> Statement {
    let insert = Statement::new(
        "INSERT INTO qnsp_jit_grants (tenant_id, id, request_id, grantee_id, resource_type, resource_id, permissions, \
         granted_at, expires_at) SELECT tenant_id, ?3, id, requester_id, resource_type, resource_id, \
         coalesce(?5, permissions), ?4, ?4 + coalesce(?6, duration) FROM qnsp_jit_requests \
         WHERE tenant_id = ?1 AND id = ?2 AND status = 'approved'",
    );
    let insert = insert.bind(caller.tenant()).bind(grant.request).bind(grant.id).bind(caller.now);
    insert.bind(grant.permissions.map(text)).bind(grant.duration)
}

/// The active grants of a user, those first that end first.
pub(crate) fn select_active(caller: &Caller, user: &str, page: &AskPage) -> Statement {
    let select = Statement::new(
        "SELECT id, resource_type, resource_id, permissions, granted_at, expires_at FROM qnsp_jit_grants \
         WHERE tenant_id = ?1 AND grantee_id = ?2 AND revoked_at IS NULL AND expires_at > ?3 \
         ORDER BY expires_at, id LIMIT ?4 OFFSET ?5",
    );
    select.bind(caller.tenant()).bind(user).bind(caller.now).bind(page.limit.0).bind(page.offset.0)
}

/// An active grant of a principal (`?2`) for this permission (`?5`) on a resource, the one that ends last.
fn active(resource: &str) -> String {
    format!(
        "SELECT * FROM (SELECT id, expires_at FROM qnsp_jit_grants WHERE tenant_id = ?1 AND grantee_id = ?2 \
         AND resource_type = ?3 AND resource_id = {resource} AND revoked_at IS NULL AND expires_at > ?6 \
         AND EXISTS (SELECT 1 FROM json_each(permissions) WHERE value IN (?5, '*')) \
         ORDER BY expires_at DESC, id DESC LIMIT 1)"
    )
}

/// What a check asks.
pub(crate) struct Question<'a> {
    pub principal: &'a str,
    pub resource_type: &'a str,
    pub resource: &'a str,
    pub permission: &'a str,
}

impl Question<'_> {
    fn bind(&self, caller: &Caller, statement: Statement) -> Statement {
        let statement = statement.bind(caller.tenant()).bind(self.principal).bind(self.resource_type);
        statement.bind(self.resource).bind(self.permission).bind(caller.now)
    }

    /// The active grants that answer it: at most one for this resource, and one for all of the type. Each is a step in
    /// the index that holds all it asks for.
    pub(crate) fn select(&self, caller: &Caller) -> Statement {
        let (own, all) = (active("?4"), active("'*'"));
        self.bind(caller, Statement::new(format!("{own} UNION ALL {all}")))
    }

    /// Notes the question where no grant answers it: several of them are an anomaly.
    pub(crate) fn insert_refusal(&self, caller: &Caller, id: &str) -> Statement {
        let (own, all) = (active("?4"), active("'*'"));
        let insert = format!(
            "INSERT INTO qnsp_access_refusals (tenant_id, principal, at, id, resource) \
             SELECT ?1, 'user:' || ?2, ?6, ?7, ?3 || '/' || ?4 WHERE NOT EXISTS ({own} UNION ALL {all})"
        );
        self.bind(caller, Statement::new(insert)).bind(id)
    }
}
