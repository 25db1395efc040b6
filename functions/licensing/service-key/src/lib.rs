//! Service keys, the licences of Licensing: read, list, create, update and delete them.
//! What a key may do in a community is the business of `key-authorization`.

mod credentials;
mod infra;
mod keys;
mod store;

use axum::Router;
use platform::Host;
use service::{Access, Action, App, Shape};

pub async fn app(host: Host) -> Router {
    App::signed(host).await.serve(routes(), Shape::Kosmos)
}

platform::export!(app);

service::operations! {
    keys: {
        get_service_key => Access::Licence(&[Action::GetKey]), "license.read";
        get_current_service_key => Access::Licence(&[Action::GetCurrentKey]), "license.read-own";
        fetch_service_keys => Access::Licence(&[Action::ListKeys]), "license.list";
        create_service_key => Access::Licence(&[Action::CreateKey]), "license.create";
        update_service_key => Access::Licence(&[Action::UpdateKey]), "license.update";
        delete_service_key => Access::Licence(&[Action::DeleteKey]), "license.delete";
    }
}
