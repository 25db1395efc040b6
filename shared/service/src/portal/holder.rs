//! Who holds a credential, and the rows of new ones: those that a developer makes, and those that operators bring along.

use crypto::seal::DataKey;
use model::portal::{JwtParts, fold_email};
use platform::Statement;

use super::Credential;
use crate::{App, Result};

/// A developer, by id or e-mail address, or an application, by id.
#[derive(Clone, Copy)]
pub enum Holder<'a> {
    Developer(&'a str),
    Application(&'a str),
}

/// Completes a statement with the consumer of a holder, as it is bound by [`Holder::bind`] before all others.
macro_rules! consumer {
    ($before:literal, $after:literal) => {
        concat!(
            $before,
            "(SELECT id FROM portal_consumers WHERE application_id = ?1 \
             OR developer_id = (SELECT id FROM portal_developers WHERE id = ?2 OR email_folded = ?3))",
            $after
        )
    };
}

impl Holder<'_> {
    /// Reads the holder's consumer as `consumer_id`, if there is such a holder.
    pub fn select(self) -> Statement {
        self.bind(consumer!("SELECT id AS consumer_id FROM portal_consumers WHERE id = ", ""))
    }

    /// A key. Without such a holder the column `consumer_id` refuses it.
    pub fn insert_key(self, app: &App, data_key: &DataKey, id: &str, key: &str, now: i64) -> Result<Statement> {
        let insert = self.bind(consumer!(
            "INSERT INTO portal_key_auth (consumer_id, id, key_hash, sealed_key, created_at) VALUES (",
            ", ?4, ?5, ?6, ?7)"
        ));
        let (hash, sealed) =
            (Credential::KeyAuth.lookup_hash(app, &[key])?, Credential::KeyAuth.seal(data_key, id, key)?);
        Ok(insert.bind(id).bind(hash).bind(sealed).bind(now))
    }

    /// A JWT credential, as a key.
    pub fn insert_jwt(self, data_key: &DataKey, id: &str, parts: &JwtParts, now: i64) -> Result<Statement> {
        let insert = self.bind(consumer!(
            "INSERT INTO portal_jwt (consumer_id, id, key, algorithm, sealed_secret, rsa_public_key, created_at) VALUES (",
            ", ?4, ?5, ?6, ?7, ?8, ?9)"
        ));
        Ok(insert
            .bind(id)
            .bind(parts.key.as_str())
            .bind(parts.algorithm.as_str())
            .bind(Credential::Jwt.seal(data_key, id, &parts.secret)?)
            .bind(parts.rsa_public_key.clone())
            .bind(now))
    }

    fn bind(self, text: &'static str) -> Statement {
        let (application, developer) = match self {
            Self::Developer(named) => (None, Some(named)),
            Self::Application(id) => (Some(id), None),
        };
        Statement::new(text)
            .bind(application.map(str::to_owned))
            .bind(developer.map(str::to_owned))
            .bind(developer.map(fold_email))
    }
}
