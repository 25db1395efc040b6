//! Cloudflare Workers: D1, KV, variables and secrets of the environment.

mod d1;
mod exchange;
mod fetch;
mod kv;
pub(crate) mod postgres;
mod rsa;

use std::{cell::RefCell, future::Future, sync::Arc, time::Duration};

use axum::Router;
use send_wrapper::SendWrapper;
use tower::ServiceExt as _;
use wasm_bindgen::JsCast as _;
use worker::{Context, Env, web_sys::Request, worker_sys::types::D1Database};

pub(crate) use fetch::fetch;
pub(crate) use rsa::{decrypt_rsa, generate_rsa_key, sign_rsa};

use crate::{Host, Kv, Task, Vars};

pub use worker::web_sys::Response;

/// The binding names that every function's `wrangler.toml` uses. Without a namespace nothing is kept in one.
const DATABASE: &str = "DB";
const CACHE: &str = "CACHE";

/// wrangler applies the migrations, and records them in its own table.
pub(crate) const SELECT_MISSING_MIGRATIONS: &str =
    "SELECT value AS name FROM json_each(?1) WHERE value NOT IN (SELECT name FROM d1_migrations)";

thread_local! {
    static ROUTER: RefCell<Option<Router>> = const { RefCell::new(None) };
}

/// Serves one request; the first of an instance builds the router.
pub async fn serve<F>(
    request: Request,
    env: Env,
    context: Context,
    app: impl FnOnce(Host) -> F,
) -> worker::Result<Response>
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
    let mut request = exchange::request(request).await?;
    request.extensions_mut().insert(Waiting(Arc::new(SendWrapper::new(context))));
    match router.oneshot(request).await {
        Ok(response) => exchange::response(response).await,
        Err(never) => match never {},
    }
}

fn host(env: Env) -> worker::Result<Host> {
    Ok(Host {
        sql: Arc::new(d1::D1::new(database(&env)?)),
        kv: env.kv(CACHE).ok().map(|namespace| Arc::new(kv::WorkerKv::new(namespace)) as Arc<dyn Kv>),
        vars: Arc::new(EnvVars(SendWrapper::new(env))),
    })
}

fn database(env: &Env) -> worker::Result<D1Database> {
    let binding = js_sys::Reflect::get(env, &DATABASE.into())?;
    if binding.is_undefined() {
        return Err(worker::Error::BindingError(DATABASE.to_owned()));
    }
    Ok(binding.unchecked_into())
}

struct EnvVars(SendWrapper<Env>);

impl Vars for EnvVars {
    fn get(&self, name: &'static str) -> Task<'_, Option<String>> {
        let value = self.0.var(name).ok().map(|value| value.to_string()).filter(|value| !value.is_empty());
        Box::pin(std::future::ready(value))
    }
}

/// What keeps the runtime from ending a request with its answer.
#[derive(Clone)]
struct Waiting(Arc<SendWrapper<Context>>);

pub(crate) fn later(extensions: &http::Extensions, task: Task<'static, ()>) {
    match extensions.get::<Waiting>() {
        Some(waiting) => waiting.0.wait_until(task),
        None => log_error("there is no request that could wait for a task"),
    }
}

/// Cloudflare sets this header to the visitor's address, whatever the client has sent.
pub(crate) fn client_address(headers: &http::HeaderMap, _extensions: &http::Extensions) -> Option<String> {
    headers.get("cf-connecting-ip").and_then(|value| value.to_str().ok()).map(str::to_owned)
}

pub(crate) fn sleep(time: Duration) -> Task<'static, ()> {
    Box::pin(SendWrapper::new(worker::Delay::from(time)))
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
