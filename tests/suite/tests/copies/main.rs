//! Copies over the native host: instances of a function over one database, with and without a key-value store between
//! them, at times that a test chooses. What callers see of copies on every runtime is in the black-box suite.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod configuration;
mod instances;
mod licensing;
mod licensing_bound;
