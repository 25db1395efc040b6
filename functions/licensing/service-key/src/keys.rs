//! The handlers of service keys. Every answer with a key holds its secret, so nobody outside may keep it.

use std::sync::Arc;

use axum::{Extension, Json as Answer, http::StatusCode};
use model::licensing::{
    CreateServiceKeyRequest, KeyQuery, ListedServiceKey, PageQuery, Paged, ServiceKey, UpdateServiceKeyRequest,
};
use service::{Error, Json, Query, Result, Signed, license_secret::LICENSING_TENANT};

use crate::{
    credentials::{self, taken},
    current::OwnKeys,
    infra, store,
};

/// Get a key by its keyId or tag.
#[utoipa::path(
    get, path = "/licenses/servicekey", tag = "Service Key", params(KeyQuery),
    responses((status = 200, body = ServiceKey), (status = 400), (status = 401), (status = 404)),
)]
pub(crate) async fn get_service_key(signed: Signed, Query(query): Query<KeyQuery>) -> Result<Answer<ServiceKey>> {
    let key_id = query.key_id.as_str();
    let mut batch = signed.authorize()?.target_key(key_id).batch();
    batch.record_always(signed.audit(LICENSING_TENANT, key_id));
    let found = batch.push(store::select(key_id));
    let data_key = batch.read_data_key(LICENSING_TENANT);
    let outcomes = batch.write().await?;
    let row = outcomes.row(found).ok_or_else(missing)?;
    store::opened(row, outcomes.data_key(&data_key)?.as_deref()).map(Answer)
}

/// List the keys that the caller may see, oldest first.
#[utoipa::path(
    post, path = "/licenses/servicekey/fetch", tag = "Service Key", params(PageQuery),
    responses((status = 200, body = Paged<ListedServiceKey>), (status = 400), (status = 401)),
)]
pub(crate) async fn fetch_service_keys(
    signed: Signed,
    Query(page): Query<PageQuery>,
) -> Result<Answer<Paged<ListedServiceKey>>> {
    let mut batch = signed.authorize()?.batch();
    let audit = signed.audit(LICENSING_TENANT, "");
    batch.record_always(audit.detail("offset", page.offset()).detail("limit", page.limit()));
    let found = batch.push(store::select_visible(&signed, &page));
    let count = batch.push(store::count_visible(&signed));
    let data_key = batch.read_data_key(LICENSING_TENANT);
    let outcomes = batch.write().await?;
    let data_key = outcomes.data_key(&data_key)?;
    let listed = |row| store::opened(row, data_key.as_deref()).map(ListedServiceKey::from);
    let keys = outcomes.rows(found).iter().map(listed).collect::<Result<_>>()?;
    Ok(Answer(Paged::new(&page, outcomes.one(count)?.get("total")?, keys)))
}

/// Create a key.
#[utoipa::path(
    put, path = "/licenses/servicekey", tag = "Service Key", request_body = CreateServiceKeyRequest,
    responses((status = 200, body = ServiceKey), (status = 400), (status = 401)),
)]
pub(crate) async fn create_service_key(
    signed: Signed,
    Extension(cached): Extension<Arc<OwnKeys>>,
    Json(request): Json<CreateServiceKeyRequest>,
) -> Result<Answer<ServiceKey>> {
    let expires_at = request.expires_at(signed.now)?;
    let credentials = credentials::of(&request, signed.app.signing()?.curve()?)?;
    infra::check_distinct(&signed, request.tag.as_str(), &credentials)?;

    let mut batch = signed.authorize()?.target_level(request.auth_level()).batch();
    let data_key = batch.data_key(LICENSING_TENANT).await?;
    let key = store::new_key(request, credentials, expires_at)?;
    let created = batch.push(store::insert(&signed, &data_key, &key)?);
    let audit = signed.audit(LICENSING_TENANT, key.tag.as_str()).value(&data_key, key.key_secret.as_bytes());
    batch.record(audit.detail("authLevel", key.auth_level.into_str()), created);
    batch.on_duplicate("service_keys.tag", taken("tag"));
    batch.on_duplicate("service_keys.key_id", taken("keyId"));
    batch.on_duplicate("service_keys.secret_hash", taken("keySecret"));
    batch.write().await?;
    cached.forget_all();
    Ok(Answer(key))
}

/// Change a key: disabled, expiry, modules, description. It takes effect with the key's next request.
///
/// What may be answered by a copy may be as it was before for `CACHE_SECONDS` at most.
///
/// A key as it was answered may be sent back: what cannot be changed must be as it is, and what is not known is ignored.
#[utoipa::path(
    patch, path = "/licenses/servicekey", tag = "Service Key", params(KeyQuery),
    request_body = UpdateServiceKeyRequest,
    responses((status = 200, body = ServiceKey), (status = 400), (status = 401), (status = 404)),
)]
pub(crate) async fn update_service_key(
    signed: Signed,
    Extension(cached): Extension<Arc<OwnKeys>>,
    Query(query): Query<KeyQuery>,
    Json(request): Json<UpdateServiceKeyRequest>,
) -> Result<Answer<ServiceKey>> {
    let key_id = query.key_id.as_str();
    let mut batch = signed.authorize()?.target_key(key_id).batch();
    let updated = batch.push(store::update(&signed, key_id, &request)?);
    batch.record(signed.audit(LICENSING_TENANT, key_id), updated);
    let found = batch.push(store::select(key_id));
    let data_key = batch.read_data_key(LICENSING_TENANT);
    let outcomes = batch.write().await?;
    cached.forget_all();
    let row = outcomes.row(found).ok_or_else(missing)?;
    let key = store::opened(row, outcomes.data_key(&data_key)?.as_deref())?;
    if !outcomes.changed(updated) {
        request.check_against(&key, signed.now)?;
        return Err(Error::conflict("The key is being changed by others; try again"));
    }
    Ok(Answer(key))
}

/// Delete a key with its authorisations. A key cannot delete itself.
#[utoipa::path(
    delete, path = "/licenses/servicekey", tag = "Service Key", params(KeyQuery),
    responses((status = 204), (status = 400), (status = 401), (status = 404)),
)]
pub(crate) async fn delete_service_key(
    signed: Signed,
    Extension(cached): Extension<Arc<OwnKeys>>,
    Query(query): Query<KeyQuery>,
) -> Result<StatusCode> {
    let key_id = query.key_id.as_str();
    let mut batch = signed.authorize()?.target_key(key_id).batch();
    batch.push(store::delete_authorizations(key_id));
    let deleted = batch.push(store::delete(key_id));
    batch.record(signed.audit(LICENSING_TENANT, key_id), deleted);
    batch.write().await?;
    cached.forget_all();
    Ok(StatusCode::NO_CONTENT)
}

fn missing() -> Error {
    Error::not_found("No such license key")
}
