//! The executions, with what came of their actions. Reading them runs what is due.

use axum::Json;
use model::{
    ids::Uuid,
    qnsp::security::{ActionState, Execution, ExecutionStatus, Executions},
    time::IsoTime,
};
use platform::{Row, Statement};
use qnsp::{Call, Caller, Limit, Nothing, Offset};
use serde::Deserialize;
use service::Result;
use utoipa::IntoParams;

use crate::{
    outcome::Outcome,
    playbook_store::{actions, raw},
    run, triggers,
};

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct ListExecutions {
    #[param(inline)]
    status: Option<ExecutionStatus>,
    #[param(value_type = Option<String>)]
    playbook_id: Option<Uuid>,
    #[serde(default)]
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200)]
    limit: Limit,
    #[serde(default)]
    #[param(value_type = Option<i64>, minimum = 0)]
    offset: Offset,
}

impl ListExecutions {
    /// What is not asked for is no condition of a column, so that the index is used that fits.
    fn statement(&self, caller: &Caller, select: &str, end: &str) -> Statement {
        let status = self.status.map_or("?2 IS NULL", |_| "status = ?2");
        let playbook = self.playbook_id.as_ref().map_or("?3 IS NULL", |_| "playbook_id = ?3");
        let text =
            format!("{select} FROM qnsp_playbook_executions WHERE tenant_id = ?1 AND {status} AND {playbook}{end}");
        let statement = Statement::new(text).bind(caller.tenant());
        let status = self.status.map(|status| <&str>::from(status).to_owned());
        statement.bind(status).bind(self.playbook_id.as_ref().map(|id| id.as_str().to_owned()))
    }
}

/// List the executions, newest first. What is due runs before.
#[utoipa::path(
    get, path = "/security/v1/playbooks/executions", tag = "Security monitoring", params(ListExecutions),
    responses((status = 200, body = Executions), (status = 400), (status = 401), (status = 403)),
)]
pub(crate) async fn list_executions(call: Call<Nothing, ListExecutions>) -> Result<Json<Executions>> {
    triggers::start_due(&call).await?;
    run::run_due(&call).await?;
    let query = &call.query;
    let mut work = call.work();
    let select = "SELECT id, playbook_id, status, context, started_at, completed_at, actions, results";
    let page = query.statement(&call, select, " ORDER BY started_at DESC, id DESC LIMIT ?4 OFFSET ?5");
    let found = work.push(page.bind(query.limit.0).bind(query.offset.0));
    let total = work.push(query.statement(&call, "SELECT count(*) AS total", ""));
    let outcomes = work.run().await?;
    Ok(Json(Executions {
        executions: outcomes.rows(found).iter().map(execution).collect::<Result<_>>()?,
        total: outcomes.one(total)?.get("total")?,
    }))
}

fn execution(row: &Row) -> Result<Execution> {
    let status: String = row.get("status")?;
    let has_ended = status == "completed" || status == "failed";
    let mut results = Outcome::all(row)?.into_iter();
    let states = actions(row)?.into_iter().map(|action| {
        let (status, error) = match results.next() {
            Some(Outcome { error: None }) => ("success", None),
            Some(Outcome { error }) => ("failed", error),
            None if has_ended => ("skipped", None),
            None => ("pending", None),
        };
        ActionState { action_type: action.action_type, status, error }
    });
    Ok(Execution {
        execution_id: row.get("id")?,
        playbook_id: row.get("playbook_id")?,
        actions: states.collect(),
        status,
        context: raw(row.get("context")?)?,
        started_at: IsoTime(row.get("started_at")?),
        completed_at: row.get::<Option<i64>>("completed_at")?.map(IsoTime),
    })
}
