//! Connections as they are stored.

use crypto::seal::DataKey;
use model::qnsp::hsm::{CredentialsType, Provider};
use platform::{Row, Statement};
use policy::qnsp::hsm::Module;
use serde_json::{Map, Value};
use service::{Error, Guard, Result};

use super::{Endpoint, Transit, open_credentials};
use crate::{Caller, Settings, conflict, missing};

/// The columns of a connection (`c`) that [`Connection::of`] reads.
pub(super) const CONNECTION: &str = "c.id AS connection_id, c.provider, c.endpoint, c.port, c.credentials_type, c.sealed_credentials, \
     c.status AS connection_status, c.revision";

#[derive(Debug)]
pub struct Connection {
    pub id: String,
    pub provider: Provider,
    pub endpoint: String,
    pub port: i64,
    pub credentials_type: CredentialsType,
    pub status: String,
    pub revision: i64,
    pub sealed_credentials: Option<Vec<u8>>,
}

impl Connection {
    /// Reads the row of [`Connection::of`].
    pub fn select(caller: &Caller, id: &str) -> Statement {
        let select = format!("SELECT {CONNECTION} FROM qnsp_hsm_connections c WHERE c.tenant_id = ?1 AND c.id = ?2");
        Statement::new(select).bind(caller.tenant()).bind(id)
    }

    pub fn of(row: &Row) -> Result<Self> {
        let (provider, credentials): (String, String) = (row.get("provider")?, row.get("credentials_type")?);
        let unknown = || Error::internal("a connection of an unknown kind");
        Ok(Self {
            id: row.get("connection_id")?,
            provider: provider.parse().map_err(|_| unknown())?,
            endpoint: row.get("endpoint")?,
            port: row.get("port")?,
            credentials_type: credentials.parse().map_err(|_| unknown())?,
            status: row.get("connection_status")?,
            revision: row.get("revision")?,
            sealed_credentials: row.get("sealed_credentials")?,
        })
    }

    #[must_use]
    pub fn module(&self) -> Module {
        Endpoint::module(&self.endpoint)
    }

    /// The member of the credentials that their type is named after, where it was given.
    pub fn credential(&self, caller: &Caller, data_key: Option<&DataKey>) -> Result<Option<String>> {
        let (Some(sealed), Some(data_key)) = (&self.sealed_credentials, data_key) else { return Ok(None) };
        let json = open_credentials(data_key, caller.tenant(), &self.id, sealed)?;
        let members: Map<String, Value> =
            serde_json::from_slice(&json).map_err(|_| Error::internal("credentials that are no object"))?;
        let member = members.get(self.credential_name()).and_then(Value::as_str);
        Ok(member.filter(|text| !text.is_empty()).map(str::to_owned))
    }

    #[must_use]
    pub fn credential_name(&self) -> &'static str {
        match self.credentials_type {
            CredentialsType::Certificate => "certificate",
            CredentialsType::ApiKey => "apiKey",
            CredentialsType::ManagedIdentity => "clientId",
        }
    }

    /// The server behind the connection; `None` for the embedded module. What the operator allows may have changed since
    /// the endpoint was given: then nobody is asked.
    pub fn transit(&self, caller: &Caller, data_key: Option<&DataKey>) -> Result<Option<Transit>> {
        if self.module() == Module::Embedded {
            return Ok(None);
        }
        let token = self.credential(caller, data_key)?.unwrap_or_default();
        let endpoint = Endpoint::parse(&self.endpoint, self.port, &Settings::of(&caller.app)?.outbound_hosts);
        Ok(Some(Transit::new(endpoint.ok(), token)))
    }
}

pub fn connection_exists(caller: &Caller, id: &str) -> Guard {
    let exists = "EXISTS (SELECT 1 FROM qnsp_hsm_connections WHERE tenant_id = ?1 AND id = ?2)";
    Guard::new(exists, missing("No such connection")).bind(caller.tenant()).bind(id)
}

pub fn connection_is_active(caller: &Caller, id: &str) -> Guard {
    let active = "EXISTS (SELECT 1 FROM qnsp_hsm_connections WHERE tenant_id = ?1 AND id = ?2 AND status = 'active')";
    Guard::new(active, conflict("The connection is not active")).bind(caller.tenant()).bind(id)
}

/// Whether the connection leads where it did when it was read, with the same credentials.
pub fn connection_is_unchanged(caller: &Caller, connection: &Connection) -> Guard {
    let same = "EXISTS (SELECT 1 FROM qnsp_hsm_connections WHERE tenant_id = ?1 AND id = ?2 AND revision = ?3)";
    let guard = Guard::new(same, conflict("The connection was changed meanwhile"));
    guard.bind(caller.tenant()).bind(connection.id.as_str()).bind(connection.revision)
}
