//! The key management service.

mod algorithm;
mod usage;

pub use algorithm::{AlgorithmCategory, AlgorithmStatus};
pub use usage::KeyOperation;
