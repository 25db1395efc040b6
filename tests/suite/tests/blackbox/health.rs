//! Liveness and readiness: what each says while storage or a variable fails. Each case has a deployment of its own.

use std::{fs, io::Write as _, os::unix::fs::FileExt as _, path::PathBuf, time::Duration};

use chancery_tests::{
    runtime::Runtime,
    variables::{Variables, random_base64},
    wait,
};
use rusqlite::Connection;

use crate::{
    answer::{names, ok, refused},
    case::{self, Case, case},
    database,
    deployment::Deployment,
};

const READY: &str = "/caas/healthz?ready=true";

/// An instance repeats its last answer for a second.
const REPEATED: Duration = Duration::from_millis(1050);

pub fn cases() -> Vec<Case> {
    vec![
        case(a_deployment_that_works_is_ready),
        case(a_failing_part_of_the_storage_is_named),
        case(a_read_only_database_is_alive_and_not_ready),
        case(an_unusable_variable_is_named_and_logged_without_its_value),
    ]
}

fn a_deployment_that_works_is_ready(t: &Deployment) {
    for api in ["/caas", "/licenses"] {
        let ready = ok(&t.anonymous.get(&format!("{api}/healthz?ready=true")), 200);
        assert_eq!(names(&ready), ["code", "publicKey", "status", "version"]);
        assert_eq!(ready, ok(&t.anonymous.get(&format!("{api}/healthz")), 200));
    }
    refused(&t.anonymous.get("/caas/healthz?ready=perhaps"), 400);
}

fn a_failing_part_of_the_storage_is_named(shared: &Deployment) {
    let t = Deployment::start(shared.instance.runtime, Variables::random()).unwrap();
    let table = if t.instance.runtime == Runtime::Workerd { "d1_migrations" } else { "schema_migrations" };
    let unready = || {
        t.pass(REPEATED);
        ok(&t.anonymous.get("/caas/healthz"), 200);
        refused(&t.anonymous.get(READY), 503)
    };
    database::change(
        &t.instance,
        "CREATE TRIGGER refuse BEFORE INSERT ON environment BEGIN SELECT RAISE(ABORT, 'the disk is full'); END",
    );
    assert_eq!(unready(), "Not ready: storage cannot be written");
    if t.instance.runtime == Runtime::Component {
        // An instance that starts there applies what is missing, and serves nobody when that fails.
        return;
    }
    let forget = format!("DROP TRIGGER refuse; DELETE FROM {table} WHERE name = '0006_environment.sql'");
    database::change(&t.instance, &forget);
    assert_eq!(unready(), "Not ready: migration 0006_environment.sql is not applied");
    // On workerd the log comes through another process.
    let is_logged = || t.instance.log().contains("0006_environment.sql");
    wait::until(Duration::from_secs(10), is_logged, "the log does not say it");
}

/// workerd does not start on such a database at all.
fn a_read_only_database_is_alive_and_not_ready(shared: &Deployment) {
    if shared.instance.runtime == Runtime::Workerd {
        return;
    }
    let variables = Variables::random();
    let t = Deployment::start(shared.instance.runtime, variables.clone()).unwrap();
    let t = t.restart_after(variables, make_read_only).unwrap();
    ok(&t.anonymous.get("/licenses/healthz"), 200);
    assert_eq!(refused(&t.anonymous.get(READY), 503), "Not ready: storage cannot be written");
}

/// SQLite takes a database for read-only when its header asks for a writer that it does not know, whoever asks.
fn make_read_only(files: &[PathBuf]) {
    const WRITE_VERSION: u64 = 18;
    for file in files {
        let Ok(connection) = Connection::open(file) else { continue };
        if connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).is_err() {
            continue;
        }
        drop(connection);
        let mut file = fs::OpenOptions::new().write(true).open(file).unwrap();
        file.write_all_at(&[3], WRITE_VERSION).unwrap();
        file.flush().unwrap();
    }
}

fn an_unusable_variable_is_named_and_logged_without_its_value(shared: &Deployment) {
    let wrong = random_base64();
    let unusable = format!("{wrong}{wrong}");
    for (name, value, public, inner) in [
        ("ROOT_KEY", unusable.as_str(), "is missing or unusable", "is unusable"),
        ("LOOKUP_KEY", &unusable, "is missing or unusable", "is unusable"),
        ("ROOT_LICENSE_KEY", "", "is not set", "is not set"),
    ] {
        let instance = shared.instance.runtime.start(case::needed(), Variables::random().with(name, value)).unwrap();
        let ask = |path: &str| {
            ureq::get(format!("{}{path}", instance.url)).config().http_status_as_error(false).build().call()
        };
        assert_eq!(ask("/caas/healthz").unwrap().status(), 200);
        let mut answer = ask(READY).unwrap();
        let text = answer.body_mut().read_to_string().unwrap();
        assert_eq!(answer.status(), 503);
        assert!(text.contains(&format!("Not ready: {name} {public}")), "{text}");
        let log = instance.log();
        assert!(log.contains(&format!("{name} {inner}: ")), "{log}");
        assert!(!text.contains(&wrong) && !log.contains(&wrong), "a value was shown");
    }
}
