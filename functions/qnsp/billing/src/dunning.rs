//! Schedules of dunning, and their steps. A step runs once between a tenant's first failed payment and the time at which
//! none is left; it runs with the call after which it is seen to be due, in a batch of its own.

use axum::{http::StatusCode, response::Response};
use model::{
    qnsp::billing::{DunningAction, DunningScheduled, DunningStep, NewDunningSchedule},
    time::{IsoTime, to_iso},
};
use platform::{Row, Statement};
use policy::qnsp::dunning::{self, Fault, Step};
use qnsp::{Call, Caller, DAY, conflict, impossible_fields, new_id, system_event};
use serde_json::json;
use service::{
    Anonymous, App, Error, Guard, Result,
    portal::{Letter, Mail},
};

use crate::scope::Scope;

/// Of how many tenants one call runs what is due.
const TENANTS_AT_ONCE: i64 = 16;

/// Say what happens after a payment of a tenant failed. It replaces the schedule before.
#[utoipa::path(
    post, path = "/billing/v1/dunning/schedule", tag = "Billing", request_body = NewDunningSchedule,
    responses(
        (status = 201, body = DunningScheduled), (status = 400), (status = 401), (status = 403), (status = 404),
        (status = 422),
    ),
)]
pub(crate) async fn schedule_dunning(call: Call<NewDunningSchedule>) -> Result<Response> {
    let schedule = &call.body.schedule;
    let faults = dunning::faults(&schedule.iter().map(step).collect::<Vec<_>>());
    if !faults.is_empty() {
        return Err(impossible_fields(faults.into_iter().map(named).collect()));
    }
    let id = new_id()?;
    call.about(id.as_str());
    let steps = serde_json::to_string(schedule).map_err(|_| Error::internal("steps that are not JSON"))?;
    let upsert = Statement::new(
        "INSERT INTO qnsp_dunning (tenant_id, id, steps, ran, created_at) VALUES (?1, ?2, ?3, 0, ?4) \
         ON CONFLICT (tenant_id) DO UPDATE SET id = excluded.id, steps = excluded.steps, ran = 0, \
         created_at = excluded.created_at",
    );
    let mut work = call.work();
    work.push(upsert.bind(call.tenant()).bind(id.as_str()).bind(steps).bind(call.now));
    let scheduled =
        DunningScheduled { schedule_id: id, tenant_id: call.tenant().to_owned(), created_at: IsoTime(call.now) };
    work.commit(StatusCode::CREATED, &scheduled).await
}

fn named(fault: Fault) -> (String, &'static str) {
    match fault {
        Fault::NotLater(place) => {
            (format!("schedule[{place}].dayAfterFailure"), "must be later than that of the step before")
        }
        Fault::CancelNotLast(place) => (format!("schedule[{place}].action"), "may only be that of the last step"),
    }
}

fn step(step: &DunningStep) -> Step {
    Step { day_after_failure: step.day_after_failure.0, action: step.action }
}

/// The schedules of which a step is due at a time (`?2`), days being of `?3` milliseconds.
const DUE: &str = "SELECT d.tenant_id, d.id, d.steps, d.ran, f.failed_at, ?2 AS now, t.name, t.admin_email FROM \
     (SELECT tenant_id, min(failed_at) AS failed_at FROM qnsp_payments WHERE {scope} AND status = 'failed' \
     GROUP BY tenant_id) f JOIN qnsp_dunning d ON d.tenant_id = f.tenant_id JOIN qnsp_tenants t ON t.id = d.tenant_id \
     WHERE f.failed_at + (d.steps ->> ('$[' || d.ran || '].dayAfterFailure')) * ?3 <= ?2";

/// Those that the caller may see.
pub(crate) fn select_due(caller: &Caller) -> Statement {
    let select = Scope::of(caller).select(&format!("{DUE} ORDER BY d.tenant_id LIMIT ?4"), "tenant_id");
    select.bind(caller.now).bind(DAY).bind(TENANTS_AT_ONCE)
}

/// Those of all tenants at a time (`?1`).
pub(crate) fn select_all_due() -> String {
    DUE.replace("{scope}", "TRUE").replace("?2", "?1").replace("?3", &DAY.to_string())
}

/// Runs the steps of the schedules that [`select_due`] has found. What fails is tried again with a later call, so it is
/// logged and nothing of the call.
pub(crate) async fn run_due(app: &App, schedules: &[Row]) {
    for schedule in schedules {
        match run(app, schedule).await {
            Ok(()) => {}
            // Another call was faster, or the last payment has succeeded.
            Err(error) if error.status == StatusCode::CONFLICT => {}
            Err(error) => platform::log::error(&format!("a step of dunning did not run: {}", error.reason())),
        }
    }
}

