//! A server of PostgreSQL: for tests in memory where there is such a place, or durable in a given folder. `scripts/setup`
//! installs the programs wherever Debian's packages are.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a case fails by panicking")]

use std::{
    env, fs,
    net::TcpListener,
    os::unix::{fs::chown, process::CommandExt as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use platform::postgres::{self, PostgresError, Server, Tls};

use crate::wait;

/// The account that may do everything, and its password.
pub const ADMIN: &str = "admin";
pub const PASSWORD: &str = "password-of-the-admin";

/// The database that there is.
pub const DATABASE: &str = "postgres";

/// PostgreSQL does not run as root; this account has nothing.
const NOBODY: u32 = 65_534;

pub struct Postgres {
    folder: PathBuf,
    programs: PathBuf,
    is_durable: bool,
    process: Child,
    pub port: u16,
}

/// Where the programs are, if they are installed.
fn find() -> Option<PathBuf> {
    let versions =
        fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|entry| entry.path().join("bin"));
    let paths = env::var_os("PATH").map(|path| env::split_paths(&path).collect::<Vec<_>>()).unwrap_or_default();
    versions.chain(paths).find(|folder| folder.join("initdb").exists() && folder.join("postgres").exists())
}

/// The same; without them, on a machine without Debian's packages, nothing is known about databases.
fn programs() -> Option<PathBuf> {
    let found = find();
    if found.is_none() {
        let any = Command::new("apt-get").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        assert!(any.is_err(), "there is no PostgreSQL: run scripts/setup, or install it");
        eprintln!("NOT RUN: there is no PostgreSQL");
    }
    found
}

/// The program as somebody who is not root.
fn program(folder: &Path, name: &str) -> Command {
    let mut command = Command::new(folder.join(name));
    if is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

fn is_root() -> bool {
    fs::read_to_string("/proc/self/status").is_ok_and(|status| status.contains("\nUid:\t0\t"))
}

impl Postgres {
    pub fn start() -> Option<Self> {
        let memory = PathBuf::from("/dev/shm");
        let parent = if memory.is_dir() { memory } else { env::temp_dir() };
        Some(Self::start_in(&parent, programs()?, false))
    }

    /// With its data in a folder of its own below this one and with its own settings, so that an acknowledged change is on
    /// the disk; where the programs are installed.
    pub fn start_durable(parent: &Path) -> Option<Self> {
        Some(Self::start_in(parent, find()?, true))
    }

    fn start_in(parent: &Path, programs: PathBuf, is_durable: bool) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = parent.join(format!("chancery-postgres-{}-{number}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let password = folder.join("password");
        fs::write(&password, PASSWORD).unwrap();
        if is_root() {
            chown(&folder, Some(NOBODY), Some(NOBODY)).unwrap();
        }
        let mut initdb = program(&programs, "initdb");
        initdb.args(["--no-sync", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--username", ADMIN]);
        initdb.arg("--pwfile").arg(&password).arg("--pgdata").arg(folder.join("data")).current_dir(&folder);
        assert!(
            initdb.status().unwrap().success(),
            "initdb fails in {}; every account must be able to enter the folders above it",
            folder.display()
        );
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let process = serve(&programs, &folder, port, is_durable);
        let server = Self { folder, programs, is_durable, process, port };
        server.wait();
        server
    }

    fn wait(&self) {
        wait::until(Duration::from_secs(60), || self.as_admin("SELECT 1").is_ok(), "PostgreSQL does not start");
    }

    /// For the time that it takes.
    pub fn process_id(&self) -> u32 {
        self.process.id()
    }

    /// From now on nobody answers there.
    pub fn stop(&mut self) {
        end(&mut self.process);
    }

    /// What was there before is there again.
    pub fn start_again(&mut self) {
        self.process = serve(&self.programs, &self.folder, self.port, self.is_durable);
        self.wait();
    }

    /// Where it is, for whoever this is.
    pub fn url(&self, user: &str, password: &str) -> String {
        format!("postgres://{user}:{password}@127.0.0.1:{}/{DATABASE}", self.port)
    }

    /// From now on it encrypts, with a certificate for this name (`DNS:` or `IP:` and the name) of [`Self::authority`].
    pub fn encrypt(&mut self, name: &str) {
        const NEW_KEY: [&str; 5] = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
        let data = self.folder.join("data");
        let key = self.folder.join("authority.key");
        if !self.authority().exists() {
            let mut make = self.openssl(&["req", "-x509", "-days", "1", "-subj", "/CN=authority"]);
            make.args(NEW_KEY).arg("-keyout").arg(&key).arg("-out").arg(self.authority());
            assert!(make.status().unwrap().success(), "no authority is made");
        }
        let request = self.folder.join("server.csr");
        let mut ask = self.openssl(&["req", "-new", "-subj", "/CN=server", "-addext", "basicConstraints=CA:FALSE"]);
        ask.args(NEW_KEY).args(["-addext", &format!("subjectAltName={name}")]);
        ask.arg("-keyout").arg(data.join("server.key")).arg("-out").arg(&request);
        assert!(ask.status().unwrap().success(), "no certificate is asked for");
        let mut sign = self.openssl(&["x509", "-req", "-days", "1", "-copy_extensions", "copy", "-CAcreateserial"]);
        sign.arg("-in").arg(&request).arg("-CA").arg(self.authority()).arg("-CAkey").arg(&key);
        sign.arg("-out").arg(data.join("server.crt"));
        assert!(sign.status().unwrap().success(), "no certificate is made");
        self.as_admin("ALTER SYSTEM SET ssl = on").unwrap();
        self.stop();
        self.start_again();
    }

    /// The certificate of the authority that vouches for this server alone.
    pub fn authority(&self) -> PathBuf {
        self.folder.join("authority.crt")
    }

    fn openssl(&self, arguments: &[&str]) -> Command {
        let mut openssl = program(Path::new(""), "openssl");
        openssl.args(arguments).current_dir(&self.folder);
        openssl
    }

    /// Carries out statements in a session of their own, each for itself.
    pub fn run(&self, user: &str, password: &str, statements: &[&str]) -> Result<(), PostgresError> {
        let server = Server {
            host: "127.0.0.1".to_owned(),
            port: self.port,
            database: DATABASE.to_owned(),
            user: user.to_owned(),
            password: password.to_owned().into(),
            tls: Tls::Disable,
        };
        let steps = statements.iter().map(|statement| vec![(*statement).to_owned()]).collect();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(postgres::execute(server, steps, Duration::from_secs(60)))
    }

    pub fn as_admin(&self, statement: &str) -> Result<(), PostgresError> {
        self.run(ADMIN, PASSWORD, &[statement])
    }

    /// Whether this is so.
    #[track_caller]
    pub fn holds(&self, condition: &str) -> bool {
        match self.as_admin(&format!("DO $$ BEGIN ASSERT {condition}; END $$")) {
            Ok(()) => true,
            Err(PostgresError::Refused { sqlstate }) if sqlstate == "P0004" => false,
            Err(error) => panic!("{condition}: {error:?}"),
        }
    }

    /// Waits until this is so, for what follows an answer.
    #[track_caller]
    pub fn comes_to_hold(&self, condition: &str) {
        let otherwise = format!("it does not come to hold that {condition}");
        wait::until(Duration::from_secs(20), || self.holds(condition), &otherwise);
    }
}

fn serve(programs: &Path, folder: &Path, port: u16, is_durable: bool) -> Child {
    let mut command = program(programs, "postgres");
    command.arg("-D").arg(folder.join("data")).args(["-p", &port.to_string()]).current_dir(folder);
    let small = ["fsync=off", "shared_buffers=2MB", "max_connections=30"];
    let own = if is_durable { &[][..] } else { &small };
    for setting in ["listen_addresses=127.0.0.1", "unix_socket_directories=", "log_statement=none"].iter().chain(own) {
        command.args(["-c", setting]);
    }
    command.spawn().unwrap()
}

/// Ends a server with its sessions, at once.
fn end(process: &mut Child) {
    let _ = Command::new("kill").arg("-QUIT").arg(process.id().to_string()).status();
    let _ = process.wait();
}

impl Drop for Postgres {
    fn drop(&mut self) {
        end(&mut self.process);
        let _ = fs::remove_dir_all(&self.folder);
    }
}
