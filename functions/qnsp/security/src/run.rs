//! Executions that are due go on: in one batch as far as nothing is sent, and in two around each webhook, so that no
//! action happens twice.

use axum::http::StatusCode;
use model::qnsp::security::ActionType;
use platform::{Row, Statement, clock};
use qnsp::{Caller, conflict, deliver_signed, open_webhook_secret, system_event};
use serde_json::json;
use service::{Anonymous, Batch, Error, Guard, Result};

use crate::{
    actions::Execution,
    outcome::{Effects, Outcome},
    playbook_store::{Action, actions},
};

/// How many executions one read carries on, how many requests it sends, and for how long it begins new ones.
const EXECUTIONS: i64 = 16;
const REQUESTS: u32 = 40;
const TIME: i64 = 10_000;

/// How long a webhook may be on its way, in milliseconds. One that has not come back by then has failed.
const SENDING: i64 = 60_000;

/// The tenants with executions that can go on at a time (`?1`).
pub(crate) const TENANTS: &str = "SELECT tenant_id FROM qnsp_playbook_executions \
     WHERE status IN ('running', 'pending_approval') AND (pause_at IS NULL OR pause_at > json_array_length(results)) \
     AND coalesce(sending_until, 0) <= ?1";

/// Carries on what is due, the oldest first.
pub(crate) async fn run_due(caller: &Caller) -> Result<()> {
    let due = Statement::new(
        "SELECT id, playbook_id, context, actions, pause_at, results, revision, sending_until \
         FROM qnsp_playbook_executions WHERE tenant_id = ?1 AND status IN ('running', 'pending_approval') \
         AND (pause_at IS NULL OR pause_at > json_array_length(results)) AND coalesce(sending_until, 0) <= ?2 \
         ORDER BY started_at, id LIMIT ?3",
    );
    let due = due.bind(caller.tenant()).bind(clock::now_ms()).bind(EXECUTIONS);
    let mut budget = Budget { requests: REQUESTS, until: clock::now_ms() + TIME };
    for row in caller.app.query(due).await? {
        let mut running = Running::of(caller, &row)?;
        match running.go_on(caller, &mut budget).await {
            // Another read was faster.
            Err(error) if error.status == StatusCode::CONFLICT => {}
            done => done?,
        }
    }
    Ok(())
}

struct Budget {
    requests: u32,
    until: i64,
}

impl Budget {
    fn take(&mut self) -> bool {
        let is_left = self.requests > 0 && clock::now_ms() < self.until;
        self.requests -= u32::from(is_left);
        is_left
    }
}

struct Running {
    execution: Execution,
    /// Before which action the execution waits.
    pause_at: Option<usize>,
    results: Vec<Outcome>,
    revision: i64,
    /// Somebody has sent the next action, and did not come back.
    is_interrupted: bool,
}

impl Running {
    fn of(caller: &Caller, row: &Row) -> Result<Self> {
        let context = serde_json::from_str(&row.get::<String>("context")?);
        Ok(Self {
            execution: Execution {
                tenant: caller.tenant().to_owned(),
                id: row.get("id")?,
                playbook: row.get("playbook_id")?,
                context: context.map_err(|_| Error::internal("a context that cannot be read"))?,
                actions: actions(row)?,
                now: clock::now_ms(),
            },
            pause_at: row.get::<Option<i64>>("pause_at")?.and_then(|at| usize::try_from(at).ok()),
            results: Outcome::all(row)?,
            revision: row.get("revision")?,
            is_interrupted: row.get::<Option<i64>>("sending_until")?.is_some(),
        })
    }

    /// The next action, unless the execution has ended or waits.
    fn next(&self) -> Option<&Action> {
        let may_go_on = self.pause_at.is_none_or(|at| self.results.len() < at);
        let has_failed = self.results.last().is_some_and(|last| !last.is_done());
        self.execution.actions.get(self.results.len()).filter(|_| may_go_on && !has_failed)
    }

    async fn go_on(&mut self, caller: &Caller, budget: &mut Budget) -> Result<()> {
        while let Some(action) = self.next().cloned() {
            if action.action_type == ActionType::Webhook {
                if !self.is_interrupted && !budget.take() {
                    break;
                }
                self.send(caller, &action).await?;
            } else {
                self.carry_out(caller).await?;
            }
        }
        Ok(())
    }

