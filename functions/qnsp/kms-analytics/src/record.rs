//! Applications tell which keys they have used.

use axum::{http::StatusCode, response::Response};
use model::{
    qnsp::{
        Text,
        kms::{RecordUse, UseRecorded},
    },
    time::IsoTime,
};
use policy::qnsp::Algorithm;
use qnsp::{
    Call, DAY, impossible,
    key_usage::{Application, KeyUse, record_use},
};
use service::Result;

/// How long ago a use may be.
const OLDEST: i64 = 30 * DAY;

/// Record a use of a key by an application. The alert rules of the key are looked at.
#[utoipa::path(
    post, path = "/kms/v1/analytics/applications/record", tag = "KMS", request_body = RecordUse,
    responses((status = 201, body = UseRecorded), (status = 400), (status = 401), (status = 403), (status = 422)),
)]
pub(crate) async fn record_key_use(call: Call<RecordUse>) -> Result<Response> {
    let told = &call.body;
    let at = told.timestamp.map_or(call.now, |time| time.0);
    if at > call.now {
        return Err(impossible("timestamp", "must not be in the future"));
    }
    if at < call.now - OLDEST {
        return Err(impossible("timestamp", "must not be more than 30 days ago"));
    }
    call.about(told.key_id.as_str());
    let algorithm = told.algorithm.as_ref().map(|name| Algorithm::of(name.as_str()));
    let mut work = call.work();
    let application =
        Application { id: told.application_id.as_str(), name: told.application_name.as_ref().map(Text::as_str) };
    let of = KeyUse {
        key: told.key_id.as_str(),
        application: Some(application),
        operation: told.operation,
        bytes: told.bytes_processed.map_or(0, |bytes| bytes.0),
        is_success: told.success.unwrap_or(true),
        at,
        algorithm: algorithm.as_ref(),
    };
    record_use(&mut work, &of);
    work.commit(StatusCode::CREATED, &UseRecorded { recorded: true, timestamp: IsoTime(at) }).await
}
