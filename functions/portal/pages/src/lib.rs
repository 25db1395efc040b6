//! The pages of the developer portal: static files, and one document that shows the page its address names.
//! Everything they know they ask the portal's API for, from the browser; nothing is decided here.

use assets::Site;
use axum::{
    Router,
    extract::Path,
    http::{HeaderMap, StatusCode},
    response::{Redirect, Response},
    routing::get,
};
use platform::Host;

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// Where the pages live. The rest of `/portal`, and the origin's root, belong to the API.
const HOME: &str = "/portal/ui/";

/// The pages that there are, as their address says after `HOME`; `app.js` holds what each shows.
pub const PAGES: &[&str] = &[
    "",
    "log-in",
    "register",
    "verify",
    "invalidate",
    "resend",
    "forgot-password",
    "reset-password",
    "applications",
    "application",
    "credentials",
    "services",
    "profile",
    "operator",
];

/// Nothing from elsewhere, nothing inline, no frame around it, and no text that becomes script.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'; \
                      require-trusted-types-for 'script'; trusted-types 'none'";

static SITE: Site = Site { assets: ASSETS, version: VERSION, policy: POLICY };

pub async fn app(_host: Host) -> Router {
    router()
}

platform::export!(app);

pub fn router() -> Router {
    SITE.serve(
        Router::new()
            .route("/", get(to_home))
            .route("/portal", get(to_home))
            .route("/portal/", get(to_home))
            .route("/portal/ui", get(to_home))
            .route("/portal/ui/", get(async |headers: HeaderMap| show_page("", &headers)))
            .route(
                "/portal/ui/{page}",
                get(async |Path(page): Path<String>, headers: HeaderMap| show_page(&page, &headers)),
            )
            .route("/portal/ui/assets/{version}/{file}", get(show_file))
            .fallback(async |headers: HeaderMap| show_page("no such page", &headers)),
    )
}

async fn to_home() -> Redirect {
    Redirect::temporary(HOME)
}

/// The same document for every page: its script reads the address.
fn show_page(page: &str, headers: &HeaderMap) -> Response {
    let mut response = SITE.page("index.html", headers);
    if !PAGES.contains(&page) && response.status() == StatusCode::OK {
        *response.status_mut() = StatusCode::NOT_FOUND;
    }
    response
}

async fn show_file(Path((version, file)): Path<(String, String)>, headers: HeaderMap) -> Response {
    SITE.file(&version, &file, &headers)
}

#[cfg(test)]
mod tests {
    use policy::qnsp::{AddOn, Role, Tier};

    #[test]
    fn the_page_for_operators_offers_every_tier_add_on_and_role() {
        let page = include_str!("../static/operator-tenants.js");
        let names = Tier::ALL.map(Tier::as_str).into_iter().chain(Role::ALL.map(Role::as_str));
        let missing: Vec<_> =
            names.chain(AddOn::ALL.map(AddOn::as_str)).filter(|name| !page.contains(&format!("\"{name}\""))).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }
}
