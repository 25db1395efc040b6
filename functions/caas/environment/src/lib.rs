//! The environment of a deployment: what it is, for everybody to read; its installation; and its communities.

mod community;
mod documents;
mod install;
mod show;
mod store;

use std::sync::Arc;

use axum::Router;
use platform::Host;
use service::{Access, Action, App, Cached, Shape, config};

pub async fn app(host: Host) -> Router {
    let name = show::EnvironmentName(config::text(host.vars.as_ref(), "ENVIRONMENT_NAME", "dev").await.into());
    let installation: Arc<show::CachedInstallation> = Arc::new(Cached::new("environment"));
    let routes = routes().extension(name).extension(installation);
    App::signed(host).await.serve(routes, Shape::Kosmos)
}

platform::export!(app);

service::operations! {
    show: {
        show_environment => Access::Anyone;
    }
    install: {
        install_environment => Access::Licence(&[Action::InstallEnvironment]), "environment.install";
    }
    community: {
        create_community => Access::Licence(&[Action::CreateCommunity]), "community.create";
    }
}
