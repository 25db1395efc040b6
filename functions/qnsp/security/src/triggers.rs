//! Playbooks that fire on events. Each has a place in the tenant's audit log, so each event is held against it once.

use axum::http::StatusCode;
use platform::{Row, Statement};
use qnsp::{Caller, audit_event, conflict, new_id};
use serde_json::json;
use service::{Anonymous, Error, Guard, Result};

use crate::{execute::Start, playbook_store::trigger};

/// How many playbooks one read looks after, and how many entries it holds against each.
const PLAYBOOKS: i64 = 16;
const ENTRIES: i64 = 500;

/// The tenants with playbooks that are behind their log.
pub(crate) const TENANTS: &str = "SELECT p.tenant_id FROM qnsp_playbooks p WHERE enabled \
     AND next_index <= (SELECT coalesce(max(leaf_index), -1) FROM audit_entries WHERE tenant_id = p.tenant_id)";

/// Starts what events have asked for since the last time.
pub(crate) async fn start_due(caller: &Caller) -> Result<()> {
    let behind = Statement::new(
        "SELECT id, trigger_conditions, next_index FROM qnsp_playbooks WHERE tenant_id = ?1 AND enabled \
         AND next_index <= (SELECT coalesce(max(leaf_index), -1) FROM audit_entries WHERE tenant_id = ?1) \
         ORDER BY next_index LIMIT ?2",
    );
    for playbook in caller.app.query(behind.bind(caller.tenant()).bind(PLAYBOOKS)).await? {
        match go_on(caller, &playbook).await {
            // Another read was faster.
            Err(error) if error.status == StatusCode::CONFLICT => {}
            done => done?,
        }
    }
    Ok(())
}

async fn go_on(caller: &Caller, playbook: &Row) -> Result<()> {
    let (id, place): (String, i64) = (playbook.get("id")?, playbook.get("next_index")?);
    let trigger = trigger(playbook)?;
    let entries = Statement::new(
        "SELECT leaf_index, iif(occurred_at IS NULL, NULL, entry) AS entry FROM audit_entries \
         WHERE tenant_id = ?1 AND leaf_index >= ?2 ORDER BY leaf_index LIMIT ?3",
    );
    let mut batch = Anonymous::background(&caller.app).batch();
    let same_place = "EXISTS (SELECT 1 FROM qnsp_playbooks WHERE tenant_id = ?1 AND id = ?2 AND next_index = ?3)";
    let moved = conflict("Another read has gone on");
    batch.require(Guard::new(same_place, moved).bind(caller.tenant()).bind(id.as_str()).bind(place));
    let mut next = place;
    for row in caller.app.query(entries.bind(caller.tenant()).bind(place).bind(ENTRIES)).await? {
        let index: i64 = row.get("leaf_index")?;
        next = index + 1;
        // What is no event, or was erased, has no text.
        let Some(text) = row.get::<Option<String>>("entry")? else { continue };
        let event = audit_event::of(index, &text)?;
        let shown = serde_json::to_value(&event).map_err(|_| Error::internal("an event that is not JSON"))?;
        if trigger.is_met(&shown) {
            let start = Start {
                tenant: caller.tenant(),
                playbook: &id,
                id: &new_id()?,
                context: &json!({ "incidentId": event.event_id, "targetResources": [] }),
                now: caller.now,
                by: None,
                event: Some(&event.event_id),
            };
            batch.push(start.insert());
        }
    }
    let advance = "UPDATE qnsp_playbooks SET next_index = ?3 WHERE tenant_id = ?1 AND id = ?2";
    batch.push(Statement::new(advance).bind(caller.tenant()).bind(id.as_str()).bind(next));
    batch.write().await.map(drop)
}
