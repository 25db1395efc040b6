//! What could be saved, by the use of the last 30 days, and what was decided on it.

use std::collections::HashMap;

use axum::{Json, http::StatusCode, response::Response};
use model::{
    ids::{Uuid, derived_uuid},
    qnsp::ai::{CostRecommendations, RecommendationDecided, RecommendationStatus, Saving},
};
use platform::{Row, Statement};
use policy::qnsp::model_costs::{Saved, savings};
use qnsp::{AskPage, Call, Caller, LongPeriod, Nothing, conflict, missing};
use serde::Deserialize;
use service::{Guard, Outcomes, Result, Slot};

use crate::cost_store as store;

/// The findings of a tenant, each with its id, which is the same for the same type and model.
fn findings(caller: &Caller, outcomes: &Outcomes, [used, ran]: [Slot; 2]) -> Result<Vec<(String, Saved)>> {
    let facts = store::facts(outcomes.rows(used), outcomes.rows(ran))?;
    let id = |saved: &Saved| derived_uuid(&[caller.tenant(), saved.kind.into(), &saved.model]);
    let mut all: Vec<_> = savings(&facts).into_iter().map(|saved| (id(&saved), saved)).collect();
    all.sort_by(|(one, saved), (other, more)| more.amount.total_cmp(&saved.amount).then_with(|| one.cmp(other)));
    Ok(all)
}

fn select(caller: &Caller) -> [Statement; 2] {
    let span = LongPeriod::Month.until(caller.now);
    [store::select_facts(caller, &span), store::select_ran_facts(caller, &span)]
}

/// List what could be saved, the most first.
#[utoipa::path(
    get, path = "/ai/v1/costs/recommendations", tag = "AI", params(AskPage),
    responses((status = 200, body = CostRecommendations), (status = 400), (status = 401), (status = 403)),
)]
pub(crate) async fn list_recommendations(call: Call<Nothing, AskPage>) -> Result<Json<CostRecommendations>> {
    let decisions = "SELECT recommendation_id, decision FROM qnsp_ai_decisions WHERE tenant_id = ?1";
    let mut work = call.work();
    let facts = select(&call).map(|select| work.push(select));
    let decisions = work.push(Statement::new(decisions).bind(call.tenant()));
    let outcomes = work.run().await?;
    let decided = |row: &Row| -> Result<(String, String)> { Ok((row.get("recommendation_id")?, row.get("decision")?)) };
    let decided = outcomes.rows(decisions).iter().map(decided).collect::<Result<HashMap<_, _>>>()?;
    let status = |id: &str| match decided.get(id).map(String::as_str) {
        Some("accepted") => RecommendationStatus::Accepted,
        Some(_) => RecommendationStatus::Rejected,
        None => RecommendationStatus::Pending,
    };
    let first = usize::try_from(call.query.offset.0).unwrap_or(usize::MAX);
    let page = findings(&call, &outcomes, facts)?.into_iter().skip(first);
    let page = page.take(usize::try_from(call.query.limit.0).unwrap_or_default());
    let recommendations = page.map(|(id, Saved { kind, title, amount, .. })| {
        let status = status(&id);
        Saving { recommendation_id: id, kind, title, estimated_savings: amount, status }
    });
    Ok(Json(CostRecommendations { recommendations: recommendations.collect() }))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OfRecommendation {
    recommendation_id: Uuid,
}

/// Accept a recommendation.
#[utoipa::path(
    post, path = "/ai/v1/costs/recommendations/{recommendationId}/accept", tag = "AI",
    params(("recommendationId" = String, Path)),
    responses(
        (status = 200, body = RecommendationDecided), (status = 400), (status = 401), (status = 403), (status = 404),
        (status = 409),
    ),
)]
pub(crate) async fn accept_recommendation(call: Call<Nothing, Nothing, OfRecommendation>) -> Result<Response> {
    decide(&call, RecommendationStatus::Accepted).await
}

/// Reject a recommendation.
#[utoipa::path(
    post, path = "/ai/v1/costs/recommendations/{recommendationId}/reject", tag = "AI",
    params(("recommendationId" = String, Path)),
    responses(
        (status = 200, body = RecommendationDecided), (status = 400), (status = 401), (status = 403), (status = 404),
        (status = 409),
    ),
)]
pub(crate) async fn reject_recommendation(call: Call<Nothing, Nothing, OfRecommendation>) -> Result<Response> {
    decide(&call, RecommendationStatus::Rejected).await
}

async fn decide(call: &Call<Nothing, Nothing, OfRecommendation>, status: RecommendationStatus) -> Result<Response> {
    let id = call.path.recommendation_id.as_str();
    call.about(id);
    // Whether there is such a finding is computed; what is decided then is judged by the batch.
    let mut look = call.look();
    let facts = select(call).map(|select| look.push(select));
    let outcomes = look.run().await?;
    if !findings(call, &outcomes, facts)?.iter().any(|(found, _)| found == id) {
        return Err(missing("No such recommendation"));
    }
    let decision: &str = status.into();
    let mut work = call.work();
    let is_open = "NOT EXISTS (SELECT 1 FROM qnsp_ai_decisions WHERE tenant_id = ?1 AND recommendation_id = ?2 AND decision <> ?3)";
    let is_open = Guard::new(is_open, conflict("The opposite was decided on this recommendation"));
    work.require(is_open.bind(call.tenant()).bind(id).bind(decision));
    let insert = Statement::new(
        "INSERT INTO qnsp_ai_decisions (tenant_id, recommendation_id, decision, decided_at, decided_by) \
         VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
    );
    work.push(insert.bind(call.tenant()).bind(id).bind(decision).bind(call.now).bind(call.user()));
    work.commit(StatusCode::OK, &RecommendationDecided { recommendation_id: id.to_owned(), status }).await
}
