//! The answer about health.

use std::sync::Arc;

use axum::{
    Extension, Json as Answer,
    extract::{OriginalUri, State},
};
use model::system::{Health, HealthQuery};
use platform::Statement;
use service::{Api, App, Error, Query, Result, config};

use crate::readiness::Readiness;

/// Get whether the services work: 503 when the storage does not answer.
///
/// With `ready=true` the answer is 200 only when operations would succeed now: the storage takes a write and reads it
/// back, no migration is missing, and no required variable is missing or unusable. The 503 names what fails.
#[utoipa::path(
    get, path = "/healthz", tag = "System", params(HealthQuery),
    responses((status = 200, body = Health), (status = 400), (status = 503)),
)]
pub(crate) async fn show_health(
    State(app): State<App>,
    Extension(readiness): Extension<Arc<Readiness>>,
    Query(query): Query<HealthQuery>,
    OriginalUri(uri): OriginalUri,
) -> Result<Answer<Health>> {
    if query.ready {
        readiness.check(&app).await?;
    }
    let public_key = app.signing()?.public_key(Api::of(uri.path()))?.to_owned();
    // A table, not a constant: a database without the schema serves nobody.
    let probe = app.query(Statement::new("SELECT 1 FROM environment LIMIT 1")).await;
    probe.map_err(|error| Error::unavailable(error.reason()))?;
    let version = config::text(app.vars(), "VERSION", concat!(env!("CARGO_PKG_VERSION"), ".unversioned.0")).await;
    Ok(Answer(Health { status: "all services operational", public_key, code: "200", version }))
}
