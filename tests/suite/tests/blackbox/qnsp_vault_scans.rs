//! Scans for leaked secrets of QNSP, over a server that speaks the APIs of GitHub and GitLab.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    answer::{names, ok},
    case::{Case, case},
    clock,
    code_host::CodeHost,
    database,
    deployment::{Deployment, unique},
    qnsp::{Caller, Cast, Tenant, refuses, written},
    qnsp_auth::UNKNOWN,
    qnsp_vault::{events, of, secret, states},
    qnsp_vault_leakage::{path, policy},
    receiver::{next, parsed, receiver},
};

pub fn cases() -> Vec<Case> {
    vec![
        case(a_leaked_value_is_found_and_rotated),
        case(a_leaked_value_is_revoked_where_the_strictest_policy_says_so),
        case(patterns_are_found_and_only_alert),
        case(projects_of_gitlab_are_read_page_by_page),
        case(organizations_are_followed_and_what_cannot_be_read_is_skipped),
        case(a_scan_that_reads_nothing_fails),
        case(a_long_scan_goes_on_with_each_look),
        case(a_host_that_limits_requests_is_left_alone),
        case(hosts_are_asked_with_the_token_of_their_source),
        case(what_was_closed_and_is_still_there_is_reported_anew),
        case(channels_are_told_and_the_timeline_says_so),
        case(scans_that_cannot_be_are_refused),
        case(scans_have_a_quota_of_the_day),
        case(what_is_found_is_stored_nowhere),
    ]
}

/// A policy over the server, for this target.
#[track_caller]
pub fn made(admin: &Caller, host: &CodeHost, target: &str, more: &Value) -> String {
    let source = json!([{ "target": target, "baseUrl": host.base(target) }]);
    let mut body = policy(&json!({ "scanTargets": [target], "sources": source }));
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    ok(&admin.post(&path("policies"), &body), 201)["policyId"].as_str().unwrap().to_owned()
}

/// A new scan of these repositories, by its path.
#[track_caller]
pub fn start(caller: &Caller, repositories: &[&str]) -> String {
    started(caller, &json!({ "scope": { "repositories": repositories } }))
}

#[track_caller]
fn started(caller: &Caller, body: &Value) -> String {
    let queued = ok(&caller.post(&path("scan"), body), 202);
    assert_eq!(names(&queued), ["estimatedCompletionAt", "scanId", "status"]);
    assert_eq!(queued["status"], "queued");
    path(&format!("scans/{}", queued["scanId"].as_str().unwrap()))
}

/// Looks at a scan until it has ended.
#[track_caller]
pub fn ended(caller: &Caller, scan: &str) -> Value {
    for _ in 0..20 {
        let shown = ok(&caller.get(scan), 200);
        if shown["status"] != "running" {
            return shown;
        }
    }
    panic!("{scan} does not end");
}

#[track_caller]
pub fn incidents(viewer: &Caller) -> Vec<Value> {
    let listed = ok(&viewer.get(&path("incidents?limit=200")), 200);
    let ids = listed["incidents"].as_array().unwrap().iter().map(|it| it["incidentId"].as_str().unwrap().to_owned());
    ids.map(|id| ok(&viewer.get(&path(&format!("incidents/{id}"))), 200)).collect()
}

pub fn steps(incident: &Value) -> Vec<&str> {
    incident["timeline"].as_array().unwrap().iter().map(|step| step["event"].as_str().unwrap()).collect()
}

const VALUE: &str = "s3cret-value-of-a-case";

