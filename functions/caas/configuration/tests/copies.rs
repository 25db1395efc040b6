//! Copies over the native host: instances of the function over one database, with and without a key-value store
//! between them.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, StatusCode, header::AGE},
};
use crypto::{Curve, PrivateKey, SharedKey, base64};
use platform::{Host, Kv, Outcome, Row, Sql, SqlError, Statement, Task, clock, random, runtime::ahead};
use serde_json::{Value, json};
use tower::ServiceExt;

const ROOT: &str = "the-root-license";

struct Deployment {
    host: Host,
    /// How often storage was asked.
    asked: Arc<AtomicUsize>,
    folder: PathBuf,
}

/// An instance of the function.
struct Instance(Router);

#[derive(Default)]
struct Memory(Mutex<HashMap<String, Vec<u8>>>);

impl Kv for Memory {
    fn get(&self, key: &str) -> Task<'_, Option<Vec<u8>>> {
        let found = self.0.lock().unwrap().get(key).cloned();
        Box::pin(async { found })
    }

    fn put(&self, key: &str, value: Vec<u8>) -> Task<'_, ()> {
        self.0.lock().unwrap().insert(key.to_owned(), value);
        Box::pin(async {})
    }
}

struct Counted(Arc<dyn Sql>, Arc<AtomicUsize>);

impl Counted {
    fn count(&self) -> &dyn Sql {
        self.1.fetch_add(1, Ordering::SeqCst);
        self.0.as_ref()
    }
}

impl Sql for Counted {
    fn query(&self, statement: Statement) -> Task<'_, Result<Vec<Row>, SqlError>> {
        self.count().query(statement)
    }

    fn batch(&self, statements: Vec<Statement>) -> Task<'_, Result<Vec<Outcome>, SqlError>> {
        self.count().batch(statements)
    }

    fn read_batch(&self, statements: Vec<Statement>) -> Task<'_, Result<Vec<Outcome>, SqlError>> {
        // Nonces of answers by a copy are stored after the answer, at some time.
        let stores_nonces = statements.first().is_some_and(|first| first.text.contains("FROM json_each(?1) n WHERE"));
        let sql = if stores_nonces { self.0.as_ref() } else { self.count() };
        sql.read_batch(statements)
    }
}

fn key(byte: u8) -> PrivateKey {
    PrivateKey::from_bytes(Curve::P256, &[byte; 32]).unwrap()
}

