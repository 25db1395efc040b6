//! Reports over the sign-ins that identity providers reported.

use std::collections::{BTreeMap, BTreeSet};

use model::time::to_iso;

use super::DAY_MS;
use super::number;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event<'a> {
    /// Milliseconds.
    pub at: i64,
    pub event_type: &'a str,
    pub provider: &'a str,
    pub user: &'a str,
    pub is_success: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportType {
    /// With checks.
    Compliance,
    /// With a row a day.
    Activity,
    /// With findings.
    Security,
}

impl ReportType {
    pub const ALL: [Self; 3] = [Self::Compliance, Self::Activity, Self::Security];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Compliance => "compliance",
            Self::Activity => "activity",
            Self::Security => "security",
        }
    }

    /// SDKs say `access` for activity.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "access" => Some(Self::Activity),
            name => Self::ALL.into_iter().find(|report| report.as_str() == name),
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Report<'a> {
    pub totals: Totals,
    /// By name.
    pub by_provider: Vec<ProviderTotals<'a>>,
    pub by_event_type: BTreeMap<&'a str, i64>,
    /// Of an activity report: days with events, ascending.
    pub by_day: Option<Vec<DayTotals>>,
    /// Of a security report; empty in others.
    pub findings: Vec<FailureBurst<'a>>,
    /// Of a compliance report.
    pub checks: Option<[Check; 3]>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    pub events: i64,
    pub success: i64,
    pub failure: i64,
    pub unique_users: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProviderTotals<'a> {
    pub provider: &'a str,
    pub events: i64,
    pub unique_users: i64,
    pub failures: i64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayTotals {
    /// `YYYY-MM-DD`, UTC.
    pub date: String,
    pub events: i64,
    pub failures: i64,
}

/// Failures of one user in quick succession.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FailureBurst<'a> {
    /// `high`, or `critical` for many.
    pub severity: &'static str,
    pub user: &'a str,
    pub count: usize,
    pub first_at: i64,
    pub last_at: i64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Check {
    pub id: &'static str,
    pub passed: bool,
    /// A rate with 4 decimals, or a number of providers.
    pub value: f64,
    pub threshold: f64,
}

/// The report over events of its window and providers, ascending by time. `expected_providers` are those that were asked
/// for, or else those of the last 400 days.
pub fn report<'a>(report_type: ReportType, events: &[Event<'a>], expected_providers: &[&str]) -> Report<'a> {
    let mut by_event_type = BTreeMap::new();
    for event in events {
        *by_event_type.entry(event.event_type).or_default() += 1;
    }
    Report {
        totals: totals(events),
        by_provider: by_provider(events),
        by_event_type,
        by_day: (report_type == ReportType::Activity).then(|| by_day(events)),
        findings: if report_type == ReportType::Security { failure_bursts(events) } else { Vec::new() },
        checks: (report_type == ReportType::Compliance).then(|| checks_of(events, expected_providers)),
    }
}

fn totals<'a, 'e>(events: impl IntoIterator<Item = &'e Event<'a>>) -> Totals
where
    'a: 'e,
{
    let mut totals = Totals::default();
    let mut users = BTreeSet::new();
    for event in events {
        totals.events += 1;
        *(if event.is_success { &mut totals.success } else { &mut totals.failure }) += 1;
        users.insert(event.user);
    }
    Totals { unique_users: users.len() as i64, ..totals }
}

fn by_provider<'a>(events: &[Event<'a>]) -> Vec<ProviderTotals<'a>> {
    let mut providers: BTreeMap<&str, Vec<&Event<'_>>> = BTreeMap::new();
    for event in events {
        providers.entry(event.provider).or_default().push(event);
    }
    let of_provider = |(provider, events)| {
        let Totals { events, failure, unique_users, .. } = totals::<'a, '_>(events);
        ProviderTotals { provider, events, unique_users, failures: failure }
    };
    providers.into_iter().map(of_provider).collect()
}

