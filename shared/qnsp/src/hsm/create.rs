//! How a key comes to be: in the embedded module, or on a server. It exists where it will be used before it is in the list.

use ::hsm::Seed;
use crypto::{base64, seal::DataKey};
use model::qnsp::hsm::Purpose;
use platform::{Statement, clock, random};
use policy::qnsp::hsm::{KeyKind, Mechanism};
use serde_json::json;
use service::{Error, Result};

use super::{Connection, Failure, Operation, Transit, embedded, seal_material};
use crate::Caller;

/// A key that is wanted.
#[derive(Clone, Copy, Debug)]
pub struct NewKey<'a> {
    pub id: &'a str,
    pub connection: &'a Connection,
    pub kind: KeyKind,
    pub mechanism: Mechanism,
    pub purposes: &'a [Purpose],
    pub name: Option<&'a str>,
    pub description: Option<&'a str>,
    /// The key that is retired for it.
    pub replaces: Option<&'a str>,
}

/// A key that exists, and is not in the list yet.
pub struct MadeKey {
    /// SubjectPublicKeyInfo, DER in base64.
    pub public_key: Option<String>,
    sealed_material: Option<Vec<u8>>,
    /// The server that has the key.
    server: Option<Transit>,
}

impl<'a> NewKey<'a> {
    /// Makes the key, and tells how many milliseconds that took. `data_key` is that of the tenant.
    pub async fn make(&self, caller: &Caller, data_key: Option<&DataKey>) -> Result<(Result<MadeKey, Failure>, i64)> {
        let started = clock::now_ms();
        let made = match self.connection.transit(caller, data_key)? {
            None => Ok(self.make_here(caller, data_key).await?),
            Some(server) => server.create_key(self.id, self.kind).await.map(|key| MadeKey {
                public_key: key.public_key.map(|der| base64::encode(&der)),
                sealed_material: None,
                server: Some(server),
            }),
        };
        Ok((made, clock::now_ms() - started))
    }

    async fn make_here(&self, caller: &Caller, data_key: Option<&DataKey>) -> Result<MadeKey> {
        let cannot = || Error::internal("a key cannot be made");
        let data_key = data_key.ok_or_else(cannot)?;
        let material = embedded::generate(self.kind, Seed::new(random::bytes()?)).await.map_err(|_| cannot())?;
        let public_key = material.public_key().map_err(|_| cannot())?;
        Ok(MadeKey {
            public_key: public_key.map(|der| base64::encode(&der)),
            sealed_material: Some(seal_material(data_key, caller.tenant(), self.id, material.bytes())?),
            server: None,
        })
    }

    /// Puts the key into the list, and retires the one that it replaces.
    pub fn store(&self, caller: &Caller, made: &MadeKey) -> Vec<Statement> {
        let insert = Statement::new(
            "INSERT INTO qnsp_hsm_keys (tenant_id, id, created_at, connection_id, key_type, key_size, algorithm, mechanism, \
             purposes, public_key, sealed_material, name, description, status) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, 'active')",
        );
        let key_type: &str = self.kind.key_type().into();
        let insert = insert
            .bind(caller.tenant())
            .bind(self.id)
            .bind(caller.now)
            .bind(self.connection.id.as_str())
            .bind(key_type)
            .bind(self.kind.size())
            .bind(self.kind.name())
            .bind(self.mechanism.name())
            .bind(json!(self.purposes).to_string())
            .bind(made.public_key.clone())
            .bind(made.sealed_material.clone())
            .bind(self.name.map(str::to_owned))
            .bind(self.description.map(str::to_owned));
        let retire = "UPDATE qnsp_hsm_keys SET status = 'retired', replaced_by = ?3 WHERE tenant_id = ?1 AND id = ?2";
        let retire = self.replaces.map(|key| Statement::new(retire).bind(caller.tenant()).bind(key).bind(self.id));
        [Some(insert), retire].into_iter().flatten().collect()
    }

    /// What the module was asked for.
    #[must_use]
    pub fn operation(&self, is_made: bool, latency: i64) -> Operation<'a> {
        Operation { connection: self.connection, key: is_made.then_some(self.id), operation: "key.create", latency }
    }
}

impl MadeKey {
    /// Deletes the key from its server: one that is in no list is nobody's.
    pub async fn forget(self, id: &str) {
        if let Some(server) = self.server
            && server.delete_key(id).await.is_err()
        {
            platform::log::error(&format!("the key {id} could not be deleted from its module again"));
        }
    }
}
