//! Policies of retention: how long documents are kept, and what follows.

use axum::{http::StatusCode, response::Response};
use model::{
    faults::Faults,
    qnsp::storage::{CreateStorageRetention, StorageRetentionCreated},
    time::IsoTime,
};
use platform::Statement;
use policy::qnsp::{classification, duration};
use qnsp::{Call, conflict, impossible, new_id};
use service::Result;

use crate::store::bucket_list;

/// The longest period, in milliseconds: with the time of a document it is a number that D1 does not round.
const LONGEST: i64 = 1 << 52;

/// Create a policy of retention. It keeps the documents that there are, too.
#[utoipa::path(
    post, path = "/storage/v1/retention/policies", tag = "Storage", request_body = CreateStorageRetention,
    responses(
        (status = 201, body = StorageRetentionCreated), (status = 400), (status = 401), (status = 403), (status = 409),
        (status = 422),
    ),
)]
pub(crate) async fn create_storage_retention(call: Call<CreateStorageRetention>) -> Result<Response> {
    let (policy, id) = (&call.body, new_id()?);
    call.about_named(id.as_str(), policy.name.as_str());
    let written = policy.period();
    let period = match duration::parse(&written) {
        None => return Err(Faults::one("retentionPeriod", "must be an ISO 8601 duration, such as P7Y").into()),
        Some(0) => return Err(impossible("retentionPeriod", "must be longer than nothing")),
        Some(period) => period.min(LONGEST),
    };
    let scope = policy.scope.as_ref();
    let buckets = bucket_list(scope.and_then(|scope| scope.buckets.as_ref()));
    let levels = scope.and_then(|scope| scope.classifications.as_ref());
    let levels = levels.iter().flat_map(|list| &list.0);
    let levels = levels.fold(0_i64, |sum, level| sum | 1 << classification::number(Some(*level)));
    let mut work = call.work();
    let insert = Statement::new(
        "INSERT INTO qnsp_storage_retention (tenant_id, id, created_at, name, retention_period, period, buckets, levels, \
         on_expiry, cursor_at, cursor_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, -1, '')",
    );
    let insert = insert.bind(call.tenant()).bind(id.as_str()).bind(call.now).bind(policy.name.as_str());
    work.push(insert.bind(written).bind(period).bind(buckets).bind(levels).bind(policy.actions.on_expiry as i64));
    work.on_duplicate("qnsp_storage_retention.name", conflict("Another retention policy of the tenant has this name"));
    let name = policy.name.as_str().to_owned();
    let created = StorageRetentionCreated { policy_id: id, name, created_at: IsoTime(call.now) };
    work.commit(StatusCode::CREATED, &created).await
}
