//! Every operation of the portal by every kind of caller: one row per operation, one column per caller. What an operation
//! answers in its body is tested elsewhere.

use std::{thread, time::Duration};

use chancery_tests::variables::Variables;
use serde_json::{Value, json};

use crate::{
    answer::ok,
    case::{Case, case},
    deployment::{Deployment, unique},
    portal::{Developer, PASSWORD, Visitor, address, developer, nobody, set_status},
    portal_applications::{self, application, credential, id, instance},
    portal_credentials::{create, hs256},
};

pub fn cases() -> Vec<Case> {
    vec![case(every_operation_by_every_caller)]
}

/// What a row may name: an approved developer and what belongs to it.
struct World<'a> {
    owner: Developer<'a>,
    key: Value,
    jwt: Value,
    app: Value,
    /// Of the application.
    client: Value,
    instance: Value,
    /// That the application has not asked for.
    service: Value,
}

impl<'a> World<'a> {
    fn new(t: &'a Deployment) -> Self {
        let owner = developer(t);
        let session = &owner.session;
        let app = application(session);
        let service = |settings| portal_applications::service(t, &settings);
        Self {
            key: create(session, "/credentials/key-auth", &json!({})),
            jwt: create(session, "/credentials/jwt", &hs256(&unique("jwt"))),
            client: credential(session, &app),
            instance: instance(session, &app, &service(json!({}))),
            service: service(json!({})),
            app,
            owner,
        }
    }

    fn app(&self, rest: &str) -> String {
        format!("/applications/{}{rest}", id(&self.app))
    }
}

struct Row {
    method: &'static str,
    path: fn(&World) -> String,
    body: fn(&World) -> Option<Value>,
    /// Nobody, a garbage cookie, the cookie of an expired session, that of a developer who was revoked, another
    /// developer, and last the owner, so that it may be a deletion.
    statuses: [u16; 6],
}

const CALLERS: [&str; 6] = ["nobody", "garbage", "expired", "revoked", "other", "owner"];

const fn row(
    method: &'static str,
    path: fn(&World) -> String,
    body: fn(&World) -> Option<Value>,
    statuses: [u16; 6],
) -> Row {
    Row { method, path, body, statuses }
}

