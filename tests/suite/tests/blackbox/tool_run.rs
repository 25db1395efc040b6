//! `chancery run`: what a command gets, that nothing else learns it, and that leases end with the command.

use std::{
    fs,
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
    time::Duration,
};

use chancery_tests::{runtime::sibling, wait};
use serde_json::{Value, json};

use crate::{
    answer::ok,
    case::{Case, case},
    deployment::{Deployment, unique},
    tool_vault::Holder,
};

pub fn cases() -> Vec<Case> {
    vec![
        case(a_command_gets_what_is_stored_and_its_exit_code_is_passed_on),
        case(a_wrong_variable_stops_it_before_the_command_starts),
        case(a_lease_lives_as_long_as_the_command),
        case(a_lease_is_revoked_when_a_signal_ends_the_tool_or_the_command),
        case(a_lease_is_revoked_when_the_command_does_not_start),
        case(a_lease_is_revoked_even_if_the_local_deployment_is_forgotten_meanwhile),
        case(a_lease_is_renewed_while_the_command_runs),
    ]
}

/// The tool with a configuration of leases.
struct Runner<'a> {
    tool: Holder<'a>,
    configuration: String,
    name: String,
}

impl<'a> Runner<'a> {
    fn new(t: &'a Deployment) -> Self {
        let tool = Holder::new(t, "admin");
        let (configuration, name) = tool.configuration(&json!({ "default": "PT1M" }));
        Self { tool, configuration, name }
    }

    fn run(&self, options: &[&str], command: &[&str]) -> Output {
        self.tool.run(&[&["run"], options, &["--"], command].concat())
    }

    /// The states of all leases, newest first.
    fn leases(&self) -> Vec<String> {
        let leases = ok(&self.tool.caller.get(&format!("{}/leases", self.configuration)), 200);
        leases["leases"].as_array().unwrap().iter().map(|one| one["status"].as_str().unwrap().to_owned()).collect()
    }

