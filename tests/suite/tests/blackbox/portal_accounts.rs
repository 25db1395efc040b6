//! Accounts of the portal: registration, verification, passwords, sessions, and that no answer shows whether an address is
//! known.

use std::time::Duration;

use chancery_tests::variables::Variables;
use serde_json::json;

use crate::{
    answer::{names, ok},
    case::{Case, case, together},
    database,
    deployment::Deployment,
    portal::{
        PASSWORD, address, ask_in, developer, fields, log_in, mailed_token, mails, message, nobody, register,
        set_status,
    },
};

pub fn cases() -> Vec<Case> {
    vec![
        case(a_registration_names_what_is_wrong),
        case(an_address_is_registered_once_however_it_is_spelt),
        case(forms_and_json_are_taken_under_both_roots),
        case(only_the_approved_log_in),
        case(a_cookie_is_strict_and_only_ours_counts),
        case(logging_out_ends_the_session_on_the_server),
        case(a_forgotten_password_is_replaced_by_mail),
        case(verification_locks_and_short_sessions),
        case(a_password_is_hashed_anew_when_its_cost_has_changed),
        case(an_unknown_address_is_answered_like_a_known_one),
        case(pages_of_other_origins_change_nothing),
        case(passwords_tokens_and_session_ids_are_not_stored_in_the_clear),
    ]
}

fn a_registration_names_what_is_wrong(t: &Deployment) {
    let meta = r#"{"full_name":"Ada"}"#;
    let email = address();
    for (body, expected) in [
        (json!({ "email": email, "meta": meta }), json!({ "password": "password is required" })),
        (json!({ "password": PASSWORD, "meta": meta }), json!({ "email": "required field missing" })),
        (json!({ "email": email, "password": PASSWORD }), json!({ "meta": { "full_name": "required field missing" } })),
        (
            json!({ "email": email, "password": PASSWORD, "meta": "{}" }),
            json!({ "meta": { "full_name": "required field missing" } }),
        ),
        (
            json!({ "email": "nobody", "password": PASSWORD, "meta": meta }),
            json!({ "email": "invalid e-mail address" }),
        ),
        (
            json!({ "email": email, "password": PASSWORD, "meta": "full_name" }),
            json!({ "meta": "expected a JSON object" }),
        ),
        (
            json!({ "email": email, "password": "short", "meta": meta }),
            json!({ "password": "password must have 8 to 256 characters" }),
        ),
        (json!({ "email": 1, "password": PASSWORD, "meta": meta }), json!({ "email": "expected a string" })),
    ] {
        assert_eq!(fields(&nobody(t).call("POST", "/register", Some(&body)), 400), expected, "{body}");
    }
    message(&nobody(t).send("POST", "/register", &[("content-type", "application/json")], Some(b"[1]")), 400);

    let answer = ok(
        &nobody(t).call("POST", "/register", Some(&json!({ "email": email, "password": PASSWORD, "meta": meta }))),
        200,
    );
    assert_eq!(names(&answer["developer"]), ["consumer", "created_at", "email", "id", "meta", "status", "updated_at"]);
    assert_eq!(answer["developer"]["status"], 1);
    assert_eq!(answer["developer"]["meta"], meta);
    assert_eq!(answer["email"]["sent"], json!({ "emails": { "operators@portal.test": true }, "count": 1 }));
    assert_eq!(answer["email"]["error"], json!({ "emails": {}, "count": 0 }));
}

