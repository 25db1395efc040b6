//! Work that goes on after an answer was given. It may be cut short when an instance ends, so it must be work that can be
//! taken up again.

use http::Extensions;

use crate::Task;

/// Put into the request that the runtime's own trigger makes; nobody outside can.
#[derive(Clone, Copy)]
pub(crate) struct Trigger;

/// Whether the runtime itself asks.
pub fn is_trigger(extensions: &Extensions) -> bool {
    extensions.get::<Trigger>().is_some()
}

/// Runs a task beside or after the request whose extensions these are.
pub fn later(extensions: &Extensions, task: Task<'static, ()>) {
    crate::runtime::later(extensions, task);
}
