//! Operations of the QNSP API over a database of their own, with tenants and keys: what the native tests of the pipeline
//! and of each function call.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

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
    http::{HeaderMap, Request, StatusCode},
};
use crypto::hash;
use platform::{Host, Outcome, Row, Sql, SqlError, Statement, Task, runtime};
use serde_json::Value;
use tower::ServiceExt;

/// A tenant with everything, one with little, one that is suspended, and an operator's.
pub const FULL: &str = "00000000-0000-4000-8000-000000000001";
pub const FREE: &str = "00000000-0000-4000-8000-000000000002";
pub const SUSPENDED: &str = "00000000-0000-4000-8000-000000000003";
pub const OPERATORS: &str = "00000000-0000-4000-8000-000000000004";
pub const UNKNOWN: &str = "00000000-0000-4000-8000-00000000000f";

pub const SECRET: &str = "0123456789abcdef0123456789abcdef";

pub struct Deployment {
    pub router: Router,
    pub sql: Arc<Faulty>,
    folder: PathBuf,
}

/// A database that refuses a statement of its batches, or counts how often it is asked.
pub struct Faulty {
    inner: Arc<dyn Sql>,
    /// The statement of the next batches that fails; `usize::MAX` for none.
    pub fails_at: AtomicUsize,
    pub asked: AtomicUsize,
    pub longest: AtomicUsize,
}

impl Sql for Faulty {
    fn query(&self, statement: Statement) -> Task<'_, Result<Vec<Row>, SqlError>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.inner.query(statement)
    }

    fn batch(&self, mut statements: Vec<Statement>) -> Task<'_, Result<Vec<Outcome>, SqlError>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.longest.fetch_max(statements.len(), Ordering::SeqCst);
        let at = self.fails_at.load(Ordering::SeqCst);
        if let Some(statement) = statements.get_mut(at) {
            *statement = Statement::new("SELECT no_such_function()");
        }
        self.inner.batch(statements)
    }

    fn read_batch(&self, statements: Vec<Statement>) -> Task<'_, Result<Vec<Outcome>, SqlError>> {
        self.batch(statements)
    }
}

/// What a database was asked, batch by batch.
pub type Batches = Arc<Mutex<Vec<Vec<Statement>>>>;

/// A database that takes down what it is asked.
pub struct Recording {
    pub inner: Arc<dyn Sql>,
    pub batches: Batches,
}

impl Sql for Recording {
    fn query(&self, statement: Statement) -> Task<'_, Result<Vec<Row>, SqlError>> {
        self.batches.lock().unwrap().push(vec![statement.clone()]);
        self.inner.query(statement)
    }

    fn batch(&self, statements: Vec<Statement>) -> Task<'_, Result<Vec<Outcome>, SqlError>> {
        self.batches.lock().unwrap().push(statements.clone());
        self.inner.batch(statements)
    }

    fn read_batch(&self, statements: Vec<Statement>) -> Task<'_, Result<Vec<Outcome>, SqlError>> {
        self.batch(statements)
    }
}

pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    /// Null where the answer is no JSON.
    pub body: Value,
    pub bytes: Vec<u8>,
}

impl Reply {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// That storage does not answer.
    pub fn is_unavailable(&self) -> bool {
        self.status == StatusCode::SERVICE_UNAVAILABLE
    }

    pub fn error(&self) -> &str {
        self.body["error"].as_str().unwrap_or_default()
    }
}

/// Under what an API key is stored. Written again, because the pipeline's own tests depend on this crate.
fn key_hash(token: &str) -> String {
    hash::hex(&hash::sha256(&[token.as_bytes()]))
}

/// The key of a role of a tenant.
pub fn key(tenant: &str, role: &str) -> String {
    let digest = key_hash(&format!("{tenant} {role}"));
    format!("qnsp_pqc_{}", &digest[..40])
}

pub const ROLES: [&str; 6] = ["viewer", "developer", "service", "admin", "owner", "platform_admin"];

