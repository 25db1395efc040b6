//! Maintenance does what its window says, and verification finds rows that stand under a wrong tenant.
#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test fails by panicking")]

use platform::{Statement, clock};
use serde_json::{Value, json};
use testing::{Deployment, FREE, FULL, key};

const HEALTH: &str = "/search/v1/health/current";

async fn post(deployment: &Deployment, path: &str, body: &Value) -> Value {
    let reply = deployment.call("POST", path, &key(FULL, "owner"), &[], &body.to_string()).await;
    assert!(reply.status.is_success(), "{path}: {}", reply.body);
    reply.body
}

async fn get(deployment: &Deployment, path: &str) -> Value {
    let reply = deployment.call("GET", path, &key(FULL, "owner"), &[], "").await;
    assert!(reply.status.is_success(), "{path}: {}", reply.body);
    reply.body
}

async fn index(deployment: &Deployment, id: &str, title: &str) {
    let document = json!({ "documentId": id, "indexName": "a", "title": title, "body": "a common body" });
    post(deployment, "/search/v1/documents/index", &document).await;
}

/// A window of the index, which is open now.
async fn open(deployment: &Deployment, kind: &str) {
    deployment.execute(Statement::new("DELETE FROM qnsp_search_maintenance")).await;
    let at = model::time::to_iso(clock::now_ms() + 60_000);
    let window = json!({ "indexNames": ["a"], "maintenanceType": kind, "scheduledAt": at, "duration": "PT1H" });
    post(deployment, "/search/v1/health/maintenance", &window).await;
    let update = "UPDATE qnsp_search_maintenance SET starts_at = starts_at - 60000";
    deployment.execute(Statement::new(update)).await;
}

async fn total(deployment: &Deployment, q: &str) -> Value {
    get(deployment, &format!("/search/v1/documents?q={q}")).await["total"].clone()
}

#[tokio::test]
async fn maintenance_does_what_its_window_says() {
    let deployment = Deployment::of("search-maintenance", &[], search::app).await;
    for number in 0..450 {
        index(&deployment, &format!("d{number}"), &format!("title{number} common")).await;
    }
    let terms = deployment.number("SELECT count(*) FROM qnsp_search_terms").await;
    // The documents' own terms are lost, and there are some of a document that is gone.
    deployment.execute(Statement::new("DELETE FROM qnsp_search_terms WHERE document % 2 = 0")).await;
    assert_eq!(total(&deployment, "common").await, 225);
    open(&deployment, "reindex").await;
    assert_eq!(total(&deployment, "common").await, 450, "450 documents are three batches");
    assert_eq!(deployment.number("SELECT count(*) FROM qnsp_search_terms").await, terms);
    let status = "SELECT status = 'done' FROM qnsp_search_maintenance";
    assert_eq!(deployment.number(status).await, 1);

    let orphan = "INSERT INTO qnsp_search_terms SELECT tenant_id, index_name, term, 1000000 + document, tf, length \
                  FROM qnsp_search_terms";
    deployment.execute(Statement::new(orphan)).await;
    open(&deployment, "optimize").await;
    get(&deployment, HEALTH).await;
    assert_eq!(deployment.number("SELECT count(*) FROM qnsp_search_terms").await, terms);
    assert_eq!((deployment.number(status).await, total(&deployment, "common").await), (1, json!(450)));

    open(&deployment, "backup").await;
    get(&deployment, HEALTH).await;
    assert_eq!(deployment.number(status).await, 1);
    assert_eq!(deployment.number("SELECT count(*) FROM qnsp_search_backups").await, 3);
    let largest = deployment.number("SELECT max(length(sealed)) FROM qnsp_search_backups").await;
    assert!((1_000..512 << 10).contains(&largest), "{largest}");

    // How many documents hold a term is counted, whatever was done to the terms.
    let miscounted = "SELECT count(*) FROM qnsp_search_words w WHERE documents <> (SELECT count(*) FROM qnsp_search_terms s \
                      WHERE s.tenant_id = w.tenant_id AND s.index_name = w.index_name AND s.term = w.term)";
    assert_eq!(deployment.number(miscounted).await, 0);
    assert_eq!(
        deployment.number("SELECT count(*) FROM qnsp_search_words").await,
        450 + 3,
        "titles, and three words of all"
    );

    // What cannot be done is said, and goes on being served.
    open(&deployment, "reindex").await;
    deployment
        .execute(Statement::new("UPDATE qnsp_search_documents SET sealed_content = x'00' WHERE document_id = 'd7'"))
        .await;
    let health = get(&deployment, HEALTH).await;
    assert_eq!((&health["overallHealth"], &health["indices"][0]["status"]), (&json!("red"), &json!("red")));
    assert_eq!(total(&deployment, "common").await, 450);
    // A window that ended while it was worked at has failed.
    open(&deployment, "backup").await;
    let update = "UPDATE qnsp_search_maintenance SET status = 'running', ends_at = 1, starts_at = 0";
    deployment.execute(Statement::new(update)).await;
    assert_eq!(get(&deployment, HEALTH).await["overallHealth"], "red");
}

#[tokio::test]
async fn verification_finds_rows_of_others() {
    let deployment = Deployment::of("search-isolation", &[], search::app).await;
    for id in ["1", "2", "3"] {
        index(&deployment, id, "some title").await;
    }
    let group = json!({ "name": "g", "type": "equivalent", "terms": ["some", "any"] });
    post(&deployment, "/search/v1/synonyms", &group).await;
    let verify = async || {
        let body = json!({ "testType": "full" });
        let verification = post(&deployment, "/search/v1/isolation/verify", &body).await;
        let tests = verification["tests"].as_array().unwrap().clone();
        let failed = tests.iter().filter(|test| test["passed"] == false);
        let failed: Vec<_> = failed.map(|test| test["testName"].as_str().unwrap().to_owned()).collect();
        assert_eq!(verification["passed"], failed.is_empty());
        failed
    };
    assert_eq!(verify().await, Vec::<String>::new());
    for (change, undo, expected) in [
        (
            "UPDATE qnsp_search_terms SET tenant_id = ?1 WHERE document = 1",
            "UPDATE qnsp_search_terms SET tenant_id = ?1 WHERE document = 1",
            vec!["index_isolation"],
        ),
        (
            "UPDATE qnsp_search_terms SET document = document + 1000 WHERE document = 2",
            "UPDATE qnsp_search_terms SET document = document - 1000 WHERE document = 1002 AND tenant_id = ?1",
            vec!["index_isolation"],
        ),
        (
            "UPDATE qnsp_search_documents SET tenant_id = ?1 WHERE id = 1",
            "UPDATE qnsp_search_documents SET tenant_id = ?1 WHERE id = 1",
            vec!["index_isolation", "query_isolation"],
        ),
        (
            "UPDATE qnsp_synonym_groups SET tenant_id = ?1",
            "UPDATE qnsp_synonym_groups SET tenant_id = ?1",
            vec!["synonym_isolation"],
        ),
    ] {
        let bound = |text: &'static str, tenant: &str| {
            let statement = Statement::new(text);
            if text.contains("?1") { statement.bind(tenant) } else { statement }
        };
        deployment.execute(bound(change, FREE)).await;
        assert_eq!(verify().await, expected, "{change}");
        deployment.execute(bound(undo, FULL)).await;
        assert_eq!(verify().await, Vec::<String>::new(), "{undo}");
    }
}
