//! The files of the portal's pages.

use axum::{Json as Answer, http::StatusCode};
use model::portal::{
    List, PortalFile,
    admin::{FileEntry, PutFile},
};
use service::{
    Json, Path, Result, Signed,
    portal::{FILE_BODY_LIMIT, PORTAL_TENANT, Page, PageQuery, check_file, delete_file, put_file, select_file},
};

use crate::file_store as store;

/// List all files by path, without their contents.
#[utoipa::path(
    get, path = "/caas/portal/files", tag = "Chancery", params(PageQuery),
    responses((status = 200, body = List<FileEntry>), (status = 400), (status = 401)),
)]
pub(crate) async fn list_portal_files(signed: Signed, page: Page) -> Result<Answer<List<FileEntry>>> {
    let mut batch = signed.authorize()?.batch();
    let count = batch.push(store::count());
    let listed = batch.push(store::select_page(&page));
    let outcomes = batch.read().await?;
    store::file_list(outcomes.rows(listed), &page, outcomes.one(count)?.get("total")?).map(Answer)
}

/// Get a file, whatever its readers are.
#[utoipa::path(
    get, path = "/caas/portal/files/{path}", tag = "Chancery", params(("path" = String, Path)),
    responses((status = 200, body = PortalFile), (status = 401), (status = 404)),
)]
pub(crate) async fn get_portal_file(signed: Signed, Path(path): Path<String>) -> Result<Answer<PortalFile>> {
    let mut batch = signed.authorize()?.batch();
    let read = batch.push(select_file(&path));
    store::file(batch.read().await?.rows(read)).map(Answer)
}

/// Put a file at a path, in the place of the one that is there. Its front matter says who may read it.
#[utoipa::path(
    put, path = "/caas/portal/files/{path}", tag = "Chancery", params(("path" = String, Path)),
    request_body = PutFile, responses((status = 200, body = PortalFile), (status = 400), (status = 401)),
)]
pub(crate) async fn put_portal_file(
    signed: Signed,
    Path(path): Path<String>,
    Json(request): Json<PutFile, FILE_BODY_LIMIT>,
) -> Result<Answer<PortalFile>> {
    check_file(&path, &request.contents)?;
    let mut batch = signed.authorize()?.batch();
    let put = put_file(&mut batch, &path, &request.contents)?;
    let read = batch.push(select_file(&path));
    batch.record(signed.audit(PORTAL_TENANT, path.as_str()), put);
    store::file(batch.write().await?.rows(read)).map(Answer)
}

/// Delete a file.
#[utoipa::path(
    delete, path = "/caas/portal/files/{path}", tag = "Chancery", params(("path" = String, Path)),
    responses((status = 204), (status = 401), (status = 404)),
)]
pub(crate) async fn delete_portal_file(signed: Signed, Path(path): Path<String>) -> Result<StatusCode> {
    let mut batch = signed.authorize()?.batch();
    let deleted = batch.push(delete_file(&path));
    batch.record(signed.audit(PORTAL_TENANT, path.as_str()), deleted);
    match batch.write().await?.changed(deleted) {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(store::missing()),
    }
}
