//! The one error of this crate. Nothing of a key or a text stands in it.

use std::fmt;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The bytes are no key of this kind.
    Material,
    /// This kind of key does not work by this mechanism.
    Mechanism,
    /// The key to be wrapped is too long for the mechanism.
    TooLong,
    /// The wrapped key does not open. Why is not said.
    Integrity,
    /// A hash of another length than the mechanism's, or a hash where the mechanism takes the message.
    Digest,
    /// A key could not be made, or the operation failed for a reason of its own.
    Failed,
}

pub type Result<T, E = Error> = std::result::Result<T, E>;

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Material => "the bytes are no key of this kind",
            Self::Mechanism => "this key does not work by this mechanism",
            Self::TooLong => "the key is too long to be wrapped by this mechanism",
            Self::Integrity => "the wrapped key does not open",
            Self::Digest => "not a hash of this mechanism",
            Self::Failed => "the operation failed",
        })
    }
}

impl std::error::Error for Error {}
