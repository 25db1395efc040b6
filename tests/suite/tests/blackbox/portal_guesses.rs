//! Guesses at passwords are limited, and a log-in that is under way does not outlive a change of the password.

use std::{thread, time::Duration};

use chancery::client::Reply;
use chancery_tests::variables::Variables;
use crypto::base64;
use serde_json::json;

use crate::{
    answer::ok,
    case::{Case, case, together},
    clock, database,
    deployment::Deployment,
    portal::{
        Developer, PASSWORD, Visitor, address, ask_in, developer, log_in, mailed_token, message, nobody, register,
    },
};

pub fn cases() -> Vec<Case> {
    vec![
        case(guesses_are_limited_by_account_and_by_source),
        case(guesses_are_limited_without_any_setting),
        case(guesses_at_the_old_password_count_like_log_ins),
        case(a_log_in_does_not_outlive_the_password_that_it_verified),
        case(a_reset_token_does_not_outlive_a_change_of_the_password),
    ]
}

/// Asks for a session as a proxy would pass it on from this address.
fn ask_from(t: &Deployment, source: &str, email: &str, password: &str) -> Reply {
    let pair = base64::encode(format!("{email}:{password}").as_bytes());
    let headers = [("authorization", format!("Basic {pair}")), ("x-client", source.to_owned())];
    let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    t.anonymous.send("GET", "/auth", &headers, None)
}

/// The statuses of wrong passwords, one after the other.
fn guess(t: &Deployment, source: &str, email: &str, times: usize) -> Vec<u16> {
    (0..times).map(|_| ask_from(t, source, email, "wrong horse").status).collect()
}

fn guesses_are_limited_by_account_and_by_source(shared: &Deployment) {
    let variables = Variables::random()
        .with("PORTAL_LOGIN_GUESSES", "4")
        .with("PORTAL_LOGIN_GUESS_SECONDS", "30")
        .with("PORTAL_AUTO_APPROVE", "true")
        .with("CLIENT_ADDRESS_HEADER", "x-client");
    let t = &Deployment::start(shared.instance.runtime, variables).unwrap();
    let (email, unknown) = (address(), address());
    register(t, &email);

    // A right password takes nothing, and makes its source a known one.
    for _ in 0..6 {
        assert_eq!(ask_from(t, "192.0.2.1", &email, PASSWORD).status, 204);
    }
    // No answer shows whether the address exists; strangers share what an account allows, even at once.
    for address in [&email, &unknown] {
        assert_eq!(guess(t, "198.51.100.1", address, 2), [401, 401]);
        let mut statuses = together(6, |n| ask_from(t, &format!("198.51.100.{}", 2 + n), address, "wrong").status);
        statuses.sort_unstable();
        assert_eq!(statuses, [401, 401, 429, 429, 429, 429], "{address}");
    }
    let refused = [&email, &unknown].map(|address| ask_from(t, "198.51.100.1", address, PASSWORD));
    for reply in &refused {
        let seconds: i64 = reply.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=30).contains(&seconds), "{reply:?}");
        assert!(message(reply, 429).contains("try again in"), "{reply:?}");
    }
    // The owner is let in from where it was before, has its own guesses there, and is like any stranger elsewhere.
    assert_eq!(ask_from(t, "192.0.2.1", &email, PASSWORD).status, 204);
    assert_eq!(guess(t, "192.0.2.1", &email, 5), [401, 401, 401, 401, 429]);
    // A mailed token makes the owner known where it is used.
    nobody(t).call("POST", "/forgot-password", Some(&json!({ "email": email })));
    let body = json!({ "token": mailed_token(t, &email, "reset-password"), "password": "another horse" });
    let headers = [("content-type", "application/json"), ("x-client", "203.0.113.5")];
    let reset = t.anonymous.send("POST", "/reset-password", &headers, Some(body.to_string().as_bytes()));
    assert_eq!(reset.status, 200);
    assert_eq!(ask_from(t, "203.0.113.5", &email, "another horse").status, 204);

    // A source may guess three times as often, over all accounts.
    let many: Vec<_> = (0..13).flat_map(|_| guess(t, "2001:db8:1:2::1", &address(), 1)).collect();
    assert_eq!(many, [vec![401; 12], vec![429]].concat());
    assert_eq!(guess(t, "[2001:db8:1:2:ffff::9]:443", &address(), 1), [429], "one network is one source");
    assert_eq!(guess(t, "2001:db8:1:3::1", &address(), 1), [401]);
    for secret in [email.as_str(), &unknown, "198.51.100.1", "2001:db8:1:2"] {
        let keys = database::text(&t.instance, "SELECT group_concat(key) FROM portal_guesses");
        assert!(!keys.contains(secret), "{secret}");
    }

    // Nobody is locked out for long, and what has refilled is forgotten.
    let t = &Deployment::start(
        shared.instance.runtime,
        t.instance.variables.clone().with("PORTAL_LOGIN_GUESSES", "2").with("PORTAL_LOGIN_GUESS_SECONDS", "2"),
    )
    .unwrap();
    register(t, &email);
    assert_eq!(guess(t, "198.51.100.1", &email, 4), [401, 401, 429, 429]);
    let started = clock::now();
    while ask_from(t, "203.0.113.9", &email, PASSWORD).status == 429 {
        assert!(clock::now() < started + 5_000, "a stranger locks an owner out");
        t.pass(Duration::from_millis(200));
    }
    t.pass(Duration::from_millis(4200));
    for _ in 0..2 {
        log_in(t, &email, PASSWORD);
    }
    assert!(database::number(&t.instance, "SELECT count(*) FROM portal_guesses") <= 2, "only those of the last log-in");
}

