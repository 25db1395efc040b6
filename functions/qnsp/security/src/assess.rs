//! Assessments of compliance: the checks look at the tenant's state as it is now.

use std::collections::BTreeMap;

use axum::{http::StatusCode, response::Response};
use model::qnsp::{
    Text,
    security::{AssessCompliance, Assessment, FrameworkScore},
};
use platform::Statement;
use policy::qnsp::compliance::{Check, Control, Outcome, built_in, overall};
use qnsp::{Call, Caller, new_id};
use serde_json::{Value, json};
use service::{Error, Result};

use crate::{
    checks::{self, Found},
    controls::list,
    results,
};

/// Assess the compliance with frameworks.
#[utoipa::path(
    post, path = "/security/v1/compliance/assess", tag = "Security monitoring", request_body = AssessCompliance,
    responses((status = 200, body = Assessment), (status = 400), (status = 401), (status = 403), (status = 422)),
)]
pub(crate) async fn assess_compliance(call: Call<AssessCompliance>) -> Result<Response> {
    let id = new_id()?;
    call.about(id.as_str());
    let frameworks: Vec<_> = call.body.frameworks.0.iter().map(Text::as_str).collect();
    let controls = controls(&call, &frameworks).await?;
    let without: Vec<_> = controls.iter().filter(|(_, controls)| controls.is_empty()).map(|(name, _)| *name).collect();
    if !without.is_empty() {
        let refused = Error::new(StatusCode::UNPROCESSABLE_ENTITY, "frameworks names some that have no controls");
        return Err(refused.with_body(json!({ "frameworks": without })));
    }
    let Found { findings, remember } = checks::make(&call).await?;
    let outcomes: BTreeMap<_, _> =
        controls.iter().map(|(name, controls)| (*name, Outcome::of(controls, &findings))).collect();
    let score =
        |outcome: &Outcome| FrameworkScore { score: outcome.score(), passed: outcome.passed, failed: outcome.failed };
    let no_data = outcomes.iter().filter(|(_, outcome)| !outcome.no_data.is_empty());
    let assessment = Assessment {
        assessment_id: id,
        overall_score: overall(outcomes.values()),
        by_framework: outcomes.iter().map(|(name, outcome)| ((*name).to_owned(), score(outcome))).collect(),
        no_data: no_data.map(|(name, outcome)| ((*name).to_owned(), outcome.no_data.clone())).collect(),
    };
    let scope = call.body.scope.as_ref().map(|scope| serde_json::from_str::<Value>(scope.as_str()));
    let scope = scope.transpose().map_err(|_| Error::internal("a scope that is not JSON"))?;
    let question = json!({ "frameworks": frameworks, "scope": scope });
    let mut work = call.work();
    if let Some(remember) = remember {
        work.push(remember);
    }
    results::store(&call, &mut work, "assessment", &assessment.assessment_id, &question, &assessment)?;
    work.commit(StatusCode::OK, &assessment).await
}

/// The controls of each framework: the built-in ones, then the tenant's own.
async fn controls<'a>(caller: &Caller, frameworks: &[&'a str]) -> Result<BTreeMap<&'a str, Vec<Control>>> {
    let select = Statement::new(
        "SELECT framework, control_id, checks FROM qnsp_compliance_controls WHERE tenant_id = ?1 \
         AND framework IN (SELECT value FROM json_each(?2)) ORDER BY framework, control_id",
    );
    let rows = caller.app.query(select.bind(caller.tenant()).bind(json!(frameworks).to_string())).await?;
    let mut controls: BTreeMap<_, Vec<_>> = frameworks.iter().map(|name| (*name, built_in(name).collect())).collect();
    for row in rows {
        let framework: String = row.get("framework")?;
        let checks = list(&row, "checks")?.iter().filter_map(|name| Check::parse(name)).collect();
        if let Some(controls) = controls.get_mut(framework.as_str()) {
            controls.push(Control { id: row.get("control_id")?, checks });
        }
    }
    Ok(controls)
}