fn by_day(events: &[Event<'_>]) -> Vec<DayTotals> {
    let mut days: BTreeMap<i64, (i64, i64)> = BTreeMap::new();
    for event in events {
        let (events, failures) = days.entry(event.at.div_euclid(DAY_MS)).or_default();
        *events += 1;
        *failures += i64::from(!event.is_success);
    }
    let of_day = |(day, (events, failures))| {
        let mut date = to_iso(day * DAY_MS);
        date.truncate("2027-01-01".len());
        DayTotals { date, events, failures }
    };
    days.into_iter().map(of_day).collect()
}

/// So many failures within [`BURST_MS`] open a burst, which goes on while the next follows within the same time.
const BURST: usize = 5;
const BURST_MS: i64 = 10 * 60_000;
const CRITICAL_BURST: i64 = 20;

/// How grave a burst of so many failures is.
pub fn burst_severity(failures: i64) -> &'static str {
    if failures >= CRITICAL_BURST { "critical" } else { "high" }
}

/// By beginning, then user.
fn failure_bursts<'a>(events: &[Event<'a>]) -> Vec<FailureBurst<'a>> {
    let mut failures: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
    for event in events.iter().filter(|event| !event.is_success) {
        failures.entry(event.user).or_default().push(event.at);
    }
    let of_user = |(user, times): (&'a str, Vec<i64>)| {
        bursts(&times).into_iter().map(move |(count, first_at, last_at)| FailureBurst {
            severity: burst_severity(count as i64),
            user,
            count,
            first_at,
            last_at,
        })
    };
    let mut bursts: Vec<_> = failures.into_iter().flat_map(of_user).collect();
    bursts.sort_by_key(|burst| (burst.first_at, burst.user));
    bursts
}

/// How many failures each burst has, its first and its last time. `times` ascend.
fn bursts(mut times: &[i64]) -> Vec<(usize, i64, i64)> {
    let mut found = Vec::new();
    while let [first, rest @ ..] = times {
        let opens = rest.get(BURST - 2).is_some_and(|fifth| fifth - first <= BURST_MS);
        times = rest;
        if opens {
            let mut last = *first;
            let goes_on = |time: &&i64| {
                let follows = **time - last <= BURST_MS;
                last = **time;
                follows
            };
            let more = rest.iter().take_while(goes_on).count();
            let (burst, behind) = rest.split_at_checked(more).unwrap_or((rest, &[]));
            found.push((more + 1, *first, burst.last().copied().unwrap_or(*first)));
            times = behind;
        }
    }
    found
}

/// A challenge this long before or after a login covers it.
const MFA_MS: i64 = 5 * 60_000;
/// The share of failures that is tolerated, in percent.
const FAILURE_PERCENT: i64 = 20;

fn checks_of(events: &[Event<'_>], expected_providers: &[&str]) -> [Check; 3] {
    let mut challenges: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
    for event in events.iter().filter(|event| event.event_type == "mfa_challenge") {
        challenges.entry(event.user).or_default().push(event.at);
    }
    let is_covered = |login: &&Event<'_>| {
        challenges.get(login.user).is_some_and(|times| {
            let first = times.partition_point(|time| *time < login.at - MFA_MS);
            times.get(first).is_some_and(|time| *time <= login.at + MFA_MS)
        })
    };
    let logins = || events.iter().filter(|event| event.event_type == "login" && event.is_success);
    let (logins, covered) = (logins().count() as i64, logins().filter(is_covered).count() as i64);
    let Totals { events: count, failure, .. } = totals(events);
    let heard: BTreeSet<&str> = events.iter().map(|event| event.provider).collect();
    let expected: BTreeSet<&str> = expected_providers.iter().copied().collect();
    let silent = expected.difference(&heard).count();
    checks((covered, logins), silent as i64, (failure, count))
}

/// The checks of counts: logins that a challenge covers, of all logins that succeeded; expected providers without any
/// event; failures of all events.
pub fn checks((covered, logins): (i64, i64), silent: i64, (failures, events): (i64, i64)) -> [Check; 3] {
    // What passes is decided by the counts: a rate just below its threshold may be shown as the threshold.
    [
        Check {
            id: "mfa_coverage",
            passed: covered == logins,
            value: if logins == 0 { 1.0 } else { number::rate(covered, logins) },
            threshold: 1.0,
        },
        Check { id: "silent_providers", passed: silent == 0, value: silent as f64, threshold: 0.0 },
        Check {
            id: "failure_rate",
            passed: failures * 100 <= events * FAILURE_PERCENT,
            value: number::rate(failures, events),
            threshold: FAILURE_PERCENT as f64 / 100.0,
        },
    ]
}

#[cfg(test)]
mod tests;
