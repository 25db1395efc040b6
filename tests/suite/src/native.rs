//! All functions in one ordinary program over one SQLite file, behind the gateway's route table.
//! For tests, and the limit that benchmarks compare with; nothing is deployed this way.

use std::{collections::HashMap, path::Path, sync::Arc};

use axum::{
    Json, Router,
    extract::Request,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use gateway::routes;
use platform::Host;
use serde_json::json;
use tower::ServiceExt;

/// The database file inside a state folder.
pub const DATABASE: &str = "chancery.sqlite";

/// Every function over the database of `state`, as one router.
pub async fn router(state: &Path, variables: HashMap<String, String>) -> Result<Router, platform::SqlError> {
    Ok(router_over(platform::runtime::host(&state.join(DATABASE), variables)?).await)
}

/// Every function over one host.
pub async fn router_over(host: Host) -> Router {
    let mut functions = HashMap::new();
    for function in routes::FUNCTIONS {
        if let Some(app) = function_app(function.name, host.clone()).await {
            functions.insert(function.name, app);
        }
    }
    let functions = Arc::new(functions);
    Router::new().fallback(move |request: Request| dispatch(functions.clone(), request))
}

/// The router of a function by its name in the route table.
async fn function_app(name: &str, host: Host) -> Option<Router> {
    match name {
        "ecdsa-helper" => Some(ecdsa_helper::app(host).await),
        "healthz" => Some(healthz::app(host).await),
        "public-key" => Some(public_key::app(host).await),
        "environment" => Some(environment::app(host).await),
        "extension" => Some(extension::app(host).await),
        "consent" => Some(consent::app(host).await),
        "configuration" => Some(configuration::app(host).await),
        "secret-store" => Some(secret_store::app(host).await),
        "service-directory" => Some(service_directory::app(host).await),
        "key-authorization" => Some(key_authorization::app(host).await),
        "pages" => Some(pages::app(host).await),
        "reference" => Some(reference::app(host).await),
        "groups" => Some(groups::app(host).await),
        "audit-log" => Some(audit_log::app(host).await),
        "tokens" => Some(tokens::app(host).await),
        "accounts" => Some(accounts::app(host).await),
        "developer" => Some(developer::app(host).await),
        "files" => Some(files::app(host).await),
        "credentials" => Some(credentials::app(host).await),
        "applications" => Some(applications::app(host).await),
        "introspection" => Some(introspection::app(host).await),
        "portal-admin" => Some(portal_admin::app(host).await),
        "service-key" => Some(service_key::app(host).await),
        _ => None,
    }
}

async fn dispatch(functions: Arc<HashMap<&'static str, Router>>, request: Request) -> Response {
    let function = routes::find(&request.uri().to_string()).and_then(|function| functions.get(function.name));
    match function {
        Some(app) => app.clone().oneshot(request).await.into_response(),
        None => {
            // An unread body would end the connection; nothing else is done with it, whatever it is.
            let _ = axum::body::to_bytes(request.into_body(), 64 * 1024).await;
            let body = json!({ "statusCode": 404, "error": "Not Found", "message": "No such resource" });
            let headers = [(header::CACHE_CONTROL, "no-store"), (header::X_CONTENT_TYPE_OPTIONS, "nosniff")];
            (StatusCode::NOT_FOUND, headers, Json(body)).into_response()
        }
    }
}
