//! Leakage detection of the vault of QNSP: policies, incidents and what is done about them.

use serde_json::{Value, json};

use crate::{
    answer::{names, ok, time},
    case::{Case, case},
    clock,
    deployment::{Deployment, unique},
    qnsp::{Caller, Cast, refuses},
    qnsp_auth::UNKNOWN,
    qnsp_vault::secret,
};

pub fn cases() -> Vec<Case> {
    vec![
        case(a_policy_is_shown_as_it_was_made_until_it_is_deleted),
        case(policies_that_break_a_rule_are_refused),
        case(expressions_that_are_too_large_together_are_refused_for_a_policy_and_for_a_scan),
        case(sources_are_allowed_addresses_with_tokens_of_the_tenant),
        case(an_incident_is_reported_and_listed),
        case(incidents_are_filtered_by_either_spelling),
        case(an_incident_ends_and_is_not_reopened),
        case(statistics_and_checks_follow_the_incidents),
    ]
}

pub const LEAKAGE: &str = "/vault/v1/leakage-detection";

pub fn path(part: &str) -> String {
    format!("{LEAKAGE}/{part}")
}

/// The body of a policy with these members instead of the usual ones.
pub fn policy(more: &Value) -> Value {
    let mut policy = json!({
        "name": unique("policy"), "secretPatterns": [{ "type": "keyword", "pattern": "begin private key" }],
        "scanTargets": ["github"],
    });
    policy.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    policy
}

fn a_policy_is_shown_as_it_was_made_until_it_is_deleted(t: &Deployment) {
    let Cast { admin, viewer, foreign, .. } = &Cast::new(t);
    let asked = policy(&json!({
        "description": "d", "enabled": false, "scanTargets": ["s3", "github", "s3"],
        "secretPatterns": [
            { "type": "regex", "pattern": "AKIA[0-9A-Z]{16}", "severity": "high" }, { "type": "entropy", "pattern": "4.5" },
        ],
        "actions": { "onDetection": "rotate", "notificationChannels": ["ops", "https://hooks.example/x"] },
    }));
    let created = ok(&admin.post(&path("policies"), &asked), 201);
    assert_eq!(names(&created), ["createdAt", "name", "policyId"]);
    let of_policy = path(&format!("policies/{}", created["policyId"].as_str().unwrap()));
    let shown = ok(&viewer.get(&of_policy), 200);
    let expected = json!({
        "policyId": created["policyId"], "name": asked["name"], "description": "d", "enabled": false, "sources": [],
        "secretPatterns": [
            { "type": "regex", "pattern": "AKIA[0-9A-Z]{16}", "severity": "high" },
            { "type": "entropy", "pattern": "4.5", "severity": "medium" },
        ],
        "scanTargets": ["s3", "github"], "actions": asked["actions"], "createdAt": created["createdAt"],
    });
    assert_eq!(shown, expected);
    ok(&admin.post(&path("policies"), &policy(&json!({}))), 201);
    let listed = ok(&viewer.get(&path("policies")), 200);
    let first =
        json!({ "policyId": created["policyId"], "name": asked["name"], "enabled": false, "secretPatterns": 2 });
    assert_eq!((&listed["policies"][0], listed["policies"].as_array().unwrap().len()), (&first, 2));
    let page = ok(&viewer.get(&path("policies?limit=1&offset=1")), 200);
    assert_eq!(page["policies"], json!([listed["policies"][1]]));
    refuses(&viewer.get(&path("policies?limit=x")), 400, &["limit"]);
    refuses(&foreign.get(&of_policy), 404, &[]);
    refuses(&foreign.delete(&of_policy), 404, &[]);
    assert_eq!(admin.delete(&of_policy).status, 204);
    refuses(&viewer.get(&of_policy), 404, &[]);
    refuses(&admin.delete(&of_policy), 404, &[]);
    refuses(&admin.delete(&path("policies/x")), 400, &["policyId"]);
    refuses(&viewer.get(&path("policies/x")), 400, &["policyId"]);
}

