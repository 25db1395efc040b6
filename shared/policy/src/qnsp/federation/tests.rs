use proptest::prelude::*;

use super::*;

const MINUTE: i64 = 60_000;

fn event(at: i64, event_type: &'static str, user: &'static str, is_success: bool) -> Event<'static> {
    Event { at, event_type, provider: "okta", user, is_success }
}

fn failures(minutes: &[i64]) -> Vec<Event<'static>> {
    minutes.iter().map(|minute| event(minute * MINUTE, "login", "u1", false)).collect()
}

fn found(minutes: &[i64]) -> Vec<(usize, i64, i64)> {
    let of_burst = |burst: &FailureBurst<'_>| (burst.count, burst.first_at / MINUTE, burst.last_at / MINUTE);
    report(ReportType::Security, &failures(minutes), &[]).findings.iter().map(of_burst).collect()
}

#[test]
fn events_are_counted_by_provider_type_and_user() {
    let events = [
        event(1, "login", "u1", true),
        Event { provider: "adfs", ..event(2, "login", "u2", false) },
        event(3, "logout", "u1", true),
        event(4, "login", "u2", false),
    ];
    let report = report(ReportType::Security, &events, &[]);
    assert_eq!(report.totals, Totals { events: 4, success: 2, failure: 2, unique_users: 2 });
    let providers: Vec<_> =
        report.by_provider.iter().map(|row| (row.provider, row.events, row.unique_users, row.failures)).collect();
    assert_eq!(providers, [("adfs", 1, 1, 1), ("okta", 3, 2, 1)]);
    assert_eq!(report.by_event_type, BTreeMap::from([("login", 3), ("logout", 1)]));
    assert!(report.by_day.is_none() && report.checks.is_none());
}

#[test]
fn each_type_of_report_has_a_part_of_its_own() {
    let events = failures(&[0, 1, 2, 3, 4]);
    let has = |report_type| {
        let report = report(report_type, &events, &[]);
        (report.by_day.is_some(), !report.findings.is_empty(), report.checks.is_some())
    };
    assert_eq!(has(ReportType::Activity), (true, false, false));
    assert_eq!(has(ReportType::Security), (false, true, false));
    assert_eq!(has(ReportType::Compliance), (false, false, true));
    assert_eq!(ReportType::parse("access"), Some(ReportType::Activity));
    for report_type in ReportType::ALL {
        assert_eq!(ReportType::parse(report_type.as_str()), Some(report_type));
    }
    assert_eq!(ReportType::parse("audit"), None);
}

#[test]
fn an_activity_report_has_the_days_with_events() {
    let day = 20_000 * DAY_MS;
    let events = [
        event(day, "login", "u1", true),
        event(day + DAY_MS - 1, "login", "u1", false),
        event(day + 3 * DAY_MS, "login", "u1", true),
    ];
    let days = report(ReportType::Activity, &events, &[]).by_day.unwrap_or_default();
    let days: Vec<_> = days.iter().map(|day| (day.date.as_str(), day.events, day.failures)).collect();
    assert_eq!(days, [("2024-10-04", 2, 1), ("2024-10-07", 1, 0)]);
}

#[test]
fn five_failures_within_ten_minutes_open_a_burst() {
    assert_eq!(found(&[0, 1, 2, 10]), []);
    assert_eq!(found(&[0, 1, 2, 3, 10]), [(5, 0, 10)]);
    assert_eq!(found(&[0, 1, 2, 3, 11]), []);
    assert_eq!(found(&[0, 9, 10, 11, 12, 13]), [(5, 9, 13)], "the first that opens");
    assert_eq!(found(&[5, 5, 5, 5, 5]), [(5, 5, 5)]);
}

#[test]
fn a_burst_goes_on_while_the_next_follows_within_ten_minutes() {
    assert_eq!(found(&[0, 1, 2, 3, 4, 14, 24, 35]), [(7, 0, 24)]);
    assert_eq!(found(&[0, 1, 2, 3, 4, 20, 21, 22, 23, 24]), [(5, 0, 4), (5, 20, 24)]);
}

#[test]
fn a_burst_is_critical_from_twenty_failures_on() {
    let severity = |count: i64| {
        let minutes: Vec<_> = (0..count).collect();
        report(ReportType::Security, &failures(&minutes), &[]).findings.first().map(|burst| burst.severity)
    };
    assert_eq!([severity(4), severity(19), severity(20)], [None, Some("high"), Some("critical")]);
}

#[test]
fn bursts_are_those_of_one_user_and_of_failures_alone() {
    let mut mixed = failures(&[0, 1, 2, 3]);
    mixed.extend([event(4 * MINUTE, "login", "u2", false), event(5 * MINUTE, "login", "u1", true)]);
    assert!(report(ReportType::Security, &mixed, &[]).findings.is_empty());
    let two: Vec<_> = (0..5).flat_map(|at| [event(at, "login", "b", false), event(at, "login", "a", false)]).collect();
    let users: Vec<_> = report(ReportType::Security, &two, &[]).findings.iter().map(|burst| burst.user).collect();
    assert_eq!(users, ["a", "b"]);
}

