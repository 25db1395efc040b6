//! How SQLite finds the rows of what is measured: by an index always. A scan that hides at a thousand rows is what
//! makes a service slow at a million.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    collections::{BTreeSet, HashMap},
    env, fs,
    net::SocketAddr,
    path::Path,
    sync::{Arc, Mutex},
    thread,
};

use axum::{Router, extract::Request};
use chancery_tests::variables::Variables;
use platform::{Host, Outcome, Row, Sql, SqlError, Statement, Task, runtime::Sqlite};
use tower::ServiceExt as _;

use crate::{
    caller::Caller,
    connection::Connection,
    measure,
    operation::{self, Api, Operation},
    rows,
};

/// What may be gone through from end to end: the parameters, and the one row that the admission is made of.
const SMALL: [&str; 7] = ["json_each", "CONSTANT ROW", "(subquery-", "c", "admitted", "w", "t"];

/// What is read of the audit log of the tenant that the measured operations write to.
const AUDIT: [&str; 11] = [
    "checkpoint",
    "checkpoints",
    "entries",
    "entries?actor=bench&outcome=done",
    "entries?subject=fifty/SECRET_1",
    "entries?valueHash=00",
    "entries?action=secret.read&from=2026-01-01T00:00:00Z",
    "proof/inclusion?index=3&size=50",
    "proof/inclusion?index=3&size=600",
    "proof/consistency?from=300&to=600",
    "export",
];

/// Remembers the text of every statement.
struct Recording {
    inner: Sqlite,
    seen: Arc<Mutex<BTreeSet<&'static str>>>,
}

impl Recording {
    fn note(&self, statements: &[Statement]) {
        self.seen.lock().unwrap().extend(statements.iter().map(|statement| statement.text));
    }
}

impl Sql for Recording {
    fn query(&self, statement: Statement) -> Task<'_, Result<Vec<Row>, SqlError>> {
        self.note(std::slice::from_ref(&statement));
        self.inner.query(statement)
    }

    fn batch(&self, statements: Vec<Statement>) -> Task<'_, Result<Vec<Outcome>, SqlError>> {
        self.note(&statements);
        self.inner.batch(statements)
    }

    fn read_batch(&self, statements: Vec<Statement>) -> Task<'_, Result<Vec<Outcome>, SqlError>> {
        self.note(&statements);
        self.inner.read_batch(statements)
    }
}

#[test]
fn no_measured_statement_scans_a_table() {
    let folder = env::temp_dir().join(format!("chancery-plans-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join("some.sqlite");
    let variables = Variables::random();
    let (address, seen) = serve(&file, &variables);
    let license = measure::prepare(address, &variables).unwrap();
    rows::fill(&file, 2_000).unwrap();
    rusqlite::Connection::open(&file).unwrap().execute_batch("ANALYZE").unwrap();

    seen.lock().unwrap().clear();
    let caller = Caller::new(&variables, &license).unwrap();
    let mut connection = Connection::to(address);
    // Often enough that old marks are swept in one of them.
    for operation in Operation::TABLE.into_iter().filter(|operation| operation.is_signed()) {
        for _ in 0..64 {
            let answer = connection.call(&operation.request(&caller)).unwrap();
            assert_eq!(answer.status, operation.expected_status(), "{}", operation.name());
        }
    }

    for path in AUDIT {
        let path = format!("/caas/audit/bench/{path}");
        let method = if path.ends_with("/checkpoint") { "POST" } else { "GET" };
        let answer = connection.call(&operation::signed(&caller, Api::Caas, method, &path, "")).unwrap();
        assert_eq!(answer.status, 200, "{path}: {}", String::from_utf8_lossy(answer.body));
    }

    let seen = seen.lock().unwrap().clone();
    assert!(seen.iter().any(|text| text.starts_with("DELETE FROM request_marks")), "{seen:#?}");
    assert!(seen.len() >= 7, "{seen:#?}");
    let database = rusqlite::Connection::open(&file).unwrap();
    let scans: Vec<_> = seen.iter().flat_map(|text| scans(&database, text)).collect();
    assert!(scans.is_empty(), "{scans:#?}");
    fs::remove_dir_all(folder).unwrap();
}

/// The steps of a statement's plan that go through a whole table or index, behind its text.
fn scans(database: &rusqlite::Connection, text: &str) -> Vec<String> {
    let mut explained = database.prepare(&format!("EXPLAIN QUERY PLAN {text}")).unwrap();
    let mut steps = explained.raw_query();
    let mut found = Vec::new();
    while let Some(step) = steps.next().unwrap() {
        let step: String = step.get("detail").unwrap();
        let whole = step.strip_prefix("SCAN ");
        let small = |rest: &str| {
            SMALL.iter().any(|name| {
                rest == *name
                    || rest.starts_with(&format!("{name} "))
                    || (name.ends_with('-') && rest.starts_with(name))
            })
        };
        // What is materialised costs a temporary table per request.
        let temporary = step.starts_with("MATERIALIZE");
        if temporary
            || whole.is_some_and(|rest| !small(rest))
            || step.contains("TEMP B-TREE") && !text.contains("ORDER BY created_ts")
        {
            found.push(format!("{step}\n  in {text}"));
        }
    }
    found
}

/// Serves the measured functions over one recorded database, for as long as the test runs.
fn serve(file: &Path, variables: &Variables) -> (SocketAddr, Arc<Mutex<BTreeSet<&'static str>>>) {
    let seen = Arc::<Mutex<BTreeSet<_>>>::default();
    let variables: HashMap<_, _> = variables.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let host = platform::runtime::host(file, variables).unwrap();
    let sql = Recording { inner: Sqlite::open(file).unwrap(), seen: seen.clone() };
    let host = Host { sql: Arc::new(sql), ..host };
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let (licences, keys, audit, secrets) = (
                key_authorization::app(host.clone()).await,
                service_key::app(host.clone()).await,
                audit_log::app(host.clone()).await,
                secret_store::app(host).await,
            );
            let router = Router::new().fallback(move |request: Request| {
                let app = match request.uri().path() {
                    path if path.starts_with("/licenses/community") => &licences,
                    path if path.starts_with("/licenses") => &keys,
                    path if path.starts_with("/caas/audit") => &audit,
                    _ => &secrets,
                };
                app.clone().oneshot(request)
            });
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            axum::serve(listener, router).await.unwrap();
        });
    });
    (address, seen)
}
