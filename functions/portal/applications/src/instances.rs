//! Instances: an application asks for a service, and an operator says yes or no unless the service says yes to all.

use axum::{Json as Answer, http::StatusCode};
use model::portal::{ApplicationInstance, Body, FieldErrors, REQUIRED};
use serde_json::json;
use service::{
    Path, Result,
    portal::{self, PortalBody, Session},
};

use crate::instance_store as store;

/// Ask for a service on behalf of an application.
#[utoipa::path(
    post, path = "/applications/{id}/application_instances", tag = "application-instances",
    operation_id = "create-application-instance", params(("id" = String, Path)), request_body = Object,
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
    let statements = vec![store::insert(&session, &id, &instance, &service), store::select(&session, &id, &instance)];
    let audit = session.audit(instance.as_str());
    let outcomes = match session.write(statements, audit).await? {
        Ok(outcomes) => outcomes,
        Err(error) if error.is_unique("portal_application_instances.service_id") => {
            return Err(portal::taken("composite_id", &format!("{id}_{service}")));
        }
        Err(error) => return Err(error.into()),
    };
    let row = outcomes.last().and_then(|outcome| outcome.rows.first()).ok_or_else(portal::missing)?;
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
    let outcomes = session.read(vec![store::select(&session, &id, &instance)]).await?;
    let row = outcomes.first().and_then(|outcome| outcome.rows.first()).ok_or_else(portal::missing)?;
    store::application_instance(row).map(Answer)
}

/// Give a service back. It may be asked for anew.
#[utoipa::path(
    delete, path = "/applications/{id}/application_instances/{instance}", tag = "application-instances",
    operation_id = "delete-application-instance", params(("id" = String, Path), ("instance" = String, Path)),
    responses((status = 204), (status = 401), (status = 404)),
)]
pub(crate) async fn delete_instance(
    session: Session,
    Path((id, instance)): Path<(String, String)>,
) -> Result<StatusCode> {
    let audit = session.audit(instance.as_str());
    let outcomes = session.write(vec![store::delete(&session, &id, &instance)], audit).await??;
    if outcomes.first().is_none_or(|outcome| outcome.changes == 0) {
        return Err(portal::missing());
    }
    Ok(StatusCode::NO_CONTENT)
}

fn service_of(body: &Body) -> Result<String, FieldErrors> {
    match body.inner("service").text("id") {
        Ok(Some(id)) => Ok(id.to_owned()),
        Ok(None) => Err(FieldErrors::one("service", json!({ "id": REQUIRED }))),
        Err(errors) => Err(FieldErrors::one("service", errors.into_fields())),
    }
}
