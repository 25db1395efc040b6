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
use worker::{Context, Env, ScheduleContext, web_sys::Request, worker_sys::types::D1Database};

pub(crate) use fetch::fetch;
pub(crate) use rsa::{decrypt_rsa, generate_rsa_key, sign_rsa};

use crate::{Host, Kv, Task, Vars, later::Trigger};

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

/// Serves one request.
pub async fn serve<F>(
    request: Request,
    env: Env,
    context: Context,
    app: impl FnOnce(Host) -> F,
) -> worker::Result<Response>
where
    F: Future<Output = Router>,
{
    let router = router(env, app).await?;
    let mut request = exchange::request(request).await?;
    request.extensions_mut().insert(Waiting(Arc::new(SendWrapper::new(Event::Fetch(context)))));
    match router.oneshot(request).await {
        Ok(response) => exchange::response(response).await,
        Err(never) => match never {},
    }
}

/// Asks for what is due, as the trigger of this Worker; what fails stands in the log.
pub async fn run_due<F>(path: &'static str, env: Env, context: ScheduleContext, app: impl FnOnce(Host) -> F)
where
    F: Future<Output = Router>,
{
    let router = match router(env, app).await {
        Ok(router) => router,
        Err(error) => return log_error(&format!("due work: {error}")),
    };
    let mut request = http::Request::new(axum::body::Body::empty());
    *request.method_mut() = http::Method::POST;
    *request.uri_mut() = http::Uri::from_static(path);
    request.extensions_mut().insert(Trigger);
    request.extensions_mut().insert(Waiting(Arc::new(SendWrapper::new(Event::Scheduled(context)))));
    match router.oneshot(request).await {
        Ok(response) if response.status().is_success() => {}
        Ok(response) => log_error(&format!("due work was answered {}", response.status())),
        Err(never) => match never {},
    }
}

/// The first event of an instance builds it.
async fn router<F>(env: Env, app: impl FnOnce(Host) -> F) -> worker::Result<Router>
where
    F: Future<Output = Router>,
{
    if let Some(router) = ROUTER.with_borrow(Clone::clone) {
        return Ok(router);
    }
    let router = app(host(env)?).await;
    ROUTER.set(Some(router.clone()));
    Ok(router)
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

/// What keeps the runtime from ending an event with its answer.
#[derive(Clone)]
struct Waiting(Arc<SendWrapper<Event>>);

enum Event {
    Fetch(Context),
    Scheduled(ScheduleContext),
}

pub(crate) fn later(extensions: &http::Extensions, task: Task<'static, ()>) {
    match extensions.get::<Waiting>() {
        Some(waiting) => match &**waiting.0 {
            Event::Fetch(context) => context.wait_until(task),
            Event::Scheduled(context) => context.wait_until(task),
        },
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
