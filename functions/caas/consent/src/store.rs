//! The SQL of consents. The database holds the truth, documents included: they come in the very round trip that admits
//! a request, so there is nothing that a cache could save.

use model::{
    configuration::{Context, Owner},
    consent::Content,
    ids::OpaqueName,
};
use platform::{Row, Statement};
use service::{Anonymous, App, Error, Result, config_key};

use crate::{documents::Version, scope::Scope};

/// What is in force.
#[derive(Clone)]
pub(crate) struct Record {
    pub revision: i64,
    pub consent_id: Option<String>,
    pub is_enabled: bool,
    /// Epoch seconds.
    pub updated_at: i64,
    pub updated_by: String,
}

/// The local copy of a document.
pub(crate) struct Copy {
    pub text: Option<String>,
    pub is_pinned: bool,
}

pub(crate) fn select_record(scope: &Scope, consent_type: &str) -> Statement {
    Statement::new(
        "SELECT c.revision, c.consent_id, c.is_enabled, c.updated_at, c.updated_by, d.document, d.pinned FROM consents c \
         LEFT JOIN consent_documents d ON d.tenant_id = ?1 AND d.community_id = ?2 AND d.consent_id = c.consent_id \
         WHERE c.tenant_id = ?1 AND c.community_id = ?2 AND c.type = ?3 ORDER BY c.revision DESC LIMIT 1",
    )
    .bind(scope.tenant.as_str())
    .bind(scope.community.as_str())
    .bind(consent_type)
}

/// What stands, and the local copy of its document; of a row that [`select_record`] found.
pub(crate) fn record(row: &Row) -> Result<(Record, Copy)> {
    let record = Record {
        revision: row.get("revision")?,
        consent_id: row.get("consent_id")?,
        is_enabled: row.get("is_enabled")?,
        updated_at: row.get("updated_at")?,
        updated_by: row.get("updated_by")?,
    };
    Ok((record, copy(row)?))
}

/// A document by its id, with who brought it into force; nobody did if this community does not know it.
pub(crate) fn select_version(scope: &Scope, id: &str) -> Statement {
    Statement::new(
        "SELECT c.updated_by, d.document, d.pinned FROM (SELECT updated_by, consent_id FROM consents \
           WHERE tenant_id = ?1 AND community_id = ?2 AND consent_id = ?3 ORDER BY type, revision LIMIT 1) c \
         LEFT JOIN consent_documents d ON d.tenant_id = ?1 AND d.community_id = ?2 AND d.consent_id = c.consent_id",
    )
    .bind(scope.tenant.as_str())
    .bind(scope.community.as_str())
    .bind(id)
}

pub(crate) fn version(row: &Row) -> Result<(String, Copy)> {
    Ok((row.get("updated_by")?, copy(row)?))
}

fn copy(row: &Row) -> Result<Copy> {
    Ok(Copy { text: row.get("document")?, is_pinned: row.get::<Option<bool>>("pinned")?.unwrap_or(false) })
}

pub(crate) fn insert_document(scope: &Scope, version: &Version, pinned: bool) -> Statement {
    Statement::new(
        "INSERT INTO consent_documents (tenant_id, community_id, consent_id, document, pinned) \
         VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
    )
    .bind(scope.tenant.as_str())
    .bind(scope.community.as_str())
    .bind(version.id.as_str())
    .bind(version.document.text())
    .bind(pinned)
}

/// Writes nothing when another writer has already taken the number.
pub(crate) fn insert_record(scope: &Scope, consent_type: &str, record: &Record) -> Statement {
    Statement::new(
        "INSERT INTO consents (tenant_id, community_id, type, revision, consent_id, is_enabled, updated_at, updated_by) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING",
    )
    .bind(scope.tenant.as_str())
    .bind(scope.community.as_str())
    .bind(consent_type)
    .bind(record.revision)
    .bind(record.consent_id.clone())
    .bind(record.is_enabled)
    .bind(record.updated_at)
    .bind(record.updated_by.as_str())
}

/// What is done beside a request, and may fail without harm to it.
pub(crate) async fn store_state(app: &App, statement: Statement) {
    let mut batch = Anonymous::background(app).batch();
    batch.push(statement);
    if let Err(error) = batch.write().await {
        platform::log::error(&format!("the state of a consent's document was not stored: {error:?}"));
    }
}

pub(crate) fn mark_pinned(scope: &Scope, id: &str) -> Statement {
    Statement::new(
        "UPDATE consent_documents SET pinned = 1 WHERE tenant_id = ?1 AND community_id = ?2 AND consent_id = ?3",
    )
    .bind(scope.tenant.as_str())
    .bind(scope.community.as_str())
    .bind(id)
}

/// The template of the community, or else that of the platform.
pub(crate) fn select_template(scope: &Scope, consent_type: &str) -> Result<Statement> {
    let community = Owner::Community { tenant: scope.tenant.clone(), community: scope.community.clone() };
    let platform = OpaqueName::try_from("platform".to_owned()).map_err(|error| Error::internal(error.0))?;
    let key = |owner| config_key(&Context { owner, internal: false });
    // The type of a consent holds nothing that would have to be escaped.
    let select = Statement::new(
        "SELECT data -> ?3 AS template FROM configs \
         WHERE context_key IN (?1, ?2) AND json_type(data, ?3) = 'object' ORDER BY context_key = ?1 DESC LIMIT 1",
    );
    let path = format!("$.\"consentTemplates\".\"{consent_type}\"");
    Ok(select.bind(key(community)).bind(key(Owner::App(platform))).bind(path))
}

/// What stands there is a template if it has texts where a template has texts.
pub(crate) fn template(row: Option<&Row>) -> Result<Option<Content>> {
    let Some(row) = row else { return Ok(None) };
    Ok(serde_json::from_str(&row.get::<String>("template")?).ok())
}
