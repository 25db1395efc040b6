//! What resources cost in a period. An allocation never changes.

use axum::{Json, http::StatusCode, response::Response};
use model::{
    qnsp::{
        Text,
        observability::{AllocationRecorded, Allocations, NewAllocation},
    },
    time::IsoTime,
};
use qnsp::{Call, DAY, Limit, Nothing, Offset, impossible, new_id};
use serde::Deserialize;
use service::Result;
use utoipa::IntoParams;

use crate::{
    allocation_store::{self as store, Window},
    budgets,
};

/// The longest period of an allocation: it has a counter for each of its months.
const LONGEST: i64 = 100 * 366 * DAY;

/// Record what a resource cost. The budgets of its currency are looked at anew.
#[utoipa::path(
    post, path = "/observability/v1/costs/allocations", tag = "Observability", request_body = NewAllocation,
    responses((status = 201, body = AllocationRecorded), (status = 400), (status = 401), (status = 403), (status = 422)),
)]
pub(crate) async fn create_allocation(call: Call<NewAllocation>) -> Result<Response> {
    let (new, id) = (&call.body, new_id()?);
    let length = new.period.end.0 - new.period.start.0;
    if length <= 0 {
        return Err(impossible("period", "must end after it starts"));
    }
    if length > LONGEST {
        return Err(impossible("period", "must be a hundred years or less"));
    }
    call.about(id.as_str());
    let mut work = call.work();
    work.push(store::insert(&call, &id, new)?);
    work.push(store::count(&call, new));
    let alerted = work.push(budgets::evaluate(&call, new.currency.as_str()));
    work.notify(alerted);
    work.commit(StatusCode::CREATED, &AllocationRecorded { allocation_id: id, recorded: true }).await
}

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct AskAllocations {
    #[param(value_type = Option<String>)]
    cost_center: Option<Text<1, 256>>,
    #[param(value_type = Option<String>)]
    resource_type: Option<Text<1, 128>>,
    /// Allocations whose period ends after this time.
    #[param(value_type = Option<String>)]
    start_time: Option<IsoTime>,
    /// Allocations whose period starts before this time.
    #[param(value_type = Option<String>)]
    end_time: Option<IsoTime>,
    /// 1 to 200, 200 if not given.
    #[serde(default)]
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200)]
    limit: Limit<200>,
    #[serde(default)]
    #[param(value_type = Option<i64>, minimum = 0)]
    offset: Offset,
}

/// List allocations, the latest start first. The summary is of all that match.
#[utoipa::path(
    get, path = "/observability/v1/costs/allocations", tag = "Observability", params(AskAllocations),
    responses((status = 200, body = Allocations), (status = 400), (status = 401), (status = 403), (status = 422)),
)]
pub(crate) async fn list_allocations(call: Call<Nothing, AskAllocations>) -> Result<Json<Allocations>> {
    let asked = &call.query;
    if let (Some(start), Some(end)) = (asked.start_time, asked.end_time)
        && start > end
    {
        return Err(impossible("startTime", "must not be after endTime"));
    }
    let window = Window {
        cost_center: asked.cost_center.as_ref().map(Text::as_str),
        resource_type: asked.resource_type.as_ref().map(Text::as_str),
        start: asked.start_time.map(|time| time.0),
        end: asked.end_time.map(|time| time.0),
    };
    let mut work = call.work();
    let page = work.push(store::page(call.tenant(), &window, asked.limit.0, asked.offset.0));
    let sums = work.push(store::sums(call.tenant(), &window));
    let outcomes = work.run().await?;
    Ok(Json(Allocations {
        allocations: outcomes.rows(page).iter().map(store::allocation).collect::<Result<_>>()?,
        summary: store::summary(outcomes.rows(sums))?,
    }))
}
