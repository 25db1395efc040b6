//! Beside the floor of the disk: the smallest durable request beside one block that is flushed, and beside one row in a
//! database of SQLite, each by one writer without a server. A file that grows has its length flushed, too; the log of a
//! database that has run for a while does not grow.

use std::{fs::OpenOptions, io::Write as _, os::unix::fs::FileExt as _, path::Path, time::Instant};

use rusqlite::Connection;

use super::{Bench, Row, Side};
use crate::{load::Step, operation::Operation};

const BLOCK: [u8; 4096] = [7; 4096];

/// How many blocks are overwritten in turn, and how many rows a database has before it is measured: its log is as long by then
/// as it becomes.
const BLOCKS: u64 = 1_024;
const ROWS: u32 = 2_000;

pub fn rows(bench: &Bench<'_>) -> Result<Vec<Row>, String> {
    let operation = Operation::FloorWrite;
    if !bench.plan.wants(operation.name()) {
        return Ok(Vec::new());
    }
    let folder = &bench.peers.state.0;
    let one = |open| Some(Side::Steps { server: None, sessions: 1, open });
    Ok(vec![
        bench.operation(operation, "disk, 4 KiB append and fdatasync", one(&|_| append(&folder.join("appended"))))?,
        bench.operation(
            operation,
            "disk, 4 KiB overwritten and fdatasync",
            one(&|_| overwrite(&folder.join("overwritten"))),
        )?,
        bench.operation(operation, "SQLite, WAL and FULL, 1 writer", one(&|_| insert(&folder.join("inserted.db"))))?,
    ])
}

fn append(path: &Path) -> Result<Step<'static>, String> {
    let failed = |error: std::io::Error| format!("an append: {error}");
    let mut file = OpenOptions::new().create(true).append(true).open(path).map_err(failed)?;
    Ok(Box::new(move || {
        let sent = Instant::now();
        file.write_all(&BLOCK).and_then(|()| file.sync_data()).map_err(failed)?;
        Ok(sent.elapsed())
    }))
}

fn overwrite(path: &Path) -> Result<Step<'static>, String> {
    let failed = |error: std::io::Error| format!("an overwritten block: {error}");
    let mut options = OpenOptions::new();
    let file = options.create(true).truncate(false).write(true).open(path).map_err(failed)?;
    for number in 0..BLOCKS {
        file.write_all_at(&BLOCK, number * 4096).map_err(failed)?;
    }
    file.sync_all().map_err(failed)?;
    let mut number = 0;
    Ok(Box::new(move || {
        number = (number + 1) % BLOCKS;
        let sent = Instant::now();
        file.write_all_at(&BLOCK, number * 4096).and_then(|()| file.sync_data()).map_err(failed)?;
        Ok(sent.elapsed())
    }))
}

fn insert(path: &Path) -> Result<Step<'static>, String> {
    let failed = |error: rusqlite::Error| format!("SQLite: {error}");
    let connection = Connection::open(path).map_err(failed)?;
    connection.pragma_update(None, "journal_mode", "WAL").map_err(failed)?;
    connection.pragma_update(None, "synchronous", "OFF").map_err(failed)?;
    connection
        .execute("CREATE TABLE IF NOT EXISTS bench (id INTEGER PRIMARY KEY, text TEXT NOT NULL)", ())
        .map_err(failed)?;
    let row = "x".repeat(100);
    for _ in 0..ROWS {
        insert_row(&connection, &row).map_err(failed)?;
    }
    connection.pragma_update(None, "synchronous", "FULL").map_err(failed)?;
    Ok(Box::new(move || {
        let sent = Instant::now();
        insert_row(&connection, &row).map_err(failed)?;
        Ok(sent.elapsed())
    }))
}

fn insert_row(connection: &Connection, row: &str) -> rusqlite::Result<()> {
    connection.prepare_cached("INSERT INTO bench (text) VALUES (?1)")?.execute([row])?;
    Ok(())
}
