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
    config_project,
    deployment::{Deployment, community, unique},
};

pub fn cases() -> Vec<Case> {
    vec![
        case(from_nothing_to_a_secret_fetched_back),
        case(a_licence_is_managed),
        case(any_operation_can_be_called),
        case(a_token_of_the_config_api_is_minted_listed_and_revoked),
        case(the_root_key_is_looked_after),
        case(the_exit_code_tells_the_kind_of_failure),
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

fn a_token_of_the_config_api_is_minted_listed_and_revoked(t: &Deployment) {
    let (folder, tenant) = (Folder::new(t), unique("acme"));
    let create = ["token", "create", &tenant, "shop", "--owner", "u-1", "--role", "owner", "--scope", "config=read"];
    let minted = folder.run(&create, &[]);
    let (token, told) = (String::from_utf8(minted.stdout).unwrap(), String::from_utf8(minted.stderr).unwrap());
    let token = token.strip_suffix('\n').unwrap();
    let id = told.trim_end().strip_suffix('.').and_then(|told| told.rsplit(' ').next()).unwrap();

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
