//! Samples of the developer portal, with a developer of its own for each operation.

use crypto::base64;
use serde_json::{Value, json};

use super::{
    sample::{Request, Sample, at, of},
    world::World,
};
use crate::{
    answer::ok,
    database,
    deployment::unique,
    portal::{PASSWORD, address, mailed_token, nobody, register},
    portal_applications::id,
    portal_credentials::hs256,
};

pub fn samples() -> Vec<Sample> {
    let mut all = accounts();
    all.extend(credentials());
    all.extend(applications());
    all.extend(files());
    all.push(of("POST /portal/introspect", |_| {
        at("/portal/introspect").body(json!({ "service": unique("service"), "key": unique("key") }))
    }));
    all
}

fn accounts() -> Vec<Sample> {
    vec![
        of("GET /auth", |w| {
            let pair = base64::encode(format!("{}:{PASSWORD}", w.owner().developer.email).as_bytes());
            at("/auth").header("authorization", &format!("Basic {pair}"))
        }),
        of("DELETE /auth", |_| at("/auth?session_logout=true")),
        of("GET /session", |_| at("/session")),
        of("GET /config", |_| at("/config")),
        of("POST /register", |_| {
            let meta = r#"{"full_name":"Ada"}"#;
            at("/register").body(json!({ "email": address(), "password": PASSWORD, "meta": meta }))
        }),
        of("POST /verify-account", |w| at("/verify-account").body(json!({ "token": to_verify(w) }))),
        of("POST /resend-account-verification", |w| at("/resend-account-verification").body(email_of(w))),
        of("POST /invalidate-account-verification", |w| {
            at("/invalidate-account-verification").body(json!({ "token": to_verify(w) }))
        }),
        of("POST /forgot-password", |w| at("/forgot-password").body(email_of(w))),
        of("POST /validate-reset", |w| at("/validate-reset").body(json!({ "token": to_reset(w) }))),
        of("POST /reset-password", |w| {
            at("/reset-password").body(json!({ "token": to_reset(w), "password": "another horse" }))
        }),
        of("GET /developer", |_| at("/developer")),
        of("DELETE /developer", |_| at("/developer")),
        of("GET /developer/meta_fields", |_| at("/developer/meta_fields")),
        of("PATCH /developer/password", |_| {
            at("/developer/password").body(json!({ "password": "new password", "old_password": PASSWORD }))
        })
        .refuses(json!({})),
        of("PATCH /developer/email", |_| at("/developer/email").body(json!({ "email": address() }))).refuses(json!({})),
        of("PATCH /developer/meta", |_| at("/developer/meta").body(json!({ "meta": "{}" }))).refuses(json!({})),
        of("PUT /developer/meta", |_| at("/developer/meta").body(json!({ "meta": "{}" }))).refuses(json!({})),
    ]
}

fn credentials() -> Vec<Sample> {
    vec![
        of("GET /credentials/key-auth", |_| at("/credentials/key-auth")),
        of("POST /credentials/key-auth", |_| at("/credentials/key-auth").body(json!({ "key": unique("key") })))
            .refuses(json!({ "key": "a b" })),
        of("GET /credentials/key-auth/{id}", key),
        of("PATCH /credentials/key-auth/{id}", |w| key(w).body(json!({ "key": unique("key") })))
            .refuses(json!({ "key": "a b" })),
        of("DELETE /credentials/key-auth/{id}", key),
        of("GET /credentials/jwt", |_| at("/credentials/jwt")),
        of("POST /credentials/jwt", |_| at("/credentials/jwt").body(hs256(&unique("jwt"))))
            .refuses(json!({ "key": 1 })),
        of("GET /credentials/jwt/{id}", jwt),
        of("PATCH /credentials/jwt/{id}", |w| jwt(w).body(json!({ "secret": "s" })))
            .refuses(json!({ "algorithm": "none" })),
        of("DELETE /credentials/jwt/{id}", jwt),
    ]
}

