//! What a quantum computer would mean for the keys.

use axum::Json;
use model::qnsp::agility::QuantumRisks;
use policy::qnsp::quantum_risk;
use qnsp::{Call, agility::KeySlots};
use service::Result;

/// Assess the quantum risk of each algorithm of active keys.
#[utoipa::path(
    get, path = "/kms/v1/crypto-agility/risk-assessment", tag = "Key management",
    responses((status = 200, body = QuantumRisks), (status = 401), (status = 403)),
)]
pub(crate) async fn assess_quantum_risk(call: Call) -> Result<Json<QuantumRisks>> {
    let mut work = call.work();
    let facts = KeySlots::push(&mut work, &call);
    let outcomes = work.run().await?;
    Ok(Json(quantum_risk::assess(&facts.read(&outcomes, call.now)?)))
}
