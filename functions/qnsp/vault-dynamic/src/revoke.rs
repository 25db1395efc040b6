//! A lease ends before its time.

use axum::{http::StatusCode, response::Response};
use model::{qnsp::dynamic_secrets::LeaseRevoked, time::IsoTime};
use qnsp::{
    Call, Nothing, Settings,
    leases::{self, OnServer, User, refusal, remove_users_later},
};
use service::{Error, Result};

use crate::{
    claim::Claim,
    lease_store::{Lease, OfLease, has_not_expired, lease_exists},
};

/// Revoke a lease: its sessions end, and its user is removed. One that has been revoked before stays so.
#[utoipa::path(
    post, path = "/vault/v1/dynamic-secrets/leases/{leaseId}/revoke", tag = "Vault",
    params(("leaseId" = String, Path)),
    responses(
        (status = 200, body = LeaseRevoked), (status = 400), (status = 401), (status = 403), (status = 404),
        (status = 409), (status = 422),
    ),
)]
pub(crate) async fn revoke_lease(call: Call<Nothing, Nothing, OfLease>) -> Result<Response> {
    let id = call.path.lease_id.as_str();
    call.about(id);
    let mut look = call.look();
    look.require(lease_exists(&call, id));
    look.require(has_not_expired(&call, id));
    let found = look.push(Lease::select(&call, id));
    let data_key = look.read_data_key(call.tenant());
    let outcomes = look.run().await?;
    let lease = Lease::of(outcomes.one(found)?)?;
    let database = lease.config.database(call.tenant(), outcomes.data_key(&data_key)?.as_deref())?;
    let database = database.filter(|_| lease.revoked_at.is_none());
    let claim = if database.is_some() { Claim::take(&call, id).await? } else { None };
    // A lease that has ended while it was waited for has its user removed as any other.
    let left = if database.is_some() && claim.is_none() { OnServer::PerhapsUser } else { OnServer::Nothing };
    if let (Some(database), Some(claim)) = (&database, &claim) {
        let hosts = &Settings::of(&call.app)?.outbound_hosts;
        let user = User { name: &lease.username, until: claim.expires_at };
        if let Err(error) = database.remove(hosts, user).await {
            claim.release().await;
            return Err(refusal(error));
        }
    }
    let mut work = call.work();
    work.require(lease_exists(&call, id));
    work.require(has_not_expired(&call, id));
    let statements = leases::revoke(&call, id, left);
    let slots: Vec<_> = statements.into_iter().map(|statement| work.push(statement)).collect();
    let outcomes = work.run().await?;
    let read = slots.last().ok_or_else(|| Error::internal("a revocation without statements"))?;
    let revoked_at = IsoTime(outcomes.one(*read)?.get("revoked_at")?);
    if left == OnServer::PerhapsUser {
        remove_users_later(&call, [lease.config.id]);
    }
    call.answer(StatusCode::OK, &LeaseRevoked { lease_id: id.to_owned(), revoked_at }).await
}
