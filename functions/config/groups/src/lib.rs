//! The Config API: groups and items of a project, their resolved values and their history. Tokens are administered by
//! the function `tokens`.

mod group_store;
mod groups;
mod history;
mod history_store;
mod item_store;
mod items;
mod list;
mod resolve;

use axum::{
    Router,
    routing::{get, post},
};
use platform::Host;
use service::{App, JsonOrDefault, Shape};

/// A body as it comes: its members have refusals of their own.
type Body = JsonOrDefault<serde_json::Map<String, serde_json::Value>, BODY_LIMIT>;

const BODY_LIMIT: usize = 10 * 1024 * 1024;

pub async fn app(host: Host) -> Router {
    let router = Router::new().nest("/api/client/v1/config", router());
    App::new(host).await.serve(router, Shape::Cognipeer)
}

platform::export!(app);

fn router() -> Router<App> {
    let group = get(groups::get_group).patch(groups::update_group).delete(groups::delete_group);
    let item = get(items::get_item).patch(items::update_item).delete(items::delete_item);
    Router::new()
        .route("/groups", get(groups::list_groups).post(groups::create_group))
        .route("/groups/{groupKey}", group)
        .route("/groups/{groupKey}/items", get(items::list_group_items).post(items::create_item))
        .route("/items", get(items::list_items))
        .route("/items/{key}", item)
        .route("/items/{key}/audit", get(history::list_audit_logs))
        .route("/items/{key}/versions", get(history::list_versions))
        .route("/items/{key}/versions/{version}/restore", post(history::restore_version))
        .route("/resolve", post(resolve::resolve_configs))
}

/// The operations of this function, for the OpenAPI document.
#[derive(utoipa::OpenApi)]
#[openapi(paths(
    groups::list_groups,
    groups::create_group,
    groups::get_group,
    groups::update_group,
    groups::delete_group,
    items::list_group_items,
    items::create_item,
    items::list_items,
    items::get_item,
    items::update_item,
    items::delete_item,
    resolve::resolve_configs,
    history::list_audit_logs,
    history::list_versions,
    history::restore_version,
))]
pub struct Operations;
