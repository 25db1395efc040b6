//! The SQL of authorisations, and how their rows become answers. What a change asks of the target key stands inside
//! the change.

use crypto::hash;
use model::{
    AuthLevel,
    ids::CommunityId,
    json::JsonText,
    licensing::{AddAuthorizationRequest, LicenseAuth, LicenseCheck, Modules, PageQuery, UpdateAuthorizationRequest},
    time::IsoTime,
};
use platform::{Row, Statement, random};
use service::{Error, Result};

/// The authorisation of the key with this tag in this community.
pub(crate) struct AuthorizationRef {
    pub community: CommunityId,
    pub tag: String,
}

impl AuthorizationRef {
    pub(crate) fn subject(&self) -> String {
        format!("{}/{}", self.community.as_str(), self.tag)
    }
}

/// The caller's key with its authorisation in a community, as it was read.
pub(crate) struct Membership {
    tag: String,
    auth_level: AuthLevel,
    modules: Modules,
    is_authorized: bool,
    expires_at: i64,
    key_expires_at: i64,
}

impl Membership {
    /// Whether the key, which was in force when this was read, still is, and so is its authorisation.
    pub(crate) fn is_in_force(&self, now: i64) -> bool {
        self.key_expires_at > now && self.is_authorized_at(now)
    }

    fn is_authorized_at(&self, now: i64) -> bool {
        self.is_authorized && self.expires_at > now
    }

    pub(crate) fn check(&self, now: i64) -> LicenseCheck {
        LicenseCheck {
            modules: self.modules.clone(),
            is_authorized: self.is_authorized_at(now),
            expiry: IsoTime(self.expires_at),
            auth_level: self.auth_level,
            tag: self.tag.clone(),
        }
    }

    /// What it takes in memory, in bytes.
    pub(crate) fn weight(&self) -> usize {
        self.tag.len() + self.modules.to_json().len()
    }
}

pub(crate) fn select_own(secret_hash: &str, community: &CommunityId) -> Statement {
    Statement::new(
        "SELECT k.tag, k.auth_level, k.modules, k.expires_at AS key_expires_at, a.is_authorized, a.expires_at \
         FROM service_keys k JOIN key_authorizations a ON a.key_seq = k.seq AND a.community_id = ?2 \
         WHERE k.secret_hash = ?1",
    )
    .bind(secret_hash)
    .bind(community.as_str())
}

pub(crate) fn membership(row: &Row) -> Result<Membership> {
    let unknown = |column: &str| Error::internal(format!("a service key with an unknown {column}"));
    Ok(Membership {
        tag: row.get("tag")?,
        auth_level: row.get::<String>("auth_level")?.parse().map_err(|_| unknown("auth_level"))?,
        modules: Modules::from_json(&row.get::<String>("modules")?).ok_or_else(|| unknown("modules"))?,
        is_authorized: row.get("is_authorized")?,
        expires_at: row.get("expires_at")?,
        key_expires_at: row.get("key_expires_at")?,
    })
}

pub(crate) fn count(community: &CommunityId) -> Statement {
    Statement::new("SELECT count(*) AS total FROM key_authorizations WHERE community_id = ?1").bind(community.as_str())
}

/// The page is cut before the tags are looked up, so that a skipped row costs an index entry only.
pub(crate) fn select_page(community: &CommunityId, page: &PageQuery) -> Statement {
    let select = Statement::new(
        "SELECT a.id, k.tag, a.community_id, a.is_authorized, a.expires_at FROM \
         (SELECT seq FROM key_authorizations WHERE community_id = ?1 ORDER BY seq LIMIT ?2 OFFSET ?3) cut \
         JOIN key_authorizations a ON a.seq = cut.seq JOIN service_keys k ON k.seq = a.key_seq ORDER BY a.seq",
    );
    select.bind(community.as_str()).bind(page.limit()).bind(page.offset())
}

