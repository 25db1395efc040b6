//! Operations beside the servers that others use for the same work, and beside the floor of this disk, in one run: OpenBao's
//! transit engine and key-value store, etcd, and PostgreSQL's `INSERT` and `CREATE ROLE`. Ours and theirs take turns, and the
//! middle of three rounds is shown. Ours, etcd and PostgreSQL keep their state side by side and answer a change once it is
//! durable there; OpenBao keeps everything in memory.

mod disk;
mod etcd;
mod openbao;
mod postgres;

use std::net::SocketAddr;

use chancery_tests::{openbao::OpenBao, postgres::Postgres, variables::Variables};
use etcd::Etcd;
use serde_json::Value;

use crate::{
    Plan,
    caller::Caller,
    config_api::{Server, created},
    connection::Connection,
    deployment::{Deployment, Engine},
    load::{self, Asked, Cell, Open},
    measure::{self, State},
    operation::Operation,
    process,
    qnsp::with_token,
    report::Table,
};

const ROUNDS: usize = 3;

const HEAD: [&str; 9] =
    ["", "beside", "ours, req/s", "CPU µs", "p99 ms", "theirs, req/s", "CPU µs", "p99 ms", "ours ÷ theirs"];

type Row = Vec<String>;

pub fn run(plan: &Plan) -> Result<(), String> {
    println!(
        "load average {} before; {} connections, {} s per cell, the middle of {ROUNDS} rounds; {}; OpenBao keeps everything in \
         memory\n",
        process::load_average(),
        plan.connections,
        plan.seconds,
        State::kind(plan),
    );
    let peers = Peers::start(plan)?;
    for engine in &plan.runtimes {
        if let Some(reason) = engine.missing() {
            println!("{}: not measured, {reason}\n", engine.title());
            continue;
        }
        let bench = Bench::start(plan, *engine, &peers)?;
        let mut rows = vec![HEAD.map(str::to_owned).to_vec()];
        rows.extend(etcd::rows(&bench)?);
        rows.extend(openbao::rows(&bench)?);
        rows.extend(postgres::rows(&bench)?);
        rows.extend(disk::rows(&bench)?);
        println!("{}, beside others\n\n{}\n", engine.title(), Table::from(rows));
        bench.deployment.stop()?;
    }
    println!("load average {} after", process::load_average());
    Ok(())
}

/// Those that are installed, each with its data in the same folder as ours.
struct Peers {
    openbao: Option<OpenBao>,
    etcd: Option<Etcd>,
    postgres: Option<Postgres>,
    state: State,
}

impl Peers {
    fn start(plan: &Plan) -> Result<Self, String> {
        let state = State::new(plan, "peers")?;
        let peers = Self {
            openbao: OpenBao::start_if_installed(),
            etcd: Etcd::start_if_installed(&state.0.join("etcd"))?,
            postgres: Postgres::start_durable(&state.0),
            state,
        };
        let are_there = [
            ("OpenBao", peers.openbao.is_some()),
            ("etcd", peers.etcd.is_some()),
            ("PostgreSQL", peers.postgres.is_some()),
        ];
        for (name, _) in are_there.iter().filter(|(_, is_there)| !is_there) {
            println!("{name}: not compared, it is not installed; scripts/setup peers installs it\n");
        }
        if let Some(server) = &peers.openbao {
            openbao::prepare(server);
        }
        Ok(peers)
    }
}

/// What is asked in one of two turns.
#[derive(Clone, Copy)]
enum Side<'a> {
    /// Over as many connections as the plan has.
    Requests { server: u32, address: SocketAddr, status: u16, request: &'a (dyn Fn(usize) -> Vec<u8> + Sync) },
    /// By sessions of another kind.
    Steps { server: Option<u32>, sessions: usize, open: &'a Open<'a> },
}

struct Bench<'a> {
    plan: &'a Plan,
    peers: &'a Peers,
    deployment: Deployment,
    root: Caller,
    /// One for each connection, all with one licence.
    callers: Vec<Caller>,
    /// Of the owner of a tenant of QNSP.
    token: String,
    module: String,
    _state: State,
}

