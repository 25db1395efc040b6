//! How fair the models of a tenant are, by the latest evaluation of each.

use axum::Json;
use model::{
    qnsp::ai::{BiasSummary, EvaluatedModel},
    time::IsoTime,
};
use platform::{Row, Statement};
use policy::qnsp::number::divide;
use qnsp::{Call, word};
use service::{Error, Result};

use crate::{evaluation_store as store, job};

/// Show how fair the models are. What was started before is computed first.
#[utoipa::path(
    get, path = "/ai/v1/bias/summary", tag = "AI",
    responses((status = 200, body = BiasSummary), (status = 401), (status = 403)),
)]
pub(crate) async fn show_bias(call: Call) -> Result<Json<BiasSummary>> {
    let mut work = call.work();
    job::complete(&call, &mut *work, None).await?;
    let models = "SELECT count(*) AS models, coalesce(sum(NOT is_fair), 0) AS unfair, coalesce(sum(score), 0) AS scores \
                  FROM qnsp_bias_models WHERE tenant_id = ?1";
    let models = work.push(Statement::new(models).bind(call.tenant()));
    let recent = "SELECT id, model_id, type, status, score, is_fair, completed_at FROM qnsp_bias_evaluations \
                  WHERE tenant_id = ?1 AND status = 'completed' ORDER BY completed_at DESC, started_at DESC, id DESC LIMIT 10";
    let recent = work.push(Statement::new(recent).bind(call.tenant()));
    let outcomes = work.run().await?;
    let row = outcomes.one(models)?;
    let models_evaluated: i64 = row.get("models")?;
    Ok(Json(BiasSummary {
        models_evaluated,
        active_incidents: row.get("unfair")?,
        overall_fairness_score: mean(row.get("scores")?, models_evaluated),
        recent_evaluations: outcomes.rows(recent).iter().map(evaluated).collect::<Result<_>>()?,
    }))
}

/// Of ten-thousandths, with 4 decimals.
fn mean(scores: i64, models: i64) -> f64 {
    if models == 0 { 1.0 } else { divide(scores.into(), models.into()) as f64 / 10_000.0 }
}

fn evaluated(row: &Row) -> Result<EvaluatedModel> {
    Ok(EvaluatedModel {
        evaluation_id: row.get("id")?,
        model_id: row.get("model_id")?,
        evaluation_type: word(row, "type")?,
        status: word(row, "status")?,
        score: store::score(row)?.ok_or_else(|| Error::internal("a completed evaluation without a score"))?,
        fair: row.get("is_fair")?,
        completed_at: IsoTime(row.get("completed_at")?),
    })
}
