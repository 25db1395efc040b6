//! Extensions activated by bearer tokens of a real OpenID provider, and what happens when none answers.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    thread,
    time::Duration,
};

use chancery::client::{Api, Client, Reply};
use chancery_tests::{
    provider::{CLIENT_SECRET, Provider},
    variables::{Variables, random_uuid},
};
use serde_json::{Value, json};

use crate::{
    answer::{ok, refused},
    case::{Case, case, together},
    database,
    deployment::Deployment,
    environment::installation,
    extension::{ACTIVATE, activated_by},
};

const SCOPE: &str = "extension:activate";

pub fn cases() -> Vec<Case> {
    vec![case(a_token_of_a_provider_activates), case(only_a_provider_that_gives_no_answer_is_a_fault)]
}

fn variables(url: &str, path: &str) -> Variables {
    Variables::random()
        .with("INTROSPECTION_URL", &format!("{url}{path}"))
        .with("INTROSPECTION_CLIENT_ID", "chancery")
        .with("INTROSPECTION_CLIENT_SECRET", CLIENT_SECRET)
        .with("INTROSPECTION_ALLOWED_HOST", url)
}

/// Which of the headers go along, besides the token.
#[derive(Clone, Copy, PartialEq, Eq)]
enum License {
    None,
    Given,
}

/// Activates with a token.
fn activate(client: &Client, token: &str, license: License, data: &Value) -> Reply {
    let signed = client.headers(Api::Caas).unwrap();
    let authorization = format!("Bearer {token}");
    let mut headers = signed.pairs().to_vec();
    headers.retain(|(name, _)| license == License::Given || *name != "licensekey");
    headers.push(("authorization", authorization.as_str()));
    let body = json!({ "data": client.encrypt_data(Api::Caas, data).unwrap() }).to_string().into_bytes();
    client.send("POST", ACTIVATE, &[], &headers, Some(body)).unwrap()
}

fn extension(tenant: &str, community: &str) -> Value {
    json!({ "extensionId": random_uuid(), "tenantDns": tenant, "communityName": community })
}

fn customer() -> Value {
    extension("customer.EXAMPLE", "DEFAULT")
}

fn a_token_of_a_provider_activates(shared: &Deployment) {
    let provider = Provider::start().unwrap();
    let t = Deployment::start(shared.instance.runtime, variables(&provider.url, "/token/introspection")).unwrap();
    let t = &t;
    let nobody = t.client("no licence at all");
    let of_anybody = provider.token("of-anybody", SCOPE).unwrap();

    // Before the installation every community is taken as it is named.
    let anywhere = extension("anywhere.example", "anything");
    ok(&activate(&nobody, &of_anybody, License::None, &anywhere), 200);
    let mut body = installation();
    body["tenantDNS"] = json!("Customer.example");
    let installed = ok(&t.system.post("/caas/environment/install", &body), 200);
    refused(&activate(&nobody, &of_anybody, License::None, &extension("anywhere.example", "anything")), 400);
    refused(&activate(&nobody, &of_anybody, License::None, &extension("customer.example", "anything")), 400);

    let activated = |token: &str, by: &str| {
        let data = customer();
        let answer = ok(&activate(&nobody, token, License::None, &data), 200);
        let opened = nobody.decrypt_data(Api::Caas, answer["data"].as_str().unwrap()).unwrap();
        assert_eq!((&opened["status"], &opened["extensionId"]), (&json!("active"), &data["extensionId"]));
        assert_eq!(activated_by(t, &data["extensionId"]), by);
    };
    activated(&of_anybody, "ada@example.com");
    activated(&provider.token("of-customer", SCOPE).unwrap(), "ada@example.com");
    activated(&provider.token("without-sub", &format!("extension:read {SCOPE}")).unwrap(), "without-sub");

    // The token decides: the licence beside it is neither needed nor looked at.
    ok(&activate(&nobody, &of_anybody, License::Given, &customer()), 200);
    for client in ["of-other-tenant", "of-other-community", "of-unknown-ids"] {
        let token = provider.token(client, SCOPE).unwrap();
        let data = customer();
        refused(&activate(&t.system.client, &token, License::Given, &data), 401);
        assert_eq!(activated_by(t, &data["extensionId"]), "", "{client}");
    }
    let revoked = provider.token("of-anybody", SCOPE).unwrap();
    provider.revoke("of-anybody", &revoked).unwrap();
    let expired = provider.token("short-lived", SCOPE).unwrap();
    thread::sleep(Duration::from_millis(2100));
    let read_only = provider.token("of-anybody", "extension:read").unwrap();
    for token in [revoked.as_str(), &expired, &read_only, "unknown", "no token", "", &"x".repeat(9000)] {
        refused(&activate(&t.system.client, token, License::Given, &customer()), 401);
    }
    for scheme in ["Basic YTpi", "Bearer", "ApiKey x"] {
        let signed = t.system.client.headers(Api::Caas).unwrap();
        let mut headers = signed.pairs().to_vec();
        headers.push(("authorization", scheme));
        refused(&t.system.client.send("POST", ACTIVATE, &[], &headers, Some(b"{}".to_vec())).unwrap(), 401);
    }

    replays_and_missing_headers_are_refused(&nobody, &of_anybody);
    refused(&activate(&nobody, &of_anybody, License::None, &json!({ "extensionId": 1 })), 400);
    let data = customer();
    let answers = together(6, |_| {
        let answer = ok(&activate(&nobody, &of_anybody, License::None, &data), 200);
        nobody.decrypt_data(Api::Caas, answer["data"].as_str().unwrap()).unwrap()
    });
    assert!(answers.iter().all(|answer| answer == &answers[0]), "{answers:?}");

    let mut entries = database::audit(&t.instance).into_iter().filter(|entry| entry.action == "extension.activate");
    assert!(entries.any(|entry| entry.actor == "bearer/ada@example.com"));
    let log = t.instance.log();
    for secret in [CLIENT_SECRET, of_anybody.as_str()] {
        assert!(!database::contains(&t.instance, secret) && !log.contains(secret));
    }
    assert!(installed["communityId"].is_string());
}

