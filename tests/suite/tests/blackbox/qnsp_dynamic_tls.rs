//! Sessions with a PostgreSQL server are encrypted where they must be, with a server that somebody known vouches for, and
//! nothing is sent to any other.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    thread,
    time::{Duration, Instant},
};

use chancery_tests::{
    postgres::{ADMIN, PASSWORD, Postgres},
    runtime::AUTHORITIES,
    variables::Variables,
};
use serde_json::{Value, json};

use crate::{
    answer::ok,
    case::{Case, case},
    deployment::Deployment,
    qnsp::{Caller, Cast, refuses},
    qnsp_dynamic::{configured, leased, path_of},
    qnsp_dynamic_postgres::{is_unreachable, log_in, no_user, on, refuses_login, server, user},
};

pub fn cases() -> Vec<Case> {
    vec![
        case(a_server_whose_certificate_is_that_of_its_name_by_a_known_authority_is_asked_in_encrypted_sessions),
        case(a_certificate_that_nobody_known_vouches_for_ends_the_session_before_the_password_is_sent),
        case(nothing_is_sent_in_clear_to_a_server_that_does_not_encrypt_where_it_must),
    ]
}

const ENCRYPTED: &str = "DO $$ BEGIN ASSERT (SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()); END $$";

/// A configuration of a server under this name, whose users are made in an encrypted session only.
fn to(server: &Postgres, host: &str, mode: &str) -> Value {
    let url = server.url(ADMIN, PASSWORD).replace("127.0.0.1", host);
    let create = "CREATE ROLE \"{{name}}\" LOGIN PASSWORD '{{password}}' VALID UNTIL '{{expiration}}'";
    on(
        server,
        &json!({
            "backend": { "type": "postgres", "connectionString": format!("{url}?sslmode={mode}") },
            "template": { "creationStatements": [ENCRYPTED, create] },
        }),
    )
}

fn a_server_whose_certificate_is_that_of_its_name_by_a_known_authority_is_asked_in_encrypted_sessions(
    shared: &Deployment,
) {
    let runtime = shared.instance.runtime;
    if !runtime.encrypts_sessions() {
        return;
    }
    let Some(mut server) = server() else { return };
    server.encrypt("DNS:localhost");
    let variables = Variables::random().with("QNSP_OUTBOUND_HOSTS", "127.0.0.1:*,localhost:*");
    let t = Deployment::start(runtime, variables.with(AUTHORITIES, server.authority().to_str().unwrap())).unwrap();
    let Cast { admin, developer, .. } = &Cast::new(&t);
    for mode in ["prefer", "require", "verify-full"] {
        let mut body = to(&server, "localhost", mode);
        body["verifyConnection"] = true.into();
        let config = configured(admin, &body);
        let lease = leased(developer, &config, &json!({}));
        assert_eq!(log_in(&server, &lease), Ok(()), "{mode}");
        let renewed = ok(&developer.post(&path_of(&lease, "renew"), &json!({ "ttl": "PT30M" })), 200);
        let until = format!(
            "EXISTS (SELECT FROM pg_roles WHERE rolname = '{}' AND rolvaliduntil = '{}')",
            user(&lease),
            renewed["expiresAt"].as_str().unwrap()
        );
        assert!(server.holds(&until), "{mode}");
        ok(&developer.post(&path_of(&lease, "revoke"), &json!({})), 200);
        refuses_login(&server, &lease);
        assert!(server.holds(&no_user(user(&lease))), "{mode}");
    }
    // In a session in clear the statements of the configuration do nothing.
    let plain = configured(admin, &to(&server, "localhost", "disable"));
    let refused = developer.post(&format!("{plain}/credentials"), &json!({}));
    refuses(&refused, 422, &["backend", "sqlstate"]);
    assert_eq!(refused.json().unwrap()["details"]["sqlstate"], "P0004");
    // The same server under a name that its certificate does not have.
    is_unreachable_by(&server, "127.0.0.1", admin, developer);
    // A certificate of the same authority for somebody else.
    server.encrypt("DNS:elsewhere.example");
    is_unreachable_by(&server, "localhost", admin, developer);
}

