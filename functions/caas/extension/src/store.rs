//! The SQL of extensions. Whether one may be activated stands inside the statement that does it.

use model::{extension::ExtensionRequest, ids::CommunityId};
use platform::{Row, Statement};
use service::{CALLER_KEY_ID, Result, Signed};

use crate::{activator::Bearer, introspection::Claims};

pub(crate) struct Extension {
    pub activated_at: i64,
    pub deactivated_at: Option<i64>,
}

/// The community in which an extension is to be activated.
pub(crate) struct Community {
    /// Always, until the environment is installed.
    pub is_known: bool,
    /// Whether the token names no other ids.
    pub is_of_token: bool,
}

/// What is known of the community with the name ?2 of the tenant with the host name ?1, and whether the ids ?3 and ?4,
/// where there are any, are theirs.
const COMMUNITY: &str = "\
    SELECT c.id IS NOT NULL OR NOT EXISTS (SELECT 1 FROM tenants) AS is_known, \
      (?3 IS NULL OR t.id IS ?3) AND (?4 IS NULL OR c.id IS ?4) AS is_of_token \
    FROM (SELECT 1) LEFT JOIN tenants t ON t.dns = ?1 LEFT JOIN communities c ON c.tenant_id = t.id AND c.name = ?2";

pub(crate) fn subject(extension: &ExtensionRequest) -> String {
    let (tenant, community) = (extension.tenant_dns.as_str(), extension.community_name.as_str());
    format!("{}/{}/{}", tenant, community, extension.extension_id).to_ascii_lowercase()
}

pub(crate) fn select_community(extension: &ExtensionRequest, claims: Option<&Claims>) -> Statement {
    bind_community(Statement::new(COMMUNITY), extension, claims)
}

fn bind_community(statement: Statement, extension: &ExtensionRequest, claims: Option<&Claims>) -> Statement {
    statement
        .bind(extension.tenant_dns.as_str())
        .bind(extension.community_name.as_str())
        .bind(claims.and_then(|claims| claims.tenant_id.clone()))
        .bind(claims.and_then(|claims| claims.community_id.clone()).map(normal_form))
}

/// A claim that is no community id names none, and stays as it is.
fn normal_form(community: String) -> String {
    CommunityId::try_from(community.clone()).map_or(community, String::from)
}

/// Writes nothing where it may not be, and where it is active already.
pub(crate) fn activate(
    signed: &Signed,
    extension: &ExtensionRequest,
    metadata: Option<String>,
    bearer: Option<&Bearer>,
) -> Statement {
    let text = format!(
        "INSERT INTO extensions (tenant_dns, community_name, extension_id, activated_at, activated_by, metadata) \
         SELECT ?1, ?2, ?5, ?6, coalesce(?7, {CALLER_KEY_ID}), ?8 FROM request_nonces m JOIN ({COMMUNITY}) c \
         WHERE m.nonce = ?9 AND c.is_known AND c.is_of_token \
         ON CONFLICT (tenant_dns, community_name, extension_id) DO UPDATE SET \
           activated_at = excluded.activated_at, activated_by = excluded.activated_by, \
           metadata = excluded.metadata, deactivated_at = NULL, deactivated_by = NULL \
         WHERE deactivated_at IS NOT NULL"
    );
    bind_community(Statement::new(text), extension, bearer.map(|bearer| &bearer.claims))
        .bind(extension.extension_id.to_string())
        .bind(signed.now)
        .bind(bearer.map(|bearer| bearer.subject.clone()))
        .bind(metadata)
        .bind(signed.nonce())
}

/// Writes nothing where it is not active.
pub(crate) fn deactivate(extension: &ExtensionRequest, by: &str, now: i64) -> Statement {
    let deactivate = Statement::new(
        "UPDATE extensions SET deactivated_at = ?4, deactivated_by = ?5 \
         WHERE tenant_dns = ?1 AND community_name = ?2 AND extension_id = ?3 AND deactivated_at IS NULL",
    );
    bind_key(deactivate, extension).bind(now).bind(by)
}

pub(crate) fn select(extension: &ExtensionRequest) -> Statement {
    let select = Statement::new(
        "SELECT activated_at, deactivated_at FROM extensions \
         WHERE tenant_dns = ?1 AND community_name = ?2 AND extension_id = ?3",
    );
    bind_key(select, extension)
}

fn bind_key(statement: Statement, extension: &ExtensionRequest) -> Statement {
    statement
        .bind(extension.tenant_dns.as_str())
        .bind(extension.community_name.as_str())
        .bind(extension.extension_id.to_string())
}

/// Of a row that [`select_community`] found.
pub(crate) fn community(row: &Row) -> Result<Community> {
    Ok(Community { is_known: row.get("is_known")?, is_of_token: row.get("is_of_token")? })
}

/// Of a row that [`select`] found.
pub(crate) fn extension(row: &Row) -> Result<Extension> {
    Ok(Extension { activated_at: row.get("activated_at")?, deactivated_at: row.get("deactivated_at")? })
}
