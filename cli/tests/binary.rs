//! The binary against a small service on loopback: what it sends, what it prints, and its exit codes. The real service
//! is for the black-box suite.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

#[cfg(unix)]
mod questions;

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    process::{Command, Output},
    sync::{Arc, Mutex},
};

use crypto::{Curve, PrivateKey, PublicKey, SharedKey};
use serde_json::{Value, json};

const LICENCE: &str = "the-key-secret";

struct Asked {
    line: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Asked {
    fn read(stream: &TcpStream) -> Self {
        let mut reader = BufReader::new(stream);
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            match line.trim_end() {
                "" => break,
                line => lines.push(line.to_owned()),
            }
        }
        let line = lines.first().cloned().unwrap_or_default();
        let headers = lines.iter().skip(1).filter_map(|line| line.split_once(": "));
        let headers: Vec<_> = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
        let mut asked = Self { line, headers, body: Vec::new() };
        let length = asked.header("content-length").map_or(0, |length| length.parse().unwrap());
        asked.body.resize(length, 0);
        reader.read_exact(&mut asked.body).unwrap();
        asked
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The secret shared with the caller.
    fn envelope(&self) -> SharedKey {
        let public = PublicKey::from_base64(Curve::P256, self.header("publickey").unwrap()).unwrap();
        SharedKey::agree(&service_key(), &public).unwrap()
    }

    fn opened(&self, header: &str) -> String {
        let plain = self.envelope().decrypt(self.header(header).unwrap()).unwrap();
        String::from_utf8(plain.to_vec()).unwrap()
    }
}

fn service_key() -> PrivateKey {
    PrivateKey::from_bytes(Curve::P256, &[0x22; 32]).unwrap()
}

/// As `serve_text`, with JSON for an answer; null is an empty one.
fn serve(answer: impl Fn(&Asked) -> (u16, Value) + Send + Sync + 'static) -> String {
    serve_text(move |asked| {
        let (status, body) = answer(asked);
        (status, if body.is_null() { String::new() } else { body.to_string() })
    })
}

/// Serves public keys by itself and everything else by the given answer; gives its address.
fn serve_text(answer: impl Fn(&Asked) -> (u16, String) + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let answer = Arc::new(answer);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, answer) = (stream.unwrap(), answer.clone());
            std::thread::spawn(move || {
                let asked = Asked::read(&stream);
                let (status, body) = match asked.line.contains("/publickeys") {
                    true => (200, json!({"publicKey": service_key().public_key().to_base64()}).to_string()),
                    false => answer(&asked),
                };
                let length = body.len();
                write!(stream, "HTTP/1.1 {status} X\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}")
                    .unwrap();
            });
        }
    });
    url
}

fn chancery_command(url: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chancery"));
    command.env_clear().current_dir(std::env::temp_dir());
    command.env("CHANCERY_URL", url).env("CHANCERY_LICENSE", LICENCE).args(arguments);
    command
}

