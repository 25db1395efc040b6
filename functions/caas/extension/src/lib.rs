//! Extensions of browsers: activate, deactivate, show the status.

mod activator;
mod extensions;
mod introspection;
mod store;

use std::sync::Arc;

use axum::Router;
use platform::Host;
use service::{Access, Action, App, Shape};

use crate::introspection::Introspection;

pub async fn app(host: Host) -> Router {
    let introspection = Introspection::from_vars(host.vars.as_ref()).await.map(Arc::new);
    App::signed(host).await.serve(routes().extension(introspection), Shape::Kosmos)
}

platform::export!(app);

service::operations! {
    extensions: {
        activate_extension => Access::TokenOrLicence(Action::ActivateExtension), "extension.activate";
        deactivate_extension => Access::Licence(&[Action::DeactivateExtension]), "extension.deactivate";
        show_extension => Access::Licence(&[Action::ShowExtension]), "extension.status";
    }
}
