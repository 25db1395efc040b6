//! Evaluations of sign-ins: both shapes, every factor, and what policies do.

use serde_json::{Value, json};

use crate::{
    answer::ok,
    case::{Case, case},
    deployment::Deployment,
    qnsp::{Caller, Cast, refuses},
    qnsp_auth::{HOUR, OTHER_USER, SIGNALS, USER, admin, has_passed},
    qnsp_auth_policies::POLICIES,
};

pub fn cases() -> Vec<Case> {
    vec![
        case(an_evaluation_has_the_members_of_both_shapes),
        case(an_evaluation_that_breaks_a_rule_is_refused),
        case(what_is_known_of_a_user_comes_from_earlier_evaluations),
        case(signals_count_for_a_day_and_failed_logins_for_an_hour),
        case(every_level_has_its_recommendation),
        case(the_largest_factor_says_which_challenge),
        case(blocked_countries_and_hours_hold_from_the_next_evaluation_on),
        case(a_policy_applies_from_its_threshold_on),
    ]
}

const EVALUATE: &str = "/auth/risk/evaluate";
pub const STATS: &str = "/auth/risk/stats";

fn sign_in(more: Value) -> Value {
    let mut body = json!({ "userId": USER, "ipAddress": "192.0.2.1", "userAgent": "Mozilla/5.0" });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

pub fn evaluate(caller: &Caller, more: Value) -> Value {
    ok(&caller.post(EVALUATE, &sign_in(more)), 200)
}

/// The names and scores of the factors.
fn factors(evaluation: &Value) -> Vec<(&str, f64)> {
    let factors = evaluation["factors"].as_array().unwrap().iter();
    factors.map(|factor| (factor["name"].as_str().unwrap(), factor["score"].as_f64().unwrap())).collect()
}

/// Score, level, recommendation and challenge.
fn verdict(evaluation: &Value) -> (f64, &str, &str, Option<&str>) {
    let text = |name: &str| evaluation[name].as_str();
    let [level, recommendation] = ["riskLevel", "recommendation"].map(|name| text(name).unwrap());
    (evaluation["riskScore"].as_f64().unwrap(), level, recommendation, text("challengeType"))
}

fn an_evaluation_has_the_members_of_both_shapes(t: &Deployment) {
    let cast = Cast::new(t);
    let evaluation = evaluate(&cast.developer, json!({ "deviceFingerprint": "d" }));
    let reason = "the user was never evaluated before";
    let expected = json!({
        "riskScore": 5.0, "riskLevel": "low", "recommendation": "allow", "challengeType": null,
        "factors": [{ "name": "new_device", "score": 5.0, "reason": reason }],
        "riskFactors": [{ "factor": "new_device", "score": 5.0, "reason": reason }],
        "requiredAction": "allow", "sessionId": evaluation["sessionId"],
    });
    assert_eq!(evaluation, expected);
    let context = json!({ "ipAddress": "2001:DB8::1", "userAgent": "a", "deviceFingerprint": "d", "timestamp": "x" });
    let sdk = json!({ "userId": USER, "tenantId": cast.tenant.id, "context": context, "action": "login" });
    let sdk = ok(&cast.developer.post(EVALUATE, &sdk), 200);
    assert_eq!(factors(&sdk), []);
    assert_ne!(sdk["sessionId"], evaluation["sessionId"]);
    // A replay is no new evaluation.
    let body = sign_in(json!({ "deviceFingerprint": "e" })).to_string();
    let once = || cast.developer.send("POST", EVALUATE, &[("idempotency-key", "once")], Some(body.as_bytes()));
    let (first, again) = (once(), once());
    assert_eq!(again.header("x-idempotency-replayed"), Some("true"));
    assert_eq!(ok(&first, 200), ok(&again, 200));
    assert_eq!(ok(&cast.viewer.get(STATS), 200)["totalEvaluations"], 3);
}

fn an_evaluation_that_breaks_a_rule_is_refused(t: &Deployment) {
    let admin = admin(t);
    let bad = json!({
        "userId": "x", "ipAddress": "1.2.3", "userAgent": "a".repeat(1025), "deviceFingerprint": "",
        "geoLocation": { "country": "DEU", "latitude": 91, "longitude": -181 },
        "sessionContext": { "failedAttempts": 1.5, "previousLoginAt": "yesterday" },
    });
    let places = [
        "deviceFingerprint",
        "geoLocation.country",
        "geoLocation.latitude",
        "geoLocation.longitude",
        "ipAddress",
        "sessionContext.failedAttempts",
        "sessionContext.previousLoginAt",
        "userAgent",
        "userId",
    ];
    refuses(&admin.post(EVALUATE, &bad), 400, &places);
    refuses(&admin.post(EVALUATE, &json!({})), 400, &["ipAddress", "userAgent", "userId"]);
    let nested = json!({ "userId": USER, "context": { "ipAddress": "localhost" } });
    refuses(&admin.post(EVALUATE, &nested), 400, &["context.ipAddress"]);
    let future = sign_in(json!({ "sessionContext": { "previousLoginAt": "2999-01-01T00:00:00Z" } }));
    refuses(&admin.post(EVALUATE, &future), 400, &["sessionContext.previousLoginAt"]);
    let many = sign_in(json!({ "sessionContext": { "failedAttempts": 10_001 } }));
    refuses(&admin.post(EVALUATE, &many), 400, &["sessionContext.failedAttempts"]);
    assert_eq!(ok(&admin.get(STATS), 200)["totalEvaluations"], 0);
}

fn place(country: &str, latitude: f64, longitude: f64, fingerprint: &str) -> Value {
    let place = json!({ "country": country, "latitude": latitude, "longitude": longitude });
    json!({ "geoLocation": place, "deviceFingerprint": fingerprint })
}

fn what_is_known_of_a_user_comes_from_earlier_evaluations(t: &Deployment) {
    let cast = Cast::new(t);
    let (berlin, new_york) = (place("de", 52.52, 13.405, "one"), place("US", 40.7128, -74.006, "two"));
    assert_eq!(factors(&evaluate(&cast.admin, berlin.clone())), [("new_device", 5.0)]);
    assert_eq!(factors(&evaluate(&cast.admin, place("DE", 52.52, 13.405, "one"))), []);
    let away = evaluate(&cast.admin, new_york.clone());
    assert_eq!(factors(&away), [("impossible_travel", 35.0), ("new_country", 15.0), ("new_device", 15.0)]);
    assert_eq!(verdict(&away), (65.0, "high", "challenge", Some("mfa")));
    assert_eq!(away["requiredAction"], "mfa_required");
    assert_eq!(factors(&evaluate(&cast.admin, new_york)), []);
    // What is not said is not held against the user, and half a place is none.
    assert_eq!(factors(&evaluate(&cast.admin, json!({ "geoLocation": { "latitude": 0 } }))), []);
    // Other users and other tenants are not known by it.
    let mut other = berlin.clone();
    other["userId"] = json!(OTHER_USER);
    assert_eq!(factors(&evaluate(&cast.admin, other)), [("new_device", 5.0)]);
    assert_eq!(factors(&evaluate(&cast.foreign, berlin.clone())), [("new_device", 5.0)]);
    // A day later the same way is a journey.
    if has_passed(t, 24 * HOUR) {
        assert_eq!(factors(&evaluate(&cast.admin, berlin)), []);
    }
}

fn signals_count_for_a_day_and_failed_logins_for_an_hour(t: &Deployment) {
    let admin = admin(t);
    evaluate(&admin, json!({}));
    let signal = |user: &str, signal_type: &str, severity: &str, address: &str| {
        let metadata = json!({ "ipAddress": address });
        json!({ "userId": user, "signalType": signal_type, "severity": severity, "metadata": metadata })
    };
    for body in [
        // By the address, in whichever form; whoever it is about.
        signal(OTHER_USER, "brute_force", "high", "::ffff:192.0.2.1"),
        json!({ "signalType": "suspicious_ip", "severity": "medium", "source": "x", "context": { "ipAddress": "192.0.2.1" } }),
        // About the user; those of new devices count half.
        signal(USER, "brute_force", "low", "192.0.2.9"),
        signal(USER, "new_device", "low", "192.0.2.9"),
    ] {
        ok(&admin.post(SIGNALS, &body), 201);
    }
    let event = |event_type: &str, outcome: &str| {
        let event = json!({ "eventType": event_type, "provider": "p", "userId": USER, "outcome": outcome });
        ok(&admin.post("/auth/federation/audit/events", &event), 201);
    };
    event("login", "failure");
    event("login", "failure");
    event("login", "success");
    event("mfa_challenge", "failure");
    let by_signals = [("ip_reputation", 23.0), ("recent_signals", 7.5)];
    let found = evaluate(&admin, json!({}));
    assert_eq!(factors(&found), [("ip_reputation", 23.0), ("failed_attempts", 12.0), ("recent_signals", 7.5)]);
    assert_eq!(verdict(&found), (42.5, "medium", "challenge", Some("mfa")));
    // The larger of what the caller says and what providers reported.
    let said = evaluate(&admin, json!({ "sessionContext": { "failedAttempts": 4 } }));
    assert!(factors(&said).contains(&("failed_attempts", 24.0)));
    if has_passed(t, HOUR) {
        assert_eq!(factors(&evaluate(&admin, json!({}))), by_signals);
    }
    if has_passed(t, 23 * HOUR) {
        assert_eq!(factors(&evaluate(&admin, json!({}))), []);
    }
}

fn every_level_has_its_recommendation(t: &Deployment) {
    let admin = admin(t);
    for agent in ["", "curl/8.5", "Mozilla/5.0 HeadlessChrome", "python-requests", "Go-http-client"] {
        let found = evaluate(&admin, json!({ "userAgent": agent }));
        assert!(factors(&found).contains(&("automation_agent", 5.0)), "{agent} {found}");
    }
    let attempts = |count: i64| json!({ "sessionContext": { "failedAttempts": count } });
    let expected = (24.0, "low", "allow", None);
    assert_eq!(verdict(&evaluate(&admin, attempts(4))), expected);
    assert_eq!(verdict(&evaluate(&admin, attempts(5))), (30.0, "medium", "challenge", Some("captcha")));
    assert_eq!(factors(&evaluate(&admin, attempts(10_000))), [("failed_attempts", 30.0)]);
    let metadata = json!({ "ipAddress": "192.0.2.1" });
    let signal = |severity: &str| json!({ "userId": USER, "signalType": "brute_force", "severity": severity, "metadata": metadata });
    ok(&admin.post(SIGNALS, &signal("high")), 201);
    let high = evaluate(&admin, attempts(2));
    assert_eq!(verdict(&high), (52.0, "high", "challenge", Some("mfa")));
    ok(&admin.post(SIGNALS, &signal("critical")), 201);
    let critical = evaluate(&admin, attempts(5));
    assert_eq!(factors(&critical), [("recent_signals", 40.0), ("failed_attempts", 30.0), ("ip_reputation", 25.0)]);
    assert_eq!((verdict(&critical), &critical["requiredAction"]), ((95.0, "critical", "deny", None), &json!("block")));
    let long_ago = json!({ "failedAttempts": 5, "previousLoginAt": "2020-01-01T00:00:00+02:00" });
    let all = evaluate(&admin, json!({ "sessionContext": long_ago }));
    assert!(factors(&all).contains(&("dormant_account", 10.0)));
    assert_eq!(all["riskScore"], 100.0, "no more than that");
}

fn the_largest_factor_says_which_challenge(t: &Deployment) {
    let admin = admin(t);
    evaluate(&admin, place("DE", 0.0, 0.0, "one"));
    let long_ago = json!({ "previousLoginAt": "2020-01-01T00:00:00Z" });
    let device = evaluate(&admin, json!({ "deviceFingerprint": "two", "sessionContext": long_ago }));
    assert_eq!(verdict(&device), (25.0, "medium", "challenge", Some("email_verification")));
    // Of equal ones the first by name.
    let country = evaluate(&admin, json!({ "deviceFingerprint": "three", "geoLocation": { "country": "FR" } }));
    assert_eq!(factors(&country), [("new_country", 15.0), ("new_device", 15.0)]);
    assert_eq!(verdict(&country), (30.0, "medium", "challenge", Some("mfa")));
}

fn blocked_countries_and_hours_hold_from_the_next_evaluation_on(t: &Deployment) {
    let admin = admin(t);
    evaluate(&admin, json!({ "geoLocation": { "country": "KP" } }));
    let policy = json!({
        "name": "no one from there", "conditions": { "geoRestrictions": ["kp"] }, "actions": { "onHighRisk": "deny" },
    });
    let made = ok(&admin.post(POLICIES, &policy), 201);
    let path = format!("{POLICIES}/{}", made["policyId"].as_str().unwrap());
    let from_there = || evaluate(&admin, json!({ "geoLocation": { "country": "kp" } }));
    let denied = from_there();
    assert_eq!(factors(&denied), [("policy_geo:no one from there", 30.0)]);
    assert_eq!((verdict(&denied), &denied["requiredAction"]), ((30.0, "medium", "deny", None), &json!("block")));
    assert_eq!(factors(&evaluate(&admin, json!({ "geoLocation": { "country": "kr" } }))), [("new_country", 15.0)]);
    // In one of two zones half a day apart it is before noon: one of two policies fires, whatever time it is.
    let morning = |zone: &str| {
        let hours = json!({ "allowedHours": { "start": 12, "end": 0 }, "timezone": zone });
        json!({ "conditions": { "timeRestrictions": hours }, "actions": { "challengeType": "captcha" } })
    };
    ok(&admin.patch(&path, &morning("UTC")), 200);
    let mut other = morning("Etc/GMT-12");
    other["name"] = json!("no one from there, either");
    let other = ok(&admin.post(POLICIES, &other), 201);
    let by_time = from_there();
    let fired = factors(&by_time);
    assert!(
        fired.len() == 1 && fired[0].0.starts_with("policy_time:no one from there") && fired[0].1 == 20.0,
        "{by_time}"
    );
    // However low the score is.
    assert_eq!(verdict(&by_time), (20.0, "low", "challenge", Some("captcha")));
    ok(&admin.patch(&path, &json!({ "enabled": false })), 200);
    let other = format!("{POLICIES}/{}", other["policyId"].as_str().unwrap());
    let whole_day = json!({ "allowedHours": { "start": 7, "end": 7 }, "timezone": "Europe/Berlin" });
    ok(&admin.patch(&other, &json!({ "conditions": { "timeRestrictions": whole_day } })), 200);
    assert_eq!(factors(&from_there()), []);
}

fn a_policy_applies_from_its_threshold_on(t: &Deployment) {
    let admin = admin(t);
    let create = |name: &str, threshold: i64, actions: Value| {
        let policy = json!({ "name": name, "conditions": { "riskScoreThreshold": threshold }, "actions": actions });
        ok(&admin.post(POLICIES, &policy), 201);
    };
    let mut user = 0;
    // A score of 65 each time: of a new user who is far away at once.
    let mut travel = || {
        user += 1;
        let of_user = |mut body: Value| {
            body["userId"] = json!(format!("7b0e5f4e-9f0a-4c3f-8d53-0f7a3a9f1{user:03}"));
            evaluate(&admin, body)
        };
        of_user(place("DE", 52.52, 13.405, "one"));
        of_user(place("US", 40.7128, -74.006, "two"))
    };
    create("later", 66, json!({ "onHighRisk": "deny" }));
    assert_eq!(verdict(&travel()), (65.0, "high", "challenge", Some("mfa")));
    create("second", 65, json!({ "challengeType": "email_verification" }));
    assert_eq!(verdict(&travel()), (65.0, "high", "challenge", Some("email_verification")));
    create("first", 60, json!({ "challengeType": "captcha" }));
    assert_eq!(verdict(&travel()), (65.0, "high", "challenge", Some("captcha")));
    let sdk = json!({ "name": "sdk", "thresholds": { "high": 65 }, "actions": { "high": "block" } });
    ok(&admin.post(POLICIES, &sdk), 201);
    assert_eq!(verdict(&travel()), (65.0, "high", "deny", None));
}
