//! The audit log of the portal: changes, log-ins and refusals of known developers are entries, and answers to changes
//! name theirs. No answer to a stranger names one.

use chancery::client::Reply;
use serde_json::json;

use crate::{
    case::{Case, case},
    database,
    deployment::{Deployment, unique},
    portal::{PASSWORD, address, ask_in, developer, log_in, nobody, set_status},
};

pub fn cases() -> Vec<Case> {
    vec![
        case(log_ins_and_their_refusals_are_entries),
        case(changes_name_their_entries),
        case(refusals_of_known_developers_are_entries),
    ]
}

/// Action and outcome of every entry about a developer, by that developer.
fn entries(t: &Deployment, developer: &str) -> Vec<(String, String)> {
    let rows = database::audit(&t.instance).into_iter().filter(|row| row.actor == developer);
    rows.map(|row| (row.action, row.outcome)).collect()
}

fn entry(action: &str, outcome: &str) -> (String, String) {
    (action.to_owned(), outcome.to_owned())
}

/// The action of the entry that an answer names.
#[track_caller]
fn named(t: &Deployment, reply: &Reply) -> String {
    let place = reply.header("audit-entry").unwrap_or_else(|| panic!("no entry is named: {reply:?}"));
    let index: i64 = place.strip_prefix("portal/").unwrap().parse().unwrap();
    let rows = database::audit(&t.instance).into_iter().find(|row| row.tenant == "portal" && row.index == index);
    rows.unwrap().action
}

fn log_ins_and_their_refusals_are_entries(t: &Deployment) {
    let dev = developer(t);
    let before = entries(t, &dev.id).len();
    let wrong = ask_in(t, &dev.email, "wrong horse");
    assert_eq!((wrong.status, wrong.header("audit-entry")), (401, None), "it would show that the account exists");
    let right = ask_in(t, &dev.email, PASSWORD);
    assert_eq!(named(t, &right), "developer.log-in");
    assert_eq!(named(t, &log_in(t, &dev.email, PASSWORD).call("DELETE", "/auth", None)), "developer.log-out");
    ask_in(t, &address(), "wrong horse");
    let of_nobody = database::audit(&t.instance).into_iter().filter(|row| row.action == "developer.log-in");
    assert_eq!(of_nobody.filter(|row| row.subject.is_empty()).count(), 0, "unknown addresses are not recorded");
    set_status(t, &dev.id, 3);
    assert_eq!(ask_in(t, &dev.email, PASSWORD).status, 401);
    let login = |outcome: &str| entry("developer.log-in", outcome);
    let expected =
        [login("refused"), login("done"), login("done"), entry("developer.log-out", "done"), login("refused")];
    assert_eq!(entries(t, &dev.id)[before..], expected);
}

fn changes_name_their_entries(t: &Deployment) {
    let dev = developer(t);
    let registration = json!({ "email": address(), "password": PASSWORD, "meta": r#"{"full_name":"Ada"}"# });
    assert_eq!(named(t, &nobody(t).call("POST", "/register", Some(&registration))), "developer.register");
    let call = |method: &str, path: &str, body: serde_json::Value| dev.session.call(method, path, Some(&body));
    let made = |reply: &Reply| {
        let body: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
        body["id"].as_str().unwrap().to_owned()
    };
    let app = call("POST", "/applications", json!({ "name": unique("app"), "redirect_uri": "https://a.example" }));
    let (key, jwt) = (call("POST", "/credentials/key-auth", json!({})), call("POST", "/credentials/jwt", json!({})));
    for (reply, action) in [(&app, "application.create"), (&key, "key-auth.create"), (&jwt, "jwt.create")] {
        assert_eq!(named(t, reply), action);
    }
    let app = format!("/applications/{}", made(&app));
    let client = call("POST", &format!("{app}/credentials"), json!({}));
    assert_eq!(named(t, &client), "application-credential.create");
    let (key, jwt) = (format!("/credentials/key-auth/{}", made(&key)), format!("/credentials/jwt/{}", made(&jwt)));
    for (method, path, body, action) in [
        ("PATCH", "/developer/meta", json!({ "meta": r#"{"team":"a"}"# }), "developer.meta"),
        ("PATCH", "/developer/email", json!({ "email": address() }), "developer.email"),
        (
            "PATCH",
            "/developer/password",
            json!({ "old_password": PASSWORD, "password": "another horse" }),
            "developer.password",
        ),
        ("PATCH", app.as_str(), json!({ "description": "d" }), "application.update"),
        ("PATCH", key.as_str(), json!({ "key": unique("key") }), "key-auth.update"),
        ("PATCH", jwt.as_str(), json!({ "secret": "s" }), "jwt.update"),
        ("DELETE", key.as_str(), json!(null), "key-auth.delete"),
        ("DELETE", jwt.as_str(), json!(null), "jwt.delete"),
        ("DELETE", app.as_str(), json!(null), "application.delete"),
        ("DELETE", "/developer", json!(null), "developer.delete"),
    ] {
        assert_eq!(named(t, &call(method, path, body)), action, "{method} {path}");
    }
}

fn refusals_of_known_developers_are_entries(t: &Deployment) {
    let dev = developer(t);
    let before = entries(t, &dev.id).len();
    let wrong = json!({ "old_password": "wrong horse", "password": "another horse" });
    assert_eq!(dev.session.call("PATCH", "/developer/password", Some(&wrong)).status, 400);
    set_status(t, &dev.id, 3);
    for (method, path) in [("GET", "/developer"), ("POST", "/applications"), ("DELETE", "/developer")] {
        let body = json!({ "name": unique("app"), "redirect_uri": "https://a.example" });
        assert_eq!(dev.session.call(method, path, (method != "GET").then_some(&body)).status, 401, "{method} {path}");
    }
    let refused = |action: &str| entry(action, "refused");
    let expected = ["developer.password", "developer.read", "application.create", "developer.delete"].map(refused);
    assert_eq!(entries(t, &dev.id)[before..], expected);
}
