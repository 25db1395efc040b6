//! Requests as they are stored. One that nobody has processed for a day is denied: each call that looks at requests says
//! so in their rows first, and conditions compare with the clock.

use model::qnsp::jit::{CreateJitRequest, Permissions, Status};
use platform::Statement;
use policy::qnsp::jit::{REQUEST_LIFETIME, Terms};
use qnsp::Caller;
use serde_json::json;

/// A request that waits, at a time after which (`?3`) it was made. What was made before has been denied.
pub(crate) const IS_PENDING: &str = "status = 'pending' AND requested_at > ?3";

/// Until when a request was made that is denied by now.
pub(crate) fn lapsed_until(now: i64) -> i64 {
    now - REQUEST_LIFETIME
}

/// Denies the requests of the tenant that nobody has processed in time.
pub(crate) fn deny_lapsed(caller: &Caller) -> Statement {
    let update = Statement::new(
        "UPDATE qnsp_jit_requests SET status = 'denied', processed_at = requested_at + ?3 \
         WHERE tenant_id = ?1 AND status = 'pending' AND requested_at <= ?2",
    );
    update.bind(caller.tenant()).bind(lapsed_until(caller.now)).bind(REQUEST_LIFETIME)
}

/// The tenants with such requests at a time (`?1`).
pub(crate) fn select_tenants() -> String {
    format!(
        "SELECT DISTINCT tenant_id FROM qnsp_jit_requests INDEXED BY qnsp_jit_requests_lapsing \
         WHERE status = 'pending' AND requested_at <= ?1 - {REQUEST_LIFETIME}"
    )
}

pub(crate) fn insert(caller: &Caller, id: &str, request: &CreateJitRequest, terms: &Terms) -> Statement {
    let insert = Statement::new(
        "INSERT INTO qnsp_jit_requests (tenant_id, id, requested_at, requester_id, resource_type, resource_id, \
         permissions, justification, ticket_reference, duration, max_minutes, approver_roles, status, processed_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
    );
    let status = if terms.is_automatic { Status::Approved } else { Status::Pending };
    insert
        .bind(caller.tenant())
        .bind(id)
        .bind(caller.now)
        .bind(caller.user())
        .bind(request.resource_type.as_str())
        .bind(request.resource_id.as_str())
        .bind(text(&request.permissions))
        .bind(request.justification.as_str())
        .bind(request.ticket_reference().map(str::to_owned))
        .bind(request.duration())
        .bind(terms.max_minutes)
        .bind(json!(terms.approver_roles).to_string())
        .bind(<&str>::from(status))
        .bind(terms.is_automatic.then_some(caller.now))
}

/// Permissions as they are stored and compared.
pub(crate) fn text(permissions: &Permissions) -> String {
    json!(permissions.0).to_string()
}

/// What a list is asked for.
#[derive(Clone, Copy)]
pub(crate) struct Filter<'a> {
    pub status: Option<Status>,
    pub requester: Option<&'a str>,
}

impl Filter<'_> {
    /// What is not asked for is no condition of a column, so that the index is used that fits.
    fn statement(self, caller: &Caller, select: &str, end: &str) -> Statement {
        let status = self.status.map_or("?2 IS NULL", |_| "status = ?2");
        let requester = self.requester.map_or("?3 IS NULL", |_| "requester_id = ?3");
        let text = format!("{select} FROM qnsp_jit_requests WHERE tenant_id = ?1 AND {status} AND {requester}{end}");
        let statement = Statement::new(text).bind(caller.tenant());
        statement
            .bind(self.status.map(|status| <&str>::from(status).to_owned()))
            .bind(self.requester.map(str::to_owned))
    }

    /// Newest first.
    pub(crate) fn select(self, caller: &Caller, limit: i64, offset: i64) -> Statement {
        let columns = "SELECT id, requested_at, requester_id, resource_type, resource_id, permissions, justification, \
                       ticket_reference, duration, approver_roles, status, processed_at, processed_by";
        let page = " ORDER BY requested_at DESC, id DESC LIMIT ?4 OFFSET ?5";
        self.statement(caller, columns, page).bind(limit).bind(offset)
    }

    pub(crate) fn count(self, caller: &Caller) -> Statement {
        self.statement(caller, "SELECT count(*) AS total", "")
    }
}
