//! Spin components: SQLite and variables of the application. Its key-value store is no nearer than its
//! SQLite, so there is no second cache level.

mod fetch;
mod sqlite;

use std::{cell::RefCell, future::Future, sync::Arc};

use axum::{Router, body::Body};
use send_wrapper::SendWrapper;
use spin_sdk::http::body::IncomingBodyExt as _;
use tower::ServiceExt as _;

pub(crate) use fetch::fetch;

use crate::{Host, Task, Vars};

pub type Response = http::Response<Body>;

thread_local! {
    static ROUTER: RefCell<Option<Router>> = const { RefCell::new(None) };
}

/// Serves one request; the first of an instance brings the schema up to date and builds the router.
pub async fn serve<F>(request: spin_sdk::http::Request, app: impl FnOnce(Host) -> F) -> Response
where
    F: Future<Output = Router>,
{
    let built = ROUTER.with_borrow(Clone::clone);
    let router = match built {
        Some(router) => router,
        None => {
            let sql = match sqlite::SpinSqlite::open().await {
                Ok(sql) => sql,
                Err(error) => {
                    log_error(&format!("cannot open the database: {error}"));
                    let mut response = Response::default();
                    *response.status_mut() = http::StatusCode::INTERNAL_SERVER_ERROR;
                    return response;
                }
            };
            let host = Host { sql: Arc::new(sql), kv: None, vars: Arc::new(SpinVars) };
            let router = app(host).await;
            ROUTER.set(Some(router.clone()));
            router
        }
    };
    let request = request.map(|body| Body::from_stream(SendWrapper::new(body.stream())));
    match router.oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

struct SpinVars;

impl Vars for SpinVars {
    fn get(&self, name: &'static str) -> Task<'_, Option<String>> {
        Box::pin(SendWrapper::new(async move {
            let value = spin_sdk::variables::get(name.to_ascii_lowercase()).await.ok();
            value.filter(|value| !value.is_empty())
        }))
    }
}

pub(crate) fn later(_extensions: &http::Extensions, task: Task<'static, ()>) {
    spin_sdk::wasip3::spawn(task);
}

/// Spin appends this header with the peer of the connection; values before the last one are the client's own.
pub(crate) fn client_address(headers: &http::HeaderMap, _extensions: &http::Extensions) -> Option<String> {
    let last = headers.get_all("spin-client-addr").iter().next_back();
    last.and_then(|value| value.to_str().ok()).map(str::to_owned)
}

pub(crate) fn now_ms() -> i64 {
    let elapsed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX)
}

pub(crate) fn log_error(line: &str) {
    eprintln!("{line}");
}