/// No header that a client can send makes it somebody else.
fn guesses_are_limited_without_any_setting(shared: &Deployment) {
    let variables = Variables::random().with("PORTAL_LOGIN_GUESSES", "");
    let t = &Deployment::start(shared.instance.runtime, variables).unwrap();
    let forged = |n: usize| {
        let pair = base64::encode(format!("{}:wrong horse", address()).as_bytes());
        let (basic, source) = (format!("Basic {pair}"), format!("192.0.2.{n}"));
        let headers = [("authorization", basic.as_str()), ("spin-client-addr", &source), ("x-forwarded-for", &source)];
        t.anonymous.send("GET", "/auth", &headers, None).status
    };
    let statuses: Vec<_> = (0..40).map(forged).collect();
    let judged = statuses.iter().filter(|status| **status == 401).count();
    assert!((30..=33).contains(&judged), "{statuses:?}");

    let t = &Deployment::start(shared.instance.runtime, Variables::random().with("PORTAL_LOGIN_GUESSES", "")).unwrap();
    let email = address();
    let statuses = together(24, |_| ask_in(t, &email, "wrong horse").status);
    let judged = statuses.iter().filter(|status| **status == 401).count();
    assert!((10..=11).contains(&judged), "{statuses:?}");
}

/// A session, such as one that was stolen, guesses no more often than somebody without one.
fn guesses_at_the_old_password_count_like_log_ins(shared: &Deployment) {
    let variables = Variables::random().with("PORTAL_LOGIN_GUESSES", "3").with("PORTAL_LOGIN_GUESS_SECONDS", "60");
    let t = &Deployment::start(shared.instance.runtime, variables).unwrap();
    let (dev, other) = (developer(t), developer(t));
    let change = |dev: &Developer<'_>, old: &str, new: &str| {
        let body = json!({ "old_password": old, "password": new });
        dev.session.call("PATCH", "/developer/password", Some(&body))
    };
    // A right password takes nothing, nor does a request that is refused before a password is looked at.
    for _ in 0..5 {
        assert_eq!(change(&dev, PASSWORD, PASSWORD).status, 204);
        assert_eq!(change(&dev, "wrong horse", "short").status, 400);
    }
    let statuses: Vec<_> = (0..4).map(|_| change(&dev, "wrong horse", "another horse").status).collect();
    assert_eq!(statuses, [400, 400, 400, 429]);
    let refused = change(&dev, PASSWORD, "another horse");
    let seconds: i64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&seconds) && message(&refused, 429).contains("try again in"), "{refused:?}");
    assert_eq!(ask_in(t, &dev.email, PASSWORD).status, 429, "log-ins share the allowance");
    ok(&dev.session.get("/developer"), 200);

    let mut statuses = together(8, |_| change(&other, "wrong horse", "another horse").status);
    statuses.sort_unstable();
    assert_eq!(statuses, [[400; 3].as_slice(), &[429; 5]].concat());
    let refusals = format!(
        "SELECT count(*) FROM audit_entries WHERE actor = '{}' AND action = 'developer.password' AND outcome = 'refused'",
        other.id
    );
    assert_eq!(database::number(&t.instance, &refusals), 8, "every refusal is an entry");

    // The other limit: too many wrong passwords lock the account for log-ins as well.
    let variables = Variables::random().with("PORTAL_LOGIN_ATTEMPTS", "2");
    let t = &Deployment::start(shared.instance.runtime, variables).unwrap();
    let dev = developer(t);
    for _ in 0..2 {
        assert_eq!(change(&dev, "wrong horse", "another horse").status, 400);
    }
    assert_eq!((change(&dev, PASSWORD, "another horse").status, ask_in(t, &dev.email, PASSWORD).status), (400, 401));
}

