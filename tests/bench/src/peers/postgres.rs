//! Beside PostgreSQL: durable changes beside one durable `INSERT`, and a lease beside a bare `CREATE ROLE`.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Instant,
};

use chancery_tests::postgres::{ADMIN, DATABASE, PASSWORD, Postgres};
use serde_json::json;
use tokio_postgres::{Client, NoTls, Statement};

use super::{Bench, Row, Side, loopback};
use crate::{config_api::text, configuration, connection::Connection, load::Step, operation::Operation};

const LEASE: &str = "lease, one after the other";

/// What is compared with one `INSERT`, the smallest first.
const DURABLE: [Operation; 3] =
    [Operation::FloorWrite, Operation::Configuration(configuration::Request::Set), Operation::Put];

pub fn rows(bench: &Bench<'_>) -> Result<Vec<Row>, String> {
    let Some(server) = &bench.peers.postgres else { return Ok(Vec::new()) };
    let mut rows = Vec::new();
    for statement in [
        "CREATE TABLE IF NOT EXISTS bench (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, text text NOT NULL)",
        "DO $$ BEGIN CREATE ROLE reader; EXCEPTION WHEN duplicate_object THEN NULL; END $$",
    ] {
        server.as_admin(statement).map_err(|error| failed(&error))?;
    }
    let open = |_| insert(server);
    let theirs = Side::Steps { server: Some(server.process_id()), sessions: bench.plan.connections, open: &open };
    for operation in DURABLE.into_iter().filter(|operation| bench.plan.wants(operation.name())) {
        rows.push(bench.operation(operation, "PostgreSQL, INSERT", Some(theirs))?);
    }
    if bench.plan.wants(LEASE) {
        rows.push(lease(bench, server)?);
    }
    Ok(rows)
}

fn failed(error: &dyn std::fmt::Debug) -> String {
    format!("PostgreSQL: {error:?}")
}

/// A session of its own, in which each row is a transaction of its own.
fn insert(server: &Postgres) -> Result<Step<'static>, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| failed(&error))?;
    let (client, statement) = runtime.block_on(connect(server.port))?;
    let row = "x".repeat(100);
    Ok(Box::new(move || {
        let sent = Instant::now();
        runtime.block_on(client.execute(&statement, &[&row])).map_err(|error| failed(&error))?;
        Ok(sent.elapsed())
    }))
}

async fn connect(port: u16) -> Result<(Client, Statement), String> {
    let stream = tokio::net::TcpStream::connect(loopback(port)).await.map_err(|error| failed(&error))?;
    stream.set_nodelay(true).map_err(|error| failed(&error))?;
    let mut config = tokio_postgres::Config::new();
    config.user(ADMIN).password(PASSWORD).dbname(DATABASE);
    let (client, connection) = config.connect_raw(stream, NoTls).await.map_err(|error| failed(&error))?;
    tokio::spawn(connection);
    // As it is shipped, and whatever the server's own settings say.
    client.batch_execute("SET synchronous_commit = on").await.map_err(|error| failed(&error))?;
    let statement = client.prepare("INSERT INTO bench (text) VALUES ($1)").await.map_err(|error| failed(&error))?;
    Ok((client, statement))
}

/// One after the other: each makes a user in a session of its own. Ours spends the time of several processes.
fn lease(bench: &Bench<'_>, server: &Postgres) -> Result<Row, String> {
    let config = json!({
        "name": "bench", "type": "database", "ttl": { "default": "PT15M", "max": "PT1H" },
        "backend": { "type": "postgres", "connectionString": server.url(ADMIN, PASSWORD) },
        "template": { "roleTemplate": "reader" },
    });
    let config = text(&bench.make("/vault/v1/dynamic-secrets/configs", &config)?, "configId")?;
    let request = bench.owner("POST", &format!("/vault/v1/dynamic-secrets/configs/{config}/credentials"), &json!({}));
    let ours = |_| -> Result<Step<'_>, String> {
        let mut connection = Connection::to(bench.deployment.address);
        let request = &request;
        Ok(Box::new(move || {
            let sent = Instant::now();
            let answer = connection.call(request).map_err(|error| format!("a lease: {error}"))?;
            if answer.status != 200 {
                return Err(format!("a lease: {} {}", answer.status, String::from_utf8_lossy(answer.body)));
            }
            Ok(sent.elapsed())
        }))
    };
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let theirs = |_| -> Result<Step<'_>, String> {
        Ok(Box::new(move || {
            let number = NUMBER.fetch_add(1, Ordering::Relaxed);
            let create =
                format!("CREATE ROLE bench_{number} LOGIN PASSWORD 'password' VALID UNTIL '2100-01-01' IN ROLE reader");
            let sent = Instant::now();
            server.as_admin(&create).map_err(|error| failed(&error))?;
            Ok(sent.elapsed())
        }))
    };
    let ours = Side::Steps { server: None, sessions: 1, open: &ours };
    let theirs = Side::Steps { server: None, sessions: 1, open: &theirs };
    bench.beside(LEASE, "PostgreSQL, CREATE ROLE", ours, Some(theirs))
}
