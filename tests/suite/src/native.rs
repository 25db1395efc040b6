//! All functions in one ordinary program over one SQLite file or a libSQL server, behind the gateway's route table.
//! For tests, and the limit that benchmarks compare with; nothing is deployed this way.

use std::{collections::HashMap, path::Path, sync::Arc, time::Duration};

use axum::{
    Json, Router,
    extract::Request,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use functions::gateway::routes;
use platform::Host;
use serde_json::json;
use tower::ServiceExt;

use crate::{answered::Recorder, runtime::CLOCK_AHEAD, selection::Selection};

/// The database file inside a state folder.
pub const DATABASE: &str = "chancery.sqlite";

/// The chosen functions over the libSQL server that the variables name, or over the database of `state`, as one router.
pub async fn router(
    state: &Path,
    variables: HashMap<String, String>,
    chosen: &Selection,
) -> Result<Router, platform::SqlError> {
    Ok(router_over(platform::runtime::open(&state.join(DATABASE), variables).await?, chosen).await)
}

/// The chosen functions over one host.
pub async fn router_over(host: Host, chosen: &Selection) -> Router {
    let mut apps = HashMap::new();
    for function in routes::FUNCTIONS.iter().filter(|function| chosen.contains(function.name)) {
        if let Some(app) = functions::app(function.name, host.clone()).await {
            apps.insert(function.name, app);
        }
    }
    let apps = Arc::new(apps);
    let recorder = Arc::new(Recorder::from_env());
    Router::new().fallback(move |request: Request| {
        let (apps, recorder) = (apps.clone(), recorder.clone());
        async move {
            let (method, path) = (request.method().to_string(), request.uri().path().to_owned());
            let response = platform::runtime::ahead(clock_ahead(&request), dispatch(apps, request)).await;
            if let Some(recorder) = recorder.as_ref() {
                let named = response.headers().contains_key("audit-entry");
                recorder.record(&method, &path, response.status().as_u16(), named);
            }
            response
        }
    })
}

/// How far the clock is ahead for a request that says so.
fn clock_ahead(request: &Request) -> Duration {
    let value = request.headers().get(CLOCK_AHEAD).and_then(|value| value.to_str().ok());
    Duration::from_millis(value.and_then(|value| value.parse().ok()).unwrap_or_default())
}

async fn dispatch(apps: Arc<HashMap<&'static str, Router>>, request: Request) -> Response {
    let found = routes::find(&request.uri().to_string()).and_then(|function| apps.get(function.name));
    match found {
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
