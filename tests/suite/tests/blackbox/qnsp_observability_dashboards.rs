//! Dashboards of QNSP: made, listed, shared, starred, and read back with data.

use model::time::{from_iso, to_iso};
use serde_json::{Value, json};

use crate::{
    answer::ok,
    case::{Case, case},
    clock,
    deployment::{Deployment, unique},
    qnsp::{Caller, Tenant, refuses},
};

pub fn cases() -> Vec<Case> {
    vec![
        case(a_dashboard_is_shown_as_it_was_made),
        case(panels_stand_within_the_grid_and_ask_for_recorded_series),
        case(a_dashboard_is_its_owners_until_it_is_shared),
        case(panels_show_the_points_of_their_series),
        case(windows_are_aligned_and_have_all_their_points),
    ]
}

const DASHBOARDS: &str = "/observability/v1/dashboards";
const UNKNOWN: &str = "5d3e0d51-7d60-4a0e-9ad8-7b5a4d6e0a11";
const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

fn tenant(t: &Deployment) -> Tenant<'_> {
    Tenant::new(t, &json!({ "tier": "dev-starter" }))
}

fn dashboard(panels: &Value) -> Value {
    json!({ "name": unique("dashboard"), "layout": { "columns": 12, "rows": 10 }, "panels": panels })
}

fn panel(kind: &str, query: &str, [x, y, w, h]: [i64; 4]) -> Value {
    json!({ "type": kind, "title": "a panel", "query": query, "position": { "x": x, "y": y, "w": w, "h": h } })
}

#[track_caller]
fn make(caller: &Caller, body: &Value) -> String {
    let made = ok(&caller.post(DASHBOARDS, body), 201);
    assert!(made["name"] == body["name"] && made["createdAt"].is_string(), "{made}");
    made["dashboardId"].as_str().unwrap().to_owned()
}

fn a_dashboard_is_shown_as_it_was_made(t: &Deployment) {
    let developer = tenant(t).key("developer");
    let mut body = dashboard(&json!([
        panel("chart", "http.requests", [0, 0, 6, 5]),
        panel("metric", "max(tenant.errorRate[1h])", [6, 0, 6, 5]),
        panel("table", "cost.vm", [0, 5, 12, 4]),
        { "type": "text", "title": "note", "position": { "x": 0, "y": 9, "w": 12, "h": 1 } },
    ]));
    body["description"] = json!("what matters");
    let id = make(&developer, &body);
    let shown = ok(&developer.get(&format!("{DASHBOARDS}/{id}")), 200);
    let mut panels = body["panels"].clone();
    panels[3]["query"] = json!("");
    assert_eq!((&shown["panels"], &shown["layout"]), (&panels, &body["layout"]));
    assert_eq!((&shown["description"], &shown["owner"]), (&json!("what matters"), &json!(developer.user)));
    assert_eq!((&shown["starred"], &shown["shared"]), (&json!(false), &json!(false)));
    assert!(shown["dashboardId"] == id.as_str() && shown["createdAt"].is_string(), "{shown}");
    let plain = make(&developer, &json!({ "name": "plain", "layout": { "columns": 1, "rows": 1 } }));
    let shown = ok(&developer.get(&format!("{DASHBOARDS}/{plain}?data=true")), 200);
    assert_eq!((&shown["description"], &shown["panels"]), (&json!(""), &json!([])));
    assert_eq!(developer.get(&format!("{DASHBOARDS}/{plain}?data=perhaps")).status, 400);
}