impl Deployment {
    /// What `serve` makes of a host, with variables besides those that every deployment has.
    pub async fn of<F: Future<Output = Router>>(
        name: &str,
        variables: &[(&str, &str)],
        serve: impl FnOnce(Host) -> F,
    ) -> Self {
        let folder = std::env::temp_dir().join(format!("qnsp-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let base = [
            ("ROOT_KEY", "first:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="),
            ("LOOKUP_KEY", "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI="),
            ("QNSP_RATE_LIMIT", "100000"),
            ("QNSP_JWT_HS256_SECRET", SECRET),
        ];
        let variables: HashMap<_, _> =
            base.iter().chain(variables).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let mut host = runtime::host(&folder.join("db.sqlite"), variables).unwrap();
        let sql = Arc::new(Faulty {
            inner: host.sql.clone(),
            fails_at: AtomicUsize::new(usize::MAX),
            asked: AtomicUsize::new(0),
            longest: AtomicUsize::new(0),
        });
        host.sql = sql.clone();
        let router = serve(host).await;
        let deployment = Self { router, sql, folder };
        deployment.populate().await;
        deployment
    }

    async fn populate(&self) {
        let everything = r#"["byohsm","key-escrow"]"#;
        for (tenant, tier, add_ons, suspended) in [
            (FULL, "enterprise-pro", everything, None),
            (FREE, "free", "[]", None),
            (SUSPENDED, "enterprise-pro", everything, Some(1_i64)),
            (OPERATORS, "specialized", everything, None),
        ] {
            let insert = Statement::new(
                "INSERT INTO qnsp_tenants (id, name, tier, add_ons, suspended_at, created_at, updated_at) \
                 VALUES (?1, 'a tenant', ?2, ?3, ?4, 0, 0)",
            );
            self.execute(insert.bind(tenant).bind(tier).bind(add_ons).bind(suspended)).await;
            for role in ROLES {
                let insert = Statement::new(
                    "INSERT INTO qnsp_keys (key_hash, id, tenant_id, user_id, roles, name, created_at) \
                     VALUES (?1, ?1, ?2, ?3, json_array(?3), ?3, 0)",
                );
                self.execute(insert.bind(key_hash(&key(tenant, role))).bind(tenant).bind(role)).await;
            }
        }
    }

    pub async fn execute(&self, statement: Statement) {
        self.sql.inner.batch(vec![statement]).await.unwrap();
    }

    /// One number of the database.
    pub async fn number(&self, select: &str) -> i64 {
        let rows = self.sql.inner.query(Statement::new(select.to_owned())).await.unwrap();
        rows[0].0[0].1.clone().try_into_number()
    }

    /// Fails each statement of an operation in turn, at least so many, and then carries it out: what `state` counts is
    /// the same until then, and another number after.
    pub async fn all_or_nothing(
        &self,
        state: &str,
        least: usize,
        is_fault: impl Fn(&Reply) -> bool,
        call: impl AsyncFn() -> Reply,
    ) -> Value {
        let before = self.number(state).await;
        let mut failed = 0;
        loop {
            self.sql.fails_at.store(failed, Ordering::SeqCst);
            let reply = call().await;
            self.sql.fails_at.store(usize::MAX, Ordering::SeqCst);
            if reply.status.is_success() {
                assert!(failed >= least, "only {failed} statements: {}", reply.body);
                assert_ne!(self.number(state).await, before, "{}", reply.body);
                return reply.body;
            }
            assert!(is_fault(&reply), "statement {failed}: {}", reply.body);
            assert_eq!(self.number(state).await, before, "statement {failed}");
            failed += 1;
        }
    }

    /// How the database carries a statement out, a step each.
    pub async fn plan(&self, statement: &Statement) -> Vec<String> {
        let explain = Statement { text: format!("EXPLAIN QUERY PLAN {}", statement.text).into(), ..statement.clone() };
        let rows = self.sql.inner.query(explain).await.unwrap();
        rows.iter().map(|row| row.get("detail").unwrap()).collect()
    }

    /// The outcomes of all events, in order.
    pub async fn events(&self) -> Vec<String> {
        let select = "SELECT tenant_id || ' ' || action || ' ' || subject || ' ' || outcome || ' ' || \
                      (entry ->> '$.detail.severity') AS event FROM audit_entries WHERE event_id IS NOT NULL \
                      ORDER BY tenant_id, leaf_index";
        let rows = self.sql.inner.query(Statement::new(select)).await.unwrap();
        rows.iter().map(|row| row.get("event").unwrap()).collect()
    }

    pub async fn call(&self, method: &str, path: &str, token: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        let mut request = Request::builder().method(method).uri(path);
        if !token.is_empty() {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap().to_vec();
        let body = serde_json::from_slice(&bytes).unwrap_or_default();
        Reply { status: parts.status, headers: parts.headers, body, bytes }
    }
}

impl Drop for Deployment {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

trait Number {
    fn try_into_number(self) -> i64;
}

impl Number for platform::SqlValue {
    fn try_into_number(self) -> i64 {
        match self {
            Self::Integer(number) => number,
            #[expect(clippy::cast_possible_truncation, reason = "sums of whole quantities")]
            Self::Real(number) => number as i64,
            other => panic!("{other:?} is no number"),
        }
    }
}
