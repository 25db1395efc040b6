//! The one error of the tool, and the exit code that each kind of failure means. Messages never carry a licence key,
//! a private key or a secret's value.

use std::fmt;

pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Debug)]
pub enum Error {
    /// The tool was called wrongly, or what it needs locally is missing.
    Usage(String),
    /// The service answered 4xx.
    Refused { status: u16, message: String, hint: Option<&'static str> },
    /// The service answered, and what was asked for is not there.
    Missing(String),
    /// Of many things some were refused.
    Partly(String),
    /// What was checked does not hold; a line for each fault.
    Broken(String),
    /// The command of `run` did not start.
    Command { code: u8, message: String },
    /// No answer came.
    Unreachable { url: String, cause: String },
    /// The service answered something that it should not: 5xx, a redirect, or a body that cannot be read.
    Fault(String),
}

impl Error {
    pub fn usage(message: impl Into<String>) -> Self {
        Self::Usage(message.into())
    }

    /// What the process ends with: 1 refused or found wrong, 2 usage, 3 unreachable or a fault of the service; what shells
    /// have for a command that does not start.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Refused { .. } | Self::Missing(_) | Self::Partly(_) | Self::Broken(_) => 1,
            Self::Usage(_) => 2,
            Self::Command { code, .. } => *code,
            Self::Unreachable { .. } | Self::Fault(_) => 3,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(message)
            | Self::Missing(message)
            | Self::Partly(message)
            | Self::Broken(message)
            | Self::Command { message, .. } => f.write_str(message),
            Self::Refused { status, message, hint } => {
                write!(f, "the service refused ({status}): {message}")?;
                hint.map_or(Ok(()), |hint| write!(f, "\n{hint}"))
            }
            Self::Unreachable { url, cause } => {
                write!(
                    f,
                    "cannot reach {url}: {cause}\nIs it running? Start it with scripts/up, or name another address with --url."
                )
            }
            Self::Fault(message) => write!(f, "the service failed: {message}"),
        }
    }
}

impl std::error::Error for Error {}