/// `publickey` and `requestid` are needed with a token too, and a request passes once.
fn replays_and_missing_headers_are_refused(client: &Client, token: &str) {
    let authorization = format!("Bearer {token}");
    let signed = client.headers(Api::Caas).unwrap();
    let send = |left_out: &str, data: &Value| {
        let mut headers = signed.pairs().to_vec();
        headers.retain(|(name, _)| *name != "licensekey" && *name != left_out);
        headers.push(("authorization", authorization.as_str()));
        let body = json!({ "data": client.encrypt_data(Api::Caas, data).unwrap() }).to_string().into_bytes();
        client.send("POST", ACTIVATE, &[], &headers, Some(body)).unwrap()
    };
    for left_out in ["publickey", "requestid"] {
        refused(&send(left_out, &customer()), 401);
    }
    // Refused with the token accepted: the request is spent nevertheless.
    refused(&send("", &json!({})), 400);
    assert!(refused(&send("", &customer()), 401).contains("sent before"));
}

/// A server whose answer is chosen by the token that it is asked about.
fn stub() -> (String, impl FnOnce()) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let serving = thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let mut stream = BufReader::new(stream);
            let asked = request(&mut stream);
            if asked.contains("token=stop") {
                return;
            }
            thread::spawn(move || answer(stream.into_inner(), &asked));
        }
    });
    let stop_url = url.clone();
    let stop = move || {
        let mut stream = TcpStream::connect(stop_url.trim_start_matches("http://")).unwrap();
        stream.write_all(b"POST / HTTP/1.1\r\ncontent-length: 10\r\n\r\ntoken=stop").unwrap();
        serving.join().unwrap();
    };
    (url, stop)
}

fn request(stream: &mut BufReader<TcpStream>) -> String {
    let (mut text, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).unwrap_or(0) == 0 || line == "\r\n" {
            break;
        }
        let lower = line.to_ascii_lowercase();
        if let Some(number) = lower.strip_prefix("content-length:") {
            length = number.trim().parse().unwrap();
        }
        text += &line;
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).unwrap();
    text + &String::from_utf8(body).unwrap()
}

fn answer(mut stream: TcpStream, asked: &str) {
    let good = r#"{"active":true,"scope":"extension:activate","sub":"ada"}"#;
    let (status, body) = match asked.split("token=").nth(1).unwrap_or_default().split('&').next().unwrap_or_default() {
        "good" => ("200 OK", good),
        "inactive" => ("200 OK", r#"{"active":false}"#),
        "dpop" => ("200 OK", r#"{"active":true,"scope":"extension:activate","sub":"ada","token_type":"DPoP"}"#),
        "fault" => ("500 Internal Server Error", good),
        "refused" => ("401 Unauthorized", good),
        "redirect" => ("302 Found\r\nlocation: /elsewhere", good),
        "garbage" => ("200 OK", "<html>"),
        "array" => ("200 OK", "[]"),
        "nothing" => ("200 OK", ""),
        "shapeless" => ("200 OK", r#"{"active":"yes"}"#),
        "cut" => return,
        "slow" => {
            thread::sleep(Duration::from_secs(7));
            ("200 OK", good)
        }
        other => panic!("{other}"),
    };
    let text = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    let _ = stream.write_all(text.as_bytes());
}

fn only_a_provider_that_gives_no_answer_is_a_fault(shared: &Deployment) {
    let (url, stop) = stub();
    let t = Deployment::start(shared.instance.runtime, variables(&url, "/introspect")).unwrap();
    let client = &t.system.client;
    let ask = |token: &str| activate(client, token, License::Given, &customer());
    ok(&ask("good"), 200);
    refused(&ask("inactive"), 401);
    refused(&ask("dpop"), 401);
    for token in ["fault", "refused", "redirect", "garbage", "array", "nothing", "shapeless", "cut", "slow"] {
        let message = refused(&ask(token), 500);
        assert!(message.contains("try again"), "{token}: {message}");
    }
    stop();
    refused(&ask("good"), 500);
    // A licence needs no provider.
    let data = client.encrypt_data(Api::Caas, customer()).unwrap();
    ok(&t.system.post(ACTIVATE, &json!({ "data": data })), 200);
    let log = t.instance.log();
    assert!(log.contains("introspection of a token"), "a fault is logged: {log}");
    assert!(!log.contains(CLIENT_SECRET) && !log.contains("shapeless"), "{log}");
}
