//! `chancery`, the operator's tool, as a library: the signing client that the tool and the black-box tests share,
//! and the tool's commands. The process itself (arguments, exit code) is `main.rs`.

mod audit_export;
mod audit_mirror;
pub mod client;
pub mod commands;
pub mod consent_chain;
mod duration;
mod error;
mod formats;
mod input;
mod json;
mod output;
mod parallel;
mod private_file;
mod request;
mod retry;
mod usage;

pub use error::{Error, Result};
