//! Tables and tenants: every table of the schema has a place, and whatever a tenant has in any of them moves whole, with
//! nothing of another tenant. How requests find their tenant's database is a case of the black-box suite.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use chancery_tests::{placement, variables::random_uuid};
use platform::migrations::MIGRATIONS;
use rusqlite::{Connection, types::Value};

/// Numbers that a database gives: they are others after a move.
const NUMBERED: [(&str, &str); 4] = [
    ("config_audit", "seq"),
    ("config_reads", "seq"),
    ("qnsp_search_documents", "id"),
    ("qnsp_search_terms", "document"),
];

/// Two databases with the schema, in a folder of their own.
struct Databases {
    folder: PathBuf,
    from: Connection,
    to: Connection,
}

impl Databases {
    fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("chancery-placement-{}", random_uuid()));
        std::fs::create_dir(&folder).unwrap();
        let [from, to] = ["from.db", "to.db"].map(|name| {
            let connection = Connection::open(folder.join(name)).unwrap();
            for migration in MIGRATIONS {
                connection.execute_batch(migration.text).unwrap();
            }
            connection
        });
        Self { folder, from, to }
    }

    fn moves(&mut self, tenant: &str) {
        let source = self.folder.join("from.db");
        self.to.execute("ATTACH ?1 AS source", [source.to_str().unwrap()]).unwrap();
        run(&mut self.to, &placement::arrive(), tenant);
        self.to.execute("DETACH source", []).unwrap();
        run(&mut self.from, &placement::leave(), tenant);
    }
}

