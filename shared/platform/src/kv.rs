//! A cache that other instances may see. Nothing correct depends on it: a value may be missing, or be an
//! older one, so callers store a time inside the value and seal it.

use crate::Task;

pub trait Kv: Send + Sync {
    fn get(&self, key: &str) -> Task<'_, Option<Vec<u8>>>;
    /// Best effort; a failure is logged.
    fn put(&self, key: &str, value: Vec<u8>) -> Task<'_, ()>;
}
