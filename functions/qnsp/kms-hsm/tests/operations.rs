//! The operations of a connection: the newest 10,000, of 30 days, in the order of their times.
#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test fails by panicking")]

use platform::{Statement, clock};
use serde_json::{Value, json};
use testing::{Deployment, FULL, key};

const DAY: i64 = 86_400_000;

struct Connection {
    deployment: Deployment,
    path: String,
}

impl Connection {
    async fn new(name: &str) -> Self {
        let deployment = Deployment::of(name, &[], kms_hsm::app).await;
        let credentials = json!({ "type": "api_key", "data": { "apiKey": "k" } });
        let config = json!({ "endpoint": "sim://m", "credentials": credentials });
        let body = json!({ "name": "n", "provider": "thales", "connectionConfig": config }).to_string();
        let path = "/kms/v1/byohsm/connections";
        let created = deployment.call("POST", path, &key(FULL, "admin"), &[], &body).await;
        let path = format!("{path}/{}", created.body["connectionId"].as_str().unwrap());
        Self { deployment, path }
    }

    /// So many earlier operations, the last of which was at this time.
    async fn fill(&self, count: i64, last: i64) {
        let fill = Statement::new(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?3) \
             INSERT INTO qnsp_hsm_operations (tenant_id, connection_id, number, id, at, type, is_success, latency_ms) \
             SELECT ?1, ?2, i, i, ?4 - ?3 + i, 'wrap', 1, 2 FROM n",
        );
        let id = self.path.rsplit('/').next().unwrap();
        self.deployment.execute(fill.bind(FULL).bind(id).bind(count).bind(last)).await;
    }

    async fn validate(&self) {
        let path = format!("{}/validate", self.path);
        let reply = self.deployment.call("POST", &path, &key(FULL, "developer"), &[], "").await;
        assert_eq!(reply.body["valid"], true, "{}", reply.body);
    }

    async fn listed(&self) -> Vec<Value> {
        let path = format!("{}/operations?limit=200", self.path);
        let reply = self.deployment.call("GET", &path, &key(FULL, "viewer"), &[], "").await;
        reply.body["operations"].as_array().unwrap().clone()
    }

    async fn count(&self) -> i64 {
        self.deployment.number("SELECT count(*) FROM qnsp_hsm_operations").await
    }
}

#[tokio::test]
async fn no_more_than_ten_thousand_operations_are_kept() {
    let connection = Connection::new("hsm-most").await;
    connection.fill(10_000, clock::now_ms()).await;
    connection.validate().await;
    assert_eq!(connection.count().await, 10_000);
    let lowest = "SELECT min(number) FROM qnsp_hsm_operations";
    assert_eq!(connection.deployment.number(lowest).await, 2);
    assert_eq!(connection.listed().await[0]["type"], "validate");
}

#[tokio::test]
async fn operations_of_more_than_30_days_are_not_listed_and_erased_in_steps() {
    let connection = Connection::new("hsm-old").await;
    connection.fill(20, clock::now_ms() - 31 * DAY).await;
    assert!(connection.listed().await.is_empty());
    connection.validate().await;
    assert_eq!(connection.count().await, 5);
    connection.validate().await;
    assert_eq!((connection.count().await, connection.listed().await.len()), (2, 2));
}

#[tokio::test]
async fn a_clock_that_is_behind_does_not_change_the_order() {
    let connection = Connection::new("hsm-clock").await;
    let ahead = clock::now_ms() + DAY;
    connection.fill(3, ahead).await;
    connection.validate().await;
    let listed = connection.listed().await;
    assert_eq!((listed.len(), &listed[0]["type"]), (4, &json!("validate")));
    assert_eq!(listed[0]["timestamp"], listed[1]["timestamp"]);
}