    /// All actions up to the next webhook, in one batch. A rotation is the last of its batch, so that the next one sees it.
    async fn carry_out(&mut self, caller: &Caller) -> Result<()> {
        let mut effects = Effects::default();
        while let Some(action) = self.next().map(|action| action.action_type).filter(|it| *it != ActionType::Webhook) {
            let outcome = self.execution.carry_out(caller, self.results.len(), &mut effects).await?;
            self.results.push(outcome);
            if action == ActionType::Rotate {
                break;
            }
        }
        let mut batch = self.batch(caller);
        for guard in effects.guards {
            batch.require(guard);
        }
        for statement in effects.statements {
            batch.push(statement);
        }
        for event in effects.events {
            batch.record_also(event);
        }
        let stored = self.store(batch).await;
        if stored.is_err() {
            for (id, key) in effects.keys {
                key.forget(&id).await;
            }
        }
        stored
    }

    /// Says that the webhook is on its way, sends it, and stores what came of it. One that was on its way before has
    /// failed, for it may have arrived.
    async fn send(&mut self, caller: &Caller, action: &Action) -> Result<()> {
        if std::mem::take(&mut self.is_interrupted) {
            self.results.push(Outcome::failed("interrupted"));
            let batch = self.batch(caller);
            return self.store(batch).await;
        }
        let tenant = self.execution.tenant.clone();
        let mut batch = self.batch(caller);
        let mark = Statement::new(
            "UPDATE qnsp_playbook_executions SET sending_until = ?3, revision = revision + 1 \
             WHERE tenant_id = ?1 AND id = ?2",
        );
        batch.push(mark.bind(tenant.as_str()).bind(self.execution.id.as_str()).bind(clock::now_ms() + SENDING));
        let sealed = "SELECT sealed_webhook_secret FROM qnsp_tenants WHERE id = ?1";
        let sealed = batch.push(Statement::new(sealed).bind(tenant.as_str()));
        let key = batch.read_data_key(&tenant);
        let outcomes = batch.write().await?;
        self.revision += 1;
        let key = outcomes.data_key(&key)?;
        let sealed: Option<Vec<u8>> = outcomes.one(sealed)?.get("sealed_webhook_secret")?;
        let outcome = match key.zip(sealed) {
            None => Outcome::failed("the tenant has no webhook secret"),
            Some((key, sealed)) => {
                let secret = open_webhook_secret(&key, &tenant, &sealed)?;
                let Execution { id, playbook, context, .. } = &self.execution;
                let body = json!({ "executionId": id, "playbookId": playbook, "context": context });
                let url = action.text("url").unwrap_or_default();
                match deliver_signed(&caller.app, url, &secret, body.to_string()).await? {
                    Ok(()) => Outcome::DONE,
                    Err(reason) => Outcome::failed(reason),
                }
            }
        };
        self.results.push(outcome);
        let batch = self.batch(caller);
        self.store(batch).await
    }

    /// A batch for who goes on from the state that was read.
    fn batch(&self, caller: &Caller) -> Batch<Anonymous> {
        let mut batch = Anonymous::background(&caller.app).batch();
        let same = "EXISTS (SELECT 1 FROM qnsp_playbook_executions WHERE tenant_id = ?1 AND id = ?2 AND revision = ?3)";
        let same = Guard::new(same, conflict("Another read has gone on"));
        let Execution { tenant, id, .. } = &self.execution;
        batch.require(same.bind(tenant.as_str()).bind(id.as_str()).bind(self.revision));
        batch
    }

    /// Stores how far the execution has come, with an event.
    async fn store(&mut self, mut batch: Batch<Anonymous>) -> Result<()> {
        let Execution { tenant, id, .. } = &self.execution;
        let status = if self.results.last().is_some_and(|last| !last.is_done()) {
            Some("failed")
        } else {
            (self.results.len() == self.execution.actions.len()).then_some("completed")
        };
        let results = serde_json::to_string(&self.results).map_err(|_| Error::internal("results that are not JSON"))?;
        let update = Statement::new(
            "UPDATE qnsp_playbook_executions SET results = ?3, status = coalesce(?4, status), \
             completed_at = iif(?4 IS NULL, NULL, ?5), sending_until = NULL, revision = revision + 1 \
             WHERE tenant_id = ?1 AND id = ?2",
        );
        let update = update.bind(tenant.as_str()).bind(id.as_str()).bind(results);
        batch.push(update.bind(status.map(str::to_owned)).bind(clock::now_ms()));
        let outcomes = self.execution.actions.iter().zip(&self.results).map(|(action, outcome)| {
            json!({ "type": action.action_type, "status": if outcome.is_done() { "success" } else { "failed" } })
        });
        let payload = json!({ "actions": outcomes.collect::<Vec<_>>(), "playbookId": self.execution.playbook });
        batch.record_always(system_event(tenant, "security.playbook.run", id, payload)?);
        batch.write().await?;
        self.revision += 1;
        Ok(())
    }
}
