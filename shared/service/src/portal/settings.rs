//! The variables of the portal, in the parts that its functions need. A wrong one fails the requests that need it, with a
//! log line that says which to set.

use std::sync::LazyLock;

use crypto::password::Cost;
use model::portal::{MetaFields, is_email};
use platform::Vars;
use zeroize::Zeroizing;

use super::LinkTemplates;
use crate::{App, Error, Result, config};

/// What every function with sessions reads, once per instance, and the parts that only some of them read.
pub struct Settings {
    /// How long a session lives without a request.
    pub session_seconds: i64,
    /// How long a session lives at most, however often it is used.
    pub session_max_seconds: i64,
    /// Origins of pages, besides our own, that may use the portal with a visitor's session.
    pub origins: Vec<String>,
    accounts: Option<AccountSettings>,
    mail: Option<MailSettings>,
}

/// What the functions of developers' accounts read.
pub struct AccountSettings {
    /// Whether a developer may log in without an operator's approval.
    pub auto_approve: bool,
    /// Whether an e-mail address must be verified first.
    pub email_verification: bool,
    /// How many guesses at the password of one account are judged at once; 0 switches the limits off.
    pub login_guesses: i64,
    /// After those, one more guess is judged every so many seconds.
    pub login_guess_seconds: i64,
    /// The header in which a trusted proxy passes on the client's address; without it, the runtime's own word.
    pub client_address_header: Option<String>,
    /// How many wrong passwords lock an account until its password is reset; 0 means never.
    pub login_attempts: i64,
    /// The recipients of the mail that a developer waits for an approval.
    pub admins: Vec<String>,
    meta_fields: Result<MetaFields, String>,
    cost: Result<Cost, String>,
}

/// What the functions that write mails read.
pub struct MailSettings {
    /// How long one-time tokens are good.
    pub token_seconds: i64,
    /// Where the links in mails lead; without it, to the pages of our own.
    pub gui_url: Option<String>,
    pub links: LinkTemplates,
    /// Without it, mails stay in the outbox.
    pub api: Option<MailApi>,
}

/// The server that sends mails for us.
pub struct MailApi {
    pub url: String,
    pub key: Zeroizing<String>,
    pub from: String,
}

impl App {
    /// The settings of the portal; only its functions read the variables.
    pub fn portal(&self) -> &Settings {
        static DEFAULT: LazyLock<Settings> = LazyLock::new(Settings::default);
        self.get().unwrap_or(&DEFAULT)
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self { session_seconds: 3600, session_max_seconds: 12 * 3600, origins: Vec::new(), accounts: None, mail: None }
    }
}

impl Settings {
    pub(super) async fn load(vars: &dyn Vars) -> Self {
        let defaults = Self::default();
        Self {
            session_seconds: config::number(vars, "PORTAL_SESSION_SECONDS", defaults.session_seconds).await,
            session_max_seconds: config::number(vars, "PORTAL_SESSION_MAX_SECONDS", defaults.session_max_seconds).await,
            origins: list(vars, "PORTAL_ORIGINS").await,
            ..defaults
        }
    }

    pub(super) async fn with_accounts(self, vars: &dyn Vars) -> Self {
        Self { accounts: Some(AccountSettings::load(vars).await), ..self }
    }

    pub(super) async fn with_mail(self, vars: &dyn Vars) -> Self {
        Self { mail: Some(MailSettings::load(vars).await), ..self }
    }

    pub fn accounts(&self) -> Result<&AccountSettings> {
        self.accounts.as_ref().ok_or_else(|| Error::internal("this function was made without the settings of accounts"))
    }

    pub fn mail(&self) -> Result<&MailSettings> {
        self.mail.as_ref().ok_or_else(|| Error::internal("this function was made without the settings of mails"))
    }
}

impl AccountSettings {
    async fn load(vars: &dyn Vars) -> Self {
        Self {
            auto_approve: flag(vars, "PORTAL_AUTO_APPROVE").await,
            email_verification: flag(vars, "PORTAL_EMAIL_VERIFICATION").await,
            login_guesses: config::number(vars, "PORTAL_LOGIN_GUESSES", 10).await,
            login_guess_seconds: config::number(vars, "PORTAL_LOGIN_GUESS_SECONDS", 30).await,
            client_address_header: vars.get("CLIENT_ADDRESS_HEADER").await,
            login_attempts: config::number(vars, "PORTAL_LOGIN_ATTEMPTS", 0).await,
            admins: list(vars, "PORTAL_ADMINS").await.into_iter().filter(|address| is_email(address)).collect(),
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

    pub(super) fn cost(&self) -> Result<Cost> {
        self.cost.clone().map_err(Error::internal)
    }
}

impl MailSettings {
    async fn load(vars: &dyn Vars) -> Self {
        let defaults = LinkTemplates::default();
        Self {
            token_seconds: config::number(vars, "PORTAL_TOKEN_SECONDS", 21_600).await,
            gui_url: vars.get("PORTAL_GUI_URL").await,
            links: LinkTemplates {
                verify: vars.get("PORTAL_VERIFY_LINK").await.unwrap_or(defaults.verify),
                invalidate: vars.get("PORTAL_INVALIDATE_LINK").await.unwrap_or(defaults.invalidate),
                reset: vars.get("PORTAL_RESET_LINK").await.unwrap_or(defaults.reset),
            },
            api: match vars.get("MAIL_API_URL").await {
                None => None,
                Some(url) => Some(MailApi {
                    url,
                    key: Zeroizing::new(vars.get("MAIL_API_KEY").await.unwrap_or_default()),
                    from: config::text(vars, "MAIL_FROM", "portal@localhost").await,
                }),
            },
        }
    }
}

async fn flag(vars: &dyn Vars, name: &'static str) -> bool {
    vars.get(name).await.is_some_and(|value| matches!(value.as_str(), "true" | "on" | "1"))
}

/// What stands between commas, without blanks and a final slash.
async fn list(vars: &dyn Vars, name: &'static str) -> Vec<String> {
    let text = vars.get(name).await.unwrap_or_default();
    let items = text.split(',').map(|item| item.trim().trim_end_matches('/'));
    items.filter(|item| !item.is_empty()).map(str::to_owned).collect()
}
