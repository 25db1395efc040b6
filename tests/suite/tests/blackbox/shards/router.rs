//! A router in front of two deployments, by the rules of docs/decisions/0028: a request goes to the database of the tenant that
//! it names. It opens nothing, keeps nothing of a request, and knows no key.

use std::{
    collections::HashMap,
    net::TcpListener,
    sync::{Arc, Condvar, Mutex, MutexGuard},
    thread,
    time::Duration,
};

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::Request,
    http::{HeaderMap, StatusCode, header, request::Parts},
    response::Response,
};
use chancery_tests::runtime::Instance;
use crypto::{base64, hash};
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::database;

/// A name below this one is that of a tenant: `acme.tenants.test`.
pub const TENANTS: &str = ".tenants.test";

/// A name of this form is that of a deployment: `1.shards.test`.
pub const SHARDS: &str = ".shards.test";

/// Logs that belong to no tenant, and the key of all of them.
const BUILT_IN: [&str; 4] = ["key", "licensing", "platform", "portal"];

/// Where tenants are, and which of their requests are under way.
#[derive(Default)]
struct Directory {
    tenants: Mutex<HashMap<String, Tenant>>,
    answered: Condvar,
}

#[derive(Default)]
struct Tenant {
    shard: usize,
    is_moving: bool,
    under_way: usize,
}

/// The tenant of the token with this hash.
type Owner = Box<dyn Fn(&str) -> Option<String> + Send + Sync>;

struct Shared {
    urls: Vec<String>,
    owner: Owner,
    directory: Directory,
}

/// A running router; dropping it ends it.
pub struct Router {
    pub url: String,
    shared: Arc<Shared>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

/// Why a request is not passed on.
enum Refusal {
    Unplaced(String),
    Moving(String),
}

impl Router {
    pub fn start(shards: &[&Instance], owner: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        let urls = shards.iter().map(|shard| shard.url.clone()).collect();
        let shared = Arc::new(Shared { urls, owner: Box::new(owner), directory: Directory::default() });
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (stop, stopped) = oneshot::channel();
        let served = shared.clone();
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                let router = axum::Router::new().fallback(move |request: Request| pass_on(served.clone(), request));
                tokio::select! {
                    _ = async { axum::serve(listener, router).await } => {}
                    _ = stopped => {}
                }
            });
        });
        Self { url, shared, stop: Some(stop), thread: Some(thread) }
    }

    /// Says where a tenant is, which is not moving or no longer.
    pub fn place(&self, tenant: &str, shard: usize) {
        let mut tenants = self.shared.directory.tenants();
        let known = tenants.entry(tenant.to_owned()).or_default();
        (known.shard, known.is_moving) = (shard, false);
    }

    /// Refuses what is asked of a tenant from now on, and waits until what was asked before is answered.
    pub fn hold(&self, tenant: &str) {
        let mut tenants = self.shared.directory.tenants();
        tenants.get_mut(tenant).unwrap().is_moving = true;
        let is_busy =
            |tenants: &mut HashMap<String, Tenant>| tenants.get(tenant).is_some_and(|known| known.under_way > 0);
        drop(self.shared.directory.answered.wait_while(tenants, is_busy).unwrap());
    }
}

impl Drop for Router {
    fn drop(&mut self) {
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Directory {
    fn tenants(&self) -> MutexGuard<'_, HashMap<String, Tenant>> {
        self.tenants.lock().unwrap()
    }

    /// The deployment of a tenant, where one more request is under way now.
    fn enter(&self, tenant: &str) -> Result<usize, Refusal> {
        match self.tenants().get_mut(tenant) {
            None => Err(Refusal::Unplaced(tenant.to_owned())),
            Some(known) if known.is_moving => Err(Refusal::Moving(tenant.to_owned())),
            Some(known) => {
                known.under_way += 1;
                Ok(known.shard)
            }
        }
    }

    fn leave(&self, tenant: &str) {
        if let Some(known) = self.tenants().get_mut(tenant) {
            known.under_way -= 1;
        }
        self.answered.notify_all();
    }
}

impl Shared {
    /// The tenant that a request names: in its path, by its token, or by the name that it was sent to.
    fn tenant(&self, parts: &Parts) -> Option<String> {
        let segments: Vec<_> = parts.uri.path().split('/').skip(1).collect();
        let in_path = match segments.as_slice() {
            ["caas", "tenants", tenant, ..] | ["caas", "qnsp", "tenants", tenant, ..] => Some(*tenant),
            ["caas", "audit", tenant, ..] if !BUILT_IN.contains(tenant) => Some(*tenant),
            _ => None,
        };
        in_path.map(str::to_owned).or_else(|| self.holder(&parts.headers)).or_else(|| label(&parts.headers, TENANTS))
    }

