//! The variables of the portal. A wrong one fails the requests that need it, with a log line that says which to set.

use std::sync::LazyLock;

use crypto::password::Cost;
use model::portal::{MetaFields, is_email};
use platform::Vars;
use zeroize::Zeroizing;

use super::LinkTemplates;
use crate::{App, Error, Result};

/// Read once per instance.
pub struct Settings {
    /// Whether a developer may log in without an operator's approval.
    pub auto_approve: bool,
    /// Whether an e-mail address must be verified first.
    pub email_verification: bool,
    /// How long one-time tokens are good.
    pub token_seconds: i64,
    /// How long a session lives without a request.
    pub session_seconds: i64,
    /// How long a session lives at most, however often it is used.
    pub session_max_seconds: i64,
    /// How many guesses at the password of one account are judged at once; 0 switches the limits off.
    pub login_guesses: i64,
    /// After those, one more guess is judged every so many seconds.
    pub login_guess_seconds: i64,
    /// The header in which a trusted proxy passes on the client's address; without it, the runtime's own word.
    pub client_address_header: Option<String>,
    /// How many wrong passwords lock an account until its password is reset; 0 means never.
    pub login_attempts: i64,
    /// Origins of pages, besides our own, that may use the portal with a visitor's session.
    pub origins: Vec<String>,
    /// The recipient of the mail that a developer waits for an approval.
    pub admins: Vec<String>,
    /// Where the links in mails lead; without it, to the pages of our own.
    pub gui_url: Option<String>,
    pub links: LinkTemplates,
    pub mail: Option<MailApi>,
    meta_fields: Result<MetaFields, String>,
    cost: Result<Cost, String>,
}

/// The server that sends mails for us.
pub struct MailApi {
    pub url: String,
    pub key: Zeroizing<String>,
    pub from: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            auto_approve: false,
            email_verification: false,
            token_seconds: 21_600,
            session_seconds: 3600,
            session_max_seconds: 12 * 3600,
            login_guesses: 10,
            login_guess_seconds: 30,
            client_address_header: None,
            login_attempts: 0,
            origins: Vec::new(),
            admins: Vec::new(),
            gui_url: None,
            links: LinkTemplates::default(),
            mail: None,
            meta_fields: Ok(MetaFields::default()),
            cost: Ok(Cost::default()),
        }
    }
}

impl App {
    /// The settings of the portal; only its functions read the variables.
    pub fn portal(&self) -> &Settings {
        static DEFAULT: LazyLock<Settings> = LazyLock::new(Settings::default);
        self.settings().unwrap_or(&DEFAULT)
    }
}

impl Settings {
    pub(crate) async fn load(vars: &dyn Vars) -> Self {
        let flag = async |name| vars.get(name).await.is_some_and(|value| matches!(value.as_str(), "true" | "on" | "1"));
        let number = async |name, default: i64| {
            let value = vars.get(name).await.and_then(|value| value.parse().ok());
            value.filter(|value| *value >= 0).unwrap_or(default)
        };
        let list = async |name| -> Vec<String> {
            let text = vars.get(name).await.unwrap_or_default();
            text.split(',')
                .map(|item| item.trim().trim_end_matches('/').to_owned())
                .filter(|item| !item.is_empty())
                .collect()
        };
        let defaults = Self::default();
        Self {
            auto_approve: flag("PORTAL_AUTO_APPROVE").await,
            email_verification: flag("PORTAL_EMAIL_VERIFICATION").await,
            token_seconds: number("PORTAL_TOKEN_SECONDS", defaults.token_seconds).await,
            session_seconds: number("PORTAL_SESSION_SECONDS", defaults.session_seconds).await,
            session_max_seconds: number("PORTAL_SESSION_MAX_SECONDS", defaults.session_max_seconds).await,
            login_guesses: number("PORTAL_LOGIN_GUESSES", defaults.login_guesses).await,
            login_guess_seconds: number("PORTAL_LOGIN_GUESS_SECONDS", defaults.login_guess_seconds).await,
            client_address_header: vars.get("CLIENT_ADDRESS_HEADER").await,
            login_attempts: number("PORTAL_LOGIN_ATTEMPTS", 0).await,
            origins: list("PORTAL_ORIGINS").await,
            admins: list("PORTAL_ADMINS").await.into_iter().filter(|address| is_email(address)).collect(),
            gui_url: vars.get("PORTAL_GUI_URL").await,
            links: LinkTemplates {
                verify: vars.get("PORTAL_VERIFY_LINK").await.unwrap_or(defaults.links.verify),
                invalidate: vars.get("PORTAL_INVALIDATE_LINK").await.unwrap_or(defaults.links.invalidate),
                reset: vars.get("PORTAL_RESET_LINK").await.unwrap_or(defaults.links.reset),
            },
            mail: match vars.get("MAIL_API_URL").await {
                None => None,
                Some(url) => Some(MailApi {
                    url,
                    key: Zeroizing::new(vars.get("MAIL_API_KEY").await.unwrap_or_default()),
                    from: vars.get("MAIL_FROM").await.unwrap_or_else(|| "portal@localhost".to_owned()),
                }),
            },
            meta_fields: match vars.get("PORTAL_META_FIELDS").await {
                None => Ok(MetaFields::default()),
                Some(text) => MetaFields::parse(&text).map_err(|error| format!("PORTAL_META_FIELDS: {error}")),
            },
            cost: match vars.get("PORTAL_ARGON2").await {
                None => Ok(Cost::default()),
                Some(text) => text.parse().map_err(|error| format!("PORTAL_ARGON2: {error}")),
            },
        }
    }

    pub fn meta_fields(&self) -> Result<&MetaFields> {
        self.meta_fields.as_ref().map_err(Error::internal)
    }

    pub(crate) fn cost(&self) -> Result<Cost> {
        self.cost.clone().map_err(Error::internal)
    }
}
