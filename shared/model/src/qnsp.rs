//! The QNSP API on the wire: one module per service, and the types that all of them use.

pub mod access;
pub mod agility;
pub mod ai;
pub mod audit;
pub mod auth;
pub mod billing;
pub mod dynamic_secrets;
pub mod escrow;
pub mod hsm;
pub mod inventory;
pub mod jit;
pub mod kms;
pub mod observability;
pub mod operators;
pub mod search;
pub mod security;
pub mod storage;
pub mod tenant;
mod types;
pub mod vault;

pub use types::{Currency, List, Money, Number, Object, Text, Whole};
