//! The services that an application may ask for, and those that one has asked for.

use axum::Json as Answer;
use model::portal::{ApplicationService, List};
use service::{
    Path, Query, Result,
    portal::{self, Page, PageQuery, Session},
};

use crate::{application_store, list_query::ListQuery, service_store as store};

/// List the services that are open for registration; with `app_id`, each with that application's instance.
#[utoipa::path(
    get, path = "/application_services", tag = "application-services", operation_id = "get-application_services",
    params(ListQuery, PageQuery),
    responses((status = 200, body = List<ApplicationService>), (status = 400), (status = 401), (status = 404)),
)]
pub(crate) async fn list_services(
    session: Session,
    Query(query): Query<ListQuery>,
    page: Page,
) -> Result<Answer<List<ApplicationService>>> {
    list(&session, &query, page, "/application_services", false).await
}

/// List the services that an application has asked for, each with its instance.
#[utoipa::path(
    get, path = "/applications/{id}/application_instances", tag = "application-instances",
    operation_id = "list-application-services", params(("id" = String, Path), ListQuery, PageQuery),
    responses((status = 200, body = List<ApplicationService>), (status = 400), (status = 401), (status = 404)),
)]
pub(crate) async fn list_services_of_application(
    session: Session,
    Path(id): Path<String>,
    Query(query): Query<ListQuery>,
    page: Page,
) -> Result<Answer<List<ApplicationService>>> {
    let path = format!("/applications/{id}/application_instances");
    let query = ListQuery { app_id: Some(id), ..query };
    list(&session, &query, page, &path, true).await
}

async fn list(
    session: &Session,
    query: &ListQuery,
    page: Page,
    path: &str,
    used_only: bool,
) -> Result<Answer<List<ApplicationService>>> {
    let sorted = query.sorted(page, store::ORDERS, path)?;
    let mut batch = session.batch();
    let listed = batch.push(store::select_page(session, &sorted, query, used_only)?);
    let count = batch.push(store::count(session, query, used_only)?);
    let own = query.app_id().map(|id| batch.push(application_store::select_own(session, id)));
    let outcomes = batch.read().await?;
    if own.is_some_and(|own| outcomes.row(own).is_none()) {
        return Err(portal::missing());
    }
    sorted.list(outcomes.rows(listed), outcomes.one(count)?.get("total")?, store::service).map(Answer)
}
