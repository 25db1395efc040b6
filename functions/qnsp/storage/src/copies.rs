//! Agents in regions read what is to be copied, and report.

use axum::{http::StatusCode, response::Response};
use crypto::hash;
use model::qnsp::storage::{AcknowledgeCopy, CopyAcknowledged, CopyStatus};
use platform::Statement;
use qnsp::{
    Call,
    documents::{is_there, keyed_checksum},
    impossible, missing, new_id,
};
use service::{Error, Guard, Result};

/// How many acknowledgements of a region are kept.
const KEPT: i64 = 100;

/// Report that a copy was made, or that it failed.
#[utoipa::path(
    post, path = "/storage/v1/replication/objects", tag = "Storage", request_body = AcknowledgeCopy,
    responses(
        (status = 200, body = CopyAcknowledged), (status = 400), (status = 401), (status = 403), (status = 404),
        (status = 422),
    ),
)]
pub(crate) async fn acknowledge_copy(call: Call<AcknowledgeCopy>) -> Result<Response> {
    let (id, region) = (call.body.object_id.as_str(), call.body.target_region.as_str());
    call.about(id);
    let checksum = hash::from_hex(call.body.checksum.as_str()).and_then(|bytes| bytes.try_into().ok());
    let checksum = checksum.ok_or_else(|| Error::internal("a checksum that was checked"))?;
    let mut work = call.work();
    let data_key = work.data_key(call.tenant()).await?;
    let bind = |statement: Statement| statement.bind(call.tenant()).bind(id).bind(region).bind(call.now);
    const PENDING: &str = "FROM qnsp_replication_copies c WHERE c.tenant_id = ?1 AND c.document_id = ?2 \
         AND c.region = ?3 AND c.acknowledged_at IS NULL";
    let is_pending = format!(
        "EXISTS (SELECT 1 {PENDING}) AND EXISTS (SELECT 1 FROM qnsp_kept_documents d WHERE d.tenant_id = ?1 \
         AND d.id = ?2 AND {})",
        is_there("?4")
    );
    let is_pending = Guard::new(is_pending, missing("No copy of this document is pending for this region"));
    work.require(is_pending.bind(call.tenant()).bind(id).bind(region).bind(call.now));
    let is_same = "EXISTS (SELECT 1 FROM qnsp_documents d JOIN qnsp_document_versions v ON v.tenant_id = d.tenant_id \
         AND v.document_id = d.id AND v.version = d.version WHERE d.tenant_id = ?1 AND d.id = ?2 AND v.checksum = ?3)";
    let is_same = Guard::new(is_same, impossible("checksum", "is not that of the latest version"));
    work.require(is_same.bind(call.tenant()).bind(id).bind(keyed_checksum(&data_key, &checksum)));
    let mut latency = None;
    if call.body.status == CopyStatus::Completed {
        let select = format!("SELECT ?4 - max(c.written_at) AS latency {PENDING}");
        latency = Some(work.push(bind(Statement::new(select))));
        let insert = format!(
            "INSERT INTO qnsp_replication_acknowledgements (tenant_id, region, at, id, latency) \
             SELECT ?1, ?3, ?4, ?5, max(?4 - max(c.written_at), 0) {PENDING}"
        );
        work.push(bind(Statement::new(insert)).bind(new_id()?));
        let forget = Statement::new(
            "DELETE FROM qnsp_replication_acknowledgements WHERE tenant_id = ?1 AND region = ?2 AND (at, id) <= \
             (SELECT at, id FROM qnsp_replication_acknowledgements WHERE tenant_id = ?1 AND region = ?2 \
             ORDER BY at DESC, id DESC LIMIT 1 OFFSET ?3)",
        );
        work.push(forget.bind(call.tenant()).bind(region).bind(KEPT));
        let update = "UPDATE qnsp_replication_copies SET acknowledged_at = ?4 WHERE tenant_id = ?1 AND document_id = ?2 \
                      AND region = ?3 AND acknowledged_at IS NULL";
        work.push(bind(Statement::new(update)));
    }
    let outcomes = work.run().await?;
    let latency_ms = match latency {
        Some(slot) => Some(outcomes.one(slot)?.get::<i64>("latency")?),
        None => None,
    };
    let acknowledged = CopyAcknowledged {
        object_id: id.to_owned(),
        target_region: region.to_owned(),
        status: call.body.status,
        latency_ms: latency_ms.map(|latency| latency.max(0)),
    };
    call.answer(StatusCode::OK, &acknowledged).await
}
