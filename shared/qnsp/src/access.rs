//! Access policies as they are stored, and decisions by them, for every service that makes policies or asks.

mod decider;
pub mod grants;
mod refusal;
mod store;

pub use decider::Candidates;
pub use refusal::{Refusal, sweep_refusals};
pub use store::{AccessPolicyRow, COLUMNS, delete, exists, insert, name_is_free, statement_hash, update};
