//! The applications of a developer.

use axum::{Json as Answer, http::StatusCode};
use model::{
    faults::Faults,
    portal::{Application, ApplicationChange, List, NewApplication, REQUIRED},
};
use service::{
    Batch, Path, Query, Result,
    portal::{self, PORTAL_TENANT, Page, PageQuery, PortalBody, Session},
};

use crate::{
    application_store::{self as store, NewRows},
    list_query::ListQuery,
};

/// List the developer's applications.
#[utoipa::path(
    get, path = "/applications", tag = "application", operation_id = "list-applications", params(ListQuery, PageQuery),
    responses((status = 200, body = List<Application>), (status = 400), (status = 401)),
)]
pub(crate) async fn list_applications(
    session: Session,
    Query(query): Query<ListQuery>,
    page: Page,
) -> Result<Answer<List<Application>>> {
    let sorted = query.sorted(page, store::ORDERS, "/applications")?;
    let mut batch = session.batch();
    let listed = batch.push(store::select_page(&session, &sorted, &query)?);
    let count = batch.push(store::count(&session, query.name()));
    let outcomes = batch.read().await?;
    sorted.list(outcomes.rows(listed), outcomes.one(count)?.get("total")?, store::application).map(Answer)
}

/// Create an application, with a consumer and one client credential.
#[utoipa::path(
    post, path = "/applications", tag = "application", operation_id = "post-applications", request_body = NewApplication,
    responses((status = 201, body = Application), (status = 400), (status = 401), (status = 409)),
)]
pub(crate) async fn create_application(
    session: Session,
    PortalBody(body): PortalBody,
) -> Result<(StatusCode, Answer<Application>)> {
    let new = session.checked(ApplicationChange::new_from_body(&body)).await?;
    let rows = NewRows { id: portal::new_id()?, consumer: portal::new_id()?, credential: portal::new_id()? };
    let mut batch = session.batch();
    let data_key = batch.data_key(PORTAL_TENANT).await?;
    let inserted = store::insert(&mut batch, &data_key, &rows, &new)?;
    let found = batch.push(store::select(&session, &rows.id));
    batch.record(session.audit(rows.id.as_str()), inserted);
    refuse_duplicates(&mut batch, &new.name, new.custom_id.as_deref());
    let application = store::application(batch.write().await?.one(found)?)?;
    Ok((StatusCode::CREATED, Answer(application)))
}

/// Get an application.
#[utoipa::path(
    get, path = "/applications/{id}", tag = "application", operation_id = "get-application",
    params(("id" = String, Path)),
    responses((status = 200, body = Application), (status = 401), (status = 404)),
)]
pub(crate) async fn get_application(session: Session, Path(id): Path<String>) -> Result<Answer<Application>> {
    let mut batch = session.batch();
    let found = batch.push(store::select(&session, &id));
    store::application(batch.read().await?.row(found).ok_or_else(portal::missing)?).map(Answer)
}

/// Change parts of an application. Its client credentials follow.
#[utoipa::path(
    patch, path = "/applications/{id}", tag = "application", operation_id = "update-application",
    params(("id" = String, Path)), request_body = ApplicationChange,
    responses((status = 200, body = Application), (status = 400), (status = 401), (status = 404), (status = 409)),
)]
pub(crate) async fn update_application(
    session: Session,
    Path(id): Path<String>,
    PortalBody(body): PortalBody,
) -> Result<Answer<Application>> {
    let change = session.checked(ApplicationChange::from_body(&body)).await?;
    let mut batch = session.batch();
    let updated = store::update(&mut batch, &id, &change);
    let found = batch.push(store::select(&session, &id));
    batch.record(session.audit(id.as_str()), updated);
    let (name, custom_id) = (change.name.as_deref().unwrap_or_default(), change.custom_id.clone().set());
    refuse_duplicates(&mut batch, name, custom_id.as_deref());
    let outcomes = batch.write().await?;
    let row = outcomes.row(found).ok_or_else(portal::missing)?;
    if !outcomes.changed(updated) {
        return Err(portal::refused_fields(Faults::one("redirect_uri", REQUIRED)));
    }
    store::application(row).map(Answer)
}

/// Delete an application with its consumer, credentials and instances.
#[utoipa::path(
    delete, path = "/applications/{id}", tag = "application", operation_id = "delete-application",
    params(("id" = String, Path)),
    responses((status = 204), (status = 401), (status = 404)),
)]
pub(crate) async fn delete_application(session: Session, Path(id): Path<String>) -> Result<StatusCode> {
    let mut batch = session.batch();
    let deleted = batch.push(store::delete(&session, &id));
    batch.record(session.audit(id.as_str()), deleted);
    if !batch.write().await?.changed(deleted) {
        return Err(portal::missing());
    }
    Ok(StatusCode::NO_CONTENT)
}

fn refuse_duplicates(batch: &mut Batch<Session>, name: &str, custom_id: Option<&str>) {
    batch.on_duplicate("portal_applications.name", portal::taken("name", name));
    let custom_id = portal::taken("custom_id", custom_id.unwrap_or_default());
    batch.on_duplicate("portal_applications.custom_id", custom_id);
}
