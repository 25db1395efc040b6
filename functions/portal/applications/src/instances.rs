//! Instances: an application asks for a service, and an operator says yes or no unless the service says yes to all.

use axum::{Json as Answer, http::StatusCode};
use model::{
    faults::Faults,
    portal::{ApplicationInstance, Body, ServiceRequest},
};
use service::{
    Path, Result,
    portal::{self, PortalBody, Session},
};

use crate::instance_store as store;

/// Ask for a service on behalf of an application.
#[utoipa::path(
    post, path = "/applications/{id}/application_instances", tag = "application-instances",
    operation_id = "create-application-instance", params(("id" = String, Path)), request_body = ServiceRequest,
    responses(
        (status = 201, body = ApplicationInstance), (status = 400), (status = 401), (status = 404), (status = 409),
    ),
)]
pub(crate) async fn create_instance(
    session: Session,
    Path(id): Path<String>,
    PortalBody(body): PortalBody,
) -> Result<(StatusCode, Answer<ApplicationInstance>)> {
    let service = session.checked(service_of(&body)).await?;
    let instance = portal::new_id()?;
    let mut batch = session.batch();
    let inserted = batch.push(store::insert(&session, &id, &instance, &service));
    let found = batch.push(store::select(&session, &id, &instance));
    batch.record(session.audit(instance.as_str()), inserted);
    let taken = portal::taken("composite_id", &format!("{id}_{service}"));
    batch.on_duplicate("portal_application_instances.service_id", taken);
    let outcomes = batch.write().await?;
    let row = outcomes.row(found).ok_or_else(portal::missing)?;
    Ok((StatusCode::CREATED, Answer(store::application_instance(row)?)))
}

/// Get an instance of an application.
#[utoipa::path(
    get, path = "/applications/{id}/application_instances/{instance}", tag = "application-instances",
    operation_id = "get-application-instance", params(("id" = String, Path), ("instance" = String, Path)),
    responses((status = 200, body = ApplicationInstance), (status = 401), (status = 404)),
)]
pub(crate) async fn get_instance(
    session: Session,
    Path((id, instance)): Path<(String, String)>,
) -> Result<Answer<ApplicationInstance>> {
    let mut batch = session.batch();
    let found = batch.push(store::select(&session, &id, &instance));
    store::application_instance(batch.read().await?.row(found).ok_or_else(portal::missing)?).map(Answer)
}

/// Delete an instance. The service may be requested again.
#[utoipa::path(
    delete, path = "/applications/{id}/application_instances/{instance}", tag = "application-instances",
    operation_id = "delete-application-instance", params(("id" = String, Path), ("instance" = String, Path)),
    responses((status = 204), (status = 401), (status = 404)),
)]
pub(crate) async fn delete_instance(
    session: Session,
    Path((id, instance)): Path<(String, String)>,
) -> Result<StatusCode> {
    let mut batch = session.batch();
    let deleted = batch.push(store::delete(&session, &id, &instance));
    batch.record(session.audit(instance.as_str()), deleted);
    if !batch.write().await?.changed(deleted) {
        return Err(portal::missing());
    }
    Ok(StatusCode::NO_CONTENT)
}

fn service_of(body: &Body) -> Result<String, Faults> {
    let mut within = Faults::default();
    let service = body.inner("service").required("id", &mut within);
    let mut faults = Faults::default();
    faults.add_within("service", within);
    faults.result().map(|()| service)
}
