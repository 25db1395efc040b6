//! The outbox: a mail is a row in the batch of the change that it is about, so none is lost, and what it says is sealed,
//! since it may hold a token. Sending comes after, and is tried again with later requests and as due work.

use std::{borrow::Cow, time::Duration};

use axum::{
    extract::{Request, State},
    http::{Method, header},
    middleware::Next,
    response::Response,
};
use crypto::seal::DataKey;
use platform::{Statement, fetch::Limits, random};

use super::{Letter, OneTimeToken, PORTAL_TENANT, new_id, settings::MailApi};
use crate::{Anonymous, App, Due, Error, Result};

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
    kind: Cow<'static, str>,
    sealed: Vec<u8>,
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
}

impl Mail {
    /// A mail without a link of its own.
    pub async fn new(app: &App, kind: MailKind) -> Result<Self> {
        Self::of_letter(app, kind.name(), Letter::new(app, kind, None)?).await
    }

    /// A mail with a link that holds a token, to the developer of this address.
    pub async fn with_token(app: &App, kind: MailKind, token: &OneTimeToken, email: &str) -> Result<Self> {
        Self::of_letter(app, kind.name(), Letter::new(app, kind, Some((token, email)))?).await
    }

    /// A mail that is none of the portal's.
    pub async fn of_letter(app: &App, kind: impl Into<Cow<'static, str>>, letter: Letter) -> Result<Self> {
        let key = Anonymous::background(app).batch().data_key(PORTAL_TENANT).await?;
        let id = new_id()?;
        let letter = serde_json::to_vec(&letter).map_err(|_| Error::internal("a letter is no JSON"))?;
        let sealed = key.seal(random::bytes()?, &aad(&id), &letter);
        Ok(Self { id, kind: kind.into(), sealed })
    }

    /// The row for this recipient, about this developer, who is stored by then.
    pub fn to(self, recipient: &str, developer: &str, now: i64) -> Statement {
        let insert = Statement::new(
            "INSERT INTO portal_mail (id, kind, sealed, created_at, next_attempt_at, recipient, developer_id) \
             VALUES (?1, ?2, ?3, ?4, ?4, ?5, ?6)",
        );
        self.bind(insert, now).bind(recipient).bind(developer)
    }

    /// The row for a developer whom the statement itself finds: `text` is an `INSERT … SELECT` of the same columns, whose
    /// other parameters begin at `?5`.
    pub fn insert(self, text: &'static str, now: i64) -> Statement {
        self.bind(Statement::new(text), now)
    }

    fn bind(self, statement: Statement, now: i64) -> Statement {
        statement.bind(self.id).bind(self.kind.into_owned()).bind(self.sealed).bind(now)
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

/// How many mails one request sends on its way out.
const AT_ONCE: i64 = 4;

/// After so many attempts a mail is left lying.
const MOST_ATTEMPTS: i64 = 8;

const LIMITS: Limits = Limits { time: Duration::from_secs(10), bytes: 64 * 1024 };

/// The layer of the functions that write mails: sends what is due after the answer was given, so that its time
/// reveals nothing, and a slow mail server delays no request.
pub(super) async fn send_after_response(State(app): State<App>, request: Request, next: Next) -> Response {
    let due = api(&app).is_some() && request.method() != Method::GET;
    let (parts, body) = request.into_parts();
    let extensions = parts.extensions.clone();
    let response = next.run(Request::from_parts(parts, body)).await;
    if due {
        platform::later(&extensions, Box::pin(async move { deliver(&app).await }));
    }
    response
}

fn api(app: &App) -> Option<&MailApi> {
    app.portal().mail().ok()?.api.as_ref()
}

/// Mails that are due, as one piece of work.
pub const DUE_MAILS: Due = Due {
    select: || "SELECT 1 AS due WHERE EXISTS (SELECT 1 FROM portal_mail WHERE next_attempt_at <= ?1)".to_owned(),
    carry_out: |app, _| Box::pin(send_due(app)),
};

async fn deliver(app: &App) {
    if let Err(error) = send_due(app).await {
        platform::log::error(&error.log_line().unwrap_or_else(|| "a mail could not be sent".to_owned()));
    }
}

/// Sends mails that are due. Taking one moves its next attempt, so nobody else sends it meanwhile.
async fn send_due(app: &App) -> Result<()> {
    let api = api(app).ok_or_else(|| Error::conflict("There is no mail API"))?;
    let background = Anonymous::background(app);
    let key = background.batch().data_key(PORTAL_TENANT).await?;
    let take = Statement::new(
        "UPDATE portal_mail SET attempts = attempts + 1, next_attempt_at = \
         CASE WHEN attempts + 1 < ?3 THEN ?1 + (60000 << attempts) END WHERE seq IN (SELECT seq FROM portal_mail \
         WHERE next_attempt_at <= ?1 ORDER BY next_attempt_at LIMIT ?2) RETURNING id, recipient, sealed",
    );
    let mut batch = background.batch();
    let taken = batch.push(take.bind(background.now).bind(AT_ONCE).bind(MOST_ATTEMPTS));
    for row in batch.write().await?.rows(taken) {
        let (id, recipient): (String, String) = (row.get("id")?, row.get("recipient")?);
        let letter = Mail::open(&key, &id, &row.get::<Vec<u8>>("sealed")?)?;
        let failure = send(api, &recipient, &letter).await.err();
        let update = if failure.is_none() {
            "UPDATE portal_mail SET sent_at = ?2, failure = ?3, next_attempt_at = NULL WHERE id = ?1"
        } else {
            "UPDATE portal_mail SET failure = ?3 WHERE id = ?1 AND ?2 > 0"
        };
        let mut batch = background.batch();
        batch.push(Statement::new(update).bind(id).bind(platform::clock::now_ms()).bind(failure));
        batch.write().await?;
    }
    Ok(())
}

/// Hands a mail to the mail API, and says what went wrong, without anything of the mail.
async fn send(api: &MailApi, recipient: &str, letter: &Letter) -> Result<(), String> {
    let body = serde_json::json!({
        "from": api.from, "to": [recipient], "subject": letter.subject, "text": letter.text,
    });
    let request = axum::http::Request::post(&api.url)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::AUTHORIZATION, format!("Bearer {}", api.key.as_str()))
        .body(body.to_string().into_bytes())
        .map_err(|_| "MAIL_API_URL or MAIL_API_KEY cannot be sent".to_owned())?;
    match platform::fetch::fetch(request, LIMITS).await {
        Ok(answer) if answer.status().is_success() => Ok(()),
        Ok(answer) => Err(format!("the mail API answered {}", answer.status().as_u16())),
        Err(error) => Err(error.to_string()),
    }
}
