//! Documents by bucket and name.

use axum::Json;
use model::qnsp::{
    Text,
    storage::{Bucket, Documents},
};
use platform::Statement;
use qnsp::{Call, Limit, Nothing, Offset};
use serde::Deserialize;
use service::Result;
use utoipa::IntoParams;

use crate::{expiry, store};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AskDocuments {
    #[param(value_type = Option<String>)]
    bucket: Option<Bucket>,
    /// A text with which the names begin.
    #[param(value_type = Option<String>)]
    prefix: Option<Text<1, { usize::MAX }>>,
    /// 1 to 200, 50 if not given.
    #[serde(default)]
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200)]
    limit: Limit,
    #[serde(default)]
    #[param(value_type = Option<i64>, minimum = 0)]
    offset: Offset,
}

/// The documents (`d`) of the tenant (`?1`), of a bucket (`?2`) if one is asked for, whose names begin with a text (`?3`).
/// Each bucket is a range of the index; a byte that is in no text ends it.
const FOUND: &str = "FROM qnsp_buckets b CROSS JOIN qnsp_documents d INDEXED BY qnsp_documents_by_name \
     ON d.tenant_id = b.tenant_id AND d.bucket = b.name AND d.name >= ?3 AND d.name < ?3 || x'ff' \
     WHERE b.tenant_id = ?1 AND (?2 IS NULL OR b.name = ?2)";

/// List the documents by bucket and name.
#[utoipa::path(
    get, path = "/storage/v1/documents", tag = "Storage", params(AskDocuments),
    responses((status = 200, body = Documents), (status = 400), (status = 401), (status = 403)),
)]
pub(crate) async fn list_documents(call: Call<Nothing, AskDocuments>) -> Result<Json<Documents>> {
    expiry::sweep(&call).await?;
    let asked = &call.query;
    let prefix = asked.prefix.as_ref().map_or("", Text::as_str);
    let bucket = asked.bucket.as_ref().map(|bucket| bucket.as_str().to_owned());
    // Without a prefix each bucket knows how many it has.
    let count = if prefix.is_empty() {
        "SELECT coalesce(sum(documents), 0) AS total FROM qnsp_buckets WHERE tenant_id = ?1 AND (?2 IS NULL OR name = ?2) \
         AND ?3 = ''"
            .to_owned()
    } else {
        format!("SELECT count(*) AS total {FOUND}")
    };
    let select = format!("SELECT {} {FOUND} ORDER BY b.name, d.name LIMIT ?4 OFFSET ?5", store::COLUMNS);
    let bind = |text: String| Statement::new(text).bind(call.tenant()).bind(bucket.clone()).bind(prefix);
    let mut work = call.work();
    let total = work.push(bind(count));
    let page = work.push(bind(select).bind(asked.limit.0).bind(asked.offset.0));
    let outcomes = work.run().await?;
    let documents = outcomes.rows(page).iter().map(store::document).collect::<Result<_>>()?;
    Ok(Json(Documents { documents, total: outcomes.one(total)?.get("total")? }))
}
