//! Documents as they are stored.

use axum::http::StatusCode;
use model::{
    ids::Uuid,
    qnsp::{
        List, Text,
        storage::{Bucket, Document, DocumentScope},
    },
    time::IsoTime,
};
use platform::{Row, Statement};
use policy::qnsp::{Quota, classification};
use qnsp::{Caller, conflict, documents::is_there, missing};
use serde::Deserialize;
use serde_json::Value;
use service::{Error, Guard, Outcomes, Result};

/// The path of an operation on a document.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OfDocument {
    pub document_id: Uuid,
}

/// A condition on a document (`?2`) that is there: SQL over a row of `qnsp_kept_documents` (`d`) and the time (`?3`).
pub(crate) fn of_document(caller: &Caller, id: &str, condition: &str, refusal: Error) -> Guard {
    let exists = format!(
        "EXISTS (SELECT 1 FROM qnsp_kept_documents d WHERE d.tenant_id = ?1 AND d.id = ?2 AND {}{condition})",
        is_there("?3")
    );
    Guard::new(exists, refusal).bind(caller.tenant()).bind(id).bind(caller.now)
}

pub(crate) fn exists(caller: &Caller, id: &str) -> Guard {
    of_document(caller, id, "", missing("No such document"))
}

/// The columns that [`document`] reads, of a row `d`.
pub(crate) const COLUMNS: &str =
    "d.id, d.bucket, d.name, d.region, d.size, d.version, d.level, d.data_types, d.created_at";

pub(crate) fn document(row: &Row) -> Result<Document> {
    Ok(Document {
        document_id: row.get("id")?,
        bucket: row.get("bucket")?,
        name: row.get("name")?,
        region: row.get("region")?,
        size_bytes: row.get("size")?,
        version: row.get("version")?,
        classification: classification::level(row.get("level")?),
        data_types: classification::data_types(row.get("data_types")?),
        created_at: IsoTime(row.get("created_at")?),
    })
}

/// Deletes documents, whose bytes the quota gets back.
pub(crate) fn delete(caller: &Caller, ids: &[String]) -> Vec<Statement> {
    const THESE: &str = "FROM qnsp_documents WHERE tenant_id = ?1 AND id IN (SELECT value FROM json_each(?2))";
    let of = |text: String| Statement::new(text).bind(caller.tenant()).bind(Value::from_iter(ids.to_vec()).to_string());
    let give_back = format!(
        "UPDATE qnsp_quotas SET used = max(used - (SELECT coalesce(sum(total_size), 0) {THESE}), 0) \
         WHERE tenant_id = ?1 AND quota_type = ?3"
    );
    let mut statements = vec![of(give_back).bind(Quota::StorageBytes.as_str()), of(format!("DELETE {THESE}"))];
    statements.extend(qnsp::reserve(caller.tenant(), Quota::StorageBytes, caller.now, 0));
    statements
}

/// A JSON list of texts; an empty one for an absent list.
pub(crate) fn json_list<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    Value::from_iter(texts.into_iter().map(str::to_owned)).to_string()
}

/// The names of buckets as they are stored.
pub(crate) fn bucket_list(buckets: Option<&List<Bucket>>) -> String {
    json_list(buckets.iter().flat_map(|list| &list.0).map(Bucket::as_str))
}

/// The buckets and the prefixes of a scope as they are stored.
pub(crate) fn scope_lists(scope: Option<&DocumentScope>) -> [String; 2] {
    let prefixes = scope.and_then(|scope| scope.prefixes.as_ref());
    let prefixes = json_list(prefixes.iter().flat_map(|list| &list.0).map(Text::as_str));
    [bucket_list(scope.and_then(|scope| scope.buckets.as_ref())), prefixes]
}

/// A condition on a document (`d`): it is of a scope that is stored as these two lists.
pub(crate) fn is_in_scope(buckets: &str, prefixes: &str) -> String {
    format!(
        "({buckets} = '[]' OR d.bucket IN (SELECT value FROM json_each({buckets}))) AND ({prefixes} = '[]' OR EXISTS \
         (SELECT 1 FROM json_each({prefixes}) p WHERE substr(d.name, 1, length(p.value)) = p.value))"
    )
}

/// The refusal of a step that another call has done meanwhile.
pub(crate) fn done_already() -> Error {
    conflict("Another call has done this step")
}

/// Whether a step was not done by another call meanwhile.
pub(crate) fn had_effect(written: Result<Outcomes>) -> Result<bool> {
    match written {
        Ok(_) => Ok(true),
        Err(error) if error.status == StatusCode::CONFLICT => Ok(false),
        Err(error) => Err(error),
    }
}
