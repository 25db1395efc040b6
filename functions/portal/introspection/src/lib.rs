//! Is a credential good for a service? Asked by gateways at every call, so it is one storage round trip and nothing is
//! cached: what was revoked is refused at the next question. Credentials are made in `credentials` and `applications`.

mod introspect;
mod store;

use axum::Router;
use platform::Host;
use service::{Access, Action, App, Shape};

pub async fn app(host: Host) -> Router {
    App::signed(host).await.serve(routes(), Shape::Kong)
}

platform::export!(app);

service::operations! {
    introspect: {
        introspect => Access::Licence(&[Action::Introspect]), "portal.introspect";
    }
}
