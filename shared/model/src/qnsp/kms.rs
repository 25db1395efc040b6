//! The key management service.

mod algorithm;

pub use algorithm::{AlgorithmCategory, AlgorithmStatus};
