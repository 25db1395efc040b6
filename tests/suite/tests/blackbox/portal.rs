//! What the cases of the developer portal stand on: developers with their sessions, the outbox, and how answers look.

use std::{thread, time::Duration};

use chancery::client::Reply;
use crypto::base64;
use serde_json::{Value, json};

use crate::{
    answer::ok,
    deployment::{Deployment, unique},
};

pub const PASSWORD: &str = "correct horse";

/// Somebody with a cookie, or with none when it is empty.
pub struct Visitor<'a> {
    pub deployment: &'a Deployment,
    pub cookie: String,
}

/// An approved developer with a session.
pub struct Developer<'a> {
    pub id: String,
    pub consumer: String,
    pub email: String,
    pub session: Visitor<'a>,
}

/// The path of the page behind this one. Clients go on by it, or by `offset`, which stands beside it.
#[track_caller]
pub fn next_page(page: &Value) -> Option<String> {
    let (next, offset) = (page["next"].as_str(), page["offset"].as_str());
    let goes_on = next.zip(offset).is_some_and(|(next, offset)| next.contains(&format!("offset={offset}")));
    assert!(goes_on || (page["next"].is_null() && page.get("offset").is_none()), "{page}");
    next.map(str::to_owned)
}

pub fn nobody(t: &Deployment) -> Visitor<'_> {
    Visitor { deployment: t, cookie: String::new() }
}

/// An address that nobody has.
pub fn address() -> String {
    format!("{}@example.org", unique("dev"))
}

/// Lists are in the order of making, by the millisecond: what is made next stands behind what is there.
pub fn later() {
    thread::sleep(Duration::from_millis(2));
}

#[track_caller]
pub fn register(t: &Deployment, email: &str) -> Value {
    let body = json!({ "email": email, "password": PASSWORD, "meta": r#"{"full_name":"Ada"}"# });
    ok(&nobody(t).call("POST", "/register", Some(&body)), 200)["developer"].clone()
}

/// Registers a developer, approves it where that is needed, and logs it in.
#[track_caller]
pub fn developer(t: &Deployment) -> Developer<'_> {
    let email = address();
    let developer = register(t, &email);
    let id = developer["id"].as_str().unwrap().to_owned();
    if developer["status"] == 1 {
        set_status(t, &id, 0);
    }
    let consumer = developer["consumer"]["id"].as_str().unwrap().to_owned();
    Developer { session: log_in(t, &email, PASSWORD), id, consumer, email }
}

#[track_caller]
pub fn set_status(t: &Deployment, developer: &str, status: i64) {
    ok(&t.service.patch(&format!("/caas/portal/developers/{developer}"), &json!({ "status": status })), 200);
}

/// Asks for a session.
#[track_caller]
pub fn ask_in(t: &Deployment, email: &str, password: &str) -> Reply {
    let pair = base64::encode(format!("{email}:{password}").as_bytes());
    t.anonymous.send("GET", "/auth", &[("authorization", &format!("Basic {pair}"))], None)
}

#[track_caller]
pub fn log_in<'a>(t: &'a Deployment, email: &str, password: &str) -> Visitor<'a> {
    let reply = ask_in(t, email, password);
    assert_eq!(reply.status, 204, "{reply:?}");
    let cookie = reply.header("set-cookie").unwrap();
    Visitor { deployment: t, cookie: cookie.split(';').next().unwrap().to_owned() }
}

impl Visitor<'_> {
    pub fn get(&self, path: &str) -> Reply {
        self.call("GET", path, None)
    }

    #[track_caller]
    pub fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Reply {
        let body = body.map(|body| body.to_string().into_bytes());
        self.send(method, path, &[("content-type", "application/json")], body.as_deref())
    }

    #[track_caller]
    pub fn form(&self, method: &str, path: &str, body: &str) -> Reply {
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        self.send(method, path, &headers, Some(body.as_bytes()))
    }

    #[track_caller]
    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<&[u8]>) -> Reply {
        let mut headers = headers.to_vec();
        if !self.cookie.is_empty() {
            headers.push(("cookie", &self.cookie));
        }
        self.deployment.anonymous.send(method, path, &headers, body)
    }
}

/// The message of a refusal of this status.
#[track_caller]
pub fn message(reply: &Reply, status: u16) -> String {
    ok(reply, status)["message"].as_str().unwrap_or_else(|| panic!("{reply:?}")).to_owned()
}

/// The fields of a refusal of this status, which fits its code.
#[track_caller]
pub fn fields(reply: &Reply, status: u16) -> Value {
    let body = ok(reply, status);
    assert_eq!(body["code"], if status == 409 { 5 } else { 2 }, "{body}");
    assert_eq!(body.as_object().unwrap().len(), 2, "{body}");
    body["fields"].clone()
}

/// The mails to an address, oldest first.
#[track_caller]
pub fn mails(t: &Deployment, email: &str) -> Vec<Value> {
    let list = ok(&t.service.get("/caas/portal/mail?size=1000"), 200);
    let to = |mail: &&Value| mail["to"] == email;
    let ids: Vec<_> = list["data"].as_array().unwrap().iter().filter(to).map(|mail| mail["id"].clone()).collect();
    let full = |id: &Value| ok(&t.service.get(&format!("/caas/portal/mail/{}", id.as_str().unwrap())), 200);
    ids.iter().rev().map(full).collect()
}

/// The token in the last mail to an address.
#[track_caller]
pub fn mailed_token(t: &Deployment, email: &str, kind: &str) -> String {
    let mails = mails(t, email);
    let mail = mails.iter().rev().find(|mail| mail["kind"] == kind).unwrap_or_else(|| panic!("no mail: {mails:?}"));
    let text = mail["text"].as_str().unwrap();
    text.split_once("token=").unwrap().1.split_whitespace().next().unwrap().to_owned()
}
