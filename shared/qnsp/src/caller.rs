//! Who calls, and how far the call has come through the pipeline.

use std::{
    ops::Deref,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use axum::{
    extract::MatchedPath,
    http::{StatusCode, request::Parts},
};
use crypto::seal::DataKey;
use platform::clock;
use policy::{
    Access,
    qnsp::{Controls, Role, Service, Tier},
};
use serde_json::Value;
use service::{Actor, Anonymous, App, Audit, Batch, Error, Guard, RequestId, Result, client_address};

use crate::{
    counters::{Window, minute_of},
    idempotency::{Answer, Idempotency},
    refusal,
    settings::Settings,
    timings::{Timing, Timings},
    token::Identity,
};

/// A caller whose token is good. Cheap to clone.
#[derive(Clone)]
pub struct Caller(Arc<Inner>);

struct Inner {
    call: service::Call,
    request_id: String,
    controls: Controls,
    route: String,
    identity: Identity,
    /// The tenant that an operator has named.
    selected: OnceLock<String>,
    is_unknown_tenant: AtomicBool,
    ip: Option<String>,
    user_agent: Option<String>,
    state: Mutex<State>,
}

/// What the call is about.
#[derive(Clone, Default)]
pub(crate) struct Subject {
    pub id: Option<String>,
    pub name: Option<String>,
    pub payload: Option<Value>,
}

#[derive(Default)]
pub(crate) struct State {
    /// Where a refusal stands in the pipeline that was not found by a batch.
    pub stage: Stage,
    /// The batch of the call has judged its guards and was refused.
    pub is_judged: bool,
    /// What comes before another server is asked has been written, the claim of the Idempotency-Key with it.
    pub is_prepared: bool,
    /// The call was counted.
    pub window: Option<Window>,
    pub subject: Subject,
    pub idempotency: Option<Idempotency>,
    /// The answer to an earlier call with the same key.
    pub kept: Option<Answer>,
}

/// The stages of the pipeline at which a call can be refused without storage. Guards of the stages before are judged
/// before such a refusal is answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    Tenant,
    Role,
    #[default]
    Input,
}

impl Deref for Caller {
    type Target = service::Call;

    fn deref(&self) -> &service::Call {
        &self.0.call
    }
}

impl Caller {
    /// The caller of a request to an operation with controls, which must have a good token.
    pub(crate) async fn of(app: &App, parts: &Parts) -> Result<Option<Self>> {
        let call = service::Call::of(parts, app);
        let Some(Access::Qnsp(controls)) = call.operation().map(|operation| operation.access) else { return Ok(None) };
        let identity = Identity::of(app, &parts.headers, call.now).await?;
        let pattern = parts.extensions.get::<MatchedPath>().map(MatchedPath::as_str).unwrap_or_default();
        let request_id = parts.extensions.get::<RequestId>().map(|id| id.as_str().to_owned());
        let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        Ok(Some(Self(Arc::new(Inner {
            call,
            request_id: request_id.unwrap_or_default(),
            controls,
            route: format!("{} {pattern}", parts.method),
            identity,
            selected: OnceLock::new(),
            is_unknown_tenant: AtomicBool::new(false),
            ip: client_address(Settings::of(app)?.client_address_header.as_deref(), parts),
            user_agent: header("user-agent"),
            state: Mutex::default(),
        }))))
    }

    /// Nobody: for what is due of a tenant though no call has come. Its token is none, so a batch of a call is refused.
    pub fn nobody(app: &App, tenant: impl Into<String>) -> Self {
        Self(Arc::new(Inner {
            call: service::Call::clone(&Anonymous::background(app)),
            request_id: String::new(),
            controls: Controls::of(Service::Billing, Role::PlatformAdmin),
            route: String::new(),
            identity: Identity::nobody(tenant.into()),
            selected: OnceLock::new(),
            is_unknown_tenant: AtomicBool::new(false),
            ip: None,
            user_agent: None,
            state: Mutex::default(),
        }))
    }

    pub fn request_id(&self) -> &str {
        &self.0.request_id
    }

