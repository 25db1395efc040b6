//! Beside etcd: a document of 2 KB that is read and set as configuration is. etcd is asked through its HTTP gateway, and keeps
//! its data durable in any case.

use std::{
    env, fs,
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::{Duration, Instant},
};

use chancery_tests::{tools, variables::random_bytes};
use crypto::{base64, hash};
use serde_json::{Value, json};

use super::{Bench, Row, Side};
use crate::{configuration, connection::Connection, deployment::free_address, operation::with_headers};

/// How many documents are set in turn; the first is read again and again.
const DOCUMENTS: u32 = 1_000;

const FRESH: &str = "config/fetch, 2 KB, read_fresh";
const COPY: &str = "config/fetch, 2 KB, a copy";
const SET: &str = "config PUT, 2 KB";

pub struct Etcd {
    process: Child,
    address: SocketAddr,
}

impl Etcd {
    /// A cluster of one with its data in this folder, where the program is installed.
    pub fn start_if_installed(folder: &Path) -> Result<Option<Self>, String> {
        let Some(program) = tools::find("etcd/etcd") else { return Ok(None) };
        fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        let (client, peer) = (free_address()?, free_address()?);
        let url = |address: SocketAddr| format!("http://{address}");
        let mut command = Command::new(program);
        command.arg("--data-dir").arg(folder).args(["--listen-client-urls", &url(client)]);
        command.args(["--advertise-client-urls", &url(client), "--listen-peer-urls", &url(peer)]);
        command.args(["--initial-advertise-peer-urls", &url(peer)]);
        command.args(["--initial-cluster", &format!("default={}", url(peer))]);
        // Every value that was set is kept for the time of a run; 2 GB are not enough for a long one.
        command.args(["--quota-backend-bytes", "8589934592"]);
        // Set for another server, they would change this one.
        for name in env::vars_os().map(|(name, _)| name).filter(|name| name.to_string_lossy().starts_with("ETCD_")) {
            command.env_remove(name);
        }
        let process = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let process = process.map_err(|error| format!("etcd does not start: {error}"))?;
        let server = Self { process, address: client };
        let deadline = Instant::now() + Duration::from_secs(60);
        while !server.is_set(&app(0)) {
            if Instant::now() > deadline {
                return Err("etcd does not answer within 60 s; start target/measure/chancery-bench again".to_owned());
            }
            thread::sleep(Duration::from_millis(100));
        }
        Ok(Some(server))
    }

    fn is_set(&self, app: &str) -> bool {
        Connection::to(self.address).call(&put(app, &document())).is_ok_and(|answer| answer.status == 200)
    }

    fn side<'a>(&self, request: &'a (dyn Fn(usize) -> Vec<u8> + Sync)) -> Side<'a> {
        Side::Requests { server: self.process.id(), address: self.address, status: 200, request }
    }
}

impl Drop for Etcd {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

pub fn rows(bench: &Bench<'_>) -> Result<Vec<Row>, String> {
    let wanted: Vec<&str> = [FRESH, COPY, SET].into_iter().filter(|name| bench.plan.wants(name)).collect();
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let mut connection = Connection::to(bench.deployment.address);
    for number in 0..DOCUMENTS {
        let request = configuration::put(&bench.root, &app(number), &document());
        let answer = connection.call(&request).map_err(|error| format!("{SET}: {error}"))?;
        if answer.status != 200 {
            return Err(format!("{SET}: {} {}", answer.status, String::from_utf8_lossy(answer.body)));
        }
    }
    let server = bench.peers.etcd.as_ref();
    wanted.into_iter().map(|name| row(bench, name, server)).collect()
}

fn row(bench: &Bench<'_>, name: &str, server: Option<&Etcd>) -> Result<Row, String> {
    if name == SET {
        let ours = |number| bench.of_caller(number, |caller| configuration::put(caller, &next(), &document()));
        let theirs = |_| put(&next(), &document());
        return bench.beside(name, "etcd, put", bench.ours(200, &ours), server.map(|server| server.side(&theirs)));
    }
    // Any member may answer a serializable read from what it has; otherwise the majority is asked.
    let is_fresh = name == FRESH;
    let ours = |number| bench.of_caller(number, |caller| configuration::get(caller, &app(0), is_fresh));
    let theirs =
        |_| request("/v3/kv/range", &json!({ "key": base64::encode(app(0).as_bytes()), "serializable": !is_fresh }));
    let beside = if is_fresh { "etcd, range" } else { "etcd, range, serializable" };
    bench.beside(name, beside, bench.ours(200, &ours), server.map(|server| server.side(&theirs)))
}

fn put(app: &str, document: &str) -> Vec<u8> {
    let (key, value) = (base64::encode(app.as_bytes()), base64::encode(document.as_bytes()));
    request("/v3/kv/put", &json!({ "key": key, "value": value }))
}

fn request(path: &str, body: &Value) -> Vec<u8> {
    with_headers("POST", path, "", &body.to_string())
}

/// 2 KB, another each time.
fn document() -> String {
    configuration::document(&hash::hex(&random_bytes::<24>()))
}

fn app(number: u32) -> String {
    format!("document-{number}")
}

fn next() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    app(NEXT.fetch_add(1, Ordering::Relaxed) % DOCUMENTS)
}
