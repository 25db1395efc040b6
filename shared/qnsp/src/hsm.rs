//! Keys of hardware security modules and the connections that lead to them, as they are stored: what functions of the key
//! management service share, and how keys are made. A server is asked by [`Transit`].

mod connection;
mod create;
mod embedded;
mod endpoint;
mod key;
mod operation;
mod sealing;
mod transit;

pub use connection::{Connection, connection_exists, connection_is_active, connection_is_unchanged};
pub use create::{MadeKey, NewKey};
pub use embedded::{sign, unwrap};
pub use endpoint::Endpoint;
pub use key::{Key, SHOWN, key_exists, key_is_active, shown};
pub use operation::{Operation, record, record_failure, recorded};
pub use sealing::{open_credentials, open_material, seal_credentials, seal_material};
pub use transit::{Failure, Transit, TransitKey};
