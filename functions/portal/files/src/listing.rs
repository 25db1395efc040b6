//! The files that a visitor of the portal may read.

use axum::{Json as Answer, extract::State, http::HeaderMap};
use model::portal::FilePage;
use serde::Deserialize;
use service::{
    App, Query, Result,
    portal::{self, Cookie, Page, PageQuery},
};

use crate::store;

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListFiles {
    /// Files of this type only: page, spec, partial, layout, theme or asset
    #[serde(rename = "type")]
    kind: Option<String>,
}

/// List the files that the caller may read, by path. A developer who is logged in may see more.
#[utoipa::path(
    get, path = "/files", tag = "files", operation_id = "list-files", params(ListFiles, PageQuery),
    responses((status = 200, body = FilePage), (status = 400)),
)]
pub(crate) async fn list_files(
    State(app): State<App>,
    headers: HeaderMap,
    Query(query): Query<ListFiles>,
    page: Page,
) -> Result<Answer<FilePage>> {
    let kind = query.kind.as_deref().filter(|kind| !kind.is_empty());
    let cookie = Cookie::of(&app, &headers)?;
    let rows = app.query(store::select(cookie.as_ref(), &page, kind, platform::clock::now_ms())).await?;
    let path = kind.map_or_else(|| "/files".to_owned(), |kind| format!("/files?type={}", portal::query_value(kind)));
    store::file_page(&rows, &page, &path).map(Answer)
}
