//! Every operation of the portal by every kind of caller: one row per operation, one column per caller. What an operation
//! answers in its body is told elsewhere.

use serde_json::{Value, json};

use crate::{
    case::{Case, case},
    deployment::Deployment,
    portal::{Developer, PASSWORD, Visitor, address, developer, log_in, nobody, set_status},
};

pub fn cases() -> Vec<Case> {
    vec![case(every_operation_by_every_caller)]
}

/// What a row may name: an approved developer and what belongs to it.
struct World<'a> {
    owner: Developer<'a>,
}

struct Row {
    method: &'static str,
    path: fn(&World) -> String,
    body: fn(&World) -> Option<Value>,
    /// Nobody, a garbage cookie, the cookie of a session that has ended, that of a developer who was revoked, another
    /// developer, and last the owner, so that it may be a deletion.
    statuses: [u16; 6],
}

const CALLERS: [&str; 6] = ["nobody", "garbage", "ended", "revoked", "other", "owner"];

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
    //                                                                                 nobody garb. ended revoked other owner
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
    // A wrong body is nobody's business before the session is.
    row("PATCH", |_| "/developer/password".into(), |_| Some(json!({})),                  [401, 401, 401, 401, 400, 400]),
    row("PATCH", |_| "/developer/email".into(), |_| Some(json!({})),                     [401, 401, 401, 401, 400, 400]),
    row("PATCH", |_| "/developer/meta".into(), |_| Some(json!({})),                      [401, 401, 401, 401, 400, 400]),
    row("GET", |_| "/session".into(), |_| None,                                          [401, 401, 401, 401, 200, 200]),
    row("GET", |_| "/config".into(), |_| None,                                           [200, 200, 200, 200, 200, 200]),
];

fn registration() -> Value {
    json!({ "email": address(), "password": PASSWORD, "meta": r#"{"full_name":"Ada"}"# })
}

fn email_of(world: &World) -> Value {
    json!({ "email": world.owner.email })
}

fn every_operation_by_every_caller(t: &Deployment) {
    let garbage = Visitor { deployment: t, cookie: "portal_session=LBTguN3iEqQlYK3089Ij2Q|1622804485|AXQzsTuR".into() };
    let (revoked, gone) = (developer(t), developer(t));
    set_status(t, &revoked.id, 3);
    let ended = log_in(t, &gone.email, PASSWORD);
    assert_eq!(ended.call("DELETE", "/auth", None).status, 200);
    for row in ROWS {
        let (world, other) = (World { owner: developer(t) }, developer(t));
        let (path, nobody) = ((row.path)(&world), nobody(t));
        let visitors = [&nobody, &garbage, &ended, &revoked.session, &other.session, &world.owner.session];
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
