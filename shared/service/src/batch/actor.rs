//! The caller of an operation, as a batch sees it. A type of caller writes only what is its own; what all of them know of
//! the request is [`Call`].

use std::ops::Deref;

use platform::{SqlError, Statement};

use super::Batch;
use crate::{Audit, Call, Guard, Result};

/// The caller of an operation. Adds to a batch what admits it, and explains why it was not admitted. It dereferences to its
/// call, so that handlers read `session.app` and `session.now` of every type of caller.
pub trait Actor: Deref<Target = Call> + Clone + Send + Sync {
    /// What the audit log calls the caller; `None` where the statement of the entry finds it by the nonce.
    fn name(&self) -> Option<String>;

    /// What was asked for, as far as is known without the entry of the batch.
    fn asked(&self) -> Audit;

    /// The conditions under which this caller may go on, judged before those of the handler.
    fn guards(&self) -> Vec<Guard> {
        Vec::new()
    }

    /// Statements before all others.
    fn opening(&self) -> Vec<Statement> {
        Vec::new()
    }

    /// Statements after all others, whose outcomes nobody reads; after the answer of what only reads.
    fn closing(&self) -> Vec<Statement> {
        Vec::new()
    }

    /// The key of the request's row in `request_nonces`, and the caller's id of the request.
    fn nonce(&self) -> Option<&str> {
        None
    }

    fn request_id(&self) -> Option<&str> {
        None
    }

    /// Whether a batch that was refused may be tried once more, when [`Actor::explain`] gives no refusal.
    fn may_retry(&self) -> bool {
        false
    }

    /// Looks whether the caller may go on at all, by a batch without statements of a handler: for what must exist before a
    /// change can be put together. The batch of the change judges again.
    fn check(&self) -> impl Future<Output = Result<()>> + Send {
        let batch = Batch::new(self.clone());
        async { batch.read().await.map(drop) }
    }

    /// Why the opening broke the batch; `None` when the error is not about the caller. `asked` is what was refused.
    fn explain(&self, error: &SqlError, asked: Audit) -> impl Future<Output = Option<Result<()>>> + Send {
        let _ = (error, asked);
        std::future::ready(None)
    }

    /// The batch has happened.
    fn committed(&self) {}
}
