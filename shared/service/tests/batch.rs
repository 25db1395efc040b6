//! The batch over a real database: guards in order, entries bound to their slot, all or nothing.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{collections::HashMap, path::PathBuf};

use axum::http::StatusCode;
use chancery_service::{Anonymous, App, Audit, Error, Guard};
use platform::{Statement, runtime};

struct Database {
    folder: PathBuf,
    app: App,
}

impl Database {
    async fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("batch-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let host = runtime::host(&folder.join("db.sqlite"), HashMap::new()).unwrap();
        Self { app: App::new(host).await, folder }
    }

    async fn names(&self) -> Vec<String> {
        let mut batch = Anonymous::background(&self.app).batch();
        let found = batch.push(Statement::new("SELECT name FROM service_directory ORDER BY name"));
        batch.read().await.unwrap().rows(found).iter().map(|row| row.get("name").unwrap()).collect()
    }

    async fn entries(&self) -> Vec<String> {
        let mut batch = Anonymous::background(&self.app).batch();
        let found = batch.push(Statement::new("SELECT subject FROM audit_entries ORDER BY tenant_id, leaf_index"));
        batch.read().await.unwrap().rows(found).iter().map(|row| row.get("subject").unwrap()).collect()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn insert(name: &str) -> Statement {
    Statement::new("INSERT INTO service_directory (name, url) VALUES (?1, 'https://a.example')").bind(name)
}

fn rename(from: &str, to: &str) -> Statement {
    Statement::new("UPDATE service_directory SET name = ?2 WHERE name = ?1").bind(from).bind(to)
}

fn audit(subject: &str) -> Audit {
    Audit::new("platform", "test", subject).by("somebody")
}

fn refusal(status: StatusCode) -> Error {
    Error::new(status, "refused")
}

fn exists(name: &str, status: StatusCode) -> Guard {
    Guard::new("EXISTS (SELECT 1 FROM service_directory WHERE name = ?1)", refusal(status)).bind(name)
}

#[tokio::test]
async fn the_first_guard_that_does_not_hold_is_the_answer_and_nothing_happens() {
    let database = Database::new("guards").await;
    let mut batch = Anonymous::background(&database.app).batch();
    batch.push(insert("here"));
    batch.write().await.unwrap();
    for (guards, status) in [
        (vec![exists("here", StatusCode::GONE)], None),
        (vec![exists("not", StatusCode::GONE), exists("nor", StatusCode::CONFLICT)], Some(StatusCode::GONE)),
        (vec![exists("here", StatusCode::GONE), exists("nor", StatusCode::CONFLICT)], Some(StatusCode::CONFLICT)),
        (vec![Guard::new("NULL", refusal(StatusCode::GONE))], Some(StatusCode::GONE)),
    ] {
        for is_write in [true, false] {
            let mut batch = Anonymous::background(&database.app).batch();
            guards.iter().cloned().for_each(|guard| batch.require(guard));
            let statement = if is_write { rename("here", "here") } else { Statement::new("SELECT 1 AS one") };
            let slot = batch.push(statement);
            batch.record(audit("change"), slot);
            let before = database.entries().await.len();
            let result = if is_write { batch.write().await } else { batch.read().await };
            assert_eq!(result.as_ref().err().map(|error| error.status), status);
            let is_recorded = is_write && status.is_none();
            assert_eq!(database.entries().await.len(), before + usize::from(is_recorded));
        }
    }
}

#[tokio::test]
async fn a_batch_with_more_guards_than_columns_is_refused() {
    let database = Database::new("many").await;
    for (count, is_served) in [(16, true), (17, false)] {
        let mut batch = Anonymous::background(&database.app).batch();
        (0..count).for_each(|_| batch.require(Guard::new("1", refusal(StatusCode::GONE))));
        batch.push(insert(&format!("{count}")));
        assert_eq!(batch.write().await.is_ok(), is_served, "{count}");
    }
    assert_eq!(database.names().await, ["16"]);
}

#[tokio::test]
async fn the_entry_depends_on_its_slot_and_not_on_what_stands_beside_it() {
    let database = Database::new("entries").await;
    for (decides, recorded) in [(0, vec!["0"]), (1, vec!["0"]), (2, vec!["0", "2"])] {
        let mut batch = Anonymous::background(&database.app).batch();
        let slots = [
            batch.push(insert(&format!("name {decides}"))),
            batch.push(rename("missing", "other")),
            batch.push(insert(&format!("another {decides}"))),
        ];
        batch.push(Statement::new("SELECT 1 AS one"));
        batch.record(audit(&decides.to_string()), *slots.get(decides).unwrap());
        let outcomes = batch.write().await.unwrap();
        assert_eq!(slots.map(|slot| outcomes.changed(slot)), [true, false, true]);
        assert_eq!(database.entries().await, recorded);
    }
    let mut batch = Anonymous::background(&database.app).batch();
    batch.push(rename("missing", "other"));
    batch.record_always(audit("always"));
    batch.write().await.unwrap();
    assert_eq!(database.entries().await, ["0", "2", "always"]);
}

#[tokio::test]
async fn whichever_statement_fails_nothing_of_the_batch_happens() {
    let database = Database::new("atomic").await;
    let statements = ["a", "b", "c"];
    for failing in 0..=statements.len() {
        let mut batch = Anonymous::background(&database.app).batch();
        let mut last = None;
        for (index, name) in statements.iter().enumerate() {
            let statement =
                if index == failing { Statement::new("INSERT INTO nowhere VALUES (1)") } else { insert(name) };
            last = Some(batch.push(statement));
        }
        batch.record(audit("x"), last.unwrap());
        if failing == statements.len() {
            // What stands behind the entry fails, too.
            batch.push(Statement::new("INSERT INTO audit_entries (tenant_id, leaf_index) VALUES ('platform', 0)"));
        }
        assert_eq!(batch.write().await.err().unwrap().status, StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!((database.names().await.len(), database.entries().await.len()), (0, 0), "statement {failing}");
    }
}

#[tokio::test]
async fn a_violated_constraint_is_the_refusal_that_was_said_for_its_column() {
    let database = Database::new("violations").await;
    for status in [None, Some(StatusCode::CONFLICT)] {
        let mut batch = Anonymous::background(&database.app).batch();
        batch.push(insert("once"));
        batch.on_duplicate("service_directory.name", refusal(StatusCode::CONFLICT));
        assert_eq!(batch.write().await.err().map(|error| error.status), status);
    }
}
