//! Requests for access. One takes two round trips: the policies that match and the risk score are read first, so that
//! what they mean stands in one place, and the batch is tried again where they have changed meanwhile.

use axum::{Json, http::StatusCode, response::Response};
use model::{
    qnsp::{
        Text,
        jit::{AskedStatus, CreateJitRequest, Request, RequestCreated, Requests, Status},
    },
    time::IsoTime,
};
use platform::Row;
use policy::qnsp::jit::{MINUTE, Terms};
use qnsp::{Call, Limit, Nothing, Offset, conflict, impossible, new_id};
use serde::Deserialize;
use service::{Error, Guard, Result};
use utoipa::IntoParams;

use crate::{
    grant_store::{self, NewGrant},
    policy_store::list,
    request_store::{self as store, Filter},
    terms::{Facts, is_outdated},
};

/// How often a request is tried while administrators change the policies.
const TRIES: usize = 5;

/// Ask for access. Where the policies need nobody's approval, it begins at once.
#[utoipa::path(
    post, path = "/access/v1/jit/requests", tag = "Access control", request_body = CreateJitRequest,
    responses(
        (status = 201, body = RequestCreated), (status = 400), (status = 401), (status = 403), (status = 409),
        (status = 422),
    ),
)]
pub(crate) async fn request_access(call: Call<CreateJitRequest>) -> Result<Response> {
    let id = new_id()?;
    call.about(id.as_str());
    for _ in 0..TRIES {
        let facts = Facts::read(&call, call.body.resource_type.as_str()).await?;
        let terms = facts.terms(call.now);
        if !terms.allow(call.body.duration()) {
            return Err(impossible("duration", "must not be longer than the policies allow"));
        }
        match attempt(&call, &id, &facts, &terms).await {
            Err(error) if is_outdated(&error) => {}
            done => return done,
        }
    }
    Err(Error::unavailable("the policies change all the time").with_retry_after(1))
}

async fn attempt(call: &Call<CreateJitRequest>, id: &str, facts: &Facts, terms: &Terms) -> Result<Response> {
    let request = &call.body;
    let mut work = call.work();
    work.require(facts.guard(call, request.resource_type.as_str()));
    work.require(is_first(call));
    work.push(store::deny_lapsed(call));
    work.push(store::insert(call, id, request, terms));
    if terms.is_automatic {
        let grant = new_id()?;
        work.push(grant_store::insert(call, &NewGrant { id: &grant, request: id, permissions: None, duration: None }));
    }
    let created = RequestCreated {
        request_id: id.to_owned(),
        status: if terms.is_automatic { Status::Approved } else { Status::Pending },
        requested_at: IsoTime(call.now),
        expires_at: terms.is_automatic.then(|| IsoTime(call.now + request.duration())),
        approvers: terms.approver_roles.clone(),
    };
    work.commit(StatusCode::CREATED, &created).await
}

/// That the requester does not wait for the same already.
fn is_first(call: &Call<CreateJitRequest>) -> Guard {
    let is_first = format!(
        "NOT EXISTS (SELECT 1 FROM qnsp_jit_requests WHERE tenant_id = ?1 AND requester_id = ?2 AND {} \
         AND resource_type = ?4 AND resource_id = ?5 AND permissions = ?6)",
        store::IS_PENDING
    );
    let guard = Guard::new(is_first, conflict("A request for the same access is pending"));
    let guard = guard.bind(call.tenant()).bind(call.user()).bind(store::lapsed_until(call.now));
    let (resource_type, resource) = (call.body.resource_type.as_str(), call.body.resource_id.as_str());
    guard.bind(resource_type).bind(resource).bind(store::text(&call.body.permissions))
}

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct ListRequests {
    /// SDKs say pending_approval and auto_approved, too.
    #[param(inline)]
    status: Option<AskedStatus>,
    #[param(value_type = Option<String>)]
    requester_id: Option<Text<1, 256>>,
    #[serde(default)]
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200)]
    limit: Limit,
    #[serde(default)]
    #[param(value_type = Option<i64>, minimum = 0)]
    offset: Offset,
}

/// List the requests, newest first.
#[utoipa::path(
    get, path = "/access/v1/jit/requests", tag = "Access control", params(ListRequests),
    responses((status = 200, body = Requests), (status = 400), (status = 401), (status = 403)),
)]
pub(crate) async fn list_requests(call: Call<Nothing, ListRequests>) -> Result<Json<Requests>> {
    let query = &call.query;
    let filter =
        Filter { status: query.status.map(Into::into), requester: query.requester_id.as_ref().map(Text::as_str) };
    let mut work = call.work();
    work.push(store::deny_lapsed(&call));
    let found = work.push(filter.select(&call, query.limit.0, query.offset.0));
    let total = work.push(filter.count(&call));
    let outcomes = work.run().await?;
    Ok(Json(Requests {
        requests: outcomes.rows(found).iter().map(request).collect::<Result<_>>()?,
        total: outcomes.one(total)?.get("total")?,
    }))
}

fn request(row: &Row) -> Result<Request> {
    let status: String = row.get("status")?;
    let duration: i64 = row.get("duration")?;
    Ok(Request {
        request_id: row.get("id")?,
        requester_id: row.get("requester_id")?,
        resource_type: row.get("resource_type")?,
        resource_id: row.get("resource_id")?,
        status: match status.as_str() {
            "pending" => Status::Pending,
            "approved" => Status::Approved,
            _ => Status::Denied,
        },
        requested_at: IsoTime(row.get("requested_at")?),
        permissions: list(row, "permissions")?,
        justification: row.get("justification")?,
        #[expect(clippy::cast_precision_loss, reason = "less than 100 days in milliseconds")]
        duration: duration as f64 / MINUTE as f64,
        ticket_reference: row.get("ticket_reference")?,
        approvers: list(row, "approver_roles")?,
        processed_by: row.get("processed_by")?,
        processed_at: row.get::<Option<i64>>("processed_at")?.map(IsoTime),
    })
}
