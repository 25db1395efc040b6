//! Health: whether the storage that every operation needs answers, and which version and key are in force; and
//! readiness, when that is asked for. On Spin it also answers every path that belongs to no function.

mod readiness;

use std::sync::Arc;

use axum::{Extension, Json as Answer, Router, extract::State, http::Uri, routing::get};
use model::system::{Health, HealthQuery};
use platform::{Host, Statement};
use readiness::Readiness;
use service::{Api, App, Error, Query, Result, Shape};

pub async fn app(host: Host) -> Router {
    App::new(host).await.serve(router(), Shape::Kosmos)
}

platform::export!(app);

pub fn router() -> Router<App> {
    Router::new()
        .route("/caas/healthz", get(show_health))
        .route("/licenses/healthz", get(show_health))
        .layer(Extension(Arc::new(Readiness::default())))
}

/// The operations of this function, for the OpenAPI document. Their paths are relative to each API that has them.
#[derive(utoipa::OpenApi)]
#[openapi(paths(show_health))]
pub struct Operations;

/// Whether the services work: 503 when the storage does not answer.
///
/// With `ready=true` the answer is 200 only when operations would succeed now: the storage takes a write and reads it
/// back, no migration is missing, and no required variable is missing or unusable. The 503 names what fails.
#[utoipa::path(
    get, path = "/healthz", tag = "System", params(HealthQuery),
    responses((status = 200, body = Health), (status = 400), (status = 503)),
)]
async fn show_health(
    State(app): State<App>,
    Extension(readiness): Extension<Arc<Readiness>>,
    Query(query): Query<HealthQuery>,
    uri: Uri,
) -> Result<Answer<Health>> {
    if query.ready {
        readiness.check(&app).await?;
    }
    let public_key = app.config().public_key(Api::of(uri.path()))?.to_owned();
    // A table, not a constant: a database without the schema serves nobody.
    let probe = app.sql().query(Statement::new("SELECT 1 FROM environment LIMIT 1")).await;
    probe.map_err(|error| Error::unavailable(format!("storage: {error}")))?;
    let version = app.config().version.clone();
    Ok(Answer(Health { status: "all services operational", public_key, code: "200", version }))
}
