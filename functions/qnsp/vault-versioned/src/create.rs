//! A new version of a secret, which may be its first.

use axum::{http::StatusCode, response::Response};
use model::{
    qnsp::vault::{CreateSecretVersion, SecretVersionCreated},
    time::IsoTime,
};
use policy::qnsp::Role;
use qnsp::{
    Call, forbidden, new_id,
    secrets::{self, NewVersion},
};
use serde_json::json;
use service::{Guard, Result};

use crate::{
    retention::{self, Policy},
    store,
};

/// Create a version of a secret. It becomes the active one, and the active one before is deprecated.
#[utoipa::path(
    post, path = "/vault/v1/versioned-secrets", tag = "Vault", request_body = CreateSecretVersion,
    responses((status = 201, body = SecretVersionCreated), (status = 400), (status = 401), (status = 403), (status = 422)),
)]
pub(crate) async fn create_version(call: Call<CreateSecretVersion>) -> Result<Response> {
    let secret = call.body.secret_id.as_str();
    call.about(secret);
    let policy = call.body.retention_policy.as_ref();
    let policy = policy.map(|given| Policy::of(given, "retentionPolicy.")).transpose()?;
    let mut work = call.work();
    let data_key = work.data_key(call.tenant()).await?;
    let id = new_id()?;
    let sealed_value = secrets::seal(&data_key, call.tenant(), secret, &id, call.body.value.as_str().as_bytes())?;
    if policy.is_some() && !call.role().is_some_and(|role| role.is_at_least(Role::Admin)) {
        work.require(is_new(&call, secret));
    }
    work.require_place_of_secret(secret);
    let change = store::change(&call, secret);
    let counted = work.push(change.count_version());
    if let Some(policy) = &policy {
        work.push(retention::set(&call, secret, policy));
    }
    let metadata = call.body.metadata_for(call.user());
    for statement in change.add_version(NewVersion { id: &id, sealed_value, metadata: &metadata, restores: None }) {
        work.push(statement);
    }
    let outcomes = work.run().await?;
    let created = SecretVersionCreated {
        secret_id: secret.to_owned(),
        version: outcomes.one(counted)?.get("version")?,
        created_at: IsoTime(call.now),
    };
    call.answer(StatusCode::CREATED, &created).await
}

/// Whoever makes a secret says how it is kept; later only an administrator does.
fn is_new(call: &Call<CreateSecretVersion>, secret: &str) -> Guard {
    let details = json!({ "required": Role::Admin.as_str(), "actual": call.role().map(Role::rank_name) });
    let refusal = forbidden("Only an administrator changes the retention policy of a secret", details);
    let is_new = "NOT EXISTS (SELECT 1 FROM qnsp_secrets WHERE tenant_id = ?1 AND id = ?2)";
    Guard::new(is_new, refusal).bind(call.tenant()).bind(secret)
}
