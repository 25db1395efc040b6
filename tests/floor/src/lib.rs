//! What benchmarks compare with: a function that only answers, and one that only asks the storage, on the same stack
//! as all others. Not a part of the product; no route table knows it.

use axum::{Json, Router, extract::State, routing::get};
use crypto::hash;
use platform::{Host, Statement, clock, random};
use serde::Serialize;
use service::{Anonymous, App, Result, Shape};

pub async fn app(host: Host) -> Router {
    App::new(host).await.serve(router(), Shape::Kosmos)
}

platform::export!(app);

fn router() -> Router<App> {
    Router::new()
        .route("/floor", get(answer))
        .route("/floor/query", get(query_and_answer))
        .route("/floor/batch", get(batch_and_answer))
        .route("/floor/write", get(write_and_answer))
}

/// About as long as the answer of a licence check.
#[derive(Serialize)]
struct Fixed {
    modules: [&'static str; 0],
    #[serde(rename = "isAuthorized")]
    is_authorized: bool,
    expiry: &'static str,
    #[serde(rename = "authLevel")]
    auth_level: &'static str,
    tag: &'static str,
}

async fn answer() -> Json<Fixed> {
    Json(Fixed {
        modules: [],
        is_authorized: true,
        expiry: "2030-01-01T00:00:00.000Z",
        auth_level: "service",
        tag: "floor",
    })
}

/// One statement that reads a row by a unique key.
async fn query_and_answer(State(app): State<App>) -> Result<Json<Fixed>> {
    app.query(select()).await?;
    Ok(answer().await)
}

/// The least that a signed read asks of the storage: its nonce and one row, atomically.
async fn batch_and_answer(State(app): State<App>) -> Result<Json<Fixed>> {
    let mut batch = Anonymous::background(&app).batch();
    batch.push(insert()?);
    batch.push(select());
    batch.read().await?;
    Ok(answer().await)
}

/// The least that a change asks of the storage: one row, and the disk has it.
async fn write_and_answer(State(app): State<App>) -> Result<Json<Fixed>> {
    let mut batch = Anonymous::background(&app).batch();
    batch.push(insert()?);
    batch.write().await?;
    Ok(answer().await)
}

fn insert() -> Result<Statement> {
    let insert = Statement::new("INSERT INTO request_nonces (nonce, caller, level) VALUES (?1, ?2, ?3)");
    let nonce = format!("{:08x}{}", clock::now_ms() / 1000, hash::hex(&random::bytes::<16>()?));
    Ok(insert.bind(nonce).bind("floor").bind("service"))
}

fn select() -> Statement {
    Statement::new("SELECT id, tag, auth_level, modules, expires_at FROM service_keys WHERE tag = ?1").bind("bench")
}
