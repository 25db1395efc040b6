//! Secrets and their versions as they are stored.

use axum::http::StatusCode;
use crypto::seal::DataKey;
use model::ids::SecretId;
use platform::{Row, Statement};
use qnsp::{Call, Caller, missing, secrets};
use serde::Deserialize;
use serde_json::value::RawValue;
use service::{Error, Guard, Result};
use zeroize::Zeroizing;

/// The path of an operation on a secret.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OfSecret {
    pub secret_id: SecretId,
}

/// A change that this call makes.
pub(crate) fn change<'a, B, Q, P>(call: &'a Call<B, Q, P>, secret: &'a str) -> secrets::Change<'a> {
    secrets::Change { tenant: call.tenant(), secret, by: call.user(), now: call.now }
}

/// A condition on a secret (`?2`) of the tenant (`?1`).
pub(crate) fn of_secret(caller: &Caller, secret: &str, condition: &str, refusal: Error) -> Guard {
    let exists = format!("EXISTS (SELECT 1 FROM qnsp_secrets WHERE tenant_id = ?1 AND id = ?2{condition})");
    Guard::new(exists, refusal).bind(caller.tenant()).bind(secret)
}

pub(crate) fn secret_exists(caller: &Caller, secret: &str) -> Guard {
    of_secret(caller, secret, "", missing("No such secret"))
}

/// A condition on a version (`?3`) of a secret (`?2`) of the tenant (`?1`).
pub(crate) fn of_version(caller: &Caller, secret: &str, version: i64, condition: &str, refusal: Error) -> Guard {
    let exists = format!(
        "EXISTS (SELECT 1 FROM qnsp_secret_versions WHERE tenant_id = ?1 AND secret_id = ?2 AND version = ?3{condition})"
    );
    Guard::new(exists, refusal).bind(caller.tenant()).bind(secret).bind(version)
}

pub(crate) fn version_exists(caller: &Caller, secret: &str, version: i64) -> Guard {
    of_version(caller, secret, version, "", missing("The secret has no such version"))
}

pub(crate) fn version_has_value(caller: &Caller, secret: &str, version: i64) -> Guard {
    let gone = Error::new(StatusCode::GONE, "The version is destroyed");
    of_version(caller, secret, version, " AND state <> 'destroyed'", gone)
}

pub(crate) fn select_version(caller: &Caller, secret: &str, version: i64) -> Statement {
    let select = Statement::new(
        "SELECT version, id, state, created_at, metadata, sealed_value FROM qnsp_secret_versions \
         WHERE tenant_id = ?1 AND secret_id = ?2 AND version = ?3",
    );
    select.bind(caller.tenant()).bind(secret).bind(version)
}

/// The value of a version that is not destroyed.
pub(crate) fn value(
    caller: &Caller,
    data_key: Option<&DataKey>,
    secret: &str,
    row: &Row,
) -> Result<Zeroizing<Vec<u8>>> {
    let data_key = data_key.ok_or_else(|| Error::internal("a secret without a data key"))?;
    let (id, sealed): (String, Vec<u8>) = (row.get("id")?, row.get("sealed_value")?);
    secrets::open(data_key, caller.tenant(), secret, &id, &sealed)
}

pub(crate) fn metadata(row: &Row) -> Result<Box<RawValue>> {
    RawValue::from_string(row.get("metadata")?).map_err(|_| Error::internal("metadata that are not JSON"))
}
