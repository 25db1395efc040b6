//! Reports: completed by the first read and never changed, as files under signed addresses.

use policy::qnsp::federation::{Event, ReportType, report};

use crate::service::{FREE, FULL, HOUR, OPERATORS, Reply, Service, UNKNOWN, Value, json, key};

const PATH: &str = "/auth/federation/audit/reports";

async fn ask(service: &Service, body: Value) -> String {
    let accepted = service.created(PATH, &body).await;
    assert_eq!(accepted["status"], "pending");
    assert!(accepted["estimatedCompletionAt"].is_string());
    accepted["reportId"].as_str().unwrap().to_owned()
}

async fn record(service: &Service, event_type: &str, provider: &str, user: &str, outcome: &str) {
    let body = json!({ "eventType": event_type, "provider": provider, "userId": user, "outcome": outcome });
    service.created("/auth/federation/audit/events", &body).await;
}

/// From yesterday to tomorrow, whenever that is.
async fn days(service: &Service) -> (String, String) {
    let today = service.number("SELECT unixepoch() * 1000").await;
    let day = |time: i64| model::time::to_iso(time)[..10].to_owned();
    (day(today - 24 * HOUR), day(today + 24 * HOUR))
}

#[tokio::test]
async fn a_report_is_completed_by_the_first_read_and_never_changes() {
    let service = Service::new("reports").await;
    let (start, end) = days(&service).await;
    record(&service, "login", "okta", "u1", "success").await;
    record(&service, "login", "okta", "u2", "failure").await;
    let of =
        |kind: &str| json!({ "reportType": kind, "startDate": start, "endDate": end, "providers": ["okta", "adfs"] });
    let id = ask(&service, of("compliance")).await;
    let shown = service.get(&format!("{PATH}/{id}")).await;
    assert_eq!(
        (&shown["status"], &shown["reportType"], &shown["downloadUrl"]),
        (&json!("completed"), &json!("compliance"), &Value::Null)
    );
    let data = &shown["data"];
    assert_eq!(
        data["period"],
        json!({ "startDate": format!("{start}T00:00:00.000Z"), "endDate": format!("{end}T23:59:59.999Z") })
    );
    assert_eq!(data["totals"], json!({ "events": 2, "success": 1, "failure": 1, "uniqueUsers": 2 }));
    assert_eq!(data["byProvider"], json!([{ "provider": "okta", "events": 2, "uniqueUsers": 2, "failures": 1 }]));
    assert_eq!((&data["byEventType"], &data["findings"]), (&json!({ "login": 2 }), &json!([])));
    let checks = json!([
        { "checkId": "mfa_coverage", "passed": false, "value": 0.0, "threshold": 1.0 },
        { "checkId": "silent_providers", "passed": false, "value": 1.0, "threshold": 0.0 },
        { "checkId": "failure_rate", "passed": false, "value": 0.5, "threshold": 0.2 },
    ]);
    assert_eq!((&data["checks"], data.get("byDay")), (&checks, None));
    record(&service, "logout", "okta", "u1", "success").await;
    assert_eq!(service.get(&format!("{PATH}/{id}")).await, shown);
    assert_eq!(service.get(&format!("{PATH}/{}", ask(&service, of("access")).await)).await["reportType"], "activity");

    // A list completes what it shows, too.
    ask(&service, of("security")).await;
    let list = service.get(PATH).await;
    let list = list["reports"].as_array().unwrap();
    assert!(
        list.len() == 3 && list.iter().all(|row| row["status"] == "completed" && row["completedAt"].is_string()),
        "{list:?}"
    );
    assert_eq!(list.iter().filter(|row| row.get("data").is_none()).count(), 3);
    let other = service.call("GET", &format!("{PATH}/{id}"), &key(OPERATORS, "admin"), &[], "").await;
    assert_eq!(other.status.as_u16(), 404);
    assert_eq!(service.refused("GET", &format!("{PATH}/{UNKNOWN}"), &Value::Null).await.0, 404);
    assert_eq!(service.refused("GET", &format!("{PATH}/x"), &Value::Null).await.0, 400);
}

