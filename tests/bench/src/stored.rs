//! What each operation leaves in the database: bytes, and rows with the entries of their indexes, which is what D1 counts as
//! rows written. Natively, through the API, as callers send it.

use std::{collections::BTreeMap, path::Path};

use chancery_tests::{
    native,
    variables::{Variables, random_bytes, random_uuid},
};
use crypto::hash;
use rusqlite::{Connection as Database, OpenFlags};
use serde_json::json;

use crate::{
    Plan,
    caller::Caller,
    config_api::{self, Server},
    configuration,
    connection::Connection,
    consents,
    deployment::Engine,
    measure::{self, State},
    operation::{Api, Operation, signed},
    qnsp,
    report::Table,
};

const NONCES: &str = "request_nonces";
const LOG: &str = "audit_entries";

/// A name, the status that is expected, and the request with a number.
type Asked<'a> = (&'static str, u16, Box<dyn Fn(u32) -> Vec<u8> + 'a>);

/// What a table has, with its indexes.
#[derive(Clone, Copy, Default)]
struct Size {
    bytes: i64,
    entries: i64,
}

pub fn run(plan: &Plan, count: u32) -> Result<(), String> {
    let state = State::new(plan, Engine::Native.name())?;
    // No copies, so that a signed read stores its nonce before its answer.
    let variables = Variables::random().with("CACHE_SECONDS", "0").with("QNSP_RATE_LIMIT", "1000000000");
    let deployment = Engine::Native.start(&state.0, &variables)?;
    let (license, tokens) = measure::prepare(deployment.address, &variables, &[Server::Chancery])?;
    let new = |license: &str| Caller::new(&variables, license).map_err(|error| error.to_string());
    let (root, caller) = (new(variables.get("ROOT_LICENSE_KEY"))?, new(&license)?.with_tokens(&tokens, 0));
    let database = state.0.join(native::DATABASE);
    let mut connection = Connection::to(deployment.address);
    let mut rows =
        vec![["request", "bytes kept", "of them log", "bytes of nonce", "rows written"].map(str::to_owned).to_vec()];
    for (name, status, request) in asked(&root, &caller).iter().filter(|(name, ..)| plan.wants(name)) {
        eprintln!("… {name}");
        let before = sizes(&database).map_err(|error| error.to_string())?;
        for number in 0..count {
            let answer = connection.call(&request(number)).map_err(|error| format!("{name}: {error}"))?;
            if answer.status != *status {
                return Err(format!("{name}: {} {}", answer.status, String::from_utf8_lossy(answer.body)));
            }
        }
        let after = sizes(&database).map_err(|error| error.to_string())?;
        rows.push(row(name, &grown(&before, &after), count));
    }
    println!("per request, of {count} each\n\n{}\n", Table::from(rows));
    println!("per row, with its indexes\n\n{}\n", Table::from(tables(&database).map_err(|error| error.to_string())?));
    deployment.stop()
}

fn asked<'a>(root: &'a Caller, caller: &'a Caller) -> Vec<Asked<'a>> {
    let of = |operation: Operation| -> Asked<'a> {
        (operation.name(), operation.expected_status(), Box::new(move |_| operation.request(caller)))
    };
    let known = [
        Operation::LicenseCheck,
        Operation::FetchOne,
        Operation::FetchFifty,
        Operation::Configuration(configuration::Request::Fresh),
        Operation::Put,
        Operation::Configuration(configuration::Request::Set),
        Operation::Consent(consents::Request::Put),
        Operation::Config(Server::Chancery, config_api::Request::Patch),
        Operation::Config(Server::Chancery, config_api::Request::Resolve),
        Operation::Qnsp(qnsp::Request::Quotas),
        Operation::Qnsp(qnsp::Request::Evaluate),
        Operation::Qnsp(qnsp::Request::WriteVersion),
        Operation::Qnsp(qnsp::Request::ReadVersion),
        Operation::Qnsp(qnsp::Request::WriteDocument),
        Operation::Qnsp(qnsp::Request::Sign),
    ];
    let mut all: Vec<Asked<'a>> = vec![
        ("licence PUT", 200, Box::new(move |_| licence(root))),
        ("licence, made member", 200, Box::new(move |number| member(root, number))),
        ("config: item POST", 201, Box::new(move |number| item(caller, number))),
        ("qnsp: tenant PUT", 201, Box::new(move |_| tenant(root))),
    ];
    all.extend(known.map(of));
    all
}