#[rustfmt::skip]
const ROWS: &[Row] = &[
    //                                                                                 nobody garb. exp.  revoked other owner
    row("GET", |_| "/auth".into(), |_| None,                                             [401, 401, 401, 401, 204, 204]),
    row("DELETE", |_| "/auth?session_logout=true".into(), |_| None,                      [200, 200, 200, 200, 200, 200]),
    row("POST", |_| "/register".into(), |_| Some(registration()),                        [200, 200, 200, 200, 200, 200]),
    row("POST", |_| "/verify-account".into(), |_| Some(json!({ "token": "x" })),         [401, 401, 401, 401, 401, 401]),
    row("POST", |_| "/resend-account-verification".into(), |w| Some(email_of(w)),        [204, 204, 204, 204, 204, 204]),
    row("POST", |_| "/invalidate-account-verification".into(), |_| Some(json!({ "token": "x" })),
                                                                                         [401, 401, 401, 401, 401, 401]),
    row("POST", |_| "/validate-reset".into(), |_| Some(json!({ "token": "x" })),         [401, 401, 401, 401, 401, 401]),
    row("POST", |_| "/reset-password".into(), |_| Some(json!({ "token": "x", "password": PASSWORD })),
                                                                                         [401, 401, 401, 401, 401, 401]),
    row("POST", |_| "/forgot-password".into(), |w| Some(email_of(w)),                    [200, 200, 200, 200, 200, 200]),
    row("GET", |_| "/files".into(), |_| None,                                            [200, 200, 200, 200, 200, 200]),
    row("GET", |_| "/developer".into(), |_| None,                                        [401, 401, 401, 401, 200, 200]),
    row("DELETE", |_| "/developer".into(), |_| None,                                     [401, 401, 401, 401, 204, 204]),
    row("GET", |_| "/developer/meta_fields".into(), |_| None,                            [200, 200, 200, 200, 200, 200]),
    row("PATCH", |_| "/developer/password".into(), |_| Some(json!({ "password": "new password", "old_password": PASSWORD })),
                                                                                         [401, 401, 401, 401, 204, 204]),
    row("PATCH", |_| "/developer/email".into(), |_| Some(json!({ "email": address() })), [401, 401, 401, 401, 200, 200]),
    row("PATCH", |_| "/developer/meta".into(), |_| Some(json!({ "meta": "{}" })),        [401, 401, 401, 401, 200, 200]),
    row("PUT", |_| "/developer/meta".into(), |_| Some(json!({ "meta": "{}" })),          [401, 401, 401, 401, 200, 200]),
    row("GET", |_| "/credentials/key-auth".into(), |_| None,                             [401, 401, 401, 401, 200, 200]),
    row("POST", |_| "/credentials/key-auth".into(), |_| None,                            [401, 401, 401, 401, 200, 200]),
    row("DELETE", |w| format!("/credentials/key-auth/{}", id(&w.key)), |_| None,         [401, 401, 401, 401, 404, 204]),
    row("GET", |w| format!("/credentials/key-auth/{}", id(&w.key)), |_| None,            [401, 401, 401, 401, 404, 200]),
    row("PATCH", |w| format!("/credentials/key-auth/{}", id(&w.key)), |_| Some(json!({ "key": unique("key") })),
                                                                                         [401, 401, 401, 401, 404, 200]),
    row("GET", |_| "/credentials/jwt".into(), |_| None,                                  [401, 401, 401, 401, 200, 200]),
    row("POST", |_| "/credentials/jwt".into(), |_| Some(hs256(&unique("jwt"))),          [401, 401, 401, 401, 200, 200]),
    row("GET", |w| format!("/credentials/jwt/{}", id(&w.jwt)), |_| None,                 [401, 401, 401, 401, 404, 200]),
    row("PATCH", |w| format!("/credentials/jwt/{}", id(&w.jwt)), |_| Some(json!({ "secret": "s" })),
                                                                                         [401, 401, 401, 401, 404, 200]),
    row("DELETE", |w| format!("/credentials/jwt/{}", id(&w.jwt)), |_| None,              [401, 401, 401, 401, 404, 204]),
    row("GET", |_| "/applications".into(), |_| None,                                     [401, 401, 401, 401, 200, 200]),
    row("POST", |_| "/applications".into(), |_| Some(new_application()),                 [401, 401, 401, 401, 201, 201]),
    row("GET", |w| w.app(""), |_| None,                                                  [401, 401, 401, 401, 404, 200]),
    row("PATCH", |w| w.app(""), |_| Some(json!({ "description": "d" })),                 [401, 401, 401, 401, 404, 200]),
    row("DELETE", |w| w.app(""), |_| None,                                               [401, 401, 401, 401, 404, 204]),
    row("GET", |_| "/application_services".into(), |_| None,                             [401, 401, 401, 401, 200, 200]),
    row("GET", |w| w.app("/application_instances"), |_| None,                            [401, 401, 401, 401, 404, 200]),
    row("POST", |w| w.app("/application_instances"), |w| Some(json!({ "service": { "id": id(&w.service) } })),
                                                                                         [401, 401, 401, 401, 404, 201]),
    row("GET", |w| w.app(&format!("/application_instances/{}", id(&w.instance))), |_| None,
                                                                                         [401, 401, 401, 401, 404, 200]),
    row("DELETE", |w| w.app(&format!("/application_instances/{}", id(&w.instance))), |_| None,
                                                                                         [401, 401, 401, 401, 404, 204]),
    row("GET", |w| w.app("/credentials"), |_| None,                                      [401, 401, 401, 401, 404, 200]),
    row("POST", |w| w.app("/credentials"), |_| None,                                     [401, 401, 401, 401, 404, 201]),
    row("GET", |w| w.app(&format!("/credentials/{}", id(&w.client))), |_| None,          [401, 401, 401, 401, 404, 200]),
    row("DELETE", |w| w.app(&format!("/credentials/{}", id(&w.client))), |_| None,       [401, 401, 401, 401, 404, 204]),
    // A wrong body is nobody's business before the session is.
    row("POST", |_| "/credentials/key-auth".into(), |_| Some(json!({ "key": "a b" })),   [401, 401, 401, 401, 400, 400]),
    row("POST", |_| "/credentials/jwt".into(), |_| Some(json!({ "key": 1 })),            [401, 401, 401, 401, 400, 400]),
    row("PATCH", |w| format!("/credentials/jwt/{}", id(&w.jwt)), |_| Some(json!({ "algorithm": "none" })),
                                                                                         [401, 401, 401, 401, 404, 400]),
    row("POST", |_| "/applications".into(), |_| Some(json!({})),                         [401, 401, 401, 401, 400, 400]),
    row("PATCH", |w| w.app(""), |_| Some(json!({ "name": "" , "redirect_uri": "x" })),   [401, 401, 401, 401, 400, 400]),
    row("POST", |w| w.app("/application_instances"), |_| Some(json!({})),                [401, 401, 401, 401, 400, 400]),
    row("POST", |w| w.app("/credentials"), |_| Some(json!({ "client_id": "a b" })),      [401, 401, 401, 401, 400, 400]),
    row("PATCH", |_| "/developer/password".into(), |_| Some(json!({})),                  [401, 401, 401, 401, 400, 400]),
    row("PATCH", |_| "/developer/email".into(), |_| Some(json!({})),                     [401, 401, 401, 401, 400, 400]),
    row("PATCH", |_| "/developer/meta".into(), |_| Some(json!({})),                      [401, 401, 401, 401, 400, 400]),
    row("GET", |_| "/session".into(), |_| None,                                          [401, 401, 401, 401, 200, 200]),
    row("GET", |_| "/config".into(), |_| None,                                           [200, 200, 200, 200, 200, 200]),
];