fn a_leaked_value_is_found_and_rotated(t: &Deployment) {
    let Cast { tenant, developer, admin, viewer, owner, .. } = &Cast::new(t);
    let host = CodeHost::start();
    let value = unique(VALUE);
    let id = secret(developer, &["an-earlier-value-of-it", &value]);
    let short = secret(developer, &["short-value"]);
    host.put(
        "o/r",
        &[
            ("README.md", "nothing, but an-earlier-value-of-it and short-value\n"),
            ("deploy dir/.env", &format!("A=1\n\nDB={value}\nDB={value}\n")),
        ],
    );
    made(admin, &host, "github", &json!({ "actions": { "onDetection": "rotate" } }));
    let scan = ended(viewer, &start(developer, &["o/r"]));
    assert_eq!(names(&scan), ["completedAt", "findings", "progress", "scanId", "skipped", "startedAt", "status"]);
    assert_eq!(
        [&scan["status"], &scan["progress"], &scan["findings"], &scan["skipped"]],
        [&json!("completed"), &json!(100), &json!(1), &json!([])]
    );
    let [incident] = &incidents(viewer)[..] else { panic!("one incident") };
    assert_eq!(
        [&incident["secretId"], &incident["source"], &incident["severity"], &incident["status"]],
        [&json!(id), &json!("github"), &json!("critical"), &json!("open")]
    );
    assert_eq!(incident["location"], "https://code.example/o/r/blob/main/deploy%20dir/.env#L3");
    assert_eq!(names(&incident["details"]), ["fingerprint", "line", "path"]);
    assert_eq!((&incident["details"]["path"], &incident["details"]["line"]), (&json!("deploy dir/.env"), &json!(3)));
    assert_eq!(steps(incident), ["created", "rotated"]);
    assert_eq!(incident["timeline"][1]["actor"], "leakage-scan");
    assert_eq!(states(viewer, &id), ["active", "deprecated", "deprecated"]);
    assert_eq!(events(viewer, &id)[3..], ["created 3", "deprecated 2"]);
    let rotated = ok(&developer.get(&of(&id, "versions/3")), 200);
    let new = rotated["value"].as_str().unwrap();
    assert!(new.len() == 32 && new.bytes().all(|byte| byte.is_ascii_alphanumeric()) && new != value);
    assert_eq!(rotated["metadata"]["changedBy"], "leakage-scan");
    assert_eq!(states(viewer, &short), ["active"], "what is short is not looked for");
    let listed = ok(&owner.get("/audit/v1/events?eventType=vault.leakage.detected"), 200);
    let [event] = &listed["items"].as_array().unwrap()[..] else { panic!("{listed}") };
    assert_eq!((&event["actor"]["type"], &event["severity"]), (&json!("system"), &json!("critical")));
    assert_eq!(event["resource"]["id"], incident["incidentId"]);
    let metered = format!(
        "SELECT count(*) FROM qnsp_meters WHERE tenant_id = '{}' AND operation = 'vault.leakage_scan'",
        tenant.id
    );
    assert_eq!(database::number(&t.instance, &metered), 1);
    // What was withdrawn is no active value any more.
    assert_eq!(ended(viewer, &start(developer, &["o/r"]))["findings"], 0);
}

fn a_leaked_value_is_revoked_where_the_strictest_policy_says_so(t: &Deployment) {
    let Cast { developer, admin, viewer, .. } = &Cast::new(t);
    let host = CodeHost::start();
    let (one, other) = (unique(VALUE), unique(VALUE));
    let (first, second) = (secret(developer, &[&one]), secret(developer, &[&other]));
    host.put("o/r", &[("a", &one), ("b", &format!("{one} {other}"))]);
    made(admin, &host, "github", &json!({ "actions": { "onDetection": "revoke" } }));
    made(admin, &host, "github", &json!({ "actions": { "onDetection": "rotate" } }));
    assert_eq!(ended(viewer, &start(developer, &["o/r"]))["findings"], 3, "one of each secret and file");
    assert_eq!([states(viewer, &first), states(viewer, &second)], [["deprecated"], ["deprecated"]]);
    assert!(incidents(viewer).iter().all(|incident| steps(incident) == ["created", "revoked"]));
}

fn patterns_are_found_and_only_alert(t: &Deployment) {
    let Cast { developer, admin, viewer, .. } = &Cast::new(t);
    let host = CodeHost::start();
    host.put(
        "o/r",
        &[
            ("keys", "x\nAKIA0123456789ABCDEF\n-----BEGIN PRIVATE KEY-----\ntoken = a8Fk2Lm9Qx7Rb3Tz5Vw1\n"),
            ("none", "akia0123456789abcdef aaaaaaaaaaaaaaaaaaaaaaaa"),
        ],
    );
    host.put_bytes("o/r", "binary", b"\0AKIA0123456789ABCDEF".to_vec());
    host.put_bytes("o/r", "large", [b"AKIA0123456789ABCDEF".as_slice(), &[b' '; 256 << 10]].concat());
    let patterns = json!([
        { "type": "regex", "pattern": "AKIA[0-9A-Z]{16}", "severity": "high" },
        { "type": "keyword", "pattern": "Begin Private Key", "severity": "critical" },
        { "type": "entropy", "pattern": "4.2", "severity": "low" },
        { "type": "regex", "pattern": "not there" },
    ]);
    let actions = json!({ "onDetection": "revoke" });
    let id = made(admin, &host, "github", &json!({ "secretPatterns": patterns, "actions": actions }));
    assert_eq!(ended(viewer, &start(developer, &["o/r"]))["findings"], 3);
    let mut found: Vec<_> = incidents(viewer)
        .iter()
        .map(|it| {
            assert_eq!(steps(it), ["created"]);
            assert_eq!((&it["details"]["policyId"], &it["details"]["path"]), (&json!(id), &json!("keys")));
            json!([it["secretId"], it["details"]["patternIndex"], it["details"]["line"], it["severity"]])
        })
        .collect();
    found.sort_by_key(|it| it[1].as_i64());
    let expected = [(0, 2, "high"), (1, 3, "critical"), (2, 4, "low")];
    let expected =
        expected.map(|(index, line, severity)| json!([format!("pattern:{id}:{index}"), index, line, severity]));
    assert_eq!(found, expected);
    // The same again is no second incident.
    assert_eq!(ended(viewer, &start(developer, &["o/r"]))["findings"], 0);
    assert_eq!(incidents(viewer).len(), 3);
}

