//! Reports over events of identity providers: completed by a read, never changed, and given as files.

use std::time::Duration;

use chancery::client::Reply;
use serde_json::{Value, json};

use crate::{
    answer::{names, ok, time},
    case::{Case, case},
    clock,
    deployment::Deployment,
    qnsp::{Caller, Cast, refuses},
    qnsp_auth::{UNKNOWN, admin, has_passed},
};

pub fn cases() -> Vec<Case> {
    vec![
        case(a_report_is_completed_by_the_first_read_and_never_changes),
        case(reports_have_what_their_type_asks_for),
        case(a_list_completes_ten_reports_and_a_read_its_own),
        case(reports_that_break_a_rule_are_refused),
        case(a_file_is_read_under_a_signed_address),
        case(no_other_address_leads_to_a_file),
    ]
}

const REPORTS: &str = "/auth/federation/audit/reports";

/// A report over yesterday, today and tomorrow, in UTC.
fn report(report_type: &str, format: &str) -> Value {
    let day = |days: i64| model::time::to_iso(clock::now() + days * 86_400_000)[..10].to_owned();
    json!({ "reportType": report_type, "startDate": day(-1), "endDate": day(1), "format": format })
}

fn request(caller: &Caller, body: &Value) -> String {
    let before = clock::now();
    let accepted = ok(&caller.post(REPORTS, body), 202);
    assert_eq!(names(&accepted), ["estimatedCompletionAt", "reportId", "status"]);
    assert_eq!(accepted["status"], "pending");
    assert!((time(&accepted["estimatedCompletionAt"]) - 60_000 - before).abs() < 30_000);
    accepted["reportId"].as_str().unwrap().to_owned()
}

fn show(caller: &Caller, id: &str) -> Value {
    ok(&caller.get(&format!("{REPORTS}/{id}")), 200)
}

fn record(caller: &Caller, event_type: &str, provider: &str, user: &str, outcome: &str) {
    let event = json!({ "eventType": event_type, "provider": provider, "userId": user, "outcome": outcome });
    ok(&caller.post("/auth/federation/audit/events", &event), 201);
}

fn a_report_is_completed_by_the_first_read_and_never_changes(t: &Deployment) {
    let cast = Cast::new(t);
    record(&cast.developer, "login", "okta", "u1", "success");
    record(&cast.developer, "login", "okta", "u2", "failure");
    record(&cast.developer, "login", "adfs", "u3", "failure");
    let mut asked = report("security", "json");
    asked["providers"] = json!(["okta"]);
    let id = request(&cast.developer, &asked);
    // A report says what was there when it was completed.
    record(&cast.developer, "logout", "okta", "u1", "success");
    let shown = show(&cast.viewer, &id);
    let [start, end] = ["startDate", "endDate"].map(|name| asked[name].as_str().unwrap());
    let expected = json!({
        "reportId": id, "reportType": "security", "status": "completed", "createdAt": shown["createdAt"],
        "completedAt": shown["completedAt"], "downloadUrl": null,
        "data": {
            "period": { "startDate": format!("{start}T00:00:00.000Z"), "endDate": format!("{end}T23:59:59.999Z") },
            "totals": { "events": 3, "success": 2, "failure": 1, "uniqueUsers": 2 },
            "byProvider": [{ "provider": "okta", "events": 3, "uniqueUsers": 2, "failures": 1 }],
            "byEventType": { "login": 2, "logout": 1 },
            "findings": [],
        },
    });
    assert_eq!(shown, expected);
    assert!(time(&shown["completedAt"]) >= time(&shown["createdAt"]));
    record(&cast.developer, "logout", "okta", "u1", "success");
    assert_eq!(show(&cast.viewer, &id), shown);
    let listed = json!({
        "reportId": id, "reportType": "security", "status": "completed", "createdAt": shown["createdAt"],
        "completedAt": shown["completedAt"],
    });
    assert_eq!(ok(&cast.viewer.get(REPORTS), 200), json!({ "reports": [listed] }));
    // Of another tenant: neither listed nor found.
    assert_eq!(ok(&cast.foreign.get(REPORTS), 200), json!({ "reports": [] }));
    refuses(&cast.foreign.get(&format!("{REPORTS}/{id}")), 404, &[]);
    refuses(&cast.viewer.get(&format!("{REPORTS}/{UNKNOWN}")), 404, &[]);
    refuses(&cast.viewer.get(&format!("{REPORTS}/mine")), 400, &["reportId"]);
}

