//! The libSQL back end against a server: ours, which can fail on request, or the one of `LIBSQL_TEST_URL` and
//! `LIBSQL_TEST_AUTH_TOKEN`, whose database is then migrated and filled with tables of these tests.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::{
    collections::HashMap,
    env,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use chancery_platform::{Host, Outcome, Row, Sql, SqlError, SqlValue, Statement, runtime};

struct Database {
    folder: PathBuf,
    vars: HashMap<String, String>,
    /// A table that nothing else uses.
    table: String,
    /// None where it is another server than ours.
    server: Option<hrana::Server>,
}

impl Database {
    fn new() -> Self {
        Self::at(env::var("LIBSQL_TEST_URL").ok())
    }

    /// A server that fails on request.
    fn ours() -> Self {
        Self::at(None)
    }

    fn at(url: Option<String>) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("libsql_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let folder = env::temp_dir().join(&name);
        std::fs::create_dir_all(&folder).unwrap();
        let server = url.is_none().then(|| hrana::Server::start(&folder.join("db.sqlite"), Some("token")).unwrap());
        let (url, token) = match (&server, url) {
            (Some(server), _) => (server.url.clone(), "token".to_owned()),
            (None, url) => (url.unwrap_or_default(), env::var("LIBSQL_TEST_AUTH_TOKEN").unwrap_or_default()),
        };
        let vars = HashMap::from([("LIBSQL_URL".to_owned(), url), ("LIBSQL_AUTH_TOKEN".to_owned(), token)]);
        Self { folder, vars, table: format!("{name}_t"), server }
    }

    async fn open(&self) -> Result<Host, SqlError> {
        runtime::open(&self.folder.join("unused.sqlite"), self.vars.clone()).await
    }

    /// The database with its table `(k PRIMARY KEY, v NOT NULL)`, empty.
    async fn filled(&self) -> Arc<dyn Sql> {
        let sql = self.open().await.unwrap().sql;
        let table = format!("CREATE TABLE {} (k PRIMARY KEY, v NOT NULL)", self.table);
        sql.batch(vec![Statement::new(table)]).await.unwrap();
        sql
    }

    fn statement(&self, text: &str) -> Statement {
        Statement::new(text.replace(" t ", &format!(" {} ", self.table)))
    }

    fn insert(&self, key: i64) -> Statement {
        self.statement("INSERT INTO t VALUES (?1, 'v')").bind(key)
    }

