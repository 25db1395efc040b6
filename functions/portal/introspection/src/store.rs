//! The SQL of introspection: from a credential over its consumer to an application with a standing instance of the
//! service, and an approved developer.

use model::portal::{
    CredentialType, IntrospectedApplication, IntrospectedDeveloper, IntrospectedService, IntrospectionFacts, Reference,
};
use platform::{Row, Statement};
use service::Result;

const COLUMNS: &str = "c.id AS credential_id, c.consumer_id, a.id AS application_id, a.name AS application_name, \
     a.custom_id, d.id AS developer_id, d.email, s.id AS service_id, s.name AS service_name";

/// From `c`, the credential. A developer's own credential is good where one of their applications is; the oldest is
/// named. `?1` is the service.
const STANDING: &str = "JOIN portal_consumers k ON k.id = c.consumer_id \
     JOIN portal_applications a ON a.id = k.application_id OR a.developer_id = k.developer_id \
     JOIN portal_developers d ON d.id = a.developer_id AND d.status = 0 \
     JOIN portal_application_instances i ON i.application_id = a.id AND i.status = 0 AND i.suspended = 0 \
     JOIN portal_services s ON s.id = i.service_id AND (s.id = ?1 OR s.name = ?1)";

const OLDEST: &str = "ORDER BY a.created_at, a.id LIMIT 1";

pub(crate) fn select_by_key(service: &str, hash: &str) -> Statement {
    let text = format!("SELECT {COLUMNS} FROM portal_key_auth c {STANDING} WHERE c.key_hash = ?2 {OLDEST}");
    Statement::new(text).bind(service).bind(hash)
}

pub(crate) fn select_by_issuer(service: &str, issuer: &str) -> Statement {
    let text = format!(
        "SELECT {COLUMNS}, c.algorithm, c.sealed_secret, c.rsa_public_key FROM portal_jwt c {STANDING} \
             WHERE c.key = ?2 {OLDEST}"
    );
    Statement::new(text).bind(service).bind(issuer)
}

pub(crate) fn select_by_client(service: &str, client_id: &str, secret_hash: &str) -> Statement {
    let text = format!(
        "SELECT {COLUMNS} FROM portal_oauth2 c {STANDING} WHERE c.client_id = ?2 AND c.secret_hash = ?3 {OLDEST}"
    );
    Statement::new(text).bind(service).bind(client_id).bind(secret_hash)
}

pub(crate) fn facts(row: &Row, credential_type: CredentialType) -> Result<IntrospectionFacts> {
    Ok(IntrospectionFacts {
        credential_type,
        credential: Reference { id: row.get("credential_id")? },
        consumer: Reference { id: row.get("consumer_id")? },
        application: IntrospectedApplication {
            id: row.get("application_id")?,
            name: row.get("application_name")?,
            custom_id: row.get("custom_id")?,
        },
        developer: IntrospectedDeveloper { id: row.get("developer_id")?, email: row.get("email")? },
        service: IntrospectedService { id: row.get("service_id")?, name: row.get("service_name")? },
        client_id: None,
        iss: None,
        exp: None,
    })
}
