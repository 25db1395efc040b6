//! Health: whether the storage that every operation needs answers, and which version and key are in force.
//! On Spin it also answers every path that belongs to no function.

use axum::{Json as Answer, Router, extract::State, http::Uri, routing::get};
use model::system::Health;
use platform::{Host, Statement};
use service::{Api, App, Error, Result, Shape};

pub async fn app(host: Host) -> Router {
    App::new(host).await.serve(router(), Shape::Kosmos)
}

platform::export!(app);

pub fn router() -> Router<App> {
    Router::new().route("/caas/healthz", get(show_health)).route("/licenses/healthz", get(show_health))
}

/// The operations of this function, for the OpenAPI document. Their paths are relative to each API that has them.
#[derive(utoipa::OpenApi)]
#[openapi(paths(show_health))]
pub struct Operations;

/// Whether the services work: 503 when the storage does not answer.
#[utoipa::path(get, path = "/healthz", tag = "System", responses((status = 200, body = Health), (status = 503)))]
async fn show_health(State(app): State<App>, uri: Uri) -> Result<Answer<Health>> {
    let public_key = app.config().public_key(Api::of(uri.path()))?.to_owned();
    // A table, not a constant: a database without the schema serves nobody.
    let probe = app.sql().query(Statement::new("SELECT 1 FROM environment LIMIT 1")).await;
    probe.map_err(|error| Error::unavailable(format!("storage: {error}")))?;
    let version = app.config().version.clone();
    Ok(Answer(Health { status: "all services operational", public_key, code: "200", version }))
}
