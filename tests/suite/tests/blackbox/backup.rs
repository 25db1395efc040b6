//! Backup and restore as docs/operating.md says: with the variables of the old deployment, a copy of its database is a
//! deployment in which everything reads back.

use std::{
    env, fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
    time::Duration,
};

use chancery::client::Api;
use chancery_tests::{
    runtime::{self, Runtime},
    variables::Variables,
};
use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};

use crate::{
    answer::ok,
    case::{Case, case},
    consent, database,
    deployment::{Caller, Deployment, community, secrets_of, unique},
    tool::Folder,
};

pub fn cases() -> Vec<Case> {
    vec![case(a_backup_is_restored_whole)]
}

/// Secrets that are there before the backup begins.
const BEFORE: usize = 20;

/// As many are written at most, should the backup never end.
const MOST: usize = 5_000;

fn a_backup_is_restored_whole(shared: &Deployment) {
    let runtime = shared.instance.runtime;
    let variables = Variables::random();
    let old = Deployment::start(runtime, variables.clone()).unwrap();
    let (tenant, place) = (unique("tenant"), community());
    let secrets = secrets_of(&tenant, &place);
    let put = |number: usize| {
        let body = json!({ "tag": format!("T{number}"), "value": format!("value {number}"), "createdBy": "suite" });
        ok(&old.service.put(&secrets, &body), 201);
    };
    (0..BEFORE).for_each(put);
    old.admit(&old.service, &place);
    let consents = consent::consents_of(&tenant, &place);
    let version = ok(&consent::put(&old.service, &consents, "terms", &consent::content("kept")), 200)["data"].clone();
    let context = json!({ "context": { "appId": unique("app") }, "data": { "deep": [1, "two"] } });
    ok(&old.system.put("/caas/config/data", &context), 200);
    let licence = ok(&old.basic.get("/licenses/servicekey/current"), 200);

    let folder = env::temp_dir().join(unique("chancery-backup"));
    fs::create_dir(&folder).unwrap();
    let backup = folder.join("backup");
    let written = AtomicUsize::new(BEFORE);
    let acknowledged = match runtime {
        // While an export is made D1 serves nobody.
        Runtime::Workerd => {
            wrangler(old.instance.state(), &folder, "export", &["--output", backup.to_str().unwrap()]);
            BEFORE
        }
        Runtime::Native | Runtime::Libsql | Runtime::Component => {
            let is_over = AtomicBool::new(false);
            thread::scope(|scope| {
                let writer = scope.spawn(|| {
                    while !is_over.load(Ordering::Relaxed) && written.load(Ordering::Relaxed) < MOST {
                        put(written.load(Ordering::Relaxed));
                        written.fetch_add(1, Ordering::Relaxed);
                    }
                });
                while written.load(Ordering::Relaxed) < BEFORE + 5 && !writer.is_finished() {
                    thread::sleep(Duration::from_millis(1));
                }
                let acknowledged = written.load(Ordering::Relaxed);
                copy(&database::file(&old.instance.database_files()), &backup);
                is_over.store(true, Ordering::Relaxed);
                acknowledged
            })
        }
    };

    let new = Deployment::start(runtime, variables.clone()).unwrap();
    let state = new.instance.state().to_owned();
    let new = new.restart_after(variables, |files| restore(runtime, files, &state, &folder, &backup)).unwrap();
    let known = |caller: &Caller| new.client(&caller.secret);
    let get = |caller: &Caller, path: &str| ok(&known(caller).call("GET", path, &[], None).unwrap(), 200);
    let post = |caller: &Caller, path: &str, body: &Value| {
        ok(&known(caller).call("POST", path, &[], Some(body)).unwrap(), 200)
    };
    assert_eq!(ok(&new.anonymous.get("/caas/healthz?ready=true"), 200)["code"], "200");
    assert_eq!(get(&old.basic, "/licenses/servicekey/current"), licence);
    assert_eq!(get(&old.service, &format!("/licenses/community/{place}/licensecheck"))["isAuthorized"], true);
    let client = known(&old.service);
    let shown = ok(&client.call("GET", &format!("{consents}/terms"), &[], None).unwrap(), 200);
    assert_eq!(client.decrypt_data(Api::Caas, shown["data"].as_str().unwrap()).unwrap(), version);
    assert_eq!(
        post(&old.basic, "/caas/config/fetch?read_fresh=true", &json!({ "context": context["context"] })),
        context["data"]
    );

    // The log is read before the next entry is written.
    let tool = Folder::new(&new);
    let export = tool.prints(&["audit", "export", "--tenant", &tenant]);
    let created = export.lines().filter(|line| line.contains("secret.create")).count();
    tool.prints(&["audit", "verify", &tool.file("export", &export)]);
    let fetched = post(&old.service, &format!("{secrets}/fetch"), &json!({}));
    let fetched = fetched["secrets"].as_array().unwrap();
    assert_eq!(fetched.len(), created, "secrets and their entries are of one moment");
    for number in 0..acknowledged {
        let tag = format!("T{number}");
        let secret = fetched.iter().find(|secret| secret["tag"] == tag).unwrap_or_else(|| panic!("{tag} is lost"));
        assert_eq!(secret["value"], format!("value {number}"));
    }
    let _ = fs::remove_dir_all(folder);
}

/// As `sqlite3 database "VACUUM INTO 'backup'"` does.
fn copy(database: &Path, backup: &Path) {
    let connection = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    connection.busy_timeout(Duration::from_secs(10)).unwrap();
    connection.execute("VACUUM INTO ?1", [backup.to_str().unwrap()]).unwrap();
}

/// Puts a backup in the place of a database that nobody has open.
fn restore(runtime: Runtime, files: &[PathBuf], state: &Path, folder: &Path, backup: &Path) {
    let database = database::file(files);
    for suffix in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(format!("{}{suffix}", database.display()));
    }
    match runtime {
        Runtime::Workerd => wrangler(state, folder, "execute", &["--yes", "--file", backup.to_str().unwrap()]),
        Runtime::Native | Runtime::Libsql | Runtime::Component => drop(fs::copy(backup, database).unwrap()),
    }
}

/// `wrangler d1 …` on the database of a deployment on this machine.
fn wrangler(state: &Path, folder: &Path, command: &str, arguments: &[&str]) {
    let root = runtime::root().canonicalize().unwrap();
    let manifest = fs::read_to_string(root.join("functions/licensing/service-key/wrangler.toml")).unwrap();
    let database = &manifest[manifest.find("[[d1_databases]]").unwrap()..];
    let database = database.split_once("\n\n").map_or(database, |(database, _)| database);
    let manifest = format!("name = \"backup\"\ncompatibility_date = \"2025-01-01\"\n{database}\n");
    let place = folder.join(command);
    fs::create_dir_all(place.join(".wrangler")).unwrap();
    fs::write(place.join("wrangler.toml"), manifest).unwrap();
    symlink(state, place.join(".wrangler/state")).unwrap();
    let mut wrangler = Command::new(root.join("node_modules/.bin/wrangler"));
    wrangler.args(["d1", command, "chancery", "--local"]).args(arguments).current_dir(&place);
    wrangler.envs([("CI", "true"), ("WRANGLER_SEND_METRICS", "false"), ("WRANGLER_SEND_ERROR_REPORTS", "false")]);
    wrangler.env("WRANGLER_LOG_PATH", place.join("log")).env("WRANGLER_REGISTRY_PATH", place.join("registry"));
    let output = wrangler.output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}{errors}", String::from_utf8_lossy(&output.stdout));
}
