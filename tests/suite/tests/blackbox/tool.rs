//! The built tool `chancery`, taken through the story of the README: the address and the root licence come from
//! `.chancery/dev.json`, everything else from the command line.

use std::{
    env, fs,
    io::Write,
    path::PathBuf,
    process::{Command, Output, Stdio},
};

use chancery_tests::{
    runtime::sibling,
    variables::{Variables, random_uuid},
};
use model::AuthLevel;
use serde_json::{Value, json};

use crate::{
    case::{Case, case},
    config_project,
    deployment::{Deployment, community, unique},
    portal,
    portal::developer,
    portal_applications,
};

pub fn cases() -> Vec<Case> {
    vec![
        case(from_nothing_to_a_secret_fetched_back),
        case(no_byte_of_a_secret_changes_on_its_way),
        case(a_licence_is_managed),
        case(any_operation_can_be_called),
        case(a_token_of_the_config_api_is_minted_listed_and_revoked),
        case(the_root_key_is_looked_after),
        case(the_audit_log_is_exported_and_verified),
        case(an_environment_is_installed_and_a_community_created),
        case(an_extension_is_activated_shown_and_deactivated),
        case(the_portal_is_looked_after),
        case(the_exit_code_names_the_kind_of_failure),
        case(services_instances_and_imports_are_looked_after),
    ]
}

