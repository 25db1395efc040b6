//! The gate: one atomic batch that admits a signed request and does what it asks. Its first statement inserts the
//! replay mark together with the caller, found by the permission table of the action; where the table grants
//! nothing, the caller is NULL, the insert fails and nothing of the batch happens. Only then, to find the right
//! refusal, is a second look taken.

use std::{
    borrow::Cow,
    sync::{LazyLock, atomic::Ordering},
};

use model::AuthLevel;
use platform::{Outcome, Row, SqlError, Statement};
use policy::{Action, Decision, Facts, Membership};

use crate::{Api, App, Audit, Error, PLATFORM_TENANT, Result, Signed, license_secret::LICENSING_TENANT, root_license};

/// The tag under which the infra licence appears.
pub const INFRA_TAG: &str = "infra_license_key";

/// Every so many signed requests of an instance, expired marks are swept: twice as many as have come in.
const SWEEP_EVERY: i64 = 64;

pub struct Gate<'a> {
    signed: &'a Signed,
    action: Action,
    also: Option<Action>,
    community: Option<String>,
    target_key_id: Option<String>,
    target_tag: Option<String>,
    target_level: Option<AuthLevel>,
    missing_target: Option<Error>,
    about: Option<(String, String)>,
}

impl<'a> Gate<'a> {
    pub(crate) fn new(signed: &'a Signed, action: Action) -> Self {
        Self {
            signed,
            action,
            also: None,
            community: None,
            target_key_id: None,
            target_tag: None,
            target_level: None,
            missing_target: None,
            about: None,
        }
    }

    /// A second action that must be allowed to the caller too.
    #[must_use]
    pub fn also(mut self, action: Action) -> Self {
        self.also = Some(action);
        self
    }

    /// The community in which a membership counts.
    #[must_use]
    pub fn community(mut self, community: &str) -> Self {
        self.community = Some(community.to_owned());
        self
    }

    /// The key that is acted upon, by its keyId or else by its tag.
    #[must_use]
    pub fn target_key(mut self, key_id_or_tag: &str) -> Self {
        self.target_key_id = Some(key_id_or_tag.to_owned());
        self.target_tag(key_id_or_tag)
    }

    /// The key that is acted upon, by its tag.
    #[must_use]
    pub fn target_tag(mut self, tag: &str) -> Self {
        self.target_tag = Some(tag.to_owned());
        self
    }

    /// The level of a key that does not exist yet.
    #[must_use]
    pub fn target_level(mut self, level: AuthLevel) -> Self {
        self.target_level = Some(level);
        self
    }

    /// The answer to who may act on some key when the target does not exist; a 404 unless it is said here.
    #[must_use]
    pub fn missing_target(mut self, refusal: Error) -> Self {
        self.missing_target = Some(refusal);
        self
    }

    /// Whose and what it is that is asked for, for the entry of a refusal; a change says it in its `Audit`.
    #[must_use]
    pub fn about(mut self, tenant: &str, subject: impl Into<String>) -> Self {
        self.about = Some((tenant.to_owned(), subject.into()));
        self
    }

    /// Runs reading statements for an admitted caller, and gives their outcomes.
    pub async fn read(self, statements: Vec<Statement>) -> Result<Vec<Outcome>> {
        Ok(self.run(statements, None).await??)
    }

    /// As `read`; and for `CACHE_SECONDS` this instance may show its copies of the same to the same caller, even if the
    /// licence or membership is withdrawn meanwhile. Never for secrets.
    pub async fn read_and_admit(self, statements: Vec<Statement>) -> Result<Vec<Outcome>> {
        let (signed, admission) = (self.signed, self.admission());
        let outcomes = self.read(statements).await?;
        signed.app.admissions().note(admission, signed.now);
        Ok(outcomes)
    }

    /// Whether the answer may be a copy: storage admitted this caller to this lately, and the request id is new here.
    pub fn is_admitted(&self) -> bool {
        let (signed, lifetime) = (self.signed, self.app().config().cache_seconds * 1000);
        signed.claimed && signed.app.admissions().holds(&self.admission(), signed.now, lifetime)
    }

    /// Who may do what, in one word.
    fn admission(&self) -> String {
        let community = self.community.as_deref().unwrap_or_default();
        let also = self.also.map(|also| also as usize).unwrap_or_default();
        format!("{}/{}/{also}/{community}", self.signed.secret_hash, self.action as usize)
    }

