//! The public half of an API's service key: what callers encrypt their headers for.

mod keys;

use axum::Router;
use platform::Host;
use service::{Access, App, Shape};

pub async fn app(host: Host) -> Router {
    App::signed(host).await.serve(routes().under(&["/caas", "/licenses"]), Shape::Kosmos)
}

platform::export!(app);

service::operations! {
    keys: {
        show_public_key => Access::Anyone;
    }
}
