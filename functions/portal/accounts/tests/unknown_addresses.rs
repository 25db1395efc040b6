//! An address that is not known costs the same work as one that is: the same statements, and the same password hash. How
//! long either takes is measured with `PAIRS=1000 cargo test -p accounts --test unknown_addresses -- --ignored --nocapture`.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use axum::{Router, body::Body, http::Request};
use crypto::{base64, work};
use platform::{Host, Outcome, Row, Sql, SqlError, Statement, Task, runtime};
use tower::ServiceExt;

/// Counts the statements that go to a database.
struct Counting {
    inner: Arc<dyn Sql>,
    statements: Arc<AtomicUsize>,
}

impl Counting {
    fn count(&self, statements: usize) {
        // A round trip counts too.
        self.statements.fetch_add(statements + 1000, Ordering::Relaxed);
    }
}

impl Sql for Counting {
    fn query(&self, statement: Statement) -> Task<'_, Result<Vec<Row>, SqlError>> {
        self.count(1);
        self.inner.query(statement)
    }

    fn batch(&self, statements: Vec<Statement>) -> Task<'_, Result<Vec<Outcome>, SqlError>> {
        self.count(statements.len());
        self.inner.batch(statements)
    }

    fn read_batch(&self, statements: Vec<Statement>) -> Task<'_, Result<Vec<Outcome>, SqlError>> {
        self.count(statements.len());
        self.inner.read_batch(statements)
    }
}

struct Portal {
    app: Router,
    statements: Arc<AtomicUsize>,
}

const KNOWN: &str = "ada@example.org";
const UNKNOWN: &str = "eve@example.org";

/// A portal with one developer.
async fn portal(name: &str, more: &[(&str, &str)]) -> Portal {
    let folder = std::env::temp_dir().join(format!("accounts-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let key = base64::encode(&[7; 32]);
    let root = format!("first:{key}");
    // The switch of the portal is read once, not again in the middle of a comparison.
    let vars =
        [("ROOT_KEY", root.as_str()), ("LOOKUP_KEY", &key), ("PORTAL_AUTO_APPROVE", "true"), ("CACHE_SECONDS", "3600")];
    let vars = vars.iter().chain(more).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let host = runtime::host(&folder.join("test.db"), vars.collect::<HashMap<_, _>>()).unwrap();
    let statements = Arc::new(AtomicUsize::new(0));
    let sql = Arc::new(Counting { inner: host.sql.clone(), statements: statements.clone() });
    let app = accounts::app(Host { sql, ..host }).await;
    let body = format!(r#"{{"email":"{KNOWN}","password":"correct horse","meta":{{"full_name":"Ada"}}}}"#);
    let portal = Portal { app, statements };
    assert_eq!(portal.post("/register", body).await, 200);
    // The first of an instance makes what all others stand on.
    portal.log_in(UNKNOWN).await;
    portal.forget(KNOWN).await;
    portal
}

impl Portal {
    async fn ask(&self, request: Request<Body>) -> u16 {
        self.app.clone().oneshot(request).await.unwrap().status().as_u16()
    }

    async fn post(&self, path: &str, body: String) -> u16 {
        let request = Request::post(path).header("content-type", "application/json");
        self.ask(request.body(body.into()).unwrap()).await
    }

    async fn log_in(&self, email: &str) -> u16 {
        let pair = base64::encode(format!("{email}:wrong horse").as_bytes());
        let request = Request::get("/auth").header("authorization", format!("Basic {pair}"));
        self.ask(request.body(Body::empty()).unwrap()).await
    }

    async fn forget(&self, email: &str) -> u16 {
        self.post("/forgot-password", format!(r#"{{"email":"{email}"}}"#)).await
    }

    async fn resend(&self, email: &str) -> u16 {
        self.post("/resend-account-verification", format!(r#"{{"email":"{email}"}}"#)).await
    }

    /// What an operation answers, how many statements it takes, the work of its hashes, and how long it takes.
    async fn measure(&self, operation: &str, email: &str) -> Measured {
        let (statements, work, started) = (self.statements.load(Ordering::Relaxed), work::done(), Instant::now());
        let status = match operation {
            "log in" => self.log_in(email).await,
            "forget" => self.forget(email).await,
            "resend" => self.resend(email).await,
            other => panic!("{other}"),
        };
        let time = started.elapsed();
        let statements = self.statements.load(Ordering::Relaxed) - statements;
        Measured { cost: (status, statements, work::done() - work), time }
    }
}

struct Measured {
    /// Status, statements, and the work of the hashes.
    cost: (u16, usize, u64),
    time: Duration,
}

const COST: (&str, &str) = ("PORTAL_ARGON2", "64,3,1");

#[tokio::test]
async fn the_same_statements_and_the_same_hash() {
    for (name, value) in [("PORTAL_LOGIN_ATTEMPTS", "0"), ("PORTAL_LOGIN_ATTEMPTS", "3"), ("PORTAL_LOGIN_GUESSES", "1")]
    {
        let portal = portal(&format!("same-{name}-{value}"), &[COST, (name, value)]).await;
        // Where one guess is allowed, all that follow are refused unjudged.
        portal.log_in(KNOWN).await;
        for operation in ["log in", "forget", "resend"] {
            let known = portal.measure(operation, KNOWN).await;
            let unknown = portal.measure(operation, UNKNOWN).await;
            assert_eq!(known.cost, unknown.cost, "{operation}");
            let is_judged = operation == "log in" && known.cost.0 == 401;
            assert_eq!(known.cost.2, if is_judged { 64 * 3 } else { 0 }, "{operation}");
        }
    }
}

/// Medians, since a busy machine makes some answers much slower.
#[tokio::test]
#[ignore = "takes minutes: asks a thousand times for a known and for an unknown address"]
async fn the_medians_of_many_pairs_differ_by_less_than_a_twentieth() {
    let pairs: usize = std::env::var("PAIRS").ok().and_then(|pairs| pairs.parse().ok()).unwrap_or(1000);
    // Guesses that are all judged, and such of which all but the first are refused unjudged.
    let (judging, limited) = (("PORTAL_LOGIN_GUESSES", "1000000"), ("PORTAL_LOGIN_GUESSES", "1"));
    for (operation, guesses, answer) in
        [("log in", judging, 401), ("log in", limited, 429), ("forget", judging, 200), ("resend", judging, 204)]
    {
        let portal = portal("medians", &[guesses]).await;
        for email in [KNOWN, UNKNOWN] {
            portal.measure(operation, email).await;
            assert_eq!(portal.measure(operation, email).await.cost.0, answer, "{operation} of {email}");
        }
        let mut times = [Vec::new(), Vec::new()];
        for _ in 0..pairs {
            // Who comes first is drawn, lest a rhythm of the machine looks like a difference.
            let [drawn] = platform::random::bytes::<1>().unwrap();
            for of in if drawn % 2 == 0 { [0, 1] } else { [1, 0] } {
                times[of].push(portal.measure(operation, [KNOWN, UNKNOWN][of]).await.time);
            }
        }
        let [known, unknown] = times.map(|mut times| {
            times.sort_unstable();
            times[pairs / 2]
        });
        println!("{operation}, {answer}: {known:?} known, {unknown:?} unknown, {pairs} pairs");
        let difference = known.abs_diff(unknown);
        assert!(difference * 20 < known.max(unknown), "{operation}: {known:?} and {unknown:?}");
    }
}