    /// Runs a change, or a read of secrets, for an admitted caller: all of it with its audit entry and replay mark, or
    /// nothing; durable when it returns. A change is told when the last changing statement changed something; reading
    /// ones may follow it and see the result. A broken uniqueness rule comes back as the inner error, for the handler to name.
    pub async fn write(self, statements: Vec<Statement>, audit: Audit) -> Result<Result<Vec<Outcome>, SqlError>> {
        self.run(statements, Some(audit)).await
    }

    /// Asks the table without doing anything, for what must exist before a change can be put together. The change
    /// itself is judged again in its own batch.
    pub async fn check(&self) -> Result<()> {
        self.judge(None).await?;
        self.judge(None).await
    }

    pub(crate) fn app(&self) -> &App {
        &self.signed.app
    }

    async fn run(self, statements: Vec<Statement>, audit: Option<Audit>) -> Result<Result<Vec<Outcome>, SqlError>> {
        let signed = self.signed;
        let asked = statements.len();
        let mut batch = vec![self.admit()];
        batch.extend(statements);
        let entry = |audit: &Audit| audit.statement(Some(&signed.mark), Some(&signed.request_id), signed.now);
        batch.extend(audit.as_ref().map(entry));
        batch.extend(sweep(&signed.app, 1, signed.now));
        // A second attempt is due when the first system key has just been created, or when a change that allows the
        // request came between the batch and the second look.
        for _ in 0..2 {
            let sql = signed.app.sql();
            let result =
                if audit.is_some() { sql.batch(batch.clone()).await } else { sql.read_batch(batch.clone()).await };
            match result {
                Ok(mut outcomes) => {
                    signed.remember();
                    let written = audit.as_ref().zip(outcomes.get(asked + 1));
                    signed.trail.tell(written.and_then(|(audit, outcome)| audit.place(outcome)));
                    outcomes.truncate(asked + 1);
                    outcomes.remove(0);
                    return Ok(Ok(outcomes));
                }
                Err(error) if error.is_unique("request_marks.mark") => {
                    signed.trail.spent();
                    return Err(Error::sent_before());
                }
                Err(SqlError::NotNull(column)) if column == "request_marks.caller" => {
                    self.judge(audit.as_ref()).await?;
                }
                Err(error) => return Ok(Err(error)),
            }
        }
        Err(Error::license())
    }

    /// Inserts the mark with the caller's tag and level, or with NULL for who may not pass: there is one caller at most,
    /// and a maximum of none is NULL. A join or a list instead would each cost a temporary table per request.
    fn admit(&self) -> Statement {
        if let Some(bearer) = &self.signed.bearer {
            let mark = Statement::new(
                "INSERT INTO request_marks (mark, expires_at, caller, level) VALUES (?1, ?2, ?3, 'bearer')",
            );
            return mark.bind(self.signed.mark.as_str()).bind(self.signed.mark_expires_at).bind(bearer.as_str());
        }
        static TEXT: LazyLock<String> = LazyLock::new(|| {
            let key = "level || '>' || coalesce(target, '-') || CASE valid WHEN 1 THEN '+' WHEN 0 THEN '~' ELSE '' END \
                 || CASE own WHEN 1 THEN '=' ELSE '' END";
            format!(
                "INSERT INTO request_marks (mark, expires_at, caller, level) \
                 SELECT ?8, ?9, max(tag), max(level) FROM ({}) WHERE {}",
                FACTS.as_str(),
                is_granted("?10", key),
            )
        });
        self.bind_facts(TEXT.as_str())
            .bind(self.signed.mark.as_str())
            .bind(self.signed.mark_expires_at)
            .bind(self.grants().into_owned())
    }

