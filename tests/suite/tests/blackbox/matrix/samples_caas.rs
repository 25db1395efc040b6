//! Samples of Config & Consent and of its audit log.

use chancery::client::{Api, segment};
use policy::Action;
use serde_json::{Value, json};

use super::{
    sample::{Request, Sample, at, of},
    world::World,
};
use crate::{
    answer::ok,
    configuration,
    consent::{consents_of, content, put},
    deployment::{secrets_of, unique},
    environment::installation,
    extension::{ACTIVATE, extension},
};

pub fn samples() -> Vec<Sample> {
    let mut all = audit_log();
    all.extend(configurations());
    all.extend(consents());
    all.extend(secrets());
    all.extend(environment());
    all
}

fn audit_log() -> Vec<Sample> {
    vec![
        of("GET /caas/audit/key", |_| at("/caas/audit/key")),
        of("GET /caas/audit/{tenant}/entries", |w| log(w, "entries")),
        of("POST /caas/audit/{tenant}/hash", |w| log(w, "hash").body(json!({ "value": "v" }))),
        of("POST /caas/audit/{tenant}/checkpoint", |w| log(w, "checkpoint")),
        of("GET /caas/audit/{tenant}/checkpoints", |w| log(w, "checkpoints")),
        of("GET /caas/audit/{tenant}/proof/inclusion", |w| log(w, "proof/inclusion?index=0&size=1")),
        of("GET /caas/audit/{tenant}/proof/consistency", |w| log(w, "proof/consistency?from=1&to=1")),
        of("GET /caas/audit/{tenant}/export", |w| log(w, "export")),
        of("GET /caas/audit/{tenant}/tlog/key", |w| log(w, "tlog/key")),
        of("GET /caas/audit/{tenant}/tlog/checkpoint", |w| log(w, "tlog/checkpoint")),
        of("GET /caas/audit/{tenant}/tlog/tile/{path}", |w| log(w, "tlog/tile/0/000.p/1")),
    ]
}

fn log(w: &World, rest: &str) -> Request {
    at(format!("/caas/audit/{}/{rest}", w.logged_tenant()))
}

/// One sample per kind of context. What is internal is that of an app, for which the row of apps alone would allow more.
fn configurations() -> Vec<Sample> {
    type Context = fn(&World) -> Value;
    let kinds: [(Context, [Action; 3]); 5] = [
        (
            |w| json!({ "tenantId": w.tenant, "communityId": w.community }),
            [Action::FetchCommunityConfig, Action::SetCommunityConfig, Action::RemoveCommunityConfig],
        ),
        (
            |_| json!({ "personId": unique("person"), "mobile_app_id": "app" }),
            [Action::FetchPersonConfig, Action::SetPersonConfig, Action::RemovePersonConfig],
        ),
        (
            |_| json!({ "appId": unique("app") }),
            [Action::FetchAppConfig, Action::SetAppConfig, Action::RemoveAppConfig],
        ),
        (
            |_| json!({ "appId": "platform" }),
            [Action::FetchReservedAppConfig, Action::SetReservedAppConfig, Action::RemoveReservedAppConfig],
        ),
        (
            |_| json!({ "appId": unique("app"), "internal": true }),
            [Action::FetchInternalConfig, Action::SetInternalConfig, Action::RemoveInternalConfig],
        ),
    ];
    let of_kind = |(context, [fetch, set, remove]): (Context, [Action; 3])| {
        [
            of("POST /caas/config/fetch", move |w| at("/caas/config/fetch").body(json!({ "context": context(w) })))
                .action(fetch),
            of("GET /caas/config/history", move |w| {
                at(format!("/caas/config/history?context={}", segment(&context(w).to_string())))
            })
            .action(fetch),
            of("PUT /caas/config/{key_path}", move |w| {
                at(format!("/caas/config/{}", letters())).body(json!({ "context": context(w), "data": "x" }))
            })
            .action(set),
            of("DELETE /caas/config", move |w| {
                let (context, path) = (context(w), letters());
                // The infra licence is a member everywhere.
                ok(&configuration::set(&w.t.infra, &context, &path, &json!("x")), 200);
                at("/caas/config").body(json!({ "context": context, "key_paths": [path] }))
            })
            .action(remove),
        ]
    };
    kinds.into_iter().flat_map(of_kind).collect()
}

