//! Versions of secrets as they are written and kept. The database numbers them; what a new version or a changed state
//! means for the secret, its events, the counts and the quota is done by triggers.

use crypto::seal::DataKey;
use platform::{Statement, random};
use policy::qnsp::Quota;
use serde_json::json;
use service::Result;
use zeroize::Zeroizing;

use crate::{Work, new_id};

/// The value of a version, sealed for its row.
pub fn seal(data_key: &DataKey, tenant: &str, secret: &str, id: &str, value: &[u8]) -> Result<Vec<u8>> {
    Ok(data_key.seal(random::bytes()?, &aad(tenant, secret, id), value))
}

pub fn open(data_key: &DataKey, tenant: &str, secret: &str, id: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
    Ok(data_key.open(&aad(tenant, secret, id), sealed)?)
}

fn aad<'a>(tenant: &'a str, secret: &'a str, id: &'a str) -> [&'a [u8]; 4] {
    [b"qnsp-secret", tenant.as_bytes(), secret.as_bytes(), id.as_bytes()]
}

/// A change of a secret, and who makes it.
#[derive(Clone, Copy)]
pub struct Change<'a> {
    pub tenant: &'a str,
    pub secret: &'a str,
    pub by: &'a str,
    pub now: i64,
}

/// A version that does not exist yet.
pub struct NewVersion<'a> {
    /// A new UUID, for which the value is sealed.
    pub id: &'a str,
    pub sealed_value: Vec<u8>,
    /// A JSON object.
    pub metadata: &'a str,
    /// The version whose value it has again.
    pub restores: Option<i64>,
}

impl Change<'_> {
    fn statement(&self, text: impl Into<std::borrow::Cow<'static, str>>) -> Statement {
        Statement::new(text).bind(self.tenant).bind(self.secret).bind(self.now).bind(self.by)
    }

    /// Takes the next number, and makes the secret with its first version. Gives the number as `version`.
    pub fn count_version(&self) -> Statement {
        let upsert = Statement::new(
            "INSERT INTO qnsp_secrets (tenant_id, id, created_at, updated_at, last_version, deprecated, destroyed, \
             auto_destroy) VALUES (?1, ?2, ?3, ?3, 1, 0, 0, 0) ON CONFLICT (tenant_id, id) \
             DO UPDATE SET last_version = last_version + 1, updated_at = excluded.updated_at \
             RETURNING last_version AS version",
        );
        upsert.bind(self.tenant).bind(self.secret).bind(self.now)
    }

    /// What follows [`Change::count_version`] in a batch: the version is active, the one that was is deprecated, and a
    /// policy that is enforced by new versions is.
    pub fn add_version(&self, version: NewVersion) -> [Statement; 3] {
        let insert = self.statement(
            "INSERT INTO qnsp_secret_versions (tenant_id, secret_id, version, id, state, created_at, created_by, metadata, \
             sealed_value, restores, changed_at, changed_by) SELECT ?1, ?2, last_version, ?5, 'active', ?3, ?4, ?6, ?7, ?8, \
             ?3, ?4 FROM qnsp_secrets WHERE tenant_id = ?1 AND id = ?2",
        );
        let insert = insert.bind(version.id).bind(version.metadata).bind(version.sealed_value).bind(version.restores);
        let deprecate = self.statement(
            "UPDATE qnsp_secret_versions SET state = 'deprecated', changed_at = ?3, changed_by = ?4 \
             WHERE tenant_id = ?1 AND secret_id = ?2 AND state = 'active' \
             AND version < (SELECT last_version FROM qnsp_secrets WHERE tenant_id = ?1 AND id = ?2)",
        );
        [insert, deprecate, self.destroy_old(" AND auto_destroy")]
    }

    /// A new version of a random text takes the place of the active one.
    pub fn rotate(&self, data_key: &DataKey, reason: &str) -> Result<Vec<Statement>> {
        let (id, value) = (new_id()?, random_text()?);
        let sealed_value = seal(data_key, self.tenant, self.secret, &id, value.as_bytes())?;
        let metadata = json!({ "changedBy": self.by, "reason": reason }).to_string();
        let version = NewVersion { id: &id, sealed_value, metadata: &metadata, restores: None };
        Ok([self.count_version()].into_iter().chain(self.add_version(version)).collect())
    }

    /// Destroys what the secret's policy does not keep.
    pub fn enforce_retention(&self) -> Statement {
        self.destroy_old("")
    }

    /// `also` is one more condition on the secret: where it is not met, no version is looked at. The active version is always the newest
    /// that is kept.
    fn destroy_old(&self, also: &str) -> Statement {
        self.statement(format!(
            "UPDATE qnsp_secret_versions AS v INDEXED BY qnsp_secret_versions_by_state SET state = 'destroyed', \
             sealed_value = NULL, changed_at = ?3, changed_by = ?4 WHERE v.tenant_id = ?1 \
             AND v.secret_id = (SELECT id FROM qnsp_secrets WHERE tenant_id = ?1 AND id = ?2{also}) \
             AND v.state = 'deprecated' AND EXISTS (SELECT 1 FROM qnsp_secrets s WHERE s.tenant_id = ?1 AND s.id = ?2 \
             AND (v.created_at < ?3 - s.delete_after OR v.version < (SELECT k.version FROM qnsp_secret_versions k \
             INDEXED BY qnsp_secret_versions_kept WHERE k.tenant_id = ?1 AND k.secret_id = ?2 AND k.state <> 'destroyed' \
             ORDER BY k.version DESC LIMIT 1 OFFSET (SELECT coalesce(max_versions, 1 << 30) - 1 FROM qnsp_secrets \
             WHERE tenant_id = ?1 AND id = ?2))))"
        ))
    }
}

impl Work {
    /// Refuses the call, after all else, where the quota has no place for this secret and it has none yet.
    pub fn require_place_of_secret(&mut self, secret: &str) {
        let has_place =
            "EXISTS (SELECT 1 FROM qnsp_secrets WHERE tenant_id = ?1 AND id = ?6 AND last_version > destroyed)";
        self.require_room_unless(has_place, secret, Quota::Secrets);
    }
}

/// 32 characters of A-Z a-z 0-9, each as likely as the others.
fn random_text() -> Result<Zeroizing<String>> {
    const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    const LENGTH: usize = 32;
    let mut text = Zeroizing::new(String::with_capacity(LENGTH));
    while text.len() < LENGTH {
        let bytes: Zeroizing<[u8; 64]> = Zeroizing::new(random::bytes()?);
        // Of 256 values the last 8 would make some characters likelier.
        let characters =
            bytes.iter().filter(|byte| **byte < 248).filter_map(|byte| ALPHABET.get(usize::from(byte % 62)));
        for character in characters.take(LENGTH - text.len()) {
            text.push(char::from(*character));
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn a_value_opens_in_its_own_row_only() {
        let key = DataKey::new([1; 16], [2; 32]);
        let sealed = seal(&key, "t", "s", "id", b"value").unwrap();
        assert!(!sealed.windows(5).any(|window| window == b"value"));
        assert_eq!(*open(&key, "t", "s", "id", &sealed).unwrap(), b"value");
        for (tenant, secret, id) in [("o", "s", "id"), ("t", "o", "id"), ("t", "s", "o")] {
            assert!(open(&key, tenant, secret, id, &sealed).is_err());
        }
    }
}
