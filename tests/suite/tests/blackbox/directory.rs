//! The Service Directory: its public answer, and how a system licence changes it.

use serde_json::{Map, Value, json};

use crate::{
    answer::{ok, refused, soon},
    case::{Case, case},
    deployment::{Deployment, unique},
};

pub fn cases() -> Vec<Case> {
    vec![
        case(the_directory_has_licenses_and_global_caas),
        case(internal_urls_come_from_the_template),
        case(an_entry_is_added_changed_and_removed),
        case(licenses_cannot_be_removed),
        case(a_change_of_the_wrong_shape_is_refused),
    ]
}

const PATH: &str = "/caas/sd";

fn one(name: &str, value: &Value) -> Value {
    Value::from(Map::from_iter([(name.to_owned(), value.clone())]))
}

fn entry(t: &Deployment, query: &str, name: &str) -> Option<String> {
    let directory = ok(&t.anonymous.get(&format!("{PATH}{query}")), 200);
    directory.get(name).map(|url| url.as_str().unwrap().to_owned())
}

fn the_directory_has_licenses_and_global_caas(t: &Deployment) {
    let directory = ok(&t.anonymous.get(PATH), 200);
    let public = t.instance.variables.get("PUBLIC_URL");
    for name in ["licenses", "global_caas"] {
        assert!(directory[name].as_str().unwrap().starts_with(public), "{directory}");
    }
    assert!(directory.as_object().unwrap().values().all(Value::is_string), "{directory}");
}

fn internal_urls_come_from_the_template(t: &Deployment) {
    let name = unique("internal");
    ok(&t.system.patch(PATH, &one(&name, &json!("https://external.example/x"))), 200);
    let (internal, external) = (format!("http://{name}:8888"), "https://external.example/x".to_owned());
    for (query, expected) in [
        ("", &external),
        ("?internal_sd=true", &internal),
        ("?internal_sd=True", &internal),
        ("?internal_sd=1", &internal),
        ("?internal_sd=false", &external),
        ("?external_sd=true", &external),
        ("?internal_sd=true&external_sd=true", &external),
        ("?internal_sd=true&external_sd=false", &internal),
    ] {
        soon(|| entry(t, query, &name), &Some(expected.clone()));
    }
}

fn an_entry_is_added_changed_and_removed(t: &Deployment) {
    for removal in [json!(""), json!(null), json!(false)] {
        let name = unique("entry");
        for url in ["https://one.example", "http://two.example:8080/path?x=1"] {
            let directory = ok(&t.system.patch(PATH, &one(&name, &json!(url))), 200);
            assert_eq!(directory[&name], url);
            assert!(directory.get("licenses").is_some(), "the answer is not complete: {directory}");
            soon(|| entry(t, "", &name), &Some(url.to_owned()));
        }
        let directory = ok(&t.system.patch(PATH, &one(&name, &removal)), 200);
        assert!(directory.get(&name).is_none(), "{directory}");
        soon(|| entry(t, "", &name), &None);
        // To remove what is not there changes nothing.
        ok(&t.system.patch(PATH, &one(&name, &removal)), 200);
    }
}

fn licenses_cannot_be_removed(t: &Deployment) {
    let name = unique("entry");
    for removal in [json!(""), json!(null), json!(false)] {
        let mut body = one(&name, &json!("https://one.example"));
        body["licenses"] = removal;
        refused(&t.system.patch(PATH, &body), 400);
    }
    let directory = ok(&t.system.patch(PATH, &one(&unique("other"), &json!(null))), 200);
    assert!(directory.get(&name).is_none(), "something of a refused change was applied");
    assert!(directory.get("licenses").is_some());
}

fn a_change_of_the_wrong_shape_is_refused(t: &Deployment) {
    let url = json!("https://one.example");
    let long = "x".repeat(65);
    let mut bodies = vec![json!({}), json!([]), json!("x"), json!(null)];
    bodies.extend(["", "a-b", "a b", "ä", &long].map(|name| one(name, &url)));
    for value in [
        json!("one.example"),
        json!("/path"),
        json!("ftp://x.example"),
        json!("https://"),
        json!("javascript:alert(1)"),
        json!(1),
        json!(true),
        json!([]),
        json!({}),
    ] {
        bodies.push(one("refused", &value));
    }
    for body in bodies {
        let reply = t.system.patch(PATH, &body);
        assert_eq!(reply.status, 400, "{body}");
        refused(&reply, 400);
    }
    refused(&t.system.send("PATCH", PATH, b"{"), 400);
    refused(&t.system.send("PATCH", PATH, &[b' '; (1 << 20) + 1]), 413);
    assert_eq!(entry(t, "", "refused"), None);
}
