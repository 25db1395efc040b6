//! Simulations of decisions: questions that change nothing, alone or many at once.

use axum::{http::StatusCode, response::Response};
use model::qnsp::access::{
    AccessRequest, BatchResult, BatchSimulated, BatchSummary, DecisionAnswer, Effect, SimulateBatch, SimulatedDecision,
    SimulationType,
};
use policy::qnsp::access::{Policy, Request};
use qnsp::{Call, access::Candidates, new_id};
use service::Result;

use crate::{asked, question};

/// Simulate a decision, also with policies that are not stored.
#[utoipa::path(
    post, path = "/access/v1/simulate", tag = "Access control", request_body = AccessRequest,
    responses((status = 200, body = DecisionAnswer), (status = 400), (status = 401), (status = 403)),
)]
pub(crate) async fn simulate_access(call: Call<AccessRequest>) -> Result<Response> {
    let id = new_id()?;
    call.about(id.as_str());
    let request = question::request(&call.body, call.now)?;
    let proposed = question::proposed(&call.body);
    // The answer says which policies apply, so they are read first.
    let stored = Candidates::read(&call.app, call.tenant(), std::slice::from_ref(&request), call.now).await?;
    let policies: Vec<&Policy> = stored.all().chain(&proposed).collect();
    let decision = policy::qnsp::access::decide(policies, &request);
    let answer = question::answer(&decision, stored.total(&request), proposed.len(), call.now);
    let asked = asked(&request, answer.decision);
    let mut work = call.work();
    for statement in asked::simulation(&call, &id, SimulationType::Single, &asked, None)? {
        work.push(statement);
    }
    for statement in asked::questions(&call, &[asked]) {
        work.push(statement);
    }
    work.commit(StatusCode::OK, &answer).await
}

/// Simulate up to 100 decisions by the policies of one moment.
#[utoipa::path(
    post, path = "/access/v1/simulate/batch", tag = "Access control", request_body = SimulateBatch,
    responses((status = 200, body = BatchSimulated), (status = 400), (status = 401), (status = 403)),
)]
pub(crate) async fn simulate_batch(call: Call<SimulateBatch>) -> Result<Response> {
    let id = new_id()?;
    call.about(id.as_str());
    let questions = &call.body.requests;
    let requests: Vec<_> =
        questions.0.iter().map(|question| question::of_batch(question, call.now)).collect::<Result<_>>()?;
    let stored = Candidates::read(&call.app, call.tenant(), &requests, call.now).await?;
    let decisions: Vec<_> = requests.iter().map(|request| stored.decide(request)).collect();
    let is_allowed = |decision: &&policy::qnsp::access::Decision| decision.effect == Effect::Allow;
    let allowed = decisions.iter().filter(is_allowed).count();
    let summary = BatchSummary { total: decisions.len(), allowed, denied: decisions.len() - allowed };
    let results = questions.ids().into_iter().zip(&decisions).map(|(request_id, decision)| BatchResult {
        request_id,
        decision: decision.effect,
        reasons: question::reasons(decision),
    });
    let simulated = BatchSimulated { results: results.collect(), summary };
    let asked: Vec<_> =
        requests.iter().zip(&decisions).map(|(request, decision)| asked(request, decision.effect)).collect();
    let mut work = call.work();
    for statement in asked::simulation(&call, &id, SimulationType::Batch, &summary, Some(&asked))? {
        work.push(statement);
    }
    for statement in asked::questions(&call, &asked) {
        work.push(statement);
    }
    work.commit(StatusCode::OK, &simulated).await
}

fn asked(request: &Request, decision: Effect) -> SimulatedDecision {
    SimulatedDecision {
        decision,
        principal: request.principal(),
        resource: request.resource(),
        action: request.action.clone(),
    }
}
