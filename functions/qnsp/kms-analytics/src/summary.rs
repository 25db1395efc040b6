//! All uses of a key.

use axum::Json;
use model::{
    qnsp::kms::{ApplicationCount, KeySummary},
    time::IsoTime,
};
use platform::Statement;
use qnsp::{Call, Nothing, missing};
use serde::Deserialize;
use service::{Guard, Result};

use crate::applications::counts;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OfKey {
    key_id: String,
}

/// Show how a key has been used.
#[utoipa::path(
    get, path = "/kms/v1/analytics/keys/{keyId}/summary", tag = "KMS", params(("keyId" = String, Path)),
    responses((status = 200, body = KeySummary), (status = 401), (status = 403), (status = 404)),
)]
pub(crate) async fn show_key_summary(call: Call<Nothing, Nothing, OfKey>) -> Result<Json<KeySummary>> {
    let key = call.path.key_id.as_str();
    call.about(key);
    let bind = |statement: Statement| statement.bind(call.tenant()).bind(key);
    let exists = "EXISTS (SELECT 1 FROM qnsp_hsm_keys WHERE tenant_id = ?1 AND id = ?2) \
                  OR EXISTS (SELECT 1 FROM qnsp_used_keys WHERE tenant_id = ?1 AND key_id = ?2)";
    let summary = "SELECT coalesce(h.name, ?2) AS name, coalesce(h.algorithm, u.algorithm, 'unknown') AS algorithm, \
                   coalesce(u.encrypt, 0) AS encrypt, coalesce(u.decrypt, 0) AS decrypt, coalesce(u.sign, 0) AS sign, \
                   coalesce(u.verify, 0) AS verify, u.last_used_at FROM (SELECT 1) \
                   LEFT JOIN qnsp_hsm_keys h ON h.tenant_id = ?1 AND h.id = ?2 \
                   LEFT JOIN qnsp_used_keys u ON u.tenant_id = ?1 AND u.key_id = ?2";
    let top = "SELECT application_id, uses FROM qnsp_application_keys WHERE tenant_id = ?1 AND key_id = ?2 \
               ORDER BY uses DESC, application_id LIMIT 5";
    let mut work = call.work();
    work.require(Guard::new(exists, missing("No such key")).bind(call.tenant()).bind(key));
    let (summary, top) = (work.push(bind(Statement::new(summary))), work.push(bind(Statement::new(top))));
    let outcomes = work.run().await?;
    let row = outcomes.one(summary)?;
    let breakdown = counts(row)?;
    let applications = outcomes
        .rows(top)
        .iter()
        .map(|row| Ok(ApplicationCount { application_id: row.get("application_id")?, count: row.get("uses")? }));
    Ok(Json(KeySummary {
        key_id: key.to_owned(),
        key_name: row.get("name")?,
        algorithm: row.get("algorithm")?,
        total_operations: breakdown.encrypt + breakdown.decrypt + breakdown.sign + breakdown.verify,
        operation_breakdown: breakdown,
        top_applications: applications.collect::<Result<_>>()?,
        last_used_at: row.get::<Option<i64>>("last_used_at")?.map(IsoTime),
    }))
}