/// Ten rounds of each: log-ins with the old password, while it is replaced.
fn a_log_in_does_not_outlive_the_password_that_it_verified(shared: &Deployment) {
    let variables = Variables::random().with("PORTAL_ARGON2", "4096,1,1");
    let t = &Deployment::start(shared.instance.runtime, variables).unwrap();
    let dev = developer(t);
    let mut old = PASSWORD.to_owned();
    for round in 0..20 {
        let (session, new) = (log_in(t, &dev.email, &old), format!("password of round {round}"));
        let by_mail = round % 2 == 0;
        let body = if by_mail {
            nobody(t).call("POST", "/forgot-password", Some(&json!({ "email": dev.email })));
            json!({ "token": mailed_token(t, &dev.email, "reset-password"), "password": new })
        } else {
            json!({ "old_password": old, "password": new })
        };
        let replies = together(4, |n| match n {
            0 if by_mail => nobody(t).call("POST", "/reset-password", Some(&body)),
            0 => session.call("PATCH", "/developer/password", Some(&body)),
            _ => {
                thread::sleep(Duration::from_millis(3 * u64::try_from(n).unwrap()));
                ask_in(t, &dev.email, &old)
            }
        });
        assert!([200, 204].contains(&replies[0].status), "{:?}", replies[0]);
        for reply in &replies[1..] {
            let Some(cookie) = reply.header("set-cookie") else {
                assert_eq!(reply.status, 401, "{reply:?}");
                continue;
            };
            let visitor = Visitor { deployment: t, cookie: cookie.split(';').next().unwrap().to_owned() };
            assert_eq!(visitor.get("/developer").status, 401, "round {round}: the old password still has a session");
        }
        old = new;
    }
}

fn a_reset_token_does_not_outlive_a_change_of_the_password(t: &Deployment) {
    let dev = developer(t);
    nobody(t).call("POST", "/forgot-password", Some(&json!({ "email": dev.email })));
    let token = mailed_token(t, &dev.email, "reset-password");
    let refused = json!({ "old_password": "wrong horse", "password": "another horse" });
    assert_eq!(dev.session.call("PATCH", "/developer/password", Some(&refused)).status, 400);
    assert_eq!(nobody(t).call("POST", "/validate-reset", Some(&json!({ "token": token }))).status, 200);
    let body = json!({ "old_password": PASSWORD, "password": "another horse" });
    assert_eq!(dev.session.call("PATCH", "/developer/password", Some(&body)).status, 204);
    for (path, body) in [
        ("/validate-reset", json!({ "token": token })),
        ("/reset-password", json!({ "token": token, "password": "third horse" })),
    ] {
        assert_eq!(nobody(t).call("POST", path, Some(&body)).status, 401, "{path}");
    }
    log_in(t, &dev.email, "another horse");
}
