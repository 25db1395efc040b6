//! Ids, wire types and their validation, one module per API. No I/O, and nothing about who may do what.

pub mod audit;
pub mod auth_level;
pub mod caas;
pub mod config;
pub mod configuration;
pub mod consent;
pub mod directory;
pub mod environment;
pub mod extension;
pub mod faults;
pub mod ids;
pub mod json;
pub mod licensing;
pub mod portal;
pub mod qnsp;
pub mod system;
pub mod time;

pub use auth_level::AuthLevel;
