//! Signed checkpoints. One is kept for every size that was asked for, so that all of them can be held against each other.

use axum::Json as Answer;
use crypto::{base64, hash, merkle};
use model::{
    audit::{Checkpoint, CheckpointAnswer, CheckpointQuery, Checkpoints},
    ids::TenantId,
};
use platform::{Row, Statement};
use service::{Anonymous, App, Error, Path, Query, Result, Signed};

use crate::{
    authorize,
    tree::{self, State},
};

/// How many checkpoints one answer lists.
const PAGE: usize = 100;

/// Integrate the new entries into the tree, and sign its size and root. A size is signed once.
#[utoipa::path(
    post, path = "/caas/audit/{tenant}/checkpoint", tag = "Chancery", params(("tenant" = String, Path)),
    responses((status = 200, body = CheckpointAnswer), (status = 401), (status = 404)),
)]
pub(crate) async fn make_checkpoint(signed: Signed, Path(tenant): Path<TenantId>) -> Result<Answer<CheckpointAnswer>> {
    let (checkpoint, state) = newest(&signed, tenant.as_str()).await?;
    Ok(Answer(CheckpointAnswer { checkpoint, pending: state.pending() }))
}

/// Integrates the new entries, as far as one request goes, and signs what is covered then, once.
pub(crate) async fn newest(signed: &Signed, tenant: &str) -> Result<(Checkpoint, State)> {
    let app = &signed.app;
    let mut batch = authorize(signed, tenant)?.batch();
    let state = batch.push(State::select(tenant));
    let state = State::read(batch.read().await?.one(state)?)?;
    let state = tree::integrate(app, tenant, state).await?;
    let size = state.covered();
    if size == 0 {
        return Err(Error::not_found("There are no entries of this tenant"));
    }
    let mut batch = Anonymous::background(app).batch();
    let found = batch.push(select(tenant, size));
    let checkpoint = match batch.read().await?.row(found) {
        Some(row) => checkpoint(tenant, row)?,
        None => sign(app, tenant, size, signed.now).await?,
    };
    Ok((checkpoint, state))
}

async fn sign(app: &App, tenant: &str, size: u64, now: i64) -> Result<Checkpoint> {
    let root = tree::compute(app, tenant, |mut nodes| merkle::root(size, &mut nodes)).await?;
    let unsigned = Checkpoint {
        tenant: tenant.to_owned(),
        tree_size: size,
        root_hash: hash::hex(&root),
        time: now,
        signature: String::new(),
    };
    let signature = tree::signing_key(app)?.sign(unsigned.signed_text().as_bytes());
    let insert = Statement::new(
        "INSERT OR IGNORE INTO audit_checkpoints (tenant_id, tree_size, root_hash, at, signature) \
         VALUES (?1, ?2, ?3, ?4, ?5)",
    );
    let insert = insert.bind(tenant).bind(signed_size(size)).bind(root.to_vec()).bind(now).bind(signature.to_vec());
    // If another request signed first, its checkpoint is the one of this size.
    let mut batch = Anonymous::background(app).batch();
    batch.push(insert);
    let stored = batch.push(select(tenant, size));
    checkpoint(tenant, batch.write().await?.one(stored)?)
}

/// List the checkpoints of a tenant, the smallest tree first.
#[utoipa::path(
    get, path = "/caas/audit/{tenant}/checkpoints", tag = "Chancery",
    params(("tenant" = String, Path), CheckpointQuery),
    responses((status = 200, body = Checkpoints), (status = 400), (status = 401)),
)]
pub(crate) async fn list_checkpoints(
    signed: Signed,
    Path(tenant): Path<TenantId>,
    Query(query): Query<CheckpointQuery>,
) -> Result<Answer<Checkpoints>> {
    let mut batch = authorize(&signed, tenant.as_str())?.batch();
    let found = batch.push(between(tenant.as_str(), query.after.into(), i64::MAX >> 11, PAGE + 1));
    let outcomes = batch.read().await?;
    let rows = outcomes.rows(found);
    let page = rows.iter().take(PAGE).map(|row| checkpoint(tenant.as_str(), row)).collect::<Result<Vec<_>>>()?;
    let next = page.last().filter(|_| rows.len() > PAGE).map(|last| last.tree_size);
    Ok(Answer(Checkpoints { checkpoints: page, next }))
}

/// Checkpoints of trees that are larger than one size and not larger than another.
pub(crate) fn between(tenant: &str, above: i64, up_to: i64, limit: usize) -> Statement {
    Statement::new(
        "SELECT tree_size, root_hash, at, signature FROM audit_checkpoints \
         WHERE tenant_id = ?1 AND tree_size > ?2 AND tree_size <= ?3 ORDER BY tree_size LIMIT ?4",
    )
    .bind(tenant)
    .bind(above)
    .bind(up_to)
    .bind(i64::try_from(limit).unwrap_or(i64::MAX))
}

fn select(tenant: &str, size: u64) -> Statement {
    Statement::new(
        "SELECT tree_size, root_hash, at, signature FROM audit_checkpoints WHERE tenant_id = ?1 AND tree_size = ?2",
    )
    .bind(tenant)
    .bind(signed_size(size))
}

pub(crate) fn checkpoint(tenant: &str, row: &Row) -> Result<Checkpoint> {
    Ok(Checkpoint {
        tenant: tenant.to_owned(),
        tree_size: row.get("tree_size")?,
        root_hash: hash::hex(&row.get::<Vec<u8>>("root_hash")?),
        time: row.get("at")?,
        signature: base64::encode(&row.get::<Vec<u8>>("signature")?),
    })
}

fn signed_size(size: u64) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}
