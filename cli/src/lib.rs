//! `chancery`, the operator's tool, as a library: the signing client that the tool and the black-box tests share,
//! and the tool's commands. The process itself (arguments, exit code) starts in `main.rs`.

pub mod client;
mod error;

pub use error::{Error, Result};
