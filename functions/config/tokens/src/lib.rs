//! The tokens of the Config API: minted, listed and revoked by licences of the platform. What a token may do is judged
//! where it is used.

mod store;

use axum::{
    Json as Answer, Router,
    http::StatusCode,
    routing::{delete, put},
};
use model::{
    caas::Message,
    config::{MintTokenRequest, MintedToken, TokenList},
};
use platform::Host;
use policy::Action;
use serde::Deserialize;
use service::{App, Audit, Error, Json, Path, Query, Result, Shape, Signed};
use utoipa::IntoParams;

pub async fn app(host: Host) -> Router {
    App::new(host).await.serve(router(), Shape::Kosmos)
}

platform::export!(app);

fn router() -> Router<App> {
    Router::new()
        .route("/caas/config-tokens", put(mint_config_token).get(list_config_tokens))
        .route("/caas/config-tokens/{id}", delete(revoke_config_token))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListTokens {
    /// The `next` of the page before.
    after: Option<String>,
}

/// Mint a token for the Config API. This answer alone holds it.
#[utoipa::path(
    put, path = "/caas/config-tokens", tag = "Chancery", request_body = MintTokenRequest,
    responses((status = 201, body = MintedToken), (status = 400), (status = 401)),
)]
async fn mint_config_token(
    signed: Signed,
    Json(request): Json<MintTokenRequest>,
) -> Result<(StatusCode, Answer<MintedToken>)> {
    request.check(signed.now).map_err(|rule| Error::bad_request(rule.0))?;
    let (minted, insert) = store::mint(&signed, &request)?;
    let audit = Audit::new(request.tenant_id.as_str(), "config-token.create", minted.id.as_str());
    signed.gate(Action::ManageTokens).write(vec![insert], audit).await??;
    Ok((StatusCode::CREATED, Answer(minted)))
}

/// List tokens, oldest first, a hundred at a time; never the tokens themselves.
#[utoipa::path(
    get, path = "/caas/config-tokens", tag = "Chancery", params(ListTokens),
    responses((status = 200, body = TokenList), (status = 401)),
)]
async fn list_config_tokens(signed: Signed, Query(query): Query<ListTokens>) -> Result<Answer<TokenList>> {
    let select = store::select_after(query.after.as_deref().unwrap_or_default());
    let outcomes = signed.gate(Action::ManageTokens).read(vec![select]).await?;
    let rows = outcomes.first().map(|outcome| outcome.rows.as_slice()).unwrap_or_default();
    store::token_list(rows).map(Answer)
}

/// Revoke a token. It is refused from the next request on.
#[utoipa::path(
    delete, path = "/caas/config-tokens/{id}", tag = "Chancery", params(("id" = String, Path)),
    responses((status = 200, body = Message), (status = 401), (status = 404)),
)]
async fn revoke_config_token(signed: Signed, Path(id): Path<String>) -> Result<Answer<Message>> {
    let audit = Audit::new("platform", "config-token.revoke", id.as_str());
    let outcomes = signed.gate(Action::ManageTokens).write(vec![store::revoke(&id, signed.now)], audit).await??;
    if outcomes.first().is_none_or(|outcome| outcome.changes == 0) {
        return Err(Error::not_found("No token in force with this id"));
    }
    Ok(Answer(Message { message: "Token revoked" }))
}

/// The operations of this function, for the OpenAPI document.
#[derive(utoipa::OpenApi)]
#[openapi(paths(mint_config_token, list_config_tokens, revoke_config_token))]
pub struct Operations;