fn policies_that_break_a_rule_are_refused(t: &Deployment) {
    let Cast { admin, .. } = &Cast::new(t);
    let refused = |more: Value, status: u16, places: &[&str]| {
        refuses(&admin.post(&path("policies"), &policy(&more)), status, places);
    };
    let pattern = |kind: &str, pattern: &str| json!({ "secretPatterns": [{ "type": kind, "pattern": pattern }] });
    refused(json!({ "name": "" }), 400, &["name"]);
    refused(json!({ "secretPatterns": [] }), 400, &["secretPatterns"]);
    refused(
        json!({ "secretPatterns": vec![json!({ "type": "keyword", "pattern": "k" }); 101] }),
        400,
        &["secretPatterns"],
    );
    refused(json!({ "scanTargets": [] }), 400, &["scanTargets"]);
    refused(json!({ "scanTargets": ["dropbox"] }), 400, &["scanTargets[0]"]);
    refused(json!({ "scanTargets": { "github": true } }), 400, &["scanTargets"]);
    refused(json!({ "actions": { "onDetection": "panic" } }), 400, &["actions.onDetection"]);
    refused(pattern("keyword", ""), 400, &["secretPatterns[0].pattern"]);
    refused(pattern("entropy", "9"), 400, &["secretPatterns[0].pattern"]);
    refused(pattern("guess", "k"), 400, &["secretPatterns[0].type"]);
    for text in ["(", "a(?=b)", r"(a)\1", "(a{1000}){1000}"] {
        refused(pattern("regex", text), 422, &["secretPatterns[0].pattern"]);
    }
    let channels = json!({ "actions": { "notificationChannels": ["ops", "https://10.0.0.1/hook"] } });
    refused(channels, 422, &["actions.notificationChannels[1]"]);
    refuses(&admin.post(&path("policies"), &json!({})), 400, &["name", "scanTargets", "secretPatterns"]);
    let name = json!({ "name": unique("policy") });
    ok(&admin.post(&path("policies"), &policy(&name)), 201);
    refused(name, 409, &[]);
}

fn expressions_that_are_too_large_together_are_refused_for_a_policy_and_for_a_scan(t: &Deployment) {
    let Cast { admin, developer, viewer, .. } = &Cast::new(t);
    // With 5,000 bytes each, so that three of them fit and four do not.
    let expression = json!({ "type": "regex", "pattern": "[a-f]{122}" });
    let keywords = vec![json!({ "type": "keyword", "pattern": "(k){100}".repeat(32) }); 90];
    let with = |count: usize| {
        let mut patterns = vec![expression.clone(); count];
        patterns.extend(keywords.clone());
        policy(&json!({ "secretPatterns": patterns }))
    };
    refuses(&admin.post(&path("policies"), &with(4)), 422, &["secretPatterns"]);
    let alone = policy(&json!({ "secretPatterns": [{ "type": "regex", "pattern": "(?:a?b?){200}" }] }));
    refuses(&admin.post(&path("policies"), &alone), 422, &["secretPatterns"]);
    let made = |count: usize| {
        let made = ok(&admin.post(&path("policies"), &with(count)), 201);
        made["policyId"].as_str().unwrap().to_owned()
    };
    let policies = [made(3), made(2), made(1)];
    let shown = ok(&viewer.get(&path(&format!("policies/{}", policies[2]))), 200);
    assert_eq!(names(&shown["secretPatterns"][0]), ["pattern", "severity", "type"]);
    let scan = |policies: Value| {
        let scope = json!({ "repositories": ["acme/shop"] });
        developer.post(&path("scan"), &json!({ "scope": scope, "policyIds": policies }))
    };
    refuses(&scan(json!(null)), 422, &["policyIds"]);
    refuses(&scan(json!([policies[0], policies[2]])), 422, &["policyIds"]);
    for fitting in [json!([policies[0]]), json!([policies[1], policies[2]])] {
        ok(&scan(fitting), 202);
    }
}

fn sources_are_allowed_addresses_with_tokens_of_the_tenant(t: &Deployment) {
    let Cast { admin, foreign, .. } = &Cast::new(t);
    let token = secret(admin, &["a token"]);
    let source = |target: &str, url: &str, token: &str| {
        policy(&json!({ "sources": [{ "target": target, "baseUrl": url, "tokenSecretId": token }] }))
    };
    let made = ok(&admin.post(&path("policies"), &source("gitlab", "https://git.example/api/v4", &token)), 201);
    let shown = ok(&admin.get(&path(&format!("policies/{}", made["policyId"].as_str().unwrap()))), 200);
    let expected = json!([{ "target": "gitlab", "baseUrl": "https://git.example/api/v4", "tokenSecretId": token }]);
    assert_eq!(shown["sources"], expected);
    for url in
        ["https://10.0.0.1", "http://git.example", "https://localhost/api", "git.example", "https://git.example/?a=b"]
    {
        refuses(&admin.post(&path("policies"), &source("github", url, &token)), 422, &["sources[0].baseUrl"]);
    }
    refuses(&admin.post(&path("policies"), &source("s3", "https://git.example", &token)), 400, &["sources[0].target"]);
    refuses(&admin.post(&path("policies"), &source("github", "https://git.example", "none")), 404, &[]);
    refuses(&foreign.post(&path("policies"), &source("github", "https://git.example", &token)), 404, &[]);
}

