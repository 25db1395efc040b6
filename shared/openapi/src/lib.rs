//! utoipa, under whose name the other crates use it. The OpenAPI documents are made natively, so only there anything is
//! described: for wasm the same attributes leave of an operation its method and path, which the router takes from them.

#[cfg(not(target_family = "wasm"))]
pub use utoipa::*;

#[cfg(target_family = "wasm")]
mod undescribed;
#[cfg(target_family = "wasm")]
pub use undescribed::*;
