//! Static files that live inside a function: how they are packed when it is built, and how they are answered.
//! Which path leads to which file is for the function.

#[cfg(feature = "serve")]
mod asset;
#[cfg(feature = "pack")]
pub mod pack;
#[cfg(feature = "serve")]
mod site;

#[cfg(feature = "serve")]
pub use asset::{Age, Asset};
#[cfg(feature = "serve")]
pub use site::Site;
