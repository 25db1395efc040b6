//! A server that takes what QNSP sends to addresses of its tenants.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::mpsc::{self, Receiver},
    thread,
    time::Duration,
};

use crypto::hash;
use serde_json::Value;

/// What a receiver got: the signature and the body.
pub type Taken = (String, Vec<u8>);

/// A receiver that answers with these statuses, and then with the last of them.
pub fn receiver(statuses: &'static [u16]) -> (String, Receiver<Taken>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let (sender, taken) = mpsc::channel();
    thread::spawn(move || {
        for (number, stream) in listener.incoming().flatten().enumerate() {
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
    let (mut signature, mut length, mut line) = (String::new(), 0, String::new());
    loop {
        line.clear();
        reader.read_line(&mut line).ok()?;
        if line.trim_end().is_empty() {
            break;
        }
        let Some((name, value)) = line.trim_end().split_once(':') else { continue };
        match name.to_ascii_lowercase().as_str() {
            "x-qnsp-signature" => value.trim().clone_into(&mut signature),
            "content-length" => length = value.trim().parse().ok()?,
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    // Where it leads to nobody may go.
    let head = format!("HTTP/1.1 {status} X\r\nlocation: /elsewhere\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).ok()?;
    Some((signature, body))
}

#[track_caller]
pub fn next(taken: &Receiver<Taken>) -> Taken {
    taken.recv_timeout(Duration::from_secs(20)).expect("a delivery")
}

#[track_caller]
pub fn nothing(taken: &Receiver<Taken>) {
    assert!(taken.recv_timeout(Duration::from_millis(400)).is_err());
}

pub fn parsed(taken: &Taken) -> Value {
    serde_json::from_slice(&taken.1).unwrap()
}

pub fn signature(secret: &str, body: &[u8]) -> String {
    format!("sha256={}", hash::hex(&hash::hmac_sha256(secret.as_bytes(), &[body])))
}