    /// Starts a shell with a lease, in the background; gives it once the shell has written its password to a file.
    fn start(&self, script: &str) -> (Child, String) {
        let file = self.file("password");
        let _ = fs::remove_file(&file);
        let script = format!("printf %s \"$DB_PASSWORD\" > beside && mv beside password; {script}");
        let lease = format!("{}=DB", self.name);
        let key = [("CHANCERY_API_KEY", self.tool.caller.token.as_deref().unwrap())];
        let arguments = ["run", "--lease", &lease, "--", "sh", "-c", &script];
        let mut command = self.tool.folder.command(&arguments, &key);
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        wait::until(Duration::from_secs(20), || file.exists(), "the command does not start");
        let password = fs::read_to_string(file).unwrap();
        assert!(password.starts_with("qnsp_pqc_"), "{password}");
        (child, password)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.tool.folder.path(name)
    }
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args([&format!("-{name}"), &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

/// The exit code, and that neither stream tells the password.
#[track_caller]
fn ends(child: Child, password: &str) -> Option<i32> {
    let output = child.wait_with_output().unwrap();
    for stream in [&output.stdout, &output.stderr] {
        assert!(!String::from_utf8_lossy(stream).contains(password));
    }
    output.status.code()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn a_command_gets_what_is_stored_and_its_exit_code_is_passed_on(t: &Deployment) {
    let (run, tenant, id) = (Runner::new(t), unique("acme"), unique("secret"));
    let value = "two\nlines, 'quoted' $HOME \u{e4}";
    run.tool.prints(&["secret", "put", &tenant, "web", "SMTP_PASSWORD", value]);
    run.tool.prints(&["secret", "put", &tenant, "web", "token", "t0k3n"]);
    run.tool.prints_with(&["vault", "secret", "create", &id], b"old");
    run.tool.prints_with(&["vault", "secret", "rotate", &id], b"of the vault");
    let (place, secret) = (format!("{tenant}/web"), format!("{id}=FROM_VAULT"));
    let options = ["--secrets", &place, "--vault-secret", &secret];
    let script = "printf '%s|%s|%s|%s' \"$SMTP_PASSWORD\" \"$token\" \"$FROM_VAULT\" \"$1\"; cat; echo err >&2; exit 7";
    let arguments = [&["run"][..], &options, &["--", "sh", "-c", script, "sh", "an argument"]].concat();
    let output = run.tool.run_with(&arguments, b"|input");
    assert_eq!(output.status.code(), Some(7));
    assert_eq!(text(&output.stdout), format!("{value}|t0k3n|of the vault|an argument|input"));
    assert_eq!(text(&output.stderr), "err\n");

    // What signs is not for the command, and what is set already is replaced on demand only.
    let output = run.run(&options, &["env"]);
    let names: Vec<_> = text(&output.stdout).lines().map(str::to_owned).collect();
    let has = |name: &str| names.iter().any(|line| line.starts_with(&format!("{name}=")));
    assert!(has("token") && has("PATH") && !has("CHANCERY_API_KEY") && !has("CHANCERY_LICENSE"), "{names:?}");
    let home = format!("{id}=HOME");
    let output = run.run(&["--vault-secret", &home, "--override"], &["sh", "-c", "printf %s \"$HOME\""]);
    assert_eq!(text(&output.stdout), "of the vault");
}

fn a_wrong_variable_stops_it_before_the_command_starts(t: &Deployment) {
    let (run, tenant, id) = (Runner::new(t), unique("acme"), unique("secret"));
    run.tool.prints(&["secret", "put", &tenant, "web", "DB_USERNAME", "s3cret"]);
    run.tool.prints_with(&["vault", "secret", "create", &id], b"s3cret");
    let (place, lease) = (format!("{tenant}/web"), format!("{}=DB", run.name));
    let [good, number, twice, home, unknown] =
        ["A", "1A", "DB_PASSWORD", "HOME", "B"].map(|name| format!("{id}={name}"));
    let unknown = unknown.replace(&id, "unknown");
    for (options, code, expected) in [
        (&["--vault-secret", &number][..], 2, "--vault-secret"),
        (&["--vault-secret", &good, "--vault-secret", &good], 2, "two values"),
        (&["--vault-secret", &twice, "--lease", &lease], 2, "DB_PASSWORD would have two values"),
        (&["--secrets", &place, "--lease", &lease], 2, "DB_USERNAME would have two values"),
        (&["--secrets", &place, "--secrets", &place], 2, "two values"),
        (&["--vault-secret", &home], 2, "--override"),
        (&["--vault-secret", &unknown], 1, "there is no secret unknown"),
        (&["--lease", "unknown"], 1, "no configuration"),
        (&["--lease", &lease, "--lease-url", "XX=pg://h"], 2, "the prefixes are DB"),
        (&["--lease", &lease, "--lease-url", "DB=pg://me:s3cret@h"], 2, "without user and password"),
        (&["--secrets", "acme"], 2, "TENANT/COMMUNITY"),
        (&[], 2, "--lease"),
    ] {
        let output = run.run(options, &["touch", "started"]);
        let errors = text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{options:?}: {errors}");
        assert!(errors.contains(expected) && !errors.contains("s3cret"), "{options:?}: {errors}");
    }
    assert!(!run.file("started").exists());
    assert_eq!(run.leases(), [""; 0], "nothing was leased");
}

fn a_lease_lives_as_long_as_the_command(t: &Deployment) {
    let run = Runner::new(t);
    let output = run.run(
        &[
            "--lease",
            &run.name,
            "--ttl",
            "30s",
            "--lease-url",
            &format!("{}=pg://db.example:5/o?a=b", prefix(&run.name)),
        ],
        &["sh", "-c", "env | grep ^KEYS"],
    );
    assert!(output.status.success(), "{}", text(&output.stderr));
    let variable = |part: &str| {
        let name = format!("{}_{part}=", prefix(&run.name));
        let found = text(&output.stdout).lines().find_map(|line| line.strip_prefix(&name).map(str::to_owned));
        found.unwrap_or_else(|| panic!("no {name}"))
    };
    let (user, password) = (variable("USERNAME"), variable("PASSWORD"));
    let url = variable("URL");
    assert!(url.starts_with("pg://") && url.ends_with("@db.example:5/o?a=b"), "{url}");
    assert!(url.replace("%5F", "_").replace("%2D", "-").contains(&format!("{user}:{password}")), "{url}");
    assert_eq!(run.leases(), ["revoked"]);

    let (child, password) = run.start("read line < /dev/null; while [ ! -e go ]; do sleep 0.05; done; exit 3");
    assert_eq!(run.leases(), ["active", "revoked"]);
    assert!(uses(&run, &password));
    fs::write(run.file("go"), "").unwrap();
    assert_eq!(ends(child, &password), Some(3));
    assert_eq!(run.leases(), ["revoked", "revoked"]);
    assert!(!uses(&run, &password));
}

fn a_lease_is_revoked_even_if_the_local_deployment_is_forgotten_meanwhile(t: &Deployment) {
    let run = Runner::new(t);
    let (child, password) = run.start("rm -r .chancery; exit 4");
    assert_eq!(ends(child, &password), Some(4));
    assert!(!run.file(".chancery").exists());
    assert_eq!(run.leases(), ["revoked"]);
}

fn prefix(name: &str) -> String {
    name.to_ascii_uppercase().replace('-', "_")
}

fn uses(run: &Runner, key: &str) -> bool {
    run.tool.folder.run(&["vault", "secret", "stats"], &[("CHANCERY_API_KEY", key)]).status.success()
}

fn a_lease_is_revoked_when_a_signal_ends_the_tool_or_the_command(t: &Deployment) {
    let run = Runner::new(t);
    // Others may be ignored where the tests run, as under nohup, and are then ignored by the tool too.
    for (name, code) in [("TERM", 143), ("USR1", 138)] {
        let (child, password) = run.start("exec sleep 60");
        signal(&child, name);
        assert_eq!(ends(child, &password), Some(code), "{name}");
        assert!(!uses(&run, &password), "{name}");
    }
    // The command decides what a signal means, and how it ends.
    let (child, password) =
        run.start("trap 'echo told > told; exit 5' TERM; touch ready; while :; do sleep 0.05; done");
    wait::until(Duration::from_secs(20), || run.file("ready").exists(), "the command does not start");
    signal(&child, "TERM");
    assert_eq!(ends(child, &password), Some(5));
    assert!(run.file("told").exists() && !uses(&run, &password));
    let (child, password) = run.start("kill -9 $$");
    assert_eq!(ends(child, &password), Some(137));
    assert!(!uses(&run, &password));
    assert_eq!(run.leases(), ["revoked"; 4]);
}

fn a_lease_is_revoked_when_the_command_does_not_start(t: &Deployment) {
    let run = Runner::new(t);
    let output = run.run(&["--lease", &run.name], &["/no/such/command", "s3cret"]);
    let errors = text(&output.stderr);
    assert_eq!(output.status.code(), Some(127), "{errors}");
    assert!(errors.contains("/no/such/command does not start") && !errors.contains("s3cret"), "{errors}");
    let output = run.run(&["--lease", &run.name], &["/"]);
    assert_eq!(output.status.code(), Some(126), "{}", text(&output.stderr));
    // Nor is a second lease refused without ending the first.
    let lease = format!("{}=OTHER", run.name);
    let output = run.run(&["--lease", &run.name, "--lease", &lease, "--ttl", "2h"], &["touch", "started"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("ttl must be at most ttl.max"));
    let (_, long) = run.tool.configuration(&json!({ "default": "PT3H" }));
    let output = run.run(&["--lease", &long, "--lease", &run.name, "--ttl", "2h"], &["touch", "started"]);
    assert_eq!(output.status.code(), Some(1));
    let leases: Value = run.tool.json(&["vault", "lease", "list"]);
    let states: Vec<_> = leases.as_array().unwrap().iter().map(|lease| lease["status"].as_str().unwrap()).collect();
    assert_eq!(states, ["revoked"; 3]);
    assert!(!run.file("started").exists());
}

fn a_lease_is_renewed_while_the_command_runs(t: &Deployment) {
    let run = Runner::new(t);
    let tool = sibling("chancery").unwrap();
    let ask = format!("sleep 5; CHANCERY_API_KEY=$DB_PASSWORD {} vault secret stats", tool.display());
    let lease = format!("{}=DB", run.name);
    let output = run.run(&["--lease", &lease, "--ttl", "3s"], &["sh", "-c", &ask]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("totalSecrets"));
    assert_eq!(run.leases(), ["revoked"]);
}
