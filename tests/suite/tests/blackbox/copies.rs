//! What the cases of copies share: how old a copy is, and how long it is shown.

use std::{
    thread,
    time::{Duration, Instant},
};

use chancery::client::{Api, Client, Reply, SignedHeaders};

use crate::answer::{ok, refused};

/// `CACHE_SECONDS` in these cases.
pub const BOUND: u64 = 3;

pub fn age(reply: &Reply) -> u64 {
    reply.header("age").unwrap().parse().unwrap()
}

/// The headers of a request that a copy answered, after their nonce was stored.
pub fn spent_by_a_copy(client: &Client, api: Api, ask: impl Fn(&SignedHeaders) -> Reply) -> SignedHeaders {
    let deadline = Instant::now() + Duration::from_secs(3 * BOUND);
    let spent = loop {
        let headers = client.headers(api).unwrap();
        let reply = ask(&headers);
        ok(&reply, 200);
        if age(&reply) > 0 {
            break headers;
        }
        assert!(Instant::now() < deadline, "no copy was shown");
        thread::sleep(Duration::from_millis(50));
    };
    // The nonce is stored after the answer.
    thread::sleep(Duration::from_millis(500));
    spent
}

/// Asks again and again for some time.
pub fn poll<T>(time: Duration, ask: impl Fn() -> T) -> Vec<T> {
    let (since, mut answers) = (Instant::now(), Vec::new());
    while since.elapsed() < time {
        answers.push(ask());
        thread::sleep(Duration::from_millis(50));
    }
    answers
}

/// Asks until what was withdrawn before is no longer shown, which must be within the bound, and then for ever.
pub fn gone_within_the_bound(is_shown: impl Fn() -> bool) {
    let since = Instant::now();
    let mut last = 0.0;
    while since.elapsed() < Duration::from_secs(BOUND + 1) {
        let asked = since.elapsed().as_secs_f64();
        if is_shown() {
            last = asked;
        }
        thread::sleep(Duration::from_millis(50));
    }
    assert!(last < BOUND as f64, "still shown after {last} s");
    assert!(!is_shown());
}

/// Whether it is shown; if not, it is refused.
pub fn is_shown(reply: &Reply) -> bool {
    if reply.status != 200 {
        refused(reply, 401);
    }
    reply.status == 200
}
