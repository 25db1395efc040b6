//! What a handler takes: the caller with body, query and path, after everything was checked that needs no storage.

use std::ops::Deref;

use axum::{
    extract::{FromRequest, FromRequestParts as _, RawPathParams, Request},
    http::{Method, request::Parts},
};
use model::{
    faults::{self, Faults},
    ids::uuid_bytes,
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use service::{App, BODY_LIMIT, Error, Result, parse_query, read_optional_body};

use crate::{
    Caller,
    caller::Stage,
    idempotency::{self, Idempotency, taken},
    refusal,
};

/// Headers that name a tenant.
const TENANT_HEADERS: [&str; 3] = ["x-qnsp-tenant-id", "x-qnsp-tenant", "x-tenant-id"];

/// The name of a tenant in a query, a body or a path.
const TENANT: &str = "tenantId";

/// A call of an operation: body, query and path are types of the operation's.
pub struct Call<B = Nothing, Q = Nothing, P = Nothing> {
    caller: Caller,
    pub body: B,
    pub query: Q,
    pub path: P,
}

/// Nothing of a body, a query or a path is read.
#[derive(Deserialize)]
pub struct Nothing {}

impl<B, Q, P> Deref for Call<B, Q, P> {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.caller
    }
}

impl<B, Q, P> FromRequest<App> for Call<B, Q, P>
where
    B: DeserializeOwned + Send,
    Q: DeserializeOwned + Send,
    P: DeserializeOwned + Send,
{
    type Rejection = Error;

    async fn from_request(request: Request, app: &App) -> Result<Self> {
        let (mut parts, body) = request.into_parts();
        let caller = parts.extensions.get::<Caller>().cloned().ok_or_else(refusal::invalid_token)?;
        let has_body = !matches!(parts.method, Method::GET | Method::HEAD | Method::DELETE);
        let body = if has_body {
            read_optional_body(Request::from_parts(parts.clone(), body), BODY_LIMIT).await
        } else {
            Ok(Vec::new())
        };
        // The parameters of the path are read as those of the query are, so that each fault is named.
        let path = path_parameters(&mut parts, app).await;
        let named = named_tenants(&parts, &path, body.as_deref().unwrap_or_default());
        caller.select(&named)?;
        caller.check_role()?;
        let input = |error| caller.refuse(Stage::Input, error);
        let body = body.map_err(input)?;
        let mut faults = Faults::default();
        let mut add = |found: Faults| faults.add_within("", found);
        let path = parse_query::<P>(&path).map_err(&mut add).ok();
        let query = parse_query::<Q>(parts.uri.query().unwrap_or_default()).map_err(&mut add).ok();
        let read = faults::read::<B>(or_empty(&body), "Body").map_err(&mut add).ok();
        let (Some(path), Some(query), Some(read)) = (path, query, read) else { return Err(input(faults.into())) };
        if let Some(key) = idempotency::key_of(&parts)? {
            let data_key = caller.data_key().await?;
            let user = caller.controls().personal.then(|| caller.user());
            let idempotency = Idempotency::new((caller.tenant(), &data_key), (parts.uri.path(), user), key, &body);
            let kept = idempotency.kept(app, &data_key, caller.now).await?;
            let is_kept = kept.is_some();
            caller.state(|state| (state.idempotency, state.kept) = (Some(idempotency), kept));
            if is_kept {
                return Err(taken());
            }
        }
        Ok(Self { caller, body: read, query, path })
    }
}

/// An absent body is an empty object.
fn or_empty(body: &[u8]) -> &[u8] {
    if body.trim_ascii().is_empty() { b"{}" } else { body }
}

/// The parameters of the path, written as a query.
async fn path_parameters(parts: &mut Parts, app: &App) -> String {
    let Ok(params) = RawPathParams::from_request_parts(parts, app).await else { return String::new() };
    form_urlencoded::Serializer::new(String::new()).extend_pairs(&params).finish()
}

/// Every tenant that the call names, wherever it does. What names none, because it cannot be read, is refused later.
fn named_tenants(parts: &Parts, path: &str, body: &[u8]) -> Vec<String> {
    let headers = TENANT_HEADERS.iter().flat_map(|name| parts.headers.get_all(*name));
    let mut named: Vec<String> = headers.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect();
    let tenants = |pairs: &str| -> Vec<String> {
        let pairs = form_urlencoded::parse(pairs.as_bytes());
        pairs.filter(|(name, _)| name == TENANT).map(|(_, value)| value.into_owned()).collect()
    };
    named.extend(tenants(parts.uri.query().unwrap_or_default()));
    named.extend(tenants(path).into_iter().filter(|tenant| uuid_bytes(tenant).is_some()));
    match serde_json::from_slice::<Named>(body) {
        Ok(Named { tenant: Some(Value::String(tenant)) }) => named.push(tenant),
        Ok(Named { tenant: Some(other) }) => named.push(other.to_string()),
        Ok(Named { tenant: None }) | Err(_) => {}
    }
    named
}

#[derive(Deserialize)]
struct Named {
    #[serde(rename = "tenantId")]
    tenant: Option<Value>,
}
