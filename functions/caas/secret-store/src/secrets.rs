//! Fetch, create and delete the secrets of a community.

use axum::{Json as Answer, http::StatusCode};
use model::{
    caas::{FetchSecretsRequest, FetchSecretsResponse, Message, PutSecretRequest, PutSecretResponse, Secret},
    ids::{CommunityId, TenantId},
};
use policy::Action;
use service::{Audit, Error, Json, JsonOrDefault, Path, Result, Signed};

use crate::store::{self, Place};

/// Fetch secrets, decrypted: those of the given tags, or all of the community.
#[utoipa::path(
    post, path = "/caas/tenants/{tenantId}/community/{communityId}/secrets/fetch", tag = "Secret Store",
    params(("tenantId" = String, Path), ("communityId" = String, Path)),
    request_body = Option<FetchSecretsRequest>,
    responses((status = 200, body = FetchSecretsResponse), (status = 401)),
)]
pub(crate) async fn fetch_secrets(
    signed: Signed,
    Path((tenant, community)): Path<(TenantId, CommunityId)>,
    JsonOrDefault(request): JsonOrDefault<FetchSecretsRequest>,
) -> Result<Answer<FetchSecretsResponse>> {
    let place = Place { tenant, community };
    let gate = signed.gate(Action::FetchSecrets).community(place.community.as_str());
    let audit = store::reading(&place, request.tags.as_deref());
    let stored = store::fetch(&signed.app, gate, &place, request.tags, audit).await?;
    let secrets = stored.into_iter().map(|stored| Secret {
        tag: stored.tag,
        value: stored.value,
        created_by: stored.created_by,
        created_ts: stored.created_ts,
        tenant_id: place.tenant.clone(),
        community_id: place.community.clone(),
    });
    Ok(Answer(FetchSecretsResponse { secrets: secrets.collect() }))
}

/// Create a secret. An existing one is never overwritten.
#[utoipa::path(
    put, path = "/caas/tenants/{tenantId}/community/{communityId}/secrets", tag = "Secret Store",
    params(("tenantId" = String, Path), ("communityId" = String, Path)),
    request_body = PutSecretRequest,
    responses((status = 201, body = PutSecretResponse), (status = 400), (status = 401), (status = 409)),
)]
pub(crate) async fn put_secret(
    signed: Signed,
    Path((tenant, community)): Path<(TenantId, CommunityId)>,
    Json(request): Json<PutSecretRequest>,
) -> Result<(StatusCode, Answer<PutSecretResponse>)> {
    request.check().map_err(Error::bad_request)?;
    let place = Place { tenant, community };
    let created_ts = signed.now.div_euclid(1000);
    let subject = place.subject(request.tag.as_str());
    let gate = signed.gate(Action::PutSecret).community(place.community.as_str());
    let gate = gate.about(place.tenant.as_str(), subject.as_str());
    let key = signed.app.data_keys().for_writing(&gate, place.tenant.as_str()).await?;
    let insert = store::insert(&key, &place, &request, created_ts)?;
    let audit = Audit::new(place.tenant.as_str(), "secret.create", subject);
    let audit = audit.value(&key, request.value.as_bytes());
    match gate.write(vec![insert], audit).await? {
        Ok(_) => {}
        Err(error) if error.is_unique("secrets.tag") => {
            return Err(Error::conflict("A secret with this tag exists; delete it first"));
        }
        Err(error) => return Err(error.into()),
    }
    let answer = PutSecretResponse { tag: request.tag, created_by: request.created_by, created_ts };
    Ok((StatusCode::CREATED, Answer(answer)))
}

/// Delete a secret. It cannot be recovered; its tag may be used again.
#[utoipa::path(
    delete, path = "/caas/tenants/{tenantId}/community/{communityId}/secrets/{tag}", tag = "Secret Store",
    params(("tenantId" = String, Path), ("communityId" = String, Path), ("tag" = String, Path)),
    responses((status = 200, body = Message), (status = 401), (status = 404)),
)]
pub(crate) async fn delete_secret(
    signed: Signed,
    Path((tenant, community, tag)): Path<(TenantId, CommunityId, String)>,
) -> Result<Answer<Message>> {
    let place = Place { tenant, community };
    let audit = Audit::new(place.tenant.as_str(), "secret.delete", place.subject(&tag));
    let gate = signed.gate(Action::DeleteSecret).community(place.community.as_str());
    let outcomes = gate.write(vec![store::delete(&place, &tag)], audit).await??;
    if outcomes.first().is_none_or(|outcome| outcome.changes == 0) {
        return Err(Error::not_found("No secret with this tag"));
    }
    Ok(Answer(Message { message: "Secret deleted successfully" }))
}
