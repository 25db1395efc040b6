//! Samples of the Config API, in the one project that all tokens but a foreign one lead to.

use serde_json::json;

use super::{
    sample::{Request, Sample, at, of},
    world::{MARK, World},
};
use crate::{answer::ok, config_project::BASE, deployment::unique};

pub fn samples() -> Vec<Sample> {
    let wrong = || json!(["not", "an", "object"]);
    vec![
        of("GET /api/client/v1/config/groups", |_| below("/groups")),
        of("POST /api/client/v1/config/groups", |_| below("/groups").body(json!({ "name": "n", "key": unique("g") })))
            .refuses(wrong()),
        of("GET /api/client/v1/config/groups/{groupKey}", |w| group(w, "")),
        of("PATCH /api/client/v1/config/groups/{groupKey}", |w| group(w, "").body(json!({ "description": "d" })))
            .refuses(wrong()),
        of("DELETE /api/client/v1/config/groups/{groupKey}", |w| group(w, "")),
        of("GET /api/client/v1/config/groups/{groupKey}/items", |w| group(w, "/items")),
        of("POST /api/client/v1/config/groups/{groupKey}/items", |w| {
            group(w, "/items").body(json!({ "name": "n", "key": unique("i"), "value": "v" }))
        })
        .refuses(wrong()),
        of("GET /api/client/v1/config/items", |_| below("/items")),
        of("GET /api/client/v1/config/items/{key}", |w| item(w, "")),
        of("PATCH /api/client/v1/config/items/{key}", |w| item(w, "").body(json!({ "value": "w" }))).refuses(wrong()),
        of("DELETE /api/client/v1/config/items/{key}", |w| item(w, "")),
        of("POST /api/client/v1/config/resolve", |w| below("/resolve").body(json!({ "keys": [new_item(w)] })))
            .refuses(wrong()),
        of("GET /api/client/v1/config/items/{key}/audit", |w| item(w, "/audit")),
        of("GET /api/client/v1/config/items/{key}/versions", |w| item(w, "/versions")),
        of("POST /api/client/v1/config/items/{key}/versions/{version}/restore", |w| {
            let key = new_item(w);
            ok(&w.project().patch(&format!("/items/{key}"), &json!({ "value": "w" })), 200);
            below(&format!("/items/{key}/versions/1/restore"))
        }),
    ]
}

fn below(path: &str) -> Request {
    at(format!("{BASE}{path}"))
}

fn group(w: &World, rest: &str) -> Request {
    below(&format!("/groups/{}{rest}", w.project().group()))
}

fn item(w: &World, rest: &str) -> Request {
    below(&format!("/items/{}{rest}", new_item(w)))
}

fn new_item(w: &World) -> String {
    let key = unique("item");
    w.project().item(&key, &json!({ "value": MARK }));
    key
}
