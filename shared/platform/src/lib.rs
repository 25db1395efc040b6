//! What a function asks of its host: SQL, key-value, variables, requests to other servers, PostgreSQL, a clock, randomness,
//! RSA keys and a log.
//! The only crate that knows the runtimes; nothing here knows an API.

mod client;
pub mod clock;
pub mod fetch;
pub mod kv;
mod later;
#[cfg(not(all(target_arch = "wasm32", target_os = "unknown")))]
mod libsql;
pub mod log;
pub mod migrations;
#[cfg(any(test, target_family = "wasm"))]
mod planning;
pub mod postgres;
pub mod random;
mod rsa;
pub mod sql;
pub mod vars;

use std::{future::Future, pin::Pin, sync::Arc};

pub use client::client_address;
pub use fetch::FetchError;
pub use kv::Kv;
pub use later::{is_trigger, later};
pub use postgres::PostgresError;
pub use rsa::{DoesNotOpen, RSA_KEYS_ARE_THE_HOSTS, RsaPadding, decrypt_rsa, generate_rsa_key, sign_rsa};
pub use sql::{Outcome, Row, Sql, SqlError, SqlValue, Statement};
pub use vars::Vars;

/// A boxed future, so that the capabilities can be trait objects.
pub type Task<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The capabilities of one running instance. Built by the runtime entry, once per instance.
#[derive(Clone)]
pub struct Host {
    pub sql: Arc<dyn Sql>,
    /// `None` where the database is as near as any key-value store, and for a function that asks for none.
    pub kv: Option<Arc<dyn Kv>>,
    pub vars: Arc<dyn Vars>,
}

#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
#[path = "worker/mod.rs"]
pub mod runtime;

#[cfg(target_os = "wasi")]
#[path = "spin/mod.rs"]
pub mod runtime;

#[cfg(not(target_family = "wasm"))]
#[path = "native/mod.rs"]
pub mod runtime;

/// Makes an async `fn(Host) -> axum::Router` the entry of a Worker or of a Spin component.
/// Natively it adds nothing: a harness calls the function itself.
///
/// `platform::export!(app, due)` also takes the trigger of a Worker, which carries out what is due in this function.
#[macro_export]
macro_rules! export {
    ($app:path, due) => {
        $crate::export!($app);

        #[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
        #[worker::event(scheduled)]
        async fn scheduled(_event: worker::ScheduledEvent, env: worker::Env, context: worker::ScheduleContext) {
            $crate::runtime::run_due(concat!("/system/due/", env!("CARGO_PKG_NAME")), env, context, $app).await;
        }
    };
    ($app:path) => {
        #[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
        #[worker::event(fetch)]
        async fn fetch(
            request: worker::web_sys::Request,
            env: worker::Env,
            context: worker::Context,
        ) -> worker::Result<$crate::runtime::Response> {
            $crate::runtime::serve(request, env, context, $app).await
        }

        #[cfg(target_os = "wasi")]
        #[spin_sdk::http_service]
        async fn handle(request: spin_sdk::http::Request) -> $crate::runtime::Response {
            $crate::runtime::serve(request, $app).await
        }
    };
}
