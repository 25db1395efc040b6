//! Words of enumerations as rows hold them.

use platform::Row;
use serde::de::{DeserializeOwned, IntoDeserializer as _, value::Error as Unknown};
use service::{Error, Result};

/// A word that was stored as one of an enumeration's.
pub fn word<T: DeserializeOwned>(row: &Row, column: &str) -> Result<T> {
    let read: std::result::Result<T, Unknown> = T::deserialize(row.get::<String>(column)?.into_deserializer());
    read.map_err(|_| Error::internal(format!("a word is stored in {column} that is not known")))
}
