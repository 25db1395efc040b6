//! Keys as they are stored.

use crypto::seal::DataKey;
use model::{
    qnsp::hsm::{Key as ShownKey, KeyMetadata, Purpose},
    time::IsoTime,
};
use platform::{Row, Statement};
use policy::qnsp::hsm::{KeyKind, Mechanism};
use service::{Error, Guard, Result};
use zeroize::Zeroizing;

use super::{Connection, connection::CONNECTION, open_material};
use crate::{Caller, conflict, missing};

/// The columns of a key that [`shown`] reads.
pub const SHOWN: &str = "id, connection_id, key_type, key_size, mechanism, purposes, public_key, status, replaced_by, name, \
     description, created_at";

/// The columns of a key (`k`) that [`Key::of`] reads.
const KEY: &str = "k.id AS key_id, k.algorithm, k.mechanism, k.purposes, k.public_key, k.sealed_material, k.name, \
     k.description, k.status AS key_status";

/// A key with its connection.
pub struct Key {
    pub id: String,
    pub kind: KeyKind,
    pub mechanism: Mechanism,
    pub purposes: Vec<Purpose>,
    /// SubjectPublicKeyInfo, DER in base64.
    pub public_key: Option<String>,
    pub name: Option<String>,
    pub description: Option<String>,
    pub is_active: bool,
    pub connection: Connection,
    sealed_material: Option<Vec<u8>>,
}

impl Key {
    /// Reads the row of [`Key::of`].
    pub fn select(caller: &Caller, id: &str) -> Statement {
        let select = format!(
            "SELECT {KEY}, {CONNECTION} FROM qnsp_hsm_keys k JOIN qnsp_hsm_connections c ON c.tenant_id = k.tenant_id \
             AND c.id = k.connection_id WHERE k.tenant_id = ?1 AND k.id = ?2"
        );
        Statement::new(select).bind(caller.tenant()).bind(id)
    }

    pub fn of(row: &Row) -> Result<Self> {
        let unknown = || Error::internal("a key of an unknown kind");
        let (algorithm, mechanism): (String, String) = (row.get("algorithm")?, row.get("mechanism")?);
        Ok(Self {
            id: row.get("key_id")?,
            kind: KeyKind::parse(&algorithm).ok_or_else(unknown)?,
            mechanism: Mechanism::parse(&mechanism).ok_or_else(unknown)?,
            purposes: purposes(row)?,
            public_key: row.get("public_key")?,
            name: row.get("name")?,
            description: row.get("description")?,
            is_active: row.get::<String>("key_status")? == "active",
            connection: Connection::of(row)?,
            sealed_material: row.get("sealed_material")?,
        })
    }

    /// The bytes of a key that is here.
    pub fn material(&self, caller: &Caller, data_key: Option<&DataKey>) -> Result<Zeroizing<Vec<u8>>> {
        let (Some(sealed), Some(data_key)) = (&self.sealed_material, data_key) else {
            return Err(Error::internal("the bytes of a key are not here"));
        };
        open_material(data_key, caller.tenant(), &self.id, sealed)
    }
}

/// A key as it is shown.
pub fn shown(row: &Row) -> Result<ShownKey> {
    Ok(ShownKey {
        key_id: row.get("id")?,
        connection_id: row.get("connection_id")?,
        key_type: row.get("key_type")?,
        key_size: row.get("key_size")?,
        algorithm: row.get("mechanism")?,
        purpose: purposes(row)?,
        public_key: row.get("public_key")?,
        status: row.get("status")?,
        replaced_by: row.get("replaced_by")?,
        metadata: KeyMetadata { name: row.get("name")?, description: row.get("description")? },
        created_at: IsoTime(row.get("created_at")?),
    })
}

fn purposes(row: &Row) -> Result<Vec<Purpose>> {
    serde_json::from_str(&row.get::<String>("purposes")?).map_err(|_| Error::internal("purposes that cannot be read"))
}

pub fn key_exists(caller: &Caller, id: &str) -> Guard {
    let exists = "EXISTS (SELECT 1 FROM qnsp_hsm_keys WHERE tenant_id = ?1 AND id = ?2)";
    Guard::new(exists, missing("No such key")).bind(caller.tenant()).bind(id)
}

pub fn key_is_active(caller: &Caller, id: &str) -> Guard {
    let active = "EXISTS (SELECT 1 FROM qnsp_hsm_keys WHERE tenant_id = ?1 AND id = ?2 AND status = 'active')";
    Guard::new(active, conflict("The key is retired")).bind(caller.tenant()).bind(id)
}