fn panels_stand_within_the_grid_and_ask_for_recorded_series(t: &Deployment) {
    let tenant = tenant(t);
    let developer = tenant.key("developer");
    refuses(&developer.post(DASHBOARDS, &json!({})), 400, &["layout", "name"]);
    for (layout, places) in [
        (json!({ "columns": 0, "rows": 201 }), vec!["layout.columns", "layout.rows"]),
        (json!({ "columns": 49, "rows": 0 }), vec!["layout.columns", "layout.rows"]),
        (json!({ "columns": 1.5, "rows": 1 }), vec!["layout.columns"]),
        (json!({}), vec!["layout.columns", "layout.rows"]),
    ] {
        refuses(&developer.post(DASHBOARDS, &json!({ "name": "n", "layout": layout })), 400, &places);
    }
    let good = || panel("chart", "http.requests", [0, 0, 6, 5]);
    let without = |name: &str| {
        let mut panel = good();
        panel.as_object_mut().unwrap().remove(name);
        panel
    };
    let many: Vec<_> = (0..101).map(|_| good()).collect();
    for (panels, status, places) in [
        (json!([without("title")]), 400, vec!["panels[0].title"]),
        (json!([without("type")]), 400, vec!["panels[0].type"]),
        (json!([without("position")]), 400, vec!["panels[0].position"]),
        (json!([good(), without("query")]), 400, vec!["panels[1].query"]),
        (json!([panel("pie", "http.requests", [0, 0, 1, 1])]), 400, vec!["panels[0].type"]),
        (
            json!([panel("chart", "http.requests", [-1, 0, 1, 0])]),
            400,
            vec!["panels[0].position.h", "panels[0].position.x"],
        ),
        (json!(many), 400, vec!["panels"]),
        (json!([panel("chart", "http.requests", [7, 0, 6, 1])]), 422, vec!["panels[0].position.w"]),
        (json!([panel("chart", "http.requests", [0, 6, 6, 5])]), 422, vec!["panels[0].position.h"]),
        (json!([good(), panel("text", "", [5, 4, 2, 2])]), 400, vec!["panels[1].query"]),
        (json!([good(), panel("text", "x", [5, 4, 2, 2])]), 422, vec!["panels[1].position"]),
        (json!([good(), good()]), 422, vec!["panels[1].position"]),
        (json!([panel("chart", "http.speed", [0, 0, 1, 1])]), 422, vec!["panels[0].query"]),
        (json!([panel("table", "min(http.requests[1h])", [0, 0, 1, 1])]), 422, vec!["panels[0].query"]),
        (json!([panel("metric", "sum(http.requests[1w])", [0, 0, 1, 1])]), 422, vec!["panels[0].query"]),
    ] {
        refuses(&developer.post(DASHBOARDS, &dashboard(&panels)), status, &places);
    }
    // Panels may touch, and what a text asks for is not looked at.
    let body =
        dashboard(&json!([good(), panel("text", "no query", [6, 0, 6, 5]), panel("chart", "cost.vm", [0, 5, 12, 5])]));
    make(&developer, &body);
    assert_eq!(developer.post(DASHBOARDS, &body).status, 409, "the name is taken");
    assert_eq!(tenant.key("viewer").post(DASHBOARDS, &dashboard(&json!([]))).status, 403);
    make(&tenant.key("developer"), &body);
}

