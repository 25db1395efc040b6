//! Wire types of the developer portal and the rules of its texts. Times are epoch seconds. How a body arrives, as a form
//! or as JSON, is in `body`; the extra fields of a developer in `meta`; files in `files`;
//! credentials in `credentials`; applications and the services they use in `applications`.

pub mod admin;
mod applications;
mod body;
mod credentials;
mod files;
mod forms;
mod introspection;
mod meta;
mod registration;

use serde::Serialize;
use serde_json::{Map, Value, json};
use strum::{IntoStaticStr, VariantArray};
use utoipa::ToSchema;

pub use applications::{
    Application, ApplicationChange, ApplicationInstance, ApplicationService, ClientCredential, HIDDEN_SECRET,
    InstanceSummary, NewApplication, NewClientCredential, RegistrationConfig, ServiceInstance, ServiceReference,
};
pub use body::{Body, Patch};
pub use credentials::{DRAW, Jwt, JwtChange, JwtParts, KeyAuth, NewKeyAuth, generated};
pub use files::{
    FilePage, FileSummary, PortalFile, SummaryPage, Workspace, WorkspaceChange, WorkspaceConfig, is_file_path,
    readable_by, type_of,
};
pub use forms::{
    AccountEmail, EmailChange, IntrospectionRequest, MailedToken, MetaChange, MetaInput, PasswordChange, PasswordReset,
    Registration, ServiceRequest,
};
pub use introspection::{
    CredentialType, IntrospectRequest, IntrospectedApplication, IntrospectedDeveloper, IntrospectedService,
    Introspection, IntrospectionFacts, Presented,
};
pub use meta::{MAX_META, MetaField, MetaFields, Validator, meta_too_long};
pub use registration::{
    AdminInstance, AdminService, ImportCredential, ImportKind, ImportedCredential, PutService, UpdateInstance,
    is_service_name,
};

/// The longest e-mail address.
const MAX_EMAIL: usize = 254;

/// Where a developer stands, with its number on the wire and in the database. Only the approved one can log in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "lowercase", const_into_str)]
pub enum Status {
    Approved = 0,
    Requested = 1,
    Rejected = 2,
    Revoked = 3,
    Unverified = 5,
}

impl Status {
    pub const ALL: &'static [Self] = Self::VARIANTS;

    pub fn number(self) -> i64 {
        self as i64
    }

    pub fn from_number(number: i64) -> Option<Self> {
        Self::ALL.iter().copied().find(|status| status.number() == number)
    }

    /// Why this developer cannot log in.
    pub fn refusal(self) -> &'static str {
        match self {
            Self::Approved => "Unauthorized",
            Self::Requested => "This account waits for its approval",
            Self::Rejected => "This account was not approved",
            Self::Revoked => "This account was revoked",
            Self::Unverified => "Verify your e-mail address first",
        }
    }
}

/// The id of something, in an object of its own.
#[derive(Serialize, ToSchema)]
pub struct Reference {
    pub id: String,
}

#[derive(Serialize, ToSchema)]
pub struct Developer {
    pub id: String,
    pub email: String,
    /// A JSON object, as text.
    pub meta: String,
    /// 0 approved, 1 requested, 2 rejected, 3 revoked, 5 e-mail address not verified
    pub status: i64,
    pub created_at: i64,
    pub updated_at: i64,
    pub consumer: Reference,
}

#[derive(Serialize, ToSchema)]
pub struct Registered {
    pub email: MailReport,
    pub developer: Developer,
}

/// Which mails were sent.
#[derive(Serialize, ToSchema)]
pub struct MailReport {
    pub sent: Mails,
    pub error: Mails,
}

#[derive(Default, Serialize, ToSchema)]
pub struct Mails {
    /// Addresses, each `true`.
    #[schema(value_type = std::collections::BTreeMap<String, bool>)]
    pub emails: Map<String, Value>,
    pub count: usize,
}

impl MailReport {
    pub fn sent_to<'a>(addresses: impl IntoIterator<Item = &'a str>) -> Self {
        let emails: Map<_, _> = addresses.into_iter().map(|address| (address.to_owned(), json!(true))).collect();
        Self { sent: Mails { count: emails.len(), emails }, error: Mails::default() }
    }
}

#[derive(Serialize, ToSchema)]
pub struct Verified {
    /// The developer's status from now on.
    pub status: i64,
}

/// One page of a list.
#[derive(Serialize, ToSchema)]
pub struct List<T> {
    pub data: Vec<T>,
    /// The path of the next page, if there is one.
    pub next: Option<String>,
    /// Where the next page begins: `offset` in the query of `next`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<String>,
    pub total: i64,
}

#[derive(Serialize, ToSchema)]
pub struct SessionAnswer {
    pub session: SessionFacts,
}

#[derive(Serialize, ToSchema)]
pub struct SessionFacts {
    /// When the session ends without further requests.
    pub expires: i64,
    pub cookie: CookieFacts,
}

/// What the portal has switched on.
#[derive(Serialize, ToSchema)]
pub struct PortalConfig {
    pub plugins: Plugins,
}

#[derive(Serialize, ToSchema)]
pub struct Plugins {
    /// The kinds of credentials that developers make.
    pub enabled_in_cluster: Vec<ImportKind>,
}

#[derive(Serialize, ToSchema)]
pub struct CookieFacts {
    pub renew: i64,
    pub lifetime: i64,
}

pub const REQUIRED: &str = "required field missing";

pub const INVALID_EMAIL: &str = "invalid e-mail address";

/// An e-mail address: one `@` with something on both sides, a dot in its domain, no white space, at most 254 bytes.
/// Whether it exists is found out by a mail.
pub fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let labels = || domain.split('.');
    text.len() <= MAX_EMAIL
        && (1..=64).contains(&local.len())
        && !local.chars().any(|c| c.is_whitespace() || c.is_control() || matches!(c, '@' | '<' | '>' | '"' | ',' | ';'))
        && labels().count() >= 2
        && labels().all(|label| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.chars().all(|c| c.is_alphanumeric() || c == '-')
        })
}

/// The form under which an e-mail address is unique.
pub fn fold_email(email: &str) -> String {
    email.to_lowercase()
}

/// A password: 8 to 256 characters of any kind.
pub fn check_password(password: &str) -> Result<(), &'static str> {
    if (8..=256).contains(&password.chars().count()) { Ok(()) } else { Err("password must have 8 to 256 characters") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_two_sides_and_a_domain() {
        for good in ["a@b.c", "user+tag@example.com", "ünï@bücher.example", "o'neil@x-y.example"] {
            assert!(is_email(good), "{good}");
        }
        let long = format!("{}@example.com", "a".repeat(65));
        for bad in
            ["", "a", "@b.c", "a@", "a@b", "a@b..c", "a@.c", "a b@c.d", "a@b c.d", "a@@b.c", "a\n@b.c", "a@-b.c", &long]
        {
            assert!(!is_email(bad), "{bad}");
        }
        assert_eq!(fold_email("Ada@Example.ORG"), "ada@example.org");
    }

    #[test]
    fn every_status_is_found_by_its_number() {
        for status in Status::ALL {
            assert_eq!(Status::from_number(status.number()), Some(*status));
        }
        assert_eq!(Status::from_number(4), None);
    }

    #[test]
    fn a_password_has_eight_characters_at_least() {
        assert!(check_password("passwörd").is_ok() && check_password(&"a".repeat(256)).is_ok());
        assert!(check_password("passwor").is_err() && check_password(&"a".repeat(257)).is_err());
    }
}
