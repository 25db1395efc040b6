//! What a monitoring asks at intervals: counts of recorded rows, in Prometheus' text format. Nothing is counted in memory, so
//! that every instance answers the same.

mod figures;
mod scrape;
mod text;

use std::sync::Arc;

use axum::Router;
use platform::Host;
use scrape::MetricsToken;
use service::{Access, App, Shape};

pub async fn app(host: Host) -> Router {
    let token = Arc::new(MetricsToken::load(host.vars.as_ref()).await);
    App::new(host).await.serve(routes().extension(token), Shape::Kosmos)
}

platform::export!(app);

service::operations! {
    scrape: {
        show_metrics => Access::MetricsToken;
    }
}