fn reports_have_what_their_type_asks_for(t: &Deployment) {
    let admin = admin(t);
    for _ in 0..4 {
        record(&admin, "login", "okta", "u1", "failure");
    }
    record(&admin, "login", "okta", "u2", "success");
    record(&admin, "mfa_challenge", "okta", "u2", "success");
    let data = |report_type: &str, providers: Value| {
        let mut asked = report(report_type, "json");
        asked["providers"] = providers;
        show(&admin, &request(&admin, &asked))["data"].clone()
    };
    let checks = |providers: Value| data("compliance", providers)["checks"].clone();
    let check = |id: &str, passed: bool, value: f64, threshold: f64| json!({ "checkId": id, "passed": passed, "value": value, "threshold": threshold });
    let expected = [
        check("mfa_coverage", true, 1.0, 1.0),
        check("silent_providers", true, 0.0, 0.0),
        check("failure_rate", false, 0.6667, 0.2),
    ];
    assert_eq!(checks(json!([])), json!(expected));
    let expected = [
        check("mfa_coverage", true, 1.0, 1.0),
        check("silent_providers", false, 2.0, 0.0),
        check("failure_rate", true, 0.0, 0.2),
    ];
    assert_eq!(checks(json!(["adfs", "saml"])), json!(expected), "without logins nothing lacks a challenge");
    record(&admin, "login", "okta", "u3", "success");
    assert_eq!(checks(json!([]))[0], check("mfa_coverage", false, 0.5, 1.0));

    let findings = || data("security", json!([]))["findings"].clone();
    assert_eq!(findings(), json!([]), "four failures are no burst");
    record(&admin, "login", "okta", "u1", "failure");
    let found = findings();
    let [first, last] = ["firstAt", "lastAt"].map(|name| found[0][name].clone());
    let burst = |severity: &str, count: i64, last: &Value| {
        json!([{
            "type": "failure_burst", "severity": severity, "userId": "u1", "count": count, "firstAt": first, "lastAt": last,
        }])
    };
    assert_eq!(found, burst("high", 5, &last));
    for _ in 0..15 {
        record(&admin, "logout", "adfs", "u1", "failure");
    }
    let found = findings();
    assert_eq!(found, burst("critical", 20, &found[0]["lastAt"]));

    // SDKs call it access.
    let id = request(&admin, &report("access", "json"));
    let activity = show(&admin, &id);
    assert_eq!(activity["reportType"], "activity");
    let days = activity["data"]["byDay"].as_array().unwrap();
    let sum = |name: &str| days.iter().map(|day| day[name].as_i64().unwrap()).sum::<i64>();
    assert_eq!((sum("events"), sum("failures")), (23, 20), "{activity}");
    assert_eq!(days[0]["date"].as_str().unwrap().len(), 10);
    assert_eq!(activity["data"]["byEventType"], json!({ "login": 7, "logout": 15, "mfa_challenge": 1 }));
    let providers = [
        json!({ "provider": "adfs", "events": 15, "uniqueUsers": 1, "failures": 15 }),
        json!({ "provider": "okta", "events": 8, "uniqueUsers": 3, "failures": 5 }),
    ];
    assert_eq!(activity["data"]["byProvider"], json!(providers));
}

fn a_list_completes_ten_reports_and_a_read_its_own(t: &Deployment) {
    let admin = admin(t);
    let ids: Vec<_> = (0..12)
        .map(|_| {
            t.pass(Duration::from_millis(5));
            request(&admin, &report("activity", "json"))
        })
        .collect();
    let statuses = || -> Vec<(String, bool)> {
        let list = ok(&admin.get(REPORTS), 200)["reports"].as_array().unwrap().clone();
        assert!(list.iter().rev().map(|row| row["reportId"].as_str().unwrap()).eq(&ids), "newest first: {list:?}");
        let of = |row: &Value| (row["status"].as_str().unwrap().to_owned(), row["completedAt"].is_null());
        list.iter().map(of).collect()
    };
    let (pending, completed) = (("pending".to_owned(), true), ("completed".to_owned(), false));
    let mut expected = vec![pending; 2];
    expected.extend(vec![completed.clone(); 10]);
    assert_eq!(statuses(), expected);
    // A report that is read is completed, whatever else is pending.
    for _ in 0..10 {
        request(&admin, &report("activity", "json"));
    }
    assert_eq!(show(&admin, &ids[11])["status"], "completed");
    let page = ok(&admin.get(&format!("{REPORTS}?limit=2&offset=10")), 200)["reports"].clone();
    assert_eq!([&page[0]["reportId"], &page[1]["reportId"]], [&json!(ids[11]), &json!(ids[10])]);
    assert!(page.as_array().unwrap().iter().all(|row| row["status"] == "completed"), "the oldest first: {page}");
    ok(&admin.get(REPORTS), 200);
    let all = ok(&admin.get(REPORTS), 200)["reports"].as_array().unwrap().clone();
    assert!(all.len() == 22 && all.iter().all(|row| row["status"] == "completed"));
}

