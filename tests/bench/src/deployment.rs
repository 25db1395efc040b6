//! The deployments that are measured: how each runtime is started on a state folder with the floor beside the
//! functions, and stopped so that its database can be written to.

use std::{
    env, fs,
    io::{BufRead, BufReader},
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use chancery_tests::{
    runtime::{root, sibling},
    variables::Variables,
};
use serde_json::{Value, json};

use crate::config_api::Server;

/// A component is compiled at its first start.
const START_TIMEOUT: Duration = Duration::from_secs(240);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Engine {
    /// The functions linked into an ordinary program over rusqlite
    Native,
    /// The Workers under Miniflare, on workerd with D1
    Workerd,
    /// The components under Spin, or under the host in tests/host
    Component,
}

/// The server that the Config API is compared with.
const PLAIN: &str = "tests/bench/plain";

/// Which functions a request reaches without the gateway, as they can be deployed.
const DIRECT: [(&str, &str); 23] = [
    ("tests/floor", "*/floor*"),
    (PLAIN, "*/plain/*"),
    ("functions/config/groups", "*/api/client/v1/config/*"),
    ("functions/config/tokens", "*/caas/config-tokens*"),
    ("functions/licensing/key-authorization", "*/licenses/community/*"),
    ("functions/licensing/service-key", "*/licenses/servicekey*"),
    ("functions/caas/secret-store", "*/caas/tenants/*"),
    ("functions/caas/configuration", "*/caas/config/*"),
    ("functions/caas/consent", "*/caas/tenants/bench/community/5f3d8d0cd866fa61019cf968/consents*"),
    ("functions/system/public-key", "*/licenses/publickeys"),
    ("functions/qnsp/access-jit", "*/access/v1/jit/*"),
    ("functions/qnsp/access-policies", "*/access/v1/simulate*"),
    ("functions/qnsp/ai-safety", "*/ai/v1/security/*"),
    ("functions/qnsp/audit-events", "*/audit/v1/*"),
    ("functions/qnsp/auth", "*/auth/*"),
    ("functions/qnsp/billing", "*/billing/v1/*"),
    ("functions/qnsp/kms-analytics", "*/kms/v1/analytics/*"),
    ("functions/qnsp/kms-hsm", "*/kms/v1/byohsm/*"),
    ("functions/qnsp/kms-keys", "*/kms/v1/byohsm/keys"),
    ("functions/qnsp/search", "*/search/v1/*"),
    ("functions/qnsp/storage", "*/storage/v1/*"),
    ("functions/qnsp/tenants", "*/tenant/v1/*"),
    ("functions/qnsp/vault-versioned", "*/vault/v1/versioned-secrets*"),
];

/// How long an instance of a component lives, as scripts/up and docs/deploying.md have it.
const INSTANCES: [&str; 4] = ["--max-instance-reuse-count", "10000", "--idle-instance-timeout", "60"];

impl Engine {
    pub fn title(self) -> String {
        match self {
            Self::Native => "native: the functions linked into one program over rusqlite".to_owned(),
            Self::Workerd => "workerd: the Workers under Miniflare, D1".to_owned(),
            Self::Component => match spin() {
                Some(_) => "component: the components under Spin".to_owned(),
                None => "component: the components on the wasmtime host of tests/host".to_owned(),
            },
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Workerd => "workerd",
            Self::Component => "component",
        }
    }

    /// The servers of the Config API that it can run.
    pub fn servers(self) -> &'static [Server] {
        match self {
            Self::Workerd => &[Server::Chancery, Server::Plain],
            _ => &[Server::Chancery],
        }
    }

    /// What is missing to start it, if anything is.
    pub fn missing(self) -> Option<String> {
        let (file, how) = match self {
            Self::Native => return None,
            Self::Workerd => (root().join("tests/floor/build/index_bg.wasm"), "the Workers are not built"),
            Self::Component => (root().join("target/components/floor.wasm"), "the components are not built"),
        };
        if !file.is_file() {
            return Some(format!("{how}; scripts/bench builds them"));
        }
        match self {
            Self::Component if spin().is_none() => sibling("chancery-host").err(),
            _ => None,
        }
    }

    pub fn start(self, state: &Path, variables: &Variables) -> Result<Deployment, String> {
        fs::create_dir_all(state).map_err(|error| format!("{}: {error}", state.display()))?;
        let mut announced = None;
        let mut command = match self {
            Self::Native => {
                let mut command = Command::new(env::current_exe().map_err(|error| error.to_string())?);
                command.arg("serve-native").arg(state).env_clear().envs(variables.iter());
                command
            }
            Self::Workerd => {
                let pairs: serde_json::Map<_, _> =
                    variables.iter().map(|(name, value)| (name.to_owned(), Value::from(value))).collect();
                let direct: serde_json::Map<_, _> =
                    DIRECT.iter().map(|(folder, route)| ((*folder).to_owned(), json!([route]))).collect();
                let mut command = Command::new("node");
                command.arg(root().join("scripts/workerd.mjs")).arg("--state").arg(state);
                command.arg("--vars").arg(write(state, "variables.json", &Value::from(pairs).to_string())?);
                command.arg("--direct").arg(write(state, "direct.json", &Value::from(direct).to_string())?);
                command.env("TMPDIR", state);
                command
            }
            Self::Component => {
                let manifest = write(state, "spin.toml", &manifest()?)?;
                let mut command = match spin() {
                    Some(spin) => {
                        let address = free_address()?;
                        announced = Some(address);
                        let mut command = Command::new(spin);
                        command.args(["up", "--quiet", "--listen", &address.to_string(), "--from"]).arg(manifest);
                        command.arg("--state-dir").arg(state);
                        command
                    }
                    None => {
                        let mut command = Command::new(sibling("chancery-host")?);
                        command.arg("--manifest").arg(manifest).arg("--state").arg(state);
                        command.args(["--listen", "127.0.0.1:0", "--until-stdin-closes"]);
                        command.arg("--cache").arg(root().join("target/component-cache"));
                        command
                    }
                };
                command.args(INSTANCES);
                command.envs(variables.iter().map(|(name, value)| (format!("SPIN_VARIABLE_{name}"), value)));
                command
            }
        };
        let log = fs::File::create(state.join("log.txt")).map_err(|error| error.to_string())?;
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log);
        let process = command.spawn().map_err(|error| format!("cannot start {}: {error}", self.name()))?;
        let mut deployment = Deployment { process, address: SocketAddr::from(([127, 0, 0, 1], 0)) };
        deployment.address = deployment.ready(announced).map_err(|error| {
            let log = fs::read_to_string(state.join("log.txt")).unwrap_or_default();
            format!("{} {error}\n{log}", self.name())
        })?;
        Ok(deployment)
    }
}