fn check(events: &[Event<'_>], providers: &[&str], id: &str) -> Option<(bool, f64, f64)> {
    let checks = report(ReportType::Compliance, events, providers).checks?;
    checks.iter().find(|check| check.id == id).map(|check| (check.passed, check.value, check.threshold))
}

#[test]
fn a_login_is_covered_by_a_challenge_within_five_minutes() {
    let coverage = |events: &[Event<'_>]| check(events, &[], "mfa_coverage");
    let login = event(20 * MINUTE, "login", "u1", true);
    for minutes in [15, 25] {
        let challenge = event(minutes * MINUTE, "mfa_challenge", "u1", true);
        assert_eq!(coverage(&[login, challenge]), Some((true, 1.0, 1.0)), "{minutes}");
        let early_or_late = Event { at: challenge.at + (minutes - 20).signum(), ..challenge };
        assert_eq!(coverage(&[login, early_or_late]), Some((false, 0.0, 1.0)), "{minutes}");
        assert_eq!(coverage(&[login, Event { user: "u2", ..challenge }]), Some((false, 0.0, 1.0)));
    }
    let three = [login, login, login, event(90 * MINUTE, "mfa_challenge", "u1", true)];
    assert_eq!(coverage(&three), Some((false, 0.0, 1.0)));
    assert_eq!(coverage(&[event(0, "login", "u1", false)]), Some((true, 1.0, 1.0)), "without logins");
    let mut many = vec![login; 100_000];
    many.push(event(20 * MINUTE, "mfa_challenge", "u1", true));
    many.push(event(90 * MINUTE, "login", "u1", true));
    assert_eq!(coverage(&many), Some((false, 1.0, 1.0)), "one without is one too many, however it rounds");
}

#[test]
fn a_provider_without_any_event_is_silent() {
    let events = [event(0, "login", "u1", true)];
    assert_eq!(check(&events, &["okta"], "silent_providers"), Some((true, 0.0, 0.0)));
    assert_eq!(check(&events, &["okta", "adfs", "x", "adfs"], "silent_providers"), Some((false, 2.0, 0.0)));
    assert_eq!(check(&[], &[], "silent_providers"), Some((true, 0.0, 0.0)));
}

#[test]
fn a_fifth_of_failures_is_tolerated() {
    let rate = |failed: usize, count: usize| {
        let events: Vec<_> = (0..count).map(|at| event(at as i64, "login", "u1", at >= failed)).collect();
        check(&events, &[], "failure_rate")
    };
    assert_eq!(rate(1, 5), Some((true, 0.2, 0.2)));
    assert_eq!(rate(1, 4), Some((false, 0.25, 0.2)));
    assert_eq!(rate(0, 0), Some((true, 0.0, 0.2)));
    assert_eq!(rate(1, 3), Some((false, 0.3333, 0.2)));
}

proptest! {
    #[test]
    fn bursts_are_apart_in_order_and_large_enough(gaps in prop::collection::vec(0_i64..15, 0..60)) {
        let minutes: Vec<_> = gaps.iter().scan(0, |minute, gap| { *minute += gap; Some(*minute) }).collect();
        let bursts = found(&minutes);
        for (count, first, last) in &bursts {
            prop_assert!(*count >= 5 && first <= last);
            prop_assert_eq!(minutes.iter().filter(|minute| (first..=last).contains(minute)).count(), *count);
        }
        for ((_, _, last), (_, first, _)) in bursts.iter().zip(bursts.iter().skip(1)) {
            prop_assert!(first - last > 10);
        }
        // Whoever has five within ten minutes is found.
        let opens = minutes.windows(5).any(|five| five.iter().max().zip(five.iter().min()).is_some_and(|(last, first)| last - first <= 10));
        prop_assert_eq!(opens, !bursts.is_empty());
    }

    #[test]
    fn parts_add_up_to_the_totals(users in prop::collection::vec((0_usize..4, any::<bool>(), 0_i64..10 * DAY_MS), 0..50)) {
        let mut events: Vec<_> = users.into_iter().filter_map(|(user, is_success, at)| {
            let name = ["a", "b", "c", "d"].get(user).copied()?;
            Some(Event { at, event_type: name, provider: name, user: name, is_success })
        }).collect();
        events.sort_by_key(|event| event.at);
        let report = report(ReportType::Activity, &events, &[]);
        prop_assert_eq!(report.totals.events, report.totals.success + report.totals.failure);
        prop_assert_eq!(report.by_provider.iter().map(|row| row.events).sum::<i64>(), report.totals.events);
        prop_assert_eq!(report.by_event_type.values().sum::<i64>(), report.totals.events);
        let days = report.by_day.unwrap_or_default();
        prop_assert_eq!(days.iter().map(|day| day.failures).sum::<i64>(), report.totals.failure);
        prop_assert!(days.is_sorted_by(|one, next| one.date < next.date));
    }
}
