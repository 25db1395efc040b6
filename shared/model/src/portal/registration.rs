//! Bodies of the operations with which operators offer services, judge who asks for them, and bring credentials along.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    ApplicationInstance, JwtParts, Reference, RegistrationConfig, Status,
    applications::{is_description, is_name},
    credentials::{KEY_RULE, is_visible},
};
use crate::ids::Invalid;

/// An operator's settings of a service. An absent one stays as it is, or gets its default in a new service.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PutService {
    /// The name if it is not given.
    #[schema(min_length = 1, max_length = 128)]
    pub display_name: Option<String>,
    #[schema(max_length = 1024)]
    pub description: Option<String>,
    /// Whether applications may ask for it; yes if it is not given.
    pub registrable: Option<bool>,
    pub show_issuer: Option<bool>,
    /// Whether a new instance is approved without an operator.
    pub auto_approve: Option<bool>,
}

impl PutService {
    pub fn check(&self) -> Result<(), Invalid> {
        if self.display_name.as_deref().is_some_and(|name| !is_name(name)) {
            return Err(Invalid("display_name must have 1 to 128 characters, not only white space"));
        }
        if self.description.as_deref().is_some_and(|text| !is_description(text)) {
            return Err(Invalid("description must have at most 1024 characters"));
        }
        Ok(())
    }
}

/// The name of a service: 1 to 128 letters, digits and `._~-`.
pub fn is_service_name(name: &str) -> bool {
    (1..=128).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._~-".contains(&byte))
}

#[derive(Serialize, ToSchema)]
pub struct AdminService {
    pub id: String,
    pub name: String,
    pub registrable: bool,
    pub app_registration_config: RegistrationConfig,
    pub created_at: i64,
    pub updated_at: i64,
}

