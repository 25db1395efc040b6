//! The list of entries with its filters, and the hash by which a known value is found among them.

use axum::Json as Answer;
use crypto::hash;
use model::{
    audit::{Entries, EntryQuery, HashAnswer, HashRequest},
    ids::TenantId,
};
use platform::{Row, Statement};
use serde_json::value::RawValue;
use service::{Error, Json, Path, Query, Result, Signed};

use crate::authorize;

/// How many entries one request looks at, where a filter has no index of its own.
const WINDOW: i64 = 10_000;

/// List a tenant's entries, the newest first. A page may be short, or empty, and still have a next one.
#[utoipa::path(
    get, path = "/caas/audit/{tenant}/entries", tag = "Chancery",
    params(("tenant" = String, Path, description = "A tenant, or `platform`, or `licensing`"), EntryQuery),
    responses((status = 200, body = Entries), (status = 400), (status = 401)),
)]
pub(crate) async fn list_entries(
    signed: Signed,
    Path(tenant): Path<TenantId>,
    Query(query): Query<EntryQuery>,
) -> Result<Answer<Entries>> {
    query.check().map_err(|rule| Error::bad_request(rule.0))?;
    let (found, window) = select(tenant.as_str(), &query);
    let mut batch = authorize(&signed, tenant.as_str())?.batch();
    let (found, window) = (batch.push(found), batch.push(window));
    let outcomes = batch.read().await?;
    let rows = outcomes.rows(found);
    let entries = rows.iter().map(entry).collect::<Result<Vec<_>>>()?;
    let window = outcomes.one(window)?;
    let last = |row: &Row| row.get::<u64>("leaf_index");
    let full = i64::try_from(rows.len()).is_ok_and(|count| count >= query.limit());
    let next = match rows.last() {
        Some(row) if full => Some(last(row)?),
        _ if window.get::<i64>("looked")? == WINDOW => window.get("lowest")?,
        _ => None,
    };
    Ok(Answer(Entries { entries, next: next.filter(|next| *next > 0) }))
}

/// The entries of a page, and what was looked at for them. The most selective filter chooses the index; the others are
/// held against a window of what it finds.
fn select(tenant: &str, query: &EntryQuery) -> (Statement, Statement) {
    let by = match query {
        EntryQuery { value_hash: Some(_), .. } => "value_hash = ?10",
        EntryQuery { subject: Some(_), .. } => "subject = ?5",
        EntryQuery { actor: Some(_), .. } => "actor = ?3",
        _ => "?2 = ?2",
    };
    let window = format!(
        "FROM audit_entries WHERE tenant_id = ?1 AND {by} AND leaf_index < ?2 ORDER BY leaf_index DESC LIMIT ?11"
    );
    let found = format!(
        "SELECT leaf_index, entry FROM (SELECT * {window}) WHERE leaf_hash IS NULL AND (?3 IS NULL OR actor = ?3) \
         AND (?4 IS NULL OR action = ?4) AND (?5 IS NULL OR subject = ?5) AND (?6 IS NULL OR outcome = ?6) \
         AND (?7 IS NULL OR at >= ?7) AND (?8 IS NULL OR at < ?8) AND (?10 IS NULL OR value_hash = ?10) \
         ORDER BY leaf_index DESC LIMIT ?9"
    );
    let window = format!("SELECT count(*) AS looked, min(leaf_index) AS lowest FROM (SELECT leaf_index {window})");
    let bound = |text: String| {
        Statement::new(text)
            .bind(tenant)
            .bind(query.before.map_or(i64::from(u32::MAX) << 16, i64::from))
            .bind(query.actor.clone())
            .bind(query.action.clone())
            .bind(query.subject.clone())
            .bind(query.outcome.clone())
            .bind(query.from())
            .bind(query.to())
            .bind(query.limit())
            .bind(query.value_hash.clone())
            .bind(WINDOW)
    };
    (bound(found), bound(window))
}

fn entry(row: &Row) -> Result<Box<RawValue>> {
    RawValue::from_string(row.get("entry")?).map_err(|_| Error::internal("an audit entry is not JSON"))
}

/// Get the hash that a value has in a tenant's entries, to search for it.
#[utoipa::path(
    post, path = "/caas/audit/{tenant}/hash", tag = "Chancery", params(("tenant" = String, Path)),
    request_body = HashRequest,
    responses((status = 200, body = HashAnswer), (status = 400), (status = 401), (status = 404)),
)]
pub(crate) async fn hash_value(
    signed: Signed,
    Path(tenant): Path<TenantId>,
    Json(request): Json<HashRequest>,
) -> Result<Answer<HashAnswer>> {
    let mut batch = authorize(&signed, tenant.as_str())?.batch();
    let key = batch.read_data_key(tenant.as_str());
    let key = batch.read().await?.data_key(&key)?;
    let key = key.ok_or_else(|| Error::not_found("This tenant has no data key, so it never set a value"))?;
    Ok(Answer(HashAnswer { value_hash: hash::hex(&key.audit_hash(request.value.as_bytes())) }))
}
