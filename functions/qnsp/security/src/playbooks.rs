//! Playbooks: made, shown, changed and deleted. What they do is said by `actions`, and when by `triggers` and `execute`.

use axum::{Json, http::StatusCode, response::Response};
use model::{
    ids::Uuid,
    qnsp::{
        Text,
        security::{ChangePlaybook, CreatePlaybook, Playbook, PlaybookCreated, Playbooks},
    },
    time::IsoTime,
};
use platform::Statement;
use qnsp::{AskPage, Call, Nothing, conflict, new_id};
use serde::Deserialize;
use service::{Error, Result};

use crate::playbook_store::{self as store, COLUMNS, NAME, exists, playbook};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OfPlaybook {
    playbook_id: Uuid,
}

/// The index of the next entry of a tenant's (`?1`) audit log.
const NEXT_INDEX: &str = "(SELECT coalesce(max(leaf_index) + 1, 0) FROM audit_entries WHERE tenant_id = ?1)";

fn name_is_taken() -> Error {
    conflict("Another playbook of the tenant has this name")
}

/// Create a playbook. It fires on events from now on.
#[utoipa::path(
    post, path = "/security/v1/playbooks", tag = "Security monitoring", request_body = CreatePlaybook,
    responses(
        (status = 201, body = PlaybookCreated), (status = 400), (status = 401), (status = 403), (status = 409),
        (status = 422),
    ),
)]
pub(crate) async fn create_playbook(call: Call<CreatePlaybook>) -> Result<Response> {
    let (new, id) = (&call.body, new_id()?);
    call.about_named(id.as_str(), new.name.as_str());
    let insert = Statement::new(format!(
        "INSERT INTO qnsp_playbooks (tenant_id, id, created_at, updated_at, name, description, trigger_conditions, \
         actions, enabled, next_index) VALUES (?1, ?2, ?3, ?3, ?4, ?5, ?6, ?7, ?8, {NEXT_INDEX})"
    ));
    let insert = insert
        .bind(call.tenant())
        .bind(id.as_str())
        .bind(call.now)
        .bind(new.name.as_str())
        .bind(new.description.as_ref().map_or("", Text::as_str))
        .bind(store::trigger_text(&new.trigger_conditions)?)
        .bind(store::actions_text(&call, &new.actions.0)?)
        .bind(new.enabled.unwrap_or(true));
    let mut work = call.work();
    work.push(insert);
    work.on_duplicate(NAME, name_is_taken());
    let name = new.name.as_str().to_owned();
    work.commit(StatusCode::CREATED, &PlaybookCreated { playbook_id: id, name, created_at: IsoTime(call.now) }).await
}

/// List the playbooks, oldest first.
#[utoipa::path(
    get, path = "/security/v1/playbooks", tag = "Security monitoring", params(AskPage),
    responses((status = 200, body = Playbooks), (status = 400), (status = 401), (status = 403)),
)]
pub(crate) async fn list_playbooks(call: Call<Nothing, AskPage>) -> Result<Json<Playbooks>> {
    let mut work = call.work();
    let page =
        format!("SELECT {COLUMNS} FROM qnsp_playbooks WHERE tenant_id = ?1 ORDER BY created_at, id LIMIT ?2 OFFSET ?3");
    let page = Statement::new(page).bind(call.tenant()).bind(call.query.limit.0).bind(call.query.offset.0);
    let found = work.push(page);
    let total = "SELECT count(*) AS total FROM qnsp_playbooks WHERE tenant_id = ?1";
    let total = work.push(Statement::new(total).bind(call.tenant()));
    let outcomes = work.run().await?;
    Ok(Json(Playbooks {
        playbooks: outcomes.rows(found).iter().map(playbook).collect::<Result<_>>()?,
        total: outcomes.one(total)?.get("total")?,
    }))
}