fn projects_of_gitlab_are_read_page_by_page(t: &Deployment) {
    let Cast { developer, admin, viewer, .. } = &Cast::new(t);
    let host = CodeHost::start();
    let value = unique(VALUE);
    let id = secret(developer, &[&value]);
    host.put("g/sub/p", &[("a", "x"), ("b", "x"), ("c", "x"), ("d/e f", "x"), ("d/ä", &format!("\n{value}"))]);
    made(admin, &host, "gitlab", &json!({}));
    let scan = ended(viewer, &start(developer, &["g/sub/p"]));
    assert_eq!([&scan["status"], &scan["findings"]], [&json!("completed"), &json!(1)]);
    let [incident] = &incidents(viewer)[..] else { panic!("one incident") };
    assert_eq!((&incident["secretId"], &incident["source"]), (&json!(id), &json!("gitlab")));
    assert_eq!(incident["location"], "https://code.example/g/sub/p/-/blob/main/d/%C3%A4#L2");
    assert_eq!(states(viewer, &id), ["active"], "an alert alone");
    let pages = host.asked().iter().filter(|path| path.contains("/repository/tree?")).count();
    assert_eq!(pages, 3);
}

fn organizations_are_followed_and_what_cannot_be_read_is_skipped(t: &Deployment) {
    let Cast { developer, admin, viewer, .. } = &Cast::new(t);
    let host = CodeHost::start();
    let value = unique(VALUE);
    secret(developer, &[&value]);
    host.put_organization("o", &["o/a", "o/b", "o/c", "o/secret", "o/gone"]);
    for name in ["o/a", "o/b", "o/c", "o/secret"] {
        host.put(name, &[("file", &value)]);
    }
    host.forbid("o/secret");
    made(admin, &host, "github", &json!({ "scanTargets": ["github", "pastebin"] }));
    let body = json!({ "scope": { "organizations": ["o", "nobody"], "repositories": ["o/a"] } });
    let scan = ended(viewer, &started(developer, &body));
    assert_eq!([&scan["status"], &scan["findings"]], [&json!("completed"), &json!(3)]);
    let mut skipped = scan["skipped"].as_array().unwrap().clone();
    skipped.sort_by_key(Value::to_string);
    let repository = |path: &str, reason: &str| json!({ "target": "github", "repository": path, "reason": reason });
    let mut expected = vec![
        json!({ "target": "pastebin", "reason": "no adapter" }),
        repository("nobody", "not found"),
        repository("o/secret", "forbidden"),
        repository("o/gone", "not found"),
    ];
    expected.sort_by_key(Value::to_string);
    assert_eq!(skipped, expected);
    let asked = host.asked();
    assert_eq!(asked.iter().filter(|path| path.starts_with("/gh/orgs/o/repos")).count(), 3, "page by page");
    assert_eq!(asked.iter().filter(|path| *path == "/gh/repos/o/a").count(), 1, "once");
}

fn a_scan_that_reads_nothing_fails(t: &Deployment) {
    let Cast { developer, admin, viewer, .. } = &Cast::new(t);
    made(admin, &CodeHost::start(), "github", &json!({}));
    let scan = ended(viewer, &start(developer, &["o/none"]));
    assert_eq!([&scan["status"], &scan["reason"]], [&json!("failed"), &json!("no repository could be read")]);
    assert!(scan["completedAt"].is_string());
}

