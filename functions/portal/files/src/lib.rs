//! The files of the portal's pages, for everybody or for those whom their front matter names. Operators put them there
//! by `portal-admin`, or with Kong's portal tool by the part of its Admin API in `kong`.

mod kong;
mod store;

use axum::{Json as Answer, Router, extract::State, http::HeaderMap, routing::get};
use model::portal::FilePage;
use platform::Host;
use serde::Deserialize;
use service::{
    App, Query, Result,
    portal::{self, Cookie, PageQuery},
};

pub async fn app(host: Host) -> Router {
    portal::serve_beside(host, router(), kong::router()).await
}

platform::export!(app);

fn router() -> Router<App> {
    Router::new().route("/files", get(list_files))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct ListFiles {
    /// Files of this type only: page, spec, partial, layout, theme or asset
    #[serde(rename = "type")]
    kind: Option<String>,
    /// How many at most, 100 if not given
    size: Option<String>,
    /// The offset of the page before
    offset: Option<String>,
}

/// List the files that the caller may read, by path. Who is logged in sees more than who is not.
#[utoipa::path(
    get, path = "/files", tag = "files", operation_id = "list-files", params(ListFiles),
    responses((status = 200, body = FilePage), (status = 400)),
)]
async fn list_files(
    State(app): State<App>,
    headers: HeaderMap,
    Query(query): Query<ListFiles>,
) -> Result<Answer<FilePage>> {
    let page = PageQuery { size: query.size, offset: query.offset }.page()?;
    let kind = query.kind.as_deref().filter(|kind| !kind.is_empty());
    let cookie = Cookie::of(&app, &headers)?;
    let rows = app.sql().query(store::select(cookie.as_ref(), &page, kind, platform::clock::now_ms())).await?;
    let path = kind.map_or_else(|| "/files".to_owned(), |kind| format!("/files?type={}", portal::query_value(kind)));
    store::file_page(&rows, &page, &path).map(Answer)
}

/// The operations of this function, for the OpenAPI document.
#[derive(utoipa::OpenApi)]
#[openapi(paths(
    list_files,
    kong::list_workspace_files,
    kong::get_workspace_file,
    kong::put_workspace_file,
    kong::delete_workspace_file,
    kong::get_workspace,
    kong::update_workspace,
))]
pub struct Operations;
