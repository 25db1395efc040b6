//! Threat signals about users. They are kept for 400 days, and count in evaluations for one.

use axum::{Json, http::StatusCode, response::Response};
use model::{
    ids::Uuid,
    qnsp::auth::{RecordSignal, Signal, SignalRecorded, Signals},
    time::IsoTime,
};
use platform::{Row, Statement};
use qnsp::{Call, Caller, Limit, Nothing, Offset, new_id};
use serde::Deserialize;
use serde_json::value::RawValue;
use service::{Error, Result};
use utoipa::IntoParams;

use crate::{
    hours::{self, SIGNAL},
    retention,
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct User {
    user_id: Uuid,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListSignals {
    /// Signals recorded at this time or later.
    #[param(value_type = Option<String>)]
    since: Option<IsoTime>,
    #[serde(default)]
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200)]
    limit: Limit,
    #[serde(default)]
    #[param(value_type = Option<i64>, minimum = 0)]
    offset: Offset,
}

/// Record a threat signal.
#[utoipa::path(
    post, path = "/auth/risk/signals", tag = "Auth", request_body = RecordSignal,
    responses((status = 201, body = SignalRecorded), (status = 400), (status = 401), (status = 403)),
)]
pub(crate) async fn record_signal(call: Call<RecordSignal>) -> Result<Response> {
    let signal = &call.body;
    let id = new_id()?;
    call.about(id.as_str());
    let mut work = call.work();
    work.push(insert(&call, &id, signal));
    let name = format!("{}/{}", <&str>::from(signal.signal_type), <&str>::from(signal.severity));
    work.push(hours::count(call.tenant(), call.now, &[(SIGNAL, &name)]));
    work.push(retention::sweep_signals(call.now));
    let recorded = SignalRecorded {
        id: id.clone(),
        signal_id: id,
        signal_type: signal.signal_type,
        severity: signal.severity,
        recorded_at: IsoTime(call.now),
    };
    work.commit(StatusCode::CREATED, &recorded).await
}

/// List the threat signals about a user, newest first.
#[utoipa::path(
    get, path = "/auth/risk/users/{userId}/signals", tag = "Auth", params(("userId" = String, Path), ListSignals),
    responses((status = 200, body = Signals), (status = 400), (status = 401), (status = 403)),
)]
pub(crate) async fn list_signals(call: Call<Nothing, ListSignals, User>) -> Result<Json<Signals>> {
    let user = call.path.user_id.as_str();
    let since = call.query.since.map_or(i64::MIN, |since| since.0).max(retention::since(call.now));
    let mut work = call.work();
    let found = work.push(select(&call, user, since, (call.query.limit.0, call.query.offset.0)));
    let total = work.push(count(&call, user, since));
    let outcomes = work.run().await?;
    Ok(Json(Signals {
        signals: outcomes.rows(found).iter().map(signal).collect::<Result<_>>()?,
        total: outcomes.one(total)?.get("total")?,
    }))
}

fn insert(caller: &Caller, id: &str, signal: &RecordSignal) -> Statement {
    let insert = Statement::new(
        "INSERT INTO qnsp_signals (tenant_id, id, recorded_at, user_id, signal_type, severity, address, metadata) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    );
    insert
        .bind(caller.tenant())
        .bind(id)
        .bind(caller.now)
        .bind(signal.user_id.as_ref().map(|user| user.as_str().to_owned()))
        .bind(<&str>::from(signal.signal_type))
        .bind(<&str>::from(signal.severity))
        .bind(signal.address())
        .bind(signal.metadata().map_or("{}", |metadata| metadata.as_str()))
}

fn select(caller: &Caller, user: &str, since: i64, (limit, offset): (i64, i64)) -> Statement {
    let select = Statement::new(
        "SELECT id, recorded_at, signal_type, severity, metadata FROM qnsp_signals \
         WHERE tenant_id = ?1 AND user_id = ?2 AND recorded_at >= ?3 ORDER BY recorded_at DESC, id DESC \
         LIMIT ?4 OFFSET ?5",
    );
    select.bind(caller.tenant()).bind(user).bind(since).bind(limit).bind(offset)
}

fn count(caller: &Caller, user: &str, since: i64) -> Statement {
    let count =
        "SELECT count(*) AS total FROM qnsp_signals WHERE tenant_id = ?1 AND user_id = ?2 AND recorded_at >= ?3";
    Statement::new(count).bind(caller.tenant()).bind(user).bind(since)
}

fn signal(row: &Row) -> Result<Signal> {
    let metadata = RawValue::from_string(row.get("metadata")?);
    Ok(Signal {
        signal_id: row.get("id")?,
        signal_type: row.get("signal_type")?,
        severity: row.get("severity")?,
        recorded_at: IsoTime(row.get("recorded_at")?),
        metadata: metadata.map_err(|_| Error::internal("metadata of a signal is not JSON"))?,
    })
}
