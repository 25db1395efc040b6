//! Make, list and change tenants, and show their webhook secrets.

use axum::{Json as Answer, http::StatusCode};
use model::{
    ids::Uuid,
    qnsp::operators::{Tenant, TenantList, WebhookSecret},
    time::IsoTime,
};
use qnsp::NewTenant;
use serde::Deserialize;
use service::{Error, Guard, Json, Path, Query, Result, Signed};
use utoipa::IntoParams;

use crate::{
    bodies::{CreateTenant, UpdateTenant},
    names::TenantId,
    tenant_store as store,
};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListTenants {
    /// The `next` of the page before.
    after: Option<String>,
}

/// Make a tenant of the QNSP API, with a data key and a webhook secret.
#[utoipa::path(
    put, path = "/caas/qnsp/tenants", tag = "Chancery", request_body = CreateTenant,
    responses((status = 201, body = Tenant), (status = 400), (status = 401), (status = 409)),
)]
pub(crate) async fn create_qnsp_tenant(
    signed: Signed,
    Json(request): Json<CreateTenant>,
) -> Result<(StatusCode, Answer<Tenant>)> {
    let id = match &request.tenant_id {
        Some(id) => id.as_str().to_owned(),
        None => qnsp::new_id()?,
    };
    let (name, add_ons) = (request.name.0.as_str(), request.add_ons());
    let new = NewTenant {
        id: &id,
        name,
        admin_email: request.admin_email(),
        tier: request.tier(),
        add_ons: &add_ons,
        rate_limit: request.rate_limit(),
    };
    let (data_key, insert_key) = service::data_keys::generate(&signed.app, &id)?;
    let mut batch = signed.authorize()?.batch();
    let taken = || Error::conflict("A tenant with this id exists");
    // A data key that is there already would not be the one that seals the webhook secret.
    batch.require(store::has_no_data_key(&id, taken()));
    batch.push(insert_key);
    let created = batch.push(new.insert(&data_key, signed.now)?);
    batch.on_duplicate("qnsp_tenants.id", taken());
    let audit = signed.audit(id.as_str(), format!("tenant/{id}")).detail("name", name);
    batch.record(audit.detail("tier", new.tier.as_str()), created);
    batch.write().await?;
    let now = IsoTime(signed.now);
    let tenant = Tenant {
        name: name.to_owned(),
        tier: new.tier.as_str().to_owned(),
        add_ons: add_ons.iter().map(|add_on| add_on.as_str().to_owned()).collect(),
        rate_limit_per_minute: new.rate_limit,
        admin_email: new.admin_email.map(str::to_owned),
        suspended_at: None,
        created_at: now,
        updated_at: now,
        tenant_id: id,
    };
    Ok((StatusCode::CREATED, Answer(tenant)))
}

/// List the tenants of the QNSP API by their ids, a hundred at a time.
#[utoipa::path(
    get, path = "/caas/qnsp/tenants", tag = "Chancery", params(ListTenants),
    responses((status = 200, body = TenantList), (status = 401)),
)]
pub(crate) async fn list_qnsp_tenants(signed: Signed, Query(query): Query<ListTenants>) -> Result<Answer<TenantList>> {
    let mut batch = signed.authorize()?.batch();
    let found = batch.push(store::select_after(query.after.as_deref().unwrap_or_default()));
    store::tenant_list(batch.read().await?.rows(found)).map(Answer)
}

/// Change a tenant: name, tier, add-ons, rate limit, address, or whether it is suspended. It holds from the next call on.
#[utoipa::path(
    patch, path = "/caas/qnsp/tenants/{tenantId}", tag = "Chancery", params(("tenantId" = String, Path)),
    request_body = UpdateTenant,
    responses((status = 200, body = Tenant), (status = 400), (status = 401), (status = 404)),
)]
pub(crate) async fn update_qnsp_tenant(
    signed: Signed,
    Path(TenantId(id)): Path<TenantId>,
    Json(request): Json<UpdateTenant>,
) -> Result<Answer<Tenant>> {
    let mut batch = signed.authorize()?.batch();
    batch.require(exists(&id));
    let updated = batch.push(store::update(id.as_str(), &request, signed.now));
    let audit = signed.audit(id.as_str(), format!("tenant/{}", id.as_str()));
    batch.record(audit.detail("changes", request.changes()), updated);
    let found = batch.push(store::select(id.as_str()));
    store::tenant(batch.write().await?.one(found)?).map(Answer)
}

/// Show the key of a tenant's signed deliveries.
#[utoipa::path(
    get, path = "/caas/qnsp/tenants/{tenantId}/webhook-secret", tag = "Chancery", params(("tenantId" = String, Path)),
    responses((status = 200, body = WebhookSecret), (status = 400), (status = 401), (status = 404)),
)]
pub(crate) async fn show_qnsp_webhook_secret(
    signed: Signed,
    Path(TenantId(id)): Path<TenantId>,
) -> Result<Answer<WebhookSecret>> {
    let mut batch = signed.authorize()?.batch();
    batch.require(exists(&id));
    batch.record_always(signed.audit(id.as_str(), "webhook-secret"));
    let found = batch.push(store::select_webhook_secret(id.as_str()));
    let data_key = batch.read_data_key(id.as_str());
    let outcomes = batch.write().await?;
    let data_key = outcomes.data_key(&data_key)?.ok_or_else(|| Error::internal("a tenant without a data key"))?;
    let sealed: Vec<u8> = outcomes.one(found)?.get("sealed_webhook_secret")?;
    let secret = qnsp::open_webhook_secret(&data_key, id.as_str(), &sealed)?;
    let webhook_secret = std::str::from_utf8(&secret).map_err(|_| Error::internal("a webhook secret is not UTF-8"))?;
    Ok(Answer(WebhookSecret { webhook_secret: webhook_secret.to_owned().into() }))
}

pub(crate) fn exists(id: &Uuid) -> Guard {
    Guard::new("EXISTS (SELECT 1 FROM qnsp_tenants WHERE id = ?1)", Error::not_found("No tenant with this id"))
        .bind(id.as_str())
}
