//! Tokens of the Config API, as those who administer them see them. The token itself is shown once, when it is minted.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{faults::Faults, time::IsoTime};

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MintTokenRequest {
    #[schema(min_length = 1, max_length = 64)]
    pub tenant_id: String,
    /// The project `default` if not given.
    #[serde(default = "default_project")]
    #[schema(min_length = 1, max_length = 64)]
    pub project_id: String,
    /// What the token is for.
    #[serde(default)]
    #[schema(max_length = 256)]
    pub name: String,
    /// Whose permissions the token has. A token without an owner has none.
    #[schema(min_length = 1, max_length = 256)]
    pub owner_id: Option<String>,
    #[schema(min_length = 1, max_length = 256)]
    pub owner_email: Option<String>,
    /// owner, admin, project_admin or user
    #[schema(pattern = "^(owner|admin|project_admin|user)$")]
    pub role: String,
    /// The owner's grant in addition to the role: read, write or admin.
    #[schema(pattern = "^(read|write|admin)$")]
    pub grant: Option<String>,
    /// The highest permission of the token for each service; without it, the permissions of its owner.
    pub scope: Option<BTreeMap<String, String>>,
    /// Never if not given.
    pub expires_at: Option<IsoTime>,
}

fn default_project() -> String {
    "default".to_owned()
}

impl MintTokenRequest {
    /// The rules that the types do not carry.
    pub fn check(&self, now: i64) -> Result<(), Faults> {
        let id = |text: &str| (1..=64).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        let given = |text: &Option<String>| text.as_deref().is_none_or(|text| (1..=256).contains(&text.len()));
        let role = matches!(self.role.as_str(), "owner" | "admin" | "project_admin" | "user");
        let mut faults = Faults::default();
        faults.check(id(&self.tenant_id), "tenantId", "must have 1 to 64 characters");
        faults.check(id(&self.project_id), "projectId", "must have 1 to 64 characters");
        faults.check(self.name.len() <= 256, "name", "may have at most 256 bytes");
        faults.check(given(&self.owner_id), "ownerId", "must have 1 to 256 bytes");
        faults.check(given(&self.owner_email), "ownerEmail", "must have 1 to 256 bytes");
        faults.check(role, "role", "must be owner, admin, project_admin or user");
        faults.check(self.grant.as_deref().is_none_or(is_permission), "grant", "must be read, write or admin");
        let scope = self.scope.iter().flatten();
        let known = scope.clone().all(|(_, permission)| permission == "none" || is_permission(permission));
        faults.check(known, "scope", "must map services to none, read, write or admin");
        faults.check(scope.count() <= 64, "scope", "may name at most 64 services");
        let future = self.expires_at.is_none_or(|expiry| expiry.0 > now);
        faults.check(future, "expiresAt", "must lie in the future");
        faults.result()
    }
}

fn is_permission(text: &str) -> bool {
    matches!(text, "read" | "write" | "admin")
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Token {
    pub id: String,
    pub name: String,
    pub tenant_id: String,
    pub project_id: Option<String>,
    pub owner_id: Option<String>,
    pub owner_email: Option<String>,
    pub role: String,
    #[schema(pattern = "^(read|write|admin)$")]
    pub grant: Option<String>,
    pub scope: Option<BTreeMap<String, String>>,
    pub expires_at: Option<IsoTime>,
    pub revoked_at: Option<IsoTime>,
    pub created_at: IsoTime,
    /// The tag of the licence that minted it.
    pub created_by: String,
}

/// The only answer that holds the token.
#[derive(Serialize, ToSchema)]
pub struct MintedToken {
    pub id: String,
    pub token: String,
}

#[derive(Serialize, ToSchema)]
pub struct TokenList {
    /// Oldest first.
    pub tokens: Vec<Token>,
    /// The id to go on `after`; absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}
