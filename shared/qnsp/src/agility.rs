//! What the keys of a tenant say of the way to post-quantum algorithms: facts that several functions read.

mod keys;
mod readiness;
mod standing;

pub use keys::KeySlots;
pub use readiness::ReadinessSlots;
pub use standing::{Enforced, bind, is_not_enforced, recommended};
