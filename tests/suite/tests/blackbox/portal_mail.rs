//! Mails of the portal on their way to a mail server, which stands here and takes down what it is sent.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    thread,
    time::Duration,
};

use chancery_tests::variables::Variables;
use serde_json::{Value, json};

use crate::{
    answer::{ok, soon},
    case::{Case, case},
    deployment::Deployment,
    portal::{address, mails, nobody, register},
};

pub fn cases() -> Vec<Case> {
    vec![case(a_mail_is_sent_after_the_answer_and_again_when_it_failed)]
}

/// The `Authorization` and the body of a request.
pub type Taken = (String, Value);

/// A mail server that answers with these statuses, one after the other and the last again and again.
pub fn mail_server(statuses: &'static [u16]) -> (String, mpsc::Receiver<Taken>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (sender, taken) = mpsc::channel();
    thread::spawn(move || {
        for (number, stream) in listener.incoming().map_while(Result::ok).enumerate() {
            let status = statuses.get(number).or(statuses.last()).copied().unwrap_or(200);
            if let Some(request) = answer(stream, status)
                && sender.send(request).is_err()
            {
                return;
            }
        }
    });
    (url, taken)
}

fn answer(mut stream: TcpStream, status: u16) -> Option<Taken> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let (mut authorization, mut length, mut line) = (String::new(), 0, String::new());
    loop {
        line.clear();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            if line.trim_end().is_empty() {
                break;
            }
            continue;
        };
        match name.to_ascii_lowercase().as_str() {
            "authorization" => value.trim().clone_into(&mut authorization),
            "content-length" => length = value.trim().parse().ok()?,
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    write!(stream, "HTTP/1.1 {status} X\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{{}}").ok()?;
    Some((authorization, serde_json::from_slice(&body).ok()?))
}

/// What stands behind `token=` in the link of a mail to a page of `PORTAL_GUI_URL`.
#[track_caller]
fn token_of(mail: &Value, page: &str) -> String {
    let start = format!("https://gui.example/{page}?token=");
    let mut links = mail["text"].as_str().unwrap().split_whitespace().filter_map(|word| word.strip_prefix(&start));
    links.next().unwrap_or_else(|| panic!("no link to {page} in {mail}")).to_owned()
}

fn a_mail_is_sent_after_the_answer_and_again_when_it_failed(shared: &Deployment) {
    let (url, taken) = mail_server(&[200, 500, 200]);
    let variables = Variables::random()
        .with("PORTAL_EMAIL_VERIFICATION", "true")
        .with("MAIL_API_URL", &format!("{url}/emails"))
        .with("MAIL_API_HOST", &url)
        .with("MAIL_API_KEY", "k3y")
        .with("MAIL_FROM", "portal@example.org")
        // As Kong's own pages read them.
        .with("PORTAL_GUI_URL", "https://gui.example/")
        .with("PORTAL_VERIFY_LINK", "{gui}/account/verify?token={token}&email={email}")
        .with("PORTAL_INVALIDATE_LINK", "{gui}/account/invalidate-verification?token={token}&email={email}")
        .with("PORTAL_RESET_LINK", "{gui}/reset-password?token={token}");
    let t = &Deployment::start(shared.instance.runtime, variables).unwrap();
    let email = address();
    register(t, &email);
    let (authorization, mail) = taken.recv_timeout(Duration::from_secs(10)).unwrap();
    assert_eq!(
        (authorization.as_str(), &mail["from"], &mail["to"]),
        ("Bearer k3y", &json!("portal@example.org"), &json!([email]))
    );
    let address = email.replace('@', "%40");
    for page in ["account/verify", "account/invalidate-verification"] {
        let token = token_of(&mail, page).strip_suffix(&format!("&email={address}")).unwrap().to_owned();
        assert!(!token.is_empty() && !token.contains('&'), "{mail}");
    }
    soon(|| mails(t, &email)[0]["sent_at"].is_number(), &true);

    // Refused by the server: it stays in the outbox, and its status says so.
    nobody(t).call("POST", "/resend-account-verification", Some(&json!({ "email": email })));
    taken.recv_timeout(Duration::from_secs(10)).unwrap();
    let second = || mails(t, &email)[1].clone();
    soon(|| second()["failure"].clone(), &json!("the mail API answered 500"));
    assert_eq!((&second()["sent_at"], &second()["attempts"]), (&Value::Null, &json!(1)));
    // Not before its time.
    nobody(t).call("POST", "/forgot-password", Some(&json!({ "email": email })));
    let (_, third) = taken.recv_timeout(Duration::from_secs(10)).unwrap();
    assert!(third["subject"].as_str().unwrap().contains("password"), "{third}");
    let reset = token_of(&third, "reset-password");
    assert_eq!(nobody(t).call("POST", "/validate-reset", Some(&json!({ "token": reset }))).status, 200);
    assert_eq!(second()["attempts"], 1);
    ok(&t.service.get("/caas/portal/mail"), 200);
}
