//! One run: for each runtime the rows that its callers need, then the table at the first size and the few operations
//! that are watched as the database grows.

use std::{
    env, fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    thread,
};

use chancery_tests::variables::{Variables, random_uuid};

use crate::{
    Plan,
    caller::Caller,
    config_api::{self, Server, Tokens},
    configuration,
    connection::Connection,
    consents,
    deployment::{Deployment, Engine},
    load::{self, Cell},
    operation::{self, Api, COMMUNITY, Operation, SECRETS, signed},
    process, qnsp,
    report::{self, Table},
    rows, sizes,
};

/// What one runtime was found to do.
pub struct Found {
    pub engine: Engine,
    pub table: Vec<(Operation, Cell)>,
    /// All callers with one key pair, where instances are too short-lived to know sixteen.
    pub one_caller: Option<Cell>,
    /// Per size.
    pub scaled: Vec<(u32, Vec<(Operation, Cell)>)>,
    /// How many statements the plain server needs for each request.
    pub plain_statements: Vec<u64>,
}

pub fn run(plan: &Plan) -> Result<(), String> {
    let processors = thread::available_parallelism().map_or(0, usize::from);
    println!(
        "{processors} processors, load average {} before; {} connections, {} s per cell\n",
        process::load_average(),
        plan.connections,
        plan.seconds,
    );
    let statements = config_api::count_statements(&Variables::random())?;
    let mut all: Vec<Found> = Vec::new();
    for engine in &plan.runtimes {
        if let Some(reason) = engine.missing() {
            println!("{}: not measured, {reason}\n", engine.title());
            continue;
        }
        let state = State::new(plan, engine.name())?;
        let found = measure(plan, *engine, &state.0)?;
        println!("{}\n", engine.title());
        let native = all.first().filter(|found| found.engine == Engine::Native);
        println!("{}\n", report::operations(&found, native));
        if let Some(table) = report::beside_plain(&found, &statements) {
            println!("the Config API beside a plain server, {}\n\n{table}\n", engine.name());
        }
        all.push(found);
    }
    if plan.sizes.len() > 1 {
        let table = report::scaling(&all, &plan.sizes, |cell| cell.cpu_micros);
        println!("CPU as the database grows, µs per request\n\n{table}\n");
        let table = report::scaling(&all, &plan.sizes, |cell| cell.p99_millis);
        println!("99 of 100 requests as the database grows, ms\n\n{table}\n");
    }
    println!("Sizes of the wasm, KB\n\n{}\n", Table::from(sizes::all()?));
    println!("load average {} after", process::load_average());
    Ok(())
}

fn measure(plan: &Plan, engine: Engine, state: &Path) -> Result<Found, String> {
    let variables = Variables::random().with("CACHE_SECONDS", "5").with("QNSP_RATE_LIMIT", "1000000000");
    let deployment = engine.start(state, &variables)?;
    let (license, tokens) = prepare(deployment.address, &variables, engine.servers())?;
    let plain_statements = if engine.servers().contains(&Server::Plain) {
        config_api::compare(&mut Connection::to(deployment.address), &tokens)?
    } else {
        Vec::new()
    };
    deployment.stop()?;
    let database = rows::find(state).ok_or_else(|| format!("{}: no database in its state", engine.name()))?;

    configuration::fill(&database).map_err(|error| format!("{}: {error}", database.display()))?;

    let own_keys = callers(&variables, &license, &tokens, plan.connections)?;
    let mut found = Found { engine, table: Vec::new(), one_caller: None, scaled: Vec::new(), plain_statements };
    let open = |size: u32| {
        eprintln!("… {}: {size} rows", engine.name());
        rows::fill(&database, size).map_err(|error| format!("{}: {error}", database.display()))?;
        engine.start(state, &variables)
    };
    let cell = |deployment: &Deployment, callers: &[Caller], operation| {
        load::run(deployment.id(), deployment.address, callers, operation, plan.duration())
    };

    let deployment = open(plan.sizes.first().copied().unwrap_or_default())?;
    for operation in Operation::table().filter(|operation| plan.wants(operation.name())) {
        let elsewhere = match operation {
            Operation::PublicKeyBehindGateway => engine != Engine::Workerd,
            // A refused caller's key is not kept, so that a component's next instance would derive it each time.
            Operation::StaleCheck => engine == Engine::Component,
            Operation::Config(server, _) => !engine.servers().contains(&server),
            _ => false,
        };
        if elsewhere {
            continue;
        }
        found.table.push((operation, cell(&deployment, &own_keys, operation)?));
    }
    if engine == Engine::Component && plan.wants(Operation::LicenseCheck.name()) {
        let one = Caller::new(&variables, &license).map_err(|error| error.to_string())?;
        let all_one: Vec<Caller> = (0..plan.connections).map(|_| one.clone()).collect();
        found.one_caller = Some(cell(&deployment, &all_one, Operation::LicenseCheck)?);
    }
    deployment.stop()?;

    // What is watched, on equal terms at each size.
    for size in plan.sizes.iter().copied().filter(|_| plan.sizes.len() > 1) {
        let deployment = open(size)?;
        let watched = Operation::scaled().filter(|operation| plan.wants(operation.name()));
        let cells = watched.map(|operation| Ok((operation, cell(&deployment, &own_keys, operation)?)));
        found.scaled.push((size, cells.collect::<Result<_, String>>()?));
        deployment.stop()?;
    }
    Ok(found)
}

