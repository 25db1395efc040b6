//! Pure cryptography: the ECDH envelope of signed requests, sealing at rest, secret sharing, hash trees, signatures, JSON
//! web tokens, hashes, content ids and base64.
//! No I/O, no clock and no randomness of its own: every IV, nonce and key seed is a parameter, so
//! that the same input gives the same bytes on every runtime. Who may open what is not decided here.
//!
//! One set of tests holds natively and on wasm, where they run in Node once `scripts/env` is sourced:
//! `cargo test -p chancery-crypto --lib --tests --target wasm32-unknown-unknown` (without `--quiet`,
//! which the runner does not know).

mod curve;
mod envelope;
mod error;
mod gcm;

pub mod base64;
pub mod cid;
pub mod hash;
pub mod jwt;
pub mod merkle;
pub mod note;
pub mod password;
pub mod pbkdf2;
pub mod seal;
pub mod shamir;
pub mod sign;
pub mod work;

pub use curve::{Curve, PrivateKey, PublicKey};
pub use envelope::SharedKey;
pub use error::{Error, Result};
pub use zeroize::Zeroizing;
