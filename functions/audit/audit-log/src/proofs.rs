//! Proofs, as RFC 9162 has them: that an entry stands in a tree, and that a tree only grew.

use axum::Json as Answer;
use crypto::{
    hash,
    merkle::{self, Hash, Node},
};
use model::{
    audit::{ConsistencyProof, ConsistencyQuery, InclusionProof, InclusionQuery},
    ids::TenantId,
};
use service::{Error, Path, Query, Result, Signed};

use crate::{
    authorize,
    tree::{self, State},
};

/// Prove that an entry is in the tree of a checkpoint.
#[utoipa::path(
    get, path = "/caas/audit/{tenant}/proof/inclusion", tag = "Chancery",
    params(("tenant" = String, Path), InclusionQuery),
    responses((status = 200, body = InclusionProof), (status = 400), (status = 401), (status = 409)),
)]
pub(crate) async fn prove_inclusion(
    signed: Signed,
    Path(tenant): Path<TenantId>,
    Query(query): Query<InclusionQuery>,
) -> Result<Answer<InclusionProof>> {
    let (index, size) = (u64::from(query.index), u64::from(query.size));
    if index >= size {
        return Err(Error::bad_request("index must be less than size"));
    }
    covers(&signed, tenant.as_str(), size).await?;
    let leaf = Node { level: 0, position: index };
    let computed = tree::compute(&signed.app, tenant.as_str(), |mut nodes| {
        let leaf = nodes(leaf).ok_or(crypto::Error::MissingNode)?;
        Ok((leaf, merkle::root(size, &mut nodes)?, merkle::inclusion_proof(index, size, &mut nodes)?))
    });
    let (leaf, root, proof) = computed.await?;
    Ok(Answer(InclusionProof {
        index,
        tree_size: size,
        leaf_hash: hash::hex(&leaf),
        root_hash: hash::hex(&root),
        proof: texts(&proof),
    }))
}

/// Prove that the tree of one checkpoint begins with that of an earlier one.
#[utoipa::path(
    get, path = "/caas/audit/{tenant}/proof/consistency", tag = "Chancery",
    params(("tenant" = String, Path), ConsistencyQuery),
    responses((status = 200, body = ConsistencyProof), (status = 400), (status = 401), (status = 409)),
)]
pub(crate) async fn prove_consistency(
    signed: Signed,
    Path(tenant): Path<TenantId>,
    Query(query): Query<ConsistencyQuery>,
) -> Result<Answer<ConsistencyProof>> {
    let (from, to) = (u64::from(query.from), u64::from(query.to));
    if from == 0 || from > to {
        return Err(Error::bad_request("from must be at least 1, and not more than to"));
    }
    covers(&signed, tenant.as_str(), to).await?;
    let computed = tree::compute(&signed.app, tenant.as_str(), |mut nodes| {
        let roots = (merkle::root(from, &mut nodes)?, merkle::root(to, &mut nodes)?);
        Ok((roots, merkle::consistency_proof(from, to, &mut nodes)?))
    });
    let ((from_root, to_root), proof) = computed.await?;
    Ok(Answer(ConsistencyProof {
        from,
        to,
        from_root_hash: hash::hex(&from_root),
        to_root_hash: hash::hex(&to_root),
        proof: texts(&proof),
    }))
}

/// Integrates what a tree of this size needs, as far as one request goes.
async fn covers(signed: &Signed, tenant: &str, size: u64) -> Result<()> {
    let mut batch = authorize(signed, tenant)?.batch();
    let state = batch.push(State::select(tenant));
    let state = State::read(batch.read().await?.one(state)?)?;
    if size > state.entries {
        return Err(Error::bad_request(format!("There are {} entries of this tenant", state.entries)));
    }
    if size <= state.covered() || size <= tree::integrate(&signed.app, tenant, state).await?.covered() {
        return Ok(());
    }
    Err(Error::conflict("So many entries are not integrated yet; ask again"))
}

fn texts(hashes: &[Hash]) -> Vec<String> {
    hashes.iter().map(|hash| hash::hex(hash)).collect()
}
