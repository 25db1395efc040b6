//! The runtimes under test: how each is started with its own state and variables, and stopped again.
//! What is asked of a running one is not known here.

use std::{
    env, fs,
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, OnceLock, mpsc},
    thread,
    time::{Duration, Instant},
};

use crate::{
    answered, libsql,
    selection::Selection,
    state::{File, State},
    variables::Variables,
    workerds,
};

/// The longest start: a component is compiled at its first start.
const START_TIMEOUT: Duration = Duration::from_secs(180);

/// What is said of a program that ended by itself.
const ENDED: &str = "ended before it was ready";

/// How much of a deployment's log is shown when it cannot be started or a case fails.
const SHOWN_LINES: usize = 10;

/// The header with which a request says how many milliseconds the clock is ahead for it, where the clock can be moved.
/// Only the hosts of tests read it; `tests/host` has the same name.
pub const CLOCK_AHEAD: &str = "test-clock-ahead";

/// The variable that names a file of authorities, by which certificates of servers are verified where the runtime can be
/// told so.
pub const AUTHORITIES: &str = "SSL_CERT_FILE";

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Runtime {
    /// The functions linked into an ordinary program over rusqlite.
    Native,
    /// As natively, over a libSQL server.
    Libsql,
    /// The built Workers under Miniflare, on real workerd with D1 and KV.
    Workerd,
    /// The built components under Spin, or under the host in `tests/host` where no Spin is installed.
    Component,
}

impl Runtime {
    pub const ALL: [Self; 4] = [Self::Native, Self::Libsql, Self::Workerd, Self::Component];

    pub fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Libsql => "libsql",
            Self::Workerd => "workerd",
            Self::Component => "component",
        }
    }

    /// Whether the functions are linked into an ordinary program, which starts at once.
    pub fn is_linked(self) -> bool {
        matches!(self, Self::Native | Self::Libsql)
    }

    /// Whether time can pass without anybody waiting: by the header [`CLOCK_AHEAD`], for a single request, so that cases
    /// do not disturb each other. Spin's clock is that of the machine. On workerd one isolate answers requests of all
    /// cases at once and its `Date.now` is one for all of them; what its tasks do after an answer could not be told
    /// apart by request, so a patched clock would lie to others.
    pub fn has_movable_clock(self) -> bool {
        match self {
            Self::Native | Self::Libsql => true,
            Self::Workerd => false,
            Self::Component => spin().is_none(),
        }
    }

    /// Whether a session with a database can be encrypted: our host for components cannot.
    pub fn encrypts_sessions(self) -> bool {
        self != Self::Component || spin().is_some()
    }

    /// Which program serves; for the component runtime that depends on the machine.
    pub fn engine(self) -> String {
        match (self, spin()) {
            (Self::Native, _) => "functions linked natively over rusqlite".to_owned(),
            (Self::Libsql, _) if libsql::is_given() => "functions linked natively over the given libSQL".to_owned(),
            (Self::Libsql, _) => "functions linked natively over the Hrana server of tests/hrana".to_owned(),
            (Self::Workerd, _) => "Workers on workerd with D1 and KV".to_owned(),
            (Self::Component, Some(spin)) => format!("components under {}", spin.display()),
            (Self::Component, None) => "components on the wasmtime host of tests/host, as there is no Spin".to_owned(),
        }
    }

    /// Starts a new deployment of these functions with a state of its own.
    pub fn start(self, functions: Selection, variables: Variables) -> Result<Instance, String> {
        let state = State::new()?;
        if self == Self::Workerd {
            state.fill(migrated()?)?;
        }
        start(self, Arc::new(state), functions, variables)
    }

    /// The program that serves a deployment; `None` on workerd, where one process serves many.
    fn command(
        self,
        state: &State,
        functions: &Selection,
        variables: &Variables,
    ) -> Result<Option<(Command, Announcement)>, String> {
        let libsql = if self == Self::Libsql { state.libsql()? } else { Vec::new() };
        let state = state.folder.as_path();
        match self {
            Self::Native | Self::Libsql => {
                let mut command = Command::new(sibling("chancery-native")?);
                command.arg("--state").arg(state).arg("--until-stdin-closes");
                only(&mut command, functions);
                command.env_clear().envs(variables.iter()).envs(libsql);
                if let Some(file) = answered::file() {
                    command.env(answered::VARIABLE, file);
                }
                Ok(Some((command, Announcement::Line)))
            }
            Self::Workerd => Ok(None),
            Self::Component => {
                let manifest = root().join("spin.toml");
                let lower = variables.iter().map(|(name, value)| (name.to_ascii_uppercase(), value));
                let settings: Vec<_> = lower.map(|(name, value)| (format!("SPIN_VARIABLE_{name}"), value)).collect();
                if let Some(spin) = spin() {
                    let url = format!("127.0.0.1:{}", free_port()?);
                    let mut command = Command::new(spin);
                    command.envs(variables.iter().filter(|(name, _)| *name == AUTHORITIES));
                    command.args(["up", "--quiet", "--listen", &url]).arg("--from").arg(manifest);
                    command.arg("--state-dir").arg(state).envs(settings);
                    components(&mut command, functions);
                    return Ok(Some((command, Announcement::Answer(format!("http://{url}")))));
                }
                let mut command = Command::new(sibling("chancery-host")?);
                command.arg("--manifest").arg(manifest).arg("--state").arg(state).args(["--listen", "127.0.0.1:0"]);
                command.args(["--movable-clock", "--compile-quickly"]);
                command.arg("--cache").arg(root().join("target/component-cache")).arg("--until-stdin-closes");
                command.envs(settings);
                // glibc gives each thread memory of its own, which others do not use when it is free again.
                command.env("MALLOC_ARENA_MAX", "1");
                components(&mut command, functions);
                Ok(Some((command, Announcement::Line)))
            }
        }
    }
}

