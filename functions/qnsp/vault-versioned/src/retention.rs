//! How many versions of a secret are kept, and for how long.

use axum::{Json, http::StatusCode, response::Response};
use model::{
    faults::Faults,
    qnsp::vault::{SecretRetention, SecretRetentionApplied, SecretRetentionSet, SetSecretRetention},
    time::IsoTime,
};
use platform::Statement;
use policy::qnsp::duration;
use qnsp::{Call, Caller, Nothing, conflict, impossible};
use serde_json::json;
use service::Result;

use crate::store::{self, OfSecret};

/// The greatest number that D1 does not round.
const LONGEST: i64 = (1 << 53) - 1;

/// A retention policy that was checked.
pub(crate) struct Policy {
    shown: SecretRetention,
    /// Milliseconds.
    delete_after: Option<i64>,
}

impl Policy {
    /// `place` is in front of the names of the members.
    pub(crate) fn of(given: &SetSecretRetention, place: &str) -> Result<Self> {
        let shown = given.shown();
        let field = format!("{place}deleteAfter");
        let delete_after = match shown.delete_after.as_deref().map(duration::parse) {
            None => None,
            Some(None) => return Err(Faults::one(field, "must be an ISO 8601 duration, such as P90D").into()),
            Some(Some(0)) => return Err(impossible(&field, "must be longer than nothing")),
            Some(Some(length)) => Some(length.min(LONGEST)),
        };
        Ok(Self { shown, delete_after })
    }
}

/// Replaces the policy of a secret.
pub(crate) fn set(caller: &Caller, secret: &str, policy: &Policy) -> Statement {
    let update = Statement::new(
        "UPDATE qnsp_secrets SET retention = ?3, max_versions = ?4, delete_after = ?5, auto_destroy = ?6 \
         WHERE tenant_id = ?1 AND id = ?2",
    );
    let update = update.bind(caller.tenant()).bind(secret).bind(json!(policy.shown).to_string());
    update.bind(policy.shown.max_versions).bind(policy.delete_after).bind(policy.shown.auto_destroy)
}

/// Set the retention policy of a secret. It replaces the one before, and destroys nothing by itself.
#[utoipa::path(
    put, path = "/vault/v1/versioned-secrets/{secretId}/retention-policy", tag = "Vault", request_body = SetSecretRetention,
    params(("secretId" = String, Path)),
    responses(
        (status = 200, body = SecretRetentionSet), (status = 400), (status = 401), (status = 403), (status = 404),
        (status = 422),
    ),
)]
pub(crate) async fn set_secret_retention(
    call: Call<SetSecretRetention, Nothing, OfSecret>,
) -> Result<Json<SecretRetentionSet>> {
    let secret = call.path.secret_id.as_str();
    call.about(secret);
    let policy = Policy::of(&call.body, "")?;
    call.payload(json!(policy.shown));
    let mut work = call.work();
    work.require(store::secret_exists(&call, secret));
    work.push(set(&call, secret, &policy));
    work.run().await?;
    let updated_at = IsoTime(call.now);
    Ok(Json(SecretRetentionSet { secret_id: secret.to_owned(), retention_policy: policy.shown, updated_at }))
}

/// Enforce the retention policy of a secret: versions that it does not keep are destroyed.
#[utoipa::path(
    post, path = "/vault/v1/versioned-secrets/{secretId}/enforce-retention", tag = "Vault",
    params(("secretId" = String, Path)),
    responses(
        (status = 200, body = SecretRetentionApplied), (status = 400), (status = 401), (status = 403), (status = 404),
        (status = 409),
    ),
)]
pub(crate) async fn enforce_secret_retention(call: Call<Nothing, Nothing, OfSecret>) -> Result<Response> {
    let secret = call.path.secret_id.as_str();
    call.about(secret);
    let counts = "SELECT last_version - destroyed AS kept FROM qnsp_secrets WHERE tenant_id = ?1 AND id = ?2";
    let counts = || Statement::new(counts).bind(call.tenant()).bind(secret);
    let mut work = call.work();
    work.require(store::secret_exists(&call, secret));
    let refusal = conflict("The secret has no retention policy");
    work.require(store::of_secret(&call, secret, " AND retention IS NOT NULL", refusal));
    let before = work.push(counts());
    work.push(store::change(&call, secret).enforce_retention());
    let after = work.push(counts());
    let outcomes = work.run().await?;
    let (before, kept): (i64, i64) = (outcomes.one(before)?.get("kept")?, outcomes.one(after)?.get("kept")?);
    let applied = SecretRetentionApplied {
        secret_id: secret.to_owned(),
        versions_deleted: before - kept,
        versions_retained: kept,
    };
    call.answer(StatusCode::OK, &applied).await
}
