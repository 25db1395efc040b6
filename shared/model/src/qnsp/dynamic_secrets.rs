//! Dynamic secrets of the vault service: configurations of what makes credentials, and leases of them.

use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;
use utoipa::ToSchema;

use crate::{
    body,
    faults::Faults,
    qnsp::{List, Object, Text, Whole},
    time::IsoTime,
};

/// What the credentials are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, ToSchema)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum DynamicSecretType {
    Database,
    CloudCredentials,
    ApiKey,
    Certificate,
    SshKey,
}

/// What makes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, ToSchema)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum DynamicSecretBackend {
    #[serde(alias = "postgresql")]
    Postgres,
    Mysql,
    Mongodb,
    Redis,
    Aws,
    Azure,
    Gcp,
    AwsIam,
    AzureSp,
    GcpSa,
}

body! {
    /// The account with which users are made; it takes the place of the one in the URL.
    pub struct DynamicSecretAccount {
        pub username: Option<Text<1, 256>> as "username",
        pub password: Option<Text<0, 2000>> as "password",
    }
}

body! {
    pub struct NewDynamicSecretBackend {
        pub kind: Option<DynamicSecretBackend> as "type",
        /// `postgres://[user[:password]@]host[:port][/database][?sslmode=disable|prefer|require|verify-full]`. The
        /// certificate of a server is verified wherever a session is encrypted.
        pub connection_string: Option<Text<1, 2000>> as "connectionString",
        pub credentials: Option<DynamicSecretAccount> as "credentials",
    }
}

body! {
    pub struct NewDynamicSecretTemplate {
        /// How users are called: `A-Z a-z 0-9 _ -`, `{{config}}`, `{{role}}`, `{{unix}}`, and `{{random8}}`, which must be
        /// there.
        pub username_template: Option<Text<1, 128>> as "usernameTemplate",
        /// A role of the database that each user is granted; of an API key its role, `viewer` or `developer`.
        pub role_template: Option<Text<1, 128>> as "roleTemplate",
        /// Make a user, in one transaction: `{{name}}`, `{{password}}` and `{{expiration}}` are filled in.
        #[schema(value_type = Option<Vec<Text<1, 2000>>>, max_items = 32)]
        pub creation_statements: Option<List<Text<1, 2000>, 32>> as "creationStatements",
        /// Remove a user, in one transaction.
        #[schema(value_type = Option<Vec<Text<1, 2000>>>, max_items = 32)]
        pub revocation_statements: Option<List<Text<1, 2000>, 32>> as "revocationStatements",
    } where faults {
        for (name, list) in [("creationStatements", &creation_statements), ("revocationStatements", &revocation_statements)] {
            let is_empty = matches!(list, Some(Some(list)) if list.0.is_empty());
            faults.check(!is_empty, name, "must have at least one item");
        }
    }
}

body! {
    pub struct NewDynamicSecretTtl {
        /// An ISO 8601 duration of a minute to 30 days.
        pub default: Option<Text<1, 128>> as "default",
        /// An ISO 8601 duration up to 30 days; the default if not given.
        pub max: Option<Text<1, 128>> as "max",
    }
}

body! {
    pub struct CreateDynamicSecretConfig {
        /// No two configurations of a tenant have the same name.
        pub name: Text<1, 128> as "name",
        kind: Option<DynamicSecretType> as "type",
        /// SDKs call it so.
        secret_type: Option<DynamicSecretType> as "secretType",
        pub backend: Option<NewDynamicSecretBackend> as "backend",
        pub template: Option<NewDynamicSecretTemplate> as "template",
        pub ttl: Option<NewDynamicSecretTtl> as "ttl",
        /// SDKs give it so.
        pub default_ttl_seconds: Option<Whole<1, 1_000_000_000>> as "defaultTtlSeconds",
        /// SDKs give it so.
        pub max_ttl_seconds: Option<Whole<1, 1_000_000_000>> as "maxTtlSeconds",
        /// Whether the server is asked before the configuration is stored.
        pub verify_connection: Option<bool> as "verifyConnection",
    } where faults {
        if let (Some(kind), Some(secret_type), Some(backend)) = (&kind, &secret_type, &backend) {
            check(faults, kind.or(*secret_type), backend.as_ref());
        }
        if let (Some(ttl), Some(seconds)) = (&ttl, &default_ttl_seconds) {
            let is_given = ttl.as_ref().is_some_and(|ttl| ttl.default.is_some()) || seconds.is_some();
            faults.check(is_given, "ttl.default", "is required");
        }
    }
}

/// What a configuration of this type must say.
fn check(faults: &mut Faults, kind: Option<DynamicSecretType>, backend: Option<&NewDynamicSecretBackend>) {
    let Some(kind) = kind else {
        faults.add("type", "is required");
        return;
    };
    let named = backend.and_then(|backend| backend.kind);
    faults.check(named.is_some() || kind == DynamicSecretType::ApiKey, "backend.type", "is required");
    if (kind, named) == (DynamicSecretType::Database, Some(DynamicSecretBackend::Postgres)) {
        let is_given = backend.is_some_and(|backend| backend.connection_string.is_some());
        faults.check(is_given, "backend.connectionString", "is required");
    }
}

