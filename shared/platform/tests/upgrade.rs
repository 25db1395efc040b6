//! A database of an earlier schema, with data in it, is brought up to date and keeps its data.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::HashMap;

use chancery_platform::{Statement, migrations, runtime};

#[tokio::test]
async fn nonces_of_the_earlier_schema_stay_spent() {
    let folder = std::env::temp_dir().join(format!("upgrade-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("db.sqlite");
    let connection = rusqlite::Connection::open(&file).unwrap();
    connection.execute(migrations::CREATE_TABLE, []).unwrap();
    for migration in migrations::MIGRATIONS.iter().take_while(|migration| migration.name < "0008") {
        connection.execute_batch(migration.text).unwrap();
        connection.execute(migrations::RECORD, (migration.name, 0)).unwrap();
    }
    connection
        .execute_batch(
            "INSERT INTO request_marks (mark, expires_at, caller, level) VALUES ('spent', 9, 'root', 'system');
             INSERT INTO service_directory (name, url) VALUES ('a', 'https://a.example');",
        )
        .unwrap();
    drop(connection);

    let host = runtime::host(&file, HashMap::new()).unwrap();
    let nonces = host.sql.query(Statement::new("SELECT nonce, expires_at, caller, level FROM request_nonces"));
    let nonces = nonces.await.unwrap();
    let row = nonces.first().unwrap();
    assert_eq!((row.get::<String>("nonce").unwrap().as_str(), row.get::<i64>("expires_at").unwrap()), ("spent", 9));
    let again = Statement::new(
        "INSERT INTO request_nonces (nonce, expires_at, caller, level) VALUES ('spent', 9, 'root', 'system')",
    );
    let error = host.sql.batch(vec![again]).await.unwrap_err();
    assert!(error.is_unique("request_nonces.nonce"), "{error}");
    let entries = host.sql.query(Statement::new("SELECT name FROM service_directory")).await.unwrap();
    assert_eq!(entries.len(), 1);
    std::fs::remove_dir_all(&folder).unwrap();
}
