//! Deployments by name, and how answers are shown and calls are told.

use std::{
    fs,
    io::Write,
    os::unix::fs::PermissionsExt as _,
    process::{Output, Stdio},
};

use serde_json::{Value, json};

use crate::{
    case::{Case, case},
    deployment::{Deployment, unique},
    qnsp::Tenant,
    tool::Folder,
};

pub fn cases() -> Vec<Case> {
    vec![
        case(a_deployment_is_kept_under_a_name_and_forgotten),
        case(nothing_is_kept_that_the_deployment_does_not_know),
        case(what_is_nearer_comes_first),
        case(answers_are_shown_as_json_and_yaml_and_calls_are_told),
        case(a_call_that_is_not_answered_in_time_is_given_up),
    ]
}

/// A folder without a local deployment in it.
fn elsewhere(t: &Deployment) -> Folder {
    let folder = Folder::new(t);
    fs::remove_dir_all(folder.path(".chancery")).unwrap();
    folder
}

fn with_input(folder: &Folder, arguments: &[&str], input: &str) -> Output {
    let mut command = folder.command(arguments, &[]);
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = piped.spawn().unwrap();
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

fn errors(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn a_deployment_is_kept_under_a_name_and_forgotten(t: &Deployment) {
    let folder = elsewhere(t);
    let url = t.instance.url.as_str();
    let login =
        with_input(&folder, &["login", "prod", "--url", url, "--license-file", "-"], &format!("{}\n", t.root.secret));
    let text = String::from_utf8(login.stdout.clone()).unwrap();
    assert!(login.status.success() && text.contains("licence  root\n") && text.contains("level    system\n"), "{text}");
    let file = folder.path("config/chancery/profiles.json");
    assert!(!text.contains(&t.root.secret) && !errors(&login).contains(&t.root.secret));
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);

    // It is used from then on, and another beside it.
    assert_eq!(folder.json(&["call", "GET", "/licenses/servicekey/current"])["tag"], "root");
    let key = Tenant::new(t, &json!({ "tier": "free" })).key("viewer").token.unwrap();
    folder.file("key", &key);
    let service = [("CHANCERY_LICENSE", t.service.secret.as_str())];
    assert!(folder.run(&["login", "second", "--url", url, "--api-key-file", "key"], &service).status.success());
    let who = folder.json(&["whoami", "--json"]);
    assert_eq!((&who["profile"], &who["license"]["tag"]), (&json!("second"), &json!(t.service.tag)));
    assert_eq!((&who["apiKey"], &who["curve"]), (&json!("known"), &json!(t.instance.variables.get("EC_CURVE_NAME"))));
    assert_eq!(folder.json(&["call", "--bearer", "GET", "/tenant/v1/quotas/current"]).get("error"), None);
    let list = folder.json(&["profile", "list", "--json"]);
    let names: Vec<_> =
        list.as_array().unwrap().iter().map(|one| (&one["name"], &one["current"], &one["apiKey"])).collect();
    assert_eq!(names, [(&json!("prod"), &json!(false), &json!(false)), (&json!("second"), &json!(true), &json!(true))]);
    let table = folder.prints(&["profile", "list"]);
    assert!(!table.contains(&key) && !table.contains(&t.service.secret), "{table}");

    let third = folder.run(&["login", "third"], &[]);
    assert_eq!((third.status.code(), errors(&third).contains("--url")), (Some(2), true), "{}", errors(&third));
    assert!(folder.prints(&["whoami", "--profile", "prod"]).contains("licence  root\n"));
    let by_variable = folder.run(&["whoami"], &[("CHANCERY_PROFILE", "prod")]);
    assert!(String::from_utf8(by_variable.stdout).unwrap().contains("licence  root\n"));
    assert_eq!(folder.prints(&["profile", "use", "prod"]), "using prod\n");
    assert!(folder.prints(&["whoami"]).contains("licence  root\n"));
    // One that is known is changed, and keeps the rest.
    folder.prints(&["login", "prod", "--api-key-file", "key"]);
    let who = folder.json(&["whoami", "--json"]);
    assert_eq!((&who["license"]["tag"], &who["apiKey"]), (&json!("root"), &json!("known")));

    assert_eq!(folder.prints(&["logout"]), "forgot prod\n");
    assert!(!fs::read_to_string(&file).unwrap().contains(&t.root.secret));
    let nobody = folder.run(&["whoami"], &[]);
    assert_eq!(nobody.status.code(), Some(2));
    assert!(errors(&nobody).contains("chancery login"), "{}", errors(&nobody));
    assert_eq!(folder.prints(&["logout", "second"]), "forgot second\n");
    assert_eq!(folder.run(&["logout", "second"], &[]).status.code(), Some(2));
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let open = folder.run(&["whoami"], &[]);
    assert_eq!((open.status.code(), errors(&open).contains("chmod 600")), (Some(2), true), "{}", errors(&open));
}

fn nothing_is_kept_that_the_deployment_does_not_know(t: &Deployment) {
    let folder = elsewhere(t);
    let url = t.instance.url.as_str();
    let login = |arguments: &[&str], input: &str| {
        let output = with_input(&folder, &[&["login", "prod", "--url", url], arguments].concat(), input);
        assert!(!errors(&output).contains("s3cret") && output.stdout.is_empty(), "{}", errors(&output));
        (output.status.code(), errors(&output))
    };
    assert_eq!(login(&["--license-file", "-"], "s3cret").0, Some(1));
    let refused = login(&["--api-key-file", "-"], "s3cret");
    assert!(refused.0 == Some(1) && refused.1.contains("API key"), "{}", refused.1);
    let without = login(&[], "");
    assert!(without.0 == Some(2) && without.1.contains("--license-file"), "{}", without.1);
    assert_eq!(login(&["--license-file", "-", "--api-key-file", "-"], "s3cret").0, Some(2));
    let nowhere = ["login", "prod", "--url", "http://127.0.0.1:9", "--license-file", "-"];
    assert_eq!(with_input(&folder, &nowhere, "s3cret").status.code(), Some(3));
    assert!(!folder.path("config").exists());
    let offline = with_input(&folder, &[&nowhere[..], &["--offline"]].concat(), "s3cret");
    assert!(offline.status.success(), "{}", errors(&offline));
}

fn what_is_nearer_comes_first(t: &Deployment) {
    let folder = Folder::new(t);
    let url = t.instance.url.as_str();
    let service = [("CHANCERY_LICENSE", t.service.secret.as_str())];
    assert!(folder.run(&["login", "other", "--url", url], &service).status.success());
    let tag = |arguments: &[&str], environment: &[(&str, &str)]| {
        let output = folder.run(&[&["whoami", "--json"], arguments].concat(), environment);
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        answer["license"]["tag"].as_str().map(str::to_owned)
    };
    assert_eq!(tag(&[], &[]).as_deref(), Some("root"), "the local deployment");
    assert_eq!(tag(&["--profile", "other"], &[]), Some(t.service.tag.clone()));
    assert_eq!(tag(&["--profile", "other"], &[("CHANCERY_LICENSE", &t.app.secret)]), Some(t.app.tag.clone()));
    // Keys are for the address that they were kept for.
    let mixed = folder.run(&["whoami", "--profile", "other", "--url", "http://127.0.0.1:9"], &[]);
    assert_eq!((mixed.status.code(), errors(&mixed).contains("leave one of them out")), (Some(2), true));
    let unknown = folder.run(&["whoami", "--profile", "third"], &[]);
    assert_eq!((unknown.status.code(), errors(&unknown).contains("other")), (Some(2), true), "{}", errors(&unknown));
}

fn answers_are_shown_as_json_and_yaml_and_calls_are_told(t: &Deployment) {
    let (folder, tag) = (Folder::new(t), unique("shown"));
    folder.prints(&["licence", "create", &tag, "--module", "mod_core=true"]);
    let json = folder.prints(&["licence", "show", &tag, "--json"]);
    assert_eq!(folder.prints(&["licence", "show", &tag, "--output", "json"]), json);
    assert_eq!(
        folder.prints(&["licence", "show", &tag, "--output", "table"]),
        folder.prints(&["licence", "show", &tag])
    );
    let yaml = folder.prints(&["licence", "show", &tag, "--output", "yaml"]);
    assert!(yaml.contains(&format!("tag: \"{tag}\"\n")) && yaml.contains("modules:\n  mod_core: true\n"), "{yaml}");
    assert!(!yaml.contains("keySecret"));
    assert_eq!(folder.run(&["licence", "list", "--json", "--output", "yaml"], &[]).status.code(), Some(2));

    let told = folder.run(&["secret", "put", &unique("acme"), "web", "TAG", "s3cret", "--verbose"], &[]);
    let lines = errors(&told);
    assert!(lines.contains("PUT /caas/tenants/acme") && lines.contains("/secrets: 201 in "), "{lines}");
    assert!(lines.contains("audit-entry") && !lines.contains("s3cret") && !lines.contains(&t.root.secret), "{lines}");
}

fn a_call_that_is_not_answered_in_time_is_given_up(t: &Deployment) {
    let folder = Folder::new(t);
    // It takes connections and never answers.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let started = std::time::Instant::now();
    let output = folder.run(&["call", "GET", "/x", "--anonymous", "--timeout", "1s", "--url", &url], &[]);
    assert_eq!(output.status.code(), Some(3), "{}", errors(&output));
    assert!(started.elapsed().as_secs() < 20 && errors(&output).contains("timeout"), "{}", errors(&output));
    assert_eq!(folder.run(&["whoami", "--timeout", "soon"], &[]).status.code(), Some(2));
}
