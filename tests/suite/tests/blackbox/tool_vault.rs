//! The tool with the vault of a QNSP tenant: secrets with versions, and leases of credentials.

use std::{
    fs,
    io::Write,
    process::{Output, Stdio},
};

use serde_json::{Value, json};

use crate::{
    answer::ok,
    case::{Case, case},
    deployment::{Deployment, unique},
    qnsp::{Caller, Tenant},
    qnsp_dynamic::{configured, keys},
    tool::Folder,
};

pub fn cases() -> Vec<Case> {
    vec![
        case(a_secret_is_stored_read_rotated_and_destroyed),
        case(no_byte_of_a_value_changes_and_none_is_shown),
        case(a_secret_is_kept_as_its_retention_says),
        case(credentials_are_leased_renewed_and_revoked),
        case(a_refusal_says_what_is_wrong),
    ]
}

/// The tool as the holder of a key.
pub struct Holder<'a> {
    pub folder: Folder,
    pub caller: Caller<'a>,
}

impl<'a> Holder<'a> {
    pub fn new(t: &'a Deployment, role: &str) -> Self {
        let tenant = Tenant::new(t, &json!({ "tier": "enterprise-pro" }));
        Self { folder: Folder::new(t), caller: tenant.key(role) }
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        self.run_with(arguments, b"")
    }

    pub fn run_with(&self, arguments: &[&str], input: &[u8]) -> Output {
        let key = [("CHANCERY_API_KEY", self.caller.token.as_deref().unwrap())];
        let mut command = self.folder.command(arguments, &key);
        let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = piped.spawn().unwrap();
        // A command that fails may read nothing.
        let _ = child.stdin.take().unwrap().write_all(input);
        child.wait_with_output().unwrap()
    }

    #[track_caller]
    pub fn prints(&self, arguments: &[&str]) -> String {
        self.prints_with(arguments, b"")
    }

    #[track_caller]
    pub fn prints_with(&self, arguments: &[&str], input: &[u8]) -> String {
        let output = self.run_with(arguments, input);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    #[track_caller]
    pub fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.prints(&[&["--json"], arguments].concat())).unwrap()
    }

    /// What stands on standard error when it ends with this code and prints nothing.
    #[track_caller]
    pub fn fails(&self, code: i32, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(code), &b""[..]), "{arguments:?}: {errors}");
        errors
    }

    /// A configuration that makes keys of this API, by its path and its name.
    #[track_caller]
    pub fn configuration(&self, ttl: &Value) -> (String, String) {
        let body = keys(ttl);
        (configured(&self.caller, &body), body["name"].as_str().unwrap().to_owned())
    }
}

fn a_secret_is_stored_read_rotated_and_destroyed(t: &Deployment) {
    let tool = Holder::new(t, "developer");
    let (id, missing) = (unique("secret"), unique("secret"));
    let secret = |words: &[&str]| tool.prints(&[&["vault", "secret"], words].concat());
    let fails = |words: &[&str]| tool.fails(1, &[&["vault", "secret"], words].concat());
    let create = ["vault", "secret", "create", &id, "--reason", "first"];
    assert_eq!(tool.prints_with(&create, b"one"), format!("stored version 1 of {id}\n"));
    assert!(fails(&["create", &id]).contains(&format!("rotate {id}")));
    assert!(fails(&["rotate", &missing]).contains(&format!("create {missing}")));
    assert_eq!(tool.prints_with(&["vault", "secret", "rotate", &id], b"two"), format!("stored version 2 of {id}\n"));

    let shown = secret(&["get", &id]);
    assert!(shown.contains("version    2\n") && shown.contains("--reveal") && !shown.contains("two"), "{shown}");
    assert_eq!(secret(&["get", &id, "--reveal"]), "two\n");
    assert_eq!(secret(&["get", &id, "--reveal", "--version", "1"]), "one\n");
    let shown = tool.json(&["vault", "secret", "get", &id, "--version", "1"]);
    assert_eq!((&shown["state"], &shown["metadata"]["reason"]), (&json!("deprecated"), &json!("first")));
    assert_eq!(shown.get("value"), None);
    assert_eq!(tool.json(&["vault", "secret", "get", &id, "--reveal"])["value"], "two");
    assert!(fails(&["get", &id, "--version", "7"]).contains("no version 7"));
    assert!(fails(&["get", &missing]).contains("there is no secret"));

    let versions = secret(&["versions", &id]);
    let lines: Vec<_> = versions.lines().collect();
    assert!(lines.len() == 3 && lines[1].starts_with("2  ") && lines[2].ends_with("first"), "{versions}");
    assert_eq!(secret(&["compare", &id, "1", "2"]), "different\n");
    assert_eq!(secret(&["rollback", &id, "1"]), format!("version 3 of {id} has the value of version 1\n"));
    assert_eq!(secret(&["compare", &id, "1", "3"]), "the same\n");
    assert_eq!(secret(&["get", &id, "--reveal"]), "one\n");

    assert_eq!(secret(&["deprecate", &id, "3"]), format!("version 3 of {id} is deprecated\n"));
    assert!(fails(&["get", &id]).contains("no active version"));
    assert_eq!(secret(&["destroy", &id, "1", "--yes"]), format!("version 1 of {id} is destroyed\n"));
    assert!(fails(&["get", &id, "--version", "1", "--reveal"]).contains("410"));
    let states = tool.json(&["vault", "secret", "versions", &id, "--state", "destroyed"]);
    assert_eq!((states.as_array().unwrap().len(), &states[0]["version"]), (1, &json!(1)));
    let actions = tool.json(&["vault", "secret", "events", &id]);
    let actions: Vec<_> = actions.as_array().unwrap().iter().map(|event| event["action"].as_str().unwrap()).collect();
    assert_eq!((actions[0], *actions.last().unwrap()), ("created", "destroyed"));
    assert!(secret(&["stats"]).contains("totalVersions             3\n"));
}

