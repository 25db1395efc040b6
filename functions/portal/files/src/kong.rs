//! The part of Kong's Admin API that its portal tool speaks, under `/portal/kong-admin`. There is one workspace, `default`. Paths in answers leave out
//! the prefix, since the tool puts its configured address in front of them.

use axum::{Json as Answer, http::StatusCode};
use model::portal::{FilePage, PortalFile, SummaryPage, Workspace, WorkspaceChange, WorkspaceConfig};
use platform::Row;
use serde::{Deserialize, Serialize};
use service::{
    Audit, Error, Json, Path, Query, Result,
    portal::{
        self, AdminToken, FILE_BODY_LIMIT, PORTAL_TENANT, Page, PageQuery, check_file, delete_file, files_of, put_file,
        select_enabled, select_file, set_enabled,
    },
};

use crate::store;

/// The workspace that there is.
const WORKSPACE: &str = "default";

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListWorkspaceFiles {
    /// Which members are wanted; without contents among them, they are left out
    fields: Option<String>,
    /// Files of this type only
    #[serde(rename = "type")]
    kind: Option<String>,
}

/// Files with their contents, or without.
#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum Files {
    Whole(FilePage),
    Summaries(SummaryPage),
}

/// List all files by path, for Kong's portal tool.
#[utoipa::path(
    get, path = "/kong-admin/{workspace}/files", tag = "Chancery",
    params(("workspace" = String, Path), ListWorkspaceFiles, PageQuery),
    responses((status = 200, body = FilePage), (status = 400), (status = 401), (status = 404)),
)]
pub(crate) async fn list_workspace_files(
    token: AdminToken,
    Path(workspace): Path<String>,
    Query(query): Query<ListWorkspaceFiles>,
    page: Page,
) -> Result<Answer<Files>> {
    known(&workspace)?;
    let kind = query.kind.as_deref().filter(|kind| !kind.is_empty());
    let fields = query.fields.as_deref().filter(|fields| !fields.is_empty());
    let [asked, of_type] = [fields, kind].map(|text| portal::query_value(text.unwrap_or_default()));
    let path = format!("/{WORKSPACE}/files?fields={asked}&type={of_type}");
    if fields.is_some_and(|fields| !fields.split(',').any(|field| field == "contents")) {
        let mut batch = token.batch();
        let listed = batch.push(store::select_summaries(&page, kind));
        let outcomes = batch.read().await?;
        return store::summary_page(outcomes.rows(listed), &page, &path).map(Files::Summaries).map(Answer);
    }
    let mut batch = token.batch();
    let listed = batch.push(store::select_all(&page, kind));
    let outcomes = batch.read().await?;
    store::file_page(outcomes.rows(listed), &page, &path).map(Files::Whole).map(Answer)
}

/// Get a file, for Kong's portal tool.
#[utoipa::path(
    get, path = "/kong-admin/{workspace}/files/{path}", tag = "Chancery",
    params(("workspace" = String, Path), ("path" = String, Path)),
    responses((status = 200, body = PortalFile), (status = 401), (status = 404)),
)]
pub(crate) async fn get_workspace_file(
    token: AdminToken,
    Path((workspace, path)): Path<(String, String)>,
) -> Result<Answer<PortalFile>> {
    known(&workspace)?;
    let mut batch = token.batch();
    let read = batch.push(select_file(&path));
    let outcomes = batch.read().await?;
    files_of(outcomes.rows(read))?.into_iter().next().map(Answer).ok_or_else(portal::missing)
}

#[derive(Deserialize, utoipa::ToSchema)]
pub(crate) struct PutWorkspaceFile {
    /// As in the path.
    path: Option<String>,
    contents: String,
}

/// Put a file at a path, for Kong's portal tool.
#[utoipa::path(
    put, path = "/kong-admin/{workspace}/files/{path}", tag = "Chancery",
    params(("workspace" = String, Path), ("path" = String, Path)), request_body = PutWorkspaceFile,
    responses((status = 200, body = PortalFile), (status = 400), (status = 401), (status = 404)),
)]
pub(crate) async fn put_workspace_file(
    token: AdminToken,
    Path((workspace, path)): Path<(String, String)>,
    Json(request): Json<PutWorkspaceFile, FILE_BODY_LIMIT>,
) -> Result<Answer<PortalFile>> {
    known(&workspace)?;
    if request.path.is_some_and(|given| given != path) {
        return Err(Error::bad_request("path in the body must be that of the address"));
    }
    check_file(&path, &request.contents)?;
    let mut batch = token.batch();
    let put = put_file(&mut batch, &path, &request.contents)?;
    let read = batch.push(select_file(&path));
    batch.record(Audit::new(PORTAL_TENANT, "file.put", path.as_str()), put);
    let outcomes = batch.write().await?;
    files_of(outcomes.rows(read))?.into_iter().next().map(Answer).ok_or_else(portal::missing)
}

/// Delete a file, for Kong's portal tool.
#[utoipa::path(
    delete, path = "/kong-admin/{workspace}/files/{path}", tag = "Chancery",
    params(("workspace" = String, Path), ("path" = String, Path)),
    responses((status = 204), (status = 401), (status = 404)),
)]
pub(crate) async fn delete_workspace_file(
    token: AdminToken,
    Path((workspace, path)): Path<(String, String)>,
) -> Result<StatusCode> {
    known(&workspace)?;
    let mut batch = token.batch();
    let deleted = batch.push(delete_file(&path));
    batch.record(Audit::new(PORTAL_TENANT, "file.delete", path.as_str()), deleted);
    match batch.write().await?.changed(deleted) {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(portal::missing()),
    }
}

/// Get whether the portal is switched on.
#[utoipa::path(
    get, path = "/kong-admin/{workspace}/workspaces/{name}", tag = "Chancery",
    params(("workspace" = String, Path), ("name" = String, Path)),
    responses((status = 200, body = Workspace), (status = 401), (status = 404)),
)]
pub(crate) async fn get_workspace(
    token: AdminToken,
    Path((workspace, name)): Path<(String, String)>,
) -> Result<Answer<Workspace>> {
    known(&workspace).and(known(&name))?;
    let mut batch = token.batch();
    let enabled = batch.push(select_enabled());
    read_workspace(batch.read().await?.one(enabled)?)
}

/// Switch the portal on or off.
#[utoipa::path(
    patch, path = "/kong-admin/{workspace}/workspaces/{name}", tag = "Chancery",
    params(("workspace" = String, Path), ("name" = String, Path)), request_body = WorkspaceChange,
    responses((status = 200, body = Workspace), (status = 400), (status = 401), (status = 404)),
)]
pub(crate) async fn update_workspace(
    token: AdminToken,
    Path((workspace, name)): Path<(String, String)>,
    Json(change): Json<WorkspaceChange>,
) -> Result<Answer<Workspace>> {
    known(&workspace).and(known(&name))?;
    let enabled = change.config.portal;
    let action = if enabled { "portal.enable" } else { "portal.disable" };
    let mut batch = token.batch();
    let changed = batch.push(set_enabled(enabled, token.now));
    let read = batch.push(select_enabled());
    batch.record(Audit::new(PORTAL_TENANT, action, WORKSPACE), changed);
    read_workspace(batch.write().await?.one(read)?)
}

fn read_workspace(row: &Row) -> Result<Answer<Workspace>> {
    Ok(Answer(Workspace { name: WORKSPACE, config: WorkspaceConfig { portal: row.get("enabled")? } }))
}

fn known(workspace: &str) -> Result<()> {
    if workspace == WORKSPACE { Ok(()) } else { Err(portal::missing()) }
}
