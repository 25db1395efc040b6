//! Documents of the storage service of QNSP, and how they are classified.

use crypto::base64;
use serde_json::{Value, json};

use crate::{
    answer::{names, ok, time},
    case::{Case, case, together},
    deployment::{Deployment, unique},
    qnsp::{Caller, Cast, is_in_none, refuses},
};

pub fn cases() -> Vec<Case> {
    vec![
        case(a_document_is_stored_in_versions),
        case(contents_come_back_byte_by_byte),
        case(what_a_document_says_of_itself_has_bounds),
        case(documents_are_listed_by_bucket_and_name),
        case(a_document_is_deleted_with_its_versions),
        case(storage_takes_bytes_of_the_quota),
        case(parallel_versions_have_different_numbers),
        case(the_answer_of_a_creation_is_replayed),
        case(policies_have_rules_in_either_shape),
        case(a_scan_classifies_and_only_tightens),
        case(a_scan_looks_at_its_scope),
        case(a_scan_needs_policies_that_there_are),
        case(policies_that_apply_themselves_classify_what_there_is_and_what_comes),
        case(statistics_count_documents),
        case(contents_are_nowhere_but_in_their_answer),
    ]
}

pub const DOCUMENTS: &str = "/storage/v1/documents";
pub const POLICIES: &str = "/storage/v1/classification/policies";
const SCANS: &str = "/storage/v1/classification/scans";
const STATS: &str = "/storage/v1/classification/stats";

#[track_caller]
pub fn stored(caller: &Caller, body: &Value) -> Value {
    ok(&caller.post(DOCUMENTS, body), 201)
}

/// A new document, by its id.
#[track_caller]
pub fn document(caller: &Caller, bucket: &str, name: &str, content: &str) -> String {
    let made = stored(caller, &json!({ "bucket": bucket, "name": name, "content": content }));
    made["documentId"].as_str().unwrap().to_owned()
}

pub fn path(id: &str) -> String {
    format!("{DOCUMENTS}/{id}")
}

fn content(caller: &Caller, id: &str, version: &str) -> chancery::client::Reply {
    caller.get(&format!("{DOCUMENTS}/{id}/versions/{version}/content"))
}