/// A working folder with the file that `scripts/up` writes.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new(t: &Deployment) -> Self {
        Self::at(&t.instance.url, &t.root.secret, t.instance.variables.get("EC_CURVE_NAME"))
    }

    /// For a deployment that is asked at another address than its own.
    pub fn at(url: &str, license: &str, curve: &str) -> Self {
        let folder = env::temp_dir().join(unique("chancery-tool"));
        fs::create_dir_all(folder.join(".chancery")).unwrap();
        let dev = json!({ "baseUrl": url, "rootLicenseKey": license, "curve": curve });
        fs::write(folder.join(".chancery/dev.json"), dev.to_string()).unwrap();
        Self(folder)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub fn run(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
        self.command(arguments, environment).output().unwrap()
    }

    pub fn command(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Command {
        let mut command = Command::new(sibling("chancery").unwrap());
        for inherited in [
            "CHANCERY_URL",
            "CHANCERY_LICENSE",
            "CHANCERY_API_KEY",
            "CHANCERY_CURVE",
            "CHANCERY_PROFILE",
            "CHANCERY_CONFIG_TOKEN",
        ] {
            command.env_remove(inherited);
        }
        command.env("XDG_CONFIG_HOME", self.path("config"));
        command.args(arguments).envs(environment.iter().copied()).current_dir(&self.0);
        command
    }

    /// Puts a file into the folder and gives its path.
    pub fn file(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// What the tool prints when it succeeds.
    #[track_caller]
    pub fn prints(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments, &[]);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    #[track_caller]
    pub fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.prints(arguments)).unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn from_nothing_to_a_secret_fetched_back(t: &Deployment) {
    let (folder, licence, tenant) = (Folder::new(t), unique("my-service"), unique("acme"));
    let created = folder.json(&["--json", "licence", "create", &licence, "--level", "service"]);
    let secret = created["keySecret"].as_str().unwrap();
    folder.prints(&["secret", "put", &tenant, "web", "DB_PASSWORD", "correct horse", "--by", "me"]);
    assert_eq!(folder.prints(&["secret", "fetch", &tenant, "web", "DB_PASSWORD"]), "correct horse\n");
    folder.prints(&["licence", "authorize", &licence, "web"]);
    assert!(folder.prints(&["licence", "list", "--community", "web"]).contains(&licence));
    let current = folder.json(&["call", "GET", "/licenses/servicekey/current"]);
    assert_eq!(current["tag"], "root");

    // The licence that was minted does the same.
    let minted = [("CHANCERY_LICENSE", secret)];
    let current = folder.run(&["call", "GET", "/licenses/servicekey/current"], &minted);
    let current: Value = serde_json::from_slice(&current.stdout).unwrap();
    assert_eq!(current["tag"], json!(licence));
    let fetched = folder.run(&["secret", "fetch", &tenant, "web", "DB_PASSWORD"], &minted);
    assert_eq!(fetched.stdout, b"correct horse\n");
    assert!(folder.prints(&["secret", "fetch", &tenant, "web"]).contains("DB_PASSWORD"));

    folder.prints(&["secret", "delete", &tenant, "web", "DB_PASSWORD"]);
    assert_eq!(folder.run(&["secret", "fetch", &tenant, "web", "DB_PASSWORD"], &[]).status.code(), Some(1));
}

fn no_byte_of_a_secret_changes_on_its_way(t: &Deployment) {
    let (folder, tenant) = (Folder::new(t), unique("acme"));
    let pem = "-----BEGIN KEY-----\r\nAA==\n-----END KEY-----\n";
    fs::write(folder.path("pem"), pem).unwrap();
    let put = |tag: &str, value: &[&str], input: &str| {
        let arguments = [&["secret", "put", &tenant, "web", tag], value].concat();
        let mut command = folder.command(&arguments, &[]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let errors = String::from_utf8(output.stderr).unwrap();
        assert!(
            output.status.success() && !errors.contains("KEY") && !errors.contains("s3cret"),
            "{value:?}: {errors}"
        );
    };
    for (number, (value, input, expected)) in [
        (&["@dm1n-s3cret"][..], "", "@dm1n-s3cret"),
        (&[pem, "--by", "me"], "", pem),
        (&["--value", "-"], "", "-"),
        (&["--file", "pem"], "", pem),
        (&["--file", "pem", "--trim"], "", pem.trim_end()),
        (&["-"], "s3cret\n", "s3cret\n"),
        (&[], "s3cret\r\n\n", "s3cret\r\n\n"),
        (&["-", "--trim"], "s3cret \r\n\n", "s3cret "),
    ]
    .into_iter()
    .enumerate()
    {
        let tag = format!("T{number}");
        put(&tag, value, input);
        assert_eq!(folder.prints(&["secret", "fetch", &tenant, "web", &tag, "--no-newline"]), expected, "{value:?}");
    }
    // A value in the wrong place is not repeated.
    let wrong = folder.run(&["secret", "put", &tenant, "web", pem], &[]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(!String::from_utf8(wrong.stderr).unwrap().contains("AA=="));
}

fn a_licence_is_managed(t: &Deployment) {
    let (folder, tag, place) = (Folder::new(t), unique("managed"), community());
    let created = folder.json(&["--json", "licence", "create", &tag, "--level", "app", "--module", "mod_core=true"]);
    assert_eq!((&created["authLevel"], &created["modules"]), (&json!("app"), &json!({ "mod_core": true })));
    let secret = created["keySecret"].as_str().unwrap();
    assert!(!folder.prints(&["licence", "show", &tag]).contains(secret));
    assert!(folder.prints(&["licence", "show", &tag, "--reveal"]).contains(secret));
    for (json, shown) in [
        (folder.prints(&["--json", "licence", "show", &tag]), false),
        (folder.prints(&["--json", "licence", "show", &tag, "--reveal"]), true),
        (folder.prints(&["--json", "licence", "list"]), false),
        (folder.prints(&["--json", "licence", "enable", &tag]), false),
    ] {
        assert_eq!((json.contains("keySecret"), json.contains("authLevel")), (shown, true), "{json}");
    }
    let list = folder.run(&["licence", "list", "--size", "1"], &[]);
    assert!(String::from_utf8(list.stdout).unwrap().contains("root"));
    assert!(String::from_utf8(list.stderr).unwrap().contains("--page 1 shows more"));

    folder.prints(&["licence", "authorize", &tag, &place]);
    assert!(folder.prints(&["licence", "list", "--community", &place]).contains(&tag));
    folder.prints(&["licence", "authorize", &tag, &place, "--remove"]);
    assert!(!folder.prints(&["licence", "list", "--community", &place]).contains(&tag));

    let as_itself = || folder.run(&["licence", "show"], &[("CHANCERY_LICENSE", secret)]).status.code();
    assert_eq!(as_itself(), Some(0));
    folder.prints(&["licence", "disable", &tag]);
    assert_eq!(as_itself(), Some(1));
    folder.prints(&["licence", "enable", &tag]);
    assert_eq!(as_itself(), Some(0));
    folder.prints(&["licence", "delete", &tag]);
    assert_eq!(as_itself(), Some(1));
    assert_eq!(folder.run(&["licence", "show", &tag], &[]).status.code(), Some(1));
}

fn any_operation_can_be_called(t: &Deployment) {
    let folder = Folder::new(t);
    let key = folder.json(&["call", "GET", "/licenses/servicekey", "-q", "keyId=root"]);
    assert_eq!(key["authLevel"], "system");
    let health = folder.json(&["call", "get", "/caas/healthz", "--anonymous"]);
    assert_eq!(health["code"], "200");
    // What is sent is what was given, digit by digit, and so is what is shown.
    let (app, exact) = (unique("app"), r#"{"z":12345678901234567890123,"a":0.10,"e":[1e3,0.39531392847264213,1E+20]}"#);
    let body = format!(r#"{{"context":{{"appId":"{app}"}},"data":{exact}}}"#);
    folder.prints(&["call", "PUT", "/caas/config/data", "-d", &body]);
    let fetch = format!(r#"{{"context":{{"appId":"{app}"}}}}"#);
    let shown = folder.prints(&["call", "POST", "/caas/config/fetch", "-q", "read_fresh=true", "-d", &fetch]);
    assert_eq!(shown.replace([' ', '\n'], ""), exact);

    let name = unique("entry");
    let body = format!(r#"{{"{name}":"https://x.example"}}"#);
    let directory = folder.json(&["call", "PATCH", "/caas/sd", "-d", &body]);
    assert_eq!(directory[&name], "https://x.example");
    assert_eq!(
        folder.prints(&[
            "call",
            "DELETE",
            "/licenses/servicekey",
            "-q",
            &format!("keyId={}", t.licence(AuthLevel::App).tag)
        ]),
        ""
    );
}

fn a_token_of_the_config_api_is_minted_listed_and_revoked(t: &Deployment) {
    let (folder, tenant) = (Folder::new(t), unique("acme"));
    let create = ["token", "create", &tenant, "shop", "--owner", "u-1", "--role", "owner", "--scope", "config=read"];
    let minted = folder.run(&create, &[]);
    let (token, note) = (String::from_utf8(minted.stdout).unwrap(), String::from_utf8(minted.stderr).unwrap());
    let token = token.strip_suffix('\n').unwrap();
    let id = note.trim_end().strip_suffix('.').and_then(|note| note.rsplit(' ').next()).unwrap();

    let uses = |token: &str, method, body: Option<&[u8]>| {
        config_project::send(t, &format!("Bearer {token}"), method, "/groups", body).status
    };
    assert_eq!(uses(token, "GET", None), 200);
    assert_eq!(uses(token, "POST", Some(br#"{"name":"Group"}"#)), 403, "the scope is read");

    // Other cases mint tokens too: go through the pages until it is there.
    let listed = || {
        let mut page = folder.json(&["--json", "token", "list"]);
        loop {
            let found = page["tokens"].as_array().unwrap().iter().find(|token| token["id"] == id).cloned();
            match (found, page["next"].as_str()) {
                (Some(found), _) => return found,
                (None, Some(next)) => page = folder.json(&["--json", "token", "list", "--after", next]),
                (None, None) => panic!("{id} is not listed"),
            }
        }
    };
    let shown = listed();
    assert_eq!((&shown["tenantId"], &shown["scope"]), (&json!(tenant), &json!({ "config": "read" })));
    assert_eq!(shown["revokedAt"], Value::Null);
    assert!(!folder.prints(&["token", "list"]).contains(token) && !shown.to_string().contains(token));

    assert_eq!(folder.prints(&["token", "revoke", id]), format!("revoked {id}\n"));
    assert_eq!(uses(token, "GET", None), 401);
    assert!(listed()["revokedAt"].is_string());
    assert_eq!(folder.run(&["token", "revoke", id], &[]).status.code(), Some(1), "it is no longer in force");
    assert_eq!(folder.run(&["token", "create", &tenant, "--role", "king"], &[]).status.code(), Some(2));

    // A licence that is not one of the platform's own has no say.
    let stranger = t.licence(AuthLevel::Basic);
    let refused = folder.run(&["token", "create", &tenant], &[("CHANCERY_LICENSE", &stranger.secret)]);
    assert_eq!((refused.status.code(), refused.stdout.as_slice()), (Some(1), b"".as_slice()));
}

fn the_root_key_is_looked_after(t: &Deployment) {
    let folder = Folder::new(t);
    let status = folder.json(&["--json", "root-key", "status"]);
    assert_eq!((&status["newest"], &status["remaining"]), (&json!("first"), &json!(0)));
    assert!(folder.prints(&["root-key", "rotate"]).contains("first"));
}

fn the_audit_log_is_exported_and_verified(t: &Deployment) {
    let folder = Folder::new(t);
    let (tenant, place) = (unique("tenant"), community());
    let put = |tag: &str| folder.prints(&["secret", "put", &tenant, &place, tag, "known value"]);
    for tag in ["a", "b", "c"] {
        put(tag);
    }
    let of = ["--tenant", tenant.as_str()];
    let key = folder.prints(&["audit", "key"]);
    let first = folder.prints(&["audit", "checkpoint", of[0], of[1]]);
    fs::write(folder.0.join("first.json"), &first).unwrap();
    put("d");
    let export = folder.prints(&["audit", "export", of[0], of[1]]);
    assert_eq!(export.lines().count(), 1 + 4 + 2, "{export}");
    // Editors and shells may put a byte order mark in front.
    let marked = |text: &str| format!("\u{feff}{text}");
    fs::write(folder.0.join("export"), marked(&export)).unwrap();
    fs::write(folder.0.join("first.json"), marked(&first)).unwrap();
    let verify = ["audit", "verify", "export", "--key", key.trim(), "--previous", "first.json"];
    let printed = folder.prints(&verify);
    assert_eq!(
        printed,
        format!("4 entries of {tenant} are as they were written, all of them signed (3 checkpoints)\n")
    );
    // Without a key that is known, it says so.
    let output = folder.run(&["audit", "verify", "export"], &[]);
    assert!(output.status.success() && String::from_utf8_lossy(&output.stderr).contains("warning"));

    let hash = folder.prints(&["audit", "hash", "known value", of[0], of[1]]);
    let listed = folder.prints(&["audit", "list", of[0], of[1], "--value-hash", hash.trim(), "--limit", "2"]);
    assert!(listed.contains("secret.create") && listed.contains(&format!("{place}/d")), "{listed}");
    assert_eq!(listed.lines().count(), 3, "{listed}");

    let lines: Vec<_> = export.lines().map(str::to_owned).collect();
    let tampered = |change: &dyn Fn(&mut Vec<String>), expected: &str| {
        let mut lines = lines.clone();
        change(&mut lines);
        fs::write(folder.0.join("export"), lines.join("\n")).unwrap();
        let output = folder.run(&verify, &[]);
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{errors}");
        assert!(errors.contains(expected), "{errors}");
    };
    tampered(&|lines| lines[2] = lines[2].replace("secret.create", "secret.delete"), "entry 1 was altered");
    tampered(&|lines| drop(lines.remove(2)), "entry 1 is missing");
    tampered(&|lines| lines.swap(2, 3), "line 4: entry 1 stands here out of its order");
    tampered(&|lines| lines.insert(2, lines[1].clone()), "line 3: entry 0 stands here out of its order");
    tampered(&|lines| lines.truncate(3), "entries 2 to 2 are missing: 3 were signed");
    tampered(&|lines| lines[4] = lines[4].replace("\"treeSize\":3", "\"treeSize\":2"), "is not signed by this key");
    let stranger: Value = folder.json(&["keygen", "--json"]);
    fs::write(folder.0.join("export"), &export).unwrap();
    let other = stranger["publicKey"].as_str().unwrap();
    assert_eq!(folder.run(&["audit", "verify", "export", "--key", other], &[]).status.code(), Some(1));
    assert_eq!(folder.run(&["audit", "verify", "no-such-file"], &[]).status.code(), Some(2));
}

fn an_environment_is_installed_and_a_community_created(shared: &Deployment) {
    let t = &Deployment::start(shared.instance.runtime, Variables::random()).unwrap();
    let folder = Folder::new(t);
    assert!(folder.prints(&["environment", "show"]).contains("installed          false"));
    let body = json!({ "tenantPassword": "correct horse", "emailGateway": { "type": "smtp", "password": "s3cret" } });
    fs::write(folder.0.join("install.json"), body.to_string()).unwrap();
    let mut install = vec!["--json", "environment", "install", "install.json", "--instance-type", "root-instance"];
    let missing = folder.run(&install, &[]);
    assert_eq!(missing.status.code(), Some(2));
    assert!(String::from_utf8(missing.stderr).unwrap().contains("--tenant-dns"));
    install.extend(["--tenant-name", "Acme", "--tenant-dns", "acme.example", "--tenant-tag", "acme"]);
    install.extend(["--contact-email", "a@acme.example"]);
    let installed = folder.json(&install);
    let again = folder.run(&install, &[]);
    assert_eq!(again.status.code(), Some(1));
    assert!(String::from_utf8(again.stderr).unwrap().contains("already installed"));
    let (tenant, community) = (installed["tenantId"].as_str().unwrap(), installed["communityId"].as_str().unwrap());
    assert_eq!(folder.prints(&["secret", "fetch", tenant, community, "emailGateway_password"]), "s3cret\n");
    fs::write(folder.0.join("password"), "correct horse\n").unwrap();
    let create = ["community", "create", "demo", "--contact-email", "a@acme.example"];
    let create = [&create[..], &["--password-file", "password", "--trim"]].concat();
    assert!(folder.prints(&create).starts_with("communityName  demo\n"));
}

fn an_extension_is_activated_shown_and_deactivated(t: &Deployment) {
    let (folder, id) = (Folder::new(t), random_uuid());
    let place = ["--tenant-dns", "tool.example"];
    let run = |command: &str| folder.prints(&[&["extension", command, id.as_str()], place.as_slice()].concat());
    assert!(run("status").contains("not_activated"));
    let activated = run("activate");
    assert!(activated.contains("active") && activated.contains(&id), "{activated}");
    assert!(run("deactivate").contains("deactivatedAt"));
    assert!(run("status").contains("deactivated"));
    let unknown = folder.run(&["extension", "deactivate", &random_uuid(), "--tenant-dns", "tool.example"], &[]);
    assert_eq!(unknown.status.code(), Some(1));
    assert!(String::from_utf8(unknown.stderr).unwrap().contains("never activated"));
    let token = folder.run(&["extension", "activate", &id, "--tenant-dns", "tool.example", "--token", "t0ken"], &[]);
    assert_eq!(token.status.code(), Some(1));
    let errors = String::from_utf8(token.stderr).unwrap();
    assert!(errors.contains("Tokens are not taken here") && !errors.contains("t0ken"), "{errors}");
}

fn the_portal_is_looked_after(t: &Deployment) {
    let (folder, email) = (Folder::new(t), portal::address());
    let id = portal::register(t, &email)["id"].as_str().unwrap().to_owned();
    assert!(folder.prints(&["developer", "list", "--status", "requested"]).contains("requested"));
    assert!(folder.prints(&["developer", "approve", &email]).contains("approved"));
    let session = portal::log_in(t, &email, portal::PASSWORD);
    portal::nobody(t).call("POST", "/forgot-password", Some(&json!({ "email": email })));
    let mails = folder.json(&["--json", "mail", "list"]);
    let to_developer = |mail: &&Value| mail["to"] == email.as_str() && mail["kind"] == "reset-password";
    let mail = mails["data"].as_array().unwrap().iter().find(to_developer).unwrap();
    let shown = folder.prints(&["mail", "show", mail["id"].as_str().unwrap()]);
    assert!(shown.starts_with(&format!("To: {email}\nSubject: ")) && shown.contains("token="), "{shown}");

    let path = format!("content/{}.md", unique("file"));
    folder.prints(&["portal-file", "put", &path, "---\nreadable_by: [gold]\n---\n"]);
    assert!(folder.prints(&["portal-file", "list"]).contains(&path));
    let sees = || String::from_utf8_lossy(&session.get("/files?size=1000").body).contains(&path);
    assert!(!sees());
    assert!(folder.prints(&["developer", "roles", &email, "gold"]).contains("gold"));
    assert!(sees());
    assert_eq!(folder.prints(&["portal-file", "get", &path]), "---\nreadable_by: [gold]\n---\n");
    folder.prints(&["portal-file", "delete", &path]);

    assert!(folder.prints(&["developer", "revoke", &id]).contains("revoked"));
    assert_eq!(session.get("/developer").status, 401);
    assert_eq!(folder.run(&["developer", "reject", &id], &[]).status.code(), Some(1));
    folder.prints(&["developer", "delete", &id]);
    assert_eq!(folder.run(&["developer", "show", &id], &[]).status.code(), Some(1));
}

fn the_exit_code_names_the_kind_of_failure(t: &Deployment) {
    let folder = Folder::new(t);
    let show = ["licence", "show"];
    let unknown = random_uuid();
    let refused = folder.run(&show, &[("CHANCERY_LICENSE", &unknown)]);
    assert_eq!(refused.status.code(), Some(1));
    let errors = String::from_utf8(refused.stderr).unwrap();
    assert!(errors.contains("401") && !errors.contains(&unknown), "{errors}");
    assert_eq!(folder.run(&["licence"], &[]).status.code(), Some(2));
    assert_eq!(folder.run(&["--curve", "secp256k1", "licence", "show"], &[]).status.code(), Some(2));
    let elsewhere = [("CHANCERY_URL", "http://127.0.0.1:9"), ("CHANCERY_LICENSE", "x")];
    assert_eq!(folder.run(&show, &elsewhere).status.code(), Some(3));
}

fn services_instances_and_imports_are_looked_after(t: &Deployment) {
    let (folder, dev, name) = (Folder::new(t), developer(t), unique("service"));
    let service = folder.json(&["--json", "service", "put", &name, "--description", "Invoices"]);
    assert!(folder.prints(&["service", "put", &name, "--show-issuer", "true"]).contains("Invoices"));
    assert!(folder.prints(&["service", "list"]).contains("description"));

    let app = portal_applications::application(&dev.session);
    let instance = portal_applications::instance(&dev.session, &app, &service);
    let id = instance["id"].as_str().unwrap();
    let decided = |verb: &str| folder.json(&["--json", "application-instance", verb, id]);
    assert_eq!(decided("approve")["status"], 0);
    assert_eq!(decided("suspend")["suspended"], true);
    assert_eq!(decided("resume")["suspended"], false);
    assert_eq!(decided("revoke")["status"], 3);
    assert!(folder.prints(&["application-instance", "list", "--status", "revoked"]).contains("revoked"));
    assert_eq!(folder.run(&["application-instance", "reject", id], &[]).status.code(), Some(1));
    decided("approve");

    let (key, other) = (unique("k3y"), unique("k3y"));
    let file = folder.0.join("credentials.json");
    let one = json!({ "type": "key-auth", "developer": dev.email, "key": key });
    let two = json!({ "type": "key-auth", "application": app["id"], "key": other });
    fs::write(&file, json!([one, two]).to_string()).unwrap();
    let from = file.display().to_string();
    assert_eq!(folder.prints(&["credential", "import", &from]), "imported 2, skipped 0\n");
    assert_eq!(folder.run(&["credential", "import", &from], &[]).status.code(), Some(1));
    assert_eq!(folder.prints(&["credential", "import", &from, "--skip-existing"]), "imported 0, skipped 2\n");
    for key in [key, other] {
        let question = json!({ "service": name, "key": key }).to_string();
        let answer = folder.json(&["call", "POST", "/portal/introspect", "-d", &question]);
        assert_eq!(answer["active"], true);
    }
    folder.prints(&["service", "delete", &name]);
    assert_eq!(folder.run(&["service", "delete", &name], &[]).status.code(), Some(1));
}
