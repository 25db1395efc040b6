//! An incident is looked into, and ends resolved or as a false positive.

use axum::Json;
use model::{
    qnsp::{
        Text,
        vault::leakage::{ChangeLeakageIncident, LeakageIncidentChanged, LeakageStatus},
    },
    time::IsoTime,
};
use platform::Statement;
use qnsp::{Call, Nothing, conflict};
use serde_json::json;
use service::Result;

use crate::{incident_store as store, incidents::OfIncident};

/// Change the status of an incident, or note something. What is resolved or a false positive stays so.
#[utoipa::path(
    patch, path = "/vault/v1/leakage-detection/incidents/{incidentId}", tag = "Vault",
    params(("incidentId" = String, Path)), request_body = ChangeLeakageIncident,
    responses(
        (status = 200, body = LeakageIncidentChanged), (status = 400), (status = 401), (status = 403), (status = 404),
        (status = 409),
    ),
)]
pub(crate) async fn change_leakage_incident(
    call: Call<ChangeLeakageIncident, Nothing, OfIncident>,
) -> Result<Json<LeakageIncidentChanged>> {
    let (id, change) = (call.path.incident_id.as_str(), &call.body);
    call.about(id);
    call.payload(json!({ "status": change.status }));
    let mut work = call.work();
    work.require(store::exists(&call, id));
    if let Some(status) = change.status {
        let from = if status == LeakageStatus::Investigating { "('open')" } else { "('open', 'investigating')" };
        let refusal = conflict("An incident is open, then perhaps investigated, then resolved or a false positive");
        work.require(store::of_incident(&call, id, &format!(" AND status IN {from}"), refusal));
    }
    let text = |text: &Option<Text<1, 2000>>| text.as_ref().map(|text| text.as_str().to_owned());
    let status = change.status.map(|status| <&str>::from(status).to_owned());
    let step = Statement::new(
        "INSERT INTO qnsp_leakage_steps (tenant_id, incident_id, number, at, actor, event, from_status, to_status, notes) \
         SELECT ?1, ?2, 1 + (SELECT max(number) FROM qnsp_leakage_steps WHERE tenant_id = ?1 AND incident_id = ?2), ?3, ?4, \
         'updated', iif(?5 IS NULL, NULL, status), ?5, ?6 FROM qnsp_leakage_incidents WHERE tenant_id = ?1 AND id = ?2",
    );
    let step = step.bind(call.tenant()).bind(id).bind(call.now).bind(call.user()).bind(status.clone());
    work.push(step.bind(text(&change.notes).or_else(|| text(&change.resolution))));
    let update = Statement::new(
        "UPDATE qnsp_leakage_incidents SET status = coalesce(?3, status), resolution = coalesce(?4, resolution) \
         WHERE tenant_id = ?1 AND id = ?2 RETURNING status",
    );
    let updated = work.push(update.bind(call.tenant()).bind(id).bind(status).bind(text(&change.resolution)));
    let outcomes = work.run().await?;
    let status = outcomes.one(updated)?.get("status")?;
    Ok(Json(LeakageIncidentChanged { incident_id: id.to_owned(), status, updated_at: IsoTime(call.now) }))
}
