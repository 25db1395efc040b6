//! What a hardware security module does, in software: it makes keys, wraps and unwraps with them, signs and verifies.
//! Which key may do what, and where keys are kept, is not decided here. No I/O and no randomness of its own: whatever is
//! random follows from a [`Seed`] that the caller draws, so that the same input gives the same bytes on every runtime.
//!
//! One set of tests holds natively and on wasm: `cargo test -p chancery-hsm --target wasm32-unknown-unknown`.

mod aes;
mod ec;
mod error;
mod material;
mod ml_dsa;
mod ml_kem;
mod rsa;
mod seed;

#[cfg(test)]
mod tests;

pub use error::{Error, Result};
pub use material::{Material, Message, PublicKey};
pub use seed::Seed;
