//! Reports: what the database counts, and how much it counts at most.

use policy::qnsp::federation::{Event, ReportType, report};

use crate::service::{FULL, HOUR, Service, Value, json};

const PATH: &str = "/auth/federation/audit/reports";

async fn request(service: &Service, body: Value) -> String {
    service.created(PATH, &body).await["reportId"].as_str().unwrap().to_owned()
}

/// A report over the year 2026.
fn of_2026(kind: &str) -> Value {
    json!({ "reportType": kind, "startDate": "2026-01-01", "endDate": "2026-12-31" })
}

/// So many events of 2026, of as many types, providers and users.
async fn events(service: &Service, count: i64) {
    let start = model::time::from_iso("2026-01-01T00:00:00Z").unwrap();
    let insert = format!(
        "WITH RECURSIVE n (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n < {count} - 1) \
         INSERT INTO qnsp_federation_events SELECT '{FULL}', printf('e%06d', n), {start} + n, 'type' || n, 'p' || n, \
         'u' || n, 'success', NULL, NULL, '{{}}' FROM n"
    );
    service.run(insert).await;
}

/// The database counts what the definition says, for events at random times.
#[tokio::test]
async fn the_database_counts_as_the_definition_does() {
    const MINUTE: i64 = 60_000;
    let service = Service::new("definition").await;
    let now = service.number("SELECT unixepoch() * 1000").await - 3 * HOUR;
    let mut seed = 7_u64;
    let mut random = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).unwrap() % below
    };
    let mut events = Vec::new();
    for number in 0..400_i64 {
        let event_type = ["login", "mfa_challenge", "logout"][random(3)];
        let (provider, user) = (["okta", "adfs", "saml"][random(3)], ["u1", "u2", "u3"][random(3)]);
        let at = now + i64::try_from(random(150)).unwrap() * MINUTE;
        let is_success = random(2) > 0;
        events.push(Event { at, event_type, provider, user, is_success });
        let outcome = if is_success { "success" } else { "failure" };
        service
            .run(format!(
                "INSERT INTO qnsp_federation_events VALUES ('{FULL}', '{number}', {at}, '{event_type}', '{provider}', \
                 '{user}', '{outcome}', NULL, NULL, '{{}}')"
            ))
            .await;
    }
    events.sort_by_key(|event| event.at);
    let (start, end) = (now + 10 * MINUTE, now + 130 * MINUTE);
    for providers in [vec![], vec!["okta"], vec!["okta", "adfs", "other"]] {
        let within = |event: &&Event<'_>| {
            (start..=end).contains(&event.at) && (providers.is_empty() || providers.contains(&event.provider))
        };
        let within: Vec<_> = events.iter().filter(within).copied().collect();
        for kind in ReportType::ALL {
            let expected = report(kind, &within, &providers);
            let body = json!({
                "reportType": kind.as_str(), "startDate": model::time::to_iso(start), "endDate": model::time::to_iso(end),
                "providers": providers,
            });
            let data = service.get(&format!("{PATH}/{}", request(&service, body).await)).await["data"].clone();
            assert_eq!(data["totals"]["events"], expected.totals.events);
            assert_eq!(data["totals"]["success"], expected.totals.success);
            assert_eq!(data["totals"]["uniqueUsers"], expected.totals.unique_users);
            let rows = expected.by_provider.iter().map(|row| {
                json!({ "provider": row.provider, "events": row.events, "uniqueUsers": row.unique_users, "failures": row.failures })
            });
            assert_eq!(data["byProvider"], rows.collect::<Value>());
            assert_eq!(data["byEventType"], json!(expected.by_event_type));
            let bursts = expected.findings.iter().map(|burst| {
                json!({
                    "type": "failure_burst", "severity": burst.severity, "userId": burst.user, "count": burst.count,
                    "firstAt": model::time::to_iso(burst.first_at), "lastAt": model::time::to_iso(burst.last_at),
                })
            });
            assert_eq!(data["findings"], bursts.collect::<Value>());
            assert!(kind != ReportType::Security || !providers.is_empty() || !expected.findings.is_empty());
            let checks = expected.checks.map(|checks| {
                let check = |check: &policy::qnsp::federation::Check| {
                    json!({ "checkId": check.id, "passed": check.passed, "value": check.value, "threshold": check.threshold })
                };
                checks.iter().map(check).collect::<Value>()
            });
            assert_eq!(data.get("checks").cloned(), checks);
            let days = expected.by_day.map(|days| {
                let day = |day: &policy::qnsp::federation::DayTotals| {
                    json!({ "date": day.date, "events": day.events, "failures": day.failures })
                };
                days.iter().map(day).collect::<Value>()
            });
            assert_eq!(data.get("byDay").cloned(), days);
        }
    }
}

#[tokio::test]
async fn a_list_goes_on_completing_until_its_reports_had_100_000_events() {
    let service = Service::new("bounded").await;
    events(&service, 40_000).await;
    for _ in 0..5 {
        request(&service, of_2026("activity")).await;
    }
    for completed in [3, 5] {
        service.get(PATH).await;
        let count = "SELECT count(*) FROM qnsp_federation_reports WHERE completed_at IS NOT NULL";
        assert_eq!(service.number(count).await, completed, "the third passes the bound");
    }
}

#[tokio::test]
async fn lists_of_a_report_have_500_rows_and_its_totals_have_all() {
    let service = Service::new("long").await;
    events(&service, 600).await;
    // One more event of the last provider, type and user: what has most events is kept.
    let last = format!(
        "INSERT INTO qnsp_federation_events SELECT tenant_id, 'again', recorded_at, event_type, provider, user_id, outcome, \
         NULL, NULL, '{{}}' FROM qnsp_federation_events WHERE tenant_id = '{FULL}' AND id = 'e000599'"
    );
    service.run(last).await;
    let data = service.get(&format!("{PATH}/{}", request(&service, of_2026("activity")).await)).await["data"].clone();
    assert_eq!((&data["totals"]["events"], &data["totals"]["uniqueUsers"]), (&json!(601), &json!(600)));
    let providers: Vec<_> = data["byProvider"].as_array().unwrap().iter().map(|row| row["provider"].as_str()).collect();
    assert!(providers.len() == 500 && providers.is_sorted() && providers.contains(&Some("p599")), "{providers:?}");
    let types = data["byEventType"].as_object().unwrap();
    assert!(types.len() == 500 && types["type599"] == 2);
    // Bursts of five failures of each user at once.
    let burst = "INSERT INTO qnsp_federation_events SELECT e.tenant_id, e.id || n.value, e.recorded_at, 'login', 'p', \
                 e.user_id, 'failure', NULL, NULL, '{}' FROM qnsp_federation_events e, json_each('[1,2,3,4,5]') n";
    service.run(burst.to_owned()).await;
    let data = service.get(&format!("{PATH}/{}", request(&service, of_2026("security")).await)).await["data"].clone();
    let findings = data["findings"].as_array().unwrap();
    assert!(findings.len() == 500 && findings.iter().any(|row| row["userId"] == "u599" && row["count"] == 10));
    assert!(findings.iter().map(|row| row["firstAt"].as_str()).is_sorted());
}
