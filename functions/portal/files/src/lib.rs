//! The files of the portal's pages, for everybody or for those whom their front matter names. Operators put them there
//! by `portal-admin`, or with Kong's portal tool by the part of its Admin API in `kong`.

mod kong;
mod listing;
mod store;

use axum::Router;
use platform::Host;
use service::{Access, portal};

pub async fn app(host: Host) -> Router {
    portal::serve(host, routes()).await
}

platform::export!(app);

service::operations! {
    listing: {
        list_files => Access::Anyone;
    }
    kong: {
        list_workspace_files => Access::AdminToken, "file.list";
        get_workspace_file => Access::AdminToken, "file.read";
        put_workspace_file => Access::AdminToken, "file.put";
        delete_workspace_file => Access::AdminToken, "file.delete";
        get_workspace => Access::AdminToken, "portal.read";
        update_workspace => Access::AdminToken, "portal.switch";
    }
}
