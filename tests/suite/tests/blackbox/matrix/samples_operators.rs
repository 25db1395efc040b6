//! Samples of what operators do, with licences: the portal, and the tokens of the Config API.

use serde_json::{Value, json};

use super::sample::{Sample, at, of};
use super::world::World;
use crate::{
    answer::ok,
    deployment::unique,
    portal::{address, nobody, register},
    portal_applications::{id, service},
};

pub fn samples() -> Vec<Sample> {
    vec![
        of("PUT /caas/config-tokens", |w| at("/caas/config-tokens").body(config_token(w))),
        of("GET /caas/config-tokens", |_| at("/caas/config-tokens")),
        of("DELETE /caas/config-tokens/{id}", |w| {
            let minted = ok(&w.t.service.put("/caas/config-tokens", &config_token(w)), 201);
            at(format!("/caas/config-tokens/{}", id(&minted)))
        }),
        of("GET /caas/portal/developers", |_| at("/caas/portal/developers")),
        of("GET /caas/portal/developers/{developer}", |w| at(developer(w))),
        of("PATCH /caas/portal/developers/{developer}", |w| at(developer(w)).body(json!({ "status": 0 }))),
        of("DELETE /caas/portal/developers/{developer}", |w| at(developer(w))),
        of("GET /caas/portal/files", |_| at("/caas/portal/files")),
        of("GET /caas/portal/files/{path}", |w| at(format!("/caas/portal/files/{}", w.portal_file()))),
        of("PUT /caas/portal/files/{path}", |_| {
            at(format!("/caas/portal/files/content/{}.txt", unique("f"))).body(json!({ "contents": "x" }))
        }),
        of("DELETE /caas/portal/files/{path}", |w| at(format!("/caas/portal/files/{}", w.portal_file()))),
        of("GET /caas/portal/services", |_| at("/caas/portal/services")),
        of("GET /caas/portal/services/{service}", |w| at(existing_service(w))),
        of("PUT /caas/portal/services/{service}", |_| {
            at(format!("/caas/portal/services/{}", unique("service"))).body(json!({}))
        }),
        of("DELETE /caas/portal/services/{service}", |w| at(existing_service(w))),
        of("GET /caas/portal/application-instances", |_| at("/caas/portal/application-instances")),
        of("PATCH /caas/portal/application-instances/{instance}", |w| {
            at(format!("/caas/portal/application-instances/{}", id(&w.owner().instance))).body(json!({ "status": 0 }))
        }),
        of("POST /caas/portal/credentials", |w| {
            let developer = &w.owner().developer.id;
            at("/caas/portal/credentials")
                .body(json!({ "type": "key-auth", "developer": developer, "key": unique("key") }))
        }),
        of("POST /caas/portal/tokens", |_| at("/caas/portal/tokens").body(json!({ "name": unique("ci") }))),
        of("GET /caas/portal/tokens", |_| at("/caas/portal/tokens")),
        of("DELETE /caas/portal/tokens/{id}", |w| {
            let made = ok(&w.t.service.post("/caas/portal/tokens", &json!({ "name": unique("ci") })), 201);
            at(format!("/caas/portal/tokens/{}", id(&made)))
        }),
        of("GET /caas/portal/mail", |_| at("/caas/portal/mail")),
        of("GET /caas/portal/mail/{id}", |w| {
            let email = json!({ "email": w.owner().developer.email });
            ok(&nobody(w.t).call("POST", "/forgot-password", Some(&email)), 200);
            let newest = ok(&w.t.service.get("/caas/portal/mail?size=1"), 200)["data"][0].clone();
            at(format!("/caas/portal/mail/{}", id(&newest)))
        }),
    ]
}

fn config_token(w: &World) -> Value {
    json!({ "tenantId": w.tenant, "projectId": "p", "ownerId": "u", "role": "owner" })
}

fn developer(w: &World) -> String {
    format!("/caas/portal/developers/{}", id(&register(w.t, &address())))
}

fn existing_service(w: &World) -> String {
    let name = service(w.t, &json!({}))["name"].as_str().unwrap().to_owned();
    format!("/caas/portal/services/{name}")
}
