//! `Idempotency-Key`: the answer to a POST is kept for a day, sealed, and given again to the same call.

use axum::http::{Method, StatusCode, request::Parts};
use crypto::{hash, seal::DataKey};
use platform::{Statement, random};
use serde::Serialize;
use service::{Actor, App, Batch, Error, Guard, Result};

use crate::{counters::DAY, refusal};

const HEADER: &str = "idempotency-key";

/// How long an answer is kept.
pub(crate) const KEPT: i64 = DAY;

/// The code of the guard that finds an answer kept already; it is never answered.
const TAKEN: &str = "IDEMPOTENCY_KEY_TAKEN";

/// The key of a call, and what it came with.
#[derive(Clone)]
pub(crate) struct Idempotency {
    tenant: String,
    /// Method and path with its ids, and the user where the answer is for nobody else.
    route: String,
    key: String,
    body_hash: String,
}

/// An answer as it is kept.
pub(crate) struct Answer {
    pub status: StatusCode,
    pub body: String,
}

impl Answer {
    pub(crate) fn new<T: Serialize>(status: StatusCode, body: &T) -> Result<Self> {
        let body = serde_json::to_string(body).map_err(|_| Error::internal("an answer that is not JSON"))?;
        Ok(Self { status, body })
    }
}

/// The key that came with a POST.
pub(crate) fn key_of(parts: &Parts) -> Result<Option<&str>> {
    let mut keys = parts.headers.get_all(HEADER).iter();
    let Some(key) = keys.next().filter(|_| parts.method == Method::POST) else { return Ok(None) };
    let key = key.to_str().ok().filter(|key| (1..=255).contains(&key.len()) && keys.next().is_none());
    let refused = || Error::from(model::faults::Faults::one("Idempotency-Key", "must have 1 to 255 characters"));
    key.map(Some).ok_or_else(refused)
}

impl Idempotency {
    /// Of a call about a tenant, with its path, and its user where the answer is for nobody else.
    pub(crate) fn new(
        (tenant, data_key): (&str, &DataKey),
        (path, user): (&str, Option<&str>),
        key: &str,
        body: &[u8],
    ) -> Self {
        let body_hash = hash::hex(&data_key.audit_hash(&[b"idempotency\0".as_slice(), body].concat()));
        let user = user.map(|user| format!(" {user}")).unwrap_or_default();
        Self { tenant: tenant.to_owned(), route: format!("POST {path}{user}"), key: key.to_owned(), body_hash }
    }

    fn bind(&self, statement: Statement) -> Statement {
        statement.bind(self.tenant.as_str()).bind(self.route.as_str()).bind(self.key.as_str())
    }

    /// Adds to a batch that the key is new, and the row that claims it for so long, unless its answer comes before.
    pub(crate) fn claim<A: Actor>(&self, batch: &mut Batch<A>, now: i64, time: i64) {
        let is_new = Guard::new(
            "NOT EXISTS (SELECT 1 FROM qnsp_idempotency WHERE tenant_id = ?1 AND route = ?2 AND key = ?3 AND expires_at > ?4)",
            taken(),
        );
        let is_new = is_new.bind(self.tenant.as_str()).bind(self.route.as_str()).bind(self.key.as_str()).bind(now);
        batch.require(is_new);
        let insert = Statement::new(
            "INSERT OR REPLACE INTO qnsp_idempotency (tenant_id, route, key, body_hash, expires_at) \
             VALUES (?1, ?2, ?3, ?4, ?5)",
        );
        batch.push(self.bind(insert).bind(self.body_hash.as_str()).bind(now + time));
    }

    /// Gives the key free again: the call has come to nothing.
    pub(crate) fn release(&self) -> Statement {
        let delete = "DELETE FROM qnsp_idempotency WHERE tenant_id = ?1 AND route = ?2 AND key = ?3 AND status IS NULL";
        self.bind(Statement::new(delete))
    }

    /// Stores the answer, sealed.
    pub(crate) fn seal(&self, data_key: &DataKey, now: i64, answer: &Answer) -> Result<Statement> {
        let sealed = data_key.seal(random::bytes()?, &self.aad(), answer.body.as_bytes());
        let update = Statement::new(
            "UPDATE qnsp_idempotency SET status = ?4, sealed_answer = ?5, expires_at = ?6 \
             WHERE tenant_id = ?1 AND route = ?2 AND key = ?3",
        );
        let update = self.bind(update).bind(i64::from(answer.status.as_u16()));
        Ok(update.bind(sealed).bind(now + KEPT))
    }

    fn aad(&self) -> [&[u8]; 4] {
        [b"idempotency", self.tenant.as_bytes(), self.route.as_bytes(), self.key.as_bytes()]
    }

    /// The answer that is kept under the key, if there is one. Another body, or an answer that is still to come, is a
    /// conflict.
    pub(crate) async fn kept(&self, app: &App, data_key: &DataKey, now: i64) -> Result<Option<Answer>> {
        let select = Statement::new(
            "SELECT body_hash, status, sealed_answer FROM qnsp_idempotency \
             WHERE tenant_id = ?1 AND route = ?2 AND key = ?3 AND expires_at > ?4",
        );
        let rows = app.query(self.bind(select).bind(now)).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        if row.get::<String>("body_hash")? != self.body_hash {
            return Err(refusal::conflict("This Idempotency-Key came with another body before"));
        }
        let (Some(status), Some(sealed)) =
            (row.get::<Option<u64>>("status")?, row.get::<Option<Vec<u8>>>("sealed_answer")?)
        else {
            let reason = serde_json::json!({ "reason": "in_progress" });
            return Err(
                refusal::conflict("The first call with this Idempotency-Key is not answered yet").with_body(reason)
            );
        };
        let body = data_key.open(&self.aad(), &sealed)?;
        let body = String::from_utf8(body.to_vec()).map_err(|_| Error::internal("a kept answer is not text"))?;
        let status = u16::try_from(status).ok().and_then(|status| StatusCode::from_u16(status).ok());
        Ok(Some(Answer { status: status.unwrap_or(StatusCode::OK), body }))
    }

    /// Removes some of the answers that are no longer kept.
    pub(crate) fn sweep(now: i64) -> Statement {
        let sweep = "DELETE FROM qnsp_idempotency WHERE (tenant_id, route, key) IN (SELECT tenant_id, route, key \
                     FROM qnsp_idempotency WHERE expires_at <= ?1 ORDER BY expires_at LIMIT 64)";
        Statement::new(sweep).bind(now)
    }
}

/// An answer is kept, which is given instead of this refusal.
#[track_caller]
pub(crate) fn taken() -> Error {
    Error::conflict("This Idempotency-Key was used before").with_code(TAKEN)
}

/// Whether this refusal only says that an answer is kept.
pub(crate) fn is_taken(error: &Error) -> bool {
    error.code() == Some(TAKEN)
}
