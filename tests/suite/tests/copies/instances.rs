//! Instances of functions over one database, and what they are asked.

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, header::AGE},
};
use crypto::{Curve, PrivateKey, SharedKey, base64};
use platform::{Host, Kv, Outcome, Row, Sql, SqlError, Statement, Task, clock, random};
use serde_json::{Value, json};
use tower::ServiceExt;

/// The first system key.
pub const ROOT: &str = "the-root-license";
pub const INFRA: &str = "the-infra-license";

pub struct Deployment {
    pub host: Host,
    /// How often storage was asked.
    asked: Arc<AtomicUsize>,
    folder: PathBuf,
}

/// An instance of a function.
pub struct Instance(Router);

/// The headers that sign one request.
pub type Signed = [(&'static str, String); 3];

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub age: Option<i64>,
    pub body: Value,
}

#[derive(Default)]
pub struct Memory(pub Mutex<HashMap<String, Vec<u8>>>);

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
    pub fn new(cache_seconds: &str) -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::SeqCst);
        let folder = std::env::temp_dir().join(format!("copies-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let (service_key, bytes) = (key(0x22).to_base64(), base64::encode(&[7; 32]));
        let root_key = format!("k1:{bytes}");
        let vars = [
            ("CAAS_PRIVATE_KEY", service_key.as_str()),
            ("LICENSES_PRIVATE_KEY", &service_key),
            ("ROOT_KEY", &root_key),
            ("LOOKUP_KEY", &bytes),
            ("ROOT_LICENSE_KEY", ROOT),
            ("INFRA_LICENSE_KEY", INFRA),
            ("CACHE_SECONDS", cache_seconds),
        ];
        let vars = vars.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let host = platform::runtime::host(&folder.join("test.db"), vars).unwrap();
        let asked = Arc::<AtomicUsize>::default();
        let sql = Arc::new(Counted(host.sql, asked.clone()));
        Self { host: Host { sql, kv: host.kv, vars: host.vars }, asked, folder }
    }

    pub async fn instance(&self, function: &str) -> Instance {
        Instance(functions::app(function, self.host.clone()).await.unwrap())
    }

    /// How often storage was asked since this was called last.
    pub fn asked(&self) -> usize {
        self.asked.swap(0, Ordering::SeqCst)
    }

    pub async fn nonces(&self) -> i64 {
        let count = Statement::new("SELECT count(*) AS n FROM request_nonces");
        self.host.sql.query(count).await.unwrap().first().unwrap().get("n").unwrap()
    }

    /// Waits until so many nonces are stored: that happens after an answer.
    pub async fn nonces_are(&self, count: i64) {
        for _ in 0..500 {
            if self.nonces().await == count {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        assert_eq!(self.nonces().await, count);
    }
}

impl Drop for Deployment {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// The headers of a new request. All callers have one key pair.
pub fn signed(license: &str) -> Signed {
    let shared = SharedKey::agree(&key(0x11), &key(0x22).public_key()).unwrap();
    let id = json!({"ts": clock::now_ms() / 1000, "uuid": "u", "appid": "a"}).to_string();
    [
        ("publickey", key(0x11).public_key().to_base64()),
        ("licensekey", shared.encrypt(random::bytes().unwrap(), license.as_bytes())),
        ("requestid", shared.encrypt(random::bytes().unwrap(), id.as_bytes())),
    ]
}

impl Instance {
    pub async fn send(&self, headers: &Signed, method: &str, path: &str, body: &Value) -> Answer {
        let request = Request::builder().method(method).uri(path);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, value));
        let response = self.0.clone().oneshot(request.body(Body::from(body.to_string())).unwrap()).await.unwrap();
        let (status, age) = (response.status().as_u16(), response.headers().get(AGE).cloned());
        let body = to_bytes(response.into_body(), 1 << 22).await.unwrap();
        let age = age.map(|age| age.to_str().unwrap().parse().unwrap());
        Answer { status, age, body: serde_json::from_slice(&body).unwrap_or_default() }
    }

    pub async fn call(&self, license: &str, method: &str, path: &str, body: &Value) -> Answer {
        self.send(&signed(license), method, path, body).await
    }
}
