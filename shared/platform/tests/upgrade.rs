//! A database of an earlier schema, with data in it, is brought up to date and keeps its data.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::atomic::{AtomicU32, Ordering},
};

use chancery_platform::{Row, Statement, migrations, runtime};

const UPPER: &str = "0123456789ABCDEF01234567";
const MIXED: &str = "0123456789abcdEF01234567";
const LOWER: &str = "0123456789abcdef01234567";

/// A database of the schema before a migration, with these rows in it, brought up to date.
struct Upgraded {
    folder: PathBuf,
    host: chancery_platform::Host,
}

impl Upgraded {
    fn from_before(migration: &str, rows: &str) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("upgrade-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("db.sqlite");
        let connection = rusqlite::Connection::open(&file).unwrap();
        connection.execute(migrations::CREATE_TABLE, []).unwrap();
        for earlier in migrations::MIGRATIONS.iter().take_while(|earlier| earlier.name < migration) {
            connection.execute_batch(earlier.text).unwrap();
            connection.execute(migrations::RECORD, (earlier.name, 0)).unwrap();
        }
        connection.execute_batch(rows).unwrap();
        drop(connection);
        let host = runtime::host(&file, HashMap::new()).unwrap();
        Self { folder, host }
    }

    async fn rows(&self, select: &'static str) -> Vec<Row> {
        self.host.sql.query(Statement::new(select)).await.unwrap()
    }

    /// The one column `text` of the rows.
    async fn texts(&self, select: &'static str) -> Vec<String> {
        self.rows(select).await.iter().map(|row| row.get("text").unwrap()).collect()
    }
}