fn no_byte_of_a_value_changes_and_none_is_shown(t: &Deployment) {
    let tool = Holder::new(t, "developer");
    let pem = "-----BEGIN KEY-----\r\nAA==\n-----END KEY-----\n";
    fs::write(tool.folder.path("pem"), pem).unwrap();
    for (options, input, expected) in [
        (&["--file", "pem"][..], "", pem),
        (&["--file", "pem", "--trim"], "", pem.trim_end()),
        (&[], " s3cret\r\n", " s3cret\r\n"),
        (&["--trim"], "s3cret\n\n", "s3cret"),
    ] {
        let id = unique("secret");
        let output = tool.run_with(&[&["vault", "secret", "create", &id], options].concat(), input.as_bytes());
        let errors = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success() && !errors.contains("KEY") && !errors.contains("s3cret"), "{errors}");
        assert_eq!(errors.contains("--trim"), expected.ends_with('\n'), "{errors}");
        assert_eq!(tool.prints(&["vault", "secret", "get", &id, "--reveal", "--no-newline"]), expected);
    }
    let id = unique("secret");
    let made = tool.run(&["vault", "secret", "create", &id, "--generate", "40"]);
    let value = tool.prints(&["vault", "secret", "get", &id, "--reveal", "--no-newline"]);
    assert!(value.len() == 40 && value.chars().all(|c| c.is_ascii_alphanumeric()), "{value}");
    assert!(made.status.success() && !String::from_utf8(made.stdout).unwrap().contains(&value));

    // Neither as an argument nor where there is nothing.
    let wrong = tool.fails(2, &["vault", "secret", "create", &unique("secret"), "s3cret"]);
    assert!(!wrong.contains("s3cret"), "{wrong}");
    assert!(tool.fails(2, &["vault", "secret", "create", &unique("secret")]).contains("empty"));
}

fn a_secret_is_kept_as_its_retention_says(t: &Deployment) {
    let (tool, id) = (Holder::new(t, "admin"), unique("secret"));
    let secret = |words: &[&str]| tool.prints(&[&["vault", "secret"], words].concat());
    for verb in ["create", "rotate", "rotate"] {
        secret(&[verb, &id, "--generate", "16"]);
    }
    assert!(tool.fails(1, &["vault", "secret", "enforce-retention", &id]).contains("409"));
    let set = ["retention", &id, "--max-versions", "1", "--delete-after", "90d"];
    assert_eq!(secret(&set), format!("stored the retention of {id}\n"));
    assert_eq!(secret(&["enforce-retention", &id]), "destroyed 2, kept 1\n");
}

