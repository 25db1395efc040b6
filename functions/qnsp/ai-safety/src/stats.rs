//! How many prompts were analyzed in a span of time, and what was found.

use axum::Json;
use model::{
    qnsp::ai::{DetectionsByCategory, InjectionStats},
    time::DayOrTime,
};
use platform::Statement;
use policy::qnsp::hours::Hours;
use qnsp::{Call, LongPeriod, Nothing, span};
use serde::Deserialize;
use service::Result;
use utoipa::IntoParams;

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct AskStats {
    /// Up to now; `30d` if not given.
    #[param(inline)]
    period: Option<LongPeriod>,
    /// An ISO 8601 time or a day, in place of the period.
    #[param(value_type = Option<String>)]
    start_date: Option<DayOrTime>,
    /// Now if not given.
    #[param(value_type = Option<String>)]
    end_date: Option<DayOrTime>,
}

/// Show how many prompts were analyzed, and what was found in them.
#[utoipa::path(
    get, path = "/ai/v1/security/injection/stats", tag = "AI", params(AskStats),
    responses((status = 200, body = InjectionStats), (status = 400), (status = 401), (status = 403), (status = 422)),
)]
pub(crate) async fn show_injections(call: Call<Nothing, AskStats>) -> Result<Json<InjectionStats>> {
    let asked = &call.query;
    let Hours { whole, edges: [before, behind] } =
        Hours::of(&span(asked.period, asked.start_date, asked.end_date, call.now)?);
    const COUNTS: &str = "jailbreak, data_extraction, instruction_override";
    let analyses = |from: u8| {
        format!(
            "SELECT 1 AS analyzed, is_blocked AS blocked, {COUNTS} FROM qnsp_injection_analyses \
             WHERE tenant_id = ?1 AND at >= ?{from} AND at < ?{}",
            from + 1
        )
    };
    let sums = ["analyzed", "blocked", "jailbreak", "data_extraction", "instruction_override"];
    let sums = sums.map(|column| format!("coalesce(sum({column}), 0) AS {column}")).join(", ");
    let select = Statement::new(format!(
        "SELECT {sums} FROM (SELECT analyzed, blocked, {COUNTS} FROM qnsp_injection_hours \
         WHERE tenant_id = ?1 AND hour >= ?2 AND hour < ?3 UNION ALL {} UNION ALL {})",
        analyses(4),
        analyses(6)
    ));
    let select = select.bind(call.tenant()).bind(whole.start).bind(whole.end);
    let select = select.bind(before.start).bind(before.end).bind(behind.start).bind(behind.end);
    let mut work = call.work();
    let found = work.push(select);
    let outcomes = work.run().await?;
    let row = outcomes.one(found)?;
    Ok(Json(InjectionStats {
        total_analyzed: row.get("analyzed")?,
        blocked: row.get("blocked")?,
        by_category: DetectionsByCategory {
            jailbreak: row.get("jailbreak")?,
            data_extraction: row.get("data_extraction")?,
            instruction_override: row.get("instruction_override")?,
        },
    }))
}
