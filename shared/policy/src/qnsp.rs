//! The rules of the QNSP API that need no storage: roles, tiers, controls of operations, prices, and what is computed.

mod controls;
mod role;
mod tier;

pub use controls::Controls;
pub use role::Role;
pub use tier::{AddOn, Resource, Service, Tier};
