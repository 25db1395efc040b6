//! Service keys, the licences of Licensing: read, list, create, update and delete them.
//! What a key may do in a community is the business of `key-authorization`.

mod credentials;
mod current;
mod infra;
mod keys;
mod store;

use std::sync::Arc;

use axum::Router;
use platform::Host;
use service::{Access, Action, App, Cached, Shape};

pub async fn app(host: Host) -> Router {
    let cached: Arc<current::OwnKeys> = Arc::new(Cached::new("own-keys"));
    App::signed(host).await.serve(routes().extension(cached), Shape::Kosmos)
}

platform::export!(app);

service::operations! {
    current: {
        get_current_service_key => Access::Licence(&[Action::GetCurrentKey]), "license.read-own";
    }
    keys: {
        get_service_key => Access::Licence(&[Action::GetKey]), "license.read";
        fetch_service_keys => Access::Licence(&[Action::ListKeys]), "license.list";
        create_service_key => Access::Licence(&[Action::CreateKey]), "license.create";
        update_service_key => Access::Licence(&[Action::UpdateKey]), "license.update";
        delete_service_key => Access::Licence(&[Action::DeleteKey]), "license.delete";
    }
}
