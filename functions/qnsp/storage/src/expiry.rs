//! What is done with documents whose retention has ended: they are deleted, archived, or told of, each with an event. Reads
//! that show many documents do it for all of the tenant, the oldest first, as far as the time goes; what shows one does it
//! for that one.

use platform::{Row, Statement, clock};
use qnsp::{Caller, documents::is_due, system_event};
use serde_json::{Value, json};
use service::{Anonymous, Guard, Result};

use crate::store::{self, done_already, had_effect};

/// How many documents one step looks at.
const STEP: i64 = 100;

/// How long one call goes on, in milliseconds.
const TIME: i64 = 5_000;

/// What is done, by the number of the action.
const ACTIONS: [&str; 3] = ["delete", "archive", "notify"];

/// Before the first document.
pub(crate) const START: &str = "cursor_at = -1, cursor_id = ''";

/// The documents (`d`) of a policy (`p`) that it has not looked at, and that are older than its period.
const NEXT: &str = "d.tenant_id = p.tenant_id AND (d.created_at, d.id) > (p.cursor_at, p.cursor_id) \
     AND d.created_at <= ?2 - p.period";

/// Holds of the tenant that have ended by themselves, which was not noticed yet.
const ENDED: &str = "FROM qnsp_holds WHERE tenant_id = ?1 AND expires_at <= ?2 AND NOT is_over";

/// Policies of the tenant that have something to look at.
fn policies() -> String {
    format!(
        "FROM qnsp_storage_retention p WHERE p.tenant_id = ?1 AND EXISTS (SELECT 1 FROM qnsp_documents d WHERE {NEXT})"
    )
}

/// Whether something may be due of the tenant (`?1`) at a time (`?2`).
pub(crate) fn is_pending() -> String {
    format!("(EXISTS (SELECT 1 {ENDED}) OR EXISTS (SELECT 1 {}))", policies())
}

/// The tenants of whom something may be due at a time (`?1`).
pub(crate) fn select_tenants() -> String {
    let next = NEXT.replace("?2", "?1");
    format!(
        "SELECT tenant_id FROM qnsp_holds WHERE expires_at <= ?1 AND NOT is_over UNION SELECT p.tenant_id \
         FROM qnsp_storage_retention p WHERE EXISTS (SELECT 1 FROM qnsp_documents d WHERE {next})"
    )
}

/// Does what is due of the tenant.
pub(crate) async fn sweep(caller: &Caller) -> Result<()> {
    let until = clock::now_ms() + TIME;
    let found = loop {
        let mut batch = Anonymous::background(&caller.app).batch();
        let ended = batch.push(bind(caller, format!("SELECT 1 AS ended {ENDED} LIMIT 1")));
        let policies = batch.push(bind(caller, format!("SELECT p.id {}", policies())));
        let outcomes = batch.read().await?;
        if outcomes.row(ended).is_none() {
            break outcomes.rows(policies).to_vec();
        }
        // Policies look again at what was held.
        end_holds(caller).await?;
    };
    for row in &found {
        let policy: String = row.get("id")?;
        while clock::now_ms() < until && step(caller, &policy).await? {}
    }
    Ok(())
}

fn bind(caller: &Caller, text: String) -> Statement {
    Statement::new(text).bind(caller.tenant()).bind(caller.now)
}

/// Holds that have ended by themselves hold nothing any more.
async fn end_holds(caller: &Caller) -> Result<()> {
    let mut batch = Anonymous::background(&caller.app).batch();
    for text in [
        format!("DELETE FROM qnsp_held WHERE (tenant_id, hold_id) IN (SELECT tenant_id, id {ENDED})"),
        format!("UPDATE qnsp_storage_retention SET {START} WHERE tenant_id = ?1 AND ?2"),
        "UPDATE qnsp_holds SET is_over = 1 WHERE tenant_id = ?1 AND expires_at <= ?2 AND NOT is_over".to_owned(),
    ] {
        batch.push(bind(caller, text));
    }
    batch.write().await.map(drop)
}

