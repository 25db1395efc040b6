//! Credentials from elsewhere: developers who move to this portal keep keys and tokens that are in use.

use axum::{Json as Answer, http::StatusCode};
use crypto::seal::DataKey;
use model::portal::{ImportCredential, ImportedCredential, JwtParts, Reference, fold_email};
use platform::Statement;
use service::{
    Error, Json, Result, Signed,
    portal::{Credential, PORTAL_TENANT, checked_jwt, new_id},
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
    let parts = parts.map(checked_jwt).transpose();
    let parts = parts.map_err(|errors| Error::bad_request(errors.into_fields().to_string()))?;
    let mut batch = signed.authorize()?.batch();
    let data_key = batch.data_key(PORTAL_TENANT).await?;
    let id = new_id()?;
    let insert = match &parts {
        None => insert_key(&signed, &data_key, &id, &request)?,
        Some(parts) => insert_jwt(&signed, &data_key, &id, &request, parts)?,
    };
    let imported = batch.push(insert);
    batch.record(signed.audit(PORTAL_TENANT, id.as_str()), imported);
    let found = batch.push(holder(HOLDER, &request));
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

const HOLDER: &str = "SELECT id AS consumer_id FROM portal_consumers WHERE application_id = ?1 \
     OR developer_id = (SELECT id FROM portal_developers WHERE id = ?2 OR email_folded = ?3)";

/// Binds who holds the credential as `?1` to `?3`.
fn holder(text: &'static str, request: &ImportCredential) -> Statement {
    let developer = request.developer.as_deref();
    Statement::new(text)
        .bind(request.application.clone())
        .bind(developer.map(str::to_owned))
        .bind(developer.map(fold_email))
}

/// Without such a holder there is no consumer, which the column refuses.
fn insert_key(signed: &Signed, data_key: &DataKey, id: &str, request: &ImportCredential) -> Result<Statement> {
    let insert = holder(
        "INSERT INTO portal_key_auth (consumer_id, id, key_hash, sealed_key, created_at) VALUES \
         ((SELECT id FROM portal_consumers WHERE application_id = ?1 \
         OR developer_id = (SELECT id FROM portal_developers WHERE id = ?2 OR email_folded = ?3)), ?4, ?5, ?6, ?7)",
        request,
    );
    Ok(insert
        .bind(id)
        .bind(Credential::KeyAuth.lookup_hash(&signed.app, &[&request.key])?)
        .bind(Credential::KeyAuth.seal(data_key, id, &request.key)?)
        .bind(signed.now))
}

fn insert_jwt(
    signed: &Signed,
    data_key: &DataKey,
    id: &str,
    request: &ImportCredential,
    parts: &JwtParts,
) -> Result<Statement> {
    let insert = holder(
        "INSERT INTO portal_jwt (consumer_id, id, key, algorithm, sealed_secret, rsa_public_key, created_at) VALUES \
         ((SELECT id FROM portal_consumers WHERE application_id = ?1 \
         OR developer_id = (SELECT id FROM portal_developers WHERE id = ?2 OR email_folded = ?3)), \
         ?4, ?5, ?6, ?7, ?8, ?9)",
        request,
    );
    Ok(insert
        .bind(id)
        .bind(parts.key.as_str())
        .bind(parts.algorithm.as_str())
        .bind(Credential::Jwt.seal(data_key, id, &parts.secret)?)
        .bind(parts.rsa_public_key.clone())
        .bind(signed.now))
}

fn missing() -> Error {
    Error::not_found("No such developer or application")
}
