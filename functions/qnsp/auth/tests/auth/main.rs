//! The auth service over a database of its own: what calls alone do not show. Its operations and their rules are cases of
//! the black-box suite.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod evaluate;
mod query;
mod reports;
mod retention;
mod service;
