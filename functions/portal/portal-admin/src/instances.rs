//! Who may use which service: instances are approved, rejected, revoked and suspended here.

use axum::Json as Answer;
use model::portal::{AdminInstance, ApplicationInstance, List, Reference, ServiceInstance, Status, UpdateInstance};
use platform::{Row, Statement};
use serde::Deserialize;
use service::{
    Audit, Error, Json, Path, Query, Result, Signed,
    portal::{PORTAL_TENANT, Page, PageQuery},
};

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListInstances {
    /// Those of this status only: 0 approved, 1 requested, 2 rejected, 3 revoked
    status: Option<i64>,
}

/// List instances of applications, oldest first.
#[utoipa::path(
    get, path = "/caas/portal/application-instances", tag = "Chancery", params(ListInstances, PageQuery),
    responses((status = 200, body = List<AdminInstance>), (status = 400), (status = 401)),
)]
pub(crate) async fn list_instances(
    signed: Signed,
    Query(query): Query<ListInstances>,
    page: Page,
) -> Result<Answer<List<AdminInstance>>> {
    let select = Statement::new(
        "SELECT i.id, i.application_id, i.service_id, i.status, i.suspended, i.created_at, i.updated_at, \
         a.name AS application_name, s.name AS service_name, d.id AS developer_id, d.email \
         FROM portal_application_instances i JOIN portal_applications a ON a.id = i.application_id \
         JOIN portal_services s ON s.id = i.service_id JOIN portal_developers d ON d.id = a.developer_id \
         WHERE (?1 IS NULL OR i.status = ?1) AND (i.created_at, i.id) > (?2, ?3) \
         ORDER BY i.created_at, i.id LIMIT ?4",
    );
    let count =
        Statement::new("SELECT count(*) AS total FROM portal_application_instances WHERE ?1 IS NULL OR status = ?1");
    let mut batch = signed.authorize()?.batch();
    let listed = batch.push(page.bind(select.bind(query.status)));
    let count = batch.push(count.bind(query.status));
    let outcomes = batch.read().await?;
    let path = match query.status {
        None => "/caas/portal/application-instances".to_owned(),
        Some(status) => format!("/caas/portal/application-instances?status={status}"),
    };
    page.list(&path, outcomes.rows(listed), outcomes.one(count)?.get("total")?, instance).map(Answer)
}

/// Approve, reject, revoke or suspend an instance, named by its id or as application_service. A gateway gets the
/// new state with its next question.
#[utoipa::path(
    patch, path = "/caas/portal/application-instances/{instance}", tag = "Chancery",
    params(("instance" = String, Path)), request_body = UpdateInstance,
    responses((status = 200, body = AdminInstance), (status = 400), (status = 401), (status = 404), (status = 409)),
)]
pub(crate) async fn update_instance(
    signed: Signed,
    Path(id): Path<String>,
    Json(request): Json<UpdateInstance>,
) -> Result<Answer<AdminInstance>> {
    let transition = request.transition().map_err(|rule| Error::bad_request(rule.0))?;
    let action = match (transition, request.suspended) {
        (Some((Status::Approved, _)), _) => "application-instance.approve",
        (Some((Status::Rejected, _)), _) => "application-instance.reject",
        (Some(_), _) => "application-instance.revoke",
        (None, Some(false)) => "application-instance.resume",
        (None, _) => "application-instance.suspend",
    };
    let mut batch = signed.authorize()?.batch();
    let updated = batch.push(update(&id, transition, request.suspended, signed.now));
    batch.record(Audit::new(PORTAL_TENANT, action, id.as_str()), updated);
    let found = batch.push(select(&id));
    let outcomes = batch.write().await?;
    let found = outcomes.row(found).ok_or_else(|| Error::not_found("No application instance with this id"))?;
    let found = instance(found)?;
    if !outcomes.changed(updated) {
        let status =
            Status::from_number(found.instance.instance.status).map_or("of another status", |status| status.into_str());
        return Err(Error::conflict(format!("This instance is {status}; that cannot become what you ask for")));
    }
    Ok(Answer(found))
}

/// `?1` is the id; `?2` and `?3` are the application and the service of a composite one.
fn named(text: &'static str, id: &str) -> Statement {
    let (application, service) = id.split_once('_').unwrap_or_default();
    Statement::new(text).bind(id).bind(application).bind(service)
}

fn select(id: &str) -> Statement {
    named(
        "SELECT i.id, i.application_id, i.service_id, i.status, i.suspended, i.created_at, i.updated_at, \
         a.name AS application_name, s.name AS service_name, d.id AS developer_id, d.email \
         FROM portal_application_instances i JOIN portal_applications a ON a.id = i.application_id \
         JOIN portal_services s ON s.id = i.service_id JOIN portal_developers d ON d.id = a.developer_id \
         WHERE i.id = ?1 OR (i.application_id = ?2 AND i.service_id = ?3)",
        id,
    )
}

fn update(id: &str, transition: Option<(Status, &[Status])>, suspended: Option<bool>, now: i64) -> Statement {
    let from = transition.map_or(Status::ALL, |(_, from)| from);
    let from = serde_json::Value::from(from.iter().map(|status| status.number()).collect::<Vec<_>>()).to_string();
    let update = named(
        "UPDATE portal_application_instances SET status = coalesce(?4, status), \
         suspended = coalesce(?5, suspended), updated_at = ?6 \
         WHERE (id = ?1 OR (application_id = ?2 AND service_id = ?3)) \
         AND status IN (SELECT value FROM json_each(?7))",
        id,
    );
    update.bind(transition.map(|(to, _)| to.number())).bind(suspended).bind(now).bind(from)
}

fn instance(row: &Row) -> Result<AdminInstance> {
    let (application, service): (String, String) = (row.get("application_id")?, row.get("service_id")?);
    Ok(AdminInstance {
        instance: ApplicationInstance {
            instance: ServiceInstance {
                id: row.get("id")?,
                status: row.get("status")?,
                suspended: row.get("suspended")?,
                composite_id: format!("{application}_{service}"),
                created_at: row.get::<i64>("created_at")?.div_euclid(1000),
                updated_at: row.get::<i64>("updated_at")?.div_euclid(1000),
            },
            application: Reference { id: application },
            service: Reference { id: service },
        },
        application_name: row.get("application_name")?,
        service_name: row.get("service_name")?,
        developer: Reference { id: row.get("developer_id")? },
        developer_email: row.get("email")?,
    })
}