/// A running deployment, killed when it is dropped.
pub struct Deployment {
    process: Child,
    pub address: SocketAddr,
}

impl Deployment {
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Stops it with its files closed.
    pub fn stop(mut self) -> Result<(), String> {
        drop(self.process.stdin.take());
        if spin().is_some() {
            // Spin does not watch its input.
            let _ = Command::new("kill").args(["-INT", &self.id().to_string()]).status();
        }
        let deadline = Instant::now() + Duration::from_secs(20);
        while Instant::now() < deadline {
            if self.process.try_wait().map_err(|error| error.to_string())?.is_some() {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(20));
        }
        Err("a deployment did not stop within 20 s".to_owned())
    }

    fn ready(&mut self, announced: Option<SocketAddr>) -> Result<SocketAddr, String> {
        let deadline = Instant::now() + START_TIMEOUT;
        let lines = self.process.stdout.take().map(follow);
        let late = || format!("was not ready after {} s", START_TIMEOUT.as_secs());
        if let Some(address) = announced {
            while TcpStream::connect(address).is_err() {
                if self.process.try_wait().is_ok_and(|ended| ended.is_some()) {
                    return Err("ended before it was ready".to_owned());
                }
                if Instant::now() > deadline {
                    return Err(late());
                }
                thread::sleep(Duration::from_millis(50));
            }
            return Ok(address);
        }
        let lines = lines.ok_or("has no output")?;
        loop {
            let line = lines.recv_timeout(deadline.saturating_duration_since(Instant::now())).map_err(|error| {
                if error == mpsc::RecvTimeoutError::Timeout { late() } else { "ended before it was ready".to_owned() }
            })?;
            let ready: Option<Value> = serde_json::from_str(&line).ok();
            let url = ready.as_ref().and_then(|ready| ready.get("ready").or_else(|| ready.get("url"))?.as_str());
            if let Some(address) = url.and_then(|url| url.strip_prefix("http://")?.parse().ok()) {
                return Ok(address);
            }
        }
    }
}

impl Drop for Deployment {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Reads the output to its end, so that the program never waits for a reader.
fn follow(output: std::process::ChildStdout) -> mpsc::Receiver<String> {
    let (sender, lines) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            let _ = sender.send(line);
        }
    });
    lines
}

/// The manifest of all functions, with the floor beside them.
fn manifest() -> Result<String, String> {
    let file = root().join("spin.toml");
    let text = fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
    let components = fs::canonicalize(root().join("target/components")).map_err(|error| error.to_string())?;
    let components = components.display();
    let text = text.replace("source = \"target/components", &format!("source = \"{components}"));
    Ok(format!(
        "{text}\n[[trigger.http]]\nroute = \"/floor/...\"\ncomponent = \"floor\"\n\n[component.floor]\n\
         source = \"{components}/floor.wasm\"\nsqlite_databases = [\"default\"]\n"
    ))
}

fn write(folder: &Path, name: &str, text: &str) -> Result<PathBuf, String> {
    let file = folder.join(name);
    fs::write(&file, text).map_err(|error| format!("{}: {error}", file.display()))?;
    Ok(file)
}

fn spin() -> Option<PathBuf> {
    if let Some(spin) = env::var_os("SPIN_BIN") {
        return Some(PathBuf::from(spin));
    }
    env::split_paths(&env::var_os("PATH")?).map(|folder| folder.join("spin")).find(|file| file.is_file())
}

pub fn free_address() -> Result<SocketAddr, String> {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(|error| error.to_string())?;
    listener.local_addr().map_err(|error| error.to_string())
}