fn chancery(url: &str, arguments: &[&str]) -> Output {
    chancery_command(url, arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn a_call_is_signed_with_the_licence_a_fresh_uuid_and_the_time() {
    let url = serve(|asked| {
        let id: Value = serde_json::from_str(&asked.opened("requestid")).unwrap();
        let fine = asked.opened("licensekey") == LICENCE && id["ts"].is_u64() && id["appid"] == "chancery";
        (200, json!({"line": asked.line, "fine": fine, "uuid": id["uuid"]}))
    });
    let ask = || chancery(&url, &["call", "get", "/caas/x", "-q", "a=b c", "-q", "d=&"]);
    let (first, second) = (ask(), ask());
    let (first, second): (Value, Value) =
        (serde_json::from_slice(&first.stdout).unwrap(), serde_json::from_slice(&second.stdout).unwrap());
    assert_eq!(first["line"], "GET /caas/x?a=b%20c&d=%26 HTTP/1.1");
    assert_eq!(first["fine"], true);
    assert_ne!(first["uuid"], second["uuid"]);
}

#[test]
fn data_is_encrypted_on_the_way_and_decrypted_on_the_way_back() {
    let url = serve(|asked| {
        let body: Value = serde_json::from_slice(&asked.body).unwrap();
        let plain = asked.envelope().decrypt(body["data"].as_str().unwrap()).unwrap();
        let got: Value = serde_json::from_slice(&plain).unwrap();
        let data = json!({"got": got}).to_string();
        (200, json!({"data": asked.envelope().encrypt([9; 16], data.as_bytes()), "keep": body["keep"]}))
    });
    let body = r#"{"data": {"a": 1}, "keep": "x"}"#;
    let output = chancery(&url, &["call", "PUT", "/caas/x", "-d", body, "--encrypt"]);
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer, json!({"data": {"got": {"a": 1}}, "keep": "x"}));
}

#[test]
fn digits_order_and_doubled_names_stay_as_they_are() {
    const EXACT: &str =
        r#"{"z":12345678901234567890123,"a":0.000001234,"a":1e3,"n":[1E+20,100000000000000000000,-0.0]}"#;
    let url = serve_text(|asked| {
        let body = String::from_utf8(asked.body.clone()).unwrap();
        match asked.line.starts_with("PUT") {
            true => (200, body),
            false => {
                let sealed: Value = serde_json::from_str(&body).unwrap();
                let plain = asked.envelope().decrypt(sealed["data"].as_str().unwrap()).unwrap();
                let data = asked.envelope().encrypt([9; 16], &plain);
                (200, format!(r#"{{"keep":1.50,"data":"{data}","keep":2e0}}"#))
            }
        }
    });
    let call = |arguments: &[&str]| {
        let output = chancery(&url, &[&["call"], arguments].concat());
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout).replace([' ', '\n'], "")
    };
    assert_eq!(call(&["PUT", "/caas/x", "-d", EXACT]), EXACT);
    assert_eq!(call(&["PUT", "/caas/x", "--anonymous", "-d", EXACT]), EXACT);
    // Editors put a byte order mark in front of a file.
    let file = std::env::temp_dir().join(format!("chancery-body-{}.json", std::process::id()));
    std::fs::write(&file, format!("\u{feff}{EXACT}")).unwrap();
    assert_eq!(call(&["PUT", "/caas/x", "--data-file", file.to_str().unwrap()]), EXACT);
    std::fs::remove_file(file).unwrap();
    let body = format!(r#"{{"data":{EXACT}}}"#);
    let expected = format!(r#"{{"keep":1.50,"data":{EXACT},"keep":2e0}}"#);
    assert_eq!(call(&["POST", "/caas/x", "--encrypt", "-d", &body]), expected);
    for command in [&["service", "list", "--json"][..], &["secret", "fetch", "t", "c", "--json"]] {
        let url = serve_text(|_| (200, EXACT.to_owned()));
        assert_eq!(text(&chancery(&url, command).stdout).replace([' ', '\n'], ""), EXACT, "{command:?}");
    }
}

#[test]
fn deep_nesting_is_passed_on_and_exhausts_nothing() {
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let length = deep.len();
    let url = serve(move |asked| (400, json!({"message": format!("{} bytes", asked.body.len())})));
    let output = chancery(&url, &["call", "PUT", "/caas/x", "-d", &deep]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains(&format!("{length} bytes")), "{}", text(&output.stderr));
    let url = serve_text(move |_| (200, deep.clone()));
    assert_eq!(chancery(&url, &["call", "GET", "/caas/x"]).status.code(), Some(0));
    for arguments in [&["config", "get", "--app", "a"][..], &["config", "export", "--app", "a"], &["licence", "show"]] {
        assert!(chancery(&url, arguments).status.code().is_some(), "{arguments:?} was killed");
    }
}

#[test]
fn a_body_goes_with_any_method() {
    let url = serve(|asked| (200, json!({"length": asked.body.len(), "type": asked.header("content-type")})));
    for method in ["GET", "DELETE", "PATCH"] {
        let output = chancery(&url, &["call", method, "/caas/x", "-d", "[1]"]);
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(answer, json!({"length": 3, "type": "application/json"}), "{method}");
    }
}

#[test]
fn exit_codes_distinguish_refused_wrong_unreachable_and_broken() {
    let url = serve(|asked| match asked.line.split(' ').nth(1).unwrap() {
        "/caas/gone" => (404, json!({"statusCode": 404, "error": "Not Found", "message": "no such thing"})),
        "/caas/denied" => (401, json!({"statusCode": 401, "error": "Unauthorized", "message": "go away"})),
        "/caas/moved" => (302, Value::Null),
        "/caas/empty" => (204, Value::Null),
        _ => (500, json!({"message": "broken"})),
    });
    let run = |arguments: &[&str]| {
        let output = chancery(&url, arguments);
        (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
    };
    assert_eq!(run(&["call", "GET", "/caas/empty"]), (0, String::new(), String::new()));
    let (code, _, error) = run(&["call", "GET", "/caas/gone"]);
    assert_eq!((code, error.as_str()), (1, "error: the service refused (404): no such thing\n"));
    let (code, _, error) = run(&["call", "GET", "/caas/denied"]);
    assert!(code == 1 && error.contains("go away") && error.contains("clock"), "{error}");
    assert_eq!(run(&["call", "GET", "/caas/moved"]).0, 3);
    assert_eq!(run(&["call", "GET", "/caas/other"]).0, 3);
    assert_eq!(run(&["call", "GET", "/elsewhere"]).0, 2);
    assert_eq!(run(&["call", "GET", "/caas/x", "-d", "{"]).0, 2);
    assert_eq!(run(&["no-such-command"]).0, 2);

    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let output = chancery(&format!("http://{free}"), &["licence", "list"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(text(&output.stderr).contains("scripts/up"), "{}", text(&output.stderr));
}

#[test]
fn a_secret_is_printed_by_fetch_only() {
    let url = serve(|asked| match asked.line.starts_with("PUT") {
        true => (201, json!({"tag": "a", "createdBy": "chancery", "createdTs": 1})),
        false => (200, json!({"secrets": [{"tag": "a", "value": "s3cret"}]})),
    });
    let put = chancery(&url, &["secret", "put", "t", "c", "a", "s3cret"]);
    assert_eq!((text(&put.stdout).as_str(), text(&put.stderr).as_str()), ("stored a\n", ""));
    assert_eq!(text(&chancery(&url, &["secret", "fetch", "t", "c", "a"]).stdout), "s3cret\n");
}

#[test]
fn rotation_goes_on_until_nothing_remains() {
    let remaining = std::sync::atomic::AtomicU64::new(250);
    let url = serve(move |asked| {
        if asked.line.starts_with("POST /caas/root-key/rewrap ") {
            let step = |left: u64| Some(left.saturating_sub(100));
            let order = std::sync::atomic::Ordering::SeqCst;
            let _ = remaining.fetch_update(order, order, step);
        }
        let left = remaining.load(std::sync::atomic::Ordering::SeqCst);
        (200, json!({"newest": "r2", "ring": ["r2", "r1"], "rewrapped": 0, "remaining": left}))
    });
    let status = chancery(&url, &["root-key", "status", "--json"]);
    assert_eq!(serde_json::from_slice::<Value>(&status.stdout).unwrap()["remaining"], 250);
    let rotated = chancery(&url, &["root-key", "rotate"]);
    assert!(text(&rotated.stdout).contains("may be dropped: r1."), "{}", text(&rotated.stderr));
    assert_eq!(rotated.status.code(), Some(0));
}

#[test]
fn a_rotation_without_headway_fails() {
    let url = serve(|_| (200, json!({"newest": "r2", "ring": ["r2", "r1"], "rewrapped": 5, "remaining": 5})));
    let output = chancery(&url, &["root-key", "rotate"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(text(&output.stderr).contains("old ring"));
}

#[test]
fn without_the_audit_log_a_licence_is_rotated_in_named_communities_only() {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let changes = asked.clone();
    let url = serve(move |request| {
        let what: Vec<_> = request.line.split([' ', '?']).take(2).collect();
        if what[0] == "PUT" {
            changes.lock().unwrap().push(serde_json::from_slice::<Value>(&request.body).unwrap());
        }
        let end = "2099-01-01T00:00:00.000Z";
        match what.join(" ").as_str() {
            "GET /licenses/servicekey" => {
                (200, json!({ "tag": "shop", "keyId": "1", "authLevel": "app", "expiry": end }))
            }
            "PUT /licenses/servicekey" => (200, json!({ "tag": "shop:2", "keySecret": "s3cret" })),
            "POST /licenses/community/web/servicekey/fetch" => {
                let member = json!({ "keyTag": "shop", "communityId": "web", "isAuthorized": false, "expiry": end });
                (200, json!({ "data": [member] }))
            }
            "PUT /licenses/community/servicekey" => (500, json!({ "message": "broken" })),
            _ => (401, json!({ "message": "go away" })),
        }
    });
    let refused = chancery(&url, &["licence", "rotate", "shop"]);
    let errors = text(&refused.stderr);
    assert!(
        errors.contains("Nothing was changed") && errors.contains("--community") && errors.contains("401"),
        "{errors}"
    );
    assert_eq!((refused.status.code(), asked.lock().unwrap().len()), (Some(1), 0));

    let partly = chancery(&url, &["licence", "rotate", "shop", "--community", "web"]);
    let errors = text(&partly.stderr);
    assert!(text(&partly.stdout).contains("s3cret") && !errors.contains("s3cret"), "{errors}");
    let by_hand = "chancery licence authorize shop:2 web --expires 2099-01-01T00:00:00.000Z && chancery licence withdraw shop:2 web";
    assert!(partly.status.code() == Some(1) && errors.contains(by_hand), "{errors}");
    let asked = asked.lock().unwrap();
    assert_eq!(asked[0], json!({ "tag": "shop:2", "authLevel": "app", "expiry": "2099-01-01T00:00:00.000Z" }));
    assert_eq!((&asked[1]["keyTag"], &asked[1]["isAuthorized"]), (&json!("shop:2"), &json!(false)));
}
