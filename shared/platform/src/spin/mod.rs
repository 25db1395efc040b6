//! Spin components: SQLite, or a libSQL server, and variables of the application. Its key-value store is no nearer than its
//! SQLite, so there is no second cache level.

mod connection;
mod fetch;
pub(crate) mod postgres;
mod sqlite;
mod unsent;
mod writer;

use std::{cell::RefCell, future::Future, sync::Arc, time::Duration};

use axum::{Router, body::Body};
use futures_util::StreamExt as _;
use send_wrapper::SendWrapper;
use spin_sdk::http::body::IncomingBodyExt as _;
use tower::ServiceExt as _;

pub(crate) use fetch::fetch;

use crate::{
    Host, Outcome, Row, Sql, SqlError, Statement, Task, Vars,
    libsql::{LibSql, Server},
};

pub type Response = http::Response<Body>;

pub(crate) const SELECT_MISSING_MIGRATIONS: &str =
    "SELECT value AS name FROM json_each(?1) WHERE value NOT IN (SELECT name FROM schema_migrations)";

thread_local! {
    static ROUTER: RefCell<Option<Router>> = const { RefCell::new(None) };
}

/// Serves one request; the first of an instance brings the schema up to date and builds the router.
pub async fn serve<F>(request: spin_sdk::http::Request, app: impl FnOnce(Host) -> F) -> Response
where
    F: Future<Output = Router>,
{
    unsent::sent().await;
    let built = ROUTER.with_borrow(Clone::clone);
    let router = match built {
        Some(router) => router,
        None => {
            let opened = open().await;
            let usable = opened.is_ok();
            let sql = opened.unwrap_or_else(|error| {
                log_error(&format!("cannot open the database: {error}"));
                Arc::new(Unopened(error))
            });
            let router = app(Host { sql, kv: None, vars: Arc::new(SpinVars) }).await;
            // The next request tries to open the database again.
            if usable {
                ROUTER.set(Some(router.clone()));
            }
            router
        }
    };
    let request = request.map(|body| {
        // A handler computes as soon as it has its body, and nothing is sent while it does.
        let frames = body.stream().then(async |frame| {
            unsent::sent().await;
            frame
        });
        Body::from_stream(SendWrapper::new(frames))
    });
    match router.oneshot(request).await {
        Ok(response) => unsent::counted(response),
        Err(never) => match never {},
    }
}

/// The libSQL server that the variables name, or the application's own database.
async fn open() -> Result<Arc<dyn Sql>, SqlError> {
    match Server::from_vars(&SpinVars).await? {
        Some(server) => Ok(Arc::new(LibSql::open(server).await?)),
        None => Ok(Arc::new(sqlite::SpinSqlite::open().await?)),
    }
}

/// Stands for a database that cannot be opened, so that functions refuse in the shape of their API.
struct Unopened(SqlError);

impl Sql for Unopened {
    fn query(&self, _: Statement) -> Task<'_, Result<Vec<Row>, SqlError>> {
        Box::pin(std::future::ready(Err(self.0.clone())))
    }

    fn batch(&self, _: Vec<Statement>) -> Task<'_, Result<Vec<Outcome>, SqlError>> {
        Box::pin(std::future::ready(Err(self.0.clone())))
    }

    fn read_batch(&self, statements: Vec<Statement>) -> Task<'_, Result<Vec<Outcome>, SqlError>> {
        self.batch(statements)
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

pub(crate) fn sleep(time: Duration) -> Task<'static, ()> {
    Box::pin(SendWrapper::new(spin_sdk::time::sleep(time)))
}

pub(crate) fn now_ms() -> i64 {
    let elapsed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX)
}

pub(crate) fn log_error(line: &str) {
    eprintln!("{line}");
}
