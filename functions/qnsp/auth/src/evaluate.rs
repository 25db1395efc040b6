//! The evaluation of a sign-in. It takes two round trips: distances on the earth, local hours and the policies that
//! apply are not computed by the database, so the facts are read first, and one batch records what follows from them.
//! Two evaluations of a user at once may both find what is known before either of them.

use axum::{http::StatusCode, response::Response};
use model::{
    faults::Faults,
    qnsp::auth::{EvaluateRisk, Evaluation, Factor},
};
use platform::Statement;
use policy::qnsp::risk::{self, Assessment, factor_kinds};
use qnsp::{Call, new_id};
use serde_json::{Value, json};
use service::Result;

use crate::{
    facts::{Known, coordinates, country},
    hours::{self, FACTOR, LEVEL, RECOMMENDATION},
    retention,
};

/// Evaluate the risk of a sign-in.
#[utoipa::path(
    post, path = "/auth/risk/evaluate", tag = "Auth", request_body = EvaluateRisk,
    responses((status = 200, body = Evaluation), (status = 400), (status = 401), (status = 403)),
)]
pub(crate) async fn evaluate_risk(call: Call<EvaluateRisk>) -> Result<Response> {
    call.about(call.body.user_id.as_str());
    let previous_login_at = call.body.session_context.as_ref().and_then(|session| session.previous_login_at);
    if previous_login_at.is_some_and(|time| time.0 > call.now) {
        return Err(Faults::one("sessionContext.previousLoginAt", "must not be in the future").into());
    }
    let known = Known::read(&call).await?;
    let assessment = risk::assess(&known.facts(&call, &known.policies()));
    let id = new_id()?;
    let factors: Vec<_> = assessment.factors.iter().map(factor).collect();
    let kinds = factor_kinds(&assessment.factors);
    let mut counted = vec![(LEVEL, assessment.level.as_str()), (RECOMMENDATION, assessment.recommendation.as_str())];
    counted.extend(kinds.iter().map(|kind| (FACTOR, *kind)));
    let mut work = call.work();
    work.push(insert(&call, &id, &assessment, &json!(factors), &json!(kinds)));
    work.push(remember(&call));
    work.push(hours::count(call.tenant(), call.now, &counted));
    for sweep in retention::sweep_evaluations(call.now) {
        work.push(sweep);
    }
    let evaluation = Evaluation {
        risk_score: assessment.score,
        risk_level: assessment.level.as_str(),
        recommendation: assessment.recommendation.as_str(),
        challenge_type: assessment.challenge_type.map(risk::ChallengeType::as_str),
        risk_factors: factors.iter().cloned().map(Into::into).collect(),
        factors,
        required_action: assessment.recommendation.required_action(),
        session_id: id,
    };
    work.commit(StatusCode::OK, &evaluation).await
}

fn factor(factor: &risk::Factor) -> Factor {
    Factor { name: factor.name.clone(), score: factor.score, reason: factor.reason.clone() }
}

fn insert(call: &Call<EvaluateRisk>, id: &str, assessment: &Assessment, factors: &Value, kinds: &Value) -> Statement {
    let insert = Statement::new(
        "INSERT INTO qnsp_evaluations (tenant_id, at, id, user_id, address, user_agent, country, latitude, longitude, \
         fingerprint, score, level, factors, factor_kinds, recommendation, challenge_type) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
    );
    let sign_in = &call.body;
    let place = sign_in.geo_location();
    insert
        .bind(call.tenant())
        .bind(call.now)
        .bind(id)
        .bind(sign_in.user_id.as_str())
        .bind(sign_in.address())
        .bind(sign_in.user_agent())
        .bind(country(sign_in).map(str::to_owned))
        .bind(place.and_then(|place| place.latitude).map(|number| number.0))
        .bind(place.and_then(|place| place.longitude).map(|number| number.0))
        .bind(sign_in.fingerprint().map(str::to_owned))
        .bind(assessment.score)
        .bind(assessment.level.as_str())
        .bind(factors.to_string())
        .bind(kinds.to_string())
        .bind(assessment.recommendation.as_str())
        .bind(assessment.challenge_type.map(|challenge| challenge.as_str().to_owned()))
}

/// What later evaluations of the user will find known.
fn remember(call: &Call<EvaluateRisk>) -> Statement {
    let sign_in = &call.body;
    let mut known = vec![json!(["user", "", null, null])];
    known.extend(sign_in.fingerprint().map(|fingerprint| json!(["fingerprint", fingerprint, null, null])));
    known.extend(country(sign_in).map(|country| json!(["country", country, null, null])));
    known.extend(coordinates(sign_in).map(|place| json!(["place", "", place.latitude, place.longitude])));
    let upsert = Statement::new(
        "INSERT INTO qnsp_risk_known (tenant_id, user_id, kind, value, at, latitude, longitude) \
         SELECT ?1, ?2, value ->> 0, value ->> 1, ?3, value ->> 2, value ->> 3 FROM json_each(?4) WHERE true \
         ON CONFLICT (tenant_id, user_id, kind, value) DO UPDATE \
         SET at = excluded.at, latitude = excluded.latitude, longitude = excluded.longitude WHERE excluded.at >= at",
    );
    upsert.bind(call.tenant()).bind(sign_in.user_id.as_str()).bind(call.now).bind(Value::from(known).to_string())
}
