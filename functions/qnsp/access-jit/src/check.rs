//! The check: whether somebody has access now. It is asked often, and answered by one step in an index.

use axum::{http::StatusCode, response::Response};
use model::{
    qnsp::jit::{AccessChecked, CheckAccess},
    time::IsoTime,
};
use qnsp::{Call, access::sweep_refusals, new_id};
use service::Result;

use crate::grant_store::Question;

/// How many old refusals one call removes.
const SWEPT: i64 = 64;

/// Check whether somebody has access now.
#[utoipa::path(
    post, path = "/access/v1/jit/check", tag = "Access control", request_body = CheckAccess,
    responses((status = 200, body = AccessChecked), (status = 400), (status = 401), (status = 403)),
)]
pub(crate) async fn check_access(call: Call<CheckAccess>) -> Result<Response> {
    let body = &call.body;
    call.about(body.principal());
    let question = Question {
        principal: body.principal(),
        resource_type: body.resource_type.as_str(),
        resource: body.resource_id.as_str(),
        permission: body.permission.as_str(),
    };
    let mut work = call.work();
    let found = work.push(question.select(&call));
    work.push(question.insert_refusal(&call, &new_id()?));
    // One call of sixteen sweeps.
    if call.request_id().starts_with('0') {
        work.push(sweep_refusals(call.now, SWEPT));
    }
    let outcomes = work.run().await?;
    let mut last: Option<(i64, String)> = None;
    for row in outcomes.rows(found) {
        last = last.max(Some((row.get("expires_at")?, row.get("id")?)));
    }
    let (expires_at, grant_id) = last.unzip();
    let checked = AccessChecked { has_access: grant_id.is_some(), grant_id, expires_at: expires_at.map(IsoTime) };
    call.answer(StatusCode::OK, &checked).await
}