fn a_long_scan_goes_on_with_each_look(t: &Deployment) {
    let Cast { developer, admin, viewer, .. } = &Cast::new(t);
    let host = CodeHost::start();
    for number in 0..90 {
        let text = if number == 89 { "begin private key".to_owned() } else { format!("file {number}") };
        host.put_bytes("o/r", &format!("f{number}"), text.into_bytes());
    }
    made(admin, &host, "github", &json!({}));
    let scan = start(developer, &["o/r"]);
    let mut last = -1;
    for looks in 1.. {
        let shown = ok(&viewer.get(&scan), 200);
        let progress = shown["progress"].as_i64().unwrap();
        assert!(progress > last, "{shown}");
        last = progress;
        if shown["status"] == "completed" {
            assert_eq!((progress, looks), (100, 3), "40 requests a look");
            assert_eq!(shown["findings"], 1);
            break;
        }
        assert_eq!((&shown["status"], progress < 100), (&json!("running"), true));
        assert!(shown["startedAt"].is_string() && shown["completedAt"].is_null());
    }
    let mut blobs: Vec<_> = host.asked().into_iter().filter(|path| path.contains("/git/blobs/")).collect();
    blobs.sort_unstable();
    blobs.dedup();
    assert_eq!(blobs.len(), 90);
}

fn a_host_that_limits_requests_is_left_alone(t: &Deployment) {
    let Cast { developer, admin, viewer, .. } = &Cast::new(t);
    let host = CodeHost::start();
    host.put("o/r", &[("a", "x"), ("b", "y"), ("c", "begin private key")]);
    made(admin, &host, "github", &json!({}));
    host.limit(3, 3);
    let scan = start(developer, &["o/r"]);
    let paused = ok(&viewer.get(&scan), 200);
    assert_eq!([&paused["status"], &paused["findings"]], [&json!("running"), &json!(0)]);
    assert_eq!(host.asked().len(), 4);
    assert_eq!(ok(&viewer.get(&scan), 200), paused);
    assert_eq!(host.asked().len(), 4, "it is not asked before the time");
    clock::pass(t.instance.runtime, Duration::from_secs(4));
    let shown = ok(&viewer.get(&scan), 200);
    assert_eq!([&shown["status"], &shown["findings"]], [&json!("completed"), &json!(1)]);
}

fn hosts_are_asked_with_the_token_of_their_source(t: &Deployment) {
    let Cast { developer, admin, viewer, .. } = &Cast::new(t);
    let host = CodeHost::start();
    let token = unique("token-of-the-host");
    host.require_token(&token);
    host.put("o/r", &[("a", "begin private key")]);
    let id = secret(admin, &[&token]);
    for target in ["github", "gitlab"] {
        let source = json!([{ "target": target, "baseUrl": host.base(target), "tokenSecretId": id }]);
        made(admin, &host, target, &json!({ "sources": source }));
    }
    let scan = ended(viewer, &start(developer, &["o/r"]));
    // Each of the two policies finds it at each of the two targets.
    assert_eq!([&scan["status"], &scan["findings"]], [&json!("completed"), &json!(4)]);
    ok(&admin.patch(&of(&id, "versions/1/state"), &json!({ "state": "deprecated" })), 200);
    let scan = ended(viewer, &start(developer, &["o/r"]));
    assert_eq!(scan["status"], "failed");
    assert_eq!(scan["skipped"][0]["reason"], "the token's secret has no active version");
    assert!(!database::contains(&t.instance, &token));
}

fn what_was_closed_and_is_still_there_is_reported_anew(t: &Deployment) {
    let Cast { developer, admin, viewer, .. } = &Cast::new(t);
    let host = CodeHost::start();
    host.put("o/r", &[("a", "begin private key")]);
    made(admin, &host, "github", &json!({}));
    let scanned = || ended(viewer, &start(developer, &["o/r"]))["findings"].as_i64().unwrap();
    assert_eq!((scanned(), scanned()), (1, 0));
    let first = incidents(viewer)[0]["incidentId"].as_str().unwrap().to_owned();
    let resolved = json!({ "status": "resolved", "resolution": "removed" });
    ok(&developer.patch(&path(&format!("incidents/{first}")), &resolved), 200);
    assert_eq!((scanned(), scanned()), (1, 0));
    assert_eq!(incidents(viewer).len(), 2);
}

fn channels_are_told_and_the_timeline_says_so(t: &Deployment) {
    let Cast { developer, admin, viewer, .. } = &Cast::new(t);
    let host = CodeHost::start();
    host.put("o/r", &[("a", "begin private key")]);
    let (url, taken) = receiver(&[200]);
    made(admin, &host, "github", &json!({ "actions": { "notificationChannels": [url, "ops"] } }));
    ended(viewer, &start(developer, &["o/r"]));
    ok(&viewer.get(&path("stats")), 200);
    let delivered = parsed(&next(&taken));
    let incident = &incidents(viewer)[0];
    let expected = json!({
        "event": "leakage.incident", "incidentId": incident["incidentId"], "severity": "medium", "source": "github",
        "location": incident["location"],
    });
    assert_eq!(delivered, expected);
    crate::answer::soon(|| steps(&incidents(viewer)[0]).join(" "), &"created delivered".to_owned());
}

