//! The service directory of Config & Consent: under which URL which service is found.

mod directory;
mod handlers;
mod store;

use std::sync::Arc;

use axum::Router;
use platform::Host;
use service::{Access, Action, App, Cached, Shape};

pub async fn app(host: Host) -> Router {
    let internal = Arc::new(handlers::InternalUrls::from_vars(host.vars.as_ref()).await);
    let overrides: Arc<store::CachedOverrides> = Arc::new(Cached::new("service-directory"));
    App::signed(host).await.serve(routes().extension(internal).extension(overrides), Shape::Kosmos)
}

platform::export!(app);

service::operations! {
    handlers: {
        show_directory => Access::Anyone;
        patch_directory => Access::Licence(&[Action::PatchDirectory]), "directory.patch";
    }
}