impl Drop for Upgraded {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

#[tokio::test]
async fn nonces_of_an_earlier_schema_go_and_new_ones_are_stored_once() {
    let upgraded = Upgraded::from_before(
        "0008",
        "INSERT INTO request_marks (mark, expires_at, caller, level) VALUES ('spent', 9, 'root', 'system');
         INSERT INTO service_directory (name, url) VALUES ('a', 'https://a.example');",
    );
    assert!(upgraded.texts("SELECT nonce AS text FROM request_nonces").await.is_empty());
    let store =
        || Statement::new("INSERT INTO request_nonces (nonce, caller, level) VALUES ('6b49d200ab', 'root', 'system')");
    upgraded.host.sql.batch(vec![store()]).await.unwrap();
    let error = upgraded.host.sql.batch(vec![store()]).await.unwrap_err();
    assert!(error.is_unique("request_nonces.nonce"), "{error}");
    assert_eq!(upgraded.texts("SELECT name AS text FROM service_directory").await, ["a"]);
}

#[tokio::test]
async fn of_several_authorisations_the_authorised_one_that_expires_last_stays() {
    let keys = "INSERT INTO service_keys (seq, id, type, tag, key_id, secret_hash, sealed_secret, expires_at, auth_level, \
         created_at, updated_at) SELECT value, value, 'hawk', value, value, value, x'00', 0, 'app', 0, 0 \
         FROM json_each('[1,2,3]');";
    let rows = format!(
        "{keys} INSERT INTO key_authorizations (id, key_seq, community_id, is_authorized, expires_at, created_at) VALUES \
         ('withdrawn', 1, '{UPPER}', 0, 9, 0), ('shorter', 1, '{LOWER}', 1, 7, 0), ('longer', 1, '{MIXED}', 1, 8, 0), \
         ('only', 2, '{UPPER}', 0, 5, 0), ('other', 3, 'Main', 1, 5, 0);"
    );
    let upgraded = Upgraded::from_before("0009", &rows);
    let select = "SELECT id || ' ' || community_id AS text FROM key_authorizations ORDER BY key_seq";
    let expected = [format!("longer {LOWER}"), format!("only {LOWER}"), "other Main".to_owned()];
    assert_eq!(upgraded.texts(select).await, expected);
}

#[tokio::test]
async fn secrets_are_found_under_the_lower_case_id_and_know_what_they_were_sealed_for() {
    let rows = format!(
        "INSERT INTO secrets (tenant_id, community_id, tag, sealed, created_by, created_ts) VALUES \
         ('t', '{UPPER}', 'a', x'01', 'x', 1), ('t', 'Main', 'a', x'02', 'x', 1), \
         ('t', '{UPPER}', 'twice', x'03', 'x', 1), ('t', '{MIXED}', 'twice', x'04', 'x', 2), \
         ('t', '{UPPER}', 'kept', x'05', 'x', 9), ('t', '{LOWER}', 'kept', x'06', 'x', 1), \
         ('u', '{UPPER}', 'a', x'07', 'x', 1);"
    );
    let upgraded = Upgraded::from_before("0009", &rows);
    let select = "SELECT hex(sealed) || ' ' || community_id || ' ' || coalesce(sealed_community_id, '') AS text \
         FROM secrets ORDER BY sealed";
    let expected = [
        format!("01 {LOWER} {UPPER}"),
        "02 Main ".to_owned(),
        format!("03 {UPPER} "),
        format!("04 {LOWER} {MIXED}"),
        format!("05 {UPPER} "),
        format!("06 {LOWER} "),
        format!("07 {LOWER} {UPPER}"),
    ];
    assert_eq!(upgraded.texts(select).await, expected);
}

#[tokio::test]
async fn consents_of_several_spellings_are_one_history_in_the_order_of_time() {
    let rows = format!(
        "INSERT INTO consents (tenant_id, community_id, type, revision, consent_id, is_enabled, updated_at, updated_by) VALUES \
         ('t', '{UPPER}', 'a', 1, 'first', 1, 10, 'x'), ('t', '{UPPER}', 'a', 2, 'third', 1, 30, 'x'), \
         ('t', '{UPPER}', 'a', 3, 'fourth', 1, 5, 'x'), ('t', '{LOWER}', 'a', 1, 'second', 1, 20, 'x'), \
         ('t', '{LOWER}', 'a', 2, 'fifth', 0, 40, 'x'), ('t', 'Main', 'a', 1, 'other', 1, 1, 'x'); \
         INSERT INTO consent_documents (tenant_id, community_id, consent_id, document) VALUES \
         ('t', '{UPPER}', 'first', '{{}}'), ('t', '{LOWER}', 'second', '{{}}');"
    );
    let upgraded = Upgraded::from_before("0009", &rows);
    let select = "SELECT revision || ' ' || consent_id || ' ' || community_id AS text FROM consents \
         ORDER BY community_id, revision";
    let mut expected: Vec<_> =
        ["1 first", "2 second", "3 third", "4 fourth", "5 fifth"].iter().map(|row| format!("{row} {LOWER}")).collect();
    expected.push("1 other Main".to_owned());
    assert_eq!(upgraded.texts(select).await, expected);
    let documents = "SELECT consent_id || ' ' || community_id AS text FROM consent_documents ORDER BY consent_id";
    assert_eq!(upgraded.texts(documents).await, [format!("first {LOWER}"), format!("second {LOWER}")]);
}

#[tokio::test]
async fn the_configuration_of_a_community_is_found_under_its_context_with_its_history() {
    let context = |community: &str| format!(r#"{{"communityId":"{community}","tenantId":"t ü"}}"#);
    let internal = r#"{"communityId":"Main","internal":true,"tenantId":"t"}"#;
    let app = r#"{"appId":"{\"communityId\":\"x\"}"}"#;
    let (upper, lower) = (context(UPPER), context(LOWER));
    let rows = format!(
        "INSERT INTO configs (context_key, context, data, revision, updated_by, updated_at) VALUES \
         ('hash of upper', '{upper}', '{{\"a\":1}}', 2, 'x', 20), ('hash of lower', '{lower}', '{{\"b\":1}}', 1, 'x', 10), \
         ('hash of main', '{internal}', NULL, 1, 'x', 10), ('hash of app', '{app}', '{{}}', 1, 'x', 10); \
         INSERT INTO config_revisions (context_key, revision, action, key_path, previous, updated_by, updated_at) VALUES \
         ('hash of upper', 1, 'set', 'first', NULL, 'x', 10), ('hash of upper', 2, 'set', 'second', NULL, 'x', 20), \
         ('hash of lower', 1, 'set', 'kept', NULL, 'x', 10), ('hash of app', 1, 'set', 'app', NULL, 'x', 10);"
    );
    let upgraded = Upgraded::from_before("0009", &rows);
    let select =
        "SELECT context_key || ' ' || context || ' ' || coalesce(data, '-') AS text FROM configs ORDER BY rowid";
    let expected = [
        format!(r#"{lower} {lower} {{"a":1}}"#),
        format!(r#"hash of lower {lower} {{"b":1}}"#),
        format!("{internal} {internal} -"),
        format!("hash of app {app} {{}}"),
    ];
    assert_eq!(upgraded.texts(select).await, expected);
    let revisions =
        "SELECT context_key || ' ' || revision || ' ' || key_path AS text FROM config_revisions ORDER BY rowid";
    let expected = [
        format!("{lower} 1 first"),
        format!("{lower} 2 second"),
        "hash of lower 1 kept".to_owned(),
        "hash of app 1 app".to_owned(),
    ];
    assert_eq!(upgraded.texts(revisions).await, expected);
}
