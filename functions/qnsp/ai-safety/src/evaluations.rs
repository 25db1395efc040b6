//! Evaluations: made, then started. A read that could show the result computes it.

use std::collections::BTreeSet;

use axum::{Json, http::StatusCode, response::Response};
use model::{
    ids::Uuid,
    qnsp::{
        Text,
        ai::{BiasEvaluation, EvaluationCreated, EvaluationStarted, EvaluationStatus, NewEvaluation},
    },
    time::IsoTime,
};
use qnsp::{Call, Nothing, conflict, new_id};
use serde::Deserialize;
use service::{Guard, Result};

use crate::{
    evaluation_store::{self as store, NewRow},
    job,
};

#[derive(Deserialize)]
pub(crate) struct OfSeed {
    id: Uuid,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OfEvaluation {
    evaluation_id: Uuid,
}

/// Make an evaluation of a model.
#[utoipa::path(
    post, path = "/ai/v1/bias/evaluations", tag = "AI", request_body = NewEvaluation,
    responses((status = 201, body = EvaluationCreated), (status = 400), (status = 401), (status = 403), (status = 404)),
)]
pub(crate) async fn create_evaluation(call: Call<NewEvaluation>) -> Result<Response> {
    let (new, id) = (&call.body, new_id()?);
    call.about(id.as_str());
    let listed = new.protected_attributes.iter().flat_map(|list| &list.0);
    let one = new.protected_attribute.iter().filter(|_| new.protected_attributes.is_none());
    let attributes: BTreeSet<_> = listed.chain(one).map(Text::as_str).collect();
    let mut work = call.work();
    let key = work.data_key(call.tenant()).await?;
    let model_id = new.model_id.as_ref().map(Uuid::as_str);
    let model_name = new.model_name.as_ref().map(Text::as_str).filter(|_| model_id.is_none());
    work.require(store::model_exists(&call, model_id, model_name));
    let row = NewRow {
        id: &id,
        model_id,
        model_name,
        kind: new.evaluation_type,
        attributes: attributes.into_iter().collect(),
        sample_size: new.test_dataset.sample_size.map(|size| size.0),
        sealed_source: store::seal(&call, &key, &id, new.test_dataset.source.as_str())?,
    };
    work.push(store::insert(&call, row));
    let created = EvaluationCreated {
        evaluation_id: id.clone(),
        status: EvaluationStatus::Created,
        created_at: IsoTime(call.now),
    };
    work.commit(StatusCode::CREATED, &created).await
}

/// Start an evaluation. It is computed by the next read of it, or of the summary.
#[utoipa::path(
    post, path = "/ai/v1/bias/evaluations/{id}/start", tag = "AI", params(("id" = String, Path)),
    responses(
        (status = 202, body = EvaluationStarted), (status = 400), (status = 401), (status = 403), (status = 404),
        (status = 409),
    ),
)]
pub(crate) async fn start_evaluation(call: Call<Nothing, Nothing, OfSeed>) -> Result<Response> {
    let id = call.path.id.as_str();
    call.about(id);
    let mut work = call.work();
    work.require(store::exists(&call, id));
    let is_new = "EXISTS (SELECT 1 FROM qnsp_bias_evaluations WHERE tenant_id = ?1 AND id = ?2 AND status = 'created')";
    let is_new = Guard::new(is_new, conflict("The evaluation was started already"));
    work.require(is_new.bind(call.tenant()).bind(id));
    work.push(store::start(&call, id));
    let started = EvaluationStarted {
        evaluation_id: id.to_owned(),
        status: EvaluationStatus::Running,
        started_at: IsoTime(call.now),
    };
    work.commit(StatusCode::ACCEPTED, &started).await
}

/// Show an evaluation, with its result once there is one.
#[utoipa::path(
    get, path = "/ai/v1/bias/evaluations/{evaluationId}", tag = "AI", params(("evaluationId" = String, Path)),
    responses((status = 200, body = BiasEvaluation), (status = 400), (status = 401), (status = 403), (status = 404)),
)]
pub(crate) async fn show_evaluation(call: Call<Nothing, Nothing, OfEvaluation>) -> Result<Json<BiasEvaluation>> {
    let id = call.path.evaluation_id.as_str();
    call.about(id);
    let mut work = call.work();
    work.require(store::exists(&call, id));
    job::complete(&call, &mut *work, Some(id)).await?;
    let found = work.push(store::select(&call, id));
    let outcomes = work.run().await?;
    store::evaluation(outcomes.one(found)?).map(Json)
}