/// A new incident, by its path.
fn report(caller: &Caller, more: &Value) -> String {
    let mut incident = json!({ "secretId": "db", "source": "github", "severity": "high" });
    incident.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let reported = ok(&caller.post(&path("incidents"), &incident), 201);
    assert_eq!(names(&reported), ["createdAt", "incidentId", "status"]);
    assert_eq!(reported["status"], "open");
    path(&format!("incidents/{}", reported["incidentId"].as_str().unwrap()))
}

fn an_incident_is_reported_and_listed(t: &Deployment) {
    let Cast { developer, viewer, foreign, .. } = &Cast::new(t);
    let seen = clock::in_seconds(-60);
    let details = json!({ "line": 7 });
    let full = report(developer, &json!({ "location": "a/b#L7", "detectedAt": seen, "details": details }));
    let shown = ok(&viewer.get(&full), 200);
    assert_eq!(
        [&shown["location"], &shown["details"], &shown["severity"], &shown["status"]],
        [&json!("a/b#L7"), &details, &json!("high"), &json!("open")]
    );
    assert_eq!(time(&shown["detectedAt"]), time(&json!(seen)));
    let [created] = &shown["timeline"].as_array().unwrap()[..] else { panic!("{shown}") };
    assert_eq!(names(created), ["actor", "at", "event", "from", "notes", "to"]);
    assert_eq!(
        [&created["actor"], &created["event"], &created["from"], &created["to"]],
        [&json!(developer.user), &json!("created"), &Value::Null, &json!("open")]
    );
    let bare = ok(&viewer.get(&report(developer, &json!({}))), 200);
    assert_eq!((&bare["location"], &bare["details"]), (&json!(""), &json!({})));
    let listed = ok(&viewer.get(&path("incidents")), 200);
    let ids: Vec<_> = listed["incidents"].as_array().unwrap().iter().map(|it| it["incidentId"].clone()).collect();
    assert_eq!(ids, [bare["incidentId"].clone(), shown["incidentId"].clone()], "newest first");
    let expected = ["detectedAt", "incidentId", "secretId", "severity", "source", "status"];
    assert_eq!(names(&listed["incidents"][0]), expected);
    let refused = |more: Value, status: u16, place: &str| {
        let mut incident = json!({ "secretId": "db", "source": "github", "severity": "high" });
        incident.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        refuses(&developer.post(&path("incidents"), &incident), status, &[place]);
    };
    refused(json!({ "detectedAt": clock::in_seconds(60) }), 422, "detectedAt");
    refused(json!({ "severity": "dreadful" }), 400, "severity");
    refused(json!({ "source": "" }), 400, "source");
    refused(json!({ "secretId": "x".repeat(257) }), 400, "secretId");
    refuses(&developer.post(&path("incidents"), &json!({})), 400, &["secretId", "severity", "source"]);
    refuses(&viewer.get(&path(&format!("incidents/{UNKNOWN}"))), 404, &[]);
    refuses(&viewer.get(&path("incidents/x")), 400, &["incidentId"]);
    refuses(&foreign.get(&full), 404, &[]);
}

fn incidents_are_filtered_by_either_spelling(t: &Deployment) {
    let Cast { developer, viewer, .. } = &Cast::new(t);
    let hour_ago = clock::in_seconds(-3_600);
    report(developer, &json!({ "secretId": "a", "severity": "low", "detectedAt": hour_ago }));
    let second = report(developer, &json!({ "secretId": "b" }));
    ok(&developer.patch(&second, &json!({ "status": "confirmed" })), 200);
    let found = |query: &str| -> Vec<String> {
        let listed = ok(&viewer.get(&path(&format!("incidents?{query}"))), 200);
        let incidents = listed["incidents"].as_array().unwrap().iter();
        incidents.map(|it| it["secretId"].as_str().unwrap().to_owned()).collect()
    };
    for (query, expected) in [
        ("status=open", &["a"][..]),
        ("status=detected", &["a"]),
        ("status=investigating", &["b"]),
        ("status=confirmed&severity=high", &["b"]),
        ("status=resolved", &[]),
        ("severity=low", &["a"]),
        ("secretId=a", &["a"]),
        (&format!("since={hour_ago}"), &["b", "a"]),
        (&format!("since={}", clock::in_seconds(-3_000)), &["b"]),
        ("limit=1&offset=1", &["a"]),
    ] {
        assert_eq!(found(query), expected, "{query}");
    }
    for (query, place) in [("status=lost", "status"), ("severity=x", "severity"), ("since=then", "since")] {
        refuses(&viewer.get(&path(&format!("incidents?{query}"))), 400, &[place]);
    }
}

