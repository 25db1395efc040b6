//! Bodies as they arrive on the wire: one that ends early or is malformed is refused and never taken for an absent one,
//! which would mean all secrets or a generated key. Raw sockets, since no client sends such requests.

use std::{
    io::{Read as _, Write as _},
    net::{Shutdown, TcpStream},
    time::Duration,
};

use chancery::client::Api;
use chancery_tests::runtime::Runtime;
use serde_json::{Value, json};

use crate::{
    answer::ok,
    case::{Case, case},
    deployment::{Deployment, community, secrets_of, unique},
    portal::developer,
};

pub fn cases() -> Vec<Case> {
    vec![
        case(a_body_that_ends_early_is_never_an_absent_one),
        case(a_chunk_extension_does_not_change_the_body),
        case(an_absent_body_still_means_the_default),
        case(a_body_that_is_announced_is_not_empty),
        case(a_credential_header_that_comes_twice_is_refused),
        case(a_request_line_or_length_that_contradicts_itself_is_refused),
    ]
}

/// An absent body means a generated key there.
pub fn cases_with_portal() -> Vec<Case> {
    vec![case(no_key_is_generated_for_a_body_that_ends_early)]
}

const BODY: &str = r#"{"tags":["A"]}"#;

/// A body that is announced, and ends as it should.
const EMPTY: &str = "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n";

/// A request that ends before its body does, or whose body has no right form.
fn broken() -> Vec<(&'static str, String)> {
    let chunked = |rest: &str| format!("Transfer-Encoding: chunked\r\n\r\n{rest}");
    vec![
        ("cut in the body", format!("Content-Length: 50\r\n\r\n{BODY}")),
        ("cut before the body", "Content-Length: 14\r\n\r\n".to_owned()),
        ("cut before the first chunk", chunked("")),
        ("a chunk size that is no number", chunked(&format!("zz\r\n{BODY}\r\n0\r\n\r\n"))),
        ("cut in a chunk", chunked(&format!("e\r\n{}", &BODY[..8]))),
        ("cut in the second chunk", chunked(&format!("e\r\n{BODY}\r\n5\r\n  "))),
        ("cut before the last chunk", chunked(&format!("e\r\n{BODY}\r\n"))),
        ("a malformed last chunk", chunked(&format!("e\r\n{BODY}\r\nzz\r\n\r\n"))),
    ]
}

/// A place with the secrets A and B.
fn two_secrets(t: &Deployment) -> String {
    let place = secrets_of(&unique("tenant"), &community());
    for tag in ["A", "B"] {
        ok(&t.service.put(&place, &json!({ "tag": tag, "value": "s3cret", "createdBy": "suite" })), 201);
    }
    place
}

fn a_body_that_ends_early_is_never_an_absent_one(t: &Deployment) {
    let place = two_secrets(t);
    for (what, body) in broken() {
        for line in [format!("POST {place}/fetch"), format!("PUT {place}")] {
            let answer = exchange(t, &format!("{line} HTTP/1.1\r\n{}{body}", signed(t)), true);
            assert!(!answer.text.contains("s3cret"), "{what}: {}", answer.text);
            is_refused(t, what, &answer);
        }
    }
}

/// workerd drops a connection whose client has closed its side; there, nobody is left who could read an answer.
#[track_caller]
fn is_refused(t: &Deployment, what: &str, answer: &Answer) {
    let dropped = answer.status.is_none() && t.instance.runtime == Runtime::Workerd;
    assert!(answer.status == Some(400) || dropped, "{what}: {}", answer.text);
}

fn a_chunk_extension_does_not_change_the_body(t: &Deployment) {
    let place = two_secrets(t);
    for body in
        [format!("e;x=1\r\n{BODY}\r\n0\r\n\r\n"), format!("5\r\n{}\r\n9\r\n{}\r\n0\r\n\r\n", &BODY[..5], &BODY[5..])]
    {
        let head = format!("POST {place}/fetch HTTP/1.1\r\n{}Transfer-Encoding: chunked\r\n\r\n", signed(t));
        let answer = exchange(t, &format!("{head}{body}"), false);
        match answer.status {
            Some(200) => assert_eq!(tags(&answer), ["A"], "{}", answer.text),
            // A runtime may refuse extensions, which no client uses.
            _ => {
                assert!(body.contains(';'), "{}", answer.text);
                is_refused(t, "a chunk extension", &answer);
            }
        }
    }
}

fn an_absent_body_still_means_the_default(t: &Deployment) {
    let place = two_secrets(t);
    for length in ["", "Content-Length: 0\r\n"] {
        let head = format!("POST {place}/fetch HTTP/1.1\r\n{}{length}\r\n", signed(t));
        let answer = exchange(t, &head, false);
        assert_eq!(tags(&answer), ["A", "B"], "{}", answer.text);
    }
}

/// A body that ended early looks like that behind a proxy that forwards it as one that ended. A component does not see how
/// a body was announced.
fn a_body_that_is_announced_is_not_empty(t: &Deployment) {
    if t.instance.runtime == Runtime::Component {
        return;
    }
    let head = format!("POST {}/fetch HTTP/1.1\r\n{}", two_secrets(t), signed(t));
    let answer = exchange(t, &format!("{head}{EMPTY}"), false);
    assert_eq!(answer.status, Some(400), "{}", answer.text);
}

