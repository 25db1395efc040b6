//! An earlier value becomes the active one again, as a new version.

use axum::{http::StatusCode, response::Response};
use model::qnsp::{
    Text,
    vault::{RollBackSecret, SecretRolledBack},
};
use platform::Statement;
use qnsp::{
    Call, Nothing, conflict, new_id,
    secrets::{self, NewVersion},
};
use serde_json::json;
use service::{Error, Guard, Result};

use crate::store::{self, OfSecret};

type Rollback = Call<RollBackSecret, Nothing, OfSecret>;

/// Roll a secret back. A new version with the value of an earlier one becomes the active one.
#[utoipa::path(
    post, path = "/vault/v1/versioned-secrets/{secretId}/rollback", tag = "Vault", request_body = RollBackSecret,
    params(("secretId" = String, Path)),
    responses(
        (status = 200, body = SecretRolledBack), (status = 400), (status = 401), (status = 403), (status = 404), (status = 409),
        (status = 410),
    ),
)]
pub(crate) async fn roll_back_secret(call: Rollback) -> Result<Response> {
    let (secret, target) = (call.path.secret_id.as_str(), call.body.target_version.0);
    call.about(secret);
    call.payload(json!({ "targetVersion": target }));
    let mut look = call.look();
    for guard in guards(&call) {
        look.require(guard);
    }
    let found = look.push(store::select_version(&call, secret, target));
    let data_key = look.read_data_key(call.tenant());
    let outcomes = look.run().await?;
    let data_key = outcomes.data_key(&data_key)?.ok_or_else(|| Error::internal("a secret without a data key"))?;
    let value = store::value(&call, Some(&data_key), secret, outcomes.one(found)?)?;
    let id = new_id()?;
    let sealed_value = secrets::seal(&data_key, call.tenant(), secret, &id, &value)?;
    let metadata = match call.body.reason.as_ref().map(Text::as_str) {
        Some(reason) => json!({ "changedBy": call.user(), "reason": reason }),
        None => json!({ "changedBy": call.user() }),
    };
    let mut work = call.work();
    for guard in guards(&call) {
        work.require(guard);
    }
    let before = "SELECT coalesce(active_version, 0) AS version FROM qnsp_secrets WHERE tenant_id = ?1 AND id = ?2";
    let before = work.push(Statement::new(before).bind(call.tenant()).bind(secret));
    let change = store::change(&call, secret);
    let counted = work.push(change.count_version());
    let metadata = metadata.to_string();
    let version = NewVersion { id: &id, sealed_value, metadata: &metadata, restores: Some(target) };
    for statement in change.add_version(version) {
        work.push(statement);
    }
    let outcomes = work.run().await?;
    let rolled_back = SecretRolledBack {
        secret_id: secret.to_owned(),
        new_version: outcomes.one(counted)?.get("version")?,
        rolled_back_from: outcomes.one(before)?.get("version")?,
        rolled_back_to: target,
    };
    call.answer(StatusCode::OK, &rolled_back).await
}

/// In the order in which they are answered.
fn guards(call: &Rollback) -> [Guard; 3] {
    let (secret, target) = (call.path.secret_id.as_str(), call.body.target_version.0);
    let refusal = conflict("The version is the active one");
    [
        store::version_exists(call, secret, target),
        store::version_has_value(call, secret, target),
        store::of_version(call, secret, target, " AND state <> 'active'", refusal),
    ]
}
