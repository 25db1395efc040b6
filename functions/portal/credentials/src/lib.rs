//! Credentials that developers make for themselves: keys, and what tokens are verified with. Whether one is good for a
//! service is judged in `introspection`; those of applications are in `applications`.

mod jwt;
mod jwt_store;
mod key_auth;
mod key_store;

use axum::{Router, routing::get};
use platform::Host;
use serde::Deserialize;
use service::{
    App, Result,
    portal::{self, PageQuery, SortColumn, Sorted},
};

pub async fn app(host: Host) -> Router {
    portal::serve(host, router()).await
}

platform::export!(app);

fn router() -> Router<App> {
    Router::new()
        .route("/credentials/key-auth", get(key_auth::list_key_auth).post(key_auth::create_key_auth))
        .route(
            "/credentials/key-auth/{id}",
            get(key_auth::get_key_auth).patch(key_auth::update_key_auth).delete(key_auth::delete_key_auth),
        )
        .route("/credentials/jwt", get(jwt::list_jwt).post(jwt::create_jwt))
        .route("/credentials/jwt/{id}", get(jwt::get_jwt).patch(jwt::update_jwt).delete(jwt::delete_jwt))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// How many at most, 100 if not given
    size: Option<String>,
    /// The offset of the page before
    offset: Option<String>,
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

    fn sorted(&self, columns: &[SortColumn], path: &str) -> Result<Sorted> {
        let page = PageQuery { size: self.size.clone(), offset: self.offset.clone() };
        let asked = [
            ("sort_by", self.sort_by.as_deref()),
            ("sort_desc", self.sort_desc.as_deref()),
            ("key", self.key.as_deref()),
        ];
        Sorted::new(&page, columns, path, &asked)
    }
}

/// The operations of this function, for the OpenAPI document.
#[derive(utoipa::OpenApi)]
#[openapi(paths(
    key_auth::list_key_auth,
    key_auth::create_key_auth,
    key_auth::get_key_auth,
    key_auth::update_key_auth,
    key_auth::delete_key_auth,
    jwt::list_jwt,
    jwt::create_jwt,
    jwt::get_jwt,
    jwt::update_jwt,
    jwt::delete_jwt,
))]
pub struct Operations;