/// Nobody is asked for a user, however the session may be protected.
#[track_caller]
fn is_unreachable_by(server: &Postgres, host: &str, admin: &Caller, developer: &Caller) {
    for mode in ["prefer", "require", "verify-full"] {
        let config = configured(admin, &to(server, host, mode));
        is_unreachable(developer, &format!("{config}/credentials"));
    }
}

fn a_certificate_that_nobody_known_vouches_for_ends_the_session_before_the_password_is_sent(t: &Deployment) {
    let Some(mut server) = server() else { return };
    let Cast { admin, developer, .. } = &Cast::new(t);
    let with = |server: &Postgres, mode: &str| {
        let url = format!("{}?sslmode={mode}", server.url(ADMIN, PASSWORD));
        configured(admin, &on(server, &json!({ "backend": { "type": "postgres", "connectionString": url } })))
    };
    // The server does not encrypt at all.
    for mode in ["require", "verify-full"] {
        is_unreachable(developer, &format!("{}/credentials", with(&server, mode)));
    }
    for mode in ["prefer", "disable"] {
        assert_eq!(log_in(&server, &leased(developer, &with(&server, mode), &json!({}))), Ok(()));
    }
    if t.instance.runtime.encrypts_sessions() {
        server.encrypt("IP:127.0.0.1");
        is_unreachable_by(&server, "127.0.0.1", admin, developer);
    }
}

/// With this a client asks whether the server encrypts.
const MAY_I_ENCRYPT: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

/// What somebody sends to a server that answers the question whether it encrypts like this: the question, and all that
/// follows in two seconds.
fn overheard(listener: &TcpListener, answer: &[u8]) -> ([u8; 8], Vec<u8>) {
    let mut stream = accepted(listener);
    stream.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
    let (mut question, mut rest) = ([0; 8], Vec::new());
    stream.read_exact(&mut question).unwrap();
    stream.write_all(answer).unwrap();
    let mut part = [0; 4096];
    while let Ok(count @ 1..) = stream.read(&mut part) {
        rest.extend_from_slice(&part[..count]);
    }
    (question, rest)
}

fn accepted(listener: &TcpListener) -> TcpStream {
    listener.set_nonblocking(true).unwrap();
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        match listener.accept() {
            Ok((stream, _)) => {
                stream.set_nonblocking(false).unwrap();
                return stream;
            }
            Err(error) => assert!(Instant::now() < deadline, "nobody asks the server: {error}"),
        }
        thread::sleep(Duration::from_millis(20));
    }
}

fn nothing_is_sent_in_clear_to_a_server_that_does_not_encrypt_where_it_must(t: &Deployment) {
    let Cast { admin, developer, .. } = &Cast::new(t);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    for mode in ["require", "verify-full"] {
        let url = format!("postgres://{ADMIN}:{PASSWORD}@127.0.0.1:{port}/orders?sslmode={mode}");
        let backend = json!({ "type": "postgres", "connectionString": url });
        let body = json!({
            "name": crate::deployment::unique("overheard"), "type": "database", "ttl": { "default": "PT15M" },
            "backend": backend,
        });
        let config = configured(admin, &body);
        for answer in ["N", "S"] {
            let (question, rest) = thread::scope(|scope| {
                let server = scope.spawn(|| overheard(&listener, answer.as_bytes()));
                is_unreachable(developer, &format!("{config}/credentials"));
                server.join().unwrap()
            });
            assert_eq!(question, MAY_I_ENCRYPT, "{mode}");
            // Nothing at all, or the beginning of a handshake.
            let begins_handshake = answer == "S" && rest.starts_with(&[22, 3]);
            assert!(rest.is_empty() || begins_handshake, "{mode}, {answer}: {rest:?}");
            let words: [&[u8]; 3] = [ADMIN.as_bytes(), PASSWORD.as_bytes(), b"orders"];
            let is_told = words.iter().any(|word| rest.windows(word.len()).any(|part| part == *word));
            assert!(!is_told, "{mode}, {answer}: the account is told");
        }
    }
}
