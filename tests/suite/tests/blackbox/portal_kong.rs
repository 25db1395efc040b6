//! The real npm package `kong-portal-cli` against the part of Kong's Admin API that it speaks.

use std::{fs, path::PathBuf, process::Command};

use chancery::client::Reply;
use chancery_tests::{runtime::root, variables::Variables};
use serde_json::{Value, json};

use crate::{
    answer::{names, ok, refused},
    case::{Case, case},
    database,
    deployment::{Deployment, unique},
    portal::{message, nobody},
};

pub fn cases() -> Vec<Case> {
    vec![
        case(the_portal_tool_of_kong_works),
        case(an_admin_token_is_asked_for_and_can_be_revoked),
        case(a_file_may_have_ten_mebibytes),
        case(a_portal_that_is_switched_off_answers_nothing),
    ]
}

fn token(t: &Deployment) -> Value {
    let made = ok(&t.service.post("/caas/portal/tokens", &json!({ "name": unique("ci") })), 201);
    assert_eq!(names(&made), ["created_at", "id", "name", "token"]);
    made
}

fn ask(t: &Deployment, token: &str, method: &str, path: &str, body: Option<&Value>) -> Reply {
    let body = body.map(|body| body.to_string().into_bytes());
    let headers = [("kong-admin-token", token), ("content-type", "application/json")];
    t.anonymous.send(method, &format!("/portal/kong-admin/{path}"), &headers, body.as_deref())
}

