//! YAML 1.2 with its core schema, and the merge keys of YAML 1.1. docs/formats.md lists what is read and what is written.

mod read;
mod scalar;
mod write;

pub(super) use read::parse;
pub(super) use write::{document, write};
