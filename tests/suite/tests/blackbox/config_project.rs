//! What the cases of the Config API stand on: a project of their own with a token, and how its answers look.

use chancery::client::Reply;
use serde_json::{Value, json};

use crate::{
    answer::ok,
    deployment::{Deployment, unique},
};

pub const BASE: &str = "/api/client/v1/config";
pub const MASK: &str = "\u{2022}\u{2022}\u{2022}\u{2022}\u{2022}\u{2022}\u{2022}\u{2022}";

/// A token, and the project that it leads to.
pub struct Project<'a> {
    deployment: &'a Deployment,
    pub tenant: String,
    pub project: String,
    pub token: String,
    pub id: String,
}

/// Mints a token of these attributes, in a tenant and project that nothing else uses unless they are given.
#[track_caller]
pub fn mint<'a>(t: &'a Deployment, attributes: &Value) -> Project<'a> {
    let (tenant, project) = (unique("tenant"), unique("project"));
    let mut body = json!({ "tenantId": tenant, "projectId": project, "ownerId": "u-1", "role": "owner" });
    body.as_object_mut().unwrap().extend(attributes.as_object().unwrap().clone());
    let minted = ok(&t.service.put("/caas/config-tokens", &body), 201);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    Project {
        deployment: t,
        tenant: text(&body["tenantId"]),
        project: text(&body["projectId"]),
        token: text(&minted["token"]),
        id: text(&minted["id"]),
    }
}

/// A project whose owner has the e-mail address `ada@example.org`.
#[track_caller]
pub fn project(t: &Deployment) -> Project<'_> {
    mint(t, &json!({ "ownerEmail": "ada@example.org" }))
}

impl Project<'_> {
    pub fn get(&self, path: &str) -> Reply {
        self.call("GET", path, None)
    }

    pub fn post(&self, path: &str, body: &Value) -> Reply {
        self.call("POST", path, Some(body))
    }

    pub fn patch(&self, path: &str, body: &Value) -> Reply {
        self.call("PATCH", path, Some(body))
    }

    pub fn delete(&self, path: &str) -> Reply {
        self.call("DELETE", path, None)
    }

    /// As the published client sends: a content type always, even without a body.
    #[track_caller]
    pub fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Reply {
        self.send(method, path, body.map(|body| body.to_string().into_bytes()).as_deref())
    }

    #[track_caller]
    pub fn send(&self, method: &str, path: &str, body: Option<&[u8]>) -> Reply {
        send(self.deployment, &format!("Bearer {}", self.token), method, path, body)
    }

    /// A new group, by its key.
    #[track_caller]
    pub fn group(&self) -> String {
        let key = unique("group");
        ok(&self.post("/groups", &json!({ "name": "Group", "key": key })), 201);
        key
    }

    /// A new item in a new group.
    #[track_caller]
    pub fn item(&self, key: &str, attributes: &Value) -> Value {
        let mut body = json!({ "name": "Item", "key": key, "value": "v1" });
        body.as_object_mut().unwrap().extend(attributes.as_object().unwrap().clone());
        ok(&self.post(&format!("/groups/{}/items", self.group()), &body), 201)["item"].clone()
    }

    #[track_caller]
    pub fn resolved(&self, keys: &[&str]) -> Value {
        ok(&self.post("/resolve", &json!({ "keys": keys })), 200)["configs"].clone()
    }

    /// Action, version, previous and new value of what happened to a key, newest first.
    #[track_caller]
    pub fn history(&self, key: &str) -> Vec<(String, i64, Value, Value)> {
        let logs = ok(&self.get(&format!("/items/{key}/audit")), 200);
        let entry = |log: &Value| {
            let action = log["action"].as_str().unwrap().to_owned();
            (action, log["version"].as_i64().unwrap(), log["previousValue"].clone(), log["newValue"].clone())
        };
        logs["logs"].as_array().unwrap().iter().map(entry).collect()
    }
}

#[track_caller]
pub fn send(t: &Deployment, authorization: &str, method: &str, path: &str, body: Option<&[u8]>) -> Reply {
    let headers = [("authorization", authorization), ("content-type", "application/json")];
    t.anonymous.send(method, &format!("{BASE}{path}"), &headers, body)
}

/// The text of a refusal of this status.
#[track_caller]
pub fn refused(reply: &Reply, status: u16) -> String {
    let body = ok(reply, status);
    assert_eq!(body.as_object().unwrap().len(), 1, "{body}");
    assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(reply.header("x-frame-options"), Some("DENY"));
    body["error"].as_str().unwrap().to_owned()
}

#[track_caller]
pub fn keys_of(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|entry| entry["key"].as_str().unwrap()).collect()
}
