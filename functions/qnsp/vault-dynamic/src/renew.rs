//! A lease lives longer, or less long.

use axum::{http::StatusCode, response::Response};
use model::{
    qnsp::dynamic_secrets::{LeaseRenewed, RenewLease},
    time::IsoTime,
};
use platform::PostgresError;
use qnsp::{
    Call, Caller, Nothing, Settings, conflict,
    leases::{User, refusal},
};
use service::{Guard, Result};

use crate::{
    asked::asked_ttl,
    claim::Claim,
    lease_store::{self, Lease, OfLease, has_expired, has_not_expired, is_not_revoked, lease_exists},
};

/// Renew an active lease. It never lives longer than its configuration has said when it was issued.
#[utoipa::path(
    post, path = "/vault/v1/dynamic-secrets/leases/{leaseId}/renew", tag = "Vault", request_body = RenewLease,
    params(("leaseId" = String, Path)),
    responses(
        (status = 200, body = LeaseRenewed), (status = 400), (status = 401), (status = 403), (status = 404),
        (status = 409), (status = 422),
    ),
)]
pub(crate) async fn renew_lease(call: Call<RenewLease, Nothing, OfLease>) -> Result<Response> {
    let id = call.path.lease_id.as_str();
    call.about(id);
    let asked = asked_ttl(call.body.ttl.as_ref(), call.body.ttl_seconds)?;
    let mut look = call.look();
    for guard in guards(&call, id) {
        look.require(guard);
    }
    let found = look.push(Lease::select(&call, id));
    let data_key = look.read_data_key(call.tenant());
    let outcomes = look.run().await?;
    let lease = Lease::of(outcomes.one(found)?)?;
    let database = lease.config.database(call.tenant(), outcomes.data_key(&data_key)?.as_deref())?;
    let ttl = asked.unwrap_or(lease.config.ttl.default);
    let expires_at = call.now.saturating_add(ttl).min(lease.max_expires_at);
    let Some(database) = database else { return commit(&call, id, expires_at, None).await };
    let Some(claim) = Claim::take(&call, id).await? else {
        let mut look = call.look();
        for guard in guards(&call, id) {
            look.require(guard);
        }
        look.run().await?;
        return Err(has_expired());
    };
    let hosts = &Settings::of(&call.app)?.outbound_hosts;
    match database.extend(hosts, User { name: &lease.username, until: expires_at }).await {
        Ok(()) => {
            let done = commit(&call, id, expires_at, Some(&claim)).await;
            if done.is_err() {
                claim.take_back(&lease.config, &database, &lease.username).await;
            }
            done
        }
        Err(error) => {
            match error {
                PostgresError::Broken => claim.take_back(&lease.config, &database, &lease.username).await,
                PostgresError::Unreachable | PostgresError::Refused { .. } => claim.release().await,
            }
            Err(refusal(error))
        }
    }
}

async fn commit(caller: &Caller, id: &str, expires_at: i64, claim: Option<&Claim<'_>>) -> Result<Response> {
    let mut work = caller.work();
    for guard in guards(caller, id) {
        work.require(guard);
    }
    if let Some(claim) = claim {
        work.require(claim.is_held());
    }
    for statement in lease_store::renew(caller, id, expires_at) {
        work.push(statement);
    }
    work.commit(StatusCode::OK, &LeaseRenewed { lease_id: id.to_owned(), expires_at: IsoTime(expires_at) }).await
}

fn guards(caller: &Caller, id: &str) -> [Guard; 4] {
    let below = "EXISTS (SELECT 1 FROM qnsp_leases WHERE tenant_id = ?1 AND id = ?2 AND expires_at < max_expires_at)";
    let below = Guard::new(below, conflict("The lease lives as long as it may")).bind(caller.tenant()).bind(id);
    [lease_exists(caller, id), is_not_revoked(caller, id), has_not_expired(caller, id), below]
}
