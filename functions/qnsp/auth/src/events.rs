//! Events of identity providers: sign-ins and what belongs to them. They are kept for 400 days.

use axum::{http::StatusCode, response::Response};
use model::{
    qnsp::auth::{EventRecorded, RecordFederationEvent},
    time::IsoTime,
};
use platform::Statement;
use qnsp::{Call, Caller, new_id};
use service::Result;

use crate::retention;

/// Record an event of an identity provider.
#[utoipa::path(
    post, path = "/auth/federation/audit/events", tag = "Auth", request_body = RecordFederationEvent,
    responses((status = 201, body = EventRecorded), (status = 400), (status = 401), (status = 403)),
)]
pub(crate) async fn record_event(call: Call<RecordFederationEvent>) -> Result<Response> {
    let id = new_id()?;
    call.about(id.as_str());
    let mut work = call.work();
    work.push(insert(&call, &id, &call.body));
    work.push(hear_of(&call, call.body.provider.as_str()));
    for sweep in retention::sweep_events(call.now) {
        work.push(sweep);
    }
    let recorded = EventRecorded { event_id: id, recorded_at: IsoTime(call.now) };
    work.commit(StatusCode::CREATED, &recorded).await
}

fn insert(caller: &Caller, id: &str, event: &RecordFederationEvent) -> Statement {
    let insert = Statement::new(
        "INSERT INTO qnsp_federation_events (tenant_id, id, recorded_at, event_type, provider, user_id, outcome, \
         source_tenant, target_tenant, metadata) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    );
    let (source, target) = event.tenants(caller.tenant()).unzip();
    insert
        .bind(caller.tenant())
        .bind(id)
        .bind(caller.now)
        .bind(event.event_type.as_str())
        .bind(event.provider.as_str())
        .bind(event.user_id.as_str())
        .bind(<&str>::from(event.outcome))
        .bind(source)
        .bind(target)
        .bind(event.metadata.as_ref().map_or("{}", |metadata| metadata.as_str()))
}

/// A provider that is heard of no more is what a compliance report asks about.
fn hear_of(caller: &Caller, provider: &str) -> Statement {
    let upsert = Statement::new(
        "INSERT INTO qnsp_federation_providers (tenant_id, provider, at) VALUES (?1, ?2, ?3) \
         ON CONFLICT (tenant_id, provider) DO UPDATE SET at = max(at, excluded.at)",
    );
    upsert.bind(caller.tenant()).bind(provider).bind(caller.now)
}
