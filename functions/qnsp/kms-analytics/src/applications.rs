//! The applications that use keys.

use axum::Json;
use model::{
    qnsp::kms::{ApplicationUsage, Applications, OperationCounts},
    time::IsoTime,
};
use platform::{Row, Statement};
use qnsp::{AskPage, Call, Nothing};
use service::Result;

/// List the applications that use keys, the latest use first.
#[utoipa::path(
    get, path = "/kms/v1/analytics/applications", tag = "KMS", params(AskPage),
    responses((status = 200, body = Applications), (status = 400), (status = 401), (status = 403)),
)]
pub(crate) async fn list_applications(call: Call<Nothing, AskPage>) -> Result<Json<Applications>> {
    let select = Statement::new(
        "SELECT id, coalesce(name, id) AS name, encrypt, decrypt, sign, verify, last_used_at, \
         (SELECT count(*) FROM qnsp_application_keys k WHERE k.tenant_id = ?1 AND k.application_id = a.id) AS keys \
         FROM qnsp_key_applications a WHERE tenant_id = ?1 ORDER BY last_used_at DESC, id LIMIT ?2 OFFSET ?3",
    );
    let mut work = call.work();
    let found = work.push(select.bind(call.tenant()).bind(call.query.limit.0).bind(call.query.offset.0));
    let outcomes = work.run().await?;
    let applications = outcomes.rows(found).iter().map(application).collect::<Result<_>>()?;
    Ok(Json(Applications { applications }))
}

fn application(row: &Row) -> Result<ApplicationUsage> {
    Ok(ApplicationUsage {
        application_id: row.get("id")?,
        application_name: row.get("name")?,
        keys_used: row.get("keys")?,
        last_access_at: IsoTime(row.get("last_used_at")?),
        operation_counts: counts(row)?,
    })
}

pub(crate) fn counts(row: &Row) -> Result<OperationCounts> {
    Ok(OperationCounts {
        encrypt: row.get("encrypt")?,
        decrypt: row.get("decrypt")?,
        sign: row.get("sign")?,
        verify: row.get("verify")?,
    })
}