fn applications() -> Vec<Sample> {
    vec![
        of("GET /applications", |_| at("/applications")),
        of("POST /applications", |_| {
            at("/applications").body(json!({ "name": unique("app"), "redirect_uri": "https://example.com" }))
        })
        .refuses(json!({})),
        of("GET /applications/{id}", |w| app(w, "")),
        of("PATCH /applications/{id}", |w| app(w, "").body(json!({ "description": "d" })))
            .refuses(json!({ "name": "", "redirect_uri": "x" })),
        of("DELETE /applications/{id}", |w| app(w, "")),
        of("GET /application_services", |_| at("/application_services")),
        of("GET /applications/{id}/application_instances", |w| app(w, "/application_instances")),
        of("POST /applications/{id}/application_instances", |w| {
            app(w, "/application_instances").body(json!({ "service": { "id": id(&w.owner().service) } }))
        })
        .refuses(json!({})),
        of("GET /applications/{id}/application_instances/{instance}", instance),
        of("DELETE /applications/{id}/application_instances/{instance}", instance),
        of("GET /applications/{id}/credentials", |w| app(w, "/credentials")),
        of("POST /applications/{id}/credentials", |w| {
            app(w, "/credentials")
                .body(json!({ "client_id": unique("client"), "redirect_uris": ["https://example.com"] }))
        })
        .refuses(json!({ "client_id": "a b" })),
        of("GET /applications/{id}/credentials/{credential}", client),
        of("DELETE /applications/{id}/credentials/{credential}", client),
    ]
}

fn files() -> Vec<Sample> {
    vec![
        of("GET /files", |_| at("/files")),
        of("GET /kong-admin/{workspace}/files", |_| workspace("files")),
        of("GET /kong-admin/{workspace}/files/{path}", |w| workspace(&format!("files/{}", w.portal_file()))),
        of("PUT /kong-admin/{workspace}/files/{path}", |_| {
            workspace(&format!("files/content/{}.txt", unique("f"))).body(json!({ "contents": "x" }))
        }),
        of("DELETE /kong-admin/{workspace}/files/{path}", |w| workspace(&format!("files/{}", w.portal_file()))),
        of("GET /kong-admin/{workspace}/workspaces/{name}", |_| workspace("workspaces/default")),
        of("PATCH /kong-admin/{workspace}/workspaces/{name}", |_| {
            workspace("workspaces/default").body(json!({ "config": { "portal": true } }))
        }),
    ]
}

fn workspace(rest: &str) -> Request {
    at(format!("/kong-admin/default/{rest}"))
}

fn key(w: &World) -> Request {
    at(format!("/credentials/key-auth/{}", id(&w.owner().key)))
}

fn jwt(w: &World) -> Request {
    at(format!("/credentials/jwt/{}", id(&w.owner().jwt)))
}

fn app(w: &World, rest: &str) -> Request {
    at(format!("/applications/{}{rest}", id(&w.owner().app)))
}

fn instance(w: &World) -> Request {
    app(w, &format!("/application_instances/{}", id(&w.owner().instance)))
}

fn client(w: &World) -> Request {
    app(w, &format!("/credentials/{}", id(&w.owner().client)))
}

fn email_of(w: &World) -> Value {
    json!({ "email": w.owner().developer.email })
}

/// A token with which somebody proves an address.
fn to_verify(w: &World) -> String {
    let email = address();
    let developer = register(w.t, &email);
    let unverified = format!("UPDATE portal_developers SET status = 5 WHERE id = '{}'", id(&developer));
    database::change(&w.t.instance, &unverified);
    ok(&nobody(w.t).call("POST", "/resend-account-verification", Some(&json!({ "email": email }))), 204);
    mailed_token(w.t, &email, "verify-account")
}

/// A token for a new password.
fn to_reset(w: &World) -> String {
    ok(&nobody(w.t).call("POST", "/forgot-password", Some(&email_of(w))), 200);
    mailed_token(w.t, &w.owner().developer.email, "reset-password")
}
