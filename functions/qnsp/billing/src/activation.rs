//! How an SDK begins: it learns its tenant and what the tier includes. Refusals have a shape of their own.

use axum::{
    Json,
    body::to_bytes,
    extract::Request,
    http::{StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use model::{
    qnsp::billing::{ActivateSdk, SdkActivated, SdkLimits, SdkRefused},
    time::IsoTime,
};
use platform::{Statement, random};
use policy::qnsp::Tier;
use qnsp::Call;
use serde::Deserialize;
use service::{Error, Result};

const PATH: &str = "/billing/v1/sdk/activate";

/// How long an activation is good.
const SECONDS: i64 = 3600;

/// A refusal of the pipeline is short.
const MOST_BYTES: usize = 64 * 1024;

/// Tell an SDK its tenant and what the tier includes.
#[utoipa::path(
    post, path = "/billing/v1/sdk/activate", tag = "Billing", request_body = ActivateSdk,
    responses(
        (status = 200, body = SdkActivated),
        (status = 400),
        (
            status = 401, body = SdkRefused, description = "The key is missing, unknown, expired or revoked",
            example = json!({ "activated": false, "error": "The token is not valid", "code": "INVALID_API_KEY" }),
        ),
        (
            status = 403, body = SdkRefused, description = "The tenant is suspended",
            example = json!({ "activated": false, "error": "This tenant is suspended", "code": "ACCOUNT_SUSPENDED" }),
        ),
    ),
)]
pub(crate) async fn activate_sdk(call: Call<ActivateSdk>) -> Result<Response> {
    let mut work = call.work();
    let found = work.push(Statement::new("SELECT tier FROM qnsp_tenants WHERE id = ?1").bind(call.tenant()));
    let outcomes = work.run().await?;
    let tier = Tier::parse(&outcomes.one(found)?.get::<String>("tier")?);
    let tier = tier.ok_or_else(|| Error::internal("a tier that is not known"))?;
    let activated = SdkActivated {
        activated: true,
        tenant_id: call.tenant().to_owned(),
        tier: tier.as_str(),
        limits: limits(tier),
        activation_token: crypto::hash::hex(&random::bytes::<32>()?),
        expires_in_seconds: SECONDS,
        activated_at: IsoTime(call.now),
    };
    call.answer(StatusCode::OK, &activated).await
}

fn limits(tier: Tier) -> SdkLimits {
    let terms = tier.terms();
    SdkLimits {
        storage_gb: terms.storage_gb,
        api_calls: terms.api_calls,
        enclaves_enabled: tier.enclaves_enabled(),
        ai_training_enabled: tier.ai_training_enabled(),
        ai_inference_enabled: tier.ai_inference_enabled(),
        sse_enabled: tier.sse_enabled(),
        vault_enabled: true,
    }
}

/// The layer around the function: refusals of this operation that SDKs know are written as they know them.
pub(crate) async fn write_refusals(request: Request, next: Next) -> Response {
    let is_activation = request.uri().path() == PATH;
    let response = next.run(request).await;
    if !is_activation || response.status().is_success() {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let bytes = to_bytes(body, MOST_BYTES).await.unwrap_or_default();
    let refusal = serde_json::from_slice::<Refusal>(&bytes).unwrap_or_default();
    let Some(code) = code(parts.status, &refusal) else { return (parts, bytes).into_response() };
    parts.headers.remove(header::CONTENT_LENGTH);
    let refused = SdkRefused { activated: false, error: refusal.message, code };
    (parts, Json(refused)).into_response()
}

/// What is needed of a refusal of the pipeline.
#[derive(Default, Deserialize)]
struct Refusal {
    message: String,
    details: Details,
}

#[derive(Default, Deserialize)]
struct Details {
    control: Option<String>,
}

fn code(status: StatusCode, refusal: &Refusal) -> Option<&'static str> {
    match status {
        StatusCode::UNAUTHORIZED => Some("INVALID_API_KEY"),
        StatusCode::FORBIDDEN if refusal.details.control.as_deref() == Some("suspended") => Some("ACCOUNT_SUSPENDED"),
        StatusCode::TOO_MANY_REQUESTS => Some("RATE_LIMITED"),
        StatusCode::SERVICE_UNAVAILABLE => Some("SERVICE_UNAVAILABLE"),
        _ => None,
    }
}
