//! The files of the portal's pages.

use axum::{Json as Answer, http::StatusCode};
use model::portal::{
    List, PortalFile,
    admin::{FileEntry, PutFile},
};
use policy::Action;
use serde::Deserialize;
use service::{
    Audit, Error, Json, Path, Query, Result, Signed,
    portal::{FILE_BODY_LIMIT, PORTAL_TENANT, PageQuery, check_file, delete_file, put_file, select_file},
};

use crate::file_store as store;

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListPortalFiles {
    /// How many at most, 100 if not given
    size: Option<String>,
    /// The offset of the page before
    offset: Option<String>,
}

/// List all files by path, without their contents.
#[utoipa::path(
    get, path = "/caas/portal/files", tag = "Chancery", params(ListPortalFiles),
    responses((status = 200, body = List<FileEntry>), (status = 400), (status = 401)),
)]
pub(crate) async fn list_portal_files(
    signed: Signed,
    Query(query): Query<ListPortalFiles>,
) -> Result<Answer<List<FileEntry>>> {
    let page = PageQuery { size: query.size, offset: query.offset }.page()?;
    let statements = vec![store::count(), store::select_page(&page)];
    let outcomes = signed.gate(Action::ManagePortal).read(statements).await?;
    let [counted, listed] = outcomes.as_slice() else { return Err(Error::internal("two statements, two outcomes")) };
    let total = counted.rows.first().map_or(Ok(0), |row| row.get("total"))?;
    store::file_list(&listed.rows, &page, total).map(Answer)
}

/// Get a file, whoever may read it.
#[utoipa::path(
    get, path = "/caas/portal/files/{path}", tag = "Chancery", params(("path" = String, Path)),
    responses((status = 200, body = PortalFile), (status = 401), (status = 404)),
)]
pub(crate) async fn get_portal_file(signed: Signed, Path(path): Path<String>) -> Result<Answer<PortalFile>> {
    let outcomes = signed.gate(Action::ManagePortal).read(vec![select_file(&path)]).await?;
    store::last_file(&outcomes).map(Answer)
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
    let audit = Audit::new(PORTAL_TENANT, "file.put", path.as_str());
    let mut statements = put_file(&path, &request.contents, signed.now)?;
    statements.push(select_file(&path));
    let outcomes = signed.gate(Action::ManagePortal).write(statements, audit).await??;
    store::last_file(&outcomes).map(Answer)
}

/// Delete a file.
#[utoipa::path(
    delete, path = "/caas/portal/files/{path}", tag = "Chancery", params(("path" = String, Path)),
    responses((status = 204), (status = 401), (status = 404)),
)]
pub(crate) async fn delete_portal_file(signed: Signed, Path(path): Path<String>) -> Result<StatusCode> {
    let audit = Audit::new(PORTAL_TENANT, "file.delete", path.as_str());
    let outcomes = signed.gate(Action::ManagePortal).write(vec![delete_file(&path)], audit).await??;
    if outcomes.first().is_none_or(|outcome| outcome.changes == 0) {
        return Err(store::missing());
    }
    Ok(StatusCode::NO_CONTENT)
}
