//! A signed delivery to an address of a tenant's, and when one that failed comes again.

use std::time::Duration;

use axum::http::{Request, header};
use crypto::hash;
use platform::{clock, fetch};
use service::{App, Result};

use crate::Settings;

const SIGNATURE: &str = "x-qnsp-signature";

/// When a delivery that failed is tried again, by how often it has failed, in milliseconds. After the last it is given up.
const DELAYS: [i64; 5] = [1_000, 10_000, 60_000, 600_000, 3_600_000];

/// How long a delivery is the business of one task, in milliseconds. An instance that ends leaves it to another.
pub(crate) const CLAIM: i64 = 60_000;

/// How many requests one task sends, and for how long it begins new ones, in milliseconds.
pub(crate) const REQUESTS: u32 = 40;
const TIME: i64 = 10_000;

const LIMITS: fetch::Limits = fetch::Limits { time: Duration::from_secs(5), bytes: 64 << 10 };

/// What one task may still send.
pub(crate) struct Budget {
    requests: u32,
    until: i64,
}

impl Budget {
    pub(crate) fn new() -> Self {
        Self { requests: REQUESTS, until: clock::now_ms() + TIME }
    }

    pub(crate) fn is_left(&self) -> bool {
        self.requests > 0 && clock::now_ms() < self.until
    }

    pub(crate) fn spend(&mut self) {
        self.requests = self.requests.saturating_sub(1);
    }
}

/// What came of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sent {
    Taken,
    Refused,
    NoAnswer,
    /// The address is none that is called: it never was, or the operator allows it no more.
    NotAllowed,
}

/// When a delivery comes again that has failed so often before; `None` when it is given up.
pub(crate) fn retry_at(failures: i64, now: i64) -> Option<i64> {
    let delay = usize::try_from(failures).ok().and_then(|failures| DELAYS.get(failures));
    delay.map(|delay| now + delay)
}

/// Posts JSON. Redirects are not followed; the signature is that of the body under the secret.
pub(crate) async fn post_signed(app: &App, url: &str, secret: &[u8], body: String) -> Result<Sent> {
    // What the operator allows may have changed since the address was given.
    if Settings::of(app)?.outbound_hosts.check(url).is_err() {
        return Ok(Sent::NotAllowed);
    }
    let body = body.into_bytes();
    let signature = format!("sha256={}", hash::hex(&hash::hmac_sha256(secret, &[&body])));
    let request = Request::post(url).header(header::CONTENT_TYPE, "application/json");
    let Ok(request) = request.header(SIGNATURE, signature).body(body) else { return Ok(Sent::NotAllowed) };
    Ok(match fetch::fetch(request, LIMITS).await {
        Ok(answer) if answer.status().is_success() => Sent::Taken,
        Ok(_) => Sent::Refused,
        Err(_) => Sent::NoAnswer,
    })
}

/// Sends a body once, signed. `Err` says why it was not delivered.
pub async fn deliver_signed(
    app: &App,
    url: &str,
    secret: &[u8],
    body: String,
) -> Result<std::result::Result<(), &'static str>> {
    Ok(match post_signed(app, url, secret, body).await? {
        Sent::Taken => Ok(()),
        Sent::Refused => Err("the webhook was refused"),
        Sent::NotAllowed => Err("the address is not allowed"),
        Sent::NoAnswer => Err("the webhook gave no answer"),
    })
}
