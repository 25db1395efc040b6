//! Dashboards of users, which may share them with the tenant.

use axum::{Json, http::StatusCode, response::Response};
use model::{
    ids::Uuid,
    qnsp::observability::{
        Dashboard, DashboardCreated, DashboardShared, DashboardStarred, Dashboards, NewDashboard, Star,
    },
    time::IsoTime,
};
use qnsp::{AskPage, Call, Nothing, new_id};
use serde::Deserialize;
use service::Result;
use utoipa::IntoParams;

use crate::{dashboard_store as store, panels};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DashboardId {
    dashboard_id: Uuid,
}

/// Make a dashboard, which only its owner sees.
#[utoipa::path(
    post, path = "/observability/v1/dashboards", tag = "Observability", request_body = NewDashboard,
    responses(
        (status = 201, body = DashboardCreated), (status = 400), (status = 401), (status = 403), (status = 409),
        (status = 422),
    ),
)]
pub(crate) async fn create_dashboard(call: Call<NewDashboard>) -> Result<Response> {
    let (id, name) = (new_id()?, call.body.name.as_str());
    panels::check(&call.body.layout, call.body.panels.as_ref().map_or(&[], |panels| &panels.0))?;
    call.about_named(id.as_str(), name);
    let mut work = call.work();
    work.require(store::name_is_free(&call, name));
    work.push(store::insert(&call, &id, &call.body)?);
    let created = DashboardCreated { dashboard_id: id, name: name.to_owned(), created_at: IsoTime(call.now) };
    work.commit(StatusCode::CREATED, &created).await
}

/// List the own dashboards and those that are shared, the oldest first.
#[utoipa::path(
    get, path = "/observability/v1/dashboards", tag = "Observability", params(AskPage),
    responses((status = 200, body = Dashboards), (status = 400), (status = 401), (status = 403)),
)]
pub(crate) async fn list_dashboards(call: Call<Nothing, AskPage>) -> Result<Json<Dashboards>> {
    let mut work = call.work();
    let page = work.push(store::page(&call, call.query.limit.0, call.query.offset.0));
    let outcomes = work.run().await?;
    let dashboards = outcomes.rows(page).iter().map(store::entry).collect::<Result<_>>()?;
    Ok(Json(Dashboards { dashboards }))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AskData {
    /// Whether the queries of the panels are carried out.
    #[serde(default)]
    #[param(value_type = Option<bool>)]
    data: bool,
}

/// Show a dashboard. A dashboard never changes, but for being shared, so what its panels ask for is read beforehand.
#[utoipa::path(
    get, path = "/observability/v1/dashboards/{dashboardId}", tag = "Observability",
    params(("dashboardId" = String, Path), AskData),
    responses((status = 200, body = Dashboard), (status = 400), (status = 401), (status = 403), (status = 404)),
)]
pub(crate) async fn show_dashboard(call: Call<Nothing, AskData, DashboardId>) -> Result<Json<Dashboard>> {
    let id = call.path.dashboard_id.as_str();
    call.about(id);
    let known = if call.query.data { call.app.query(store::select(&call, id)).await? } else { Vec::new() };
    let known = known.first().map(store::dashboard).transpose()?;
    let mut work = call.work();
    work.require(store::is_visible(&call, id));
    let found = work.push(store::select(&call, id));
    let asked = known.iter().flat_map(|dashboard| &dashboard.panels);
    let asked: Vec<_> = asked
        .map(|panel| panels::select(call.tenant(), panel, call.now).map(|statement| work.push(statement)))
        .collect();
    let outcomes = work.run().await?;
    let mut dashboard = store::dashboard(outcomes.one(found)?)?;
    for (panel, slot) in dashboard.panels.iter_mut().zip(asked) {
        let rows = slot.map(|slot| outcomes.rows(slot)).unwrap_or_default();
        panel.data = Some(rows.iter().map(panels::point).collect::<Result<_>>()?);
    }
    Ok(Json(dashboard))
}

/// Star a dashboard for the own list, or take the star away.
#[utoipa::path(
    post, path = "/observability/v1/dashboards/{dashboardId}/star", tag = "Observability",
    params(("dashboardId" = String, Path)), request_body = Star,
    responses((status = 200, body = DashboardStarred), (status = 400), (status = 401), (status = 403), (status = 404)),
)]
pub(crate) async fn star_dashboard(call: Call<Star, Nothing, DashboardId>) -> Result<Response> {
    let id = call.path.dashboard_id.as_str();
    call.about(id);
    let mut work = call.work();
    work.require(store::is_visible(&call, id));
    work.push(store::star(&call, id, call.body.starred));
    let starred = DashboardStarred { dashboard_id: id.to_owned(), starred: call.body.starred };
    work.commit(StatusCode::OK, &starred).await
}

/// Share a dashboard of one's own with everybody of the tenant.
#[utoipa::path(
    post, path = "/observability/v1/dashboards/{dashboardId}/shares", tag = "Observability",
    params(("dashboardId" = String, Path)),
    responses((status = 201, body = DashboardShared), (status = 400), (status = 401), (status = 403), (status = 404)),
)]
pub(crate) async fn share_dashboard(call: Call<Nothing, Nothing, DashboardId>) -> Result<Response> {
    let id = call.path.dashboard_id.as_str();
    call.about(id);
    let mut work = call.work();
    work.require(store::is_own(&call, id));
    work.push(store::share(&call, id));
    work.commit(StatusCode::CREATED, &DashboardShared { dashboard_id: id.to_owned(), shared: true }).await
}
