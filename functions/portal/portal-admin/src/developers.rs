//! Developers: who there is, who may log in, and with which roles.

use axum::{Json as Answer, http::StatusCode};
use model::portal::{
    List, Status,
    admin::{AdminDeveloper, UpdateDeveloper},
};
use serde::Deserialize;
use service::{
    Audit, Error, Json, Path, Query, Result, Signed,
    portal::{Mail, MailKind, PORTAL_TENANT, Page, PageQuery},
};

use crate::developer_store as store;

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListDevelopers {
    /// Those of this status only: 0 approved, 1 requested, 2 rejected, 3 revoked, 5 unverified
    status: Option<i64>,
}

/// List developers, oldest first.
#[utoipa::path(
    get, path = "/caas/portal/developers", tag = "Chancery", params(ListDevelopers, PageQuery),
    responses((status = 200, body = List<AdminDeveloper>), (status = 400), (status = 401)),
)]
pub(crate) async fn list_developers(
    signed: Signed,
    Query(query): Query<ListDevelopers>,
    page: Page,
) -> Result<Answer<List<AdminDeveloper>>> {
    let mut batch = signed.authorize()?.batch();
    let count = batch.push(store::count(query.status));
    let listed = batch.push(page.bind(store::select_page(query.status)));
    let outcomes = batch.read().await?;
    let path = match query.status {
        None => "/caas/portal/developers".to_owned(),
        Some(status) => format!("/caas/portal/developers?status={status}"),
    };
    page.list(&path, outcomes.rows(listed), outcomes.one(count)?.get("total")?, store::developer).map(Answer)
}

/// Get a developer by its id or e-mail address.
#[utoipa::path(
    get, path = "/caas/portal/developers/{developer}", tag = "Chancery", operation_id = "get_portal_developer",
    params(("developer" = String, Path)),
    responses((status = 200, body = AdminDeveloper), (status = 401), (status = 404)),
)]
pub(crate) async fn get_developer(signed: Signed, Path(developer): Path<String>) -> Result<Answer<AdminDeveloper>> {
    let mut batch = signed.authorize()?.batch();
    let found = batch.push(store::select(&developer));
    store::developer(batch.read().await?.row(found).ok_or_else(store::missing)?).map(Answer)
}

/// Approve, reject or revoke a developer, or set its roles. A developer who is not approved has no session from then on.
#[utoipa::path(
    patch, path = "/caas/portal/developers/{developer}", tag = "Chancery", params(("developer" = String, Path)),
    request_body = UpdateDeveloper,
    responses((status = 200, body = AdminDeveloper), (status = 400), (status = 401), (status = 404), (status = 409)),
)]
pub(crate) async fn update_developer(
    signed: Signed,
    Path(developer): Path<String>,
    Json(request): Json<UpdateDeveloper>,
) -> Result<Answer<AdminDeveloper>> {
    let transition = request.transition().map_err(|rule| Error::bad_request(rule.0))?;
    let roles = request.roles_json().map_err(|rule| Error::bad_request(rule.0))?;
    let mut batch = signed.authorize()?.batch();
    if matches!(transition, Some((Status::Approved, _))) {
        let mail = Mail::new(&signed.app, MailKind::Approved).await?;
        batch.push(store::insert_approval(mail, &developer, signed.now));
    }
    batch.push(store::delete_sessions(&developer, transition));
    let updated = batch.push(store::update(&developer, transition, roles, signed.now));
    let found = batch.push(store::select(&developer));
    let action = match transition {
        Some((Status::Approved, _)) => "developer.approve",
        Some((Status::Rejected, _)) => "developer.reject",
        Some(_) => "developer.revoke",
        None => "developer.update",
    };
    batch.record(Audit::new(PORTAL_TENANT, action, developer.as_str()), updated);
    let outcomes = batch.write().await?;
    let found = store::developer(outcomes.row(found).ok_or_else(store::missing)?)?;
    if !outcomes.changed(updated) {
        let status =
            Status::from_number(found.developer.status).map_or("of another status", |status| status.into_str());
        return Err(Error::conflict(format!("This developer is {status}; that cannot become what you ask for")));
    }
    Ok(Answer(found))
}

/// Delete a developer with applications, credentials, sessions and consumer.
#[utoipa::path(
    delete, path = "/caas/portal/developers/{developer}", tag = "Chancery", params(("developer" = String, Path)),
    responses((status = 204), (status = 401), (status = 404)),
)]
pub(crate) async fn remove_developer(signed: Signed, Path(developer): Path<String>) -> Result<StatusCode> {
    let mut batch = signed.authorize()?.batch();
    let deleted = batch.push(store::delete(&developer));
    batch.record(signed.audit(PORTAL_TENANT, developer.as_str()), deleted);
    if !batch.write().await?.changed(deleted) {
        return Err(store::missing());
    }
    Ok(StatusCode::NO_CONTENT)
}