impl Drop for Databases {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn run(connection: &mut Connection, statements: &[String], tenant: &str) {
    let transaction = connection.transaction().unwrap();
    transaction.execute_batch("PRAGMA defer_foreign_keys = ON").unwrap();
    for text in statements {
        transaction.execute(text, [tenant]).unwrap_or_else(|error| panic!("{text}: {error}"));
    }
    transaction.commit().unwrap();
}

/// Name and type of the columns of a table.
fn columns(connection: &Connection, table: &str) -> Vec<(String, String)> {
    let mut statement = connection.prepare("SELECT name, type FROM pragma_table_info(?1) ORDER BY cid").unwrap();
    statement.query_map([table], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().map(Result::unwrap).collect()
}

/// A row of a tenant whose every column has a value. Texts are JSON, as some triggers read them.
fn fill(connection: &Connection, table: &str, tenant: &str) {
    let columns = columns(connection, table);
    let names: Vec<_> = columns.iter().map(|(name, _)| name.as_str()).collect();
    let values: Vec<Value> = columns
        .iter()
        .map(|(name, kind)| match (table, name.as_str(), kind.as_str()) {
            (_, "tenant_id", _) | ("qnsp_tenants", "id", _) => tenant.to_owned().into(),
            // Any other entry would end the wait of what is in `config_reads`.
            ("config_audit", "action", _) => "read".to_owned().into(),
            ("config_reads", "secrets", _) => r#"[["k",1]]"#.to_owned().into(),
            ("configs", "context", _) => format!("{{\"communityId\":\"c\",\"tenantId\":\"{tenant}\"}}").into(),
            // A database numbers its rows, beginning with 1.
            ("config_audit" | "config_reads", "seq", _) | ("qnsp_search_documents", "id", _) => Value::Null,
            ("qnsp_search_terms", "document", _) => connection
                .query_row("SELECT id FROM qnsp_search_documents WHERE tenant_id = ?1", [tenant], |row| row.get(0))
                .unwrap(),
            (_, _, "INTEGER") => 1.into(),
            (_, _, "REAL") => 0.5.into(),
            (_, _, "BLOB") => format!("{tenant} {table}").into_bytes().into(),
            _ => format!("[\"{tenant}\"]").into(),
        })
        .collect();
    let places: Vec<_> = (1..=names.len()).map(|number| format!("?{number}")).collect();
    // A trigger may have written such a row.
    let insert = format!("INSERT OR REPLACE INTO {table} ({}) VALUES ({})", names.join(", "), places.join(", "));
    connection.execute(&insert, rusqlite::params_from_iter(values)).unwrap_or_else(|error| panic!("{table}: {error}"));
}

/// The rows of a tenant in every table that moves, without the numbers that a database gives.
fn rows(connection: &Connection, tenant: &str) -> BTreeMap<&'static str, Vec<Vec<Value>>> {
    let read = |moved: &placement::Moved| {
        let names = columns(connection, moved.table).into_iter().map(|(name, _)| name);
        let names: Vec<_> = names.filter(|name| !NUMBERED.contains(&(moved.table, name))).collect();
        let order: Vec<_> = (1..=names.len()).map(|number| number.to_string()).collect();
        let text = format!(
            "SELECT {} FROM main.{} WHERE {} ORDER BY {}",
            names.join(", "),
            moved.table,
            moved.rows("main"),
            order.join(", ")
        );
        let mut statement = connection.prepare(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let row = |row: &rusqlite::Row| (0..names.len()).map(|at| row.get(at)).collect();
        (moved.table, statement.query_map([tenant], row).unwrap().map(Result::unwrap).collect())
    };
    placement::moved().iter().map(read).collect()
}

#[test]
fn every_table_has_one_place() {
    let databases = Databases::new();
    let mut statement = databases
        .from
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!'")
        .unwrap();
    let tables: BTreeSet<String> = statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let places = placement::places();
    let placed: BTreeSet<String> = places.iter().map(|(table, _)| (*table).to_owned()).collect();
    let missing: Vec<_> = tables.difference(&placed).collect();
    assert!(missing.is_empty(), "whose are the rows of {missing:?}? Say so in tests/suite/src/placement.rs");
    let gone: Vec<_> = placed.difference(&tables).collect();
    assert!(gone.is_empty(), "no longer in the schema: {gone:?}");
    let twice: Vec<_> = places.iter().filter(|(_, count)| *count > 1).collect();
    assert!(twice.is_empty(), "in several lists: {twice:?}");
}

/// A table with the id of a tenant that stays behind is one that was thought about.
#[test]
fn what_carries_the_id_of_a_tenant_moves_with_it() {
    let databases = Databases::new();
    let moved: BTreeSet<_> = placement::moved().iter().map(|moved| moved.table).collect();
    let stays = placement::places().into_iter().map(|(table, _)| table).filter(|table| !moved.contains(table));
    let carry = stays.filter(|table| columns(&databases.from, table).iter().any(|(name, _)| name == "tenant_id"));
    assert_eq!(carry.collect::<Vec<_>>(), ["communities", "qnsp_key_uses"]);
}

#[test]
fn a_tenant_moves_with_every_row_and_nothing_else() {
    let mut databases = Databases::new();
    for tenant in ["first", "moving", "last"] {
        databases.from.execute_batch("BEGIN; PRAGMA defer_foreign_keys = ON").unwrap();
        for moved in placement::moved() {
            fill(&databases.from, moved.table, tenant);
        }
        databases.from.execute_batch("COMMIT").unwrap();
    }
    // There the numbers are taken.
    fill(&databases.to, "qnsp_search_documents", "there before");
    fill(&databases.to, "qnsp_search_terms", "there before");
    let (before, others) =
        (rows(&databases.from, "moving"), ["first", "last"].map(|other| rows(&databases.from, other)));
    for (table, rows) in &before {
        assert!(!rows.is_empty(), "{table} was not filled");
    }
    let there_before = rows(&databases.to, "there before");

    databases.moves("moving");

    let after = rows(&databases.to, "moving");
    for (table, rows) in &before {
        assert_eq!(after.get(table), Some(rows), "{table}");
    }
    assert!(rows(&databases.from, "moving").values().all(Vec::is_empty), "something stayed behind");
    assert_eq!(["first", "last"].map(|other| rows(&databases.from, other)), others);
    assert_eq!(rows(&databases.to, "there before"), there_before);
    assert!(rows(&databases.to, "first").values().all(Vec::is_empty));
    let refers = "SELECT count(*) FROM qnsp_search_terms t JOIN qnsp_search_documents d ON d.id = t.document \
         AND d.tenant_id = t.tenant_id";
    let terms: i64 = databases.to.query_row(refers, [], |row| row.get(0)).unwrap();
    assert_eq!(terms, 2, "terms name the documents of their own tenant");
}

/// The reads that arrive may be those that the trigger waits for.
#[test]
fn reads_that_wait_are_not_lost_where_they_arrive() {
    let mut databases = Databases::new();
    let read = "INSERT INTO config_reads (tenant_id, project_id, performed_by, at, secrets) VALUES (?1, 'p', 'u', 1, '[[\"k\",1]]')";
    let reads = |connection: &Connection, tenant: &str| -> i64 {
        let text = "SELECT (SELECT count(*) FROM main.config_reads WHERE tenant_id = ?1) + \
             (SELECT count(*) FROM main.config_audit WHERE tenant_id = ?1 AND action = 'read' AND config_key = 'k')";
        connection.query_row(text, [tenant], |row| row.get(0)).unwrap()
    };
    for _ in 0..37 {
        databases.from.execute(read, ["moving"]).unwrap();
    }
    for _ in 0..14 {
        databases.to.execute(read, ["there before"]).unwrap();
    }
    databases.moves("moving");
    assert_eq!([reads(&databases.to, "moving"), reads(&databases.to, "there before")], [37, 14]);
    assert_eq!(reads(&databases.from, "moving"), 0);
    let waiting: i64 = databases.to.query_row("SELECT count(*) FROM config_reads", [], |row| row.get(0)).unwrap();
    assert_eq!(waiting, 3, "two of five reads that waited came with the fourteen to sixteen");
}

#[test]
fn a_licence_moves_with_its_authorisations() {
    let mut databases = Databases::new();
    let names = |connection: &Connection, table: &str| {
        let names = columns(connection, table).into_iter().map(|(name, _)| name);
        names.filter(|name| name != "seq" && name != "key_seq").collect::<Vec<_>>()
    };
    for (number, tag) in ["stays", "moves"].iter().enumerate() {
        for table in ["service_keys", "key_authorizations"] {
            let names = names(&databases.from, table);
            let mut values: Vec<Value> = names.iter().map(|name| format!("{name} of {tag}").into()).collect();
            let mut all = names.join(", ");
            if table == "key_authorizations" {
                all.push_str(", key_seq");
                values.push(i64::try_from(number + 1).unwrap().into());
            } else {
                let at = names.iter().position(|name| name == "tag").unwrap();
                *values.get_mut(at).unwrap() = (*tag).to_owned().into();
            }
            let places: Vec<_> = (1..=values.len()).map(|place| format!("?{place}")).collect();
            let insert = format!("INSERT INTO {table} ({all}) VALUES ({})", places.join(", "));
            databases.from.execute(&insert, rusqlite::params_from_iter(values)).unwrap();
        }
    }
    let rows = |connection: &Connection, table: &str| -> Vec<Vec<Value>> {
        let names = names(connection, table);
        let mut statement = connection.prepare(&format!("SELECT {} FROM main.{table}", names.join(", "))).unwrap();
        let row = |row: &rusqlite::Row| (0..names.len()).map(|at| row.get(at)).collect();
        statement.query_map([], row).unwrap().map(Result::unwrap).collect()
    };
    let before = ["service_keys", "key_authorizations"].map(|table| rows(&databases.from, table));

    let source = databases.folder.join("from.db");
    databases.to.execute("ATTACH ?1 AS source", [source.to_str().unwrap()]).unwrap();
    run(&mut databases.to, &placement::licences_arrive(), r#"["moves"]"#);
    databases.to.execute("DETACH source", []).unwrap();
    run(&mut databases.from, &placement::licences_leave(), r#"["moves"]"#);

    for (table, before) in ["service_keys", "key_authorizations"].into_iter().zip(before) {
        let [stays, moves] = <[Vec<Value>; 2]>::try_from(before).unwrap();
        assert_eq!(rows(&databases.from, table), [stays]);
        assert_eq!(rows(&databases.to, table), [moves]);
    }
    let refers = "SELECT count(*) FROM key_authorizations a JOIN service_keys k ON k.seq = a.key_seq";
    assert_eq!(databases.to.query_row(refers, [], |row| row.get::<_, i64>(0)).unwrap(), 1);
}
