//! What requests to models cost, as applications tell it.

use axum::{http::StatusCode, response::Response};
use model::{
    ids::Uuid,
    qnsp::{
        Text,
        ai::{CostRecorded, NewCostRecord},
    },
};
use qnsp::{
    Call, DAY,
    ai_costs::{CostRecord, UNKNOWN_USER},
    impossible, new_id,
};
use service::Result;

use crate::models;

/// How long ago a request may have been.
const OLDEST: i64 = 90 * DAY;

/// Record what requests to a model cost.
#[utoipa::path(
    post, path = "/ai/v1/costs/record", tag = "AI", request_body = NewCostRecord,
    responses(
        (status = 201, body = CostRecorded), (status = 400), (status = 401), (status = 403), (status = 404),
        (status = 422),
    ),
)]
pub(crate) async fn record_cost(call: Call<NewCostRecord>) -> Result<Response> {
    let (new, id) = (&call.body, new_id()?);
    call.about(id.as_str());
    let at = new.occurred_at.map_or(call.now, |time| time.0);
    if !(call.now - OLDEST..=call.now).contains(&at) {
        return Err(impossible("occurredAt", "must lie in the last 90 days"));
    }
    let model_id = new.model_id.as_ref().map(Uuid::as_str);
    let record = CostRecord {
        id: &id,
        at,
        model_id,
        // A model of the registry has the name that it has there.
        model: new.model_name.as_ref().map(Text::as_str).filter(|_| model_id.is_none()),
        provider: new.provider.as_str(),
        user: new.user_id.as_ref().map_or(UNKNOWN_USER, Text::as_str),
        tokens: new.input_tokens.0.saturating_add(new.output_tokens.0),
        cost: new.cost_usd.millionths,
        requests: new.request_count.map_or(1, |count| count.0),
        prompt_hash: new.prompt_hash.as_ref().map(Text::as_str),
    };
    let mut work = call.work();
    if let Some(model) = model_id {
        work.require(models::exists(&call, model));
    }
    for statement in record.write(call.tenant()) {
        work.push(statement);
    }
    work.commit(StatusCode::CREATED, &CostRecorded { record_id: id.clone() }).await
}
