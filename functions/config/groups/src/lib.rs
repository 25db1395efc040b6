//! The Config API: groups and items of a project, their resolved values and their history. Tokens are administered by
//! the function `tokens`.

mod group_store;
mod groups;
mod history;
mod history_store;
mod item_store;
mod items;
mod list;
mod resolve;

use axum::Router;
use platform::Host;
use policy::config::Permission;
use service::{Access, App, Shape, Unparsed};

/// A body, which is parsed when the token has been found to hold.
type Body<T> = Unparsed<T, BODY_LIMIT>;

const BODY_LIMIT: usize = 10 * 1024 * 1024;

const READ: Access = Access::ConfigToken(Permission::Read);
const ADMIN: Access = Access::ConfigToken(Permission::Admin);

pub async fn app(host: Host) -> Router {
    App::new(host).await.serve(routes(), Shape::Cognipeer)
}

platform::export!(app);

service::operations! {
    groups: {
        list_groups => READ, "config-group.list";
        create_group => ADMIN, "config-group.create";
        get_group => READ, "config-group.read";
        update_group => ADMIN, "config-group.update";
        delete_group => ADMIN, "config-group.delete";
    }
    items: {
        list_group_items => READ, "config-item.list";
        create_item => ADMIN, "config-item.create";
        list_items => READ, "config-item.list";
        get_item => READ, "config-item.read";
        update_item => ADMIN, "config-item.update";
        delete_item => ADMIN, "config-item.delete";
    }
    resolve: {
        resolve_configs => ADMIN, "config-item.resolve";
    }
    history: {
        list_audit_logs => READ, "config-item.history";
        list_versions => READ, "config-item.history";
        restore_version => ADMIN, "config-item.restore";
    }
}
