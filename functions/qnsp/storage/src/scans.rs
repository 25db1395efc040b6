//! Scans: asked for, and carried out by the reads that could show them.

use axum::{Json, http::StatusCode, response::Response};
use model::{
    ids::Uuid,
    qnsp::storage::{
        ByDataType, ByLevel, ClassificationScan, ClassificationStats, ScanQueued, StartClassificationScan,
    },
    time::IsoTime,
};
use platform::Statement;
use policy::qnsp::classification::LARGEST_TOGETHER;
use qnsp::{Call, Nothing, impossible, missing, new_id};
use serde::Deserialize;
use service::{Guard, Result};

use crate::{
    classify, expiry,
    store::{json_list, scope_lists},
};

/// When a scan is expected to have ended, in milliseconds after it was asked for.
const EXPECTED: i64 = 60_000;

/// The policies (`p`) of a scan: those that are named (`?2`), or all.
const NAMED: &str = "p.tenant_id = ?1 AND (?2 IS NULL OR p.id IN (SELECT value FROM json_each(?2)))";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OfScan {
    scan_id: Uuid,
}

/// Ask for a scan of the documents that there are. It has the rules that its policies have now.
#[utoipa::path(
    post, path = "/storage/v1/classification/scans", tag = "Storage", request_body = StartClassificationScan,
    responses(
        (status = 202, body = ScanQueued), (status = 400), (status = 401), (status = 403), (status = 404),
        (status = 422),
    ),
)]
pub(crate) async fn start_classification_scan(call: Call<StartClassificationScan>) -> Result<Response> {
    let (asked, id) = (&call.body, new_id()?);
    call.about(id.as_str());
    let [buckets, prefixes] = scope_lists(asked.scope.as_ref());
    let named = asked.policy_ids.as_ref().map(|ids| json_list(ids.0.iter().map(Uuid::as_str)));
    let mut work = call.work();
    let known = "NOT EXISTS (SELECT 1 FROM json_each(coalesce(?2, '[]')) n WHERE NOT EXISTS (SELECT 1 \
                 FROM qnsp_classification_policies p WHERE p.tenant_id = ?1 AND p.id = n.value))";
    let known = Guard::new(known, missing("There is no such classification policy"));
    work.require(known.bind(call.tenant()).bind(named.clone()));
    let some = Guard::new(
        "EXISTS (SELECT 1 FROM qnsp_classification_policies WHERE tenant_id = ?1)",
        impossible("policyIds", "there is no classification policy"),
    );
    work.require(some.bind(call.tenant()));
    let size = format!("(SELECT coalesce(sum(p.size), 0) FROM qnsp_classification_policies p WHERE {NAMED})");
    let fits = impossible("policyIds", "are policies whose patterns are too large together");
    let fits = Guard::new(format!("{size} <= ?3"), fits);
    work.require(fits.bind(call.tenant()).bind(named.clone()).bind(LARGEST_TOGETHER));
    let insert = Statement::new(format!(
        "INSERT INTO qnsp_classification_scans (tenant_id, id, created_at, buckets, prefixes, rules, size, status, cursor_at, \
         cursor_id, objects_scanned, objects_classified) SELECT ?1, ?3, ?4, ?5, ?6, json_group_array(json(r.value)), \
         {size}, 'queued', -1, '', 0, 0 FROM qnsp_classification_policies p, json_each(p.rules) r WHERE {NAMED}"
    ));
    let insert = insert.bind(call.tenant()).bind(named).bind(id.as_str()).bind(call.now);
    work.push(insert.bind(buckets).bind(prefixes));
    let queued = ScanQueued { scan_id: id, status: "queued", estimated_completion_at: IsoTime(call.now + EXPECTED) };
    work.commit(StatusCode::ACCEPTED, &queued).await
}

/// Show a scan. Each look carries it on.
#[utoipa::path(
    get, path = "/storage/v1/classification/scans/{scanId}", tag = "Storage", params(("scanId" = String, Path)),
    responses((status = 200, body = ClassificationScan), (status = 400), (status = 401), (status = 403), (status = 404)),
)]
pub(crate) async fn show_classification_scan(call: Call<Nothing, Nothing, OfScan>) -> Result<Json<ClassificationScan>> {
    let id = call.path.scan_id.as_str();
    call.about(id);
    expiry::sweep(&call).await?;
    classify::scan(&call, Some(id)).await?;
    let of_scan = "FROM qnsp_classification_scans WHERE tenant_id = ?1 AND id = ?2";
    let mut work = call.work();
    let exists = Guard::new(format!("EXISTS (SELECT 1 {of_scan})"), missing("No such scan"));
    work.require(exists.bind(call.tenant()).bind(id));
    let found = work.push(Statement::new(format!("SELECT * {of_scan}")).bind(call.tenant()).bind(id));
    let outcomes = work.run().await?;
    let row = outcomes.one(found)?;
    Ok(Json(ClassificationScan {
        scan_id: row.get("id")?,
        status: row.get("status")?,
        objects_scanned: row.get("objects_scanned")?,
        objects_classified: row.get("objects_classified")?,
        started_at: row.get::<Option<i64>>("started_at")?.map(IsoTime),
        completed_at: row.get::<Option<i64>>("completed_at")?.map(IsoTime),
    }))
}

/// Count the documents by classification and type of data. Scans that are pending are carried on beforehand.
#[utoipa::path(
    get, path = "/storage/v1/classification/stats", tag = "Storage",
    responses((status = 200, body = ClassificationStats), (status = 401), (status = 403)),
)]
pub(crate) async fn show_classification_stats(call: Call) -> Result<Json<ClassificationStats>> {
    // Most of the time nothing is to be done, which one read tells.
    let pending = Statement::new(format!("SELECT {} AS ends, {} AS tests", expiry::is_pending(), classify::IS_PENDING));
    let pending = call.app.query(pending.bind(call.tenant()).bind(call.now)).await?;
    let is_pending = |part: &str| pending.first().map_or(Ok(false), |row| row.get::<bool>(part));
    if is_pending("ends")? {
        expiry::sweep(&call).await?;
    }
    if is_pending("tests")? {
        classify::apply_policies(&call).await?;
        classify::scan(&call, None).await?;
    }
    let mut work = call.work();
    let select = "SELECT * FROM qnsp_document_totals WHERE tenant_id = ?1";
    let found = work.push(Statement::new(select).bind(call.tenant()));
    let outcomes = work.run().await?;
    let row = outcomes.row(found);
    let count = |column: &str| row.map_or(Ok(0), |row| row.get::<i64>(column));
    let by_level = ByLevel {
        public: count("public")?,
        internal: count("internal")?,
        confidential: count("confidential")?,
        restricted: count("restricted")?,
    };
    Ok(Json(ClassificationStats {
        total_objects: count("documents")?,
        classified_objects: by_level.public + by_level.internal + by_level.confidential + by_level.restricted,
        by_classification: by_level,
        by_data_type: ByDataType { pii: count("pii")?, phi: count("phi")?, pci: count("pci")? },
    }))
}