fn an_incident_ends_and_is_not_reopened(t: &Deployment) {
    let Cast { developer, admin, viewer, foreign, .. } = &Cast::new(t);
    let incident = report(developer, &json!({}));
    let change = |body: Value| admin.patch(&incident, &body);
    refuses(&change(json!({ "status": "open" })), 400, &["status"]);
    refuses(&change(json!({ "status": "resolved" })), 400, &["resolution"]);
    assert_eq!(change(json!({})).status, 400);
    ok(&change(json!({ "notes": "seen" })), 200);
    let changed = ok(&change(json!({ "status": "investigating", "notes": "by ada" })), 200);
    assert_eq!(names(&changed), ["incidentId", "status", "updatedAt"]);
    assert_eq!(changed["status"], "investigating");
    refuses(&change(json!({ "status": "investigating" })), 409, &[]);
    ok(&change(json!({ "status": "remediated", "resolution": "rotated" })), 200);
    for body in [
        json!({ "status": "investigating" }),
        json!({ "status": "false_positive" }),
        json!({ "status": "resolved", "resolution": "again" }),
    ] {
        refuses(&change(body), 409, &[]);
    }
    assert_eq!(ok(&change(json!({ "notes": "one more thing" })), 200)["status"], "resolved");
    let shown = ok(&viewer.get(&incident), 200);
    let steps: Vec<_> = shown["timeline"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| json!([step["event"], step["from"], step["to"], step["notes"]]))
        .collect();
    let expected = [
        json!(["created", null, "open", null]),
        json!(["updated", null, null, "seen"]),
        json!(["updated", "open", "investigating", "by ada"]),
        json!(["updated", "investigating", "resolved", "rotated"]),
        json!(["updated", null, null, "one more thing"]),
    ];
    assert_eq!(steps, expected);
    let other = report(developer, &json!({}));
    assert_eq!(ok(&admin.patch(&other, &json!({ "status": "ignored" })), 200)["status"], "false_positive");
    refuses(&foreign.patch(&other, &json!({ "notes": "x" })), 404, &[]);
    refuses(&admin.patch(&path(&format!("incidents/{UNKNOWN}")), &json!({ "notes": "x" })), 404, &[]);
}

fn statistics_and_checks_follow_the_incidents(t: &Deployment) {
    let Cast { developer, viewer, .. } = &Cast::new(t);
    let stats = || ok(&viewer.get(&path("stats")), 200);
    let none = json!({
        "totalIncidents": 0, "openIncidents": 0, "resolvedIncidents": 0,
        "bySeverity": { "critical": 0, "high": 0, "medium": 0, "low": 0 }, "bySource": { "github": 0, "gitlab": 0 },
    });
    assert_eq!(stats(), none);
    let first = report(developer, &json!({ "secretId": "a" }));
    report(developer, &json!({ "secretId": "a", "severity": "low", "source": "chat" }));
    let third = report(developer, &json!({ "secretId": "b", "severity": "critical" }));
    ok(&developer.patch(&first, &json!({ "status": "investigating" })), 200);
    ok(&developer.patch(&third, &json!({ "status": "false_positive" })), 200);
    let some = json!({
        "totalIncidents": 3, "openIncidents": 2, "resolvedIncidents": 1,
        "bySeverity": { "critical": 1, "high": 1, "medium": 0, "low": 1 },
        "bySource": { "chat": 1, "github": 2, "gitlab": 0 },
    });
    assert_eq!(stats(), some);
    let check = |secret: &str| ok(&viewer.post(&path(&format!("secrets/{secret}/check")), &json!({})), 200);
    let checked = check("a");
    assert_eq!((&checked["secretId"], &checked["hasActiveIncidents"]), (&json!("a"), &json!(true)));
    assert_eq!(checked["incidents"].as_array().unwrap().len(), 2);
    assert_eq!(names(&checked["incidents"][0]), ["detectedAt", "incidentId", "severity", "source"]);
    assert_eq!(check("b"), json!({ "secretId": "b", "hasActiveIncidents": false, "incidents": [] }));
    assert_eq!(check("unknown")["hasActiveIncidents"], false);
    let long = viewer.post(&path(&format!("secrets/{}/check", "x".repeat(257))), &json!({}));
    refuses(&long, 400, &["secretId"]);
}
