//! How each API answers what is no success: its schema, what each status means, and an example.

use axum::http::StatusCode;
use serde_json::{Value, json};

/// The shape of an API's refusals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    Signed,
    Config,
    Portal,
    Qnsp,
}

/// The schemas that every refusal of an API has; `Error` is the one that answers name.
pub fn schemas(shape: Shape) -> Value {
    match shape {
        Shape::Signed => json!({ "Error": {
            "type": "object",
            "required": ["statusCode", "error", "message"],
            "properties": {
                "statusCode": { "type": "integer", "minimum": 400, "maximum": 599, "description": "The HTTP status" },
                "error": { "type": "string", "description": "Its reason phrase" },
                "message": { "type": "string", "description": "What to do about it" },
            },
        } }),
        Shape::Config => json!({ "Error": {
            "type": "object",
            "required": ["error"],
            "properties": { "error": { "type": "string", "description": "What is wrong" } },
        } }),
        Shape::Portal => json!({
            "Error": { "oneOf": [
                { "$ref": "#/components/schemas/Refusal" }, { "$ref": "#/components/schemas/RefusedFields" },
            ] },
            "Refusal": {
                "type": "object",
                "required": ["message"],
                "properties": {
                    "message": { "type": "string", "description": "What is wrong" },
                    "status": { "type": "integer", "description": "Of the developer who may not log in" },
                },
            },
            "RefusedFields": {
                "type": "object",
                "required": ["fields", "code"],
                "properties": {
                    "fields": {
                        "type": "object",
                        "additionalProperties": true,
                        "description": "A text for each field at fault; for one that has fields of its own, an object of such texts",
                    },
                    "code": { "type": "integer", "enum": [2, 5], "description": "2 for a wrong field, 5 for one that is taken" },
                },
            },
        }),
        Shape::Qnsp => json!({ "Error": {
            "type": "object",
            "required": ["statusCode", "error", "message", "details", "requestId", "timestamp"],
            "properties": {
                "statusCode": { "type": "integer", "minimum": 400, "maximum": 599, "description": "The HTTP status" },
                "error": { "type": "string", "description": "The word for it, such as TENANT_MISMATCH" },
                "message": { "type": "string", "description": "What is wrong" },
                "details": {
                    "type": "object",
                    "additionalProperties": true,
                    "description": "The reason of each field at fault by its path, or more about the refusal",
                },
                "requestId": { "type": "string", "format": "uuid", "description": "As in the header x-request-id" },
                "timestamp": { "type": "string", "format": "date-time" },
            },
        } }),
    }
}

/// The statuses of refusals that operations document.
const STATUSES: [u16; 12] = [400, 401, 403, 404, 409, 410, 412, 413, 422, 429, 500, 503];

/// `NotFound`, for the answer that operations refer to.
pub fn name(status: StatusCode) -> String {
    status.canonical_reason().unwrap().replace(' ', "")
}

pub fn content(shape: Shape, status: StatusCode) -> Value {
    let schema = json!({ "$ref": "#/components/schemas/Error" });
    json!({ "application/json": { "schema": schema, "example": example(shape, status) } })
}

/// The answers that operations refer to, by their names.
pub fn common(shape: Shape) -> Value {
    let mut all = json!({
        // Of those that any request may get.
        "AnyRefusal": {
            "description": "What was sent cannot be taken: a header that is there twice, or a body that is too long",
            "content": content(shape, StatusCode::PAYLOAD_TOO_LARGE),
        },
        "Other": {
            "description": "Any other refusal or fault",
            "content": content(shape, StatusCode::INTERNAL_SERVER_ERROR),
        },
    });
    for status in STATUSES {
        let status = StatusCode::from_u16(status).unwrap();
        all[name(status)] = json!({ "description": meaning(shape, status), "content": content(shape, status) });
    }
    all
}

/// What a status means, where the operation itself says nothing about it.
fn meaning(shape: Shape, status: StatusCode) -> &'static str {
    match (status.as_u16(), shape) {
        (400, _) => "What was sent is not as this document says; the text names what is wrong",
        (401, Shape::Signed) => {
            "The licence is missing, unknown, disabled, expired or not allowed this, or the request was sent before"
        }
        (401, Shape::Portal) => "What proves who calls is missing, wrong or expired",
        (401, _) => "The token is missing, unknown, expired or revoked",
        (403, _) => "Whoever calls is known and may not do this",
        (404, _) => "There is no such thing, or none that the caller may see",
        (409, _) => "It is there already, or its state does not allow this",
        (410, _) => "It was there and is over",
        (412, _) => "It has another revision than `If-Match` names",
        (413, _) => "The body is too long",
        (422, _) => "What was sent can be read and cannot be done",
        (429, _) => "Too many attempts; `Retry-After` says in how many seconds to try again",
        (503, _) => "Something that this needs does not answer at the moment",
        (500, _) => "A fault of the service; its log says more",
        _ => panic!("say what {status} means"),
    }
}

/// An example of the refusal.
fn example(shape: Shape, status: StatusCode) -> Value {
    let number = status.as_u16();
    let message = message(shape, number);
    match shape {
        Shape::Signed => {
            json!({ "statusCode": number, "error": status.canonical_reason(), "message": message })
        }
        Shape::Config => json!({ "error": message }),
        Shape::Portal => match number {
            400 => json!({ "fields": { "email": model::portal::INVALID_EMAIL }, "code": 2 }),
            409 => json!({ "fields": { "name": "'Example' is taken" }, "code": 5 }),
            _ => json!({ "message": message }),
        },
        Shape::Qnsp => {
            let details = if number == 400 { json!({ "name": message }) } else { json!({}) };
            json!({
                "statusCode": number,
                "error": word(number),
                "message": message,
                "details": details,
                "requestId": "0b3f5f0e-6a52-4f0c-9a39-1f2c9d2f7a10",
                "timestamp": "2026-01-02T03:04:05.678Z",
            })
        }
    }
}

fn message(shape: Shape, status: u16) -> &'static str {
    match (status, shape) {
        (400, Shape::Qnsp) => "name must have 1 to 128 characters",
        (400, _) => "name is required",
        (401, Shape::Signed) => "Invalid or Unauthorized License",
        (401, Shape::Portal) => "Unauthorized",
        (401, _) => "The token is not valid",
        (403, Shape::Signed) => "This license may not do that",
        (403, _) => "This token may not do that",
        (404, _) => "Not found",
        (409, _) => "It is there already",
        (410, _) => "It is over",
        (412, _) => "It was changed meanwhile; read it again",
        (413, _) => "The body may have at most 1048576 bytes",
        (422, _) => "The state does not allow this",
        (429, _) => "Too many attempts; try again later",
        (503, _) => "Storage does not answer; try again",
        _ => "Something went wrong on our side; the log says what",
    }
}

/// The word of QNSP for a status, where an operation has no other.
fn word(status: u16) -> &'static str {
    match status {
        400 => "BAD_REQUEST",
        401 => "UNAUTHORIZED",
        403 => "FORBIDDEN",
        404 => "NOT_FOUND",
        409 => "CONFLICT",
        410 => "GONE",
        413 => "PAYLOAD_TOO_LARGE",
        422 => "UNPROCESSABLE_ENTITY",
        503 => "SERVICE_UNAVAILABLE",
        _ => "INTERNAL_ERROR",
    }
}
