//! The ECDSA helper: encrypts and decrypts with the keys that a caller sends, for clients without the cryptography
//! of signed requests. It keeps and logs nothing. Signed requests themselves are opened elsewhere.

mod helper;

use axum::Router;
use platform::Host;
use service::{Access, App, Shape};
use utoipa::openapi::HttpMethod;

pub async fn app(host: Host) -> Router {
    let row = (Access::Anyone, None);
    let routes = routes().alias("/ecdsa_helper/", HttpMethod::Post, row, helper::encrypt);
    App::signed(host).await.serve(routes.under(&["/caas", "/licenses"]), Shape::Kosmos)
}

platform::export!(app);

service::operations! {
    helper: {
        encrypt => Access::Anyone;
        encrypt_or_decrypt => Access::Anyone;
    }
}