/// Names the chosen functions, as our own programs take them.
fn only(command: &mut Command, functions: &Selection) {
    if let Some(names) = functions.names() {
        command.arg("--only").arg(names.join(","));
    }
}

/// Names the chosen functions, as Spin takes them.
fn components(command: &mut Command, functions: &Selection) {
    for name in functions.names().unwrap_or_default() {
        command.arg("--component-id").arg(name);
    }
}

/// How a started program reports that it serves.
enum Announcement {
    /// One line of JSON on standard output, with the address.
    Line,
    /// By answering at an address that was chosen for it.
    Answer(String),
}

/// A running deployment. It is stopped when it is dropped.
pub struct Instance {
    pub runtime: Runtime,
    pub url: String,
    pub variables: Variables,
    functions: Selection,
    state: Arc<State>,
    running: Running,
}

/// What serves a deployment.
enum Running {
    /// A program of its own, with all that it started.
    Process(Child),
    Workerd(workerds::Deployment),
}

impl Instance {
    /// Ends this deployment without warning, while others may still be talking to it.
    pub fn kill(&self) {
        match &self.running {
            Running::Process(process) => kill_group(process),
            Running::Workerd(deployment) => deployment.stop(),
        }
    }

    /// Stops this deployment without warning and starts it again on the same state. In between somebody may do
    /// something to the files of its database.
    pub fn restart(self, variables: Variables, meanwhile: impl FnOnce(&[PathBuf])) -> Result<Self, String> {
        let (runtime, state, functions) = (self.runtime, self.state.clone(), self.functions.clone());
        drop(self);
        meanwhile(&state.database_files());
        start(runtime, state, functions, variables)
    }

    /// The files that the database of this deployment consists of.
    pub fn database_files(&self) -> Vec<PathBuf> {
        self.state.database_files()
    }

    /// The folder of its state.
    pub fn state(&self) -> &Path {
        &self.state.folder
    }

