//! The applications of a developer.

use axum::{Json as Answer, http::StatusCode};
use model::portal::{Application, ApplicationChange, FieldErrors, List};
use platform::SqlError;
use service::{
    Error, Path, Query, Result,
    portal::{self, PortalBody, Session, counted},
};

use crate::{
    application_store::{self as store, NewRows},
    list_query::ListQuery,
};

/// List the developer's applications.
#[utoipa::path(
    get, path = "/applications", tag = "application", operation_id = "list-applications", params(ListQuery),
    responses((status = 200, body = List<Application>), (status = 400), (status = 401)),
)]
pub(crate) async fn list_applications(
    session: Session,
    Query(query): Query<ListQuery>,
) -> Result<Answer<List<Application>>> {
    let sorted = query.sorted(store::ORDERS, "/applications")?;
    let select = store::select_page(&session, &sorted, &query)?;
    let outcomes = session.read(vec![select, store::count(&session, query.name())]).await?;
    let (rows, total) = counted(&outcomes)?;
    sorted.list(rows, total, store::application).map(Answer)
}

/// Create an application, with a consumer and one client credential.
#[utoipa::path(
    post, path = "/applications", tag = "application", operation_id = "post-applications", request_body = Object,
    responses((status = 201, body = Application), (status = 400), (status = 401), (status = 409)),
)]
pub(crate) async fn create_application(
    session: Session,
    PortalBody(body): PortalBody,
) -> Result<(StatusCode, Answer<Application>)> {
    let new = session.checked(ApplicationChange::from_body(&body).and_then(ApplicationChange::into_new)).await?;
    let data_key = portal::data_key(&session.app).await?;
    let rows = NewRows { id: portal::new_id()?, consumer: portal::new_id()?, credential: portal::new_id()? };
    let mut statements = store::insert(&session, &data_key, &rows, &new)?;
    statements.push(store::select(&session, &rows.id));
    let audit = session.audit(rows.id.as_str());
    let custom_id = new.custom_id.as_deref();
    let outcomes = session.write(statements, audit).await?.map_err(|error| refused(error, &new.name, custom_id))?;
    let row = outcomes.last().and_then(|outcome| outcome.rows.first());
    let application = store::application(row.ok_or_else(|| Error::internal("an application vanished"))?)?;
    Ok((StatusCode::CREATED, Answer(application)))
}

/// Get an application.
#[utoipa::path(
    get, path = "/applications/{id}", tag = "application", operation_id = "get-application",
    params(("id" = String, Path)),
    responses((status = 200, body = Application), (status = 401), (status = 404)),
)]
pub(crate) async fn get_application(session: Session, Path(id): Path<String>) -> Result<Answer<Application>> {
    let outcomes = session.read(vec![store::select(&session, &id)]).await?;
    let row = outcomes.first().and_then(|outcome| outcome.rows.first()).ok_or_else(portal::missing)?;
    store::application(row).map(Answer)
}

/// Change parts of an application. Its client credentials follow.
#[utoipa::path(
    patch, path = "/applications/{id}", tag = "application", operation_id = "update-application",
    params(("id" = String, Path)), request_body = Object,
    responses((status = 200, body = Application), (status = 400), (status = 401), (status = 404), (status = 409)),
)]
pub(crate) async fn update_application(
    session: Session,
    Path(id): Path<String>,
    PortalBody(body): PortalBody,
) -> Result<Answer<Application>> {
    let change = session.checked(ApplicationChange::from_body(&body)).await?;
    let mut statements = store::update(&session, &id, &change);
    statements.push(store::select(&session, &id));
    let audit = session.audit(id.as_str());
    let (name, custom_id) = (change.name.as_deref().unwrap_or_default(), change.custom_id.clone().set());
    let outcomes = session.write(statements, audit).await?;
    let outcomes = outcomes.map_err(|error| refused(error, name, custom_id.as_deref()))?;
    let [_, changed, read] = outcomes.as_slice() else { return Err(Error::internal("three statements")) };
    let row = read.rows.first().ok_or_else(portal::missing)?;
    if changed.changes == 0 {
        return Err(FieldErrors::missing("redirect_uri").into());
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
    let audit = session.audit(id.as_str());
    let outcomes = session.write(vec![store::delete(&session, &id)], audit).await??;
    if outcomes.first().is_none_or(|outcome| outcome.changes == 0) {
        return Err(portal::missing());
    }
    Ok(StatusCode::NO_CONTENT)
}

fn refused(error: SqlError, name: &str, custom_id: Option<&str>) -> Error {
    if error.is_unique("portal_applications.name") {
        portal::taken("name", name)
    } else if error.is_unique("portal_applications.custom_id") {
        portal::taken("custom_id", custom_id.unwrap_or_default())
    } else {
        error.into()
    }
}