fn an_address_is_registered_once_however_it_is_spelt(t: &Deployment) {
    let email = address();
    register(t, &email);
    let body = json!({ "email": email.to_uppercase(), "password": PASSWORD, "meta": r#"{"full_name":"Eve"}"# });
    let refused = fields(&nobody(t).call("POST", "/register", Some(&body)), 409);
    assert_eq!(names(&refused), ["email"]);

    let email = address();
    let body = json!({ "email": email, "password": PASSWORD, "meta": r#"{"full_name":"Ada"}"# });
    let mut statuses = together(4, |_| nobody(t).call("POST", "/register", Some(&body)).status);
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409, 409, 409]);
}

fn forms_and_json_are_taken_under_both_roots(t: &Deployment) {
    let email = address();
    let form =
        format!("email={}&password=correct+horse&meta=%7B%22full_name%22%3A%22Ada%22%7D", email.replace('@', "%40"));
    let developer = ok(&nobody(t).form("POST", "/portal/register", &form), 200)["developer"].clone();
    assert_eq!(developer["email"], email);
    set_status(t, developer["id"].as_str().unwrap(), 0);
    let session = log_in(t, &email, PASSWORD);
    for root in ["", "/portal"] {
        assert_eq!(ok(&session.get(&format!("{root}/developer")), 200)["id"], developer["id"]);
        assert_eq!(ok(&session.get(&format!("{root}/session")), 200)["session"]["cookie"]["lifetime"], 3600);
        let plugins = ok(&nobody(t).get(&format!("{root}/config")), 200)["plugins"]["enabled_in_cluster"].clone();
        assert_eq!(plugins, json!(["key-auth", "jwt"]));
    }
    let changed = session.form("PATCH", "/developer/meta", "meta=%7B%22team%22%3A%22a%22%7D");
    assert_eq!((changed.status, changed.body.len()), (200, 0));
}

fn only_the_approved_log_in(t: &Deployment) {
    let email = address();
    let id = register(t, &email)["id"].as_str().unwrap().to_owned();
    let refusal = |status: i64| {
        let body = ok(&ask_in(t, &email, PASSWORD), 401);
        assert_eq!((body["status"].as_i64(), names(&body)), (Some(status), vec!["message", "status"]));
        assert_eq!(message(&ask_in(t, &email, "wrong password"), 401), "Invalid authentication credentials");
    };
    refusal(1);
    set_status(t, &id, 2);
    refusal(2);
    set_status(t, &id, 0);
    let session = log_in(t, &email.to_uppercase(), PASSWORD);
    ok(&session.get("/developer"), 200);
    set_status(t, &id, 3);
    refusal(3);
    assert_eq!(message(&session.get("/developer"), 401), "Unauthorized");
    set_status(t, &id, 0);
    assert_eq!(session.get("/developer").status, 401, "a session does not come back with the approval");

    let one = format!("/caas/portal/developers/{id}");
    for (status, expected) in [(1, 400), (5, 400), (7, 400), (2, 409)] {
        assert_eq!(t.service.patch(&one, &json!({ "status": status })).status, expected, "{status}");
    }
    assert_eq!(message(&nobody(t).get("/auth"), 401), "Unauthorized");
    for header in ["Basic", "Basic !", "Bearer x"] {
        let reply = t.anonymous.send("GET", "/auth", &[("authorization", header)], None);
        assert_eq!(message(&reply, 401), "Invalid authentication credentials", "{header}");
    }
}

fn a_cookie_is_strict_and_only_ours_counts(t: &Deployment) {
    let dev = developer(t);
    let reply = ask_in(t, &dev.email, PASSWORD);
    let text = reply.header("set-cookie").unwrap().to_owned();
    let (cookie, attributes) = text.split_once(';').unwrap();
    assert_eq!(attributes, " Path=/; SameSite=Strict; HttpOnly");
    let headers = [("authorization", "Basic eDp5"), ("x-forwarded-proto", "https")];
    let pair = crypto::base64::encode(format!("{}:{PASSWORD}", dev.email).as_bytes());
    let secure = t.anonymous.send("GET", "/auth", &[("authorization", &format!("Basic {pair}")), headers[1]], None);
    assert!(secure.header("set-cookie").unwrap().ends_with("; HttpOnly; Secure"));

    let value = cookie.strip_prefix("portal_session=").unwrap();
    let parts: Vec<&str> = value.split('|').collect();
    let [id, time, mac] = parts.as_slice() else { panic!("{value}") };
    let other = if id.starts_with('A') { "B" } else { "A" };
    let digit = if time.ends_with('1') { "2" } else { "1" };
    for wrong in [
        format!("{other}{}|{time}|{mac}", &id[1..]),
        format!("{id}|{}{digit}|{mac}", &time[..time.len() - 1]),
        format!("{id}|{time}|{}", &mac[..mac.len() - 1]),
        format!("{id}|{time}"),
        format!("{id}|{time}|"),
        format!("{id}|{time}|{mac}|"),
        String::new(),
    ] {
        let reply = t.anonymous.send("GET", "/developer", &[("cookie", &format!("portal_session={wrong}"))], None);
        assert_eq!(message(&reply, 401), "Unauthorized", "{wrong}");
    }
    // Beside other cookies, and beside a wrong one of the same name.
    for line in [format!("a=b; {cookie}; c=d"), format!("portal_session=x|1|y; {cookie}")] {
        assert_eq!(t.anonymous.send("GET", "/developer", &[("cookie", &line)], None).status, 200, "{line}");
    }
    assert_eq!(dev.session.get("/auth").status, 204, "a session needs no password");
}

fn logging_out_ends_the_session_on_the_server(t: &Deployment) {
    let dev = developer(t);
    let second = log_in(t, &dev.email, PASSWORD);
    let reply = dev.session.call("DELETE", "/auth?session_logout=true", None);
    assert_eq!(reply.status, 200);
    assert!(reply.header("set-cookie").unwrap().contains("Max-Age=0"));
    assert_eq!(dev.session.get("/developer").status, 401);
    assert_eq!(dev.session.get("/auth").status, 401);
    ok(&second.get("/developer"), 200);
    for again in [&dev.session, &nobody(t)] {
        assert_eq!(again.call("DELETE", "/auth", None).status, 200);
    }
}

fn a_forgotten_password_is_replaced_by_mail(t: &Deployment) {
    let dev = developer(t);
    for email in [dev.email.as_str(), &dev.email.to_uppercase()] {
        let reply = nobody(t).call("POST", "/forgot-password", Some(&json!({ "email": email })));
        assert_eq!((reply.status, reply.body.len()), (200, 0));
    }
    assert_eq!(message(&nobody(t).call("POST", "/forgot-password", Some(&json!({}))), 400), "email is required");
    let resets: Vec<_> = mails(t, &dev.email).into_iter().filter(|mail| mail["kind"] == "reset-password").collect();
    assert_eq!(resets.len(), 2);
    let token = mailed_token(t, &dev.email, "reset-password");

    let ask = |path: &str, body: serde_json::Value| nobody(t).call("POST", path, Some(&body));
    for _ in 0..2 {
        let reply = ask("/validate-reset", json!({ "token": token }));
        assert_eq!((reply.status, reply.body.len()), (200, 0), "validation uses nothing up");
    }
    assert_eq!(message(&ask("/validate-reset", json!({})), 400), "token is required");
    assert_eq!(message(&ask("/reset-password", json!({ "password": PASSWORD })), 400), "token is required");
    assert_eq!(message(&ask("/reset-password", json!({ "token": token })), 400), "password is required");
    fields(&ask("/reset-password", json!({ "token": token, "password": "short" })), 400);
    for wrong in ["x", "a.b.c", &token[..token.len() - 2], &format!("{token}x")] {
        assert_eq!(ask("/validate-reset", json!({ "token": wrong })).status, 401, "{wrong}");
        assert_eq!(
            ask("/reset-password", json!({ "token": wrong, "password": "another horse" })).status,
            401,
            "{wrong}"
        );
    }
    // Good for one purpose only.
    assert_eq!(ask("/verify-account", json!({ "token": token })).status, 401);
    assert_eq!(ask("/invalidate-account-verification", json!({ "token": token })).status, 401);

    let body = json!({ "token": token, "password": "another horse" });
    let mut statuses = together(4, |_| ask("/reset-password", body.clone()).status);
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 401, 401, 401], "a token is good once");
    assert_eq!(ask("/validate-reset", json!({ "token": token })).status, 401);
    let first = resets[0]["text"].as_str().unwrap().split_once("token=").unwrap().1.split_whitespace().next().unwrap();
    assert_eq!(ask("/validate-reset", json!({ "token": first })).status, 401, "the other token went with it");
    assert_eq!(dev.session.get("/developer").status, 401, "sessions ended");
    assert_eq!(ask_in(t, &dev.email, PASSWORD).status, 401);
    log_in(t, &dev.email, "another horse");
}