pub fn callers(variables: &Variables, license: &str, tokens: &Tokens, count: usize) -> Result<Vec<Caller>, String> {
    let callers =
        (0..count).map(|number| Caller::new(variables, license).map(|caller| caller.with_tokens(tokens, number)));
    callers.collect::<Result<_, _>>().map_err(|error| error.to_string())
}

/// Makes, through the API, the licence that calls, its authorisation, fifty secrets and two configurations to fetch, a consent,
/// the projects of the Config API and a tenant of QNSP.
pub fn prepare(address: SocketAddr, variables: &Variables, servers: &[Server]) -> Result<(String, Tokens), String> {
    let root = Caller::new(variables, variables.get("ROOT_LICENSE_KEY")).map_err(|error| error.to_string())?;
    let license = random_uuid();
    let mut connection = Connection::to(address);
    let key = serde_json::json!({
        "tag": "bench", "authLevel": "service", "keyId": random_uuid(), "keySecret": license,
        "modules": { "mod_core": true, "mod_face": true },
    });
    let authorization = serde_json::json!({ "keyTag": "bench", "communityId": COMMUNITY });
    let mut requests = vec![
        signed(&root, Api::Licenses, "PUT", "/licenses/servicekey", &key.to_string()),
        signed(&root, Api::Licenses, "PUT", "/licenses/community/servicekey", &authorization.to_string()),
    ];
    requests.extend((0..50).map(|number| operation::put(&root, SECRETS, &format!("SECRET_{number}"))));
    requests.extend(configuration::prepare(&root));
    let member = Caller::new(variables, &license).map_err(|error| error.to_string())?;
    requests.push(consents::prepare(&member));
    for request in requests {
        let answer = connection.call(&request).map_err(|error| format!("while preparing: {error}"))?;
        if !(200..300).contains(&answer.status) {
            return Err(format!("while preparing: {} {}", answer.status, String::from_utf8_lossy(answer.body)));
        }
    }
    let mut tokens = config_api::prepare(&mut connection, &root, servers)?;
    tokens.qnsp = qnsp::prepare(&mut connection, &root)?;
    Ok((license, tokens))
}

/// A folder in memory where there is one, so that the disk is not what is measured; gone when the run is over.
pub struct State(pub PathBuf);

const MEMORY: &str = "/dev/shm";

impl State {
    pub fn new(plan: &Plan, name: &str) -> Result<Self, String> {
        let folder = Self::parent(plan).join(format!("chancery-bench-{}-{name}", std::process::id()));
        fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        Ok(Self(folder))
    }

    /// Where all of them lie.
    pub fn parent(plan: &Plan) -> PathBuf {
        let memory = PathBuf::from(MEMORY);
        plan.state.clone().unwrap_or_else(|| if memory.is_dir() { memory } else { env::temp_dir() })
    }

    /// What a durable change waits for there.
    pub fn kind(plan: &Plan) -> String {
        let parent = Self::parent(plan);
        if parent.starts_with(MEMORY) {
            return format!(
                "state in {MEMORY}, which is memory: a durable change waits for no disk (--state DIR keeps it on one)"
            );
        }
        format!("state in {}: a durable change waits for its disk", parent.display())
    }
}

impl Drop for State {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
