//! Configuration variables and secrets of a deployment, by their upper-case names.

use crate::Task;

pub trait Vars: Send + Sync {
    /// The value, or `None` when it is not set or empty.
    fn get(&self, name: &'static str) -> Task<'_, Option<String>>;
}
