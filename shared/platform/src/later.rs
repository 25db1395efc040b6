//! Work that goes on after an answer was given. It may be cut short when an instance ends, so it must be work that can be
//! taken up again.

use http::Extensions;

use crate::Task;

/// Runs a task beside or after the request whose extensions these are.
pub fn later(extensions: &Extensions, task: Task<'static, ()>) {
    crate::runtime::later(extensions, task);
}