    /// The tenant that the call is about.
    pub fn tenant(&self) -> &str {
        let selected = self.0.selected.get().filter(|_| !self.0.is_unknown_tenant.load(Ordering::Relaxed));
        selected.unwrap_or(&self.0.identity.tenant)
    }

    /// The tenant that was named does not exist: what is left of the call is about the operator's own.
    pub(crate) fn unselect(&self) {
        self.0.is_unknown_tenant.store(true, Ordering::Relaxed);
    }

    /// The tenant of the token.
    pub fn own_tenant(&self) -> &str {
        &self.0.identity.tenant
    }

    pub fn user(&self) -> &str {
        &self.0.identity.user
    }

    pub fn role(&self) -> Option<Role> {
        self.0.identity.role
    }

    /// The names of all roles of the token: some have no rank.
    pub fn roles(&self) -> &[String] {
        &self.0.identity.roles
    }

    pub fn is_operator(&self) -> bool {
        self.0.identity.role == Some(Role::PlatformAdmin)
    }

    /// Whether an operator has named a tenant.
    pub fn has_selected(&self) -> bool {
        self.0.selected.get().is_some()
    }

    pub(crate) fn controls(&self) -> Controls {
        self.0.controls
    }

    pub(crate) fn route(&self) -> &str {
        &self.0.route
    }

    pub(crate) fn ip(&self) -> Option<&str> {
        self.0.ip.as_deref()
    }

    pub(crate) fn user_agent(&self) -> Option<&str> {
        self.0.user_agent.as_deref()
    }

