//! When due work was last asked for.

use axum::{Json as Answer, extract::State};
use model::{
    system::{DueFunction, DueWork},
    time::IsoTime,
};
use platform::{Row, Statement};
use service::{App, Result};

/// Get when each function last carried out a step of due work. That is what falls due without a caller.
#[utoipa::path(
    get, path = "/healthz/due", tag = "Chancery", responses((status = 200, body = DueWork)),
)]
pub(crate) async fn show_due_work(State(app): State<App>) -> Result<Answer<DueWork>> {
    let select = Statement::new("SELECT function, at, failed, more FROM due_work ORDER BY function");
    let functions = app.query(select).await?.iter().map(function).collect::<Result<_>>()?;
    Ok(Answer(DueWork { functions }))
}

fn function(row: &Row) -> Result<DueFunction> {
    Ok(DueFunction {
        name: row.get("function")?,
        last_run_at: IsoTime(row.get("at")?),
        failed: row.get("failed")?,
        more: row.get("more")?,
    })
}
