//! A document, what it holds, and its end.

use axum::{
    Json,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use model::{
    ids::Uuid,
    json::JsonObject,
    qnsp::{
        storage::{DocumentStatus, StoredDocument},
        vault::VersionNumber,
    },
    time::{IsoTime, to_iso},
};
use platform::{Row, Statement};
use qnsp::{
    Call, Nothing, conflict,
    documents::{is_due, open_content},
    missing,
};
use serde::Deserialize;
use serde_json::{Value, json};
use service::{Error, Guard, Result};

use crate::{
    expiry,
    store::{self, OfDocument},
};

/// Show a document with what keeps it.
#[utoipa::path(
    get, path = "/storage/v1/documents/{documentId}", tag = "Storage", params(("documentId" = String, Path)),
    responses((status = 200, body = StoredDocument), (status = 400), (status = 401), (status = 403), (status = 404)),
)]
pub(crate) async fn show_document(call: Call<Nothing, Nothing, OfDocument>) -> Result<Json<StoredDocument>> {
    let id = call.path.document_id.as_str();
    call.about(id);
    let mut work = call.work();
    work.require(store::exists(&call, id));
    let found = work.push(select(&call, id));
    let outcomes = match work.run().await {
        Err(error) if error.status == StatusCode::NOT_FOUND => {
            // It may be one that retention deletes.
            expiry::apply(&call, id).await?;
            return Err(error);
        }
        outcomes => outcomes?,
    };
    let row = outcomes.one(found)?;
    let is_due: bool = row.get("is_due")?;
    if is_due {
        expiry::apply(&call, id).await?;
    }
    // What was due and is still there is archived, unless it was only to be told of.
    let is_archived = row.get("is_archived")? || (is_due && row.get::<Option<i64>>("on_expiry")? == Some(1));
    Ok(Json(StoredDocument {
        document: store::document(row)?,
        status: if is_archived { DocumentStatus::Archived } else { DocumentStatus::Active },
        retain_until: row.get::<Option<i64>>("retain_until")?.map(IsoTime),
        holds: holds(row)?,
        metadata: metadata(row)?,
    }))
}

/// A document with its policy, its holds and its metadata.
fn select<Q, P>(call: &Call<Nothing, Q, P>, id: &str) -> Statement {
    let select = Statement::new(format!(
        "SELECT {}, d.is_archived, d.on_expiry, d.policy_id, d.retain_until, {} AS is_due, \
         (SELECT json_group_array(hold_id) FROM (SELECT DISTINCT hold_id FROM qnsp_held WHERE tenant_id = ?1 \
         AND target IN ('object/' || d.id, 'bucket/' || d.bucket) AND until > ?3 ORDER BY hold_id)) AS holds, \
         (SELECT metadata FROM qnsp_document_versions WHERE tenant_id = ?1 AND document_id = d.id \
         AND version = d.version) AS metadata FROM qnsp_kept_documents d WHERE d.tenant_id = ?1 AND d.id = ?2",
        store::COLUMNS,
        is_due("?3")
    ));
    select.bind(call.tenant()).bind(id).bind(call.now)
}

fn holds(row: &Row) -> Result<Vec<String>> {
    let holds: String = row.get("holds")?;
    serde_json::from_str(&holds).map_err(|_| Error::internal("a list of holds that is not JSON"))
}

fn metadata(row: &Row) -> Result<JsonObject> {
    let metadata: String = row.get("metadata")?;
    serde_json::from_str(&metadata).map_err(|_| Error::internal("metadata that are not JSON"))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OfVersion {
    document_id: Uuid,
    version: VersionNumber,
}

/// Read a version of a document, byte by byte as it was written.
#[utoipa::path(
    get, path = "/storage/v1/documents/{documentId}/versions/{version}/content", tag = "Storage",
    params(("documentId" = String, Path), ("version" = i64, Path, minimum = 1)),
    responses(
        (status = 200, body = Vec<u8>, content_type = "application/octet-stream"), (status = 400), (status = 401),
        (status = 403), (status = 404),
    ),
)]
pub(crate) async fn read_document_version(call: Call<Nothing, Nothing, OfVersion>) -> Result<Response> {
    let (id, version) = (call.path.document_id.as_str(), call.path.version.0);
    call.about(id);
    call.payload(json!({ "version": version }));
    let mut work = call.work();
    work.require(store::exists(&call, id));
    const OF_VERSION: &str =
        "FROM qnsp_document_versions v WHERE v.tenant_id = ?1 AND v.document_id = ?2 AND v.version = ?3";
    let has_version =
        Guard::new(format!("EXISTS (SELECT 1 {OF_VERSION})"), missing("The document has no such version"));
    work.require(has_version.bind(call.tenant()).bind(id).bind(version));
    let select = Statement::new(format!(
        "SELECT v.id AS version_id, v.sealed_content, d.bucket, d.name FROM qnsp_documents d JOIN \
         (SELECT v.id, v.sealed_content, v.document_id {OF_VERSION}) v ON v.document_id = d.id WHERE d.tenant_id = ?1"
    ));
    let found = work.push(select.bind(call.tenant()).bind(id).bind(version));
    let data_key = work.read_data_key(call.tenant());
    let outcomes = work.run().await?;
    let data_key = outcomes.data_key(&data_key)?.ok_or_else(|| Error::internal("a document without a data key"))?;
    let content = open_content(call.tenant(), &data_key, outcomes.one(found)?)?;
    Ok(([(header::CONTENT_TYPE, "application/octet-stream")], content.to_vec()).into_response())
}

/// Delete a document with all its versions, unless a hold or a retention keeps it.
#[utoipa::path(
    delete, path = "/storage/v1/documents/{documentId}", tag = "Storage", params(("documentId" = String, Path)),
    responses((status = 204), (status = 400), (status = 401), (status = 403), (status = 404), (status = 409)),
)]
pub(crate) async fn delete_document(call: Call<Nothing, Nothing, OfDocument>) -> Result<Response> {
    let id = call.path.document_id.as_str();
    call.about(id);
    // What a refusal names is read beforehand; whether it is one is judged with the effect.
    let mut look = call.look();
    look.require(store::exists(&call, id));
    let found = look.push(select(&call, id));
    let outcomes = look.run().await?;
    let row = outcomes.one(found)?;
    let holds = conflict("A legal hold keeps the document").with_body(json!({ "holds": holds(row)? }));
    let until = row.get::<Option<i64>>("retain_until")?.map(to_iso);
    let policy = row.get::<Option<String>>("policy_id")?;
    let retained = conflict("A retention policy keeps the document")
        .with_body(json!({ "retainUntil": until.map_or(Value::Null, Value::from), "policyId": policy }));
    let mut work = call.work();
    work.require(store::exists(&call, id));
    work.require(store::of_document(&call, id, " AND d.held_until <= ?3", holds));
    work.require(store::of_document(&call, id, " AND coalesce(d.retain_until, 0) <= ?3", retained));
    for statement in store::delete(&call, &[id.to_owned()]) {
        work.push(statement);
    }
    work.run().await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
