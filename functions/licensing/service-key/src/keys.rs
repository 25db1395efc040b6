//! The handlers of service keys. Every answer with a key holds its secret and is therefore never to be cached.

use axum::{Json as Answer, http::StatusCode};
use model::licensing::{
    CreateServiceKeyRequest, KeyQuery, ListedServiceKey, PageQuery, Paged, ServiceKey, UpdateServiceKeyRequest,
};
use policy::Action;
use service::{Audit, Error, Json, Query, Result, Signed, license_secret::LICENSING_TENANT};

use crate::{credentials, infra, store};

/// Get a key by its keyId or tag.
#[utoipa::path(
    get, path = "/licenses/servicekey", tag = "Service Key", params(KeyQuery),
    responses((status = 200, body = ServiceKey), (status = 400), (status = 401), (status = 404)),
)]
pub(crate) async fn get_service_key(signed: Signed, Query(query): Query<KeyQuery>) -> Result<Answer<ServiceKey>> {
    query.check().map_err(refused)?;
    let gate = signed.gate(Action::GetKey).target_key(&query.key_id);
    store::get(&signed.app, gate, &query.key_id).await.map(Answer)
}

/// Get the key that signs the request.
#[utoipa::path(
    get, path = "/licenses/servicekey/current", tag = "Service Key",
    responses((status = 200, body = ServiceKey), (status = 401)),
)]
pub(crate) async fn get_current_service_key(signed: Signed) -> Result<Answer<ServiceKey>> {
    let gate = signed.gate(Action::GetCurrentKey);
    if signed.is_infra() {
        gate.read(Vec::new()).await?;
        return Ok(Answer(infra::service_key(&signed)));
    }
    let outcomes = gate.read(vec![store::select_by_secret(signed.secret_hash())]).await?;
    let row = outcomes.first().and_then(|outcome| outcome.rows.first()).ok_or_else(Error::license)?;
    store::service_key(row, signed.license.to_string()).map(Answer)
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
    page.check().map_err(refused)?;
    let (total, keys) = store::list(&signed, &page).await?;
    Ok(Answer(Paged::new(&page, total, keys)))
}

/// Create a key.
#[utoipa::path(
    put, path = "/licenses/servicekey", tag = "Service Key", request_body = CreateServiceKeyRequest,
    responses((status = 200, body = ServiceKey), (status = 400), (status = 401)),
)]
pub(crate) async fn create_service_key(
    signed: Signed,
    Json(request): Json<CreateServiceKeyRequest>,
) -> Result<Answer<ServiceKey>> {
    request.check().map_err(refused)?;
    let expires_at = request.expires_at(signed.now).map_err(refused)?;
    let credentials = credentials::of(&request, signed.app.config().curve()?)?;
    infra::check_distinct(&signed, request.tag.as_str(), &credentials)?;

    let gate = signed.gate(Action::CreateKey).target_level(request.auth_level);
    let data_key = signed.app.data_keys().for_writing(&gate, LICENSING_TENANT).await?;
    let key = store::new_key(request, credentials, expires_at)?;
    let insert = store::insert(&signed, &data_key, &key)?;
    let audit = Audit::new(LICENSING_TENANT, "license.create", key.tag.as_str());
    let audit = audit.value(&data_key, key.key_secret.as_bytes()).detail("authLevel", key.auth_level.as_str());
    match gate.write(vec![insert], audit).await? {
        Ok(_) => Ok(Answer(key)),
        Err(error) if error.is_unique("service_keys.tag") => Err(taken("tag")),
        Err(error) if error.is_unique("service_keys.key_id") => Err(taken("keyId")),
        Err(error) if error.is_unique("service_keys.secret_hash") => Err(taken("keySecret")),
        Err(error) => Err(error.into()),
    }
}

/// Change a key: disabled, expiry, modules, description. It takes effect with the key's next request.
#[utoipa::path(
    patch, path = "/licenses/servicekey", tag = "Service Key", params(KeyQuery),
    request_body = UpdateServiceKeyRequest,
    responses((status = 200, body = ServiceKey), (status = 400), (status = 401), (status = 404)),
)]
pub(crate) async fn update_service_key(
    signed: Signed,
    Query(query): Query<KeyQuery>,
    Json(request): Json<UpdateServiceKeyRequest>,
) -> Result<Answer<ServiceKey>> {
    query.check().map_err(refused)?;
    request.check(signed.now).map_err(refused)?;
    let gate = signed.gate(Action::UpdateKey).target_key(&query.key_id);
    let audit = Audit::new(LICENSING_TENANT, "license.update", query.key_id.as_str());
    store::update(&signed, gate, &query.key_id, &request, audit).await.map(Answer)
}

/// Delete a key with its authorisations. A key cannot delete itself.
#[utoipa::path(
    delete, path = "/licenses/servicekey", tag = "Service Key", params(KeyQuery),
    responses((status = 204), (status = 400), (status = 401), (status = 404)),
)]
pub(crate) async fn delete_service_key(signed: Signed, Query(query): Query<KeyQuery>) -> Result<StatusCode> {
    query.check().map_err(refused)?;
    let gate = signed.gate(Action::DeleteKey).target_key(&query.key_id);
    let audit = Audit::new(LICENSING_TENANT, "license.delete", query.key_id.as_str());
    gate.write(store::delete(&query.key_id), audit).await??;
    Ok(StatusCode::NO_CONTENT)
}

fn refused(rule: model::ids::Invalid) -> Error {
    Error::bad_request(rule.0)
}

/// The refusal of a value that another key has.
pub(crate) fn taken(field: &str) -> Error {
    Error::bad_request(format!("A license key with this {field} exists; choose another {field}"))
}
