//! Developers: who there is, who may log in, and with which roles.

use axum::{Json as Answer, http::StatusCode};
use model::portal::{
    List, Status,
    admin::{AdminDeveloper, UpdateDeveloper},
};
use policy::Action;
use serde::Deserialize;
use service::{
    Audit, Error, Json, Path, Query, Result, Signed,
    portal::{Mail, MailKind, PORTAL_TENANT, PageQuery},
};

use crate::developer_store as store;

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListDevelopers {
    /// Those of this status only: 0 approved, 1 requested, 2 rejected, 3 revoked, 5 unverified
    status: Option<i64>,
    /// How many at most, 100 if not given
    size: Option<String>,
    /// The offset of the page before
    offset: Option<String>,
}

/// List developers, oldest first.
#[utoipa::path(
    get, path = "/caas/portal/developers", tag = "Chancery", params(ListDevelopers),
    responses((status = 200, body = List<AdminDeveloper>), (status = 400), (status = 401)),
)]
pub(crate) async fn list_developers(
    signed: Signed,
    Query(query): Query<ListDevelopers>,
) -> Result<Answer<List<AdminDeveloper>>> {
    let page = PageQuery { size: query.size, offset: query.offset }.page()?;
    let statements = vec![store::count(query.status), page.bind(store::select_page(query.status))];
    let outcomes = signed.gate(Action::ManagePortal).read(statements).await?;
    let path = match query.status {
        None => "/caas/portal/developers".to_owned(),
        Some(status) => format!("/caas/portal/developers?status={status}"),
    };
    let [counted, listed] = outcomes.as_slice() else { return Err(Error::internal("two statements, two outcomes")) };
    let total = counted.rows.first().map_or(Ok(0), |row| row.get("total"))?;
    page.list(&path, &listed.rows, total, store::developer).map(Answer)
}

/// Get a developer by its id or e-mail address.
#[utoipa::path(
    get, path = "/caas/portal/developers/{developer}", tag = "Chancery", operation_id = "get_portal_developer",
    params(("developer" = String, Path)),
    responses((status = 200, body = AdminDeveloper), (status = 401), (status = 404)),
)]
pub(crate) async fn get_developer(signed: Signed, Path(developer): Path<String>) -> Result<Answer<AdminDeveloper>> {
    let outcomes = signed.gate(Action::ManagePortal).read(vec![store::select(&developer)]).await?;
    store::last_developer(&outcomes).map(Answer)
}

/// Approve, reject or revoke a developer, or set its roles. Whoever is not approved has no session from then on.
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
    let mut statements = Vec::new();
    if matches!(transition, Some((Status::Approved, _))) {
        let mail = Mail::new(&signed.app, MailKind::Approved).await?;
        statements.push(store::insert_approval(mail, &developer, signed.now));
    }
    statements.extend(store::update(&developer, transition, roles, signed.now));
    statements.push(store::select(&developer));
    let action = match transition {
        Some((Status::Approved, _)) => "developer.approve",
        Some((Status::Rejected, _)) => "developer.reject",
        Some(_) => "developer.revoke",
        None => "developer.update",
    };
    let audit = Audit::new(PORTAL_TENANT, action, developer.as_str());
    let outcomes = signed.gate(Action::ManagePortal).write(statements, audit).await??;
    let found = store::last_developer(&outcomes)?;
    let changed = outcomes.iter().rev().nth(1).is_some_and(|outcome| outcome.changes > 0);
    if !changed {
        let status = Status::from_number(found.developer.status).map_or("of another status", Status::name);
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
    let audit = Audit::new(PORTAL_TENANT, "developer.remove", developer.as_str());
    let gate = signed.gate(Action::ManagePortal);
    let outcomes = gate.write(vec![store::delete(&developer)], audit).await??;
    if outcomes.first().is_none_or(|outcome| outcome.changes == 0) {
        return Err(store::missing());
    }
    Ok(StatusCode::NO_CONTENT)
}