fn a_document_is_stored_in_versions(t: &Deployment) {
    let Cast { developer, viewer, foreign, .. } = &Cast::new(t);
    let body = json!({ "name": "reports/2026.txt", "content": "first", "metadata": { "b": 1.50, "a": "x" } });
    let made = stored(developer, &body);
    let all =
        ["bucket", "classification", "createdAt", "dataTypes", "documentId", "name", "region", "sizeBytes", "version"];
    assert_eq!(names(&made), all);
    assert_eq!((&made["bucket"], &made["region"]), (&json!("default"), &json!("local")));
    assert_eq!((&made["sizeBytes"], &made["version"]), (&json!(5), &json!(1)));
    assert_eq!((&made["classification"], &made["dataTypes"]), (&json!(null), &json!([])));
    let id = made["documentId"].as_str().unwrap();
    let again = stored(developer, &json!({ "name": "reports/2026.txt", "content": "second", "region": "eu-1" }));
    assert_eq!((&again["documentId"], &again["version"]), (&made["documentId"], &json!(2)));
    assert_eq!((&again["createdAt"], &again["region"]), (&made["createdAt"], &json!("eu-1")));
    let third = stored(developer, &json!({ "name": "reports/2026.txt", "content": "" }));
    assert_eq!((&third["region"], &third["sizeBytes"]), (&json!("eu-1"), &json!(0)));
    for (version, expected) in [("1", "first"), ("2", "second"), ("3", "")] {
        let reply = content(developer, id, version);
        assert_eq!((reply.status, &reply.body[..]), (200, expected.as_bytes()));
        assert_eq!(reply.header("content-type"), Some("application/octet-stream"));
        assert_eq!(reply.header("cache-control"), Some("no-store"));
    }
    refuses(&content(developer, id, "4"), 404, &[]);
    refuses(&content(developer, id, "0"), 400, &["version"]);
    let shown = viewer.get(&path(id));
    assert!(String::from_utf8_lossy(&shown.body).contains(r#""metadata":{}"#));
    let shown = ok(&shown, 200);
    assert_eq!(
        (&shown["status"], &shown["retainUntil"], &shown["holds"]),
        (&json!("active"), &json!(null), &json!([]))
    );
    assert_eq!((&shown["version"], &shown["createdAt"]), (&json!(3), &made["createdAt"]));
    let metadata = r#"{"b": 1.50, "a":"x","c":12345678901234567890}"#;
    let body = format!(r#"{{"bucket":"b","name":"reports/2026.txt","content":"x","metadata":{metadata}}}"#);
    let other = ok(&developer.send("POST", DOCUMENTS, &[], Some(body.as_bytes())), 201);
    assert_ne!(other["documentId"], made["documentId"]);
    let shown = viewer.get(&path(other["documentId"].as_str().unwrap()));
    let text = String::from_utf8_lossy(&shown.body).into_owned();
    assert!(text.contains(&format!(r#""metadata":{metadata}"#)), "as it was written: {text}");
    for (method, path) in [("GET", path(id)), ("DELETE", path(id)), ("GET", format!("{}/versions/1/content", path(id)))]
    {
        refuses(&foreign.call(method, &path, None), 404, &[]);
    }
    refuses(&viewer.get(&path("x")), 400, &["documentId"]);
}

fn contents_come_back_byte_by_byte(t: &Deployment) {
    let Cast { developer, .. } = &Cast::new(t);
    let bytes: Vec<u8> = (0..=255).cycle().take(512 << 10).collect();
    let made = stored(developer, &json!({ "name": "bytes", "contentBase64": base64::encode(&bytes) }));
    assert_eq!(made["sizeBytes"], 512 << 10);
    assert_eq!(content(developer, made["documentId"].as_str().unwrap(), "1").body, bytes);
    let text = "a\u{0}\u{feff}ä\r\n\u{10ffff}";
    let made = stored(developer, &json!({ "name": "text", "content": text }));
    assert_eq!(content(developer, made["documentId"].as_str().unwrap(), "1").body, text.as_bytes());
    let too_large = json!({ "name": "large", "content": "x".repeat((512 << 10) + 1) });
    refuses(&developer.post(DOCUMENTS, &too_large), 413, &[]);
}

fn what_a_document_says_of_itself_has_bounds(t: &Deployment) {
    let Cast { developer, .. } = &Cast::new(t);
    let wrong = json!({ "bucket": "A_b", "name": "", "region": "eu.1", "metadata": 7, "contentBase64": "?" });
    refuses(&developer.post(DOCUMENTS, &wrong), 400, &["bucket", "contentBase64", "metadata", "name", "region"]);
    refuses(&developer.post(DOCUMENTS, &json!({ "name": "n" })), 422, &["content"]);
    let both = json!({ "name": "n", "content": "x", "contentBase64": "eA==" });
    refuses(&developer.post(DOCUMENTS, &both), 400, &["contentBase64"]);
    let long = "ä".repeat(1024);
    assert_eq!(stored(developer, &json!({ "name": long, "content": "x" }))["name"], long);
    refuses(&developer.post(DOCUMENTS, &json!({ "name": format!("{long}x"), "content": "x" })), 400, &["name"]);
}

/// The names of a page, and how many there are.
#[track_caller]
fn listed(caller: &Caller, query: &str) -> (Vec<String>, i64) {
    let listed = ok(&caller.get(&format!("{DOCUMENTS}{query}")), 200);
    let documents = listed["documents"].as_array().unwrap();
    let name = |it: &Value| format!("{}/{}", it["bucket"].as_str().unwrap(), it["name"].as_str().unwrap());
    (documents.iter().map(name).collect(), listed["total"].as_i64().unwrap())
}

fn documents_are_listed_by_bucket_and_name(t: &Deployment) {
    let Cast { developer, viewer, foreign, .. } = &Cast::new(t);
    assert_eq!(listed(viewer, ""), (vec![], 0));
    for (bucket, name) in [("b", "a"), ("a", "x_1"), ("a", "x%2"), ("a", "xä"), ("a", "b"), ("a", "x\u{10ffff}")] {
        document(developer, bucket, name, "x");
    }
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let all = names(&["a/b", "a/x%2", "a/x_1", "a/xä", "a/x\u{10ffff}", "b/a"]);
    assert_eq!(listed(viewer, ""), (all.clone(), 6));
    assert_eq!(listed(viewer, "?bucket=b"), (names(&["b/a"]), 1));
    assert_eq!(listed(viewer, "?bucket=c"), (vec![], 0));
    assert_eq!(listed(viewer, "?limit=2&offset=1"), (all[1..3].to_vec(), 6));
    assert_eq!(listed(viewer, "?prefix=x%25"), (names(&["a/x%2"]), 1), "no pattern");
    assert_eq!(listed(viewer, "?prefix=x_"), (names(&["a/x_1"]), 1), "no pattern");
    assert_eq!(listed(viewer, "?prefix=x"), (all[1..5].to_vec(), 4));
    assert_eq!(listed(viewer, "?prefix=x&bucket=a&limit=1&offset=2"), (names(&["a/xä"]), 4));
    assert_eq!(listed(viewer, "?prefix=a"), (names(&["b/a"]), 1));
    assert_eq!(listed(viewer, &format!("?prefix={}", "x".repeat(3000))), (vec![], 0));
    refuses(&viewer.get(&format!("{DOCUMENTS}?bucket=A&limit=x&prefix=")), 400, &["bucket", "limit", "prefix"]);
    assert_eq!(listed(foreign, ""), (vec![], 0));
}

fn a_document_is_deleted_with_its_versions(t: &Deployment) {
    let Cast { developer, viewer, .. } = &Cast::new(t);
    let id = document(developer, "a", "n", "x");
    document(developer, "a", "n", "y");
    let gone = developer.delete(&path(&id));
    assert_eq!((gone.status, gone.body.len()), (204, 0));
    refuses(&developer.delete(&path(&id)), 404, &[]);
    refuses(&viewer.get(&path(&id)), 404, &[]);
    refuses(&content(developer, &id, "1"), 404, &[]);
    assert_eq!(listed(viewer, ""), (vec![], 0));
    let again = stored(developer, &json!({ "bucket": "a", "name": "n", "content": "z" }));
    assert_eq!(again["version"], 1);
    assert_ne!(again["documentId"], json!(id));
}

fn storage_takes_bytes_of_the_quota(t: &Deployment) {
    let Cast { developer, owner, .. } = &Cast::new(t);
    let used = || {
        let usage = ok(&owner.get("/tenant/v1/quotas/current"), 200);
        let quotas = usage["quotas"].as_array().unwrap();
        quotas.iter().find(|quota| quota["quotaType"] == "storageBytes").unwrap()["used"].as_i64().unwrap()
    };
    assert_eq!(used(), 0);
    let id = document(developer, "a", "n", "12345");
    document(developer, "a", "n", "1234567");
    document(developer, "a", "m", "1");
    assert_eq!(used(), 13, "all versions count");
    assert_eq!(developer.delete(&path(&id)).status, 204);
    assert_eq!(used(), 1);
}

fn parallel_versions_have_different_numbers(t: &Deployment) {
    let Cast { developer, .. } = &Cast::new(t);
    let body = json!({ "name": "n", "content": "x" });
    let mut replies = together(4, |_| developer.post(DOCUMENTS, &body));
    let mut versions: Vec<i64> = replies.drain(..).map(|reply| ok(&reply, 201)["version"].as_i64().unwrap()).collect();
    versions.sort_unstable();
    assert_eq!(versions, [1, 2, 3, 4]);
}

fn the_answer_of_a_creation_is_replayed(t: &Deployment) {
    let Cast { developer, viewer, .. } = &Cast::new(t);
    let body = json!({ "name": "n", "content": "x" }).to_string();
    let send = || developer.send("POST", DOCUMENTS, &[("idempotency-key", "one")], Some(body.as_bytes()));
    let first = ok(&send(), 201);
    let second = send();
    assert_eq!((ok(&second, 201), second.header("x-idempotency-replayed")), (first, Some("true")));
    assert_eq!(ok(&viewer.get(DOCUMENTS), 200)["documents"][0]["version"], 1);
}

/// A policy of these rules: pattern, level, types of data.
#[track_caller]
pub fn policy(caller: &Caller, is_automatic: bool, rules: &[(&str, &str, &[&str])]) -> String {
    let rule = |(pattern, level, types): &(&str, &str, &[&str])| json!({ "pattern": pattern, "classification": level, "dataTypes": types });
    let rules: Vec<_> = rules.iter().map(rule).collect();
    let body = json!({ "name": unique("policy"), "rules": rules, "autoApply": is_automatic });
    ok(&caller.post(POLICIES, &body), 201)["policyId"].as_str().unwrap().to_owned()
}

/// The classification and the types of data of a document.
#[track_caller]
fn classified(caller: &Caller, id: &str) -> (Value, Value) {
    let mut shown = ok(&caller.get(&path(id)), 200);
    (shown["classification"].take(), shown["dataTypes"].take())
}

#[track_caller]
fn scan(caller: &Caller, body: &Value) -> Value {
    let queued = ok(&caller.post(SCANS, body), 202);
    assert_eq!(
        (names(&queued), &queued["status"]),
        (vec!["estimatedCompletionAt", "scanId", "status"], &json!("queued"))
    );
    time(&queued["estimatedCompletionAt"]);
    let mut shown = ok(&caller.get(&format!("{SCANS}/{}", queued["scanId"].as_str().unwrap())), 200);
    assert_eq!(shown["status"], "completed");
    assert!(time(&shown["completedAt"]) >= time(&shown["startedAt"]));
    json!([shown["objectsScanned"].take(), shown["objectsClassified"].take()])
}

fn policies_have_rules_in_either_shape(t: &Deployment) {
    let Cast { admin, viewer, foreign, .. } = &Cast::new(t);
    let rules = json!([{ "pattern": "a", "classification": "public" }, { "pattern": "b", "classification": "restricted",
        "dataTypes": ["pii", "custom"] }]);
    let made = ok(&admin.post(POLICIES, &json!({ "name": "p", "description": "d", "rules": rules })), 201);
    assert_eq!(names(&made), ["createdAt", "name", "policyId"]);
    let sdk = json!({
        "name": "s", "classificationLevel": "top_secret", "patterns": [{ "name": "e", "regex": "@", "piiType": "email" }],
        "keywords": ["a.b", "("], "autoApply": true,
    });
    let second = ok(&admin.post(POLICIES, &sdk), 201);
    let listed = ok(&viewer.get(POLICIES), 200);
    let expected = json!([
        { "policyId": made["policyId"], "name": "p", "ruleCount": 2, "autoApply": false },
        { "policyId": second["policyId"], "name": "s", "ruleCount": 3, "autoApply": true },
    ]);
    assert_eq!(listed, json!({ "policies": expected }));
    assert_eq!(ok(&viewer.get(&format!("{POLICIES}?offset=1&limit=1")), 200)["policies"][0]["name"], "s");
    assert_eq!(ok(&foreign.get(POLICIES), 200)["policies"], json!([]));
    refuses(&admin.post(POLICIES, &json!({ "name": "p", "rules": rules })), 409, &[]);
    refuses(&admin.post(POLICIES, &json!({ "rules": [] })), 400, &["name", "rules"]);
    let wrong = json!([{ "pattern": "", "classification": "secret", "dataTypes": ["x"] }]);
    let places = ["rules[0].classification", "rules[0].dataTypes[0]", "rules[0].pattern"];
    refuses(&admin.post(POLICIES, &json!({ "name": "q", "rules": wrong })), 400, &places);
    let wrong =
        json!([{ "pattern": "a", "classification": "public" }, { "pattern": "(?=a)", "classification": "public" }]);
    refuses(&admin.post(POLICIES, &json!({ "name": "q", "rules": wrong })), 422, &["rules[1].pattern"]);
    let wrong = json!({ "name": "q", "classificationLevel": "public", "patterns": [{ "regex": "(" }] });
    refuses(&admin.post(POLICIES, &wrong), 422, &["patterns[0].regex"]);
    refuses(&viewer.get(&format!("{POLICIES}?limit=x")), 400, &["limit"]);
    // What takes too long to search is refused.
    let large = |count: usize, automatic: bool| {
        let rules = vec![json!({ "pattern": "(a{0,100}){0,10}", "classification": "public" }); count];
        admin.post(POLICIES, &json!({ "name": unique("large"), "rules": rules, "autoApply": automatic }))
    };
    refuses(&large(100, false), 422, &["rules"]);
    ok(&large(1, true), 201);
    // How many fit depends on how wide addresses are.
    let last = (0..8).map(|_| large(1, true)).find(|reply| reply.status != 201);
    refuses(&last.unwrap(), 409, &[]);
    ok(&large(1, false), 201);
    refuses(&admin.post(SCANS, &json!({})), 422, &["policyIds"]);
}

fn a_scan_classifies_and_only_tightens(t: &Deployment) {
    let Cast { admin, developer, viewer, .. } = &Cast::new(t);
    let one = document(developer, "a", "patients/1", "123-45-6789");
    let two = document(developer, "a", "n", "nothing");
    let strict = policy(admin, false, &[("^patients/", "restricted", &["phi"]), ("nope", "public", &[])]);
    let mild = policy(admin, false, &[(r"\d{3}-\d{2}-\d{4}", "internal", &["pii", "custom"])]);
    assert_eq!(classified(viewer, &one), (json!(null), json!([])), "not before a scan");
    assert_eq!(scan(developer, &json!({ "policyIds": [strict] })), json!([2, 1]));
    assert_eq!(classified(viewer, &one), (json!("restricted"), json!(["phi"])));
    assert_eq!(scan(developer, &json!({ "policyIds": [mild], "scanType": "incremental" })), json!([2, 1]));
    assert_eq!(classified(viewer, &one), (json!("restricted"), json!(["pii", "phi", "custom"])), "never milder");
    assert_eq!(scan(developer, &json!({})), json!([2, 1]), "again");
    assert_eq!(classified(viewer, &one), (json!("restricted"), json!(["pii", "phi", "custom"])));
    assert_eq!(classified(viewer, &two), (json!(null), json!([])));
    // A new version starts anew.
    document(developer, "a", "patients/1", "x");
    assert_eq!(classified(viewer, &one), (json!(null), json!([])));
}

fn a_scan_looks_at_its_scope(t: &Deployment) {
    let Cast { admin, developer, viewer, foreign, .. } = &Cast::new(t);
    policy(admin, false, &[("x", "public", &[])]);
    for (bucket, name) in [("a", "p_1"), ("a", "px1"), ("b", "p_1"), ("c", "q")] {
        document(developer, bucket, name, "x");
    }
    let scope = |buckets: &[&str], prefixes: &[&str]| json!({ "scope": { "buckets": buckets, "prefixes": prefixes } });
    assert_eq!(scan(developer, &scope(&["a", "c"], &[])), json!([3, 3]));
    assert_eq!(scan(developer, &scope(&[], &["p_"])), json!([2, 2]), "no pattern");
    assert_eq!(scan(developer, &scope(&["b"], &["p", "q"])), json!([1, 1]));
    assert_eq!(scan(developer, &scope(&["none"], &[])), json!([0, 0]));
    let queued = ok(&developer.post(SCANS, &json!({})), 202);
    let path = format!("{SCANS}/{}", queued["scanId"].as_str().unwrap());
    refuses(&foreign.get(&path), 404, &[]);
    refuses(&viewer.get(&format!("{SCANS}/x")), 400, &["scanId"]);
    assert_eq!(ok(&viewer.get(&path), 200)["objectsScanned"], 4);
}

fn a_scan_needs_policies_that_there_are(t: &Deployment) {
    let Cast { admin, developer, .. } = &Cast::new(t);
    refuses(&developer.post(SCANS, &json!({})), 422, &["policyIds"]);
    let unknown = json!({ "policyIds": ["3f2504e0-4f89-41d3-9a0c-0305e82c3301"] });
    refuses(&developer.post(SCANS, &unknown), 404, &[]);
    policy(admin, false, &[("x", "public", &[])]);
    refuses(&developer.post(SCANS, &unknown), 404, &[]);
    let wrong = json!({ "policyIds": ["x"], "scope": { "buckets": ["A"], "prefixes": [""] }, "scanType": "all" });
    let places = ["policyIds[0]", "scanType", "scope.buckets[0]", "scope.prefixes[0]"];
    refuses(&developer.post(SCANS, &wrong), 400, &places);
}

fn policies_that_apply_themselves_classify_what_there_is_and_what_comes(t: &Deployment) {
    let Cast { admin, developer, viewer, .. } = &Cast::new(t);
    let before = document(developer, "a", "before", "card 4111");
    policy(admin, true, &[("card", "confidential", &["pci"])]);
    let made = stored(developer, &json!({ "bucket": "a", "name": "after", "content": "card" }));
    assert_eq!((&made["classification"], &made["dataTypes"]), (&json!("confidential"), &json!(["pci"])));
    let stats = ok(&viewer.get(STATS), 200);
    assert_eq!((&stats["classifiedObjects"], &stats["byDataType"]["pci"]), (&json!(2), &json!(2)));
    assert_eq!(classified(viewer, &before), (json!("confidential"), json!(["pci"])));
    policy(admin, true, &[("4111", "restricted", &["pii"])]);
    assert_eq!(ok(&viewer.get(STATS), 200)["byClassification"]["restricted"], 1);
    assert_eq!(classified(viewer, &before), (json!("restricted"), json!(["pii", "pci"])));
    document(developer, "a", "before", "nothing");
    assert_eq!(classified(viewer, &before), (json!(null), json!([])));
}

fn statistics_count_documents(t: &Deployment) {
    let Cast { admin, developer, viewer, .. } = &Cast::new(t);
    let none = json!({
        "totalObjects": 0, "classifiedObjects": 0, "byDataType": { "pii": 0, "phi": 0, "pci": 0 },
        "byClassification": { "public": 0, "internal": 0, "confidential": 0, "restricted": 0 },
    });
    assert_eq!(ok(&viewer.get(STATS), 200), none);
    policy(
        admin,
        false,
        &[("A", "public", &["custom"]), ("B", "internal", &["pii", "phi"]), ("C", "restricted", &["pci"])],
    );
    let ids = ["A", "AB", "ABC", "x"].map(|content| document(developer, "s", &unique("n"), content));
    ok(&developer.post(SCANS, &json!({})), 202);
    let stats = ok(&viewer.get(STATS), 200);
    let expected = json!({
        "totalObjects": 4, "classifiedObjects": 3, "byDataType": { "pii": 2, "phi": 2, "pci": 1 },
        "byClassification": { "public": 1, "internal": 1, "confidential": 0, "restricted": 1 },
    });
    assert_eq!(stats, expected, "pending scans are completed");
    assert_eq!(developer.delete(&path(&ids[2])).status, 204);
    let stats = ok(&viewer.get(STATS), 200);
    assert_eq!((&stats["totalObjects"], &stats["byClassification"]["restricted"]), (&json!(3), &json!(0)));
    assert_eq!(stats["byDataType"], json!({ "pii": 1, "phi": 1, "pci": 0 }));
}

fn contents_are_nowhere_but_in_their_answer(t: &Deployment) {
    let Cast { tenant, admin, developer, viewer, owner, .. } = &Cast::new(t);
    let canary = unique("canary-5c1e");
    policy(admin, true, &[("canary", "restricted", &["pii"])]);
    let body = json!({ "name": "n", "content": canary }).to_string();
    let made = developer.send("POST", DOCUMENTS, &[("idempotency-key", "canary")], Some(body.as_bytes()));
    let id = ok(&made, 201)["documentId"].as_str().unwrap().to_owned();
    ok(&developer.post(DOCUMENTS, &json!({ "name": "n", "content": "another" })), 201);
    assert_eq!(content(developer, &id, "1").body, canary.as_bytes());
    scan(developer, &json!({}));
    let wrong = developer.post(DOCUMENTS, &json!({ "name": "n", "content": canary, "metadata": 7 }));
    let answers = [made, wrong, viewer.get(&path(&id)), viewer.get(DOCUMENTS), owner.get("/audit/v1/events?limit=200")];
    is_in_none(t, tenant, &canary, &answers.each_ref());
}
