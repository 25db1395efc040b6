//! Whether two versions have the same value, without showing it.

use axum::{http::StatusCode, response::Response};
use crypto::{hash, seal::DataKey};
use model::{
    qnsp::vault::{CompareSecretVersions, ComparedSecretVersion, ComparedSecretVersions},
    time::IsoTime,
};
use platform::Row;
use qnsp::{Call, Caller, Nothing};
use service::Result;
use zeroize::Zeroizing;

use crate::store::{self, OfSecret};

/// Compare two versions of a secret.
#[utoipa::path(
    post, path = "/vault/v1/versioned-secrets/{secretId}/compare", tag = "Vault", request_body = CompareSecretVersions,
    params(("secretId" = String, Path)),
    responses(
        (status = 200, body = ComparedSecretVersions), (status = 400), (status = 401), (status = 403), (status = 404),
        (status = 410),
    ),
)]
pub(crate) async fn compare_versions(call: Call<CompareSecretVersions, Nothing, OfSecret>) -> Result<Response> {
    let (secret, versions) = (call.path.secret_id.as_str(), [call.body.version1.0, call.body.version2.0]);
    let mut work = call.work();
    for version in versions {
        work.require(store::version_exists(&call, secret, version));
    }
    for version in versions {
        work.require(store::version_has_value(&call, secret, version));
    }
    let found = versions.map(|version| work.push(store::select_version(&call, secret, version)));
    let data_key = work.read_data_key(call.tenant());
    let outcomes = work.run().await?;
    let data_key = outcomes.data_key(&data_key)?;
    let [first, second] = found;
    let version1 = compared(&call, data_key.as_deref(), secret, outcomes.one(first)?)?;
    let version2 = compared(&call, data_key.as_deref(), secret, outcomes.one(second)?)?;
    let different = version1.hash != version2.hash;
    let compared = ComparedSecretVersions { secret_id: secret.to_owned(), version1, version2, different };
    call.answer(StatusCode::OK, &compared).await
}

fn compared(caller: &Caller, data_key: Option<&DataKey>, secret: &str, row: &Row) -> Result<ComparedSecretVersion> {
    let value = store::value(caller, data_key, secret, row)?;
    // `value` has opened, so there is a key.
    let hash = data_key.map(|key| key.audit_hash(&Zeroizing::new([b"secret-version\0".as_slice(), &value].concat())));
    Ok(ComparedSecretVersion {
        version: row.get("version")?,
        created_at: IsoTime(row.get("created_at")?),
        hash: hash.map(|hash| hash::hex(&hash)).unwrap_or_default(),
    })
}
