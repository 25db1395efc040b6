//! The refusals of the API. Each is made in one place, so that equal causes look alike.

use axum::http::StatusCode;
use policy::qnsp::{AddOn, Quota, Role, Service};
use serde_json::{Value, json};
use service::Error;

const QUOTA_EXCEEDED: &str = "QUOTA_EXCEEDED";

/// A token that gives nobody access. What is wrong with it is not said, besides that it has expired.
#[track_caller]
pub(crate) fn unauthorized(reason: &'static str) -> Error {
    Error::unauthorized("A valid bearer token is required").with_body(json!({ "reason": reason }))
}

#[track_caller]
pub(crate) fn invalid_token() -> Error {
    unauthorized("INVALID_TOKEN")
}

#[track_caller]
pub(crate) fn expired_token() -> Error {
    unauthorized("TOKEN_EXPIRED")
}

#[track_caller]
pub(crate) fn too_many(route: &str, limit: Option<i64>, seconds: u64) -> Error {
    Error::new(StatusCode::TOO_MANY_REQUESTS, "Too many calls in this minute")
        .with_retry_after(seconds)
        .with_body(json!({ "routeId": route, "limit": limit, "retryAfter": seconds }))
}

/// This caller may not do this to this object.
#[track_caller]
pub fn forbidden(message: &'static str, details: Value) -> Error {
    Error::new(StatusCode::FORBIDDEN, message).with_body(details)
}

#[track_caller]
pub(crate) fn tenant_mismatch() -> Error {
    forbidden("The call names another tenant than its token", json!({})).with_code("TENANT_MISMATCH")
}

const UNKNOWN_TENANT: &str = "NOT_FOUND";

#[track_caller]
pub(crate) fn unknown_tenant() -> Error {
    missing("No such tenant").with_code(UNKNOWN_TENANT)
}

pub(crate) fn is_unknown_tenant(error: &Error) -> bool {
    error.code() == Some(UNKNOWN_TENANT)
}

#[track_caller]
pub(crate) fn suspended() -> Error {
    forbidden("The tenant is suspended", json!({ "control": "suspended" }))
}

#[track_caller]
pub(crate) fn role_too_low(required: Role, actual: Option<Role>) -> Error {
    let details = json!({ "required": required.as_str(), "actual": actual.map(Role::rank_name) });
    let message = match required {
        // An owner is refused as well.
        Role::Service => "Only a program, with the role service, or an operator may do this",
        _ => "The role of the token is too low",
    };
    forbidden(message, details)
}

/// The tier is filled in once it has been read.
#[track_caller]
pub(crate) fn not_entitled(service: Service, tier: Option<&str>) -> Error {
    let details = json!({ "control": "entitlements", "feature": service.feature(), "tier": tier });
    forbidden("The tenant's tier does not include this service", details)
}

#[track_caller]
pub(crate) fn add_on_missing(add_on: AddOn) -> Error {
    forbidden("The tenant does not have this add-on", json!({ "control": "addon", "addOn": add_on.as_str() }))
}

/// `used` and `limit` are filled in once they have been read.
#[track_caller]
pub(crate) fn quota_exceeded(resource: Quota, used: Option<i64>, limit: Option<i64>) -> Error {
    let details = json!({ "resource": resource.as_str(), "used": used, "limit": limit });
    forbidden("The quota is used up", details).with_code(QUOTA_EXCEEDED)
}

/// Unknown, or another tenant's.
#[track_caller]
pub fn missing(message: &'static str) -> Error {
    Error::not_found(message)
}

#[track_caller]
pub fn conflict(message: &'static str) -> Error {
    Error::conflict(message)
}

/// Well-formed, but impossible: 422 with the reason at its field.
#[track_caller]
pub fn impossible(field: &str, reason: &'static str) -> Error {
    impossible_fields(vec![(field.to_owned(), reason)])
}

/// The same of several fields.
#[track_caller]
pub fn impossible_fields(faults: Vec<(String, &'static str)>) -> Error {
    let sentences: Vec<_> = faults.iter().map(|(field, reason)| format!("{field} {reason}")).collect();
    let details = faults.into_iter().map(|(field, reason)| (field, Value::from(reason))).collect();
    Error::new(StatusCode::UNPROCESSABLE_ENTITY, sentences.join("; ")).with_body(Value::Object(details))
}
