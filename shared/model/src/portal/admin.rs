//! Bodies of the operations with which operators look after the portal.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Developer, Status};
use crate::ids::Invalid;

/// How many roles a developer may have.
const MAX_ROLES: usize = 64;

/// A developer as an operator sees it.
#[derive(Serialize, ToSchema)]
pub struct AdminDeveloper {
    #[serde(flatten)]
    pub developer: Developer,
    /// Roles that the front matter of a file may require.
    pub roles: Vec<String>,
}

/// What an operator changes. What is absent stays as it is.
#[derive(Deserialize, ToSchema)]
pub struct UpdateDeveloper {
    /// 0 approved, 2 rejected, 3 revoked
    pub status: Option<i64>,
    pub roles: Option<Vec<String>>,
}

impl UpdateDeveloper {
    /// The status that is asked for, and those from which it can be reached.
    pub fn transition(&self) -> Result<Option<(Status, &'static [Status])>, Invalid> {
        let Some(number) = self.status else { return Ok(None) };
        match Status::from_number(number) {
            Some(Status::Approved) => {
                let from = &[Status::Requested, Status::Rejected, Status::Revoked, Status::Approved];
                Ok(Some((Status::Approved, from)))
            }
            Some(Status::Rejected) => Ok(Some((Status::Rejected, &[Status::Requested, Status::Rejected]))),
            Some(Status::Revoked) => Ok(Some((Status::Revoked, &[Status::Approved, Status::Revoked]))),
            _ => Err(Invalid("status must be 0 (approved), 2 (rejected) or 3 (revoked)")),
        }
    }

    /// The roles as they are stored.
    pub fn roles_json(&self) -> Result<Option<String>, Invalid> {
        let Some(roles) = &self.roles else { return Ok(None) };
        let good = |role: &String| (1..=64).contains(&role.len()) && role != "*" && !role.chars().any(char::is_control);
        if roles.len() > MAX_ROLES || !roles.iter().all(good) {
            return Err(Invalid("roles are at most 64 names of 1 to 64 bytes, none of them *"));
        }
        Ok(Some(serde_json::Value::from(roles.clone()).to_string()))
    }
}

#[derive(Deserialize, ToSchema)]
pub struct PutFile {
    pub contents: String,
}

/// A token of the header `Kong-Admin-Token`.
#[derive(Serialize, ToSchema)]
pub struct AdminTokenEntry {
    pub id: String,
    pub name: String,
    pub created_at: i64,
}

#[derive(Serialize, ToSchema)]
pub struct AdminTokens {
    pub data: Vec<AdminTokenEntry>,
}

#[derive(Serialize, ToSchema)]
pub struct NewAdminToken {
    #[serde(flatten)]
    pub entry: AdminTokenEntry,
    /// The token itself, which is not shown again.
    pub token: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    /// What the audit log calls its holder: 1 to 64 letters, digits and `._-`
    #[schema(min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9._-]+$")]
    pub name: String,
}

impl NewToken {
    pub fn check(&self) -> Result<(), Invalid> {
        let good = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        let fits = (1..=64).contains(&self.name.len()) && self.name.bytes().all(good);
        if fits { Ok(()) } else { Err(Invalid("name must have 1 to 64 letters, digits and . _ -")) }
    }
}

/// A file without its contents.
#[derive(Serialize, ToSchema)]
pub struct FileEntry {
    pub id: String,
    pub path: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub checksum: String,
    /// Roles that may read it; everybody when it is null.
    pub readable_by: Option<Vec<String>>,
    pub created_at: i64,
    pub updated_at: i64,
}

/// A mail of the outbox.
#[derive(Serialize, ToSchema)]
pub struct MailEntry {
    pub id: String,
    /// verify-account, reset-password, request-access or approved; or the template of a step of dunning
    pub kind: String,
    pub to: String,
    pub created_at: i64,
    pub sent_at: Option<i64>,
    pub attempts: i64,
    /// Why it could not be sent so far.
    pub failure: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct FullMail {
    #[serde(flatten)]
    pub mail: MailEntry,
    pub subject: String,
    pub text: String,
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn a_status_is_reached_from_some_others_only() {
        let from = |status| {
            let update = UpdateDeveloper { status: Some(status), roles: None };
            update.transition().map(|found| found.unwrap().1.iter().map(|status| status.number()).collect::<Vec<_>>())
        };
        assert_eq!(from(0).unwrap(), [1, 2, 3, 0]);
        assert_eq!(from(2).unwrap(), [1, 2]);
        assert_eq!(from(3).unwrap(), [0, 3]);
        assert!(from(1).is_err() && from(4).is_err() && from(5).is_err());
        assert!(UpdateDeveloper { status: None, roles: None }.transition().unwrap().is_none());
    }

    #[test]
    fn a_role_is_a_name_and_not_everybody() {
        let roles = |roles: &[&str]| {
            let roles = Some(roles.iter().map(|role| (*role).to_owned()).collect());
            UpdateDeveloper { status: None, roles }.roles_json()
        };
        assert_eq!(roles(&["gold", "silver"]).unwrap().unwrap(), r#"["gold","silver"]"#);
        assert!(roles(&["*"]).is_err() && roles(&[""]).is_err());
    }
}