/// Show a playbook.
#[utoipa::path(
    get, path = "/security/v1/playbooks/{playbookId}", tag = "Security monitoring",
    params(("playbookId" = String, Path)),
    responses((status = 200, body = Playbook), (status = 400), (status = 401), (status = 403), (status = 404)),
)]
pub(crate) async fn show_playbook(call: Call<Nothing, Nothing, OfPlaybook>) -> Result<Json<Playbook>> {
    let id = call.path.playbook_id.as_str();
    call.about(id);
    let mut work = call.work();
    work.require(exists(&call, id));
    let select = format!("SELECT {COLUMNS} FROM qnsp_playbooks WHERE tenant_id = ?1 AND id = ?2");
    let found = work.push(Statement::new(select).bind(call.tenant()).bind(id));
    let outcomes = work.run().await?;
    playbook(outcomes.one(found)?).map(Json)
}

/// Change a playbook. What is not given stays. One that is enabled again fires on events from now on.
#[utoipa::path(
    patch, path = "/security/v1/playbooks/{playbookId}", tag = "Security monitoring", request_body = ChangePlaybook,
    params(("playbookId" = String, Path)),
    responses(
        (status = 200, body = Playbook), (status = 400), (status = 401), (status = 403), (status = 404), (status = 409),
        (status = 422),
    ),
)]
pub(crate) async fn change_playbook(call: Call<ChangePlaybook, Nothing, OfPlaybook>) -> Result<Json<Playbook>> {
    let (change, id) = (&call.body, call.path.playbook_id.as_str());
    call.about(id);
    let update = Statement::new(format!(
        "UPDATE qnsp_playbooks SET updated_at = ?3, name = coalesce(?4, name), description = coalesce(?5, description), \
         trigger_conditions = coalesce(?6, trigger_conditions), actions = coalesce(?7, actions), \
         next_index = iif(?8 AND NOT enabled, {NEXT_INDEX}, next_index), enabled = coalesce(?8, enabled) \
         WHERE tenant_id = ?1 AND id = ?2 RETURNING {COLUMNS}"
    ));
    let update = update
        .bind(call.tenant())
        .bind(id)
        .bind(call.now)
        .bind(change.name.as_ref().map(|name| name.as_str().to_owned()))
        .bind(change.description.as_ref().map(|text| text.as_str().to_owned()))
        .bind(change.trigger_conditions.as_ref().map(store::trigger_text).transpose()?)
        .bind(change.actions.as_ref().map(|actions| store::actions_text(&call, &actions.0)).transpose()?)
        .bind(change.enabled);
    let mut work = call.work();
    work.require(exists(&call, id));
    let changed = work.push(update);
    work.on_duplicate(NAME, name_is_taken());
    let outcomes = work.run().await?;
    playbook(outcomes.one(changed)?).map(Json)
}

/// Delete a playbook. Its executions stay; those that wait for an approval fail.
#[utoipa::path(
    delete, path = "/security/v1/playbooks/{playbookId}", tag = "Security monitoring",
    params(("playbookId" = String, Path)),
    responses((status = 204), (status = 400), (status = 401), (status = 403), (status = 404)),
)]
pub(crate) async fn delete_playbook(call: Call<Nothing, Nothing, OfPlaybook>) -> Result<StatusCode> {
    let id = call.path.playbook_id.as_str();
    call.about(id);
    let mut work = call.work();
    work.require(exists(&call, id));
    let delete = "DELETE FROM qnsp_playbooks WHERE tenant_id = ?1 AND id = ?2";
    work.push(Statement::new(delete).bind(call.tenant()).bind(id));
    let fail = Statement::new(
        "UPDATE qnsp_playbook_executions SET status = 'failed', completed_at = ?3, revision = revision + 1 \
         WHERE tenant_id = ?1 AND playbook_id = ?2 AND status = 'pending_approval'",
    );
    work.push(fail.bind(call.tenant()).bind(id).bind(call.now));
    work.run().await?;
    Ok(StatusCode::NO_CONTENT)
}
