//! Evaluations: the shapes, what is known from earlier ones, signals and policies, statistics.

use std::sync::atomic::Ordering;

use crate::service::{FREE, FULL, HOUR, OTHER_USER, Service, USER, Value, json, key};

const PATH: &str = "/auth/risk/evaluate";

fn sign_in(more: Value) -> Value {
    let mut body = json!({ "userId": USER, "ipAddress": "192.0.2.1", "userAgent": "Mozilla/5.0" });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

fn factors(evaluation: &Value) -> Vec<(String, f64)> {
    let factor = |factor: &Value| (factor["name"].as_str().unwrap().to_owned(), factor["score"].as_f64().unwrap());
    evaluation["factors"].as_array().unwrap().iter().map(factor).collect()
}

fn names(evaluation: &Value) -> Vec<String> {
    factors(evaluation).into_iter().map(|(name, _)| name).collect()
}

#[tokio::test]
async fn an_evaluation_has_the_members_of_both_shapes_and_is_metered() {
    let service = Service::new("shapes").await;
    let token = key(FULL, "developer");
    let seed = service.post(&token, PATH, &sign_in(json!({ "deviceFingerprint": "d" }))).await;
    assert_eq!(seed.status.as_u16(), 200, "{}", seed.body);
    let evaluation = &seed.body;
    assert_eq!(
        (
            &evaluation["riskScore"],
            &evaluation["riskLevel"],
            &evaluation["recommendation"],
            &evaluation["challengeType"]
        ),
        (&json!(5.0), &json!("low"), &json!("allow"), &Value::Null)
    );
    assert_eq!(evaluation["requiredAction"], "allow");
    assert_eq!(factors(evaluation), [("new_device".to_owned(), 5.0)]);
    assert_eq!(evaluation["riskFactors"][0]["factor"], "new_device");
    assert_eq!(evaluation["riskFactors"][0]["reason"], evaluation["factors"][0]["reason"]);
    let id = evaluation["sessionId"].as_str().unwrap();
    assert_eq!(service.number(&format!("SELECT count(*) FROM qnsp_evaluations WHERE id = '{id}'")).await, 1);

    let context = json!({ "ipAddress": "2001:DB8::1", "userAgent": "a", "deviceFingerprint": "d", "timestamp": "x" });
    let sdk = json!({ "userId": USER, "tenantId": FULL, "context": context, "action": "login" });
    let sdk = service.post(&token, PATH, &sdk).await;
    assert_eq!((sdk.status.as_u16(), factors(&sdk.body)), (200, vec![]));
    assert_eq!(service.number("SELECT count(*) FROM qnsp_evaluations WHERE address = '2001:db8::1'").await, 1);
    assert_eq!(
        service.number("SELECT sum(quantity) FROM qnsp_meters WHERE operation = 'auth.risk_evaluation'").await,
        2
    );
    let events = service.events().await;
    assert!(events[0].contains(&format!("auth.risk.evaluate risk/{USER} done")), "{events:?}");
    // On every tier, from the role of a developer on.
    assert_eq!(service.post(&key(FREE, "developer"), PATH, &sign_in(json!({}))).await.status.as_u16(), 200);
    assert_eq!(service.post(&key(FULL, "viewer"), PATH, &sign_in(json!({}))).await.status.as_u16(), 403);
}

#[tokio::test]
async fn a_new_evaluation_is_two_round_trips_and_a_replay_is_none() {
    let service = Service::new("trips").await;
    service.created(PATH, &sign_in(json!({}))).await;
    service.sql.asked.store(0, Ordering::SeqCst);
    service.created(PATH, &sign_in(json!({}))).await;
    assert_eq!(service.sql.asked.load(Ordering::SeqCst), 2, "one query of facts, one batch");
    let (token, body) = (key(FULL, "admin"), sign_in(json!({})).to_string());
    let once = [("idempotency-key", "once")];
    let first = service.call("POST", PATH, &token, &once, &body).await;
    let again = service.call("POST", PATH, &token, &once, &body).await;
    assert_eq!(first.body["sessionId"], again.body["sessionId"]);
    assert_eq!(service.number("SELECT count(*) FROM qnsp_evaluations").await, 3);
}

#[tokio::test]
async fn what_is_wrong_is_named() {
    let service = Service::new("wrong").await;
    let wrong = json!({
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
    assert_eq!(service.refused("POST", PATH, &wrong).await, (400, places.map(str::to_owned).to_vec()));
    let future = sign_in(json!({ "sessionContext": { "previousLoginAt": "2999-01-01T00:00:00Z" } }));
    let expected = (400, vec!["sessionContext.previousLoginAt".to_owned()]);
    assert_eq!(service.refused("POST", PATH, &future).await, expected);
    assert_eq!(service.number("SELECT count(*) FROM qnsp_evaluations").await, 0);
}

#[tokio::test]
async fn what_is_known_of_a_user_comes_from_earlier_evaluations() {
    let service = Service::new("known").await;
    let at = |country: &str, latitude: f64, longitude: f64, fingerprint: &str| {
        let place = json!({ "country": country, "latitude": latitude, "longitude": longitude });
        sign_in(json!({ "geoLocation": place, "deviceFingerprint": fingerprint }))
    };
    service.created(PATH, &at("de", 52.52, 13.405, "one")).await;
    assert_eq!(names(&service.created(PATH, &at("DE", 52.52, 13.405, "one")).await), [""; 0]);
    let away = service.created(PATH, &at("US", 40.7128, -74.006, "two")).await;
    assert_eq!(names(&away), ["impossible_travel", "new_country", "new_device"]);
    assert_eq!((&away["riskScore"], &away["recommendation"]), (&json!(65.0), &json!("challenge")));
    assert_eq!((&away["challengeType"], &away["requiredAction"]), (&json!("mfa"), &json!("mfa_required")));
    assert_eq!(names(&service.created(PATH, &at("US", 40.7128, -74.006, "two")).await), [""; 0]);
    // A day later the same way is a journey.
    service.run(format!("UPDATE qnsp_risk_known SET at = at - {}", 24 * HOUR)).await;
    assert_eq!(names(&service.created(PATH, &at("DE", 52.52, 13.405, "one")).await), [""; 0]);
    // Other users and other tenants know nothing of it, and after 400 days nobody does.
    let mut other = at("DE", 52.52, 13.405, "one");
    other["userId"] = json!(OTHER_USER);
    assert_eq!(factors(&service.created(PATH, &other).await), [("new_device".to_owned(), 5.0)]);
    let foreign = service.post(&key(FREE, "admin"), PATH, &at("DE", 52.52, 13.405, "one")).await;
    assert_eq!(factors(&foreign.body), [("new_device".to_owned(), 5.0)]);
    service.run(format!("UPDATE qnsp_risk_known SET at = at - {}", 401 * 24 * HOUR)).await;
    assert_eq!(factors(&service.created(PATH, &at("DE", 0.0, 0.0, "one")).await), [("new_device".to_owned(), 5.0)]);
}

#[tokio::test]
async fn signals_and_failed_logins_of_a_day_and_an_hour_count() {
    let service = Service::new("evidence").await;
    service.created(PATH, &sign_in(json!({}))).await;
    let signal = |user: &str, signal_type: &str, severity: &str, address: &str| {
        let metadata = json!({ "ipAddress": address });
        json!({ "userId": user, "signalType": signal_type, "severity": severity, "metadata": metadata })
    };
    for body in [
        signal(OTHER_USER, "brute_force", "high", "::ffff:192.0.2.1"),
        signal(USER, "brute_force", "low", "192.0.2.9"),
        signal(USER, "new_device", "low", "192.0.2.9"),
        json!({ "signalType": "suspicious_ip", "severity": "medium", "source": "x", "context": { "ipAddress": "192.0.2.1" } }),
    ] {
        service.created("/auth/risk/signals", &body).await;
    }
    let login = json!({ "eventType": "login", "provider": "p", "userId": USER, "outcome": "failure" });
    service.created("/auth/federation/audit/events", &login).await;
    service.created("/auth/federation/audit/events", &login).await;
    let found = factors(&service.created(PATH, &sign_in(json!({}))).await);
    let expected = [("ip_reputation", 23.0), ("failed_attempts", 12.0), ("recent_signals", 7.5)];
    assert_eq!(found, expected.map(|(name, score)| (name.to_owned(), score)));
    let more = sign_in(json!({ "sessionContext": { "failedAttempts": 4, "previousLoginAt": "2020-01-01T00:00:00Z" } }));
    let found = factors(&service.created(PATH, &more).await);
    assert!(
        found.contains(&("failed_attempts".to_owned(), 24.0)) && found.contains(&("dormant_account".to_owned(), 10.0))
    );
    service.run(format!("UPDATE qnsp_signals SET recorded_at = recorded_at - {}", 24 * HOUR)).await;
    service.run(format!("UPDATE qnsp_federation_events SET recorded_at = recorded_at - {HOUR}")).await;
    assert_eq!(names(&service.created(PATH, &sign_in(json!({}))).await), [""; 0]);
}

#[tokio::test]
async fn policies_hold_from_the_next_evaluation_on() {
    let service = Service::new("applied").await;
    service.created(PATH, &sign_in(json!({}))).await;
    let policy = json!({
        "name": "no one from there", "conditions": { "geoRestrictions": ["xk", "kp"] }, "actions": { "onHighRisk": "deny" },
    });
    assert_eq!(service.refused("POST", "/auth/risk/policies", &policy).await.0, 422);
    let policy = json!({
        "name": "no one from there", "conditions": { "geoRestrictions": ["kp"] }, "actions": { "onHighRisk": "deny" },
    });
    let id = service.created("/auth/risk/policies", &policy).await["policyId"].as_str().unwrap().to_owned();
    let from_there = sign_in(json!({ "geoLocation": { "country": "kp" } }));
    let denied = service.created(PATH, &from_there).await;
    assert_eq!((&denied["recommendation"], &denied["requiredAction"]), (&json!("deny"), &json!("block")));
    assert_eq!(names(&denied), ["policy_geo:no one from there", "new_country"]);
    // Between start and end of allowed hours there is none that is now, in one of two zones half a day apart.
    let closed =
        |zone: &str| json!({ "timeRestrictions": { "allowedHours": { "start": 0, "end": 12 }, "timezone": zone } });
    let change = json!({ "conditions": closed("Etc/GMT-12"), "actions": { "challengeType": "captcha" } });
    let path = format!("/auth/risk/policies/{id}");
    let changed = service.call("PATCH", &path, &key(FULL, "admin"), &[], &change.to_string()).await;
    assert_eq!(changed.status.as_u16(), 200, "{}", changed.body);
    let east = service.created(PATH, &from_there).await;
    let change = json!({ "conditions": closed("UTC") });
    service.call("PATCH", &path, &key(FULL, "admin"), &[], &change.to_string()).await;
    let here = service.created(PATH, &from_there).await;
    let fired: Vec<_> = [&east, &here].into_iter().filter(|evaluation| !names(evaluation).is_empty()).collect();
    assert_eq!(fired.len(), 1, "{east} {here}");
    assert_eq!(names(fired[0]), ["policy_time:no one from there"]);
    assert_eq!((&fired[0]["recommendation"], &fired[0]["challengeType"]), (&json!("challenge"), &json!("captcha")));
    service.call("PATCH", &path, &key(FULL, "admin"), &[], r#"{"enabled":false}"#).await;
    assert_eq!(names(&service.created(PATH, &from_there).await), [""; 0]);
}

#[tokio::test]
async fn statistics_are_exact_at_the_edge_of_their_period() {
    let service = Service::new("stats").await;
    let empty = service.get("/auth/risk/stats").await;
    assert_eq!(
        (&empty["period"], &empty["totalEvaluations"], &empty["denyRate"]),
        (&json!("24h"), &json!(0), &json!(0.0))
    );
    service.created(PATH, &sign_in(json!({}))).await;
    service.created(PATH, &sign_in(json!({ "userAgent": "" }))).await;
    service.created(PATH, &sign_in(json!({ "sessionContext": { "failedAttempts": 5 } }))).await;
    let signal = json!({ "userId": USER, "signalType": "brute_force", "severity": "low" });
    service.created("/auth/risk/signals", &signal).await;
    let stats = service.get("/auth/risk/stats?period=1h").await;
    let expected = json!({
        "period": "1h", "totalEvaluations": 3, "riskDistribution": { "low": 2, "medium": 1, "high": 0, "critical": 0 },
        "topRiskFactors": [
            { "factor": "automation_agent", "count": 1 }, { "factor": "failed_attempts", "count": 1 },
            { "factor": "new_device", "count": 1 },
        ],
        "challengeRate": 0.3333, "denyRate": 0.0,
        "signalsLast24Hours": [{ "signalType": "brute_force", "severity": "low", "count": 1 }],
        "blockedAttemptsLast24Hours": 0,
    });
    assert_eq!(stats, expected);
    // Moved to just inside and just outside of the period, rows and hours alike.
    for (period, hours) in [("1h", 1), ("24h", 24), ("7d", 168), ("30d", 720)] {
        let path = format!("/auth/risk/stats?period={period}");
        assert_eq!(service.get(&path).await["totalEvaluations"], 3);
        for (minutes, expected) in [(-1, 3), (1, 0)] {
            let time = format!("(unixepoch() * 1000 - {hours} * {HOUR} - {minutes} * 60000)");
            service.run(format!("UPDATE qnsp_evaluations SET at = {time}")).await;
            service.run(format!("UPDATE qnsp_risk_hours SET hour = {time} / {HOUR}")).await;
            assert_eq!(service.get(&path).await["totalEvaluations"], expected, "{period} {minutes}");
        }
        service.run("UPDATE qnsp_evaluations SET at = unixepoch() * 1000".to_owned()).await;
        service.run(format!("UPDATE qnsp_risk_hours SET hour = unixepoch() * 1000 / {HOUR}")).await;
    }
    for bad in ["period=", "period=2h", "period=1h&period=1h"] {
        assert_eq!(service.refused("GET", &format!("/auth/risk/stats?{bad}"), &Value::Null).await.0, 400, "{bad}");
    }
}

#[tokio::test]
async fn what_is_older_than_400_days_is_removed_by_writes() {
    let service = Service::new("swept").await;
    service.created(PATH, &sign_in(json!({ "deviceFingerprint": "d" }))).await;
    let old = 401 * 24 * HOUR;
    service.run(format!("UPDATE qnsp_evaluations SET at = at - {old}")).await;
    service.run(format!("UPDATE qnsp_risk_known SET at = at - {old}")).await;
    service.run(format!("UPDATE qnsp_risk_hours SET hour = hour - {}", old / HOUR)).await;
    let mut other = sign_in(json!({}));
    other["userId"] = json!(OTHER_USER);
    service.created(PATH, &other).await;
    assert_eq!(service.number("SELECT count(*) FROM qnsp_evaluations").await, 1);
    assert_eq!(service.number(&format!("SELECT count(*) FROM qnsp_risk_known WHERE user_id = '{USER}'")).await, 0);
    assert_eq!(service.number("SELECT count(DISTINCT hour) FROM qnsp_risk_hours").await, 1);
}
