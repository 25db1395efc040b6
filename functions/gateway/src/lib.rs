//! One origin in front of all functions on Cloudflare Workers: it picks the function by path and hands
//! the request over as it came. It reads no header and no body, and decides nothing about access.
//! Spin routes by itself (`spin.toml`) and has no gateway.

pub mod routes;

#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
mod entry;