pub(crate) async fn run(app: &App, schedule: &Row) -> Result<()> {
    let (tenant, id, ran): (String, String, i64) =
        (schedule.get("tenant_id")?, schedule.get("id")?, schedule.get("ran")?);
    let (failed_at, now): (i64, i64) = (schedule.get("failed_at")?, schedule.get("now")?);
    let steps: Vec<DunningStep> = serde_json::from_str(&schedule.get::<String>("steps")?)
        .map_err(|_| Error::internal("a schedule of dunning that cannot be read"))?;
    let done = usize::try_from(ran).unwrap_or_default();
    let due = dunning::due(&steps.iter().map(step).collect::<Vec<_>>(), done, failed_at, now).len();

    let mut batch = Anonymous::background(app).batch();
    let is_due = Guard::new(
        "EXISTS (SELECT 1 FROM qnsp_dunning d WHERE d.tenant_id = ?1 AND d.id = ?2 AND d.ran = ?3 AND EXISTS \
         (SELECT 1 FROM qnsp_payments p WHERE p.tenant_id = ?1 AND p.status = 'failed'))",
        conflict("The steps are no longer due"),
    );
    batch.require(is_due.bind(tenant.as_str()).bind(id.as_str()).bind(ran));
    let actions: Vec<&str> = steps.iter().skip(done).take(due).map(|step| step.action.into()).collect();
    let payload = json!({ "actions": actions });
    batch.record_always(system_event(&tenant, "billing.dunning.run", &id, payload)?);
    for step in steps.iter().skip(done).take(due) {
        match step.action {
            DunningAction::Email | DunningAction::Sms => batch.push(message(app, schedule, step, now).await?),
            DunningAction::Suspend => {
                let mark = "UPDATE qnsp_dunning SET suspended_at = ?2 WHERE tenant_id = ?1 AND EXISTS \
                            (SELECT 1 FROM qnsp_tenants WHERE id = ?1 AND suspended_at IS NULL)";
                batch.push(Statement::new(mark).bind(tenant.as_str()).bind(now));
                let suspend = "UPDATE qnsp_tenants SET suspended_at = ?2, updated_at = ?2 \
                               WHERE id = ?1 AND suspended_at IS NULL";
                batch.push(Statement::new(suspend).bind(tenant.as_str()).bind(now))
            }
            DunningAction::Cancel => {
                let cancel = "UPDATE qnsp_tenants SET tier = 'free', monthly_fee = 0, updated_at = ?2 WHERE id = ?1";
                batch.push(Statement::new(cancel).bind(tenant.as_str()).bind(now))
            }
        };
    }
    let count = Statement::new("UPDATE qnsp_dunning SET ran = ran + ?2 WHERE tenant_id = ?1");
    batch.push(count.bind(tenant).bind(i64::try_from(due).unwrap_or_default()));
    batch.write().await.map(|_| ())
}

/// A mail of the outbox, under the name of the template. A text message has no gateway, and lies there undelivered.
async fn message(app: &App, schedule: &Row, step: &DunningStep, now: i64) -> Result<Statement> {
    let (name, tenant): (String, String) = (schedule.get("name")?, schedule.get("tenant_id")?);
    let letter = Letter {
        subject: "A payment has failed".to_owned(),
        text: format!(
            "A payment of {name} ({tenant}) failed on {} and has not been made since.\n",
            to_iso(schedule.get("failed_at")?)
        ),
    };
    let address = schedule.get::<Option<String>>("admin_email")?;
    let failure = match (step.action, &address) {
        (DunningAction::Sms, _) => Some("there is no gateway for text messages"),
        (_, None) => Some("the tenant has no e-mail address"),
        _ => None,
    };
    let template = step.template.as_ref().map_or("", |template| template.as_str()).to_owned();
    let insert = Mail::of_letter(app, template, letter).await?.insert(
        "INSERT INTO portal_mail (id, kind, sealed, created_at, next_attempt_at, recipient, failure) \
         VALUES (?1, ?2, ?3, ?4, CASE WHEN ?6 IS NULL THEN ?4 END, ?5, ?6)",
        now,
    );
    Ok(insert.bind(address.unwrap_or_default()).bind(failure.map(str::to_owned)))
}

/// After a payment has succeeded: if it was the last of its tenant that had failed, the schedule begins anew with the
/// next failure, and a suspension by it ends.
pub(crate) fn settle(payment: &str, now: i64) -> [Statement; 2] {
    const SETTLED: &str = "SELECT tenant_id FROM qnsp_payments p WHERE id = ?1 AND NOT EXISTS \
                           (SELECT 1 FROM qnsp_payments o WHERE o.tenant_id = p.tenant_id AND o.status = 'failed')";
    let lift = Statement::new(format!(
        "UPDATE qnsp_tenants AS t SET suspended_at = NULL, updated_at = ?2 WHERE id = ({SETTLED}) \
         AND suspended_at = (SELECT suspended_at FROM qnsp_dunning d WHERE d.tenant_id = t.id)"
    ));
    let renew =
        Statement::new(format!("UPDATE qnsp_dunning SET ran = 0, suspended_at = NULL WHERE tenant_id = ({SETTLED})"));
    [lift.bind(payment).bind(now), renew.bind(payment)]
}
