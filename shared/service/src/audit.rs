//! The audit row that stands in the same batch as the change it tells of. Never a value.

use platform::Statement;

/// Who is known from the request's mark, when from the clock; this is what and where.
pub struct Audit {
    pub tenant: String,
    pub action: &'static str,
    pub subject: String,
}

impl Audit {
    pub fn new(tenant: impl Into<String>, action: &'static str, subject: impl Into<String>) -> Self {
        Self { tenant: tenant.into(), action, subject: subject.into() }
    }

    /// Goes after the statement that decides whether anything changed. Between them may stand reads: they leave
    /// `changes()` as it is.
    pub(crate) fn statement(self, mark: &str, request_id: &str, now: i64) -> Statement {
        Statement::new(
            "INSERT INTO audit_entries (tenant_id, at, actor, action, subject, request_id) \
             SELECT ?1, ?2, caller, ?3, ?4, ?5 FROM request_marks WHERE mark = ?6 AND changes() > 0",
        )
        .bind(self.tenant)
        .bind(now)
        .bind(self.action)
        .bind(self.subject)
        .bind(request_id)
        .bind(mark)
    }
}
