//! Whether a secret is known to have leaked.

use axum::{http::StatusCode, response::Response};
use model::{
    qnsp::{
        Text,
        vault::leakage::{LeakageCheck, LeakageIncidentInCheck},
    },
    time::IsoTime,
};
use platform::{Row, Statement};
use qnsp::{Call, Nothing};
use serde::Deserialize;
use service::Result;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OfSecret {
    secret_id: Text<1, 256>,
}

/// Check whether a secret has incidents that are not settled. The 1,000 newest are shown.
#[utoipa::path(
    post, path = "/vault/v1/leakage-detection/secrets/{secretId}/check", tag = "Vault",
    params(("secretId" = String, Path)),
    responses((status = 200, body = LeakageCheck), (status = 400), (status = 401), (status = 403)),
)]
pub(crate) async fn check_secret(call: Call<Nothing, Nothing, OfSecret>) -> Result<Response> {
    let secret = call.path.secret_id.as_str();
    call.about(secret);
    let select = Statement::new(
        "SELECT id, severity, source, detected_at FROM qnsp_leakage_incidents WHERE tenant_id = ?1 AND secret_id = ?2 \
         AND status IN ('open', 'investigating') ORDER BY detected_at DESC, id DESC LIMIT 1000",
    );
    let mut work = call.work();
    let found = work.push(select.bind(call.tenant()).bind(secret));
    let outcomes = work.run().await?;
    let incidents = outcomes.rows(found).iter().map(incident).collect::<Result<Vec<_>>>()?;
    let has_active_incidents = !incidents.is_empty();
    let checked = LeakageCheck { secret_id: secret.to_owned(), has_active_incidents, incidents };
    call.answer(StatusCode::OK, &checked).await
}

fn incident(row: &Row) -> Result<LeakageIncidentInCheck> {
    Ok(LeakageIncidentInCheck {
        incident_id: row.get("id")?,
        severity: row.get("severity")?,
        source: row.get("source")?,
        detected_at: IsoTime(row.get("detected_at")?),
    })
}
