//! The auth service over a database of its own: every operation, and each rule that the contract prints.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod across;
mod evaluate;
mod federation;
mod policies;
mod reports;
mod service;
mod signals;
