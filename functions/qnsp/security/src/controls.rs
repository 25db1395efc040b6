//! Controls of compliance frameworks, besides the built-in ones.

use axum::{Json, http::StatusCode, response::Response};
use model::{
    ids::Uuid,
    qnsp::{
        List, Text,
        security::{ChangeControl, Control, ControlCreated, CreateControl},
    },
    time::IsoTime,
};
use platform::{Row, Statement};
use policy::qnsp::compliance::Check;
use qnsp::{Call, Caller, Nothing, conflict, missing, new_id};
use serde::Deserialize;
use serde_json::{Value, json};
use service::{Error, Guard, Result};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OfControl {
    control_uuid: Uuid,
}

const COLUMNS: &str = "id, created_at, updated_at, framework, control_id, name, description, requirements, checks";

/// Create a control. Assessments of its framework ask for it from then on.
#[utoipa::path(
    post, path = "/security/v1/compliance/controls", tag = "Security monitoring", request_body = CreateControl,
    responses(
        (status = 201, body = ControlCreated), (status = 400), (status = 401), (status = 403), (status = 409),
        (status = 422),
    ),
)]
pub(crate) async fn create_control(call: Call<CreateControl>) -> Result<Response> {
    let (control, id) = (&call.body, new_id()?);
    call.about_named(id.as_str(), control.name.as_str());
    check_names(control.automated_checks.as_ref())?;
    let insert = Statement::new(
        "INSERT INTO qnsp_compliance_controls (tenant_id, id, created_at, updated_at, framework, control_id, name, \
         description, requirements, checks) VALUES (?1, ?2, ?3, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    );
    let insert = insert
        .bind(call.tenant())
        .bind(id.as_str())
        .bind(call.now)
        .bind(control.framework.as_str())
        .bind(control.control_id.as_str())
        .bind(control.name.as_str())
        .bind(control.description.as_ref().map_or("", Text::as_str))
        .bind(texts(control.requirements.as_ref()))
        .bind(texts(control.automated_checks.as_ref()));
    let mut work = call.work();
    work.push(insert);
    work.on_duplicate(
        "qnsp_compliance_controls.control_id",
        conflict("The framework has another control with this id"),
    );
    let created = ControlCreated {
        control_uuid: id,
        control_id: control.control_id.as_str().to_owned(),
        created_at: IsoTime(call.now),
    };
    work.commit(StatusCode::CREATED, &created).await
}

/// Show a control.
#[utoipa::path(
    get, path = "/security/v1/compliance/controls/{controlUuid}", tag = "Security monitoring",
    params(("controlUuid" = String, Path)),
    responses((status = 200, body = Control), (status = 400), (status = 401), (status = 403), (status = 404)),
)]
pub(crate) async fn show_control(call: Call<Nothing, Nothing, OfControl>) -> Result<Json<Control>> {
    let id = call.path.control_uuid.as_str();
    call.about(id);
    let mut work = call.work();
    work.require(exists(&call, id));
    let select = format!("SELECT {COLUMNS} FROM qnsp_compliance_controls WHERE tenant_id = ?1 AND id = ?2");
    let found = work.push(Statement::new(select).bind(call.tenant()).bind(id));
    let outcomes = work.run().await?;
    control(outcomes.one(found)?).map(Json)
}

/// Change a control. What is not given stays.
#[utoipa::path(
    patch, path = "/security/v1/compliance/controls/{controlUuid}", tag = "Security monitoring",
    request_body = ChangeControl, params(("controlUuid" = String, Path)),
    responses(
        (status = 200, body = Control), (status = 400), (status = 401), (status = 403), (status = 404), (status = 422),
    ),
)]
pub(crate) async fn change_control(call: Call<ChangeControl, Nothing, OfControl>) -> Result<Json<Control>> {
    let (change, id) = (&call.body, call.path.control_uuid.as_str());
    call.about(id);
    check_names(change.automated_checks.as_ref())?;
    let update = format!(
        "UPDATE qnsp_compliance_controls SET updated_at = ?3, name = coalesce(?4, name), \
         description = coalesce(?5, description), requirements = coalesce(?6, requirements), \
         checks = coalesce(?7, checks) WHERE tenant_id = ?1 AND id = ?2 RETURNING {COLUMNS}"
    );
    let update = Statement::new(update)
        .bind(call.tenant())
        .bind(id)
        .bind(call.now)
        .bind(change.name.as_ref().map(|name| name.as_str().to_owned()))
        .bind(change.description.as_ref().map(|text| text.as_str().to_owned()))
        .bind(change.requirements.as_ref().map(|list| texts(Some(list))))
        .bind(change.automated_checks.as_ref().map(|list| texts(Some(list))));
    let mut work = call.work();
    work.require(exists(&call, id));
    let changed = work.push(update);
    let outcomes = work.run().await?;
    control(outcomes.one(changed)?).map(Json)
}

/// Delete a control.
#[utoipa::path(
    delete, path = "/security/v1/compliance/controls/{controlUuid}", tag = "Security monitoring",
    params(("controlUuid" = String, Path)),
    responses((status = 204), (status = 400), (status = 401), (status = 403), (status = 404)),
)]
pub(crate) async fn delete_control(call: Call<Nothing, Nothing, OfControl>) -> Result<StatusCode> {
    let id = call.path.control_uuid.as_str();
    call.about(id);
    let mut work = call.work();
    work.require(exists(&call, id));
    let delete = "DELETE FROM qnsp_compliance_controls WHERE tenant_id = ?1 AND id = ?2";
    work.push(Statement::new(delete).bind(call.tenant()).bind(id));
    work.run().await?;
    Ok(StatusCode::NO_CONTENT)
}

fn exists(caller: &Caller, id: &str) -> Guard {
    let exists = "EXISTS (SELECT 1 FROM qnsp_compliance_controls WHERE tenant_id = ?1 AND id = ?2)";
    Guard::new(exists, missing("No such control")).bind(caller.tenant()).bind(id)
}

/// Every check must be known; those that are not are listed.
fn check_names(names: Option<&List<Text<1, 128>>>) -> Result<()> {
    let unknown: Vec<_> =
        names.iter().flat_map(|names| &names.0).map(Text::as_str).filter(|name| Check::parse(name).is_none()).collect();
    if unknown.is_empty() {
        return Ok(());
    }
    let message = "automatedChecks names checks that do not exist";
    Err(Error::new(StatusCode::UNPROCESSABLE_ENTITY, message).with_body(json!({ "automatedChecks": unknown })))
}

fn texts<const MAX: usize>(list: Option<&List<Text<1, MAX>>>) -> String {
    let texts = list.iter().flat_map(|list| &list.0).map(|text| Value::from(text.as_str()));
    Value::from(texts.collect::<Vec<_>>()).to_string()
}

pub(crate) fn list(row: &Row, column: &str) -> Result<Vec<String>> {
    serde_json::from_str(&row.get::<String>(column)?).map_err(|_| Error::internal("a stored list that is not JSON"))
}

fn control(row: &Row) -> Result<Control> {
    Ok(Control {
        control_uuid: row.get("id")?,
        control_id: row.get("control_id")?,
        framework: row.get("framework")?,
        name: row.get("name")?,
        description: row.get("description")?,
        requirements: list(row, "requirements")?,
        automated_checks: list(row, "checks")?,
        created_at: IsoTime(row.get("created_at")?),
        updated_at: IsoTime(row.get("updated_at")?),
    })
}