fn reports_that_break_a_rule_are_refused(t: &Deployment) {
    let admin = admin(t);
    let bad = json!({ "reportType": "x", "startDate": "2026-02-30", "format": "xml", "providers": [""] });
    let places = ["endDate", "format", "providers[0]", "reportType", "startDate"];
    refuses(&admin.post(REPORTS, &bad), 400, &places);
    let span = |start: &str, end: &str| json!({ "reportType": "security", "startDate": start, "endDate": end });
    for (start, end) in [
        ("2026-01-02", "2026-01-01"),
        ("2026-01-01T00:00:00.001Z", "2026-01-01T00:00:00Z"),
        ("2025-01-01", "2026-01-02"),
    ] {
        refuses(&admin.post(REPORTS, &span(start, end)), 422, &["endDate"]);
    }
    assert_eq!(ok(&admin.get(REPORTS), 200), json!({ "reports": [] }));
    for (start, end) in [("2026-01-01", "2026-01-01"), ("2025-01-01", "2026-01-01")] {
        request(&admin, &span(start, end));
    }
    refuses(&admin.get(&format!("{REPORTS}?limit=x")), 400, &["limit"]);
}

/// The address of a report that was just made.
fn url(caller: &Caller, format: &str) -> String {
    let shown = show(caller, &request(caller, &report("activity", format)));
    assert_eq!((&shown["status"], &shown["data"]), (&json!("completed"), &Value::Null));
    shown["downloadUrl"].as_str().unwrap().to_owned()
}

fn download(t: &Deployment, url: &str) -> Reply {
    t.anonymous.get(url)
}

fn a_file_is_read_under_a_signed_address(t: &Deployment) {
    let admin = admin(t);
    record(&admin, "login", "=okta", "a,\"b\"", "success");
    t.pass(Duration::from_millis(5));
    record(&admin, "logout", "okta", "+1", "failure");
    let [csv, pdf] = ["csv", "pdf"].map(|format| url(&admin, format));
    // What was recorded after the report was completed is not in its file.
    t.pass(Duration::from_millis(5));
    record(&admin, "login", "late", "u", "success");
    let file = download(t, &csv);
    assert_eq!((file.status, file.header("cache-control")), (200, Some("no-store")));
    assert_eq!(file.header("content-type"), Some("text/csv; charset=utf-8"));
    let id = csv.split('/').nth(5).unwrap();
    let disposition = format!("attachment; filename=\"report-{id}.csv\"");
    assert_eq!(file.header("content-disposition"), Some(disposition.as_str()));
    let text = String::from_utf8(file.body).unwrap();
    let lines: Vec<_> = text.split("\r\n").map(|line| line.split_once(',').unwrap_or((line, ""))).collect();
    assert_eq!(lines[0], ("timestamp", "eventType,provider,userId,outcome"));
    assert_eq!(lines[1].1, "logout,okta,'+1,failure");
    assert_eq!(lines[2].1, "login,'=okta,\"a,\"\"b\"\"\",success");
    assert_eq!(lines[3..], [("", "")]);
    assert!(lines[1..3].iter().all(|(at, _)| model::time::from_iso(at).is_some()), "{text}");
    let file = download(t, &pdf);
    assert_eq!((file.status, file.header("content-type")), (200, Some("application/pdf")));
    assert!(file.body.starts_with(b"%PDF-1.4\n") && file.body.ends_with(b"%%EOF\n"));
    let text = String::from_utf8(file.body).unwrap();
    assert!(text.contains("(Federation report: activity)") && text.contains("Events                     2"), "{text}");
    // The address is good for a quarter of an hour, and each read of the report gives a new one.
    if has_passed(t, Duration::from_secs(15 * 60 - 5)) {
        assert_eq!(download(t, &csv).status, 200);
        let again = show(&admin, id)["downloadUrl"].as_str().unwrap().to_owned();
        t.pass(Duration::from_secs(10));
        refuses(&download(t, &csv), 403, &[]);
        assert_eq!(download(t, &again).status, 200);
    }
}

fn no_other_address_leads_to_a_file(t: &Deployment) {
    let admin = admin(t);
    let [csv, pdf] = ["csv", "pdf"].map(|format| url(&admin, format));
    let (place, query) = csv.split_once('?').unwrap();
    let (expires, sig) = query.split_once('&').unwrap();
    let later = format!("expires={}", expires.split_once('=').unwrap().1.parse::<i64>().unwrap() + 1);
    let other = pdf.split_once('?').unwrap().0;
    for bad in [
        place.to_owned(),
        format!("{place}?{sig}"),
        format!("{place}?{expires}"),
        format!("{place}?{later}&{sig}"),
        format!("{place}?expires=x&{sig}"),
        format!("{place}?expires=1&{sig}"),
        format!("{other}?{query}"),
        format!("{place}?{expires}&sig=00"),
        format!("{REPORTS}/mine/download?{query}"),
    ] {
        refuses(&download(t, &bad), 403, &[]);
        // Nobody gets further by a token.
        refuses(&admin.get(&bad), 403, &[]);
    }
}