fn no_key_is_generated_for_a_body_that_ends_early(t: &Deployment) {
    let dev = developer(t);
    for kind in ["key-auth", "jwt"] {
        let path = format!("/credentials/{kind}");
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nCookie: {}\r\n",
            host(t),
            dev.session.cookie
        );
        for (what, body) in broken() {
            is_refused(t, what, &exchange(t, &format!("{head}{body}"), true));
        }
        if t.instance.runtime != Runtime::Component {
            is_refused(t, "an empty body that is announced", &exchange(t, &format!("{head}{EMPTY}"), false));
        }
        assert_eq!(ok(&dev.session.get(&path), 200)["total"], 0, "{kind}");
        exchange(t, &format!("{head}Content-Length: 0\r\n\r\n"), false);
        assert_eq!(ok(&dev.session.get(&path), 200)["total"], 1, "{kind}");
    }
}

fn a_credential_header_that_comes_twice_is_refused(t: &Deployment) {
    let path = "/licenses/servicekey/current";
    for name in ["publickey", "licensekey", "requestid"] {
        let pairs = signed_pairs(t, path);
        let again = signed_pairs(t, path);
        for second in [&pairs, &again] {
            let (_, second) = second.iter().find(|(known, _)| *known == name).unwrap();
            let mut head = format!("GET {path} HTTP/1.1\r\nHost: {}\r\n", host(t));
            for (name, value) in &pairs {
                head.push_str(&format!("{name}: {value}\r\n"));
            }
            let answer = exchange(t, &format!("{head}{name}: {second}\r\n\r\n"), false);
            assert_eq!(answer.status, Some(400), "{name}: {}", answer.text);
        }
    }
    let head = format!("GET /api/client/v1/config/groups HTTP/1.1\r\nHost: {}\r\n", host(t));
    let answer = exchange(t, &format!("{head}Authorization: Bearer a\r\nAuthorization: Bearer a\r\n\r\n"), false);
    assert_eq!(answer.status, Some(400), "{}", answer.text);
}

fn a_request_line_or_length_that_contradicts_itself_is_refused(t: &Deployment) {
    let host = host(t);
    // workerd parses requests before any Worker runs, and most of these end there, in an answer 500 of its own.
    let is_workerd = t.instance.runtime == Runtime::Workerd;
    for target in [format!("http://{host}/caas/healthz"), "http://elsewhere.test/caas/healthz".to_owned()] {
        let answer = exchange(t, &format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n"), false);
        assert!(is_workerd || answer.status.is_none_or(|status| status < 500), "{target}\n{}", answer.text);
    }
    for request in [
        format!("POST /caas/healthz HTTP/1.1\r\nHost: {host}\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcde"),
        format!("POST /caas/healthz HTTP/1.1\r\nHost: {host}\r\nContent-Length: -1\r\n\r\n"),
        format!(
            "POST /caas/healthz HTTP/1.1\r\nHost: {host}\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        ),
        format!("POST /caas/healthz HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: gzip\r\n\r\nabc"),
    ] {
        let answer = exchange(t, &request, false);
        // A transfer coding that a server does not know is a 501 (RFC 9112, 6.1).
        let is_refused = |status| match status {
            400..=499 => true,
            501 => request.contains("gzip"),
            status => is_workerd && status >= 500,
        };
        assert!(answer.status.is_none_or(is_refused), "{request}\n{}", answer.text);
    }
    assert_eq!(t.anonymous.get("/caas/healthz").status, 200, "the server lives on");
}

fn tags(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, Some(200), "{}", answer.text);
    let start = answer.text.find("{\"").unwrap();
    let end = answer.text.rfind('}').unwrap();
    let body: Value = serde_json::from_str(&answer.text[start..=end]).unwrap();
    let mut tags: Vec<_> =
        body["secrets"].as_array().unwrap().iter().map(|secret| secret["tag"].as_str().unwrap().to_owned()).collect();
    tags.sort();
    tags
}

fn host(t: &Deployment) -> String {
    t.instance.url.trim_start_matches("http://").to_owned()
}

fn signed_pairs(t: &Deployment, path: &str) -> Vec<(&'static str, String)> {
    let headers = t.service.client.headers(Api::of(path).unwrap()).unwrap();
    headers.pairs().map(|(name, value)| (name, value.to_owned())).to_vec()
}

/// The lines of a request's head between its first line and the header with its length.
fn signed(t: &Deployment) -> String {
    let mut lines = format!("Host: {}\r\nContent-Type: application/json\r\n", host(t));
    for (name, value) in signed_pairs(t, "/caas/") {
        lines.push_str(&format!("{name}: {value}\r\n"));
    }
    lines
}

struct Answer {
    /// `None` where the server closed the connection without an answer.
    status: Option<u16>,
    text: String,
}

/// Sends these bytes and reads what comes back, until the server is silent for a while.
fn exchange(t: &Deployment, request: &str, half_closed: bool) -> Answer {
    let mut stream = TcpStream::connect(host(t)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    if half_closed {
        stream.shutdown(Shutdown::Write).unwrap();
    }
    let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
    while let Ok(read) = stream.read(&mut buffer) {
        bytes.extend_from_slice(&buffer[..read]);
        if read == 0 {
            break;
        }
        let _ = stream.set_read_timeout(Some(Duration::from_millis(150)));
    }
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let status = text.split(' ').nth(1).and_then(|status| status.parse().ok());
    Answer { status, text }
}