    fn grants(&self) -> Cow<'static, str> {
        match self.also {
            Some(also) => self.action.grants_with(also).into(),
            None => self.action.grants().into(),
        }
    }

    /// Takes a second look, outside the batch: the refusal, or `Ok` when there is a reason to try again.
    async fn judge(&self, audit: Option<&Audit>) -> Result<()> {
        let rows = self.signed.app.sql().query(self.bind_facts(FACTS.as_str())).await?;
        let Some(row) = rows.first() else {
            if root_license::create_if_presented(self.signed).await? {
                return Ok(());
            }
            self.signed.trail.spent();
            return Err(Error::license());
        };
        let facts = facts(row)?;
        let decision = match (self.action.decide(facts), self.also) {
            (Decision::Allow, Some(also)) => also.decide(facts),
            (decision, _) => decision,
        };
        if matches!(decision, Decision::Unauthorized | Decision::Forbidden | Decision::OwnKey) {
            let audit = audit.cloned().unwrap_or_else(|| self.asked()).refused_to(row.get::<String>("tag")?);
            self.signed.trail.refuse(audit, Some(&self.signed.request_id), self.signed.now);
        }
        Err(match decision {
            Decision::Allow => return Ok(()),
            Decision::Unauthorized => Error::license(),
            Decision::Forbidden => Error::forbidden(),
            Decision::OwnKey => Error::bad_request("A license cannot delete itself; use another one"),
            Decision::NoTarget => {
                self.missing_target.clone().unwrap_or_else(|| Error::not_found("No such license key"))
            }
        })
    }

    /// What was asked for, as far as is known without an `Audit`.
    fn asked(&self) -> Audit {
        let action = self.action.name();
        if let Some((tenant, subject)) = &self.about {
            return Audit::new(tenant.as_str(), action, subject.as_str());
        }
        let tenant = match self.signed.api {
            Api::Caas => PLATFORM_TENANT,
            Api::Licenses => LICENSING_TENANT,
        };
        let named = [&self.community, &self.target_tag].into_iter().flatten().map(String::as_str);
        Audit::new(tenant, action, named.collect::<Vec<_>>().join("/"))
    }

    fn bind_facts(&self, text: &'static str) -> Statement {
        Statement::new(text)
            .bind(self.signed.secret_hash.as_str())
            .bind(self.signed.now)
            .bind(self.signed.is_infra())
            .bind(self.community.clone())
            .bind(self.target_key_id.clone())
            .bind(self.target_tag.clone())
            .bind(self.target_level.map(|level| level.as_str().to_owned()))
    }
}

/// The caller, enabled and not expired, with what the tables ask about: membership and target.
static FACTS: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT c.tag, c.auth_level AS level, coalesce(?7, t.auth_level) AS target, t.seq = c.seq AS own, \
           CASE c.seq WHEN 0 THEN 1 ELSE (SELECT m.is_authorized AND m.expires_at > ?2 FROM key_authorizations m \
             WHERE m.key_seq = c.seq AND m.community_id = ?4) END AS valid \
         FROM (SELECT seq, tag, auth_level FROM service_keys \
             WHERE secret_hash = ?1 AND disabled = 0 AND expires_at > ?2 AND ?3 = 0 \
           UNION ALL SELECT 0, '{INFRA_TAG}', 'service' WHERE ?3 = 1) c \
         LEFT JOIN service_keys t ON t.seq = coalesce(\
           (SELECT seq FROM service_keys WHERE key_id = ?5), (SELECT seq FROM service_keys WHERE tag = ?6))"
    )
});

fn facts(row: &Row) -> Result<Facts> {
    let level = |column| -> Result<Option<AuthLevel>> {
        Ok(row.get::<Option<String>>(column)?.as_deref().and_then(AuthLevel::parse))
    };
    Ok(Facts {
        caller: level("level")?.ok_or_else(|| Error::internal("a licence key of unknown level"))?,
        membership: match row.get::<Option<bool>>("valid")? {
            None => Membership::None,
            Some(false) => Membership::Withdrawn,
            Some(true) => Membership::Valid,
        },
        target: level("target")?,
        own: row.get::<Option<bool>>("own")?.unwrap_or(false),
    })
}

/// Whether a list of grants has the word that SQL composes of the facts. The words have no quotes inside.
pub(crate) fn is_granted(grants: &str, word: &str) -> String {
    format!("instr({grants}, '\"' || {word} || '\"') > 0")
}

/// Takes expired marks away when it is due, for so many new ones.
pub(crate) fn sweep(app: &App, marks: usize, now: i64) -> Option<Statement> {
    let marks = i64::try_from(marks).unwrap_or(SWEEP_EVERY);
    let before = app.signed_requests().fetch_add(marks, Ordering::Relaxed) + SWEEP_EVERY / 2;
    let due = (before + marks) / SWEEP_EVERY - before / SWEEP_EVERY;
    let sweep = Statement::new(
        "DELETE FROM request_marks WHERE mark IN \
         (SELECT mark FROM request_marks WHERE expires_at < ?1 ORDER BY expires_at LIMIT ?2)",
    );
    (due > 0).then(|| sweep.bind(now).bind(2 * SWEEP_EVERY * due))
}
