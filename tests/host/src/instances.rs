//! How long an instance of a component lives and how many requests it takes. The dispatching itself
//! is wasmtime's; the figures are Spin's.

use crate::bindings::Platform;
use crate::guest::{Grants, Guest};
use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::time::Sleep;
use wasmtime::component::{Component, GuestTaskId, HasSelf, Linker};
use wasmtime::error::Context as _;
use wasmtime::{Engine, Result, Store, StoreContextMut};
use wasmtime_wasi_http::WasiHttpView as _;
use wasmtime_wasi_http::handler::{
    HandlerState, Instance, Proxy, ProxyHandler, ShouldAccept, WorkerExpiration, WorkerState, WorkerStatus,
};
use wasmtime_wasi_http::p3::bindings::ServicePre;

/// Requests that one instance serves at the same time.
const REQUESTS_AT_ONCE: usize = 16;

/// When an instance ends; without options as on Spin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lifetime {
    /// Requests that one instance serves before it is dropped.
    pub requests: usize,
    /// How long an instance without work is kept.
    pub idle: Duration,
}

impl Default for Lifetime {
    fn default() -> Self {
        Self { requests: 128, idle: Duration::from_secs(1) }
    }
}

pub type Handler = ProxyHandler<Instances>;

/// Everything a component may import, ready to be linked.
pub fn linker(engine: &Engine) -> Result<Linker<Guest>> {
    let mut linker = Linker::new(engine);
    // The standard library of Rust still speaks WASI 0.2; the SDK speaks 0.3.
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    wasmtime_wasi::p3::add_to_linker(&mut linker)?;
    wasmtime_wasi_http::p3::add_to_linker(&mut linker)?;
    Platform::add_to_linker::<_, HasSelf<Guest>>(&mut linker, |guest| guest)?;
    Ok(linker)
}

/// The instances of one component, by how far their clocks are ahead: an instance serves several requests at the same
/// time, and they share its clock.
pub struct Handlers {
    instances: Instances,
    by_clock: Mutex<HashMap<Duration, Handler>>,
}

impl Handlers {
    pub fn new(instances: Instances) -> Self {
        Self { instances, by_clock: Mutex::default() }
    }

    pub fn at(&self, ahead: Duration) -> Handler {
        let mut by_clock = self.by_clock.lock().unwrap_or_else(PoisonError::into_inner);
        let instances = || ProxyHandler::new(Instances { ahead, ..self.instances.clone() });
        by_clock.entry(ahead).or_insert_with(instances).clone()
    }
}

/// Where instances of one component come from.
#[derive(Clone)]
pub struct Instances {
    id: Arc<str>,
    service: ServicePre<Guest>,
    grants: Arc<Grants>,
    lifetime: Lifetime,
    ahead: Duration,
}

impl Instances {
    pub fn of(
        id: &str,
        component: &Component,
        linker: &Linker<Guest>,
        grants: Grants,
        lifetime: Lifetime,
    ) -> Result<Self> {
        let service = linker
            .instantiate_pre(component)
            .and_then(ServicePre::new)
            .with_context(|| format!("component `{id}` does not fit this host"))?;
        Ok(Self { id: id.into(), service, grants: Arc::new(grants), lifetime, ahead: Duration::ZERO })
    }
}

impl HandlerState for Instances {
    type StoreData = Guest;
    type WorkerExpiration = Idle;
    type WorkerState = Life;

    async fn instantiate(&self) -> Result<Instance<Guest, Idle, Life>> {
        let guest = Guest::new(Arc::clone(&self.grants), self.ahead);
        let mut store = Store::new(self.service.engine(), guest);
        let service = self.service.instantiate_async(&mut store).await?;
        let Lifetime { requests, idle } = self.lifetime;
        Ok(Instance {
            store,
            proxy: Proxy::P3(service),
            view: Guest::http,
            expiration: Idle { limit: idle, sleep: Box::pin(tokio::time::sleep(idle)) },
            state: Life { id: Arc::clone(&self.id), requests },
        })
    }
}

/// Wakes when an instance has had nothing to do for long enough.
pub struct Idle {
    limit: Duration,
    sleep: Pin<Box<Sleep>>,
}

impl WorkerExpiration for Idle {
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>, status: WorkerStatus, since: Instant) -> Poll<()> {
        if status != WorkerStatus::Idle {
            return Poll::Pending;
        }
        let deadline = (since + self.limit).into();
        if self.sleep.deadline() != deadline {
            self.sleep.as_mut().reset(deadline);
        }
        self.sleep.as_mut().poll(context)
    }
}

/// One instance; named so that its end can be logged.
pub struct Life {
    id: Arc<str>,
    requests: usize,
}

impl WorkerState for Life {
    type StoreData = Guest;
    type RequestData = ();

    fn should_accept_request(&self, at_once: usize, served: usize) -> ShouldAccept {
        if served >= self.requests {
            ShouldAccept::Never
        } else if at_once >= REQUESTS_AT_ONCE {
            ShouldAccept::No
        } else {
            ShouldAccept::Yes
        }
    }

    /// Spin sets no limit to the time of a request.
    fn on_request_start(
        &self,
        _: StoreContextMut<'_, Guest>,
        (): (),
        _: GuestTaskId,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + Sync>> {
        Box::pin(std::future::pending())
    }

    fn drop(&self, store: Store<Guest>, ended: Result<()>) {
        if let Err(error) = ended {
            eprintln!("{}: an instance failed: {error:?}", self.id);
        }
        drop(store);
    }
}