impl<'a> Bench<'a> {
    fn start(plan: &'a Plan, engine: Engine, peers: &'a Peers) -> Result<Self, String> {
        let variables = Variables::random()
            .with("CACHE_SECONDS", "5")
            .with("QNSP_RATE_LIMIT", "1000000000")
            .with("QNSP_OUTBOUND_HOSTS", "127.0.0.1:*");
        let state = State::new(plan, engine.name())?;
        let deployment = engine.start(&state.0, &variables)?;
        let (license, tokens) = measure::prepare(deployment.address, &variables, &[Server::Chancery])?;
        let callers = measure::callers(&variables, &license, &tokens, plan.connections)?;
        let root = Caller::new(&variables, variables.get("ROOT_LICENSE_KEY")).map_err(|error| error.to_string())?;
        let (token, module) = (tokens.qnsp.key, tokens.qnsp.module);
        Ok(Self { plan, peers, deployment, root, callers, token, module, _state: state })
    }

    /// A request that the owner of the tenant sends.
    fn owner(&self, method: &str, path: &str, body: &Value) -> Vec<u8> {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        with_token(method, path, &self.token, &body)
    }

    fn make(&self, path: &str, body: &Value) -> Result<Value, String> {
        created(&mut Connection::to(self.deployment.address), &self.owner("POST", path, body))
    }

    /// As the caller of a connection sends it.
    fn of_caller(&self, number: usize, request: impl Fn(&Caller) -> Vec<u8>) -> Vec<u8> {
        self.callers.get(number).map(request).unwrap_or_default()
    }

    fn ours<'b>(&self, status: u16, request: &'b (dyn Fn(usize) -> Vec<u8> + Sync)) -> Side<'b> {
        Side::Requests { server: self.deployment.id(), address: self.deployment.address, status, request }
    }

    /// An operation of the other tables beside something.
    fn operation(&self, operation: Operation, beside: &str, theirs: Option<Side<'_>>) -> Result<Row, String> {
        let request = |number: usize| self.of_caller(number, |caller| operation.request(caller));
        self.beside(operation.name(), beside, self.ours(operation.expected_status(), &request), theirs)
    }

    /// Ours and theirs in turns.
    fn beside(&self, name: &str, beside: &str, ours: Side<'_>, theirs: Option<Side<'_>>) -> Result<Row, String> {
        eprintln!("… {name}, beside {beside}");
        let (mut our_cells, mut their_cells) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            our_cells.push(self.run(name, ours)?);
            if let Some(theirs) = theirs {
                their_cells.push(self.run(beside, theirs)?);
            }
        }
        Ok(row(name, beside, middle(our_cells), middle(their_cells)))
    }

    fn run(&self, name: &str, side: Side<'_>) -> Result<Cell, String> {
        match side {
            Side::Requests { server, address, status, request } => {
                let asked = Asked { name, expected_status: status, request };
                load::run_asked(server, address, self.plan.connections, asked, self.plan.duration())
            }
            Side::Steps { server, sessions, open } => {
                load::run_steps(server, sessions, name, open, self.plan.duration())
            }
        }
    }
}

fn loopback(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

/// The one of the middle throughput.
fn middle(mut cells: Vec<Cell>) -> Option<Cell> {
    cells.sort_by(|one, other| one.requests_per_second.total_cmp(&other.requests_per_second));
    cells.get(cells.len() / 2).copied()
}

fn row(name: &str, beside: &str, ours: Option<Cell>, theirs: Option<Cell>) -> Row {
    let shown = |cell: Option<Cell>| match cell {
        Some(cell) => [
            format!("{:.0}", cell.requests_per_second),
            if cell.cpu_micros > 0.0 { format!("{:.0}", cell.cpu_micros) } else { "–".to_owned() },
            format!("{:.1}", cell.p99_millis),
        ],
        None => ["–", "–", "–"].map(str::to_owned),
    };
    let ratio =
        ours.zip(theirs).map(|(ours, theirs)| format!("{:.2}", ours.requests_per_second / theirs.requests_per_second));
    let mut row = vec![name.to_owned(), beside.to_owned()];
    row.extend(shown(ours));
    row.extend(shown(theirs));
    row.push(ratio.unwrap_or_else(|| "–".to_owned()));
    row
}
