//! Tokens with which Kong's portal tool puts files: made, listed and revoked here.

use axum::{Json as Answer, http::StatusCode};
use model::portal::admin::{AdminTokenEntry, AdminTokens, NewAdminToken, NewToken};
use platform::{Row, Statement};
use policy::Action;
use service::{
    Audit, Error, Json, Path, Result, Signed,
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
    let audit = Audit::new(PORTAL_TENANT, "admin-token.create", id.as_str()).detail("name", request.name.as_str());
    match signed.gate(Action::ManagePortal).write(vec![insert], audit).await? {
        Ok(_) => {}
        Err(error) if error.is_unique("portal_admin_tokens.name") => {
            return Err(Error::conflict("Another token has this name"));
        }
        Err(error) => return Err(error.into()),
    }
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
    let select = Statement::new("SELECT id, name, created_at FROM portal_admin_tokens ORDER BY created_at, id");
    let outcomes = signed.gate(Action::ManagePortal).read(vec![select]).await?;
    let rows = outcomes.first().map(|outcome| outcome.rows.as_slice()).unwrap_or_default();
    let entry = |row: &Row| {
        let created_at = row.get::<i64>("created_at")?.div_euclid(1000);
        Ok::<_, Error>(AdminTokenEntry { id: row.get("id")?, name: row.get("name")?, created_at })
    };
    Ok(Answer(AdminTokens { data: rows.iter().map(entry).collect::<Result<_>>()? }))
}

/// Revoke a token. It is refused from the next request on.
#[utoipa::path(
    delete, path = "/caas/portal/tokens/{id}", tag = "Chancery", params(("id" = String, Path)),
    responses((status = 204), (status = 401), (status = 404)),
)]
pub(crate) async fn revoke_admin_token(signed: Signed, Path(id): Path<String>) -> Result<StatusCode> {
    let delete = Statement::new("DELETE FROM portal_admin_tokens WHERE id = ?1").bind(id.as_str());
    let audit = Audit::new(PORTAL_TENANT, "admin-token.revoke", id.as_str());
    let outcomes = signed.gate(Action::ManagePortal).write(vec![delete], audit).await??;
    if outcomes.first().is_none_or(|outcome| outcome.changes == 0) {
        return Err(Error::not_found("No token with this id"));
    }
    Ok(StatusCode::NO_CONTENT)
}
