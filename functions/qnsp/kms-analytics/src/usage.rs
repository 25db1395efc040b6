//! Uses of keys by hour, day or week.

use axum::Json;
use model::{
    qnsp::kms::{Granularity, KeyOperation, KeyUsage, KeyUsageRow, KeyUsageSummary},
    time::IsoTime,
};
use platform::{Row, SqlValue, Statement};
use qnsp::{Call, Caller, DAY, Limit, Nothing, Offset, impossible, key_usage::MINUTES_KEPT, word};
use serde::Deserialize;
use service::Result;
use utoipa::IntoParams;

use crate::period::Counters;

/// The most periods that are shown.
const MOST_PERIODS: i64 = 5_000;

const MINUTE: i64 = 60_000;

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct AskUsage {
    key_id: Option<String>,
    #[param(inline)]
    operation: Option<KeyOperation>,
    /// 24 hours ago if not given. Uses count by whole minutes.
    #[param(value_type = Option<String>)]
    start_time: Option<IsoTime>,
    /// Now if not given.
    #[param(value_type = Option<String>)]
    end_time: Option<IsoTime>,
    /// `hour` if not given. A week starts on Monday.
    #[param(inline)]
    #[serde(default)]
    granularity: Granularity,
    /// 1 to 200, 50 if not given.
    #[serde(default)]
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200)]
    limit: Limit,
    #[serde(default)]
    #[param(value_type = Option<i64>, minimum = 0)]
    offset: Offset,
}

/// Show how often keys were used in each hour, day or week.
#[utoipa::path(
    get, path = "/kms/v1/analytics/usage", tag = "KMS", params(AskUsage),
    responses((status = 200, body = KeyUsage), (status = 400), (status = 401), (status = 403), (status = 422)),
)]
pub(crate) async fn show_key_usage(call: Call<Nothing, AskUsage>) -> Result<Json<KeyUsage>> {
    let asked = &call.query;
    let end = asked.end_time.map_or(call.now, |time| time.0);
    let start = asked.start_time.map_or(call.now - DAY, |time| time.0);
    if start > end {
        return Err(impossible("startTime", "must not be after endTime"));
    }
    if periods(asked.granularity, start, end) > MOST_PERIODS {
        return Err(impossible("granularity", "gives more than 5000 periods from startTime to endTime"));
    }
    let [rows, summary] = select(&call, asked, start, end);
    let mut work = call.work();
    let (rows, summary) = (work.push(rows), work.push(summary));
    let outcomes = work.run().await?;
    let summary = outcomes.one(summary)?;
    Ok(Json(KeyUsage {
        usage: outcomes.rows(rows).iter().map(usage).collect::<Result<_>>()?,
        summary: KeyUsageSummary {
            total_operations: summary.get("uses")?,
            total_bytes_processed: summary.get("bytes")?,
            unique_keys: summary.get("keys")?,
        },
    }))
}

/// How many periods have a part in a time.
fn periods(granularity: Granularity, start: i64, end: i64) -> i64 {
    let number = |time: i64| match granularity {
        Granularity::Hour => time.div_euclid(DAY / 24),
        Granularity::Day => time.div_euclid(DAY),
        Granularity::Week => (time.div_euclid(DAY) + DAYS_FROM_MONDAY).div_euclid(7),
    };
    if start == end { 0 } else { number(end - 1) - number(start) + 1 }
}

/// The epoch began on a Thursday.
const DAYS_FROM_MONDAY: i64 = 3;

/// A page of rows, and the summary of all.
fn select(caller: &Caller, asked: &AskUsage, start: i64, end: i64) -> [Statement; 2] {
    let counters = Counters::of(start, end, caller.now.div_euclid(MINUTE) - MINUTES_KEPT);
    let mut params = vec![SqlValue::from(caller.tenant())];
    let mut sources = Vec::new();
    let mut add = |table: &str, unit: &str, hour: &str, range: &std::ops::Range<i64>| {
        params.extend([range.start.into(), range.end.into()]);
        sources.push(format!(
            "SELECT {hour} AS hour, key_id, operation, uses, bytes FROM {table} WHERE tenant_id = ?1 \
             AND {unit} >= ?{} AND {unit} < ?{}",
            params.len() - 1,
            params.len()
        ));
    };
    add("qnsp_key_hours", "hour", "hour", &counters.hours);
    for minutes in &counters.minutes {
        add("qnsp_key_minutes", "minute", "minute / 60", minutes);
    }
    let filters =
        [("key_id", asked.key_id.clone()), ("operation", asked.operation.map(|it| <&str>::from(it).to_owned()))];
    for (column, value) in filters {
        if let Some(value) = value {
            params.push(value.into());
            for source in &mut sources {
                *source += &format!(" AND {column} = ?{}", params.len());
            }
        }
    }
    let uses = sources.join(" UNION ALL ");
    let sums = "CAST(total(uses) AS INTEGER) AS uses, CAST(min(total(bytes), 9007199254740991) AS INTEGER) AS bytes";
    let summary = format!("SELECT {sums}, count(DISTINCT key_id) AS keys FROM ({uses})");
    let period = match asked.granularity {
        Granularity::Hour => "hour * 3600000".to_owned(),
        Granularity::Day => format!("hour / 24 * {DAY}"),
        Granularity::Week => {
            format!("((hour / 24 + {DAYS_FROM_MONDAY}) / 7 * 7 - {DAYS_FROM_MONDAY}) * {DAY}")
        }
    };
    let summary = Statement { params: params.clone(), ..Statement::new(summary) };
    params.extend([asked.limit.0.into(), asked.offset.0.into()]);
    let rows = format!(
        "SELECT {period} AS period, key_id, operation, {sums} FROM ({uses}) GROUP BY period, key_id, operation \
         ORDER BY period, key_id, operation LIMIT ?{} OFFSET ?{}",
        params.len() - 1,
        params.len()
    );
    [Statement { params, ..Statement::new(rows) }, summary]
}

fn usage(row: &Row) -> Result<KeyUsageRow> {
    Ok(KeyUsageRow {
        timestamp: IsoTime(row.get("period")?),
        key_id: row.get("key_id")?,
        operation: word(row, "operation")?,
        count: row.get("uses")?,
        bytes_processed: row.get("bytes")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_are_those_that_a_time_touches() {
        const HOUR: i64 = DAY / 24;
        for (granularity, start, end, expected) in [
            (Granularity::Hour, 0, 0, 0),
            (Granularity::Hour, 0, HOUR, 1),
            (Granularity::Hour, HOUR - 1, HOUR + 1, 2),
            (Granularity::Day, -1, DAY, 2),
            // From Sunday to Monday.
            (Granularity::Week, 4 * DAY - 1, 4 * DAY, 1),
            (Granularity::Week, 4 * DAY - 1, 4 * DAY + 1, 2),
        ] {
            assert_eq!(periods(granularity, start, end), expected, "{granularity:?} {start} {end}");
        }
    }
}
