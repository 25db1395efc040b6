//! What is read of costs: counters of whole hours, records of the hours in which a span begins or ends, and the time that
//! deployments ran.

use std::ops::Range;

use platform::{Row, Statement};
use policy::qnsp::{
    hours::{HOUR_MS, Hours},
    model_costs::{Breakdown, Cost, ModelFacts, Unit},
};
use qnsp::{Caller, ai_costs::GREATEST};
use service::Result;

/// By what costs are grouped.
#[derive(Clone, Copy)]
pub(crate) enum Group {
    Model,
    Provider,
    User,
    Time(Unit),
}

impl Group {
    /// The dimension of the counters. Those of providers are few, and together they are all.
    fn dimension(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Provider | Self::Time(_) => "provider",
            Self::User => "user",
        }
    }
}

/// The counters and the records of a span (`?1` to `?8`), each with its hour.
fn used(category: &str) -> String {
    let records = |from: u8| {
        format!(
            "SELECT {category} AS category, at / {HOUR_MS} AS hour, cost, tokens, requests, prompt_hash IS NOT NULL AS hashed, \
             is_repeat AS repeated, cost * is_repeat AS repeated_cost FROM qnsp_ai_costs \
             WHERE tenant_id = ?1 AND at >= ?{from} AND at < ?{}",
            from + 1
        )
    };
    format!(
        "SELECT category, hour, cost, tokens, requests, hashed, repeated, repeated_cost FROM qnsp_ai_cost_hours \
         WHERE tenant_id = ?1 AND dimension = ?2 AND hour >= ?3 AND hour < ?4 UNION ALL {} UNION ALL {}",
        records(5),
        records(7)
    )
}

fn bind(statement: Statement, caller: &Caller, group: Group, span: &Range<i64>) -> Statement {
    let Hours { whole, edges: [before, behind] } = Hours::of(span);
    let statement = statement.bind(caller.tenant()).bind(group.dimension()).bind(whole.start).bind(whole.end);
    statement.bind(before.start).bind(before.end).bind(behind.start).bind(behind.end)
}

fn column(group: Group) -> &'static str {
    match group {
        Group::Model => "model",
        Group::Provider | Group::Time(_) => "provider",
        Group::User => "user_id",
    }
}

fn capped(column: &str) -> String {
    format!("CAST(min(total({column}), {GREATEST}) AS INTEGER) AS {column}")
}

/// Costs and tokens of a span by category, which is an hour or a day for parts of time.
pub(crate) fn select_used(caller: &Caller, group: Group, span: &Range<i64>) -> Statement {
    let category = match group {
        Group::Time(Unit::Hour) => "hour",
        Group::Time(_) => "hour / 24",
        _ => "category",
    };
    let text = format!(
        "SELECT {category} AS category, {}, {} FROM ({}) GROUP BY 1",
        capped("cost"),
        capped("tokens"),
        used(column(group))
    );
    bind(Statement::new(text), caller, group, span)
}

/// Adds a row of [`select_used`].
pub(crate) fn add_used(breakdown: &mut Breakdown, group: Group, row: &Row) -> Result<()> {
    let category = match group {
        Group::Time(Unit::Hour) => Unit::Hour.name(row.get::<i64>("category")? * HOUR_MS),
        Group::Time(unit) => unit.name(row.get::<i64>("category")? * 24 * HOUR_MS),
        _ => row.get("category")?,
    };
    breakdown.add(category, Cost::of_millionths(row.get("cost")?), row.get("tokens")?);
    Ok(())
}

/// The deployments that ran in a span (`?2` to `?3`).
const RAN: &str = "qnsp_deployments d JOIN qnsp_models m ON m.tenant_id = d.tenant_id AND m.id = d.model_id \
     WHERE d.tenant_id = ?1 AND d.running_until > ?2 AND d.running_from < ?3 AND d.running_from IS NOT NULL";

/// How long replicas ran in a span up to now: by model and provider, or each deployment for parts of time.
pub(crate) fn select_ran(caller: &Caller, group: Group, span: &Range<i64>) -> Statement {
    let text = match group {
        Group::Time(_) => format!(
            "SELECT max(d.running_from, ?2) AS begins, min(d.running_until, ?3) AS ends, d.replicas, d.has_gpu FROM {RAN}"
        ),
        _ => format!(
            "SELECT m.name, m.provider, d.has_gpu, CAST(min(total(d.replicas * (min(d.running_until, ?3) \
             - max(d.running_from, ?2))), {GREATEST}) AS INTEGER) AS milliseconds FROM {RAN} GROUP BY m.name, m.provider, d.has_gpu"
        ),
    };
    Statement::new(text).bind(caller.tenant()).bind(span.start).bind(span.end.min(caller.now))
}

