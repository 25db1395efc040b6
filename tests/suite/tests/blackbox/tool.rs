//! The built tool `chancery`, taken through the story of the README: the address and the root licence come from
//! `.chancery/dev.json`, everything else from the command line.

use std::{
    env, fs,
    path::PathBuf,
    process::{Command, Output},
};

use chancery_tests::{runtime::sibling, variables::random_uuid};
use model::AuthLevel;
use serde_json::{Value, json};

use crate::{
    case::{Case, case},
    deployment::{Deployment, community, unique},
    portal::developer,
    portal_applications,
};

pub fn cases() -> Vec<Case> {
    vec![
        case(from_nothing_to_a_secret_fetched_back),
        case(a_licence_is_managed),
        case(any_operation_can_be_called),
        case(the_root_key_is_looked_after),
        case(the_exit_code_tells_the_kind_of_failure),
        case(services_instances_and_imports_are_looked_after),
    ]
}

/// A working folder with the file that `scripts/up` writes.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new(t: &Deployment) -> Self {
        let folder = env::temp_dir().join(unique("chancery-tool"));
        fs::create_dir_all(folder.join(".chancery")).unwrap();
        let dev = json!({
            "baseUrl": t.instance.url,
            "rootLicenseKey": t.root.secret,
            "curve": t.instance.variables.get("EC_CURVE_NAME"),
        });
        fs::write(folder.join(".chancery/dev.json"), dev.to_string()).unwrap();
        Self(folder)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub fn run(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
        let mut command = Command::new(sibling("chancery").unwrap());
        for inherited in ["CHANCERY_URL", "CHANCERY_LICENSE", "CHANCERY_CURVE"] {
            command.env_remove(inherited);
        }
        command.args(arguments).envs(environment.iter().copied()).current_dir(&self.0).output().unwrap()
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

fn a_licence_is_managed(t: &Deployment) {
    let (folder, tag, place) = (Folder::new(t), unique("managed"), community());
    let created = folder.json(&["--json", "licence", "create", &tag, "--level", "app", "--module", "mod_core=true"]);
    assert_eq!((&created["authLevel"], &created["modules"]), (&json!("app"), &json!({ "mod_core": true })));
    let secret = created["keySecret"].as_str().unwrap();
    assert!(!folder.prints(&["licence", "show", &tag]).contains(secret));
    assert!(folder.prints(&["licence", "show", &tag, "--reveal"]).contains(secret));
    assert!(folder.prints(&["licence", "list", "--size", "1"]).contains("root"));

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

fn the_root_key_is_looked_after(t: &Deployment) {
    let folder = Folder::new(t);
    let status = folder.json(&["--json", "root-key", "status"]);
    assert_eq!((&status["newest"], &status["remaining"]), (&json!("first"), &json!(0)));
    assert!(folder.prints(&["root-key", "rotate"]).contains("first"));
}

fn the_exit_code_tells_the_kind_of_failure(t: &Deployment) {
    let folder = Folder::new(t);
    let show = ["licence", "show"];
    let unknown = random_uuid();
    let refused = folder.run(&show, &[("CHANCERY_LICENSE", &unknown)]);
    assert_eq!(refused.status.code(), Some(1));
    let told = String::from_utf8(refused.stderr).unwrap();
    assert!(told.contains("401") && !told.contains(&unknown), "{told}");
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
    let from = format!("@{}", file.display());
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
