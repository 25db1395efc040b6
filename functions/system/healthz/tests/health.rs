//! Health over the native host, with storage that works and storage that has failed.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::{collections::HashMap, path::PathBuf, sync::Arc};

use axum::{
    body::{Body, to_bytes},
    http::{Request, StatusCode},
};
use crypto::{Curve, PrivateKey, base64};
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
    host_with(name, "", "")
}

/// A host with one variable set to another value.
fn host_with(name: &str, variable: &str, value: &str) -> (Host, PathBuf) {
    let folder = std::env::temp_dir().join(format!("healthz-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let mut vars = HashMap::from([
        ("CAAS_PRIVATE_KEY".to_owned(), key(0x11).to_base64().to_string()),
        ("LICENSES_PRIVATE_KEY".to_owned(), key(0x22).to_base64().to_string()),
        ("ROOT_KEY".to_owned(), format!("first:{}", base64::encode(&[0x33; 32]))),
        ("LOOKUP_KEY".to_owned(), base64::encode(&[0x44; 32])),
        ("ROOT_LICENSE_KEY".to_owned(), "the first system key".to_owned()),
        ("VERSION".to_owned(), "v1.2.abc1234.1790000000".to_owned()),
    ]);
    vars.insert(variable.to_owned(), value.to_owned());
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

const READY: &str = "/licenses/healthz?ready=true";

/// The message of the refusal that readiness gives.
async fn unready(host: Host) -> String {
    let (status, body) = get(host, READY).await;
    assert_eq!((status, &body["error"]), (StatusCode::SERVICE_UNAVAILABLE, &json!("Service Unavailable")), "{body}");
    body["message"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_deployment_that_works_is_ready() {
    let (host, folder) = host("ready");
    let (status, body) = get(host.clone(), READY).await;
    assert_eq!((status, &body["status"]), (StatusCode::OK, &json!("all services operational")));
    assert_eq!(get(host, "/licenses/healthz?ready=false").await.0, StatusCode::OK);
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn an_unusable_variable_is_named_without_its_value() {
    for (name, value) in [
        ("CAAS_PRIVATE_KEY", "!c2hvcnQgdmFsdWU"),
        ("LICENSES_PRIVATE_KEY", ""),
        ("ROOT_KEY", ""),
        ("ROOT_KEY", "first:c2hvcnQgdmFsdWU"),
        ("LOOKUP_KEY", "c2hvcnQgdmFsdWU"),
        ("EC_CURVE_NAME", "c2hvcnQgdmFsdWU"),
    ] {
        let (host, folder) = host_with("variables", name, value);
        let message = unready(host).await;
        assert_eq!(message, format!("Not ready: {name} is missing or unusable"));
        std::fs::remove_dir_all(folder).unwrap();
    }
}

#[tokio::test]
async fn without_a_root_licence_a_system_key_must_exist() {
    let (host, folder) = host_with("licence", "ROOT_LICENSE_KEY", "");
    assert!(unready(host.clone()).await.contains("ROOT_LICENSE_KEY is not set"));
    let insert = "INSERT INTO service_keys (id, type, tag, key_id, secret_hash, sealed_secret, expires_at, auth_level, \
                  description, created_at, updated_at) VALUES ('a', 'hawk', 'a', 'a', 'a', x'00', 1, 'system', '', 1, 1)";
    host.sql.batch(vec![Statement::new(insert)]).await.unwrap();
    assert_eq!(get(host, READY).await.0, StatusCode::OK);
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn what_fails_in_the_storage_is_named() {
    let (mut host, folder) = host("storage");
    let refuse =
        "CREATE TRIGGER refuse BEFORE INSERT ON environment BEGIN SELECT RAISE(ABORT, 'disk /secret is full'); END";
    let forget = "DELETE FROM schema_migrations WHERE name = '0006_environment.sql'";
    host.sql.batch(vec![Statement::new(refuse)]).await.unwrap();
    assert_eq!(unready(host.clone()).await, "Not ready: storage cannot be written");
    assert_eq!(get(host.clone(), "/caas/healthz").await.0, StatusCode::OK, "it is alive");
    host.sql.batch(vec![Statement::new(forget), Statement::new("DROP TRIGGER refuse")]).await.unwrap();
    assert_eq!(unready(host.clone()).await, "Not ready: migration 0006_environment.sql is not applied");
    host.sql = Arc::new(Broken);
    assert_eq!(unready(host).await, "Not ready: storage cannot be read");
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn an_instance_repeats_its_answer_for_a_second() {
    let (host, folder) = host("repeated");
    let app = healthz::app(host.clone()).await;
    let ask =
        || async { app.clone().oneshot(Request::get(READY).body(Body::empty()).unwrap()).await.unwrap().status() };
    let written = || async {
        let select = Statement::new("SELECT value FROM environment WHERE name = 'ready_at'");
        host.sql.query(select).await.unwrap().first().unwrap().get::<String>("value").unwrap()
    };
    assert_eq!(ask().await, StatusCode::OK);
    let first = written().await;
    assert_eq!((ask().await, written().await), (StatusCode::OK, first.clone()));
    let later = std::time::Duration::from_millis(1050);
    assert_eq!(platform::runtime::ahead(later, ask()).await, StatusCode::OK);
    assert_ne!(written().await, first);
    std::fs::remove_dir_all(folder).unwrap();
}
