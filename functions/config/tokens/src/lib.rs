//! The tokens of the Config API: minted, listed and revoked by licences of the platform. What a token may do is judged
//! where it is used.

mod store;
mod tokens;

use axum::Router;
use platform::Host;
use service::{Access, Action, App, Shape};

pub async fn app(host: Host) -> Router {
    App::signed(host).await.serve(routes(), Shape::Kosmos)
}

platform::export!(app);

service::operations! {
    tokens: {
        mint_config_token => Access::Licence(&[Action::ManageTokens]), "config-token.create";
        list_config_tokens => Access::Licence(&[Action::ManageTokens]), "config-token.list";
        revoke_config_token => Access::Licence(&[Action::ManageTokens]), "config-token.revoke";
    }
}