    /// The word of the operation, when its calls are events.
    pub(crate) fn event_type(&self) -> Option<&'static str> {
        self.operation().and_then(|operation| operation.audit)
    }

    /// The calls a minute of a tenant without a limit of its own.
    pub(crate) fn default_limit(&self) -> i64 {
        Settings::of(&self.app).map_or(1, |settings| settings.rate_limit)
    }

    /// How long calls of the token's tenant took that came before, once.
    pub(crate) fn take_timings(&self) -> Vec<Timing> {
        self.app.lock::<Timings>().take(self.own_tenant())
    }

    /// Notes how long this call took, for the next one to write down.
    pub(crate) fn note_time(&self) {
        let took = clock::now_ms() - self.now;
        self.app.lock::<Timings>().add(self.own_tenant(), minute_of(self.now), took);
    }

    pub(crate) fn state<T>(&self, with: impl FnOnce(&mut State) -> T) -> T {
        with(&mut self.0.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A refusal of this stage.
    pub(crate) fn refuse(&self, stage: Stage, error: Error) -> Error {
        self.state(|state| state.stage = stage);
        error
    }

    /// What the call is about, for its event, whatever comes of it: the object's id.
    pub fn about(&self, id: impl Into<String>) {
        self.state(|state| state.subject.id = Some(id.into()));
    }

    /// The name of the object, for the event.
    pub fn about_named(&self, id: impl Into<String>, name: impl Into<String>) {
        self.state(|state| (state.subject.id, state.subject.name) = (Some(id.into()), Some(name.into())));
    }

    /// Facts for the event, never a secret.
    pub fn payload(&self, payload: Value) {
        self.state(|state| state.subject.payload = Some(payload));
    }

    /// Takes the tenant that the call names. Whoever is no operator can only name the own one.
    pub(crate) fn select(&self, named: &[String]) -> Result<()> {
        let mismatch = || self.refuse(Stage::Tenant, refusal::tenant_mismatch());
        let Some(first) = named.first() else { return Ok(()) };
        let is_same = |name: &String| name.eq_ignore_ascii_case(first);
        if !self.is_operator() {
            let own = named.iter().all(|name| name.eq_ignore_ascii_case(self.own_tenant()));
            return if own { Ok(()) } else { Err(mismatch()) };
        }
        if !named.iter().all(is_same) {
            return Err(mismatch());
        }
        let Some(tenant) = model::ids::uuid_bytes(first).map(model::ids::uuid_text) else {
            let error = Error::bad_request("The tenant that is named must be a UUID");
            return Err(self.refuse(Stage::Tenant, error));
        };
        let _ = self.0.selected.set(tenant);
        Ok(())
    }

    pub(crate) fn check_role(&self) -> Result<()> {
        let controls = self.0.controls;
        if controls.admit(self.role()) {
            return Ok(());
        }
        let required = if controls.for_programs { Role::Service } else { controls.least };
        Err(self.refuse(Stage::Role, refusal::role_too_low(required, self.role())))
    }

    /// The guards of the stages up to and with this one, in the pipeline's order.
    pub(crate) fn guards(&self, stage: Stage) -> Vec<Guard> {
        let (own, tenant, controls) = (self.own_tenant(), self.tenant(), self.0.controls);
        let limit = self.default_limit();
        let mut guards = vec![self.0.identity.guard(self.now), Window::guard(own, self.now, limit, &self.0.route)];
        if stage == Stage::Tenant {
            return guards;
        }
        if self.has_selected() && !controls.names_new_tenant {
            let exists = Guard::new("EXISTS (SELECT 1 FROM qnsp_tenants WHERE id = ?1)", refusal::unknown_tenant());
            guards.push(exists.bind(tenant));
        }
        if controls.refuses_suspended() {
            let active = "NOT EXISTS (SELECT 1 FROM qnsp_tenants WHERE id = ?1 AND suspended_at IS NOT NULL)";
            guards.push(Guard::new(active, refusal::suspended()).bind(tenant));
        }
        if stage == Stage::Role {
            return guards;
        }
        // What every tier has need not be asked for.
        if controls.entitled && controls.service.least_tier() != Tier::Free {
            let has = "(SELECT tier IN (SELECT value FROM json_each(?2)) FROM qnsp_tenants WHERE id = ?1)";
            let tiers = Tier::ALL.iter().filter(|tier| tier.includes(controls.service));
            let tiers: Vec<_> = tiers.map(|tier| tier.as_str()).collect();
            let guard = Guard::new(has, refusal::not_entitled(controls.service, None));
            guards.push(guard.bind(tenant).bind(Value::from(tiers).to_string()));
        }
        if let Some(add_on) = controls.add_on {
            let has = "EXISTS (SELECT 1 FROM qnsp_tenants t, json_each(t.add_ons) WHERE t.id = ?1 AND value = ?2)";
            guards.push(Guard::new(has, refusal::add_on_missing(add_on)).bind(tenant).bind(add_on.as_str()));
        }
        guards
    }

    /// The data key of the tenant that the call is about.
    pub(crate) async fn data_key(&self) -> Result<Arc<DataKey>> {
        self.admitted(Some(Stage::Input)).data_key(self.tenant()).await
    }

    /// A batch that may go on when the guards up to this stage hold, or that judges none.
    pub(crate) fn admitted(&self, until: Option<Stage>) -> Batch<Admission> {
        Batch::new(Admission { caller: self.clone(), until })
    }
}

/// A caller with the guards that a batch judges.
#[derive(Clone)]
pub struct Admission {
    caller: Caller,
    until: Option<Stage>,
}

impl Deref for Admission {
    type Target = service::Call;

    fn deref(&self) -> &service::Call {
        &self.caller
    }
}

impl Actor for Admission {
    fn name(&self) -> Option<String> {
        Some(self.caller.user().to_owned())
    }

    fn asked(&self) -> Audit {
        self.audit(self.caller.tenant(), self.caller.route())
    }

    fn request_id(&self) -> Option<&str> {
        Some(self.caller.request_id())
    }

    fn guards(&self) -> Vec<Guard> {
        self.until.map(|stage| self.caller.guards(stage)).unwrap_or_default()
    }
}

/// What the row of the operation cannot say: another role is needed for what this call asks.
#[track_caller]
pub fn role_required(caller: &Caller, required: Role) -> Error {
    caller.refuse(Stage::Role, refusal::role_too_low(required, caller.role()))
}

/// Whether an error is about storage or ours, and not an answer to the caller.
pub(crate) fn is_fault(error: &Error) -> bool {
    matches!(error.status, StatusCode::INTERNAL_SERVER_ERROR | StatusCode::SERVICE_UNAVAILABLE)
}
