//! The key that signs a request, shown to itself. It may be shown from a copy that this instance has read for the same
//! key. Copies never leave the instance and hold no secret: the one in the answer is the one that the caller presents.

use std::sync::Arc;

use axum::{
    Extension, Json as Answer,
    http::{HeaderName, header},
};
use model::licensing::ServiceKey;
use service::{Cached, Error, Freshness, Query, Result, Signed};

use crate::{infra, store};

/// Copies of keys without their secrets, by the hash of these; nothing for the infra licence, which is not stored.
pub(crate) type OwnKeys = Cached<Option<ServiceKey>>;

/// Get the key that signs the request.
///
/// The answer may be a copy that is not older than `CACHE_SECONDS`; the header `Age` says how old it is.
#[utoipa::path(
    get, path = "/licenses/servicekey/current", tag = "Service Key", params(Freshness),
    responses(
        (status = 200, body = ServiceKey, headers(("Age" = i64, description = "Seconds since it was read"))),
        (status = 400), (status = 401),
    ),
)]
pub(crate) async fn get_current_service_key(
    signed: Signed,
    Extension(cached): Extension<Arc<OwnKeys>>,
    Query(freshness): Query<Freshness>,
) -> Result<([(HeaderName, String); 1], Answer<ServiceKey>)> {
    let authorization = signed.authorize()?;
    let is_valid = |key: &Option<ServiceKey>| key.as_ref().is_none_or(|key| key.expiry.0 > signed.now);
    let find = async { cached.recall_here(&signed.app, signed.secret_hash()).filter(|(key, _)| is_valid(key)) };
    if let Some((key, age)) = authorization.answer_by_copy(&freshness, find).await {
        return Ok(answer(&signed, key.as_ref().as_ref(), age));
    }
    let mut batch = authorization.clone().batch();
    let found = batch.push(store::select_by_secret(signed.secret_hash()));
    let outcomes = batch.read().await?;
    let key = match signed.is_infra() {
        true => None,
        false => Some(store::service_key(outcomes.row(found).ok_or_else(Error::license)?, String::new())?),
    };
    authorization.remember_admission();
    let answer = answer(&signed, key.as_ref(), 0);
    let weight = key.as_ref().map_or(0, weight);
    cached.keep_here(&signed.app, signed.secret_hash(), signed.now, Arc::new(key), weight);
    Ok(answer)
}

fn answer(signed: &Signed, key: Option<&ServiceKey>, age: i64) -> ([(HeaderName, String); 1], Answer<ServiceKey>) {
    let key = match key {
        Some(key) => ServiceKey { key_secret: signed.license.to_string(), ..key.clone() },
        None => infra::service_key(signed),
    };
    ([(header::AGE, age.to_string())], Answer(key))
}

/// What a key takes in memory, in bytes.
fn weight(key: &ServiceKey) -> usize {
    key.id.len() + key.tag.len() + key.key_id.len() + key.description.len() + 2 * key.modules.to_json().len()
}
