//! Keys, secrets and leases beside the servers that others use for them, in one run: OpenBao's transit engine and its
//! key-value store, and a bare `CREATE ROLE` of PostgreSQL. Ours and theirs take turns, and the middle of three rounds
//! is shown. Both keep their state in memory where there is such a place; ours is durable otherwise, theirs is not.

use std::{
    net::SocketAddr,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use chancery_tests::{
    openbao::{OpenBao, TOKEN},
    postgres::{ADMIN, PASSWORD, Postgres},
    variables::Variables,
};
use crypto::base64;
use serde_json::{Value, json};

use crate::{
    Plan,
    caller::Caller,
    config_api::{created, text},
    connection::Connection,
    deployment::{Deployment, Engine},
    load::{self, Asked, Cell},
    measure::State,
    operation::with_headers,
    process,
    qnsp::{self, SECRETS, with_token},
    report::Table,
};

const ROUNDS: usize = 3;

/// A key of ours, and the one of OpenBao that does the same, if there is one.
struct Key {
    name: &'static str,
    is_signing: bool,
    ours: &'static str,
    theirs: Option<&'static str>,
}

const KEYS: [Key; 7] = [
    Key { name: "sign, ECDSA P-256", is_signing: true, ours: r#""ec","keySize":256"#, theirs: Some("ecdsa-p256") },
    Key { name: "sign, ECDSA P-384", is_signing: true, ours: r#""ec","keySize":384"#, theirs: Some("ecdsa-p384") },
    Key { name: "sign, RSA-3072 PSS", is_signing: true, ours: r#""rsa","keySize":3072"#, theirs: Some("rsa-3072") },
    Key { name: "sign, ML-DSA-65", is_signing: true, ours: r#""pqc""#, theirs: None },
    Key { name: "wrap, AES-256", is_signing: false, ours: r#""aes","keySize":256"#, theirs: Some("aes256-gcm96") },
    Key { name: "wrap, RSA-3072 OAEP", is_signing: false, ours: r#""rsa","keySize":3072"#, theirs: Some("rsa-3072") },
    Key { name: "wrap, ML-KEM-768", is_signing: false, ours: r#""pqc""#, theirs: None },
];

pub fn run(plan: &Plan) -> Result<(), String> {
    println!(
        "load average {} before; {} connections, {} s per cell, the middle of {ROUNDS} rounds\n",
        process::load_average(),
        plan.connections,
        plan.seconds,
    );
    let openbao = OpenBao::start();
    let postgres = Postgres::start();
    if let Some(server) = &openbao {
        prepare_openbao(server);
    }
    for engine in &plan.runtimes {
        if let Some(reason) = engine.missing() {
            println!("{}: not measured, {reason}\n", engine.title());
            continue;
        }
        let bench = Bench::start(plan, *engine)?;
        let mut rows = vec![
            ["", "ours, req/s", "CPU µs", "p99 ms", "theirs, req/s", "CPU µs", "p99 ms", "×"]
                .map(str::to_owned)
                .to_vec(),
        ];
        for key in KEYS.iter().filter(|key| plan.wants(key.name)) {
            rows.push(bench.key(key, openbao.as_ref())?);
        }
        for is_write in [false, true] {
            let name = if is_write { "secret version, write" } else { "secret version, read" };
            if plan.wants(name) {
                rows.push(bench.secret(name, is_write, openbao.as_ref())?);
            }
        }
        if let Some(server) = postgres.as_ref().filter(|_| plan.wants("lease")) {
            rows.push(bench.lease(server)?);
        }
        println!("{}, beside OpenBao and PostgreSQL\n\n{}\n", engine.title(), Table::from(rows));
        bench.deployment.stop()?;
    }
    println!("load average {} after", process::load_average());
    Ok(())
}

/// A key of each type, a secret, and a role that users are granted.
fn prepare_openbao(server: &OpenBao) {
    for theirs in KEYS.iter().filter_map(|key| key.theirs) {
        server.post(&format!("/v1/transit/keys/{theirs}"), &json!({ "type": theirs }));
    }
    server.post("/v1/secret/data/bench", &json!({ "data": { "value": "a value of some length" } }));
}

fn to_openbao(method: &str, path: &str, body: &Value) -> Vec<u8> {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    with_headers(method, path, &format!("x-vault-token: {TOKEN}\r\n"), &body)
}

struct Bench<'a> {
    plan: &'a Plan,
    deployment: Deployment,
    /// Of the owner of a tenant.
    token: String,
    module: String,
    _state: State,
}

impl<'a> Bench<'a> {
    fn start(plan: &'a Plan, engine: Engine) -> Result<Self, String> {
        let variables =
            Variables::random().with("QNSP_RATE_LIMIT", "1000000000").with("QNSP_OUTBOUND_HOSTS", "127.0.0.1:*");
        let state = State::new(plan, engine)?;
        let deployment = engine.start(&state.0, &variables)?;
        let root = Caller::new(&variables, variables.get("ROOT_LICENSE_KEY")).map_err(|error| error.to_string())?;
        let mut connection = Connection::to(deployment.address);
        let known = qnsp::prepare(&mut connection, &root)?;
        Ok(Self { plan, deployment, token: known.key, module: known.module, _state: state })
    }

    fn make(&self, path: &str, body: &Value) -> Result<Value, String> {
        created(&mut Connection::to(self.deployment.address), &self.ours("POST", path, body))
    }

    fn ours(&self, method: &str, path: &str, body: &Value) -> Vec<u8> {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        with_token(method, path, &self.token, &body)
    }

    fn key(&self, key: &Key, openbao: Option<&OpenBao>) -> Result<Vec<String>, String> {
        let purpose = if key.is_signing { r#"["sign","verify"]"# } else { r#"["encrypt","decrypt"]"# };
        let new = format!(r#"{{"connectionId":"{}","keyType":{},"purpose":{purpose}}}"#, self.module, key.ours);
        let made = created(
            &mut Connection::to(self.deployment.address),
            &with_token("POST", "/kms/v1/byohsm/keys", &self.token, &new),
        )?;
        let id = text(&made, "keyId")?;
        let (data, wrapped) = (base64::encode(&[7; 256]), base64::encode(&[7; 32]));
        let ours = if key.is_signing {
            self.ours("POST", "/kms/v1/byohsm/sign", &json!({ "keyId": id, "data": data }))
        } else {
            self.ours("POST", "/kms/v1/byohsm/wrap", &json!({ "wrappingKeyId": id, "keyToWrap": wrapped }))
        };
        let theirs = key.theirs.map(|theirs| {
            if key.is_signing {
                to_openbao("POST", &format!("/v1/transit/sign/{theirs}/sha2-256"), &json!({ "input": data }))
            } else {
                to_openbao("POST", &format!("/v1/transit/encrypt/{theirs}"), &json!({ "plaintext": wrapped }))
            }
        });
        self.beside(key.name, 200, &|_| ours.clone(), openbao.zip(theirs.as_deref()))
    }

    fn secret(&self, name: &str, is_write: bool, openbao: Option<&OpenBao>) -> Result<Vec<String>, String> {
        const VALUE: &str = "a value of some length";
        let theirs = if is_write {
            to_openbao("POST", "/v1/secret/data/bench", &json!({ "data": { "value": VALUE } }))
        } else {
            to_openbao("GET", "/v1/secret/data/bench", &Value::Null)
        };
        let ours = |number: usize| {
            if is_write {
                self.ours("POST", SECRETS, &json!({ "secretId": format!("bench-{number}"), "value": VALUE }))
            } else {
                self.ours("GET", &format!("{SECRETS}/bench/versions/1"), &Value::Null)
            }
        };
        self.beside(name, if is_write { 201 } else { 200 }, &ours, openbao.zip(Some(theirs.as_slice())))
    }

    /// Ours and theirs in turns.
    fn beside(
        &self,
        name: &str,
        status: u16,
        ours: &(dyn Fn(usize) -> Vec<u8> + Sync),
        theirs: Option<(&OpenBao, &[u8])>,
    ) -> Result<Vec<String>, String> {
        let (mut our_cells, mut their_cells) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let asked = Asked { name, expected_status: status, request: ours };
            let (id, address) = (self.deployment.id(), self.deployment.address);
            our_cells.push(load::run_asked(id, address, self.plan.connections, asked, self.plan.duration())?);
            if let Some((server, request)) = theirs {
                let address = SocketAddr::from(([127, 0, 0, 1], server.port));
                let asked = Asked { name, expected_status: 200, request: &|_| request.to_vec() };
                let id = server.process_id();
                their_cells.push(load::run_asked(id, address, self.plan.connections, asked, self.plan.duration())?);
            }
        }
        Ok(row(name, middle(our_cells), middle(their_cells)))
    }

    /// One after the other: each makes a user in a session of its own.
    fn lease(&self, server: &Postgres) -> Result<Vec<String>, String> {
        let failed = |error: &dyn std::fmt::Debug| format!("PostgreSQL: {error:?}");
        server
            .as_admin("CREATE ROLE reader")
            .or_else(|_| server.as_admin("SELECT 1"))
            .map_err(|error| failed(&error))?;
        let config = json!({
            "name": "bench", "type": "database", "ttl": { "default": "PT15M", "max": "PT1H" },
            "backend": { "type": "postgres", "connectionString": server.url(ADMIN, PASSWORD) },
            "template": { "roleTemplate": "reader" },
        });
        let config = text(&self.make("/vault/v1/dynamic-secrets/configs", &config)?, "configId")?;
        let lease = self.ours("POST", &format!("/vault/v1/dynamic-secrets/configs/{config}/credentials"), &json!({}));
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let mut connection = Connection::to(self.deployment.address);
            ours.push(one_by_one(self.plan.duration(), || leased(&mut connection, &lease))?);
            theirs.push(one_by_one(self.plan.duration(), || {
                let number = NUMBER.fetch_add(1, Ordering::Relaxed);
                let create = format!(
                    "CREATE ROLE bench_{number} LOGIN PASSWORD 'password' VALID UNTIL '2100-01-01' IN ROLE reader"
                );
                server.as_admin(&create).map_err(|error| failed(&error))
            })?);
        }
        Ok(row("lease, one after the other", middle(ours), middle(theirs)))
    }
}

fn leased(connection: &mut Connection, request: &[u8]) -> Result<(), String> {
    let answer = connection.call(request).map_err(|error| format!("a lease: {error}"))?;
    if answer.status == 200 {
        return Ok(());
    }
    Err(format!("a lease: {} {}", answer.status, String::from_utf8_lossy(answer.body)))
}

/// As a cell without CPU, which is spent by several processes.
fn one_by_one(duration: Duration, mut ask: impl FnMut() -> Result<(), String>) -> Result<Cell, String> {
    let (begun, mut took) = (Instant::now(), Vec::new());
    while begun.elapsed() < duration {
        let sent = Instant::now();
        ask()?;
        took.push(sent.elapsed());
    }
    #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^53 requests")]
    let requests_per_second = took.len() as f64 / begun.elapsed().as_secs_f64();
    let [p50_millis, p99_millis] = load::percentiles(took, [50, 99]);
    Ok(Cell { requests_per_second, cpu_micros: 0.0, p50_millis, p99_millis })
}

/// The one of the middle throughput.
fn middle(mut cells: Vec<Cell>) -> Option<Cell> {
    cells.sort_by(|one, other| one.requests_per_second.total_cmp(&other.requests_per_second));
    cells.get(cells.len() / 2).copied()
}

fn row(name: &str, ours: Option<Cell>, theirs: Option<Cell>) -> Vec<String> {
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
    let mut row = vec![name.to_owned()];
    row.extend(shown(ours));
    row.extend(shown(theirs));
    row.push(ratio.unwrap_or_else(|| "–".to_owned()));
    row
}
