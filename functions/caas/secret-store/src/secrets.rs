//! Fetch, create and delete the secrets of a community.

use axum::{Json as Answer, http::StatusCode};
use model::{
    caas::{FetchSecretsRequest, FetchSecretsResponse, Message, PutSecretRequest, PutSecretResponse},
    ids::{CommunityId, TenantId},
};
use service::{Audit, Error, Json, JsonOrDefault, Path, Result, Signed};

use crate::store::{self, Scope};

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
    let scope = Scope { tenant, community };
    let mut batch = signed.authorize()?.community(scope.community.as_str()).batch();
    batch.record_always(audit_of_tags(&signed, &scope, request.tags.as_deref()));
    let found = batch.push(store::select(&scope, request.tags));
    let key = batch.read_data_key(scope.tenant.as_str());
    let outcomes = batch.write().await?;
    let key = outcomes.data_key(&key)?;
    let open = |row| store::open(key.as_deref(), &scope, row);
    Ok(Answer(FetchSecretsResponse { secrets: outcomes.rows(found).iter().map(open).collect::<Result<_>>()? }))
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
    let scope = Scope { tenant, community };
    let created_ts = signed.now.div_euclid(1000);
    let subject = scope.subject(request.tag.as_str());
    let authorization = signed.authorize()?.community(scope.community.as_str());
    let mut batch = authorization.about(scope.tenant.as_str(), subject.as_str()).batch();
    let key = batch.data_key(scope.tenant.as_str()).await?;
    let created = batch.push(store::insert(&key, &scope, &request, created_ts)?);
    batch.record(signed.audit(scope.tenant.as_str(), subject).value(&key, request.value.as_bytes()), created);
    batch.on_duplicate("secrets.tag", Error::conflict("A secret with this tag exists; delete it first"));
    batch.write().await?;
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
    let scope = Scope { tenant, community };
    let mut batch = signed.authorize()?.community(scope.community.as_str()).batch();
    let deleted = batch.push(store::delete(&scope, &tag));
    batch.record(signed.audit(scope.tenant.as_str(), scope.subject(&tag)), deleted);
    if !batch.write().await?.changed(deleted) {
        return Err(Error::not_found("No secret with this tag"));
    }
    Ok(Answer(Message { message: "Secret deleted successfully" }))
}

/// The entry of a read. Of more tags than these it says as of all of them.
fn audit_of_tags(signed: &Signed, scope: &Scope, tags: Option<&[String]>) -> Audit {
    const MOST_TAGS: usize = 100;
    let audit = signed.audit(scope.tenant.as_str(), scope.community.as_str());
    match tags {
        Some(tags) if tags.len() <= MOST_TAGS && tags.iter().all(|tag| tag.len() <= 128) => audit.detail("tags", tags),
        _ => audit,
    }
}
