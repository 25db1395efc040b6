//! What the black-box suite stands on: the functions linked natively, and how each runtime is started
//! and stopped. The cases themselves are in `tests/blackbox`.

pub mod answered;
pub mod documented;
pub mod libsql;
pub mod native;
pub mod node;
pub mod openbao;
pub mod placement;
pub mod postgres;
pub mod provider;
pub mod rows;
pub mod runtime;
pub mod selection;
mod state;
pub mod tools;
pub mod variables;
pub mod wait;
mod workerds;