fn credentials_are_leased_renewed_and_revoked(t: &Deployment) {
    let tool = Holder::new(t, "admin");
    let (_, name) = tool.configuration(&json!({ "default": "PT15M", "max": "PT1H" }));
    let (_, other) = tool.configuration(&json!({ "default": "PT15M" }));
    let configurations = tool.json(&["vault", "lease", "configurations"]);
    assert_eq!((&configurations[0]["name"], &configurations[1]["name"]), (&json!(name), &json!(other)));
    let id = configurations[0]["configId"].as_str().unwrap();

    let lease = tool.json(&["vault", "lease", "create", &name, "--ttl", "5m", "--purpose", "a migration"]);
    let (lease_id, key) = (lease["leaseId"].as_str().unwrap(), lease["credentials"]["password"].as_str().unwrap());
    let as_leased = || tool.folder.run(&["vault", "secret", "stats"], &[("CHANCERY_API_KEY", key)]).status.code();
    assert_eq!(as_leased(), Some(0), "it is a key of this API");
    let shown = tool.prints(&["vault", "lease", "create", id]);
    assert!(shown.starts_with("leaseId    ") && shown.contains("\npassword   qnsp_pqc_"), "{shown}");
    tool.prints(&["vault", "lease", "create", &other]);

    let of_one = tool.json(&["vault", "lease", "list", &name]);
    assert_eq!((of_one.as_array().unwrap().len(), &of_one[0]["configuration"]), (2, &json!(name)));
    assert_eq!(tool.json(&["vault", "lease", "list"]).as_array().unwrap().len(), 3);
    let table = tool.prints(&["vault", "lease", "list", &other]);
    assert!(table.contains("active") && table.lines().count() == 2 && !table.contains("qnsp_pqc_"), "{table}");
    let renewed = tool.json(&["vault", "lease", "renew", lease_id, "--ttl", "30m"]);
    assert_ne!(renewed["expiresAt"], lease["expiresAt"]);
    assert!(tool.prints(&["vault", "lease", "renew", lease_id]).starts_with(&format!("{lease_id} ends at 20")));

    let unknown = chancery_tests::variables::random_uuid();
    let revoked = tool.run(&["vault", "lease", "revoke", &unknown, lease_id]);
    assert_eq!(revoked.status.code(), Some(1), "one of them is unknown");
    assert_eq!(String::from_utf8(revoked.stdout).unwrap(), format!("revoked {lease_id}\n"));
    assert_eq!(as_leased(), Some(1));
    let active = tool.json(&["vault", "lease", "list", &name, "--active"]);
    assert_eq!(active.as_array().unwrap().len(), 1);
    let active = || ok(&tool.caller.get(crate::qnsp_dynamic::CONFIGS), 200)["configs"].clone();
    assert_eq!((&active()[0]["activeLeases"], &active()[1]["activeLeases"]), (&json!(1), &json!(1)));

    tool.prints(&["vault", "lease", "create", &name]);
    assert!(tool.fails(2, &["vault", "lease", "revoke", lease_id, "--all-of", &name]).contains("--all-of"));
    let all = tool.prints(&["vault", "lease", "revoke", "--all-of", &name, "--yes"]);
    assert_eq!(all, format!("revoked 2 leases of {name}\n"));
    assert_eq!((&active()[0]["activeLeases"], &active()[1]["activeLeases"]), (&json!(0), &json!(1)));
}

fn a_refusal_says_what_is_wrong(t: &Deployment) {
    let tool = Holder::new(t, "admin");
    let (_, name) = tool.configuration(&json!({ "default": "PT1M" }));
    let errors = tool.fails(1, &["vault", "lease", "create", &name, "--ttl", "2h"]);
    assert!(errors.contains("ttl must be at most ttl.max"), "{errors}");
    assert!(tool.fails(2, &["vault", "lease", "create", &name, "--ttl", "soon"]).contains("15m"));
    let errors = tool.fails(1, &["vault", "lease", "create", "no-such"]);
    assert!(errors.contains("vault lease configurations"), "{errors}");
    let refused = tool.folder.run(&["vault", "secret", "stats"], &[("CHANCERY_API_KEY", "qnsp_pqc_0")]);
    let errors = String::from_utf8(refused.stderr).unwrap();
    assert!(errors.contains("API key is unknown") && !errors.contains("qnsp_pqc_0"), "{errors}");
}