fn a_password_is_hashed_anew_when_its_cost_has_changed(shared: &Deployment) {
    let variables = Variables::random().with("PORTAL_AUTO_APPROVE", "true").with("PORTAL_ARGON2", "1024,1,1");
    let t = Deployment::start(shared.instance.runtime, variables.clone()).unwrap();
    let email = address();
    register(&t, &email);
    let stored = |t: &Deployment| database::text(&t.instance, "SELECT password FROM portal_developers");
    let first = stored(&t);
    assert!(first.starts_with("$argon2id$v=19$m=1024,t=1,p=1$"), "{first}");

    let t = t.restart(variables.with("PORTAL_ARGON2", "2048,2,1")).unwrap();
    message(&ask_in(&t, &email, "another password"), 401);
    assert_eq!(stored(&t), first, "who does not know the password changes nothing");
    log_in(&t, &email, PASSWORD);
    let second = stored(&t);
    assert!(second.starts_with("$argon2id$v=19$m=2048,t=2,p=1$"), "{second}");
    log_in(&t, &email, PASSWORD);
    assert_eq!(stored(&t), second);
}

/// What needs settings of its own stands in one case, since a deployment costs seconds.
fn verification_locks_and_short_sessions(shared: &Deployment) {
    let variables = Variables::random()
        .with("PORTAL_EMAIL_VERIFICATION", "true")
        .with("PORTAL_AUTO_APPROVE", "true")
        .with("PORTAL_LOGIN_ATTEMPTS", "3")
        .with("PORTAL_SESSION_SECONDS", "3")
        .with("PORTAL_SESSION_MAX_SECONDS", "7")
        .with("PORTAL_META_FIELDS", r#"[{"title":"team","label":"Team","validator":{"type":"string"}}]"#);
    let t = &Deployment::start(shared.instance.runtime, variables).unwrap();
    let ask = |path: &str, body: serde_json::Value| nobody(t).call("POST", path, Some(&body));

    let (email, password) = (address(), PASSWORD);
    let answer = ok(&ask("/register", json!({ "email": email, "password": password, "meta": "{}" })), 200);
    assert_eq!((&answer["developer"]["status"], &answer["email"]["sent"]["emails"][&email]), (&json!(5), &json!(true)));
    assert_eq!(ok(&ask_in(t, &email, password), 401)["status"], 5);
    let first = mailed_token(t, &email, "verify-account");
    assert_eq!(ask("/resend-account-verification", json!({ "email": email.to_uppercase() })).status, 204);
    let second = mailed_token(t, &email, "verify-account");
    assert_eq!(ask("/verify-account", json!({ "token": first })).status, 401, "a resent mail replaces the first");
    assert_eq!(ask("/validate-reset", json!({ "token": second })).status, 401, "good for one purpose only");
    assert_eq!(message(&ask("/verify-account", json!({})), 400), "token is required");
    assert_eq!(message(&ask("/invalidate-account-verification", json!({})), 401), "token is required");
    assert_eq!(ask("/invalidate-account-verification", json!({ "token": second })).status, 204);
    assert_eq!(ask("/invalidate-account-verification", json!({ "token": second })).status, 401);
    assert_eq!(ask("/verify-account", json!({ "token": second })).status, 401, "invalidated");
    assert_eq!(ask("/resend-account-verification", json!({ "email": email })).status, 204);
    let body = json!({ "token": mailed_token(t, &email, "verify-account") });
    let answers = together(3, |_| ask("/verify-account", body.clone()));
    let verified: Vec<_> = answers.iter().filter(|reply| reply.status == 200).collect();
    assert_eq!((verified.len(), ok(verified[0], 200)), (1, json!({ "status": 0 })));
    assert_eq!(ask("/resend-account-verification", json!({ "email": email })).status, 204);
    assert_eq!(mails(t, &email).len(), 3, "who is verified gets no more mails");

    // A session slides, but not for ever.
    let session = log_in(t, &email, password);
    let expiries: Vec<_> = (0..4)
        .map(|_| {
            t.pass(Duration::from_millis(1500));
            ok(&session.get("/session"), 200)["session"]["expires"].as_i64().unwrap()
        })
        .collect();
    assert!(expiries[0] < expiries[1] && expiries[2] == expiries[3], "{expiries:?}");
    t.pass(Duration::from_millis(1200));
    assert_eq!(message(&session.get("/developer"), 401), "Unauthorized", "a session in use ends as well");
    let session = log_in(t, &email, password);
    // The address that stands changes nothing, nor does another spelling ask for a proof.
    let before = ok(&session.get("/developer"), 200);
    assert_eq!(ok(&session.call("PATCH", "/developer/email", Some(&json!({ "email": email }))), 200), before);
    let spelt = ok(&session.call("PATCH", "/developer/email", Some(&json!({ "email": email.to_uppercase() }))), 200);
    assert_eq!((&spelt["status"], &spelt["email"]), (&json!(0), &json!(email.to_uppercase())));
    assert_eq!(mails(t, &email).len() + mails(t, &email.to_uppercase()).len(), 3);
    // A new address has to be verified; its owner's approval holds.
    let renamed = address();
    assert_eq!(ok(&session.call("PATCH", "/developer/email", Some(&json!({ "email": renamed }))), 200)["status"], 5);
    assert_eq!(session.get("/developer").status, 401);
    let token = mailed_token(t, &renamed, "verify-account");
    assert_eq!(ok(&ask("/verify-account", json!({ "token": token })), 200)["status"], 0);
    let session = log_in(t, &renamed, password);
    t.pass(Duration::from_millis(3400));
    assert_eq!(message(&session.get("/developer"), 401), "Unauthorized", "a session ends");

    // Three wrong passwords lock, even in parallel; the right one does not open, a new password does.
    let statuses = together(3, |_| ask_in(t, &renamed, "wrong horse").status);
    assert_eq!(statuses, [401, 401, 401]);
    assert_eq!(message(&ask_in(t, &renamed, password), 401), "Invalid authentication credentials");
    ask("/forgot-password", json!({ "email": renamed }));
    let token = mailed_token(t, &renamed, "reset-password");
    assert_eq!(ask("/reset-password", json!({ "token": token, "password": "third horse" })).status, 200);
    for _ in 0..2 {
        ask_in(t, &renamed, "wrong horse");
        log_in(t, &renamed, "third horse");
        ask_in(t, &renamed, "wrong horse");
    }
}

fn an_unknown_address_is_answered_like_a_known_one(t: &Deployment) {
    let dev = developer(t);
    let unknown = address();
    let before = database::number(&t.instance, "SELECT count(*) FROM portal_mail WHERE developer_id IS NULL");
    let same = |path: &str, body: fn(&str) -> serde_json::Value| {
        let [known, unknown] = [&dev.email, &unknown].map(|email| nobody(t).call("POST", path, Some(&body(email))));
        assert_eq!((known.status, &known.body), (unknown.status, &unknown.body), "{path}");
        let headers = |reply: &chancery::client::Reply| {
            let mut names: Vec<_> = reply.headers.keys().map(|name| name.as_str().to_owned()).collect();
            names.sort_unstable();
            names
        };
        assert_eq!(headers(&known), headers(&unknown), "{path}");
    };
    same("/forgot-password", |email| json!({ "email": email }));
    same("/resend-account-verification", |email| json!({ "email": email }));
    assert!(mails(t, &unknown).is_empty());
    let after = database::number(&t.instance, "SELECT count(*) FROM portal_mail WHERE developer_id IS NULL");
    assert_eq!(before, after, "what is written for nobody is taken back");
    let (wrong, nobodys) = (ask_in(t, &dev.email, "wrong horse"), ask_in(t, &unknown, "wrong horse"));
    assert_eq!((wrong.status, &wrong.body), (nobodys.status, &nobodys.body));
}

fn pages_of_other_origins_change_nothing(shared: &Deployment) {
    let dev = developer(shared);
    let body = br#"{"meta":"{\"team\":\"evil\"}"}"#;
    let own = shared.instance.url.clone();
    for (origin, status) in [("https://evil.example", 403), ("null", 403), (own.as_str(), 200)] {
        let headers = [("content-type", "application/json"), ("origin", origin)];
        let reply = dev.session.send("PATCH", "/developer/meta", &headers, Some(body));
        assert_eq!(reply.status, status, "{origin}");
        assert_eq!(reply.header("access-control-allow-origin"), None);
    }
    let preflight = [("origin", "https://gui.portal.test"), ("access-control-request-method", "PATCH")];
    let allowed = shared.anonymous.send("OPTIONS", "/developer/meta", &preflight, None);
    assert_eq!(allowed.status, 204);
    assert_eq!(allowed.header("access-control-allow-origin"), Some("https://gui.portal.test"));
    assert_eq!(allowed.header("access-control-allow-credentials"), Some("true"));
    let headers = [("content-type", "application/json"), ("origin", "https://gui.portal.test")];
    let reply = dev.session.send("PATCH", "/developer/meta", &headers, Some(b"{}"));
    assert_eq!((reply.status, reply.header("access-control-allow-origin")), (400, Some("https://gui.portal.test")));
}

fn passwords_tokens_and_session_ids_are_not_stored_in_the_clear(t: &Deployment) {
    let (email, password) = (address(), "a password that is found nowhere");
    let body = json!({ "email": email, "password": password, "meta": r#"{"full_name":"Ada"}"# });
    let id = ok(&nobody(t).call("POST", "/register", Some(&body)), 200)["developer"]["id"].clone();
    set_status(t, id.as_str().unwrap(), 0);
    let session = log_in(t, &email, password);
    nobody(t).call("POST", "/forgot-password", Some(&json!({ "email": email })));
    let token = mailed_token(t, &email, "reset-password");
    let cookie = session.cookie.strip_prefix("portal_session=").unwrap();
    assert!(database::contains(&t.instance, &email), "the search would not find what is there");
    let claims = token.split('.').nth(1).unwrap();
    let log = t.instance.log();
    for secret in [password, &token, claims, cookie.split('|').next().unwrap()] {
        assert!(!database::contains(&t.instance, secret) && !log.contains(secret), "{secret}");
    }
}
