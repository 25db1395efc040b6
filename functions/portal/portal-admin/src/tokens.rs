//! Tokens with which Kong's portal tool puts files: made, listed and revoked here.

use axum::{Json as Answer, http::StatusCode};
use model::portal::admin::{AdminTokenEntry, AdminTokens, NewAdminToken, NewToken};
use platform::{Row, Statement};
use service::{
    Error, Json, Path, Result, Signed,
    portal::{PORTAL_TENANT, admin_token_hash, new_admin_token, new_id},
};

/// Make a token for the header Kong-Admin-Token. This answer alone holds it.
#[utoipa::path(
    post, path = "/caas/portal/tokens", tag = "Chancery", request_body = NewToken,
    responses((status = 201, body = NewAdminToken), (status = 400), (status = 401), (status = 409)),
)]
pub(crate) async fn create_admin_token(
    signed: Signed,
    Json(request): Json<NewToken>,
) -> Result<(StatusCode, Answer<NewAdminToken>)> {
    request.check().map_err(|rule| Error::bad_request(rule.0))?;
    let (id, token) = (new_id()?, new_admin_token()?);
    let insert =
        Statement::new("INSERT INTO portal_admin_tokens (id, name, token_hash, created_at) VALUES (?1, ?2, ?3, ?4)");
    let insert = insert.bind(id.as_str()).bind(request.name.as_str()).bind(admin_token_hash(&token)).bind(signed.now);
    let mut batch = signed.authorize()?.batch();
    let created = batch.push(insert);
    batch.record(signed.audit(PORTAL_TENANT, id.as_str()).detail("name", request.name.as_str()), created);
    batch.on_duplicate("portal_admin_tokens.name", Error::conflict("Another token has this name"));
    batch.write().await?;
    let created_at = signed.now.div_euclid(1000);
    Ok((
        StatusCode::CREATED,
        Answer(NewAdminToken { entry: AdminTokenEntry { id, name: request.name, created_at }, token }),
    ))
}

/// List the tokens, oldest first; never the tokens themselves.
#[utoipa::path(
    get, path = "/caas/portal/tokens", tag = "Chancery",
    responses((status = 200, body = AdminTokens), (status = 401)),
)]
pub(crate) async fn list_admin_tokens(signed: Signed) -> Result<Answer<AdminTokens>> {
    let select = "SELECT id, name, created_at FROM portal_admin_tokens ORDER BY created_at, id";
    let mut batch = signed.authorize()?.batch();
    let found = batch.push(Statement::new(select));
    let outcomes = batch.read().await?;
    let entry = |row: &Row| {
        let created_at = row.get::<i64>("created_at")?.div_euclid(1000);
        Ok::<_, Error>(AdminTokenEntry { id: row.get("id")?, name: row.get("name")?, created_at })
    };
    Ok(Answer(AdminTokens { data: outcomes.rows(found).iter().map(entry).collect::<Result<_>>()? }))
}

/// Revoke a token. It is refused from the next request on.
#[utoipa::path(
    delete, path = "/caas/portal/tokens/{id}", tag = "Chancery", params(("id" = String, Path)),
    responses((status = 204), (status = 401), (status = 404)),
)]
pub(crate) async fn revoke_admin_token(signed: Signed, Path(id): Path<String>) -> Result<StatusCode> {
    let delete = Statement::new("DELETE FROM portal_admin_tokens WHERE id = ?1").bind(id.as_str());
    let mut batch = signed.authorize()?.batch();
    let deleted = batch.push(delete);
    batch.record(signed.audit(PORTAL_TENANT, id.as_str()), deleted);
    if !batch.write().await?.changed(deleted) {
        return Err(Error::not_found("No token with this id"));
    }
    Ok(StatusCode::NO_CONTENT)
}