fn a_dashboard_is_its_owners_until_it_is_shared(t: &Deployment) {
    let tenant = tenant(t);
    let (owner, other, viewer) = (tenant.key("developer"), tenant.key("developer"), tenant.key("viewer"));
    let foreign = Tenant::new(t, &json!({ "tier": "dev-starter" })).key("owner");
    let list = |caller: &Caller, query: &str| -> Vec<Value> {
        ok(&caller.get(&format!("{DASHBOARDS}{query}")), 200)["dashboards"].as_array().unwrap().clone()
    };
    let ids: Vec<_> = (0..3).map(|_| make(&owner, &dashboard(&json!([])))).collect();
    let listed = |caller: &Caller, query: &str| -> Vec<Value> {
        list(caller, query).iter().map(|one| one["dashboardId"].clone()).collect()
    };
    assert_eq!(listed(&owner, ""), ids);
    assert_eq!(listed(&owner, "?limit=1&offset=1"), ids[1..2]);
    refuses(&owner.get(&format!("{DASHBOARDS}?limit=few")), 400, &["limit"]);
    assert!(list(&other, "").is_empty());
    let at = |part: &str| format!("{DASHBOARDS}/{}{part}", ids[1]);
    for caller in [&other, &viewer, &foreign] {
        assert_eq!(caller.get(&at("")).status, 404);
        assert_eq!(caller.get(&at("?data=true")).status, 404);
        assert_eq!(caller.post(&at("/star"), &json!({ "starred": true })).status, 404);
    }
    assert_eq!(other.post(&at("/shares"), &json!({})).status, 404);
    assert_eq!(viewer.post(&at("/shares"), &json!({})).status, 403);
    let shared = ok(&owner.post(&at("/shares"), &json!({})), 201);
    assert_eq!(shared, json!({ "dashboardId": ids[1], "shared": true }));
    assert_eq!(other.post(&at("/shares"), &json!({})).status, 404, "only the owner shares");

    // A star is the user's own.
    let starred = ok(&viewer.post(&at("/star"), &json!({ "starred": true })), 200);
    assert_eq!(starred, json!({ "dashboardId": ids[1], "starred": true }));
    ok(&viewer.post(&at("/star"), &json!({ "starred": true })), 200);
    let entry = |caller: &Caller| {
        let all = list(caller, "");
        all.into_iter().find(|one| one["dashboardId"] == ids[1].as_str()).unwrap()
    };
    let of_viewer = entry(&viewer);
    assert_eq!(
        (&of_viewer["starred"], &of_viewer["shared"], &of_viewer["owner"]),
        (&json!(true), &json!(true), &json!(owner.user))
    );
    assert_eq!((entry(&other)["starred"].clone(), entry(&owner)["starred"].clone()), (json!(false), json!(false)));
    assert_eq!(ok(&viewer.get(&at("")), 200)["starred"], true);
    ok(&viewer.post(&at("/star"), &json!({ "starred": false })), 200);
    assert_eq!(entry(&viewer)["starred"], false);
    assert_eq!(listed(&viewer, ""), ids[1..2]);
    assert_eq!(foreign.get(&at("")).status, 404);
    for (method, part) in [("GET", ""), ("POST", "/star"), ("POST", "/shares")] {
        for (id, status) in [(UNKNOWN, 404), ("x", 400)] {
            let reply = owner.call(method, &format!("{DASHBOARDS}/{id}{part}"), Some(&json!({ "starred": true })));
            assert_eq!(reply.status, status, "{method} {id}{part}");
        }
    }
}

/// A point of `cost.vm` at a time.
fn cost(caller: &Caller, at: i64, value: f64) {
    let body = json!({
        "resourceId": "r", "resourceType": "vm", "costCenter": "c", "amount": value, "currency": "USD",
        "period": { "start": to_iso(at - 1), "end": to_iso(at) },
    });
    ok(&caller.post("/observability/v1/costs/allocations", &body), 201);
}

/// What the panels of a new dashboard with these queries show.
#[track_caller]
fn data(caller: &Caller, queries: &[&str]) -> Vec<Vec<(i64, f64)>> {
    let panels: Vec<_> = (0..).zip(queries).map(|(x, query)| panel("chart", query, [x, 0, 1, 1])).collect();
    let id = make(caller, &dashboard(&json!(panels)));
    let shown = ok(&caller.get(&format!("{DASHBOARDS}/{id}?data=true")), 200);
    let point = |point: &Value| (from_iso(point["t"].as_str().unwrap()).unwrap(), point["v"].as_f64().unwrap());
    let points = |panel: &Value| panel["data"].as_array().unwrap().iter().map(point).collect();
    shown["panels"].as_array().unwrap().iter().map(points).collect()
}