    /// What the processes of this deployment have in memory, in KiB; `None` on workerd, and on a system without `/proc`.
    pub fn resident_memory(&self) -> Option<u64> {
        let Running::Process(process) = &self.running else { return None };
        let group = process.id().to_string();
        let processes = fs::read_dir("/proc").ok()?.flatten().map(|entry| entry.path());
        let of_group = processes.filter(|process| {
            // `pid (name) state parent group …`
            let stat = fs::read_to_string(process.join("stat")).unwrap_or_default();
            stat.rsplit(") ").next().and_then(|rest| rest.split(' ').nth(2)) == Some(group.as_str())
        });
        let resident = of_group.filter_map(|process| {
            let status = fs::read_to_string(process.join("status")).ok()?;
            status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.split_whitespace().next()?.parse::<u64>().ok())
        });
        Some(resident.sum())
    }

    /// Everything that was written to standard output and standard error so far.
    pub fn log(&self) -> String {
        if let Running::Workerd(deployment) = &self.running {
            deployment.flush();
        }
        let logs = std::iter::once(self.state.log()).chain(self.state.component_logs());
        logs.map(|file| fs::read_to_string(file).unwrap_or_default()).collect()
    }
}

impl Instance {
    /// The end of its log, for the report of a case that failed.
    pub fn end_of_log(&self) -> String {
        end(&self.log())
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        match &mut self.running {
            Running::Process(process) => kill(process),
            Running::Workerd(deployment) => deployment.stop(),
        }
        // The case that started it has failed, and the log goes with it.
        if thread::panicking() {
            eprintln!("log of a deployment on {}:\n{}", self.runtime.name(), self.end_of_log());
        }
    }
}

/// Ends a runtime at once with all that it started: workerd would outlive the program that supervises it.
fn kill(process: &mut Child) {
    kill_group(process);
    let _ = process.kill();
    let _ = process.wait();
}

fn kill_group(process: &Child) {
    let _ = Command::new("kill").arg("-KILL").arg("--").arg(format!("-{}", process.id())).status();
}

/// The files of a database on workerd with all migrations, which take longer than the rest of a start there: they are
/// applied once in a run, and every deployment begins with a copy.
fn migrated() -> Result<&'static [File], String> {
    static FILES: OnceLock<Result<Vec<File>, String>> = OnceLock::new();
    let migrate = || {
        let state = Arc::new(State::new()?);
        drop(start(Runtime::Workerd, state.clone(), Selection::of([]), Variables::random())?);
        // The index of a write-ahead log is made again by whoever opens it.
        let lasting = state.database_files().into_iter().filter(|file| !file.to_string_lossy().ends_with("-shm"));
        lasting
            .map(|file| {
                let bytes = fs::read(&file).map_err(|error| format!("{}: {error}", file.display()))?;
                let path = file.strip_prefix(&state.folder).map_err(|error| error.to_string())?.to_owned();
                Ok((path, bytes))
            })
            .collect()
    };
    FILES.get_or_init(migrate).as_deref().map_err(Clone::clone)
}

/// Starts a deployment. workerd now and then ends while it starts many Workers on a busy machine: it is started once more.
fn start(runtime: Runtime, state: Arc<State>, functions: Selection, variables: Variables) -> Result<Instance, String> {
    let mut first = start_once(runtime, &state, &functions, &variables);
    if let (Runtime::Workerd, Err(reason)) = (runtime, &first) {
        eprintln!("a deployment on {} is started again: {reason}", runtime.name());
        first = start_once(runtime, &state, &functions, &variables);
    }
    let (running, url) = first.map_err(|reason| {
        let log = fs::read_to_string(state.log()).unwrap_or_default();
        format!("a deployment on {} {reason}\n{}", runtime.name(), end(&log))
    })?;
    Ok(Instance { runtime, url, variables, functions, state, running })
}

