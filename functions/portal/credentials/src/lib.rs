//! Credentials that developers make for themselves: keys, and what tokens are verified with. Whether one is good for a
//! service is judged in `introspection`; those of applications are in `applications`.

mod jwt;
mod jwt_store;
mod key_auth;
mod key_store;

use axum::Router;
use platform::Host;
use serde::Deserialize;
use service::{
    Access, Result,
    portal::{self, Page, SortColumn, Sorted},
};

pub async fn app(host: Host) -> Router {
    portal::serve(host, routes()).await
}

platform::export!(app);

service::operations! {
    key_auth: {
        list_key_auth => Access::Session, "key-auth.list";
        create_key_auth => Access::Session, "key-auth.create";
        get_key_auth => Access::Session, "key-auth.read";
        update_key_auth => Access::Session, "key-auth.update";
        delete_key_auth => Access::Session, "key-auth.delete";
    }
    jwt: {
        list_jwt => Access::Session, "jwt.list";
        create_jwt => Access::Session, "jwt.create";
        get_jwt => Access::Session, "jwt.read";
        update_jwt => Access::Session, "jwt.update";
        delete_jwt => Access::Session, "jwt.delete";
    }
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// created_at or key
    sort_by: Option<String>,
    /// true for the last first
    sort_desc: Option<String>,
    /// Those only whose key contains this, whatever the case
    key: Option<String>,
}

impl ListQuery {
    fn key(&self) -> Option<&str> {
        self.key.as_deref().filter(|key| !key.is_empty())
    }

    fn sorted(&self, page: Page, columns: &[SortColumn], path: &str) -> Result<Sorted> {
        let asked = [
            ("sort_by", self.sort_by.as_deref()),
            ("sort_desc", self.sort_desc.as_deref()),
            ("key", self.key.as_deref()),
        ];
        Sorted::new(page, columns, path, &asked)
    }
}
