//! What cannot be undone is asked about at a terminal, whichever command does it.

use std::{
    fs::{self, File},
    io::Read,
    os::unix::ffi::OsStrExt,
    process::{Command, Output, Stdio},
    sync::{Arc, Mutex},
};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use serde_json::json;

use crate::{chancery_command, serve};

/// Every command that deletes, destroys, removes or revokes for good, as it is given.
const FINAL: [&[&str]; 19] = [
    &["call", "delete", "/caas/x"],
    &["licence", "delete", "shop"],
    &["licence", "rotate", "shop", "--disable-old"],
    &["licence", "authorize", "shop", "5f0000000000000000000001", "--remove"],
    &["config", "rm", "--app", "shop", "colours"],
    &["config-api", "group", "delete", "shop"],
    &["config-api", "item", "delete", "limit"],
    &["developer", "delete", "00000000-0000-4000-8000-000000000001"],
    &["portal", "token", "revoke", "00000000-0000-4000-8000-000000000001"],
    &["portal-file", "delete", "content/a.md"],
    &["qnsp", "key", "revoke", "00000000-0000-4000-8000-000000000001"],
    &["sd", "remove", "billing"],
    &["secret", "delete", "acme", "web", "DB_PASSWORD"],
    &["secret", "rotate", "acme", "web", "DB_PASSWORD", "new"],
    &["service", "delete", "00000000-0000-4000-8000-000000000001"],
    &["token", "revoke", "00000000-0000-4000-8000-000000000001"],
    &["vault", "lease", "revoke", "00000000-0000-4000-8000-000000000001"],
    &["vault", "secret", "destroy", "db-password", "1"],
    &["vault", "secret", "enforce-retention", "db-password"],
];

/// Their names say as much, but what they take is given back by `approve`.
const UNDONE: [&str; 2] = ["chancery-application-instance-revoke", "chancery-developer-revoke"];

/// Runs a command whose standard input and error are a terminal, at which this is typed. Gives what it showed there, how
/// it ended, and the changes that the service was asked for.
fn at_a_terminal(arguments: &[&str], typed: &str) -> (String, Output, Vec<String>) {
    let changes = Arc::new(Mutex::new(Vec::new()));
    let asked = changes.clone();
    let url = serve(move |request| {
        if !request.line.starts_with("GET ") && !request.line.contains("/secrets/fetch ") {
            asked.lock().unwrap().push(request.line.clone());
        }
        // What a command reads before it changes anything.
        match request.line.split([' ', '?']).take(2).collect::<Vec<_>>().join(" ").as_str() {
            "GET /licenses/servicekey" => (200, json!({ "tag": "shop", "keyId": "1", "authLevel": "basic" })),
            "GET /licenses/servicekey/current" => (200, json!({ "tag": "root", "keyId": "2" })),
            "GET /caas/audit/licensing/entries" => (200, json!({ "entries": [], "next": null })),
            "POST /caas/tenants/acme/community/web/secrets/fetch" => {
                (200, json!({ "secrets": [{ "tag": "DB_PASSWORD", "value": "old" }] }))
            }
            _ => (404, json!({ "error": "There is no such thing" })),
        }
    });
    let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&terminal).unwrap();
    unlockpt(&terminal).unwrap();
    let name = ptsname(&terminal, Vec::new()).unwrap();
    let user = File::options().read(true).write(true).open(std::ffi::OsStr::from_bytes(name.as_bytes())).unwrap();
    rustix::io::write(&terminal, typed.as_bytes()).unwrap();
    let mut command: Command = chancery_command(&url, arguments);
    command
        .env("CHANCERY_API_KEY", "qnsp_pqc_0000000000000000000000000000000000000000")
        .env("CHANCERY_CONFIG_TOKEN", "token");
    command.stdin(user.try_clone().unwrap()).stderr(user).stdout(Stdio::piped());
    let output = command.spawn().unwrap().wait_with_output().unwrap();
    drop(command);
    let mut shown = Vec::new();
    // Nobody holds the other end any more, so reading ends: with an error, once everything was read.
    let _ = File::from(terminal).read_to_end(&mut shown);
    let changes = changes.lock().unwrap().clone();
    (String::from_utf8(shown).unwrap(), output, changes)
}

#[test]
fn what_cannot_be_undone_is_asked_about_at_a_terminal() {
    for arguments in FINAL {
        for no in ["n\n", "\n"] {
            let (shown, output, changes) = at_a_terminal(arguments, no);
            assert!(shown.contains("? ") && shown.contains("[y/N]"), "{arguments:?}: {shown}");
            assert!(shown.contains("nothing was done"), "{arguments:?}: {shown}");
            assert!(!output.status.success() && changes.is_empty(), "{arguments:?}: {changes:?}");
        }
        let (shown, _, changes) = at_a_terminal(arguments, "y\n");
        assert!(shown.contains("[y/N]") && !changes.is_empty(), "{arguments:?}: {shown}");
        let (shown, _, changes) = at_a_terminal(&[arguments, &["--yes"]].concat(), "");
        assert!(!shown.contains("[y/N]") && !changes.is_empty(), "{arguments:?}: {shown}");
    }
}

#[test]
fn every_command_of_such_a_name_is_known() {
    let folder = std::env::temp_dir().join(format!("chancery-questions-{}", std::process::id()));
    assert!(chancery_command("", &["man", folder.to_str().unwrap()]).output().unwrap().status.success());
    let pages = fs::read_dir(&folder).unwrap().map(|page| page.unwrap().file_name().into_string().unwrap());
    let commands: Vec<_> = pages.map(|page| page.trim_end_matches(".1").to_owned()).collect();
    fs::remove_dir_all(folder).unwrap();
    let ends = |command: &&String| {
        ["delete", "destroy", "drop", "erase", "purge", "remove", "revoke", "rm"]
            .iter()
            .any(|word| command.ends_with(word))
    };
    let known = |command: &&String| {
        UNDONE.contains(&command.as_str())
            || FINAL.iter().any(|given| format!("chancery-{}", given.join("-")).starts_with(&format!("{command}-")))
    };
    let such: Vec<_> = commands.iter().filter(ends).collect();
    assert!(such.len() > 10, "{commands:?}");
    let unknown: Vec<_> = such.into_iter().filter(|command| !known(command)).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}