impl CreateDynamicSecretConfig {
    pub fn kind(&self) -> Option<DynamicSecretType> {
        self.kind.or(self.secret_type)
    }

    pub fn backend_kind(&self) -> Option<DynamicSecretBackend> {
        self.backend.as_ref().and_then(|backend| backend.kind)
    }
}

body! {
    pub struct GenerateCredentials {
        /// An ISO 8601 duration of a second or more, up to that of the configuration, whose default it has if not given.
        pub ttl: Option<Text<1, 128>> as "ttl",
        /// SDKs give it so.
        pub ttl_seconds: Option<Whole<-1_000_000_000, 1_000_000_000>> as "ttlSeconds",
        /// What the event of the call tells of it. No secrets.
        #[schema(value_type = Option<serde_json::Value>)]
        pub metadata: Option<Object<16>> as "metadata",
    }
}

body! {
    pub struct RenewLease {
        /// An ISO 8601 duration of a second or more. A lease never lives longer than its configuration has said.
        pub ttl: Option<Text<1, 128>> as "ttl",
        /// SDKs give it so.
        pub ttl_seconds: Option<Whole<-1_000_000_000, 1_000_000_000>> as "ttlSeconds",
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DynamicSecretConfigCreated {
    pub config_id: String,
    /// The same, as SDKs read it.
    pub id: String,
    pub name: String,
    #[serde(rename = "type")]
    pub kind: DynamicSecretType,
    pub created_at: IsoTime,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DynamicSecretConfig {
    pub config_id: String,
    pub name: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub backend: String,
    /// Those that have neither ended nor been revoked.
    pub active_leases: i64,
}

#[derive(Serialize, ToSchema)]
pub struct DynamicSecretConfigs {
    /// Oldest first.
    pub configs: Vec<DynamicSecretConfig>,
    pub total: i64,
}

/// Shown once, and kept as a hash only.
#[derive(Serialize, ToSchema)]
pub struct Credentials {
    pub username: String,
    pub password: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LeaseIssued {
    pub lease_id: String,
    pub credentials: Credentials,
    pub expires_at: IsoTime,
    /// Whether the lease may live longer than this.
    pub renewable: bool,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Lease {
    pub lease_id: String,
    pub created_at: IsoTime,
    pub expires_at: IsoTime,
    /// `active`, `expired` or `revoked`.
    pub status: String,
}

#[derive(Serialize, ToSchema)]
pub struct Leases {
    /// Newest first. What has ended is listed for 30 days.
    pub leases: Vec<Lease>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LeaseRenewed {
    pub lease_id: String,
    pub expires_at: IsoTime,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LeaseRevoked {
    pub lease_id: String,
    /// When it was revoked first.
    pub revoked_at: IsoTime,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LeasesRevoked {
    pub config_id: String,
    /// How many leases were active and are no longer.
    pub revoked_leases: i64,
    #[schema(value_type = String)]
    pub revoked_at: IsoTime,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DynamicSecretStats {
    pub total_configs: i64,
    pub active_leases: i64,
    /// Of all time, without those that were revoked.
    pub expired_leases: i64,
    /// Of all time.
    pub revoked_leases: i64,
    /// How many configurations there are of each type.
    #[schema(value_type = std::collections::BTreeMap<String, i64>)]
    pub by_type: std::collections::BTreeMap<String, i64>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faults::read;

    /// The fields that are named as wrong.
    fn faulty(body: &str) -> Vec<String> {
        match read::<CreateDynamicSecretConfig>(body.as_bytes(), "Body") {
            Ok(_) => Vec::new(),
            Err(faults) => faults.iter().map(|fault| fault.path.clone()).collect(),
        }
    }

    #[test]
    fn a_configuration_says_what_its_type_needs() {
        let postgres = r#"{"name":"n","type":"database","backend":{"type":"postgresql","connectionString":"c"},"defaultTtlSeconds":60}"#;
        assert_eq!(faulty(postgres), [""; 0]);
        assert_eq!(faulty(r#"{"name":"n","secretType":"api_key","ttl":{"default":"PT1M"}}"#), [""; 0]);
        assert_eq!(faulty("{}"), ["name", "type", "ttl.default"]);
        assert_eq!(faulty(r#"{"name":"n","type":"database","ttl":{}}"#), ["backend.type", "ttl.default"]);
        let no_address = r#"{"name":"n","type":"database","backend":{"type":"postgres"},"ttl":{"default":"PT1M"}}"#;
        assert_eq!(faulty(no_address), ["backend.connectionString"]);
        let strange = r#"{"name":"n","type":"licence","backend":{"type":"paper"},"ttl":{"default":"PT1M"}}"#;
        assert_eq!(faulty(strange), ["type", "backend.type"]);
        let empty = r#"{"name":"n","type":"api_key","ttl":{"default":"PT1M"},"template":{"creationStatements":[]}}"#;
        assert_eq!(faulty(empty), ["template.creationStatements"]);
    }
}
