//! A small host for the components of a Spin manifest, so that tests run the very files that are
//! deployed where no Spin is installed. It copies Spin's behaviour, not its breadth: HTTP triggers,
//! SQLite, key-value, PostgreSQL and variables, for tests on loopback only.

mod application;
mod arguments;
mod bindings;
mod database;
mod guest;
mod instances;
mod key_value;
mod manifest;
mod outbound;
mod postgres;
mod routes;
mod rows;
mod server;
mod sqlite;
mod variables;

use application::Application;
use arguments::Arguments;
use std::process::ExitCode;
use std::sync::Arc;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use wasmtime::Result;
use wasmtime::error::Context as _;

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        // Blocking statements may still wait for a lock; the process does not wait for them.
        Ok(()) => std::process::exit(0),
        Err(error) => {
            eprintln!("chancery-host: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<()> {
    let arguments = Arguments::from_process()?;
    let until_stdin_closes = arguments.until_stdin_closes;
    let mut terminate = signal(SignalKind::terminate())?;

    let listener =
        TcpListener::bind(arguments.listen).await.with_context(|| format!("cannot listen on {}", arguments.listen))?;
    let address = listener.local_addr()?;
    let application = Application::load(arguments, address).await?;
    let ready = serde_json::json!({ "ready": format!("http://{address}") });
    println!("{ready}");

    tokio::select! {
        served = server::serve(listener, Arc::new(application)) => served,
        _ = terminate.recv() => Ok(()),
        _ = tokio::signal::ctrl_c() => Ok(()),
        () = stdin_closed(), if until_stdin_closes => Ok(()),
    }
}

async fn stdin_closed() {
    let mut ignored = [0; 64];
    while tokio::io::stdin().read(&mut ignored).await.is_ok_and(|n| n > 0) {}
}
