//! The answer to a scrape, for whoever has the token.

use std::sync::Arc;

use axum::{
    Extension,
    extract::State,
    http::{HeaderMap, HeaderName, header},
};
use crypto::hash;
use platform::{Vars, migrations};
use service::{Anonymous, App, Error, Result, config, nonces};

use crate::{figures, text::Exposition};

const CONTENT_TYPE: [(HeaderName, &str); 1] = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];

/// A shorter one is refused as none: it might be guessed.
const SHORTEST: usize = 16;

/// The hash of the token that is configured; `None` admits nobody.
pub(crate) struct MetricsToken(Option<[u8; 32]>);

impl MetricsToken {
    pub(crate) async fn load(vars: &dyn Vars) -> Self {
        let token = config::text(vars, "METRICS_TOKEN", "").await;
        if !token.is_empty() && token.len() < SHORTEST {
            platform::log::error(&format!("METRICS_TOKEN is unusable: it is shorter than {SHORTEST} characters"));
        }
        Self((token.len() >= SHORTEST).then(|| hash::sha256(&[token.as_bytes()])))
    }

    fn admits(&self, headers: &HeaderMap) -> bool {
        let presented = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let presented = presented.and_then(|value| value.split_once(' '));
        let token = presented.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, token)| token);
        let presented = token.map(|token| hash::sha256(&[token.as_bytes()]));
        self.0.zip(presented).is_some_and(|(own, presented)| hash::equal(&own, &presented))
    }
}

/// Get metrics of the deployment in Prometheus' text format.
///
/// They are counts of what is recorded in the database at this moment. Figures of processes, such as requests a second or
/// their duration, are those of the runtime.
#[utoipa::path(
    get, path = "/metrics", tag = "Chancery",
    responses((status = 200, body = String, content_type = "text/plain"), (status = 401)),
)]
pub(crate) async fn show_metrics(
    State(app): State<App>,
    Extension(token): Extension<Arc<MetricsToken>>,
    caller: Anonymous,
    headers: HeaderMap,
) -> Result<([(HeaderName, &'static str); 1], String)> {
    if !token.admits(&headers) {
        return Err(Error::unauthorized("Send METRICS_TOKEN of this deployment as a bearer token"));
    }
    let kept_from = nonces::kept_from(config::number(app.vars(), "ALLOWED_TIME_SPAN", 60).await, caller.now);
    let mut batch = caller.batch();
    let missing = batch.push(migrations::select_missing());
    let (counts, logs) =
        (batch.push(figures::select_counts(caller.now, kept_from)), batch.push(figures::select_logs()));
    let outcomes = batch.read().await?;
    let mut exposition = Exposition::default();
    let version = config::text(app.vars(), "VERSION", concat!(env!("CARGO_PKG_VERSION"), ".unversioned.0")).await;
    exposition.gauge("chancery_build_info", "The release that answered.").labelled("version", &version, 1);
    let missing = outcomes.rows(missing).len();
    exposition.gauge("chancery_migrations_missing", "Migrations that are not applied.").value(missing);
    figures::write_logs(outcomes.one(logs)?, &mut exposition)?;
    figures::write_counts(outcomes.one(counts)?, &mut exposition)?;
    Ok((CONTENT_TYPE, exposition.into_text()))
}