#[tokio::test]
async fn what_is_wrong_with_a_report_is_named() {
    let service = Service::new("bad-reports").await;
    let places = ["endDate", "format", "reportType", "startDate"].map(str::to_owned).to_vec();
    let bad = json!({ "reportType": "x", "startDate": "2026-02-30", "format": "xml" });
    assert_eq!(service.refused("POST", PATH, &bad).await, (400, places));
    for (start, end, status) in [
        ("2026-01-02", "2026-01-01", 422),
        ("2025-01-01", "2026-01-02", 422),
        ("2025-01-01", "2026-01-01", 202),
        ("2026-01-01", "2026-01-01", 202),
    ] {
        let body = json!({ "reportType": "security", "startDate": start, "endDate": end });
        assert_eq!(service.post(&key(FULL, "developer"), PATH, &body).await.status.as_u16(), status, "{start} {end}");
    }
    let body = json!({ "reportType": "security", "startDate": "2026-01-01", "endDate": "2026-01-01" });
    assert_eq!(service.post(&key(FULL, "viewer"), PATH, &body).await.status.as_u16(), 403);
    assert_eq!(service.post(&key(FREE, "developer"), PATH, &body).await.status.as_u16(), 403);
}

async fn download(service: &Service, url: &str) -> Reply {
    service.call("GET", url, "", &[], "").await
}

#[tokio::test]
async fn files_are_downloaded_by_a_signed_address() {
    let service = Service::new("downloads").await;
    let (start, end) = days(&service).await;
    record(&service, "login", "=okta", "a,\"b\"", "success").await;
    record(&service, "logout", "okta", "+1", "failure").await;
    let of = |format: &str| json!({ "reportType": "activity", "startDate": start, "endDate": end, "format": format });
    let csv = service.get(&format!("{PATH}/{}", ask(&service, of("csv")).await)).await;
    assert_eq!(csv["data"], Value::Null);
    let url = csv["downloadUrl"].as_str().unwrap();
    record(&service, "login", "late", "u", "success").await;
    service
        .run("UPDATE qnsp_federation_events SET recorded_at = recorded_at + 1000 WHERE provider = 'late'".to_owned())
        .await;
    let events = service.number("SELECT count(*) FROM audit_entries").await;
    let file = download(&service, url).await;
    assert_eq!((file.status.as_u16(), file.header("cache-control")), (200, Some("no-store")));
    assert_eq!(file.header("content-type"), Some("text/csv; charset=utf-8"));
    assert!(file.header("content-disposition").unwrap().starts_with("attachment; filename="));
    let text = String::from_utf8(file.bytes).unwrap();
    let lines: Vec<_> = text.split("\r\n").collect();
    assert_eq!((lines.len(), lines[0], lines[3]), (4, "timestamp,eventType,provider,userId,outcome", ""), "{text}");
    assert!(
        text.contains("Z,login,'=okta,\"a,\"\"b\"\"\",success") && text.contains("Z,logout,okta,'+1,failure"),
        "{text}"
    );
    assert_eq!(service.number("SELECT count(*) FROM audit_entries").await, events, "a download is no event");

    let pdf = service.get(&format!("{PATH}/{}", ask(&service, of("pdf")).await)).await;
    let file = download(&service, pdf["downloadUrl"].as_str().unwrap()).await;
    assert_eq!((file.status.as_u16(), file.header("content-type")), (200, Some("application/pdf")));
    assert!(file.bytes.starts_with(b"%PDF-1.4\n") && file.bytes.ends_with(b"%%EOF\n"));

    let (place, query) = url.split_once('?').unwrap();
    let (expires, sig) = query.split_once('&').unwrap();
    let later = format!("expires={}", expires.split_once('=').unwrap().1.parse::<i64>().unwrap() + 1);
    let other = pdf["downloadUrl"].as_str().unwrap().split_once('?').unwrap().0;
    for bad in [
        place.to_owned(),
        format!("{place}?{sig}"),
        format!("{place}?{expires}"),
        format!("{place}?{later}&{sig}"),
        format!("{place}?expires=x&{sig}"),
        format!("{place}?expires=1&{sig}"),
        format!("{other}?{query}"),
        format!("{place}?{expires}&sig=00"),
        format!("{PATH}/x/download?{query}"),
    ] {
        let refused = download(&service, &bad).await;
        assert_eq!((refused.status.as_u16(), refused.error()), (403, "FORBIDDEN"), "{bad}");
    }
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
            let data = service.get(&format!("{PATH}/{}", ask(&service, body).await)).await["data"].clone();
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
