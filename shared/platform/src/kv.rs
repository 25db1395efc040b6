//! A cache that other instances may see. Nothing correct depends on it: a value may be missing, or be an
//! older one, so callers store a deadline inside the value and never put a secret in.

use crate::Task;

pub trait Kv: Send + Sync {
    fn get(&self, key: &str) -> Task<'_, Option<Vec<u8>>>;
    /// Best effort; a failure is logged.
    fn put(&self, key: &str, value: Vec<u8>) -> Task<'_, ()>;
    fn delete(&self, key: &str) -> Task<'_, ()>;
}

/// A cache that holds nothing, for hosts whose database is as near as their key-value store.
pub struct NoKv;

impl Kv for NoKv {
    fn get(&self, _key: &str) -> Task<'_, Option<Vec<u8>>> {
        Box::pin(std::future::ready(None))
    }

    fn put(&self, _key: &str, _value: Vec<u8>) -> Task<'_, ()> {
        Box::pin(std::future::ready(()))
    }

    fn delete(&self, _key: &str) -> Task<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}
