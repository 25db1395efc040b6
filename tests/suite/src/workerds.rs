//! Deployments on workerd: a Node process starts and stops them, and serves many, since it takes longer to load Miniflare
//! than to start a deployment with it.

use std::{
    collections::HashMap,
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc::{self, Sender},
    },
    thread,
    time::Duration,
};

use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    runtime::{AUTHORITIES, root},
    selection::Selection,
    variables::Variables,
};

/// How long a deployment may take to stop, or to write its log.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A deployment that was started, until it is stopped.
pub struct Deployment {
    node: Arc<Node>,
    number: u64,
}

/// What a deployment is made of.
pub struct Plan<'a> {
    pub state: &'a Path,
    pub functions: &'a Selection,
    pub variables: &'a Variables,
    pub log: &'a Path,
}

impl Deployment {
    /// Starts a deployment, and gives its address as well.
    pub fn start(plan: &Plan<'_>, timeout: Duration) -> Result<(Self, String), String> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let node = Node::of(plan.variables)?;
        let variables: serde_json::Map<_, _> =
            plan.variables.iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
        let only = plan.functions.names();
        // The suite acts as Cloudflare's edge, which names the address of each caller.
        let options = json!({ "state": plan.state, "variables": variables, "only": only, "trustEdgeHeaders": true });
        let deployment = Self { node, number: COUNT.fetch_add(1, Ordering::Relaxed) };
        let answer = deployment.ask("start", &json!({ "options": options, "log": plan.log }), timeout);
        match answer.and_then(|answer| answer.url.ok_or_else(|| answer.error.unwrap_or_default())) {
            Ok(url) => Ok((deployment, url)),
            Err(reason) => {
                deployment.stop();
                Err(reason)
            }
        }
    }

    /// Waits until its log has what its workerd has printed.
    pub fn flush(&self) {
        let _ = self.ask("flush", &json!(true), TIMEOUT);
    }

    /// Kills its workerd.
    pub fn stop(&self) {
        let _ = self.ask("stop", &json!(true), TIMEOUT);
    }

    fn ask(&self, action: &str, how: &Value, timeout: Duration) -> Result<Answer, String> {
        self.node.ask(|id| json!({ "id": id, "deployment": self.number, (action): how }), timeout)
    }
}

#[derive(Deserialize)]
struct Answer {
    id: u64,
    url: Option<String>,
    error: Option<String>,
}

/// Whoever waits for an answer, by its id. `None` when the process has ended.
type Waiting = Mutex<Option<HashMap<u64, Sender<Answer>>>>;

/// A Node process with Miniflare. It ends, with all its deployments, when its standard input is closed.
struct Node {
    stdin: Mutex<ChildStdin>,
    waiting: Arc<Waiting>,
}

impl Node {
    /// One for all, but that a file of further authorities is read once by a process, when it starts.
    fn of(variables: &Variables) -> Result<Arc<Self>, String> {
        static SHARED: Mutex<Option<Arc<Node>>> = Mutex::new(None);
        if let Some((_, file)) = variables.iter().find(|(name, _)| *name == AUTHORITIES) {
            return Self::start(Some(file)).map(Arc::new);
        }
        let mut shared = locked(&SHARED);
        if let Some(node) = shared.as_ref().filter(|node| locked(&node.waiting).is_some()) {
            return Ok(node.clone());
        }
        let node = Arc::new(Self::start(None)?);
        *shared = Some(node.clone());
        Ok(node)
    }

    fn start(authorities: Option<&str>) -> Result<Self, String> {
        let mut command = Command::new("node");
        command.arg(root().join("tests/suite/workerds.mjs")).stdin(Stdio::piped()).stdout(Stdio::piped());
        // Miniflare has a name of its own for the file of further authorities.
        command.envs(authorities.map(|file| ("NODE_EXTRA_CA_CERTS", file)));
        let mut process = command.spawn().map_err(|error| format!("cannot start node: {error}"))?;
        let stdin = process.stdin.take().ok_or("node has no input")?;
        let stdout = process.stdout.take().ok_or("node has no output")?;
        let waiting = Arc::new(Mutex::new(Some(HashMap::new())));
        let answers = waiting.clone();
        thread::spawn(move || pass_on(process, stdout, &answers));
        Ok(Self { stdin: Mutex::new(stdin), waiting })
    }

    fn ask(&self, line: impl FnOnce(u64) -> Value, timeout: Duration) -> Result<Answer, String> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let id = COUNT.fetch_add(1, Ordering::Relaxed);
        let ended = "node ended";
        let (sender, answer) = mpsc::channel();
        locked(&self.waiting).as_mut().ok_or(ended)?.insert(id, sender);
        writeln!(locked(&self.stdin), "{}", line(id)).map_err(|error| format!("{ended}: {error}"))?;
        answer.recv_timeout(timeout).map_err(|error| match error {
            mpsc::RecvTimeoutError::Timeout => format!("no answer after {} s", timeout.as_secs()),
            mpsc::RecvTimeoutError::Disconnected => ended.to_owned(),
        })
    }
}

/// Gives each answer to whoever waits for it, until the process ends.
fn pass_on(mut process: Child, stdout: ChildStdout, waiting: &Waiting) {
    for line in BufReader::new(stdout).lines().map_while(Result::ok) {
        let Ok(answer) = serde_json::from_str::<Answer>(&line) else { continue };
        if let Some(sender) = locked(waiting).as_mut().and_then(|waiting| waiting.remove(&answer.id)) {
            let _ = sender.send(answer);
        }
    }
    locked(waiting).take();
    let _ = process.wait();
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