/// An authorisation as it is going to be stored.
pub(crate) fn new_authorization(request: &AddAuthorizationRequest, expires_at: i64) -> Result<LicenseAuth> {
    Ok(LicenseAuth {
        is_authorized: request.is_authorized.unwrap_or(true),
        id: hash::hex(&random::bytes::<12>()?),
        key_tag: request.key_tag.as_str().to_owned(),
        community_id: request.community_id.as_str().to_owned(),
        expiry: IsoTime(expires_at),
    })
}

/// Inserts nothing when the target key is disabled or expired.
pub(crate) fn insert(authorization: &LicenseAuth, community_name: Option<String>, now: i64) -> Statement {
    Statement::new(
        "INSERT INTO key_authorizations \
         (id, key_seq, community_id, community_name, is_authorized, expires_at, created_at) \
         SELECT ?1, seq, ?3, ?4, ?5, ?6, ?7 FROM service_keys WHERE tag = ?2 AND disabled = 0 AND expires_at > ?7",
    )
    .bind(authorization.id.as_str())
    .bind(authorization.key_tag.as_str())
    .bind(authorization.community_id.as_str())
    .bind(community_name)
    .bind(authorization.is_authorized)
    .bind(authorization.expiry.0)
    .bind(now)
}

/// Changes nothing when the target key is disabled or expired, or when what cannot be changed is not as it is stored.
pub(crate) fn update(target: &AuthorizationRef, request: &UpdateAuthorizationRequest, now: i64) -> Statement {
    Statement::new(
        "UPDATE key_authorizations SET is_authorized = coalesce(?4, is_authorized), \
         expires_at = coalesce(?5, expires_at) WHERE community_id = ?1 AND key_seq = \
         (SELECT seq FROM service_keys WHERE tag = ?2 AND disabled = 0 AND expires_at > ?3) \
         AND coalesce(?5 > ?3 OR ?5 = expires_at, 1) AND id = coalesce(?6, id) \
         AND (?7 IS NULL OR community_name IS ?7)",
    )
    .bind(target.community.as_str())
    .bind(target.tag.as_str())
    .bind(now)
    .bind(request.is_authorized)
    .bind(request.expiry.map(|expiry| expiry.0))
    .bind(shown(request.id.as_ref()))
    .bind(shown(request.community_name.as_ref()))
}

/// A member that cannot be changed, as a client was shown it; what is no text is stored nowhere.
fn shown(member: Option<&JsonText>) -> Option<String> {
    member.map(|json| json.as_string().unwrap_or_default())
}

/// Changes nothing when the target key is disabled or expired.
pub(crate) fn delete(target: &AuthorizationRef, now: i64) -> Statement {
    Statement::new(
        "DELETE FROM key_authorizations WHERE community_id = ?1 AND key_seq = \
         (SELECT seq FROM service_keys WHERE tag = ?2 AND disabled = 0 AND expires_at > ?3)",
    )
    .bind(target.community.as_str())
    .bind(target.tag.as_str())
    .bind(now)
}

pub(crate) fn select(target: &AuthorizationRef) -> Statement {
    Statement::new(
        "SELECT a.id, k.tag, a.community_id, a.is_authorized, a.expires_at FROM service_keys k \
         JOIN key_authorizations a ON a.key_seq = k.seq AND a.community_id = ?1 WHERE k.tag = ?2",
    )
    .bind(target.community.as_str())
    .bind(target.tag.as_str())
}

pub(crate) fn license_auth(row: &Row) -> Result<LicenseAuth> {
    Ok(LicenseAuth {
        is_authorized: row.get("is_authorized")?,
        id: row.get("id")?,
        key_tag: row.get("tag")?,
        community_id: row.get("community_id")?,
        expiry: IsoTime(row.get("expires_at")?),
    })
}

/// Whether the target key is enabled and not expired.
pub(crate) fn select_validity(target: &AuthorizationRef, now: i64) -> Statement {
    Statement::new("SELECT disabled = 0 AND expires_at > ?2 AS valid FROM service_keys WHERE tag = ?1")
        .bind(target.tag.as_str())
        .bind(now)
}
