//! Health: whether the storage that every operation needs answers, and which version and key are in force; and
//! readiness, when that is asked for. On Spin it also answers every path that belongs to no function.

mod due;
mod health;
mod readiness;

use std::sync::Arc;

use axum::Router;
use platform::Host;
use readiness::Readiness;
use service::{Access, App, Shape};

pub async fn app(host: Host) -> Router {
    let routes = routes().extension(Arc::new(Readiness::default())).under(&["/caas", "/licenses"]);
    App::signed(host).await.serve(routes, Shape::Kosmos)
}

platform::export!(app);

service::operations! {
    due: {
        show_due_work => Access::Anyone;
    }
    health: {
        show_health => Access::Anyone;
    }
}