/// One step of a policy; whether there may be another.
async fn step(caller: &Caller, policy: &str) -> Result<bool> {
    let select = format!(
        "SELECT d.id, d.created_at, d.on_expiry, d.policy_id, p.cursor_at, p.cursor_id, {} AS is_due \
         FROM qnsp_storage_retention p JOIN qnsp_kept_documents d ON {NEXT} WHERE p.tenant_id = ?1 AND p.id = ?3 \
         ORDER BY d.created_at, d.id LIMIT ?4",
        is_due("?2")
    );
    let rows = caller.app.query(bind(caller, select).bind(policy).bind(STEP)).await?;
    let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return Ok(false) };
    let (cursor_at, cursor_id): (i64, String) = (first.get("cursor_at")?, first.get("cursor_id")?);
    let mut due = Vec::new();
    for row in &rows {
        if row.get("is_due")? {
            due.push(row);
        }
    }
    let here = "EXISTS (SELECT 1 FROM qnsp_storage_retention WHERE tenant_id = ?1 AND id = ?2 AND cursor_at = ?3 \
                AND cursor_id = ?4)";
    let here = Guard::new(here, done_already()).bind(caller.tenant()).bind(policy).bind(cursor_at).bind(cursor_id);
    let update = Statement::new(
        "UPDATE qnsp_storage_retention SET cursor_at = ?3, cursor_id = ?4 WHERE tenant_id = ?1 AND id = ?2",
    );
    let update = update.bind(caller.tenant()).bind(policy);
    let update = update.bind(last.get::<i64>("created_at")?).bind(last.get::<String>("id")?);
    Ok(carry_out(caller, &due, Some((here, update))).await? && rows.len() as i64 == STEP)
}

/// Does what is due of a document.
pub(crate) async fn apply(caller: &Caller, id: &str) -> Result<()> {
    let select = format!(
        "SELECT d.id, d.on_expiry, d.policy_id FROM qnsp_kept_documents d WHERE d.tenant_id = ?1 AND d.id = ?3 AND {}",
        is_due("?2")
    );
    let rows = caller.app.query(bind(caller, select).bind(id)).await?;
    match rows.first() {
        Some(row) => carry_out(caller, &[row], None).await.map(drop),
        None => Ok(()),
    }
}

/// One batch; whether it had its effect. Another call may have been faster, or a hold may have come in between.
async fn carry_out(caller: &Caller, due: &[&Row], progress: Option<(Guard, Statement)>) -> Result<bool> {
    let mut batch = Anonymous::background(&caller.app).batch();
    let (mut all, mut by_action) = (Vec::new(), [const { Vec::new() }; 3]);
    for row in due {
        let (id, policy): (String, String) = (row.get("id")?, row.get("policy_id")?);
        let action = usize::try_from(row.get::<i64>("on_expiry")?).unwrap_or_default();
        let payload = json!({ "onExpiry": ACTIONS.get(action), "policyId": policy });
        batch.record_also(system_event(caller.tenant(), "storage.object.expired", &id, payload)?);
        if let Some(ids) = by_action.get_mut(action) {
            ids.push(id.clone());
        }
        all.push(id);
    }
    let [deleted, archived, told] = by_action;
    let list = |ids: &[String]| Value::from_iter(ids.to_vec()).to_string();
    let are_due = format!(
        "NOT EXISTS (SELECT 1 FROM json_each(?3) i WHERE NOT EXISTS (SELECT 1 FROM qnsp_kept_documents d \
         WHERE d.tenant_id = ?1 AND d.id = i.value AND {}))",
        is_due("?2")
    );
    batch.require(Guard::new(are_due, done_already()).bind(caller.tenant()).bind(caller.now).bind(list(&all)));
    if !deleted.is_empty() {
        for statement in store::delete(caller, &deleted) {
            batch.push(statement);
        }
    }
    for (column, ids) in [("is_archived", &archived), ("is_notified", &told)] {
        let update = format!(
            "UPDATE qnsp_documents SET {column} = 1 WHERE tenant_id = ?1 AND id IN (SELECT value FROM json_each(?2))"
        );
        if !ids.is_empty() {
            batch.push(Statement::new(update).bind(caller.tenant()).bind(list(ids)));
        }
    }
    if let Some((here, update)) = progress {
        batch.require(here);
        batch.push(update);
    }
    had_effect(batch.write().await)
}
