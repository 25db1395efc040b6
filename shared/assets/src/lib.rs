//! Static files that live inside a function: how they are packed when it is built, and how they are answered.
//! Which path leads to which file is for the function.

mod asset;
#[cfg(feature = "pack")]
pub mod pack;
mod site;

pub use asset::{Age, Asset};
pub use site::Site;
