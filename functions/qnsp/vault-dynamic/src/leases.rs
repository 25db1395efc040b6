//! The leases of a configuration.

use axum::Json;
use model::qnsp::dynamic_secrets::Leases;
use qnsp::{AskPage, Call, Nothing, leases::Due};
use service::Result;

use crate::{
    config_store::{OfConfig, config_exists},
    lease_store,
};

/// List the leases of a configuration, newest first.
#[utoipa::path(
    get, path = "/vault/v1/dynamic-secrets/configs/{configId}/leases", tag = "Vault",
    params(("configId" = String, Path), AskPage),
    responses((status = 200, body = Leases), (status = 400), (status = 401), (status = 403), (status = 404)),
)]
pub(crate) async fn list_leases(call: Call<Nothing, AskPage, OfConfig>) -> Result<Json<Leases>> {
    let (config, page) = (call.path.config_id.as_str(), call.query);
    let mut work = call.work();
    work.require(config_exists(&call, config));
    let due = work.push(Due::select(&call, config));
    let found = work.push(lease_store::select_page(&call, config, page.limit.0, page.offset.0));
    let outcomes = work.run().await?;
    Due::of(outcomes.one(due)?)?.do_later(&call, config);
    Ok(Json(Leases { leases: outcomes.rows(found).iter().map(lease_store::in_page).collect::<Result<_>>()? }))
}