/// A folder as the tool works in it, removed in the end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let folder = std::env::temp_dir().join(unique("kong-portal"));
        fs::create_dir_all(folder.join("workspaces/default")).unwrap();
        fs::write(folder.join("workspaces/default/cli.conf.yaml"), "kong_admin_url: http://replaced\n").unwrap();
        Self(folder)
    }

    fn path(&self, path: &str) -> PathBuf {
        self.0.join("workspaces/default").join(path)
    }

    fn write(&self, path: &str, contents: &[u8]) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, contents).unwrap();
    }

    /// Runs the tool and gives what it printed.
    fn portal(&self, t: &Deployment, token: &str, arguments: &[&str]) -> String {
        let output = Command::new("node")
            .arg(root().join("node_modules/kong-portal-cli/bin/src/portal.js"))
            .args(arguments)
            .current_dir(&self.0)
            .env("KONG_ADMIN_URL", format!("{}/portal/kong-admin", t.instance.url))
            .env("KONG_ADMIN_TOKEN", token)
            .output()
            .unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        format!("{}{}", text(&output.stdout), text(&output.stderr))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn stored(t: &Deployment, token: &str) -> Vec<String> {
    let list = ok(&ask(t, token, "GET", "default/files?fields=path&size=1000", None), 200);
    list["data"].as_array().unwrap().iter().map(|file| file["path"].as_str().unwrap().to_owned()).collect()
}

fn the_portal_tool_of_kong_works(shared: &Deployment) {
    let t = &Deployment::start(shared.instance.runtime, Variables::random()).unwrap();
    let token = token(t)["token"].as_str().unwrap().to_owned();
    let folder = Folder::new();
    let png = [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".as_slice(), &[0, 159, 146, 150, 255]].concat();
    let index = "---\ntitle: Grüße\nreadable_by: '*'\n---\n<p>{{ x }}</p>\n";
    folder.write("portal.conf.yaml", b"name: Portal\ntheme:\n  name: base\n");
    folder.write("content/index.txt", index.as_bytes());
    folder.write("specs/petstore.json", br#"{"openapi":"3.1.0"}"#);
    folder.write("themes/base/assets/logo.png", &png);
    // More files than one page holds, of which two weigh more than one answer.
    for number in 0..110 {
        folder.write(&format!("content/guides/{number}.md"), format!("# {number}\n").as_bytes());
    }
    for name in ["a", "b"] {
        folder.write(&format!("themes/base/assets/{name}.css"), "p { color: red }\n".repeat(150_000).as_bytes());
    }

    let said = folder.portal(t, &token, &["deploy", "default"]);
    assert!(said.contains("Deployed all files"), "{said}");
    assert_eq!(stored(t, &token).len(), 116, "{said}");
    let file = ok(&ask(t, &token, "GET", "default/files/content/index.txt", None), 200);
    assert_eq!(names(&file), ["checksum", "contents", "created_at", "id", "path"]);
    assert_eq!((&file["contents"], &file["path"]), (&json!(index), &json!("content/index.txt")));

    // What is not here any more goes with the next deployment, unless it is to be preserved.
    fs::remove_file(folder.path("specs/petstore.json")).unwrap();
    let said = folder.portal(t, &token, &["deploy", "default", "--preserve"]);
    assert!(stored(t, &token).contains(&"specs/petstore.json".to_owned()), "{said}");
    let said = folder.portal(t, &token, &["sync", "default"]);
    assert!(said.contains("(0 updated, 1 deleted)"), "checksums are those of the tool: {said}");
    ok(&ask(t, &token, "PUT", "default/files/specs/other.json", Some(&json!({ "contents": "{}" }))), 200);

    let fetched = Folder::new();
    let said = fetched.portal(t, &token, &["fetch", "default"]);
    assert!(said.contains("Fetched 116 files"), "{said}");
    assert_eq!(fs::read(fetched.path("themes/base/assets/logo.png")).unwrap(), png);
    assert_eq!(fs::read_to_string(fetched.path("content/index.txt")).unwrap(), index);
    let same = |path: &str| fs::read(fetched.path(path)).unwrap() == fs::read(folder.path(path)).unwrap();
    assert!(same("themes/base/assets/b.css") && same("content/guides/109.md"));
    assert_eq!(fs::read_to_string(fetched.path("specs/other.json")).unwrap(), "{}");

    let said = folder.portal(t, &token, &["deploy", "default"]);
    assert!(!stored(t, &token).contains(&"specs/other.json".to_owned()), "{said}");
    for (command, enabled) in [("disable", false), ("enable", true)] {
        let said = folder.portal(t, &token, &[command, "default"]);
        assert!(said.contains("'default' Portal"), "{said}");
        let workspace = ok(&ask(t, &token, "GET", "default/workspaces/default", None), 200);
        assert_eq!(workspace, json!({ "name": "default", "config": { "portal": enabled } }));
    }
    let said = folder.portal(t, &token, &["wipe", "default"]);
    assert!(said.contains("Wiped all Files") && stored(t, &token).is_empty(), "{said}");
    let said = folder.portal(t, "cpadm_wrong", &["deploy", "default", "--preserve"]);
    assert!(said.contains("401") && stored(t, &token).is_empty(), "{said}");
}

fn an_admin_token_is_asked_for_and_can_be_revoked(t: &Deployment) {
    let made = token(t);
    let secret = made["token"].as_str().unwrap();
    let (path, body) = (format!("default/files/content/{}.md", unique("page")), json!({ "contents": "x" }));
    for wrong in ["", "x", &secret[1..], &format!("{secret}x")] {
        assert_eq!(message(&ask(t, wrong, "PUT", &path, Some(&body)), 401), "Unauthorized");
    }
    assert_eq!(nobody(t).get("/portal/kong-admin/default/files").status, 401);
    ok(&ask(t, secret, "PUT", &path, Some(&body)), 200);
    assert_eq!(ask(t, secret, "DELETE", &path, None).status, 204);
    assert_eq!(message(&ask(t, secret, "DELETE", &path, None), 404), "Not found");
    for unknown in ["other/files", "other/workspaces/default", "default/workspaces/other", &path] {
        assert_eq!(message(&ask(t, secret, "GET", unknown, None), 404), "Not found", "{unknown}");
    }
    let (switch, on) = ("default/workspaces/default", json!({ "config": { "portal": true } }));
    assert_eq!(ask(t, secret, "PUT", &format!("other/files/{}", unique("page")), Some(&body)).status, 404);
    assert_eq!(ask(t, secret, "PATCH", "default/workspaces/other", Some(&on)).status, 404);
    message(&ask(t, secret, "PATCH", switch, Some(&json!({ "config": {} }))), 400);
    message(&ask(t, secret, "GET", "default/files?size=0", None), 400);
    for (method, path) in [("GET", &*path), ("DELETE", &*path), ("GET", switch), ("PATCH", switch)] {
        assert_eq!(ask(t, "x", method, path, (method == "PATCH").then_some(&on)).status, 401, "{method} {path}");
    }
    for bad in [json!({}), json!({ "path": "other.md", "contents": "x" }), json!({ "contents": 1 })] {
        message(&ask(t, secret, "PUT", &path, Some(&bad)), 400);
    }
    let name = made["name"].as_str().unwrap();
    refused(&t.service.post("/caas/portal/tokens", &json!({ "name": name })), 409);
    refused(&t.service.post("/caas/portal/tokens", &json!({ "name": "a b" })), 400);
    refused(&t.app.post("/caas/portal/tokens", &json!({ "name": unique("ci") })), 401);
    refused(&t.app.get("/caas/portal/tokens"), 401);
    refused(&t.app.delete("/caas/portal/tokens/x"), 401);
    assert!(!database::contains(&t.instance, secret), "only a hash is stored");
    let subject = path.strip_prefix("default/files/").unwrap();
    let entries = database::audit(&t.instance).into_iter().filter(|entry| entry.subject == subject);
    let entries: Vec<_> = entries.map(|entry| (entry.actor, entry.action)).collect();
    let by = |action: &str| (format!("admin-token/{name}"), action.to_owned());
    assert_eq!(entries, [by("file.put"), by("file.delete")]);

    let one = format!("/caas/portal/tokens/{}", made["id"].as_str().unwrap());
    let listed = ok(&t.service.get("/caas/portal/tokens"), 200);
    assert!(
        listed["data"].as_array().unwrap().iter().any(|token| token["name"] == name && token.get("token").is_none())
    );
    assert_eq!(t.service.delete(&one).status, 204);
    refused(&t.service.delete(&one), 404);
    assert_eq!(message(&ask(t, secret, "GET", "default/files", None), 401), "Unauthorized");
}

fn a_file_may_have_ten_mebibytes(t: &Deployment) {
    let secret = token(t)["token"].as_str().unwrap().to_owned();
    let name = format!("assets/{}.txt", unique("long"));
    let path = format!("default/files/{name}");
    let contents = "äöü€\n".repeat((10 << 20) / 10);
    let file = ok(&ask(t, &secret, "PUT", &path, Some(&json!({ "contents": contents }))), 200);
    assert!(file["contents"] == contents.as_str(), "what was put is what is stored");
    let read = ok(&t.service.get(&format!("/caas/portal/files/{name}")), 200);
    assert!(read["contents"] == contents.as_str() && read["checksum"] == file["checksum"]);
    let longer = json!({ "contents": format!("{contents}0123456") });
    assert!(message(&ask(t, &secret, "PUT", &path, Some(&longer)), 400).contains("10 MiB"));
    ok(&ask(t, &secret, "PUT", &path, Some(&json!({ "contents": "" }))), 200);
    assert_eq!(ok(&ask(t, &secret, "GET", &path, None), 200)["contents"], "", "no part of the longer one is left");
    let select = "SELECT max(length(CAST(contents AS BLOB))) FROM portal_file_parts";
    assert!(database::number(&t.instance, select) <= 1_000_000);
    assert_eq!(ask(t, &secret, "DELETE", &path, None).status, 204);
}

fn a_portal_that_is_switched_off_answers_nothing(shared: &Deployment) {
    let t = &Deployment::start(shared.instance.runtime, Variables::random().with("CACHE_SECONDS", "0")).unwrap();
    let secret = token(t)["token"].as_str().unwrap().to_owned();
    let switch = |on: bool| {
        let body = json!({ "config": { "portal": on } });
        ok(&ask(t, &secret, "PATCH", "default/workspaces/default", Some(&body)), 200)
    };
    assert_eq!(switch(false)["config"]["portal"], false);
    for path in ["/files", "/portal/files", "/developer", "/config", "/credentials/jwt", "/applications"] {
        assert_eq!(message(&nobody(t).get(path), 404), "Not found", "{path}");
    }
    assert_eq!(nobody(t).call("POST", "/register", Some(&json!({}))).status, 404);
    ok(&t.service.get("/caas/portal/developers"), 200);
    assert_eq!(switch(true)["config"]["portal"], true);
    assert_eq!(nobody(t).get("/files").status, 200);
    // Setting it to the same value again is not an entry.
    switch(true);
    let entries = database::audit(&t.instance).into_iter().filter(|entry| entry.action.starts_with("portal."));
    assert_eq!(entries.map(|entry| entry.action).collect::<Vec<_>>(), ["portal.disable", "portal.enable"]);
}