impl Deployment {
    fn new(name: &str, cache_seconds: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("configuration-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let (service_key, bytes) = (key(0x22).to_base64(), base64::encode(&[7; 32]));
        let root_key = format!("k1:{bytes}");
        let vars = [
            ("CAAS_PRIVATE_KEY", service_key.as_str()),
            ("ROOT_KEY", &root_key),
            ("LOOKUP_KEY", &bytes),
            ("ROOT_LICENSE_KEY", ROOT),
            ("CACHE_SECONDS", cache_seconds),
        ];
        let vars = vars.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let host = platform::runtime::host(&folder.join("test.db"), vars).unwrap();
        let asked = Arc::<AtomicUsize>::default();
        let sql = Arc::new(Counted(host.sql, asked.clone()));
        Self { host: Host { sql, kv: host.kv, vars: host.vars }, asked, folder }
    }

    async fn instance(&self) -> Instance {
        Instance(configuration::app(self.host.clone()).await)
    }

    fn asked(&self) -> usize {
        self.asked.swap(0, Ordering::SeqCst)
    }

    async fn nonces(&self) -> i64 {
        let count = Statement::new("SELECT count(*) AS n FROM request_nonces");
        self.host.sql.query(count).await.unwrap().first().unwrap().get("n").unwrap()
    }
}

impl Drop for Deployment {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// The three headers of a new request.
fn headers() -> [(&'static str, String); 3] {
    let shared = SharedKey::agree(&key(0x11), &key(0x22).public_key()).unwrap();
    let id = json!({"ts": clock::now_ms() / 1000, "uuid": "u", "appid": "a"}).to_string();
    [
        ("publickey", key(0x11).public_key().to_base64()),
        ("licensekey", shared.encrypt(random::bytes().unwrap(), ROOT.as_bytes())),
        ("requestid", shared.encrypt(random::bytes().unwrap(), id.as_bytes())),
    ]
}

impl Instance {
    async fn send(
        &self,
        headers: &[(&'static str, String)],
        method: &str,
        path: &str,
        body: &Value,
    ) -> (StatusCode, Option<i64>, Value) {
        let request = Request::builder().method(method).uri(path);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, value));
        let response = self.0.clone().oneshot(request.body(Body::from(body.to_string())).unwrap()).await.unwrap();
        let (status, age) = (response.status(), response.headers().get(AGE).cloned());
        let body = to_bytes(response.into_body(), 1 << 22).await.unwrap();
        let age = age.map(|age| age.to_str().unwrap().parse().unwrap());
        (status, age, serde_json::from_slice(&body).unwrap_or_default())
    }

    async fn set(&self, path: &str, value: Value) {
        let body = json!({ "context": { "appId": "a" }, "data": value });
        let (status, _, answer) = self.send(&headers(), "PUT", &format!("/caas/config/{path}"), &body).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
    }

    /// What it shows, and its age.
    async fn fetch(&self, query: &str) -> (Value, i64) {
        let body = json!({ "context": { "appId": "a" } });
        let (status, age, answer) = self.send(&headers(), "POST", &format!("/caas/config/fetch{query}"), &body).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        (answer, age.unwrap())
    }
}

#[tokio::test]
async fn another_instances_change_is_seen_at_once_when_it_must_be_and_within_the_bound_else() {
    let deployment = Deployment::new("bound", "2");
    let (one, two) = (deployment.instance().await, deployment.instance().await);
    one.set("n", json!(1)).await;
    assert_eq!(one.fetch("").await.0, json!({ "n": 1 }));
    two.set("n", json!(2)).await;
    assert_eq!(two.fetch("").await.0, json!({ "n": 2 }), "its own change");
    assert_eq!(one.fetch("").await.0, json!({ "n": 1 }), "a copy");
    assert_eq!(ahead(Duration::from_millis(1100), one.fetch("")).await, (json!({ "n": 1 }), 1));
    for query in ["?read_fresh=true", "?read_fresh=True", "?read_fresh=1"] {
        two.set("n", json!(query)).await;
        assert_eq!(one.fetch(query).await, (json!({ "n": query }), 0));
    }
    assert_eq!(one.fetch("?read_fresh=false").await.0, json!({ "n": "?read_fresh=1" }), "the fresh answer was kept");

    two.set("n", json!(3)).await;
    assert_eq!(ahead(Duration::from_millis(2000), one.fetch("")).await, (json!({ "n": 3 }), 0));
}

#[tokio::test]
async fn what_an_instance_changes_it_never_shows_as_it_was() {
    let deployment = Deployment::new("own", "60");
    let one = deployment.instance().await;
    for n in 0..20 {
        one.set("n", json!(n)).await;
        assert_eq!(one.fetch("").await.0, json!({ "n": n }));
        assert_eq!(one.fetch("").await.0, json!({ "n": n }));
    }
    let body = json!({ "context": { "appId": "a" }, "key_paths": ["n"] });
    assert_eq!(one.send(&headers(), "DELETE", "/caas/config", &body).await.0, StatusCode::NO_CONTENT);
    assert_eq!(one.fetch("").await.0, json!({}));
}

#[tokio::test]
async fn a_copy_is_shown_without_asking_storage_and_its_nonce_is_stored_after_the_answer() {
    let deployment = Deployment::new("hot", "60");
    let one = deployment.instance().await;
    one.set("a", json!({ "b": [1.50, 2], "c": 3 })).await;
    one.fetch("").await;
    let (before, headers_of_one) = (deployment.nonces().await, headers());
    deployment.asked();
    let body = json!({ "context": { "appId": "a" }, "key_paths": ["a.c", "x"] });
    let (status, _, answer) = one.send(&headers_of_one, "POST", "/caas/config/fetch", &body).await;
    assert_eq!((status, answer, deployment.asked()), (StatusCode::OK, json!({ "a.c": 3 }), 0));
    for path in ["/caas/config/fetch", "/caas/config/fetch?read_fresh=true"] {
        assert_eq!(
            one.send(&headers_of_one, "POST", path, &body).await.0,
            StatusCode::UNAUTHORIZED,
            "sent again: {path}"
        );
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(deployment.nonces().await, before + 1);
    let two = deployment.instance().await;
    let change = json!({ "context": { "appId": "a" }, "data": 1 });
    assert_eq!(two.send(&headers_of_one, "PUT", "/caas/config/x", &change).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(one.fetch("?read_fresh=true").await.0, json!({ "a": { "b": [1.5, 2], "c": 3 } }));
}

#[tokio::test]
async fn without_caches_every_answer_comes_from_storage() {
    let deployment = Deployment::new("off", "0");
    let (one, two) = (deployment.instance().await, deployment.instance().await);
    for n in 0..5 {
        one.set("n", json!(n)).await;
        deployment.asked();
        assert_eq!(two.fetch("").await, (json!({ "n": n }), 0));
        assert!(deployment.asked() > 0);
    }
}

#[tokio::test]
async fn copies_travel_sealed_through_the_key_value_store() {
    let mut deployment = Deployment::new("kv", "60");
    let memory = Arc::new(Memory::default());
    deployment.host.kv = Some(memory.clone());
    let (one, two) = (deployment.instance().await, deployment.instance().await);
    one.set("n", json!("in the clear nowhere")).await;
    // Two knows the caller, who was admitted to this, and has no copy that would still be shown.
    two.fetch("").await;
    two.set("m", json!(1)).await;
    tokio::time::sleep(Duration::from_millis(5)).await;
    let before = memory.0.lock().unwrap().clone();
    one.fetch("?read_fresh=true").await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(*memory.0.lock().unwrap(), before, "a fresh read was written to the key-value store");
    deployment.instance().await.fetch("").await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    {
        let copies = memory.0.lock().unwrap();
        assert_eq!(copies.len(), 1);
        let (name, copy) = copies.iter().next().unwrap();
        assert!(name.starts_with("configuration/"), "{name}");
        assert!(!String::from_utf8_lossy(copy).contains("clear"));
    }
    deployment.asked();
    assert_eq!(two.fetch("").await.0, json!({ "n": "in the clear nowhere", "m": 1 }));
    assert_eq!(deployment.asked(), 0, "the copy came from the key-value store");

    // What does not open is no copy.
    two.set("m", json!(2)).await;
    memory.0.lock().unwrap().values_mut().for_each(|copy| *copy.last_mut().unwrap() ^= 1);
    assert_eq!(two.fetch("").await.0, json!({ "n": "in the clear nowhere", "m": 2 }));
}

#[tokio::test]
async fn a_long_configuration_gives_its_parts_and_no_copy() {
    let deployment = Deployment::new("long", "60");
    let one = deployment.instance().await;
    one.set("a", json!({ "long": "x".repeat(200_000), "b": 1 })).await;
    let body = json!({ "context": { "appId": "a" }, "key_paths": ["a.b", "a.x"] });
    for _ in 0..2 {
        deployment.asked();
        let (_, age, answer) = one.send(&headers(), "POST", "/caas/config/fetch", &body).await;
        assert_eq!((age, answer), (Some(0), json!({ "a.b": 1 })));
        assert!(deployment.asked() > 0);
    }
    // Asked for whole, it is kept, and its parts are found in the copy.
    one.fetch("").await;
    deployment.asked();
    assert_eq!(one.send(&headers(), "POST", "/caas/config/fetch", &body).await.2, json!({ "a.b": 1 }));
    assert_eq!(deployment.asked(), 0);
}
