//! The client credentials of an application.

use axum::{Json as Answer, http::StatusCode};
use model::portal::{ClientCredential, List, NewClientCredential};
use service::{
    Path, Query, Result,
    portal::{self, PORTAL_TENANT, Page, PageQuery, PortalBody, Session},
};

use crate::{application_store, client_store as store, list_query::ListQuery};

/// List the client credentials of an application.
#[utoipa::path(
    get, path = "/applications/{id}/credentials", tag = "application-credentials",
    operation_id = "list-application-credentials", params(("id" = String, Path), ListQuery, PageQuery),
    responses((status = 200, body = List<ClientCredential>), (status = 400), (status = 401), (status = 404)),
)]
pub(crate) async fn list_credentials(
    session: Session,
    Path(id): Path<String>,
    Query(query): Query<ListQuery>,
    page: Page,
) -> Result<Answer<List<ClientCredential>>> {
    let sorted = query.sorted(page, store::ORDERS, &format!("/applications/{id}/credentials"))?;
    let mut batch = session.batch();
    let listed = batch.push(store::select_page(&session, &id, &sorted, query.client_id())?);
    let count = batch.push(store::count(&session, &id, query.client_id()));
    let own = batch.push(application_store::select_own(&session, &id));
    let data_key = batch.read_data_key(PORTAL_TENANT);
    let outcomes = batch.read().await?;
    outcomes.row(own).ok_or_else(portal::missing)?;
    let (data_key, total) = (outcomes.data_key(&data_key)?, outcomes.one(count)?.get("total")?);
    sorted.list(outcomes.rows(listed), total, |row| store::credential(row, data_key.as_deref())).map(Answer)
}

/// Create a client credential for an application. What is not given is generated; with `hash_secret` the secret is
/// shown in this answer only.
#[utoipa::path(
    post, path = "/applications/{id}/credentials", tag = "application-credentials",
    operation_id = "create-application-credentials", params(("id" = String, Path)), request_body = Option<NewClientCredential>,
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
    let mut batch = session.batch();
    let data_key = batch.data_key(PORTAL_TENANT).await?;
    let new = store::New { id: &credential, client_id: &client_id, secret: &secret, wanted: &wanted };
    let inserted = batch.push(store::insert(&session, &data_key, &id, &new)?);
    let found = batch.push(store::select(&session, &id, &credential));
    batch.record(session.audit(credential.as_str()), inserted);
    batch.on_duplicate("portal_oauth2.client_id", portal::taken("client_id", &client_id));
    let outcomes = batch.write().await?;
    let row = outcomes.row(found).ok_or_else(portal::missing)?;
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
    let mut batch = session.batch();
    let found = batch.push(store::select(&session, &id, &credential));
    let data_key = batch.read_data_key(PORTAL_TENANT);
    let outcomes = batch.read().await?;
    let row = outcomes.row(found).ok_or_else(portal::missing)?;
    store::credential(row, outcomes.data_key(&data_key)?.as_deref()).map(Answer)
}

/// Delete a client credential of an application. It is refused from the next request on.
#[utoipa::path(
    delete, path = "/applications/{id}/credentials/{credential}", tag = "application-credentials",
    operation_id = "delete-application-credential", params(("id" = String, Path), ("credential" = String, Path)),
    responses((status = 204), (status = 401), (status = 404)),
)]
pub(crate) async fn delete_credential(
    session: Session,
    Path((id, credential)): Path<(String, String)>,
) -> Result<StatusCode> {
    let mut batch = session.batch();
    let deleted = batch.push(store::delete(&session, &id, &credential));
    batch.record(session.audit(credential.as_str()), deleted);
    if !batch.write().await?.changed(deleted) {
        return Err(portal::missing());
    }
    Ok(StatusCode::NO_CONTENT)
}
