//! The state of one instance, and how a router of handlers becomes a served function.

use std::{
    any::Any,
    num::NonZeroUsize,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, atomic::AtomicI64},
};

use axum::{Router, extract::Request, http::StatusCode, middleware::Next};
use lru::LruCache;
use platform::{Host, Kv, Row, Sql, Statement, Task, Vars};
use policy::Operation;

use crate::{
    Config, DataKeys, Error, Result, Routes, Shape,
    bearer::KnownTokens,
    extract,
    nonces::DeferredNonces,
    replay_cache::{Admissions, ReplayCache},
    request_log,
    signed::DerivedKeys,
    signing::Signing,
};

/// How many callers' derived keys an instance keeps; those that were used least recently are dropped and wiped.
const DERIVED_KEYS: NonZeroUsize = NonZeroUsize::new(1024).unwrap();

/// How many tokens an instance knows the holders of.
const KNOWN_TOKENS: NonZeroUsize = NonZeroUsize::new(1024).unwrap();

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

/// One instance of a function: its host, its configuration and its caches. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Inner>);

/// What only some functions use is loaded by those: the keys of signed requests, and the settings of an API.
struct Inner {
    host: Host,
    config: Config,
    operations: OnceLock<Vec<Arc<Operation>>>,
    signing: OnceLock<Signing>,
    settings: OnceLock<Box<dyn Any + Send + Sync>>,
    derived_keys: Mutex<DerivedKeys>,
    known_tokens: Mutex<KnownTokens>,
    data_keys: DataKeys,
    signed_requests: AtomicI64,
    replay_cache: Mutex<ReplayCache>,
    admissions: Mutex<Admissions>,
    deferred_nonces: DeferredNonces,
    deferred: Mutex<Vec<Task<'static, ()>>>,
}

impl App {
    pub async fn new(host: Host) -> Self {
        let config = Config::load(host.vars.as_ref()).await;
        Self(Arc::new(Inner {
            host,
            config,
            operations: OnceLock::new(),
            signing: OnceLock::new(),
            settings: OnceLock::new(),
            derived_keys: Mutex::new(LruCache::new(DERIVED_KEYS)),
            known_tokens: Mutex::new(LruCache::new(KNOWN_TOKENS)),
            data_keys: DataKeys::new(),
            signed_requests: AtomicI64::new(0),
            replay_cache: Mutex::new(ReplayCache::new()),
            admissions: Mutex::new(Admissions::new()),
            deferred_nonces: DeferredNonces::default(),
            deferred: Mutex::default(),
        }))
    }

    /// An instance that has the keys of signed requests. A function without them carries no elliptic curve.
    pub async fn signed(host: Host) -> Self {
        let app = Self::new(host).await;
        let signing = Signing::load(app.vars()).await;
        // An instance is put together once.
        let _ = app.0.signing.set(signing);
        app
    }

    /// Serves the operations: state, answers to unknown paths and methods, errors in the API's shape, headers.
    pub fn serve(self, routes: impl Into<Routes>, shape: Shape) -> Router {
        let (router, operations) = routes.into().into_parts();
        let _ = self.0.operations.set(operations);
        router
            .fallback(async || Error::not_found("No such resource"))
            .method_not_allowed_fallback(async || {
                Error::new(StatusCode::METHOD_NOT_ALLOWED, "This resource does not have that method")
            })
            .layer(axum::middleware::map_request(extract::check_request))
            .layer(axum::middleware::from_fn(move |request: Request, next: Next| shape.answer(request, next)))
            .layer(axum::middleware::from_fn_with_state(self.clone(), request_log::finish_request))
            .with_state(self)
    }

    pub(crate) fn operations(&self) -> &[Arc<Operation>] {
        self.0.operations.get().map(Vec::as_slice).unwrap_or_default()
    }

    /// The keys of signed requests.
    pub fn signing(&self) -> Result<&Signing> {
        self.0
            .signing
            .get()
            .ok_or_else(|| Error::internal("this function was made without the keys of signed requests"))
    }

    pub fn vars(&self) -> &dyn Vars {
        self.0.host.vars.as_ref()
    }

    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// Runs one reading statement by itself: for what must be known before a batch can be put together.
    pub async fn query(&self, statement: Statement) -> Result<Vec<Row>> {
        Ok(self.sql().query(statement).await?)
    }

    pub(crate) fn sql(&self) -> &dyn Sql {
        self.0.host.sql.as_ref()
    }

    pub fn kv(&self) -> Option<&dyn Kv> {
        self.0.host.kv.as_deref()
    }

    pub fn data_keys(&self) -> &DataKeys {
        &self.0.data_keys
    }

    /// Keeps the settings of the API that this function belongs to.
    pub fn set_settings<T: Send + Sync + 'static>(&self, settings: T) {
        // An instance is put together once.
        let _ = self.0.settings.set(Box::new(settings));
    }

    pub fn settings<T: 'static>(&self) -> Option<&T> {
        self.0.settings.get()?.downcast_ref()
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

    pub(crate) fn replay_cache(&self) -> MutexGuard<'_, ReplayCache> {
        self.0.replay_cache.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn admissions(&self) -> MutexGuard<'_, Admissions> {
        self.0.admissions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn deferred_nonces(&self) -> &DeferredNonces {
        &self.0.deferred_nonces
    }

    /// Defers what need not be done before the answer. It is lost with an instance that ends.
    pub fn spawn_after_response(&self, task: Task<'static, ()>) {
        self.0.deferred.lock().unwrap_or_else(PoisonError::into_inner).push(task);
    }

    /// What was deferred, by this request or another one.
    pub(crate) fn take_deferred(&self) -> Vec<Task<'static, ()>> {
        std::mem::take(&mut *self.0.deferred.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
