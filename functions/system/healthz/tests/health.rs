//! Health over the native host, with storage that works and storage that has failed.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::{collections::HashMap, path::PathBuf, sync::Arc};

use axum::{
    body::{Body, to_bytes},
    http::{Request, StatusCode},
};
use crypto::{Curve, PrivateKey};
use platform::{Host, Outcome, Row, Sql, SqlError, Statement, runtime};
use serde_json::{Value, json};
use tower::ServiceExt;

struct Broken;

impl Sql for Broken {
    fn query(&self, _: Statement) -> platform::Task<'_, Result<Vec<Row>, SqlError>> {
        Box::pin(async { Err(SqlError::Other("disk /secret/place is gone".to_owned())) })
    }

    fn batch(&self, _: Vec<Statement>) -> platform::Task<'_, Result<Vec<Outcome>, SqlError>> {
        Box::pin(async { Err(SqlError::Other("gone".to_owned())) })
    }

    fn read_batch(&self, statements: Vec<Statement>) -> platform::Task<'_, Result<Vec<Outcome>, SqlError>> {
        self.batch(statements)
    }
}

fn key(byte: u8) -> PrivateKey {
    PrivateKey::from_bytes(Curve::P256, &[byte; 32]).unwrap()
}

fn host(name: &str) -> (Host, PathBuf) {
    let folder = std::env::temp_dir().join(format!("healthz-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let vars = HashMap::from([
        ("CAAS_PRIVATE_KEY".to_owned(), key(0x11).to_base64().to_string()),
        ("LICENSES_PRIVATE_KEY".to_owned(), key(0x22).to_base64().to_string()),
        ("VERSION".to_owned(), "v1.2.abc1234.1790000000".to_owned()),
    ]);
    (runtime::host(&folder.join("test.db"), vars).unwrap(), folder)
}

async fn get(host: Host, path: &str) -> (StatusCode, Value) {
    let request = Request::get(path).body(Body::empty()).unwrap();
    let response = healthz::app(host).await.oneshot(request).await.unwrap();
    let status = response.status();
    (status, serde_json::from_slice(&to_bytes(response.into_body(), 1 << 16).await.unwrap()).unwrap())
}

#[tokio::test]
async fn each_api_is_healthy_under_its_own_key() {
    let (host, folder) = host("good");
    for (path, byte) in [("/caas/healthz", 0x11), ("/licenses/healthz", 0x22)] {
        let health = json!({
            "status": "all services operational",
            "publicKey": key(byte).public_key().to_base64(),
            "code": "200",
            "version": "v1.2.abc1234.1790000000",
        });
        assert_eq!(get(host.clone(), path).await, (StatusCode::OK, health), "{path}");
    }
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn failed_storage_is_a_503_that_keeps_the_reason_to_the_log() {
    let (mut host, folder) = host("broken");
    host.sql = Arc::new(Broken);
    let (status, body) = get(host, "/caas/healthz").await;
    assert_eq!((status, &body["statusCode"]), (StatusCode::SERVICE_UNAVAILABLE, &json!(503)));
    assert!(!body.to_string().contains("secret"));
    std::fs::remove_dir_all(folder).unwrap();
}
