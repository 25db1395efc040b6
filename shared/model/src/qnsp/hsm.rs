//! Hardware security modules of the key management service: connections to them, the keys on them, and what keys do.

mod bytes;
mod connection;
mod key;
mod operation;

pub use bytes::Bytes;
pub use connection::{
    ChangeHsmConnection, ChangeHsmConnectionConfig, Connection, ConnectionChanged, ConnectionConfig, ConnectionCreated,
    ConnectionHealth, ConnectionInList, Connections, CreateHsmConnection, CredentialsType, HsmConnectionMetadata,
    HsmCredentials, NewHsmConnectionConfig, Provider, Validation, ValidationDetails,
};
pub use key::{CreateHsmKey, Key, KeyCreated, KeyMetadata, KeyType, Keys, NewHsmKeyMetadata, Purpose};
pub use operation::{
    KeyUnwrapped, KeyWrapped, MessageType, Operation, Operations, SignData, Signed, UnwrapKey, Verified,
    VerifySignature, WrapKey,
};
