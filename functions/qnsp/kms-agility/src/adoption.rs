//! How far post-quantum algorithms are in use.

use axum::Json;
use model::qnsp::agility::PqcAdoption;
use platform::Statement;
use policy::qnsp::{
    Algorithm,
    adoption::{DayUse, adoption, first_day},
};
use qnsp::{Call, agility::KeySlots, day_of};
use service::Result;

/// Show how many keys are post-quantum, and how often they were used on each of the last 30 days.
#[utoipa::path(
    get, path = "/kms/v1/crypto-agility/pqc-adoption", tag = "Key management",
    responses((status = 200, body = PqcAdoption), (status = 401), (status = 403)),
)]
pub(crate) async fn show_pqc_adoption(call: Call) -> Result<Json<PqcAdoption>> {
    let today = day_of(call.now);
    let mut work = call.work();
    let facts = KeySlots::push(&mut work, &call);
    let days = Statement::new(
        "SELECT day, algorithm, uses FROM qnsp_algorithm_days WHERE tenant_id = ?1 AND day BETWEEN ?2 AND ?3",
    );
    let days = work.push(days.bind(call.tenant()).bind(first_day(today)).bind(today));
    let outcomes = work.run().await?;
    let uses = outcomes.rows(days).iter().map(|row| {
        let algorithm = Algorithm::of(&row.get::<String>("algorithm")?);
        Ok(DayUse { day: row.get("day")?, algorithm, operations: row.get("uses")? })
    });
    let uses = uses.collect::<Result<Vec<_>>>()?;
    Ok(Json(adoption(&facts.read(&outcomes, call.now)?, &uses, today)))
}
