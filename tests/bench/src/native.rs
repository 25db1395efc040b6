//! The native functions and the floor in one program: the limit of what a runtime can reach.

use std::{collections::HashMap, env, path::Path};

use axum::{Router, extract::Request};
use chancery_tests::{native, selection::Selection};
use tokio::{io::AsyncReadExt as _, net::TcpListener};
use tower::ServiceExt as _;

/// Serves until standard input is closed. Variables come from the environment.
pub fn serve(state: &Path) -> Result<(), String> {
    let runtime = tokio::runtime::Runtime::new().map_err(|error| error.to_string())?;
    let served = runtime.block_on(serve_in(state));
    runtime.shutdown_background();
    served
}

async fn serve_in(state: &Path) -> Result<(), String> {
    let variables: HashMap<String, String> = env::vars().collect();
    let functions =
        native::router(state, variables.clone(), &Selection::ALL).await.map_err(|error| error.to_string())?;
    let host = platform::runtime::host(&state.join(native::DATABASE), variables).map_err(|error| error.to_string())?;
    let floor = floor::app(host).await;
    let router = Router::new().fallback(move |request: Request| {
        let app = if request.uri().path().starts_with("/floor") { floor.clone() } else { functions.clone() };
        app.oneshot(request)
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.map_err(|error| error.to_string())?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    println!("{}", serde_json::json!({ "ready": format!("http://{address}") }));
    tokio::select! {
        served = async { axum::serve(listener, router).await } => served.map_err(|error| error.to_string()),
        () = stdin_closed() => Ok(()),
    }
}

async fn stdin_closed() {
    let mut ignored = [0; 64];
    while tokio::io::stdin().read(&mut ignored).await.is_ok_and(|count| count > 0) {}
}
