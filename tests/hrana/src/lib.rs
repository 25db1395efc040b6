//! A server of Hrana 3 over HTTP with JSON, over one SQLite file: what a libSQL server is to its callers, for tests.
//! It can lose answers and be slow, as networks do.

mod faults;
mod pipeline;
mod sqlite;
mod streams;

use std::{io, net::TcpListener, path::Path, sync::Arc, thread};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing,
};
use libsql_hrana::proto::{Error, PipelineReqBody};
use tokio::sync::oneshot;

pub use faults::Faults;
use streams::Streams;

/// Bodies that are taken, in bytes.
const LONGEST: usize = 64 << 20;

/// A running server; dropping it ends it.
pub struct Server {
    pub url: String,
    /// What goes wrong from now on.
    pub faults: Arc<Faults>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

struct Shared {
    streams: Streams,
    token: Option<String>,
    faults: Arc<Faults>,
}

impl Server {
    /// Serves this file to whoever has the token, or to everybody on this machine.
    pub fn start(file: &Path, token: Option<&str>) -> io::Result<Self> {
        let faults = Arc::<Faults>::default();
        let shared = Shared { streams: Streams::over(file), token: token.map(str::to_owned), faults: faults.clone() };
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let listener = TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let url = format!("http://{}", listener.local_addr()?);
        let (stop, stopped) = oneshot::channel();
        let served = async move {
            let listener = tokio::net::TcpListener::from_std(listener)?;
            axum::serve(listener, router(shared)).await
        };
        let serve = move || {
            runtime.block_on(async {
                tokio::select! {
                    _ = served => {}
                    _ = stopped => {}
                }
            });
        };
        let thread = thread::Builder::new().name("hrana".to_owned()).spawn(serve)?;
        Ok(Self { url, faults, stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn router(shared: Shared) -> Router {
    let pipeline = routing::post(pipeline).layer(axum::extract::DefaultBodyLimit::max(LONGEST));
    let version = routing::get(|| async { "Hrana 3" });
    Router::new().route("/v3/pipeline", pipeline).route("/v3", version).with_state(Arc::new(shared))
}

async fn pipeline(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    if let Some(token) = &shared.token {
        let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        if given != Some(&format!("Bearer {token}")) {
            return refusal(StatusCode::UNAUTHORIZED, "AUTH_JWT_INVALID", "The token is not valid");
        }
    }
    let Ok(request) = serde_json::from_slice::<PipelineReqBody>(&body) else {
        return refusal(StatusCode::BAD_REQUEST, "PROTOCOL_ERROR", "The body is not a pipeline");
    };
    let executing = shared.clone();
    let execute = move || pipeline::execute(&executing.streams, request);
    if let Some(delay) = shared.faults.is_late() {
        tokio::spawn(async move {
            tokio::time::sleep(delay).await;
            tokio::task::spawn_blocking(execute).await
        });
        return faults::broken_answer();
    }
    let is_lost = shared.faults.is_lost();
    let executed = tokio::task::spawn_blocking(execute).await;
    let answer = match executed {
        Ok(Ok(answer)) => serde_json::to_vec(&answer),
        Ok(Err(error)) => return refusal(StatusCode::BAD_REQUEST, &error.code, &error.message),
        Err(_) => return refusal(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL", "The server failed"),
    };
    match answer {
        Ok(_) if is_lost => faults::broken_answer(),
        Ok(answer) => ([(header::CONTENT_TYPE, "application/json")], answer).into_response(),
        Err(error) => refusal(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL", &error.to_string()),
    }
}

fn refusal(status: StatusCode, code: &str, message: &str) -> Response {
    let error = Error { message: message.to_owned(), code: code.to_owned() };
    (status, axum::Json(error)).into_response()
}
