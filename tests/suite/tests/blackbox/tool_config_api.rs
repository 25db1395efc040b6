//! `chancery config-api`: groups and items by a token of the Config API.

use std::process::Output;

use serde_json::{Value, json};

use crate::{
    case::{Case, case},
    config_project::{Project, project},
    deployment::{Deployment, unique},
    tool::Folder,
};

pub fn cases() -> Vec<Case> {
    vec![case(items_are_made_changed_resolved_and_deleted), case(a_token_is_kept_and_one_that_is_unknown_is_refused)]
}

/// The tool with the token of a project.
struct Owner<'a> {
    folder: Folder,
    project: Project<'a>,
}

impl Owner<'_> {
    #[track_caller]
    fn prints(&self, arguments: &[&str]) -> String {
        let output = self.runs(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn runs(&self, arguments: &[&str]) -> Output {
        self.folder.run(&[&["config-api"], arguments].concat(), &[("CHANCERY_CONFIG_TOKEN", &self.project.token)])
    }

    #[track_caller]
    fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.prints(&[&["--json"], arguments].concat())).unwrap()
    }
}

fn items_are_made_changed_resolved_and_deleted(t: &Deployment) {
    let owner = Owner { folder: Folder::new(t), project: project(t) };
    let group = unique("group");
    assert!(owner.prints(&["group", "create", "The shop", "--key", &group]).contains("The shop\n"));
    assert!(owner.prints(&["group", "list", "--search", "shop"]).contains(&group));
    owner.prints(&["item", "create", &group, "limit", "6", "--type", "number"]);
    let made = owner.prints(&["item", "create", &group, "password", "s3cret", "--secret"]);
    assert!(made.contains("isSecret   true\n") && !made.contains("s3cret"), "{made}");
    owner.prints(&["item", "set", "limit", "7"]);
    let shown = owner.json(&["item", "show", "limit"]);
    assert_eq!((&shown["item"]["value"], &shown["item"]["version"]), (&json!("7"), &json!(2)));

    let items = owner.prints(&["group", "show", &group]);
    assert!(items.lines().count() == 3 && items.contains("limit") && !items.contains("s3cret"), "{items}");
    assert!(!owner.prints(&["item", "list"]).contains("s3cret"));
    let resolved = owner.prints(&["resolve", "limit", "password", "missing"]);
    assert!(resolved.contains("password  s3cret\n") && !resolved.contains("missing"), "{resolved}");
    let versions = owner.prints(&["item", "versions", "limit"]);
    assert_eq!(versions.lines().count(), 3, "{versions}");
    let change = "--- version 1 (number)\n+++ version 2 (number)\n@@ -1 +1 @@\n-6\n+7\n";
    assert_eq!(owner.prints(&["item", "diff", "limit"]), change);
    assert_eq!(owner.json(&["item", "diff", "limit", "1", "2"])["difference"], change);
    assert_eq!(owner.prints(&["item", "diff", "limit", "2", "2"]), "the same\n");
    for (arguments, said) in [
        (["item", "diff", "limit", "7", "2"], "limit has no version 7"),
        (["item", "diff", "password", "1", "1"], "password is secret"),
    ] {
        let output = owner.runs(&arguments);
        let errors = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(1) && errors.contains(said), "{errors}");
    }
    owner.prints(&["item", "restore", "limit", "1"]);
    assert_eq!(owner.prints(&["item", "diff", "limit", "1", "3"]), "the same\n");
    assert_eq!(owner.json(&["resolve", "limit"])["configs"]["limit"]["value"], "6");
    assert!(owner.prints(&["item", "history", "limit"]).lines().count() >= 4);

    assert_eq!(owner.prints(&["item", "delete", "limit", "--yes"]), "deleted limit\n");
    assert_eq!(owner.prints(&["group", "delete", &group]), format!("deleted {group}\n"));
    assert_eq!(owner.json(&["item", "list"])["items"], json!([]));
}

fn a_token_is_kept_and_one_that_is_unknown_is_refused(t: &Deployment) {
    let owner = Owner { folder: Folder::new(t), project: project(t) };
    let list = ["call", "--bearer", "GET", "/api/client/v1/config/groups"];
    let without = owner.folder.run(&list, &[]);
    let errors = String::from_utf8(without.stderr).unwrap();
    assert!(without.status.code() == Some(2) && errors.contains("CHANCERY_CONFIG_TOKEN"), "{errors}");
    let wrong = owner.folder.run(&list, &[("CHANCERY_CONFIG_TOKEN", "s3cret")]);
    let errors = String::from_utf8(wrong.stderr).unwrap();
    assert!(wrong.status.code() == Some(1) && errors.contains("token list") && !errors.contains("s3cret"), "{errors}");

    owner.folder.file("token", &format!("{}\n", owner.project.token));
    let url = t.instance.url.as_str();
    let kept = owner.folder.json(&["login", "shop", "--url", url, "--config-token-file", "token", "--json"]);
    assert_eq!(kept["configToken"], "known");
    let shop = ["--profile", "shop"];
    assert_eq!(owner.folder.json(&[&list[..], &shop].concat()), json!({ "groups": [] }));
    owner.folder.prints(&[&["config-api", "group", "create", "First"], &shop[..]].concat());
    assert_eq!(owner.folder.json(&[&list[..], &shop].concat())["groups"][0]["name"], "First");
}
