//! Issue, list and revoke the API keys of tenants.

use axum::{Json as Answer, http::StatusCode};
use model::{
    caas::Message,
    qnsp::operators::{IssuedKey, KeyList},
};
use qnsp::NewKey;
use serde::Deserialize;
use service::{Error, Json, PLATFORM_TENANT, Path, Query, Result, Signed};
use utoipa::IntoParams;

use crate::{
    bodies::CreateKey,
    key_store as store,
    names::{KeyId, TenantId},
    tenants::exists,
};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListKeys {
    /// The `next` of the page before.
    after: Option<String>,
}

/// Issue an API key for a tenant. This answer alone holds it.
#[utoipa::path(
    put, path = "/caas/qnsp/tenants/{tenantId}/keys", tag = "Chancery", params(("tenantId" = String, Path)),
    request_body = CreateKey,
    responses((status = 201, body = IssuedKey), (status = 400), (status = 401), (status = 404)),
)]
pub(crate) async fn issue_qnsp_key(
    signed: Signed,
    Path(TenantId(tenant)): Path<TenantId>,
    Json(request): Json<CreateKey>,
) -> Result<(StatusCode, Answer<IssuedKey>)> {
    let (tenant_id, roles) = (tenant.as_str(), request.roles());
    let user = match &request.user_id {
        Some(user) => user.0.clone(),
        None => qnsp::new_id()?,
    };
    let new = NewKey {
        tenant: tenant_id,
        user: &user,
        roles: &roles,
        name: request.name.as_ref().map_or("", |name| name.0.as_str()),
        expires_at: request.expires_at.map(|time| time.0),
        is_personal: request.personal.unwrap_or(false),
    };
    let issued = new.issue(signed.now)?;
    let mut batch = signed.authorize()?.batch();
    batch.require(exists(&tenant));
    let created = batch.push(issued.insert);
    let audit = signed.audit(tenant_id, format!("api-key/{}", issued.id)).detail("userId", user.as_str());
    batch.record(audit.detail("roles", roles.as_slice()), created);
    batch.write().await?;
    let answer = IssuedKey { key_id: issued.id, user_id: user, api_key: issued.text };
    Ok((StatusCode::CREATED, Answer(answer)))
}

/// List the API keys of a tenant, oldest first, a hundred at a time; never the keys themselves.
#[utoipa::path(
    get, path = "/caas/qnsp/tenants/{tenantId}/keys", tag = "Chancery",
    params(("tenantId" = String, Path), ListKeys),
    responses((status = 200, body = KeyList), (status = 400), (status = 401), (status = 404)),
)]
pub(crate) async fn list_qnsp_keys(
    signed: Signed,
    Path(TenantId(tenant)): Path<TenantId>,
    Query(query): Query<ListKeys>,
) -> Result<Answer<KeyList>> {
    let mut batch = signed.authorize()?.batch();
    batch.require(exists(&tenant));
    let found = batch.push(store::select_after(tenant.as_str(), query.after.as_deref().unwrap_or_default()));
    store::key_list(batch.read().await?.rows(found)).map(Answer)
}

/// Revoke an API key. It is refused from the next call on.
#[utoipa::path(
    delete, path = "/caas/qnsp/keys/{keyId}", tag = "Chancery", params(("keyId" = String, Path)),
    responses((status = 200, body = Message), (status = 400), (status = 401), (status = 404)),
)]
pub(crate) async fn revoke_qnsp_key(signed: Signed, Path(KeyId(id)): Path<KeyId>) -> Result<Answer<Message>> {
    let mut batch = signed.authorize()?.batch();
    let revoked = batch.push(store::revoke(id.as_str(), signed.now));
    // The path does not name the tenant.
    batch.record(signed.audit(PLATFORM_TENANT, format!("api-key/{}", id.as_str())), revoked);
    if !batch.write().await?.changed(revoked) {
        return Err(Error::not_found("No API key in force with this id"));
    }
    Ok(Answer(Message { message: "API key revoked" }))
}
