//! The real decision, which services of the tenant ask for.

use axum::{http::StatusCode, response::Response};
use model::qnsp::access::{AccessRequest, DecisionAnswer, Effect};
use qnsp::{
    Call,
    access::{Candidates, Refusal},
};
use serde_json::json;
use service::Result;

use crate::question;

/// Decide whether a principal may do something. Proposed policies do not count. Denials are noted for a day.
#[utoipa::path(
    post, path = "/access/v1/evaluate", tag = "Access control", request_body = AccessRequest,
    responses((status = 200, body = DecisionAnswer), (status = 400), (status = 401), (status = 403)),
)]
pub(crate) async fn evaluate_access(call: Call<AccessRequest>) -> Result<Response> {
    let request = question::request(&call.body, call.now)?;
    let (principal, resource) = (request.principal(), request.resource());
    // The answer says which policies apply, so they are read first.
    let candidates = Candidates::read(&call.app, call.tenant(), std::slice::from_ref(&request), call.now).await?;
    let decision = candidates.decide(&request);
    let answer = question::answer(&decision, candidates.total(&request), 0, call.now);
    call.payload(json!({
        "principal": principal, "resource": resource, "action": request.action, "decision": answer.decision,
    }));
    let mut work = call.work();
    if answer.decision == Effect::Deny {
        let refusal = Refusal { tenant: call.tenant(), principal: &principal, resource: &resource, now: call.now };
        for statement in refusal.note()? {
            work.push(statement);
        }
    }
    work.commit(StatusCode::OK, &answer).await
}
