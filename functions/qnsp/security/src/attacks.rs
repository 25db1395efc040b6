//! Attack paths and simulated attacks over the graph as it is now. One query reads the graph, one batch records what
//! follows from it.

use axum::{http::StatusCode, response::Response};
use model::{
    ids::derived_uuid,
    qnsp::{
        Whole,
        security::{
            AnalyzeAttack, AttackAnalysis, AttackPath, AttackSimulation, AttackStep, PathTaken, SimulateAttack,
            SimulationResults,
        },
    },
};
use policy::qnsp::attack::{self, Path};
use qnsp::{Call, missing, new_id};
use serde_json::json;
use service::{Error, Result};

use crate::{graph::Read, results};

/// How deep an analysis goes unless it is said.
const DEPTH: i64 = 5;

fn unknown(asset: &str) -> Error {
    missing("No such asset").with_body(json!({ "asset": asset }))
}

/// Analyse which paths lead to an asset.
#[utoipa::path(
    post, path = "/security/v1/attack-surface/analyze", tag = "Security monitoring", request_body = AnalyzeAttack,
    responses((status = 200, body = AttackAnalysis), (status = 400), (status = 401), (status = 403), (status = 404)),
)]
pub(crate) async fn analyze_attack(call: Call<AnalyzeAttack>) -> Result<Response> {
    let (target, id) = (call.body.target_asset.as_str(), new_id()?);
    call.about(id.as_str());
    let depth = call.body.analysis_depth.map_or(DEPTH, |Whole(depth)| depth);
    let with_external = call.body.include_external_threats.unwrap_or(false);
    let Read { graph, is_cut } = Read::new(&call).await?;
    if !graph.has(target) {
        return Err(unknown(target));
    }
    let found = attack::paths(&graph, target, usize::try_from(depth).unwrap_or_default(), with_external);
    let analysis = AttackAnalysis {
        analysis_id: id,
        attack_paths: found.found.iter().map(path).collect(),
        truncated: is_cut || found.is_cut,
    };
    let question = json!({ "targetAsset": target, "analysisDepth": depth, "includeExternalThreats": with_external });
    let mut work = call.work();
    results::store(&call, &mut work, "analysis", &analysis.analysis_id, &question, &analysis)?;
    work.commit(StatusCode::OK, &analysis).await
}

fn path(path: &Path) -> AttackPath {
    let ids: Vec<_> = path.steps.iter().map(|(id, _)| *id).collect();
    let steps = path.steps.iter().map(|(id, weakness)| AttackStep {
        asset: (*id).to_owned(),
        vulnerability: weakness.vulnerability(),
        technique: weakness.technique(),
    });
    AttackPath {
        path_id: derived_uuid(&ids),
        severity: path.severity().as_str(),
        steps: steps.collect(),
        mitigations: path.mitigations(),
    }
}

/// Simulate an attack.
#[utoipa::path(
    post, path = "/security/v1/attack-surface/simulate", tag = "Security monitoring", request_body = SimulateAttack,
    responses((status = 200, body = AttackSimulation), (status = 400), (status = 401), (status = 403), (status = 404)),
)]
pub(crate) async fn simulate_attack(call: Call<SimulateAttack>) -> Result<Response> {
    let id = new_id()?;
    call.about(id.as_str());
    let (entries, objectives) = (&call.body.entry_points.0, &call.body.objectives.0);
    let Read { graph, is_cut } = Read::new(&call).await?;
    if let Some(first) = entries.iter().chain(objectives).find(|id| !graph.has(id)) {
        return Err(unknown(first));
    }
    let [entry_ids, objective_ids] =
        [entries, objectives].map(|ids| ids.iter().map(String::as_str).collect::<Vec<_>>());
    let outcome = attack::simulate(&graph, &entry_ids, &objective_ids);
    let paths = outcome.best.iter().map(|best| PathTaken {
        objective: best.objective.to_owned(),
        assets: best.assets.iter().map(|id| (*id).to_owned()).collect(),
        probability: best.probability,
    });
    let simulation = AttackSimulation {
        simulation_id: id,
        results: SimulationResults {
            success_probability: outcome.probability,
            paths_taken: paths.collect(),
            assets_compromised: outcome.compromised.iter().map(|id| (*id).to_owned()).collect(),
            time_to_objective: outcome.seconds.map_or("unreachable".to_owned(), |seconds| format!("PT{seconds}S")),
        },
        truncated: is_cut,
    };
    let question = json!({
        "scenario": call.body.scenario, "entryPoints": entries, "objectives": objectives,
    });
    let mut work = call.work();
    results::store(&call, &mut work, "simulation", &simulation.simulation_id, &question, &simulation)?;
    work.commit(StatusCode::OK, &simulation).await
}