    async fn keys(&self, sql: &dyn Sql) -> Vec<i64> {
        let rows = sql.query(self.statement("SELECT k FROM t ORDER BY k")).await.unwrap();
        rows.iter().map(|row| row.get("k").unwrap()).collect()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        self.server.take();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

#[tokio::test]
async fn values_of_each_class_come_back_as_they_were() {
    let database = Database::new();
    let sql = database.filled().await;
    let values = [
        SqlValue::Integer(i64::MIN),
        SqlValue::Integer(i64::MAX),
        SqlValue::Integer(9_007_199_254_740_993),
        SqlValue::Real(0.1),
        SqlValue::Real(-1.0),
        SqlValue::Text("a \"quoted\" \\ text\nof two lines, ü and 🗝".to_owned()),
        SqlValue::Text(String::new()),
        SqlValue::Blob((0..=255).collect()),
        SqlValue::Blob(Vec::new()),
    ];
    let inserts = values.iter().enumerate().map(|(key, value)| Statement {
        params: vec![value.clone()],
        ..Statement::new(format!("INSERT INTO {} VALUES ({key}, ?1)", database.table))
    });
    sql.batch(inserts.collect()).await.unwrap();
    let rows = sql.query(database.statement("SELECT v, NULL AS n FROM t ORDER BY k")).await.unwrap();
    for (Row(columns), value) in rows.iter().zip(&values) {
        assert_eq!(columns[..], [("v".to_owned(), value.clone()), ("n".to_owned(), SqlValue::Null)]);
    }
    assert_eq!(rows.len(), values.len());
}

#[tokio::test]
async fn each_statement_says_what_it_read_and_how_many_rows_it_changed() {
    let database = Database::new();
    let sql = database.filled().await;
    let statements = vec![
        database.insert(1),
        database.insert(2),
        database.statement("SELECT k FROM t ORDER BY k"),
        database.statement("UPDATE t SET v = 'w' RETURNING k"),
        database.statement("DELETE FROM t WHERE k = 9"),
        database.statement("DELETE FROM t WHERE k > 0"),
    ];
    let outcomes = sql.batch(statements).await.unwrap();
    let counted: Vec<_> = outcomes.iter().map(|Outcome { rows, changes }| (rows.len(), *changes)).collect();
    assert_eq!(counted, [(0, 1), (0, 1), (2, 0), (2, 2), (0, 0), (0, 2)]);
}

#[tokio::test]
async fn a_batch_that_fails_has_not_happened_and_says_why() {
    let database = Database::new();
    let sql = database.filled().await;
    sql.batch(vec![database.insert(1)]).await.unwrap();
    let column = |name: &str| format!("{}.{name}", database.table);
    let null = database.statement("INSERT INTO t VALUES (4, NULL)");
    for (failing, expected) in
        [(database.insert(1), SqlError::Unique(column("k"))), (null, SqlError::NotNull(column("v")))]
    {
        let error = sql.batch(vec![database.insert(3), failing, database.insert(5)]).await.unwrap_err();
        assert_eq!(error, expected);
    }
    let unknown = sql.batch(vec![database.insert(3), Statement::new("INSERT INTO nowhere VALUES (1)")]).await;
    assert!(matches!(unknown, Err(SqlError::Other(_))), "{unknown:?}");
    assert_eq!(database.keys(&*sql).await, [1]);
}

#[tokio::test]
async fn instances_that_start_together_migrate_once_and_later_ones_find_nothing_to_do() {
    let database = Database::new();
    let opened = tokio::join!(database.open(), database.open(), database.open(), database.open());
    for host in [opened.0, opened.1, opened.2, opened.3] {
        let missing = host.unwrap().sql.query(chancery_platform::migrations::select_missing()).await.unwrap();
        assert!(missing.is_empty(), "{missing:?}");
    }
    database.open().await.unwrap();
}

#[tokio::test]
async fn what_waits_for_the_lock_is_written_when_that_is_free() {
    let database = Database::new();
    let sql = database.filled().await;
    let writing: Vec<_> = (0..32)
        .map(|key| {
            let (sql, insert) = (sql.clone(), database.insert(key));
            tokio::spawn(async move { sql.batch(vec![insert]).await.map(|outcomes| outcomes[0].changes) })
        })
        .collect();
    for written in writing {
        assert_eq!(written.await.unwrap(), Ok(1));
    }
    assert_eq!(database.keys(&*sql).await.len(), 32);
}

#[tokio::test]
async fn a_lock_of_another_process_is_asked_for_again() {
    let database = Database::ours();
    let sql = database.filled().await;
    let other = rusqlite::Connection::open(database.folder.join("db.sqlite")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let (writer, insert) = (sql.clone(), database.insert(1));
    let written = tokio::spawn(async move { writer.batch(vec![insert]).await });
    // Longer than the server waits by itself.
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(!written.is_finished());
    other.execute_batch("COMMIT").unwrap();
    assert_eq!(written.await.unwrap().unwrap()[0].changes, 1);
}

#[tokio::test]
async fn a_change_whose_answer_is_lost_is_reported_as_made() {
    let database = Database::ours();
    let sql = database.filled().await;
    database.server.as_ref().unwrap().faults.lose_answers(1);
    let error = sql.batch(vec![database.insert(1)]).await.unwrap_err();
    assert_eq!(error, SqlError::Committed);
    assert_eq!(database.keys(&*sql).await, [1]);
}

#[tokio::test]
async fn a_change_that_was_refused_before_its_answer_was_lost_is_refused() {
    let database = Database::ours();
    let sql = database.filled().await;
    sql.batch(vec![database.insert(1)]).await.unwrap();
    database.server.as_ref().unwrap().faults.lose_answers(1);
    let error = sql.batch(vec![database.insert(2), database.insert(1)]).await.unwrap_err();
    assert!(matches!(error, SqlError::Unique(_)), "{error}");
    assert_eq!(database.keys(&*sql).await, [1]);
}

/// The question whether it was committed may be lost, too.
#[tokio::test]
async fn several_lost_answers_in_a_row_change_nothing() {
    let database = Database::ours();
    let sql = database.filled().await;
    database.server.as_ref().unwrap().faults.lose_answers(3);
    assert_eq!(sql.batch(vec![database.insert(1)]).await.unwrap_err(), SqlError::Committed);
    assert_eq!(database.keys(&*sql).await, [1]);
}

#[tokio::test]
async fn a_request_that_arrives_after_it_was_given_up_changes_nothing() {
    let database = Database::ours();
    let sql = database.filled().await;
    let count = || database.statement("INSERT INTO t SELECT (SELECT count(*) FROM t ), 'v'");
    database.server.as_ref().unwrap().faults.execute_late(1, Duration::from_millis(300));
    let outcomes = sql.batch(vec![count()]).await.unwrap();
    assert_eq!(outcomes[0].changes, 1);
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert_eq!(database.keys(&*sql).await, [0]);
}

#[tokio::test]
async fn reads_are_asked_again_when_their_answer_is_lost() {
    let database = Database::ours();
    let sql = database.filled().await;
    sql.batch(vec![database.insert(1)]).await.unwrap();
    let faults = database.server.as_ref().unwrap().faults.clone();
    faults.lose_answers(2);
    assert_eq!(database.keys(&*sql).await, [1]);
    // With a nonce, which is stored once.
    faults.lose_answers(1);
    let read = vec![database.insert(2), database.statement("SELECT k FROM t ORDER BY k")];
    let outcomes = sql.read_batch(read.clone()).await.unwrap();
    assert_eq!((outcomes[0].changes, outcomes[1].rows.len()), (1, 2));
    assert!(sql.read_batch(read).await.unwrap_err().is_unique(&format!("{}.k", database.table)));
}

#[tokio::test]
async fn a_server_that_is_gone_or_refuses_the_token_is_named_without_secrets() {
    let mut database = Database::ours();
    database.vars.insert("LIBSQL_AUTH_TOKEN".to_owned(), "hidden".to_owned());
    let refused = database.open().await.err().unwrap().to_string();
    assert!(refused.contains("LIBSQL_AUTH_TOKEN") && !refused.contains("hidden"), "{refused}");
    let url = database.vars["LIBSQL_URL"].clone();
    database.server.take();
    let error = database.open().await.err().unwrap();
    assert!(matches!(&error, SqlError::Unanswered(text) if !text.contains(&url)), "{error}");
}
