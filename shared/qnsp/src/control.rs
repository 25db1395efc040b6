//! The layer around the operations: it verifies the token before a handler is asked, and sees to it that a call which
//! was refused is counted and recorded as one that succeeded is.

use axum::{
    extract::{Request, State},
    http::{HeaderName, HeaderValue, StatusCode},
    middleware::Next,
    response::{IntoResponse, Response},
};
use platform::Statement;
use policy::qnsp::{Quota, Tier};
use service::{App, Error, Result};

use crate::{
    Caller,
    caller::{Stage, is_fault},
    counters::{USED, Window, counts_since, seconds_left},
    idempotency::{Answer, is_taken},
    refusal,
    work::unavailable,
};

const LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");
const REPLAYED: HeaderName = HeaderName::from_static("x-idempotency-replayed");

pub(crate) async fn control(State(app): State<App>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let caller = match Caller::of(&app, &parts).await {
        Ok(Some(caller)) => caller,
        Ok(None) => return next.run(Request::from_parts(parts, body)).await,
        Err(error) if is_fault(&error) => return unavailable(error).into_response(),
        Err(error) => return error.into_response(),
    };
    let mut request = Request::from_parts(parts, body);
    request.extensions_mut().insert(caller.clone());
    let mut response = next.run(request).await;
    if let Some(error) = response.extensions_mut().remove::<Error>() {
        response = settle(&caller, error).await;
    }
    if let Some(window) = caller.state(|state| state.window) {
        caller.note_time();
        let headers = response.headers_mut();
        headers.insert(LIMIT, HeaderValue::from(window.limit));
        headers.insert(REMAINING, HeaderValue::from(window.remaining));
        headers.insert(RESET, HeaderValue::from(window.reset));
    }
    response
}

/// Finishes a call that had no effect: finds out which refusal comes first, counts it and records it.
async fn settle(caller: &Caller, mut error: Error) -> Response {
    let (mut until, kept) = caller.state(|state| ((!state.is_judged).then_some(state.stage), state.kept.take()));
    let mut kept = kept;
    if caller.state(|state| state.window.is_some()) {
        // The call had its effect, and only its answer could not be given.
        return error.into_response();
    }
    if until.is_none() && refusal::is_unknown_tenant(&error) {
        caller.unselect();
    }
    if is_taken(&error) && kept.is_none() {
        // Another call with the same key was faster.
        match find_kept(caller).await {
            Ok(answer) => kept = answer,
            Err(refusal) => error = refusal,
        }
    }
    loop {
        let answered = kept.as_ref().map_or(error.status, |kept| kept.status);
        if answered == StatusCode::UNAUTHORIZED {
            return error.into_response();
        }
        match count_and_record(caller, until, answered).await {
            Ok(()) => break,
            Err(fault) if is_fault(&fault) => return unavailable(fault).into_response(),
            // A guard of an earlier stage: that is the refusal, and it has been judged.
            Err(refusal) => {
                if refusal::is_unknown_tenant(&refusal) {
                    caller.unselect();
                }
                (error, until, kept) = (refusal, None, None);
            }
        }
    }
    match kept {
        Some(answer) => ([(REPLAYED, "true")], &answer).into_response(),
        None => complete(caller, error).await.into_response(),
    }
}

async fn find_kept(caller: &Caller) -> Result<Option<Answer>> {
    match caller.state(|state| state.idempotency.clone()) {
        Some(idempotency) => idempotency.kept(&caller.app, &*caller.data_key().await?, caller.now).await,
        None => Ok(None),
    }
}

/// One batch: the guards up to a stage, if they have not been judged, and what a call with this status counts and is
/// recorded as.
async fn count_and_record(caller: &Caller, until: Option<Stage>, status: StatusCode) -> Result<()> {
    let mut batch = caller.admitted(until);
    let window = if status == StatusCode::TOO_MANY_REQUESTS {
        batch.push(caller.count_minute(true, None))
    } else {
        caller.count(&mut batch, !status.is_success())
    };
    if status != StatusCode::TOO_MANY_REQUESTS
        && let Some(event) = caller.event(status)?
    {
        batch.record_always(event);
    }
    let outcomes = batch.write().await?;
    let window = Window::of(outcomes.one(window)?, caller.now)?;
    caller.counted(window);
    Ok(())
}

/// Fills in what a refusal says about the tenant.
async fn complete(caller: &Caller, error: Error) -> Error {
    match error.status {
        StatusCode::TOO_MANY_REQUESTS => {
            let limit = caller.state(|state| state.window).map(|window| window.limit);
            refusal::too_many(caller.route(), limit, seconds_left(caller.now))
        }
        StatusCode::FORBIDDEN => match said(caller, &error).await {
            Ok(Some(completed)) => completed,
            Ok(None) | Err(_) => error,
        },
        _ => error,
    }
}

async fn said(caller: &Caller, error: &Error) -> Result<Option<Error>> {
    let text = |name: &str| error.body().and_then(|body| body.get(name)?.as_str().map(str::to_owned));
    let is_entitlement = text("control").as_deref() == Some("entitlements");
    let resource = text("resource").and_then(|resource| Quota::parse(&resource));
    if !is_entitlement && resource.is_none() {
        return Ok(None);
    }
    let select = Statement::new(format!("SELECT tier, {USED} AS used FROM qnsp_tenants WHERE id = ?1"));
    let since = resource.and_then(|quota| counts_since(quota, caller.now));
    let select = select.bind(caller.tenant()).bind(resource.map_or("", Quota::as_str)).bind(since);
    let rows = caller.app.query(select).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let tier: String = row.get("tier")?;
    Ok(Some(match resource {
        Some(resource) => {
            let limit = Tier::parse(&tier).map(|tier| resource.limit(tier));
            refusal::quota_exceeded(resource, Some(row.get("used")?), limit)
        }
        None => refusal::not_entitled(caller.controls().service, Some(&tier)),
    }))
}