    /// The tenant of a bearer token: an opaque one is looked up, a JSON web token says it. Whether the token is good is for the
    /// deployment that gets it.
    fn holder(&self, headers: &HeaderMap) -> Option<String> {
        let token = headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")?;
        match token.split('.').nth(1) {
            Some(claims) => {
                let claims: Value = serde_json::from_slice(&base64::decode_any(claims).ok()?).ok()?;
                claims["tenant_id"].as_str().map(str::to_owned)
            }
            None => (self.owner)(&hash::hex(&hash::sha256(&[token.as_bytes()]))),
        }
    }
}

/// What stands before an ending of the name that a request was sent to.
fn label(headers: &HeaderMap, ending: &str) -> Option<String> {
    let host = headers.get(header::HOST)?.to_str().ok()?;
    host.strip_suffix(ending).map(str::to_owned)
}

async fn pass_on(shared: Arc<Shared>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, 4 << 20).await.unwrap();
    let named = shared.tenant(&parts);
    let entered = match &named {
        Some(tenant) => shared.directory.enter(tenant),
        // Nobody's: the deployment that the name is of, or the first one.
        None => Ok(label(&parts.headers, SHARDS).and_then(|label| label.parse().ok()).unwrap_or_default()),
    };
    let shard = match entered {
        Ok(shard) => shard,
        Err(refusal) => return refuse(&refusal),
    };
    let url = format!("{}{}", shared.urls[shard], parts.uri);
    let answer = tokio::task::spawn_blocking(move || forward(&url, &parts, body)).await.unwrap();
    if let Some(tenant) = named {
        shared.directory.leave(&tenant);
    }
    answer
}

fn refuse(refusal: &Refusal) -> Response {
    let (status, reason, message) = match refusal {
        Refusal::Unplaced(tenant) => {
            (StatusCode::NOT_FOUND, "Not Found", format!("No database has the tenant {tenant}; an operator places it"))
        }
        Refusal::Moving(tenant) => (
            StatusCode::SERVICE_UNAVAILABLE,
            "Service Unavailable",
            format!("The tenant {tenant} is being moved and nothing was done; try again in a moment"),
        ),
    };
    let body = json!({ "statusCode": status.as_u16(), "error": reason, "message": message });
    let response = Response::builder().status(status).header(header::CONTENT_TYPE, "application/json");
    let response = match refusal {
        Refusal::Moving(_) => response.header(header::RETRY_AFTER, "1"),
        Refusal::Unplaced(_) => response,
    };
    response.body(Body::from(body.to_string())).unwrap()
}

fn forward(url: &str, parts: &Parts, body: Bytes) -> Response {
    let config = ureq::Agent::config_builder().http_status_as_error(false).allow_non_standard_methods(true);
    let agent: ureq::Agent = config.timeout_global(Some(Duration::from_secs(60))).build().into();
    let mut request = axum::http::Request::builder().method(parts.method.clone()).uri(url);
    let own = [header::HOST, header::CONTENT_LENGTH, header::CONNECTION, header::EXPECT];
    for (name, value) in parts.headers.iter().filter(|(name, _)| !own.contains(name)) {
        request = request.header(name, value);
    }
    let answer = if body.is_empty() && parts.method == "GET" {
        agent.run(request.body(()).unwrap())
    } else {
        agent.run(request.body(body.to_vec()).unwrap())
    };
    let (head, mut body) = answer.unwrap().into_parts();
    let mut response = Response::builder().status(head.status);
    let framing = [header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::CONNECTION];
    for (name, value) in head.headers.iter().filter(|(name, _)| !framing.contains(name)) {
        response = response.header(name, value);
    }
    response.body(Body::from(body.read_to_vec().unwrap())).unwrap()
}

/// The tenant whose token has this hash, in the databases of these deployments.
pub fn owner_in(instances: &[&Instance]) -> impl Fn(&str) -> Option<String> + Send + Sync + 'static {
    let files: Vec<_> = instances.iter().map(|instance| database::file(&instance.database_files())).collect();
    move |hash| {
        let select = "SELECT tenant_id FROM config_tokens WHERE token_hash = ?1 \
             UNION ALL SELECT tenant_id FROM qnsp_keys WHERE key_hash = ?1";
        files.iter().find_map(|file| {
            let connection =
                rusqlite::Connection::open_with_flags(file, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY).ok()?;
            connection.busy_timeout(Duration::from_secs(5)).ok()?;
            connection.query_row(select, [hash], |row| row.get(0)).ok()
        })
    }
}
