//! Mint, list and revoke tokens.

use axum::{Json as Answer, http::StatusCode};
use model::{
    caas::Message,
    config::{MintTokenRequest, MintedToken, TokenList},
};
use serde::Deserialize;
use service::{Error, Json, PLATFORM_TENANT, Path, Query, Result, Signed};
use utoipa::IntoParams;

use crate::store;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListTokens {
    /// The `next` of the page before.
    after: Option<String>,
}

/// Mint a token for the Config API. This answer alone holds it.
#[utoipa::path(
    put, path = "/caas/config-tokens", tag = "Chancery", request_body = MintTokenRequest,
    responses((status = 201, body = MintedToken), (status = 400), (status = 401)),
)]
pub(crate) async fn mint_config_token(
    signed: Signed,
    Json(request): Json<MintTokenRequest>,
) -> Result<(StatusCode, Answer<MintedToken>)> {
    request.check(signed.now)?;
    let (minted, insert) = store::mint(&signed, &request)?;
    let mut batch = signed.authorize()?.batch();
    let created = batch.push(insert);
    batch.record(signed.audit(request.tenant_id.as_str(), minted.id.as_str()), created);
    batch.write().await?;
    Ok((StatusCode::CREATED, Answer(minted)))
}

/// List tokens, oldest first, a hundred at a time; never the tokens themselves.
#[utoipa::path(
    get, path = "/caas/config-tokens", tag = "Chancery", params(ListTokens),
    responses((status = 200, body = TokenList), (status = 401)),
)]
pub(crate) async fn list_config_tokens(signed: Signed, Query(query): Query<ListTokens>) -> Result<Answer<TokenList>> {
    let mut batch = signed.authorize()?.batch();
    let found = batch.push(store::select_after(query.after.as_deref().unwrap_or_default()));
    store::token_list(batch.read().await?.rows(found)).map(Answer)
}

/// Revoke a token. It is refused from the next request on.
#[utoipa::path(
    delete, path = "/caas/config-tokens/{id}", tag = "Chancery", params(("id" = String, Path)),
    responses((status = 200, body = Message), (status = 401), (status = 404)),
)]
pub(crate) async fn revoke_config_token(signed: Signed, Path(id): Path<String>) -> Result<Answer<Message>> {
    let mut batch = signed.authorize()?.batch();
    let revoked = batch.push(store::revoke(&id, signed.now));
    batch.record(signed.audit(PLATFORM_TENANT, id.as_str()), revoked);
    if !batch.write().await?.changed(revoked) {
        return Err(Error::not_found("No token in force with this id"));
    }
    Ok(Answer(Message { message: "Token revoked" }))
}
