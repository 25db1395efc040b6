//! A document is written. What its rules find is computed beforehand; the batch of the call sees to it that the document is
//! still the one that was read, and that rules which came meanwhile are applied later.

use axum::{http::StatusCode, response::Response};
use model::qnsp::{
    Object,
    storage::{Bucket, CreateDocument, Document, Region},
};
use platform::Statement;
use policy::qnsp::{
    Quota,
    classification::{self, Classification},
};
use qnsp::{
    Call, conflict,
    documents::{DocumentVersion, checksum, is_due, is_there, keyed_checksum},
    impossible, new_id,
};
use service::{Error, Guard, Result};

use crate::{classification::compile, expiry, store};

/// How long a content may be, in bytes.
const LARGEST: usize = 512 << 10;

/// How often a document is read again that others write at the same time.
const TRIES: usize = 8;

const CHANGED: &str = "The document was written by another call at the same time; try again";

/// Store a document, or a new version of the one that has this name in the bucket. Policies that apply themselves classify
/// it.
#[utoipa::path(
    post, path = "/storage/v1/documents", tag = "Storage", request_body = CreateDocument,
    responses(
        (status = 201, body = Document), (status = 400), (status = 401), (status = 403),
        (status = 409), (status = 413), (status = 422),
    ),
)]
pub(crate) async fn create_document(call: Call<CreateDocument>) -> Result<Response> {
    let given = &call.body;
    let content = match (&given.content, &given.content_base64) {
        (Some(text), _) => text.as_bytes(),
        (None, Some(bytes)) => bytes.as_slice(),
        (None, None) => return Err(impossible("content", "is required, or contentBase64")),
    };
    if content.len() > LARGEST {
        return Err(Error::new(StatusCode::PAYLOAD_TOO_LARGE, "A content may have at most 512 KiB"));
    }
    let bucket = given.bucket.clone().unwrap_or_default();
    let mut tries = 1;
    loop {
        match write(&call, &bucket, content).await {
            Err(error) if error.reason() == CHANGED && tries < TRIES => tries += 1,
            written => return call.answer(StatusCode::CREATED, &written?).await,
        }
    }
}

async fn write(call: &Call<CreateDocument>, bucket: &Bucket, content: &[u8]) -> Result<Document> {
    let (given, name) = (&call.body, call.body.name.as_str());
    let mut look = call.look();
    let current = Statement::new(format!(
        "SELECT d.id, {} AS is_there, {} AS is_due FROM qnsp_kept_documents d \
         WHERE d.tenant_id = ?1 AND d.bucket = ?2 AND d.name = ?3",
        is_there("?4"),
        is_due("?4")
    ));
    let current = look.push(current.bind(call.tenant()).bind(bucket.as_str()).bind(name).bind(call.now));
    let policies = Statement::new(
        "SELECT rules FROM qnsp_classification_policies WHERE tenant_id = ?1 AND auto_number IS NOT NULL \
         ORDER BY auto_number",
    );
    let policies = look.push(policies.bind(call.tenant()));
    let found = look.run().await?;
    let mut id = None;
    if let Some(row) = found.row(current) {
        let known: String = row.get("id")?;
        if row.get("is_due")? {
            expiry::apply(call, &known).await?;
        }
        if row.get("is_there")? {
            id = Some(known);
        }
    }
    let mut classified = Classification::default();
    for row in found.rows(policies) {
        classified = classified.and(Classification::of(&compile(row, "rules")?, name, content));
    }
    let applied = i64::try_from(found.rows(policies).len()).unwrap_or(i64::MAX);

    let mut work = call.work();
    let data_key = work.data_key(call.tenant()).await?;
    let same = "(SELECT id FROM qnsp_documents WHERE tenant_id = ?1 AND bucket = ?2 AND name = ?3) IS ?4";
    let same = Guard::new(same, conflict(CHANGED)).bind(call.tenant()).bind(bucket.as_str()).bind(name);
    work.require(same.bind(id.clone()));
    if let Some(id) = &id {
        let active = " AND NOT d.is_archived";
        work.require(store::of_document(call, id, active, conflict("The document is archived")));
    }
    let id = match id {
        Some(id) => id,
        None => new_id()?,
    };
    call.about_named(id.as_str(), name);
    let size = i64::try_from(content.len()).unwrap_or(i64::MAX);
    work.reserve(Quota::StorageBytes, size);
    let version_id = new_id()?;
    let version = DocumentVersion { tenant: call.tenant(), bucket: bucket.as_str(), name, version_id: &version_id };
    let upsert = Statement::new(
        "INSERT INTO qnsp_documents (tenant_id, id, bucket, name, region, created_at, version, version_id, size, \
         total_size, level, data_types, applied, is_archived, is_notified) \
         VALUES (?1, ?2, ?3, ?4, coalesce(?5, ?6), ?7, 1, ?8, ?9, ?9, ?10, ?11, ?12, 0, 0) \
         ON CONFLICT (tenant_id, id) DO UPDATE SET region = coalesce(?5, region), version = version + 1, \
         version_id = excluded.version_id, size = excluded.size, total_size = total_size + excluded.size, \
         level = excluded.level, data_types = excluded.data_types, applied = excluded.applied \
         RETURNING id, bucket, name, region, size, version, level, data_types, created_at",
    );
    let upsert = upsert.bind(call.tenant()).bind(id.as_str()).bind(bucket.as_str()).bind(name);
    let upsert = upsert.bind(given.region.as_ref().map(|region| region.as_str().to_owned()));
    let upsert = upsert.bind(Region::default().as_str()).bind(call.now).bind(version_id.as_str()).bind(size);
    let upsert = upsert.bind(classification::number(classified.level)).bind(classified.data_types).bind(applied);
    let row = work.push(upsert);
    let insert = Statement::new(
        "INSERT INTO qnsp_document_versions (tenant_id, document_id, version, id, created_at, created_by, size, checksum, \
         metadata, sealed_content) SELECT tenant_id, id, version, version_id, ?3, ?4, size, ?5, ?6, ?7 \
         FROM qnsp_documents WHERE tenant_id = ?1 AND id = ?2",
    );
    let insert = insert.bind(call.tenant()).bind(id.as_str()).bind(call.now).bind(call.user());
    let insert = insert.bind(keyed_checksum(&data_key, &checksum(content)));
    let insert = insert.bind(given.metadata.as_ref().map_or("{}", Object::as_str));
    work.push(insert.bind(version.seal(&data_key, content)?));
    work.push(copy(call, &id));
    let outcomes = work.run().await?;
    store::document(outcomes.one(row)?)
}

/// The latest version waits to be copied to each region of the configurations that cover it.
fn copy(call: &Call<CreateDocument>, id: &str) -> Statement {
    let upsert = Statement::new(format!(
        "INSERT INTO qnsp_replication_copies (tenant_id, document_id, region, configuration_id, written_at) \
         SELECT d.tenant_id, d.id, r.value, c.id, ?3 FROM qnsp_documents d JOIN qnsp_replications c \
         ON c.tenant_id = d.tenant_id AND c.source_region = d.region, json_each(c.destination_regions) r \
         WHERE d.tenant_id = ?1 AND d.id = ?2 AND {} ON CONFLICT (tenant_id, document_id, region, configuration_id) \
         DO UPDATE SET written_at = excluded.written_at, acknowledged_at = NULL",
        store::is_in_scope("c.buckets", "c.prefixes")
    ));
    upsert.bind(call.tenant()).bind(id).bind(call.now)
}
