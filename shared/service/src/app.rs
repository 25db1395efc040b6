//! The state of one instance, and how a router of handlers becomes a served function.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, atomic::AtomicI64};

use axum::{
    Router,
    body::Body,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use platform::{Host, Kv, Sql, Task};
use serde_json::json;

use crate::{
    Config, DataKeys, Error,
    bearer::KnownTokens,
    bounded::Bounded,
    extract, portal,
    seen::{Admissions, Seen},
    signed::DerivedKeys,
    trail,
    unwritten::Unwritten,
};

/// How many callers' derived keys an instance keeps; older ones are forgotten and wiped.
const DERIVED_KEYS: usize = 1024;

/// How many tokens an instance knows the holders of.
const KNOWN_TOKENS: usize = 1024;

/// The APIs that share the signed-request scheme; each has its own service key and path prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Api {
    Caas,
    Licenses,
}

impl Api {
    /// The API that a path belongs to.
    pub fn of(path: &str) -> Self {
        if path.starts_with("/licenses/") { Self::Licenses } else { Self::Caas }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Caas => "caas",
            Self::Licenses => "licenses",
        }
    }
}

/// How an API writes its errors.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    /// `{statusCode, error, message}`
    Kosmos,
    /// `{error}`
    Cognipeer,
    /// `{message}`, or `{fields, code}` where fields of a body are refused
    Kong,
}

/// One instance of a function: its host, its configuration and its caches. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Inner>);

struct Inner {
    host: Host,
    config: Config,
    derived_keys: Mutex<DerivedKeys>,
    known_tokens: Mutex<KnownTokens>,
    data_keys: DataKeys,
    signed_requests: AtomicI64,
    portal: OnceLock<portal::Settings>,
    seen: Mutex<Seen>,
    admissions: Mutex<Admissions>,
    unwritten: Unwritten,
    later: Mutex<Vec<Task<'static, ()>>>,
}

impl App {
    pub async fn new(host: Host) -> Self {
        let config = Config::load(host.vars.as_ref()).await;
        Self(Arc::new(Inner {
            host,
            config,
            derived_keys: Mutex::new(Bounded::new(DERIVED_KEYS)),
            known_tokens: Mutex::new(Bounded::new(KNOWN_TOKENS)),
            data_keys: DataKeys::new(),
            signed_requests: AtomicI64::new(0),
            portal: OnceLock::new(),
            seen: Mutex::new(Seen::new()),
            admissions: Mutex::new(Admissions::new()),
            unwritten: Unwritten::default(),
            later: Mutex::default(),
        }))
    }

    /// Serves a router: state, answers to unknown paths and methods, errors in the API's shape, headers.
    pub fn serve(self, router: Router<Self>, shape: Shape) -> Router {
        router
            .fallback(async || Error::not_found("No such resource"))
            .method_not_allowed_fallback(async || {
                Error::new(axum::http::StatusCode::METHOD_NOT_ALLOWED, "This resource does not have that method")
            })
            .layer(axum::middleware::map_response(move |response: Response| {
                std::future::ready(finish(response, shape))
            }))
            .layer(axum::middleware::from_fn_with_state(self.clone(), trail::leave))
            .layer(axum::middleware::map_request(extract::read_ahead))
            .with_state(self)
    }

    pub fn config(&self) -> &Config {
        &self.0.config
    }

    pub fn sql(&self) -> &dyn Sql {
        self.0.host.sql.as_ref()
    }

    pub fn kv(&self) -> Option<&dyn Kv> {
        self.0.host.kv.as_deref()
    }

    pub fn data_keys(&self) -> &DataKeys {
        &self.0.data_keys
    }

    /// What is set for the developer portal; only its functions read the variables.
    pub fn portal(&self) -> &portal::Settings {
        self.0.portal.get_or_init(portal::Settings::default)
    }

    pub(crate) fn set_portal(&self, settings: portal::Settings) {
        // An instance is put together once.
        let _ = self.0.portal.set(settings);
    }

    pub(crate) fn derived_keys(&self) -> &Mutex<DerivedKeys> {
        &self.0.derived_keys
    }

    pub(crate) fn known_tokens(&self) -> &Mutex<KnownTokens> {
        &self.0.known_tokens
    }

    pub(crate) fn signed_requests(&self) -> &AtomicI64 {
        &self.0.signed_requests
    }

    pub(crate) fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn admissions(&self) -> MutexGuard<'_, Admissions> {
        self.0.admissions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn unwritten(&self) -> &Unwritten {
        &self.0.unwritten
    }

    /// Puts off what need not be done before the answer. An instance that ends takes it along.
    pub(crate) fn later(&self, task: Task<'static, ()>) {
        self.0.later.lock().unwrap_or_else(PoisonError::into_inner).push(task);
    }

    /// What was put off, by this request or another one.
    pub(crate) fn take_later(&self) -> Vec<Task<'static, ()>> {
        std::mem::take(&mut *self.0.later.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

pub(crate) fn finish(mut response: Response, shape: Shape) -> Response {
    if let Some(error) = response.extensions_mut().remove::<Error>() {
        if let Some(line) = error.log_line() {
            platform::log::error(&line);
        }
        let allow = response.headers_mut().remove(header::ALLOW);
        response = shape.render(&error);
        if let Some(allow) = allow {
            response.headers_mut().insert(header::ALLOW, allow);
        }
    }
    let headers = response.headers_mut();
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if matches!(shape, Shape::Cognipeer) {
        headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    }
    response
}

impl Shape {
    fn render(self, error: &Error) -> Response {
        let body = match self {
            Self::Kosmos => json!({
                "statusCode": error.status.as_u16(),
                "error": error.status.canonical_reason().unwrap_or("Error"),
                "message": error.message,
            }),
            Self::Cognipeer => json!({ "error": error.message }),
            Self::Kong => match &error.body {
                Some(body) => body.as_ref().clone(),
                None => json!({ "message": error.message }),
            },
        };
        let content_type = [(header::CONTENT_TYPE, "application/json")];
        (error.status, content_type, Body::from(body.to_string())).into_response()
    }
}
