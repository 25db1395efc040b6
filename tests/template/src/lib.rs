//! The smallest function: one anonymous operation that reads a variable and the storage. A new function starts as a copy
//! of this folder; a test makes one and asks it on every runtime.

mod greetings;

use axum::Router;
use platform::Host;
use service::{Access, App, Shape};

pub async fn app(host: Host) -> Router {
    let word = greetings::Word::from_vars(host.vars.as_ref()).await;
    App::new(host).await.serve(routes().extension(word), Shape::Kosmos)
}

platform::export!(app);

service::operations! {
    greetings: {
        show_greeting => Access::Anyone;
    }
}
