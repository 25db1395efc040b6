//! What a signed request needs to be allowed, and the batch of a caller with a licence. Its first statement inserts the
//! nonce together with the caller, found by the permission table of the action; where the table grants nothing, the
//! caller is NULL, the column refuses it, and nothing of the batch happens. Why is asked after that.

use std::{borrow::Cow, ops::Deref};

use model::AuthLevel;
use platform::{Row, SqlError, Statement};
use policy::{Access, Action, Decision, Facts, Membership};

use crate::{
    Actor, Api, Audit, Batch, Call, Error, Guard, PLATFORM_TENANT, Result, Signed, license_secret::LICENSING_TENANT,
    nonces, root_license,
};

/// The tag under which the infra licence appears.
pub const INFRA_TAG: &str = "infra_license_key";

/// A signed request with the action that must be allowed to it, and what the permission table asks about.
#[derive(Clone)]
pub struct Authorization<'a> {
    signed: &'a Signed,
    action: Action,
    also: Option<Action>,
    community: Option<String>,
    target_key_id: Option<String>,
    target_tag: Option<String>,
    target_level: Option<AuthLevel>,
    missing_target: Option<Error>,
    about: Option<(String, String)>,
    is_admitted: bool,
}

impl Signed {
    /// Asks for the action of the operation's row.
    pub fn authorize(&self) -> Result<Authorization<'_>> {
        Authorization::of_row(self)
    }

    /// Asks for one of the actions of the operation's row: the request says for which.
    pub fn authorize_as(&self, action: Action) -> Authorization<'_> {
        Authorization::new(self, action)
    }
}

impl<'a> Authorization<'a> {
    /// The action of the operation's row.
    fn of_row(signed: &'a Signed) -> Result<Self> {
        match signed.log.operation().map(|operation| operation.access) {
            Some(Access::Licence([action])) => Ok(Self::new(signed, *action)),
            Some(Access::TokenOrLicence(action)) => Ok(Self::new(signed, action)),
            _ => Err(Error::internal("the row of this operation does not name one action")),
        }
    }

    fn new(signed: &'a Signed, action: Action) -> Self {
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
            is_admitted: false,
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

    /// The tenant and subject of the entry of a refusal; a change says it in its own entry.
    #[must_use]
    pub fn about(mut self, tenant: &str, subject: impl Into<String>) -> Self {
        self.about = Some((tenant.to_owned(), subject.into()));
        self
    }

    /// An earlier batch of this request has admitted the caller and stored the nonce, but changed nothing: the next batch
    /// relies on that.
    #[must_use]
    pub fn admitted(self) -> Self {
        Self { is_admitted: true, ..self }
    }

    pub fn batch(self) -> Batch<Self> {
        Batch::new(self)
    }

    pub(crate) fn signed(&self) -> &Signed {
        self.signed
    }

    /// Caller, action and community as one key.
    pub(crate) fn admission(&self) -> String {
        let community = self.community.as_deref().unwrap_or_default();
        let also = self.also.map(|also| also as usize).unwrap_or_default();
        format!("{}/{}/{also}/{community}", self.signed.secret_hash, self.action as usize)
    }

    /// Inserts the nonce with the caller's tag and level, or with NULL for a caller who is not admitted: there is one
    /// caller at most, and a maximum of none is NULL. A join or a list would each cost a temporary table per request.
    fn insert_nonce(&self) -> Statement {
        let signed = self.signed;
        if let Some(subject) = &signed.token_subject {
            let insert = Statement::new("INSERT INTO request_nonces (nonce, caller, level) VALUES (?1, ?2, 'bearer')");
            return insert.bind(signed.nonce.as_str()).bind(subject.as_str());
        }
        let key = "level || '>' || coalesce(target, '-') || CASE valid WHEN 1 THEN '+' WHEN 0 THEN '~' ELSE '' END \
             || CASE own WHEN 1 THEN '=' ELSE '' END";
        let text = format!(
            "INSERT INTO request_nonces (nonce, caller, level) \
             SELECT ?8, max(tag), max(level) FROM ({FACTS}) WHERE {}",
            is_granted("?9", key),
        );
        self.bind_facts(text).bind(signed.nonce.as_str()).bind(self.grants().into_owned())
    }

    fn grants(&self) -> Cow<'static, str> {
        match self.also {
            Some(also) => self.action.grants_with(also).into(),
            None => self.action.grants().into(),
        }
    }

