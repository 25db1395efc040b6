//! What a report is made of: counted once by the database, when the report is completed, and shown from then on.

use model::{
    qnsp::auth::{Check, DayTotals, Finding, ProviderTotals, ReportData, ReportPeriod, ReportTotals, ReportType},
    time::{IsoTime, to_iso},
};
use platform::{Row, Statement};
use policy::qnsp::federation;
use qnsp::{Caller, DAY};
use serde::Deserialize;
use service::{Error, Result};

use crate::retention;

/// Completes a report, or the oldest of those that are pending. One that is complete never changes.
pub(crate) fn complete(caller: &Caller, id: Option<&str>) -> Statement {
    Statement::new(include_str!("report_counts.sql"))
        .bind(caller.tenant())
        .bind(id.map(str::to_owned))
        .bind(caller.now)
        .bind(retention::since(caller.now))
}

/// As the statement writes it.
#[derive(Deserialize)]
pub(crate) struct Counts {
    /// Events, successes, users.
    totals: (i64, i64, i64),
    /// Provider, events, users, failures.
    providers: Vec<(String, i64, i64, i64)>,
    types: Vec<(String, i64)>,
    /// Day, events, failures.
    days: Vec<(i64, i64, i64)>,
    /// User, failures, first time, last time.
    bursts: Vec<(String, i64, i64, i64)>,
    logins: i64,
    covered: i64,
    silent: i64,
}

impl Counts {
    /// The columns `report_type`, `start_at`, `end_at` and `counts` of a completed report.
    pub(crate) fn data(row: &Row) -> Result<ReportData> {
        let counts = serde_json::from_str::<Self>(&row.get::<String>("counts")?);
        let counts = counts.map_err(|error| Error::internal(format!("counts of a report: {error}")))?;
        let period = ReportPeriod { start_date: IsoTime(row.get("start_at")?), end_date: IsoTime(row.get("end_at")?) };
        let report_type = row.get::<String>("report_type")?;
        Ok(counts.shown(&report_type, period))
    }

    fn shown(self, report_type: &str, period: ReportPeriod) -> ReportData {
        let is = |wanted: ReportType| report_type == <&str>::from(wanted);
        let (events, success, unique_users) = self.totals;
        let failure = events - success;
        let checks = is(ReportType::Compliance).then(|| {
            let checks = federation::checks((self.covered, self.logins), self.silent, (failure, events));
            checks.map(check).into()
        });
        ReportData {
            period,
            totals: ReportTotals { events, success, failure, unique_users },
            by_provider: self.providers.into_iter().map(provider).collect(),
            by_event_type: self.types.into_iter().collect(),
            by_day: is(ReportType::Activity).then(|| self.days.into_iter().map(day).collect()),
            findings: self.bursts.into_iter().map(finding).collect(),
            checks,
        }
    }
}

fn provider((provider, events, unique_users, failures): (String, i64, i64, i64)) -> ProviderTotals {
    ProviderTotals { provider, events, unique_users, failures }
}

fn day((day, events, failures): (i64, i64, i64)) -> DayTotals {
    let mut date = to_iso(day * DAY);
    date.truncate("2027-01-01".len());
    DayTotals { date, events, failures }
}

fn finding((user_id, count, first_at, last_at): (String, i64, i64, i64)) -> Finding {
    Finding {
        finding_type: "failure_burst",
        severity: federation::burst_severity(count),
        user_id,
        count,
        first_at: IsoTime(first_at),
        last_at: IsoTime(last_at),
    }
}

fn check(check: federation::Check) -> Check {
    Check { check_id: check.id, passed: check.passed, value: check.value, threshold: check.threshold }
}