fn scans_that_cannot_be_are_refused(t: &Deployment) {
    let Cast { developer, admin, viewer, foreign, .. } = &Cast::new(t);
    let host = CodeHost::start();
    let scope = json!({ "repositories": ["o/r"] });
    let refused = |body: Value, status: u16, places: &[&str]| -> Value {
        let reply = developer.post(&path("scan"), &body);
        refuses(&reply, status, places);
        reply.json().unwrap()["details"].clone()
    };
    let required = json!({ "scope": "repositories or organizations required" });
    refused(json!({ "scope": scope }), 422, &["policyIds"]);
    let off = made(admin, &host, "github", &json!({ "enabled": false }));
    refused(json!({ "scope": scope, "policyIds": [off] }), 422, &["policyIds"]);
    let on = made(admin, &host, "github", &json!({ "scanTargets": ["pastebin"], "sources": [] }));
    assert_eq!(refused(json!({ "scope": scope }), 422, &["targets"]), json!({ "targets": "no adapter: pastebin" }));
    made(admin, &host, "github", &json!({ "scanTargets": ["s3"], "sources": [] }));
    assert_eq!(refused(json!({ "scope": scope }), 422, &["targets"]), json!({ "targets": "no adapter: pastebin, s3" }));
    let asked = json!({ "scope": scope, "targets": ["pastebin"] });
    assert_eq!(refused(asked, 422, &["targets"]), json!({ "targets": "no adapter: pastebin" }));
    for body in [json!({}), json!({ "scope": {} }), json!({ "scope": { "repositories": [] } })] {
        assert_eq!(refused(body, 422, &["scope"]), required);
    }
    refused(json!({ "scope": scope, "policyIds": [on, UNKNOWN] }), 404, &[]);
    refuses(&foreign.post(&path("scan"), &json!({ "scope": scope, "policyIds": [on] })), 404, &[]);
    for path in ["o", "o/..", "o/r?x", "/o/r"] {
        refused(json!({ "scope": { "repositories": [path] } }), 400, &["scope.repositories[0]"]);
    }
    refused(json!({ "scope": { "organizations": [".o"] } }), 400, &["scope.organizations[0]"]);
    refused(json!({ "scope": scope, "targets": ["dropbox"] }), 400, &["targets[0]"]);
    refused(json!({ "scope": scope, "policyIds": ["x"] }), 400, &["policyIds[0]"]);
    let scan = started(developer, &json!({ "scope": scope, "targets": ["github"] }));
    refuses(&foreign.get(&scan), 404, &[]);
    refuses(&viewer.get(&path(&format!("scans/{UNKNOWN}"))), 404, &[]);
    refuses(&viewer.get(&path("scans/x")), 400, &["scanId"]);
}

fn scans_have_a_quota_of_the_day(t: &Deployment) {
    let tenant = Tenant::new(t, &json!({ "tier": "free" }));
    let owner = &tenant.key("owner");
    made(owner, &CodeHost::start(), "github", &json!({}));
    for _ in 0..100 {
        start(owner, &["o/r"]);
    }
    let refused = owner.post(&path("scan"), &json!({ "scope": { "repositories": ["o/r"] } }));
    refuses(&refused, 403, &["limit", "resource", "used"]);
    assert_eq!(refused.json().unwrap()["details"], json!({ "resource": "scans", "used": 100, "limit": 100 }));
}

fn what_is_found_is_stored_nowhere(t: &Deployment) {
    let Cast { developer, admin, viewer, owner, .. } = &Cast::new(t);
    let host = CodeHost::start();
    let (value, matched) = (unique("canary-value"), unique("canary-match"));
    secret(developer, &[&value]);
    host.put("o/r", &[("a", &format!("{value}\n{matched}"))]);
    let patterns = json!([{ "type": "regex", "pattern": "canary-match_[0-9a-f]+" }]);
    made(admin, &host, "github", &json!({ "secretPatterns": patterns, "actions": { "onDetection": "rotate" } }));
    let scan = start(developer, &["o/r"]);
    assert_eq!(ended(viewer, &scan)["findings"], 2);
    let shown = json!([incidents(viewer), ok(&owner.get("/audit/v1/events?limit=200"), 200)]).to_string();
    let log = t.instance.log();
    for text in [&value, &matched] {
        for written in written(text) {
            assert!(!shown.contains(&written) && !log.contains(&written), "{written}");
            assert!(!database::contains(&t.instance, &written), "{written}");
        }
    }
}
