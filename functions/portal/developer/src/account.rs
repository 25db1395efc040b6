//! The account as it is, and its end.

use axum::{
    Json as Answer,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use model::portal::{Developer, MetaField};
use service::{
    App, Error, Result,
    portal::{Session, Transport},
};

use crate::store;

/// Get the developer who is logged in.
#[utoipa::path(
    get, path = "/developer", tag = "developer", operation_id = "get-developer",
    responses((status = 200, body = Developer), (status = 401)),
)]
pub(crate) async fn get_developer(session: Session) -> Result<Answer<Developer>> {
    let mut batch = session.batch();
    let found = batch.push(store::select(&session));
    store::developer(batch.read().await?.one(found)?).map(Answer)
}

/// Delete the developer who is logged in, with applications, credentials, sessions and consumer.
#[utoipa::path(
    delete, path = "/developer", tag = "developer", operation_id = "delete-developer",
    responses((status = 204), (status = 401)),
)]
pub(crate) async fn delete_developer(session: Result<Session>, transport: Transport) -> Result<Response> {
    let refused = |_| Error::unauthorized("Invalid authentication credentials");
    let session = session.map_err(refused)?;
    let mut batch = session.batch();
    let deleted = batch.push(store::delete(&session));
    batch.record(session.audit(session.developer.as_str()), deleted);
    batch.write().await.map_err(|error| match error.status {
        StatusCode::UNAUTHORIZED => refused(error),
        _ => error,
    })?;
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, transport.expire()?)]).into_response())
}

/// List the extra fields of a developer. A registration form needs them, so no session is required.
#[utoipa::path(
    get, path = "/developer/meta_fields", tag = "developer", operation_id = "get-developer-meta",
    responses((status = 200, body = Vec<MetaField>)),
)]
pub(crate) async fn get_meta_fields(State(app): State<App>) -> Result<Answer<Vec<MetaField>>> {
    Ok(Answer(app.portal().accounts()?.meta_fields()?.fields().to_vec()))
}
