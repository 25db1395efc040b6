//! Credentials from elsewhere: developers who move to this portal keep keys and tokens that are in use.

use axum::{Json as Answer, http::StatusCode};
use model::portal::{ImportCredential, ImportedCredential, Reference};
use service::{
    Error, Json, Result, Signed,
    portal::{Holder, PORTAL_TENANT, checked_jwt, new_id},
};

/// Import a key or a JWT credential for a developer or an application.
#[utoipa::path(
    post, path = "/caas/portal/credentials", tag = "Chancery", request_body = ImportCredential,
    responses((status = 201, body = ImportedCredential), (status = 400), (status = 401), (status = 404), (status = 409)),
)]
pub(crate) async fn import_credential(
    signed: Signed,
    Json(request): Json<ImportCredential>,
) -> Result<(StatusCode, Answer<ImportedCredential>)> {
    let parts = request.parts().map_err(|rule| Error::bad_request(rule.0))?;
    let parts = parts.map(checked_jwt).transpose()?;
    let mut batch = signed.authorize()?.batch();
    let data_key = batch.data_key(PORTAL_TENANT).await?;
    let id = new_id()?;
    let holder = match &request.application {
        Some(application) => Holder::Application(application),
        None => Holder::Developer(request.developer.as_deref().unwrap_or_default()),
    };
    let imported = batch.push(match &parts {
        None => holder.insert_key(&signed.app, &data_key, &id, &request.key, signed.now)?,
        Some(parts) => holder.insert_jwt(&data_key, &id, parts, signed.now)?,
    });
    batch.record(signed.audit(PORTAL_TENANT, id.as_str()), imported);
    let found = batch.push(holder.select());
    for table in ["portal_key_auth", "portal_jwt"] {
        batch.on_null(&format!("{table}.consumer_id"), missing());
    }
    for column in ["portal_key_auth.key_hash", "portal_jwt.key"] {
        batch.on_duplicate(column, Error::conflict("Another credential has this key"));
    }
    let outcomes = batch.write().await?;
    let consumer = Reference { id: outcomes.row(found).ok_or_else(missing)?.get("consumer_id")? };
    Ok((StatusCode::CREATED, Answer(ImportedCredential { id, kind: request.kind, consumer })))
}

fn missing() -> Error {
    Error::not_found("No such developer or application")
}
