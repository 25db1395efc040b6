//! Meters of what was used elsewhere, or before it was metered here.

use axum::{http::StatusCode, response::Response};
use model::qnsp::billing::{Meter, MetersAccepted, NewMeters};
use platform::Statement;
use policy::qnsp::Billable;
use qnsp::{Call, DAY, day_of, impossible_fields, missing, new_id};
use serde_json::{Value, json};
use service::{Guard, Result};

/// How old a meter may be that is recorded.
const OLDEST: i64 = 400 * DAY;

/// Record meters of any tenants.
#[utoipa::path(
    post, path = "/billing/v1/meters", tag = "Billing", request_body = NewMeters,
    responses(
        (status = 201, body = MetersAccepted), (status = 400), (status = 401), (status = 403), (status = 404),
        (status = 422),
    ),
)]
pub(crate) async fn record_meters(call: Call<NewMeters>) -> Result<Response> {
    let faults: Vec<_> =
        call.body.meters.iter().enumerate().flat_map(|(index, meter)| faults(index, meter, call.now)).collect();
    if !faults.is_empty() {
        return Err(impossible_fields(faults));
    }
    let meters = call.body.meters.iter().map(|meter| row(meter, call.now));
    let meters = Value::from(meters.collect::<Result<Vec<_>>>()?).to_string();
    let mut work = call.work();
    let known = Guard::new(
        "NOT EXISTS (SELECT 1 FROM json_each(?1) WHERE value ->> 'tenant' NOT IN (SELECT id FROM qnsp_tenants))",
        missing("No such tenant"),
    );
    work.require(known.bind(meters.as_str()));
    let events = Statement::new(
        "INSERT INTO qnsp_meters (tenant_id, at, id, operation, quantity, request_id) SELECT value ->> 'tenant', \
         value ->> 'at', value ->> 'id', value ->> 'operation', value ->> 'quantity', ?2 FROM json_each(?1)",
    );
    work.push(events.bind(meters.as_str()).bind(call.request_id()));
    // `WHERE true` keeps the parser from taking `ON CONFLICT` for a condition of the selection.
    let days = Statement::new(
        "INSERT INTO qnsp_meter_days (tenant_id, day, operation, quantity) SELECT value ->> 'tenant', \
         value ->> 'day', value ->> 'operation', value ->> 'quantity' FROM json_each(?1) WHERE true \
         ON CONFLICT (tenant_id, day, operation) DO UPDATE SET quantity = quantity + excluded.quantity",
    );
    work.push(days.bind(meters));
    work.commit(StatusCode::CREATED, &MetersAccepted { accepted: call.body.meters.len() }).await
}

/// What is impossible about a meter that is well formed.
fn faults(index: usize, meter: &Meter, now: i64) -> Vec<(String, &'static str)> {
    let mut faults = Vec::new();
    if Billable::parse(meter.meter_type.as_str()).is_none() {
        faults.push((format!("meters[{index}].meterType"), "is no billable operation"));
    }
    if !(now - OLDEST..=now).contains(&recorded_at(meter, now)) {
        faults.push((format!("meters[{index}].recordedAt"), "must lie within the last 400 days"));
    }
    faults
}

fn row(meter: &Meter, now: i64) -> Result<Value> {
    let at = recorded_at(meter, now);
    Ok(json!({
        "tenant": meter.tenant_id.as_str(),
        "id": new_id()?,
        "operation": meter.meter_type.as_str(),
        "quantity": meter.quantity,
        "at": at,
        "day": day_of(at),
    }))
}

fn recorded_at(meter: &Meter, now: i64) -> i64 {
    meter.recorded_at.map_or(now, |at| at.0)
}