fn panels_show_the_points_of_their_series(t: &Deployment) {
    let tenant = tenant(t);
    let developer = tenant.key("developer");
    let now = clock::now();
    for (ago, value) in [(25 * HOUR, 1.0), (2 * HOUR, 3.5), (5 * HOUR, 0.1), (-HOUR, 9.0)] {
        cost(&developer, now - ago, value);
    }
    let metrics = json!({ "apiLatencyP99": 120.5, "errorRate": 0.25, "activeUsers": 7, "storageUsage": 1_i64 << 40 });
    ok(&developer.post("/tenant/v1/health/snapshots", &json!({ "metrics": metrics })), 201);
    assert_eq!(developer.get("/tenant/v1/health/trends?period=1y").status, 400);
    let queries = [
        "cost.vm",
        "cost.total",
        "cost.disk",
        "tenant.apiLatencyP99",
        "tenant.errorRate",
        "tenant.activeUsers",
        "tenant.storageUsage",
        "http.requests",
        "http.errors",
        "http.latency_ms",
        "kms.operations",
    ];
    let shown = data(&developer, &queries);
    assert_eq!(shown[0], [(now - 5 * HOUR, 0.1), (now - 2 * HOUR, 3.5)], "of the last 24 hours, the oldest first");
    assert_eq!((&shown[1], shown[2].len()), (&shown[0], 0));
    let values: Vec<_> = shown[3..7].iter().map(|points| points.iter().map(|one| one.1).collect::<Vec<_>>()).collect();
    assert_eq!(values, [vec![120.5], vec![0.25], vec![7.0], vec![(1_i64 << 40) as f64]]);
    // Six or more calls were counted before this one, in one minute or two.
    let sum = |points: &[(i64, f64)]| points.iter().map(|one| one.1).sum::<f64>();
    assert!(sum(&shown[7]) >= 6.0 && shown[7].iter().all(|one| one.0 % 60_000 == 0), "{:?}", shown[7]);
    assert_eq!(sum(&shown[8]), 1.0);
    assert!(!shown[9].is_empty() && shown[9].iter().all(|one| (0.0..60_000.0).contains(&one.1)), "{:?}", shown[9]);
    assert_eq!(shown[10], []);
    let texts = dashboard(&json!([panel("text", "cost.vm", [0, 0, 1, 1])]));
    let id = make(&developer, &texts);
    assert_eq!(ok(&developer.get(&format!("{DASHBOARDS}/{id}?data=true")), 200)["panels"][0]["data"], json!([]));
    assert!(ok(&developer.get(&format!("{DASHBOARDS}/{id}?data=false")), 200)["panels"][0].get("data").is_none());
}

fn windows_are_aligned_and_have_all_their_points(t: &Deployment) {
    let developer = tenant(t).key("developer");
    let now = clock::now();
    // The hour before last, whole, and the day before, of which only the end lies within 24 hours.
    let hour = now - now.rem_euclid(HOUR) - 2 * HOUR;
    let yesterday = now - now.rem_euclid(DAY) - DAY;
    let points = [(hour, 1.0), (hour + 10, 2.5), (hour + HOUR - 1, 4.0), (hour + HOUR, 8.0), (yesterday, 16.0)];
    for (at, value) in points {
        cost(&developer, at, value);
    }
    let shown = data(
        &developer,
        &["sum(cost.vm[1h])", "avg(cost.vm[1h])", "max(cost.vm[60m])", "sum(cost.vm[1d])", "sum(cost.vm[2h])"],
    );
    // What lay before the last 24 hours at the time of the call.
    let recent = |window: i64| -> Vec<i64> {
        let since = clock::now() - DAY;
        let mut begins: Vec<_> = points.iter().map(|point| point.0 - point.0.rem_euclid(window)).collect();
        begins.sort_unstable();
        begins.dedup();
        begins.retain(|begin| begin + window > since);
        begins
    };
    let folded = |window: i64, fold: fn(&[f64]) -> f64| -> Vec<(i64, f64)> {
        let of = |begin: i64| -> Vec<f64> {
            points.iter().filter(|point| (begin..begin + window).contains(&point.0)).map(|point| point.1).collect()
        };
        recent(window).into_iter().map(|begin| (begin, fold(&of(begin)))).collect()
    };
    let sum = |values: &[f64]| values.iter().sum::<f64>();
    assert_eq!(shown[0], folded(HOUR, sum));
    assert_eq!(shown[1], folded(HOUR, |values| values.iter().sum::<f64>() / values.len() as f64));
    assert_eq!(shown[2], folded(HOUR, |values| values.iter().copied().fold(0.0, f64::max)));
    assert_eq!(shown[3], folded(DAY, sum), "a window that reaches into the last 24 hours is whole");
    assert_eq!(shown[4], folded(2 * HOUR, sum));
}
