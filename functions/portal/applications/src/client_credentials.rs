//! The client credentials of an application.

use axum::{Json as Answer, http::StatusCode};
use model::portal::{ClientCredential, List, NewClientCredential};
use service::{
    Path, Query, Result,
    portal::{self, PortalBody, Session, counted},
};

use crate::{application_store, client_store as store, list_query::ListQuery};

/// List the client credentials of an application.
#[utoipa::path(
    get, path = "/applications/{id}/credentials", tag = "application-credentials",
    operation_id = "list-application-credentials", params(("id" = String, Path), ListQuery),
    responses((status = 200, body = List<ClientCredential>), (status = 400), (status = 401), (status = 404)),
)]
pub(crate) async fn list_credentials(
    session: Session,
    Path(id): Path<String>,
    Query(query): Query<ListQuery>,
) -> Result<Answer<List<ClientCredential>>> {
    let sorted = query.sorted(store::ORDERS, &format!("/applications/{id}/credentials"))?;
    let statements = vec![
        store::select_page(&session, &id, &sorted, query.client_id())?,
        store::count(&session, &id, query.client_id()),
        application_store::select_own(&session, &id),
    ];
    let (outcomes, key) = portal::read_sealed(&session, statements).await?;
    if outcomes.get(2).is_none_or(|own| own.rows.is_empty()) {
        return Err(portal::missing());
    }
    let (rows, total) = counted(&outcomes)?;
    sorted.list(rows, total, |row| store::credential(row, key.as_deref())).map(Answer)
}

/// Create a client credential for an application. What is not given is generated; with `hash_secret` the secret is
/// shown in this answer only.
#[utoipa::path(
    post, path = "/applications/{id}/credentials", tag = "application-credentials",
    operation_id = "create-application-credentials", params(("id" = String, Path)), request_body = Option<Object>,
    responses(
        (status = 201, body = ClientCredential), (status = 400), (status = 401), (status = 404), (status = 409),
    ),
)]
pub(crate) async fn create_credential(
    session: Session,
    Path(id): Path<String>,
    PortalBody(body): PortalBody,
) -> Result<(StatusCode, Answer<ClientCredential>)> {
    let wanted = session.checked(NewClientCredential::from_body(&body)).await?;
    let client_id = wanted.client_id.clone().map_or_else(portal::new_secret, Ok)?;
    let secret = wanted.client_secret.clone().map_or_else(portal::new_secret, Ok)?;
    let credential = portal::new_id()?;
    let data_key = portal::data_key(&session.app).await?;
    let new = store::New { id: &credential, client_id: &client_id, secret: &secret, wanted: &wanted };
    let statements = vec![store::insert(&session, &data_key, &id, &new)?, store::select(&session, &id, &credential)];
    let audit = session.audit(credential.as_str());
    let outcomes = match session.write(statements, audit).await? {
        Ok(outcomes) => outcomes,
        Err(error) if error.is_unique("portal_oauth2.client_id") => {
            return Err(portal::taken("client_id", &client_id));
        }
        Err(error) => return Err(error.into()),
    };
    let row = outcomes.last().and_then(|outcome| outcome.rows.first()).ok_or_else(portal::missing)?;
    let created = ClientCredential { client_secret: secret, ..store::credential(row, Some(&data_key))? };
    Ok((StatusCode::CREATED, Answer(created)))
}

/// Get a client credential of an application.
#[utoipa::path(
    get, path = "/applications/{id}/credentials/{credential}", tag = "application-credentials",
    operation_id = "get-application-credential", params(("id" = String, Path), ("credential" = String, Path)),
    responses((status = 200, body = ClientCredential), (status = 401), (status = 404)),
)]
pub(crate) async fn get_credential(
    session: Session,
    Path((id, credential)): Path<(String, String)>,
) -> Result<Answer<ClientCredential>> {
    let (outcomes, key) = portal::read_sealed(&session, vec![store::select(&session, &id, &credential)]).await?;
    let row = outcomes.first().and_then(|outcome| outcome.rows.first()).ok_or_else(portal::missing)?;
    store::credential(row, key.as_deref()).map(Answer)
}

/// Delete a client credential of an application. It is worthless from the next request on.
#[utoipa::path(
    delete, path = "/applications/{id}/credentials/{credential}", tag = "application-credentials",
    operation_id = "delete-application-credential", params(("id" = String, Path), ("credential" = String, Path)),
    responses((status = 204), (status = 401), (status = 404)),
)]
pub(crate) async fn delete_credential(
    session: Session,
    Path((id, credential)): Path<(String, String)>,
) -> Result<StatusCode> {
    let audit = session.audit(credential.as_str());
    let outcomes = session.write(vec![store::delete(&session, &id, &credential)], audit).await??;
    if outcomes.first().is_none_or(|outcome| outcome.changes == 0) {
        return Err(portal::missing());
    }
    Ok(StatusCode::NO_CONTENT)
}