fn start_once(
    runtime: Runtime,
    state: &State,
    functions: &Selection,
    variables: &Variables,
) -> Result<(Running, String), String> {
    let log = &state.log();
    let Some((mut command, announcement)) = runtime.command(state, functions, variables)? else {
        let plan = workerds::Plan { state: &state.folder, functions, variables, log };
        let (deployment, url) = workerds::Deployment::start(&plan, START_TIMEOUT)?;
        return Ok((Running::Workerd(deployment), url));
    };
    let program = command.get_program().to_string_lossy().into_owned();
    let file = fs::OpenOptions::new().create(true).append(true).open(log).map_err(|error| error.to_string())?;
    command.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(file);
    let mut process = command.spawn().map_err(|error| format!("cannot start {program}: {error}"))?;
    match announced(&mut process, announcement, log) {
        Ok(url) => Ok((Running::Process(process), url)),
        Err(reason) => {
            kill(&mut process);
            Err(format!("{program} {reason}"))
        }
    }
}

/// The last lines of a log, without the addresses in workerd's own code.
fn end(log: &str) -> String {
    let mut lines: Vec<_> = log.lines().rev().filter(|line| !line.starts_with("stack:")).take(SHOWN_LINES).collect();
    lines.reverse();
    lines.join("\n")
}

fn announced(process: &mut Child, announcement: Announcement, log: &Path) -> Result<String, String> {
    let lines = follow(process, log);
    match announcement {
        Announcement::Line => {
            let deadline = Instant::now() + START_TIMEOUT;
            loop {
                let line = lines.recv_timeout(deadline.saturating_duration_since(Instant::now()));
                let line = line.map_err(|error| match error {
                    mpsc::RecvTimeoutError::Timeout => format!("was not ready after {} s", START_TIMEOUT.as_secs()),
                    mpsc::RecvTimeoutError::Disconnected => ENDED.to_owned(),
                })?;
                let ready: Option<serde_json::Value> = serde_json::from_str(&line).ok();
                let url = ready.as_ref().and_then(|ready| ready.get("ready").or_else(|| ready.get("url"))?.as_str());
                if let Some(url) = url {
                    return Ok(url.to_owned());
                }
            }
        }
        Announcement::Answer(url) => {
            let deadline = Instant::now() + START_TIMEOUT;
            while ureq::get(format!("{url}/caas/healthz")).call().is_err() {
                if process.try_wait().is_ok_and(|status| status.is_some()) {
                    return Err(ENDED.to_owned());
                }
                if Instant::now() > deadline {
                    return Err(format!("was not ready after {} s", START_TIMEOUT.as_secs()));
                }
                thread::sleep(Duration::from_millis(100));
            }
            Ok(url)
        }
    }
}

/// Reads standard output to its end, into the log too, so that the program never waits for a reader.
fn follow(process: &mut Child, log: &Path) -> mpsc::Receiver<String> {
    let (sender, lines) = mpsc::channel();
    let mut log = fs::OpenOptions::new().append(true).open(log).ok();
    if let Some(output) = process.stdout.take() {
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if let Some(log) = &mut log {
                    let _ = writeln!(log, "{line}");
                }
                let _ = sender.send(line);
            }
        });
    }
    lines
}

/// The folder that `spin.toml` lies in.
pub fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// A program of this workspace, built into the same folder as the one that is running.
pub fn sibling(name: &str) -> Result<PathBuf, String> {
    let running = env::current_exe().map_err(|error| error.to_string())?;
    // A test lies one folder deeper, in `deps`.
    let found = running.ancestors().skip(1).take(2).map(|folder| folder.join(name)).find(|path| path.is_file());
    found.ok_or_else(|| format!("{name} is not built; run: cargo build --workspace --bins"))
}

fn spin() -> Option<PathBuf> {
    if let Some(spin) = env::var_os("SPIN_BIN") {
        return Some(PathBuf::from(spin));
    }
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|folder| folder.join("spin")).find(|file| file.is_file())
}

fn free_port() -> Result<u16, String> {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(|error| error.to_string())?;
    listener.local_addr().map(|address| address.port()).map_err(|error| error.to_string())
}
