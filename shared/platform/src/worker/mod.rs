//! Cloudflare Workers: D1, KV, variables and secrets of the environment.

mod d1;
mod kv;

use std::{cell::RefCell, future::Future, sync::Arc};

use axum::{Router, body::Body};
use http::header::CONTENT_LENGTH;
use send_wrapper::SendWrapper;
use tower::ServiceExt as _;
use worker::{Env, HttpRequest};

use crate::{Host, Task, Vars};

pub type Response = http::Response<Body>;

/// The binding names that every function's `wrangler.toml` uses.
const DATABASE: &str = "DB";
const CACHE: &str = "CACHE";

/// Bodies up to this length are read before anything is decided. workerd resets the connection when an answer leaves a
/// body unread, and the next request of a kept-alive client would fail.
const READ_AHEAD: usize = 64 * 1024;

thread_local! {
    static ROUTER: RefCell<Option<Router>> = const { RefCell::new(None) };
}

/// Serves one request; the first of an instance builds the router.
pub async fn serve<F>(request: HttpRequest, env: Env, app: impl FnOnce(Host) -> F) -> worker::Result<Response>
where
    F: Future<Output = Router>,
{
    let built = ROUTER.with_borrow(Clone::clone);
    let router = match built {
        Some(router) => router,
        None => {
            let router = app(host(env)?).await;
            ROUTER.set(Some(router.clone()));
            router
        }
    };
    match router.oneshot(read_ahead(request).await).await {
        Ok(response) => Ok(response),
        Err(never) => match never {},
    }
}

async fn read_ahead(request: HttpRequest) -> http::Request<Body> {
    let length = request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    let (parts, body) = request.into_parts();
    let body = Body::new(body);
    let body = match length {
        // A body that breaks off is an empty one; whoever needs it refuses it.
        Some(1..=READ_AHEAD) => axum::body::to_bytes(body, READ_AHEAD).await.unwrap_or_default().into(),
        _ => body,
    };
    http::Request::from_parts(parts, body)
}

fn host(env: Env) -> worker::Result<Host> {
    Ok(Host {
        sql: Arc::new(d1::D1::new(env.d1(DATABASE)?)),
        kv: Arc::new(kv::WorkerKv::new(env.kv(CACHE)?)),
        vars: Arc::new(EnvVars(SendWrapper::new(env))),
    })
}

struct EnvVars(SendWrapper<Env>);

impl Vars for EnvVars {
    fn get(&self, name: &'static str) -> Task<'_, Option<String>> {
        let value = self.0.var(name).ok().map(|value| value.to_string()).filter(|value| !value.is_empty());
        Box::pin(std::future::ready(value))
    }
}

pub(crate) fn now_ms() -> i64 {
    // Whole milliseconds far below 2^53.
    #[expect(clippy::cast_possible_truncation, reason = "whole milliseconds, far below 2^53")]
    let now = js_sys::Date::now() as i64;
    now
}

pub(crate) fn log_error(line: &str) {
    worker::console_error!("{line}");
}