/// Adds a row of [`select_ran`].
pub(crate) fn add_ran(breakdown: &mut Breakdown, group: Group, row: &Row) -> Result<()> {
    let has_gpu = row.get("has_gpu")?;
    let category = match group {
        Group::Time(unit) => {
            let ran = row.get("begins")?..row.get("ends")?;
            unit.spread(breakdown, &ran, row.get("replicas")?, has_gpu);
            return Ok(());
        }
        Group::Model => row.get("name")?,
        Group::Provider => row.get("provider")?,
        Group::User => qnsp::ai_costs::UNKNOWN_USER.to_owned(),
    };
    breakdown.add(category, Cost::of_replicas(row.get("milliseconds")?, has_gpu), 0);
    Ok(())
}

/// Whether models of a name are language models, and whether one of these is active.
fn is_llm(name: &str) -> String {
    let exists = |condition: &str| {
        format!(
            "EXISTS (SELECT 1 FROM qnsp_models l WHERE l.tenant_id = ?1 AND l.name = {name} AND l.type = 'llm'{condition})"
        )
    };
    format!("{} AS is_llm, {} AS is_active_llm", exists(""), exists(" AND l.status = 'active'"))
}

/// What is known of each model that was used in a span.
pub(crate) fn select_facts(caller: &Caller, span: &Range<i64>) -> Statement {
    const SUMS: [&str; 6] = ["cost", "tokens", "requests", "hashed", "repeated", "repeated_cost"];
    let by_hour = SUMS.map(|column| format!("total({column}) AS {column}")).join(", ");
    let sums = ["cost", "tokens", "hashed", "repeated", "repeated_cost"].map(capped).join(", ");
    let text = format!(
        "SELECT category, {sums}, CAST(min(max(requests), {GREATEST}) AS INTEGER) AS busiest_hour, {} \
         FROM (SELECT category, hour, {by_hour} FROM ({}) GROUP BY category, hour) h GROUP BY category",
        is_llm("h.category"),
        used("model")
    );
    bind(Statement::new(text), caller, Group::Model, span)
}

/// What replicas of each model cost in a span: rows as of [`select_ran`], with the kind of the model.
pub(crate) fn select_ran_facts(caller: &Caller, span: &Range<i64>) -> Statement {
    let text = format!(
        "SELECT m.name, d.has_gpu, CAST(min(total(d.replicas * (min(d.running_until, ?3) - max(d.running_from, ?2))), {GREATEST}) \
         AS INTEGER) AS milliseconds, {} FROM {RAN} GROUP BY m.name, d.has_gpu",
        is_llm("m.name")
    );
    Statement::new(text).bind(caller.tenant()).bind(span.start).bind(span.end.min(caller.now))
}

/// The models of both selects.
pub(crate) fn facts(used: &[Row], ran: &[Row]) -> Result<Vec<ModelFacts>> {
    let of_row = |row: &Row| -> Result<ModelFacts> {
        Ok(ModelFacts {
            name: row.get("category")?,
            cost: Cost::of_millionths(row.get("cost")?),
            tokens: row.get("tokens")?,
            busiest_hour: row.get("busiest_hour")?,
            hashed: row.get("hashed")?,
            repeated: row.get("repeated")?,
            repeated_cost: Cost::of_millionths(row.get("repeated_cost")?),
            is_llm: row.get("is_llm")?,
            is_active_llm: row.get("is_active_llm")?,
        })
    };
    let mut models = used.iter().map(of_row).collect::<Result<Vec<_>>>()?;
    for row in ran {
        let (name, cost) =
            (row.get::<String>("name")?, Cost::of_replicas(row.get("milliseconds")?, row.get("has_gpu")?));
        match models.iter_mut().find(|model| model.name == name) {
            Some(model) => model.cost = model.cost.plus(cost),
            None => models.push(ModelFacts {
                name,
                cost,
                is_llm: row.get("is_llm")?,
                is_active_llm: row.get("is_active_llm")?,
                ..ModelFacts::default()
            }),
        }
    }
    Ok(models)
}