fn new_application() -> Value {
    json!({ "name": unique("app"), "redirect_uri": "https://example.com" })
}

fn registration() -> Value {
    json!({ "email": address(), "password": PASSWORD, "meta": r#"{"full_name":"Ada"}"# })
}

fn email_of(world: &World) -> Value {
    json!({ "email": world.owner.email })
}

fn every_operation_by_every_caller(shared: &Deployment) {
    let variables = Variables::random().with("PORTAL_SESSION_SECONDS", "1");
    let t = Deployment::start(shared.instance.runtime, variables.clone()).unwrap();
    let session = developer(&t).session;
    ok(&session.get("/developer"), 200);
    let cookie = session.cookie.clone();
    let t = &t.restart(variables.with("PORTAL_SESSION_SECONDS", "3600")).unwrap();
    thread::sleep(Duration::from_millis(1100));
    let expired = Visitor { deployment: t, cookie };
    let garbage = Visitor { deployment: t, cookie: "portal_session=LBTguN3iEqQlYK3089Ij2Q|1622804485|AXQzsTuR".into() };
    let revoked = developer(t);
    set_status(t, &revoked.id, 3);
    for row in ROWS {
        let (world, other) = (World::new(t), developer(t));
        let (path, nobody) = ((row.path)(&world), nobody(t));
        let visitors = [&nobody, &garbage, &expired, &revoked.session, &other.session, &world.owner.session];
        for ((visitor, caller), status) in visitors.iter().zip(CALLERS).zip(row.statuses) {
            let reply = visitor.call(row.method, &path, (row.body)(&world).as_ref());
            let body = String::from_utf8_lossy(&reply.body).into_owned();
            assert_eq!(reply.status, status, "{} {path} by {caller}: {body}", row.method);
            if status == 401 {
                assert!(body.contains("\"message\""), "{} {path} by {caller}: {body}", row.method);
            }
        }
    }
}