fn licence(root: &Caller) -> Vec<u8> {
    let body = json!({
        "tag": format!("acme-{}", hash::hex(&random_bytes::<8>())), "authLevel": "app", "modules": { "mod_core": true },
    });
    signed(root, Api::Licenses, "PUT", "/licenses/servicekey", &body.to_string())
}

fn member(root: &Caller, number: u32) -> Vec<u8> {
    let body = json!({ "keyTag": "bench", "communityId": format!("{number:024x}"), "communityName": "Acme" });
    signed(root, Api::Licenses, "PUT", "/licenses/community/servicekey", &body.to_string())
}

fn item(caller: &Caller, number: u32) -> Vec<u8> {
    let body = json!({
        "key": format!("made-{number}"), "name": format!("Setting {number}"), "value": "https://api.example.com/v1",
        "tags": ["all", "team"],
    });
    config_api::send(Server::Chancery, &caller.tokens, "POST", "/groups/bench/items", &body.to_string())
}

fn tenant(root: &Caller) -> Vec<u8> {
    let body = json!({ "name": format!("tenant-{}", random_uuid()), "tier": "enterprise-pro" });
    signed(root, Api::Caas, "PUT", "/caas/qnsp/tenants", &body.to_string())
}

fn open(file: &Path) -> rusqlite::Result<Database> {
    Database::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY)
}

/// Of every table, by its name. Inner pages hold entries, too, but those of a table with row ids hold copies of these alone.
fn sizes(file: &Path) -> rusqlite::Result<BTreeMap<String, Size>> {
    let database = open(file)?;
    let mut statement = database.prepare(
        "SELECT s.tbl_name, sum(d.pgsize), sum(iif(d.pagetype = 'leaf' OR s.type = 'index' OR l.wr, d.ncell, 0)) \
         FROM dbstat d JOIN sqlite_schema s ON s.name = d.name \
         LEFT JOIN pragma_table_list l ON l.schema = 'main' AND l.name = s.name GROUP BY s.tbl_name",
    )?;
    statement.query_map([], |row| Ok((row.get(0)?, Size { bytes: row.get(1)?, entries: row.get(2)? })))?.collect()
}

fn grown(before: &BTreeMap<String, Size>, after: &BTreeMap<String, Size>) -> BTreeMap<String, Size> {
    let since = |(table, size): (&String, &Size)| {
        let old = before.get(table).copied().unwrap_or_default();
        (table.clone(), Size { bytes: size.bytes - old.bytes, entries: size.entries - old.entries })
    };
    after.iter().map(since).collect()
}

fn row(name: &str, grown: &BTreeMap<String, Size>, count: u32) -> Vec<String> {
    let of = |table: &str| grown.get(table).copied().unwrap_or_default();
    let kept: i64 = grown.iter().filter(|(table, _)| *table != NONCES).map(|(_, size)| size.bytes).sum();
    let entries: i64 = grown.values().map(|size| size.entries).sum();
    let each = |number: i64| (number / i64::from(count)).to_string();
    let tenths = entries * 10 / i64::from(count);
    vec![
        name.to_owned(),
        each(kept),
        each(of(LOG).bytes),
        each(of(NONCES).bytes),
        format!("{}.{}", tenths / 10, tenths % 10),
    ]
}

/// The tables in which a row takes less than a page, the most numerous first.
fn tables(file: &Path) -> rusqlite::Result<Vec<Vec<String>>> {
    let database = open(file)?;
    let mut found = Vec::new();
    for (table, size) in sizes(file)? {
        let rows: i64 = database.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0))?;
        if rows >= 500 {
            found.push((rows, table, size));
        }
    }
    found.sort_by(|one, other| (other.0, &one.1).cmp(&(one.0, &other.1)));
    let mut shown = vec![["table", "rows", "bytes a row", "entries a row"].map(str::to_owned).to_vec()];
    for (rows, table, size) in found {
        let tenths = size.entries * 10 / rows;
        shown.push(vec![
            table,
            rows.to_string(),
            (size.bytes / rows).to_string(),
            format!("{}.{}", tenths / 10, tenths % 10),
        ]);
    }
    Ok(shown)
}