/// An instance as an operator sees it.
#[derive(Serialize, ToSchema)]
pub struct AdminInstance {
    #[serde(flatten)]
    pub instance: ApplicationInstance,
    pub application_name: String,
    pub service_name: String,
    pub developer: Reference,
    pub developer_email: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateInstance {
    /// 0 approved, 2 rejected, 3 revoked
    #[schema(minimum = 0, maximum = 3)]
    pub status: Option<i64>,
    pub suspended: Option<bool>,
}

impl UpdateInstance {
    /// The status that is asked for, and those from which it can be reached.
    pub fn transition(&self) -> Result<Option<(Status, &'static [Status])>, Invalid> {
        if self.status.is_none() && self.suspended.is_none() {
            return Err(Invalid("give status or suspended"));
        }
        let Some(number) = self.status else { return Ok(None) };
        match Status::from_number(number) {
            Some(Status::Approved) => {
                Ok(Some((Status::Approved, &[Status::Approved, Status::Requested, Status::Rejected, Status::Revoked])))
            }
            Some(Status::Rejected) => Ok(Some((Status::Rejected, &[Status::Requested, Status::Rejected]))),
            Some(Status::Revoked) => Ok(Some((Status::Revoked, &[Status::Approved, Status::Revoked]))),
            _ => Err(Invalid("status must be 0 (approved), 2 (rejected) or 3 (revoked)")),
        }
    }
}

/// A credential from elsewhere, for a developer or one application.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportCredential {
    /// `key-auth` or `jwt`
    #[serde(rename = "type")]
    pub kind: ImportKind,
    /// The id or the e-mail address of a developer. Either this or `application`.
    pub developer: Option<String>,
    /// The id of an application.
    pub application: Option<String>,
    /// The key itself, or the value of the claim `iss` in tokens.
    #[schema(min_length = 1, max_length = 256)]
    pub key: String,
    /// For `jwt`.
    #[schema(min_length = 1, max_length = 1024)]
    pub secret: Option<String>,
    #[schema(min_length = 1, max_length = 16)]
    pub algorithm: Option<String>,
    pub rsa_public_key: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ImportKind {
    KeyAuth,
    Jwt,
}

/// What is shown of an imported credential: never its secret.
#[derive(Serialize, ToSchema)]
pub struct ImportedCredential {
    pub id: String,
    #[serde(rename = "type")]
    pub kind: ImportKind,
    pub consumer: Reference,
}

impl ImportCredential {
    /// What a JWT credential is made of; none for a key. Its algorithm and key are still to be checked.
    pub fn parts(&self) -> Result<Option<JwtParts>, Invalid> {
        if self.developer.is_some() == self.application.is_some() {
            return Err(Invalid("give either developer or application"));
        }
        match self.kind {
            ImportKind::KeyAuth if !is_visible(&self.key) => Err(Invalid(KEY_RULE)),
            ImportKind::KeyAuth
                if self.secret.is_some() || self.algorithm.is_some() || self.rsa_public_key.is_some() =>
            {
                Err(Invalid("a key has no secret, algorithm or public key"))
            }
            ImportKind::KeyAuth => Ok(None),
            ImportKind::Jwt => {
                let rule = Invalid("a jwt needs key, secret and algorithm, of 1 to 256, 1024 and 16 characters");
                let text = |text: &Option<String>, longest: usize| {
                    let text = text.as_deref().filter(|text| (1..=longest).contains(&text.chars().count()));
                    text.filter(|text| !text.contains('\0')).map(str::to_owned).ok_or(rule)
                };
                Ok(Some(JwtParts {
                    key: text(&Some(self.key.clone()), 256)?,
                    secret: text(&self.secret, 1024)?,
                    algorithm: text(&self.algorithm, 16)?,
                    rsa_public_key: self.rsa_public_key.clone(),
                }))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_service_has_a_name_for_paths() {
        for good in ["billing", "a.b-c_d~1", &"x".repeat(128)] {
            assert!(is_service_name(good), "{good}");
        }
        for bad in ["", "a b", "a/b", "ä", &"x".repeat(129)] {
            assert!(!is_service_name(bad), "{bad}");
        }
        assert!(PutService::default().check().is_ok());
        assert!(PutService { display_name: Some(" ".to_owned()), ..PutService::default() }.check().is_err());
        assert!(PutService { description: Some("x".repeat(1025)), ..PutService::default() }.check().is_err());
    }

    #[test]
    fn an_instance_is_revoked_only_when_it_was_approved() {
        let from = |status| {
            let update = UpdateInstance { status: Some(status), suspended: None };
            update.transition().map(|found| found.unwrap().1.iter().map(|status| status.number()).collect::<Vec<_>>())
        };
        assert_eq!(from(0).unwrap(), [0, 1, 2, 3]);
        assert_eq!(from(2).unwrap(), [1, 2]);
        assert_eq!(from(3).unwrap(), [0, 3]);
        assert!(from(1).is_err() && from(5).is_err() && from(9).is_err());
        assert!(UpdateInstance { status: None, suspended: Some(true) }.transition().unwrap().is_none());
        assert!(UpdateInstance { status: None, suspended: None }.transition().is_err());
    }

    #[test]
    fn an_import_is_of_one_kind_and_for_one_holder() {
        let parts = |value: Value| serde_json::from_value::<ImportCredential>(value).unwrap().parts();
        assert!(parts(json!({ "type": "key-auth", "developer": "d", "key": "k" })).unwrap().is_none());
        let jwt = json!({ "type": "jwt", "application": "a", "key": "k", "secret": "s", "algorithm": "HS256" });
        assert_eq!(parts(jwt).unwrap().unwrap().algorithm, "HS256");
        for bad in [
            json!({ "type": "key-auth", "key": "k" }),
            json!({ "type": "key-auth", "developer": "d", "application": "a", "key": "k" }),
            json!({ "type": "key-auth", "developer": "d", "key": "a b" }),
            json!({ "type": "key-auth", "developer": "d", "key": "k", "secret": "s" }),
            json!({ "type": "jwt", "developer": "d", "key": "k", "secret": "s" }),
            json!({ "type": "jwt", "developer": "d", "key": "", "secret": "s", "algorithm": "HS256" }),
        ] {
            assert!(parts(bad.clone()).is_err(), "{bad}");
        }
    }
}
