//! Configuration of Config & Consent: one JSON document per context, read and changed by key paths, with its history.

mod access;
mod changes;
mod document;
mod handlers;
mod reads;

use std::sync::Arc;

use axum::Router;
use model::ids::KeyPath;
use platform::Host;
use service::{Access, App, Cached, Error, Path, Shape};
use utoipa::openapi::HttpMethod;

pub async fn app(host: Host) -> Router {
    // `fetch` and `history` are resources, and key paths like any other.
    let set = |name: &'static str| {
        async move |signed, cached, conditions, request| {
            let key_path = KeyPath::try_from(name.to_owned()).map_err(|error| Error::internal(error.0))?;
            handlers::set_config(signed, cached, Path(key_path), conditions, request).await
        }
    };
    let row = (Access::Licence(access::SET), Some("config.set"));
    let cached: Arc<handlers::Documents> = Arc::new(Cached::new("configuration"));
    let routes = routes().alias("/caas/config/fetch", HttpMethod::Put, row, set("fetch")).alias(
        "/caas/config/history",
        HttpMethod::Put,
        row,
        set("history"),
    );
    App::signed(host).await.serve(routes.extension(cached), Shape::Kosmos)
}

platform::export!(app);

service::operations! {
    handlers: {
        fetch_config => Access::Licence(access::FETCH), "config.fetch";
        set_config => Access::Licence(access::SET), "config.set";
        remove_config => Access::Licence(access::REMOVE), "config.remove";
        show_history => Access::Licence(access::FETCH), "config.fetch";
    }
}
