//! A server of OpenBao, whose transit API keeps keys. `scripts/setup` installs the program wherever there is a Python; the
//! server keeps everything in memory.
#![expect(clippy::unwrap_used, reason = "a case fails by panicking")]

use std::{
    net::TcpListener,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

use serde_json::{Value, json};

use crate::{tools, wait};

/// The token that may do everything.
pub const TOKEN: &str = "root-token-of-a-case";

const PROGRAM: &str = "openbao/bao";

pub struct OpenBao {
    process: Child,
    pub port: u16,
}

impl OpenBao {
    /// A server with the transit API at its usual path.
    pub fn start() -> Option<Self> {
        Some(Self::run(tools::program(PROGRAM)?))
    }

    /// The same, where the program is installed.
    pub fn start_if_installed() -> Option<Self> {
        Some(Self::run(tools::find(PROGRAM)?))
    }

    fn run(program: PathBuf) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = Command::new(program);
        command.args(["server", "-dev", "-dev-no-store-token", &format!("-dev-root-token-id={TOKEN}")]);
        command.arg(format!("-dev-listen-address=127.0.0.1:{port}"));
        let process = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let server = Self { process, port };
        let mount = || server.try_post("/v1/sys/mounts/transit", &json!({ "type": "transit" }));
        wait::until(Duration::from_secs(60), mount, "OpenBao does not start");
        server
    }

    fn try_post(&self, path: &str, body: &Value) -> bool {
        let request = ureq::post(format!("http://127.0.0.1:{}{path}", self.port)).header("x-vault-token", TOKEN);
        request.send(body.to_string()).is_ok()
    }

    /// For the time that it takes.
    pub fn process_id(&self) -> u32 {
        self.process.id()
    }

    pub fn post(&self, path: &str, body: &Value) {
        assert!(self.try_post(path, body), "{path}");
    }

    /// What it says of a key; `None` where it has none.
    pub fn key(&self, id: &str) -> Option<Value> {
        let request = ureq::get(format!("http://127.0.0.1:{}/v1/transit/keys/{id}", self.port));
        let text = request.header("x-vault-token", TOKEN).call().ok()?.body_mut().read_to_string().unwrap();
        Some(serde_json::from_str(&text).unwrap())
    }

    /// From now on nobody answers there.
    pub fn stop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for OpenBao {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