/// A new name without digits.
fn letters() -> String {
    let letter = |byte: u8| char::from(if byte.is_ascii_digit() { byte + 49 } else { byte });
    unique("p").bytes().filter(|byte| *byte != b'_').map(letter).collect()
}

const PLAIN: (&str, &str) = ("requestfromswagger", "true");

fn consents() -> Vec<Sample> {
    vec![
        of("PUT /caas/tenants/{tenantId}/community/{communityId}/consents", |w| {
            let mut data = content("t");
            data.as_object_mut().unwrap().extend(
                json!({ "type": letters(), "isEnabled": true, "requestingUser": "suite" }).as_object().unwrap().clone(),
            );
            plain(consents_of(&w.tenant, &w.community)).body(json!({ "data": data }))
        }),
        of("GET /caas/tenants/{tenantId}/community/{communityId}/consents/{type}", |w| {
            plain(format!("{}/{}", consents_of(&w.tenant, &w.community), letters()))
        }),
        of("GET /caas/tenants/{tenantId}/community/{communityId}/consents/ipfs/{ipfsHash}", |w| {
            let place = consents_of(&w.tenant, &w.community);
            let first = ok(&put(&w.t.infra, &place, &letters(), &content("t")), 200);
            plain(format!("{place}/ipfs/{}", first["data"]["consentId"].as_str().unwrap()))
        }),
    ]
}

fn plain(path: impl Into<String>) -> Request {
    at(path).header(PLAIN.0, PLAIN.1)
}

fn secrets() -> Vec<Sample> {
    vec![
        of("POST /caas/tenants/{tenantId}/community/{communityId}/secrets/fetch", |w| {
            at(format!("{}/fetch", secrets_of(&w.tenant, &w.community))).body(json!({ "tags": [w.secret()] }))
        }),
        of("PUT /caas/tenants/{tenantId}/community/{communityId}/secrets", |w| {
            let body = json!({ "tag": unique("secret"), "value": "v", "createdBy": "suite" });
            at(secrets_of(&w.tenant, &w.community)).body(body)
        }),
        of("DELETE /caas/tenants/{tenantId}/community/{communityId}/secrets/{tag}", |w| {
            at(format!("{}/{}", secrets_of(&w.tenant, &w.community), w.secret()))
        }),
        of("GET /caas/root-key", |_| at("/caas/root-key")),
        of("POST /caas/root-key/rewrap", |_| at("/caas/root-key/rewrap")),
    ]
}

fn environment() -> Vec<Sample> {
    vec![
        of("GET /caas/sd", |_| at("/caas/sd")),
        of("PATCH /caas/sd", |_| at("/caas/sd").body(json!({ "reports": "https://reports.example.com" }))),
        of("GET /caas/environment", |_| at("/caas/environment")),
        // It is installed, which is told to those only who could install it.
        of("POST /caas/environment/install", |_| at("/caas/environment/install").body(installation())).answers(400),
        of("POST /caas/environment/create/community", |_| {
            at("/caas/environment/create/community").body(json!({
                "communityName": unique("c").replace('_', "-"),
                "contactEmail": "a@example.com",
                "communityPassword": "correct horse",
            }))
        }),
        of("POST /caas/extension/activate", |_| plain(ACTIVATE).body(json!({ "data": extension() }))),
        of("POST /caas/extension/status", |_| plain("/caas/extension/status").body(json!({ "data": extension() }))),
        of("POST /caas/extension/deactivate", |w| {
            let mut data = extension();
            let encrypted = w.t.service.client.encrypt_data(Api::Caas, &data).unwrap();
            ok(&w.t.service.post(ACTIVATE, &json!({ "data": encrypted })), 200);
            data["deactivatedBy"] = json!("matrix");
            plain("/caas/extension/deactivate").body(json!({ "data": data }))
        }),
    ]
}
