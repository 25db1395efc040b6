//! No statement goes through a table: a search finds its matches by the terms of its words, however many documents there
//! are.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::sync::Arc;

use serde_json::json;
use testing::{Batches, Deployment, FULL, Recording, key};

/// What a statement may go through: what it was given, and what it has itself found by an index.
const SCANNED: [&str; 14] = [
    "SCAN CONSTANT ROW",
    "SCAN (subquery-",
    "SCAN json_each VIRTUAL TABLE",
    "SCAN n VIRTUAL TABLE",
    "SCAN v VIRTUAL TABLE",
    "SCAN a",
    "SCAN c",
    "SCAN f",
    "SCAN d",
    "SCAN t",
    "SCAN h",
    // Of a search: what matches, by alternative, word and document.
    "SCAN whole",
    "SCAN best",
    "SCAN found",
];

#[tokio::test]
async fn no_statement_goes_through_a_table() {
    let batches = Batches::default();
    let deployment = Deployment::of("search-plans", &[], |mut host| {
        host.sql = Arc::new(Recording { inner: host.sql.clone(), batches: batches.clone() });
        search::app(host)
    })
    .await;
    let owner = key(FULL, "owner");
    let document = json!({ "documentId": "1", "indexName": "a", "title": "some words", "tags": ["x"] });
    let group = json!({ "name": "g", "type": "equivalent", "terms": ["some", "any other"] });
    let window = json!({
        "indexNames": ["a"], "maintenanceType": "backup", "scheduledAt": "2999-01-01T00:00:00Z", "duration": "PT1H",
    });
    let query = json!({ "query": "q", "resultCount": 1, "latencyMs": 1, "clickedDocumentIds": ["1"] });
    let recorded = deployment.call("POST", "/search/v1/analytics/queries", &owner, &[], &query.to_string()).await;
    // The first document makes the tenant's data key.
    deployment.call("POST", "/search/v1/documents/index", &owner, &[], &document.to_string()).await;
    let click = json!({ "queryId": recorded.body["queryId"], "type": "click", "position": 1 });
    // By method, path, body, and how many round trips that takes once the keys are known.
    for (method, path, body, trips) in [
        ("POST", "/search/v1/documents/index", document.to_string(), 1),
        ("POST", "/search/v1/synonyms", group.to_string(), 1),
        ("POST", "/search/v1/synonyms/expand", json!({ "term": "some" }).to_string(), 1),
        ("POST", "/search/v1/health/maintenance", window.to_string(), 1),
        // How many documents hold the words, the matches, the record. With synonyms (of "some"), how many hold those, too.
        ("GET", "/search/v1/documents?q=words+x", String::new(), 3),
        ("GET", "/search/v1/documents?q=some+words", String::new(), 4),
        ("GET", "/search/v1/documents?q=absent+words", String::new(), 2),
        ("GET", "/search/v1/health/current", String::new(), 2),
        ("POST", "/search/v1/analytics/queries", query.to_string(), 1),
        ("POST", "/search/v1/analytics/feedback", click.to_string(), 1),
        ("GET", "/search/v1/analytics/metrics", String::new(), 1),
        ("GET", "/search/v1/analytics/quality", String::new(), 1),
        ("POST", "/search/v1/isolation/verify", json!({ "testType": "full" }).to_string(), 2),
    ] {
        batches.lock().unwrap().clear();
        let reply = deployment.call(method, path, &owner, &[], &body).await;
        assert!(reply.status.is_success(), "{path}: {}", reply.body);
        let asked = std::mem::take(&mut *batches.lock().unwrap());
        assert_eq!(asked.len(), trips, "{path}");
        for statement in asked.iter().flatten() {
            for step in deployment.plan(statement).await {
                let is_known = |known: &&str| {
                    step == *known
                        || step.starts_with(&format!("{known} "))
                        || known.ends_with('-') && step.starts_with(known)
                };
                // A tenant has as many words as its texts: a search reads those that it is asked for.
                let is_of_words = ["SEARCH w ", "SEARCH s "].iter().any(|of| step.starts_with(of))
                    && (statement.text.contains("qnsp_search_words") || statement.text.contains("qnsp_search_terms"));
                assert!(
                    !path.contains("?q=") || !is_of_words || step.contains("term=?"),
                    "{path}: {step} in {}",
                    statement.text
                );
                assert!(
                    !step.starts_with("SCAN ") || SCANNED.iter().any(is_known),
                    "{path}: {step} in {}",
                    statement.text
                );
            }
        }
    }
}