    /// Reads the facts and decides, outside of a batch. `asked` is what a refusal is an entry about.
    async fn judge(&self, asked: Audit) -> Result<()> {
        let row = match self.facts().await? {
            Some(row) => row,
            None if root_license::create_if_presented(self.signed).await? => {
                self.facts().await?.ok_or_else(Error::license)?
            }
            None => {
                self.log.take_nonce();
                return Err(Error::license());
            }
        };
        let facts = facts(&row)?;
        let decision = match (self.action.decide(facts), self.also) {
            (Decision::Allow, Some(also)) => also.decide(facts),
            (decision, _) => decision,
        };
        if matches!(decision, Decision::Unauthorized | Decision::Forbidden | Decision::OwnKey) {
            let refusal = asked.refused_to(row.get::<String>("tag")?);
            self.log.refuse(refusal, Some(&self.signed.request_id), self.now);
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

    async fn facts(&self) -> Result<Option<Row>> {
        Ok(self.app.sql().query(self.bind_facts(FACTS)).await?.into_iter().next())
    }

    fn bind_facts(&self, text: impl Into<Cow<'static, str>>) -> Statement {
        Statement::new(text)
            .bind(self.signed.secret_hash.as_str())
            .bind(self.now)
            .bind(self.signed.is_infra())
            .bind(self.community.clone())
            .bind(self.target_key_id.clone())
            .bind(self.target_tag.clone())
            .bind(self.target_level.map(|level| level.into_str().to_owned()))
    }
}

impl Deref for Authorization<'_> {
    type Target = Call;

    fn deref(&self) -> &Call {
        &self.signed.call
    }
}

impl Actor for Authorization<'_> {
    fn name(&self) -> Option<String> {
        None
    }

    fn asked(&self) -> Audit {
        if let Some((tenant, subject)) = &self.about {
            return self.audit(tenant.as_str(), subject.as_str());
        }
        let tenant = match self.signed.api {
            Api::Caas => PLATFORM_TENANT,
            Api::Licenses => LICENSING_TENANT,
        };
        let named = [&self.community, &self.target_tag].into_iter().flatten().map(String::as_str);
        self.audit(tenant, named.collect::<Vec<_>>().join("/"))
    }

    fn opening(&self) -> Vec<Statement> {
        if self.is_admitted { Vec::new() } else { vec![self.insert_nonce()] }
    }

    fn guards(&self) -> Vec<Guard> {
        let stored =
            Guard::new("EXISTS (SELECT 1 FROM request_nonces WHERE nonce = ?1 AND caller <> '')", Error::license());
        if self.is_admitted { vec![stored.bind(self.signed.nonce.as_str())] } else { Vec::new() }
    }

    fn closing(&self) -> Vec<Statement> {
        nonces::sweep(&self.app, 1, self.now).into_iter().collect()
    }

    fn nonce(&self) -> Option<&str> {
        Some(&self.signed.nonce)
    }

    fn request_id(&self) -> Option<&str> {
        Some(&self.signed.request_id)
    }

    /// The first system key has perhaps just been created. A change that admits another caller, and comes between the
    /// batch and the look at the facts, comes too late for this request.
    fn may_retry(&self) -> bool {
        root_license::is_presented(self.signed)
    }

    async fn check(&self) -> Result<()> {
        self.judge(self.asked()).await
    }

    async fn explain(&self, error: &SqlError, asked: Audit) -> Option<Result<()>> {
        match error {
            error if error.is_unique("request_nonces.nonce") => {
                self.log.take_nonce();
                Some(Err(Error::replayed()))
            }
            SqlError::NotNull(column) if column == "request_nonces.caller" => Some(self.judge(asked).await),
            _ => None,
        }
    }

    fn committed(&self) {
        self.signed.remember();
    }
}

/// The caller, enabled and not expired, with what the tables ask about: membership and target. The infra licence, which
/// is configured and not stored, has the tag of [`INFRA_TAG`].
const FACTS: &str = "SELECT c.tag, c.auth_level AS level, coalesce(?7, t.auth_level) AS target, t.seq = c.seq AS own, \
       CASE c.seq WHEN 0 THEN 1 ELSE (SELECT m.is_authorized AND m.expires_at > ?2 FROM key_authorizations m \
         WHERE m.key_seq = c.seq AND m.community_id = ?4) END AS valid \
     FROM (SELECT seq, tag, auth_level FROM service_keys \
         WHERE secret_hash = ?1 AND disabled = 0 AND expires_at > ?2 AND ?3 = 0 \
       UNION ALL SELECT 0, 'infra_license_key', 'service' WHERE ?3 = 1) c \
     LEFT JOIN service_keys t ON t.seq = coalesce(\
       (SELECT seq FROM service_keys WHERE key_id = ?5), (SELECT seq FROM service_keys WHERE tag = ?6))";

fn facts(row: &Row) -> Result<Facts> {
    let level = |column| -> Result<Option<AuthLevel>> {
        Ok(row.get::<Option<String>>(column)?.as_deref().and_then(|level| level.parse().ok()))
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
fn is_granted(grants: &str, word: &str) -> String {
    format!("instr({grants}, '\"' || {word} || '\"') > 0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_facts_name_the_infra_licence_by_its_tag() {
        assert!(FACTS.contains(&format!("'{INFRA_TAG}'")));
    }
}
