//! The pipeline over a real database, with operations of its own: the order of refusals, what a call counts and records,
//! tokens, keys of idempotency, and a database that fails at any statement.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod atomicity;
mod deployment;
mod idempotency;
mod operations;
mod order;
mod things;
mod tokens;
