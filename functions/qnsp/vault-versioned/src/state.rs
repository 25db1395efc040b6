//! A version is deprecated or destroyed. It never goes back.

use axum::Json;
use model::{
    qnsp::vault::{ChangeSecretState, SecretStateChanged, SecretTargetState},
    time::IsoTime,
};
use platform::Statement;
use qnsp::{Call, Nothing, conflict};
use serde_json::json;
use service::Result;

use crate::{read::OfVersion, store};

/// Deprecate or destroy a version. Destroying it erases its value.
#[utoipa::path(
    patch, path = "/vault/v1/versioned-secrets/{secretId}/versions/{version}/state", tag = "Vault",
    params(("secretId" = String, Path), ("version" = i64, Path, minimum = 1)), request_body = ChangeSecretState,
    responses(
        (status = 200, body = SecretStateChanged), (status = 400), (status = 401), (status = 403), (status = 404),
        (status = 409),
    ),
)]
pub(crate) async fn change_version_state(
    call: Call<ChangeSecretState, Nothing, OfVersion>,
) -> Result<Json<SecretStateChanged>> {
    let (secret, version, state) = (call.path.secret_id.as_str(), call.path.version.0, call.body.state);
    call.about(secret);
    call.payload(json!({ "version": version, "state": state, "reason": call.body.reason }));
    let (from, update) = match state {
        SecretTargetState::Deprecated => (
            "('active')",
            "UPDATE qnsp_secret_versions SET state = 'deprecated', changed_at = ?4, changed_by = ?5 \
             WHERE tenant_id = ?1 AND secret_id = ?2 AND version = ?3",
        ),
        SecretTargetState::Destroyed => (
            "('active', 'deprecated')",
            "UPDATE qnsp_secret_versions SET state = 'destroyed', sealed_value = NULL, changed_at = ?4, changed_by = ?5 \
             WHERE tenant_id = ?1 AND secret_id = ?2 AND version = ?3",
        ),
    };
    let mut work = call.work();
    work.require(store::version_exists(&call, secret, version));
    let refusal = conflict("A version is active, then deprecated, then destroyed, and never goes back");
    work.require(store::of_version(&call, secret, version, &format!(" AND state IN {from}"), refusal));
    let update = Statement::new(update).bind(call.tenant()).bind(secret).bind(version);
    work.push(update.bind(call.now).bind(call.user()));
    work.run().await?;
    Ok(Json(SecretStateChanged { secret_id: secret.to_owned(), version, state, updated_at: IsoTime(call.now) }))
}
