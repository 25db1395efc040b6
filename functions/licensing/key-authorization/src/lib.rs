//! Authorisations of keys in communities: the licence check, list, add, update and remove.
//! The keys themselves are the business of `service-key`.

mod authorizations;
mod check;
mod store;

use std::sync::Arc;

use axum::Router;
use platform::Host;
use service::{Access, Action, App, Cached, Shape};

pub async fn app(host: Host) -> Router {
    let cached: Arc<check::Memberships> = Arc::new(Cached::new("memberships"));
    App::signed(host).await.serve(routes().extension(cached), Shape::Kosmos)
}

platform::export!(app);

service::operations! {
    check: {
        check_license => Access::Licence(&[Action::CheckLicense]), "license.check";
    }
    authorizations: {
        fetch_community_keys => Access::Licence(&[Action::ListCommunityKeys]), "authorization.list";
        add_to_community => Access::Licence(&[Action::AddToCommunity]), "authorization.add";
        update_in_community => Access::Licence(&[Action::PatchInCommunity]), "authorization.update";
        remove_from_community => Access::Licence(&[Action::RemoveFromCommunity]), "authorization.remove";
    }
}
