//! The Secret Store of Config & Consent, and the rotation of the root key that guards it.

mod root_key;
mod secrets;
mod store;

use axum::Router;
use platform::Host;
use service::{Access, Action, App, Shape};

pub async fn app(host: Host) -> Router {
    App::signed(host).await.serve(routes(), Shape::Kosmos)
}

platform::export!(app);

service::operations! {
    secrets: {
        fetch_secrets => Access::Licence(&[Action::FetchSecrets]), "secret.read";
        put_secret => Access::Licence(&[Action::PutSecret]), "secret.create";
        delete_secret => Access::Licence(&[Action::DeleteSecret]), "secret.delete";
    }
    root_key: {
        show_root_key => Access::Licence(&[Action::RotateRootKey]), "root-key.show";
        rewrap_data_keys => Access::Licence(&[Action::RotateRootKey]), "root-key.rewrap";
    }
}
