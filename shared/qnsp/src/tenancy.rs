//! How a tenant and an API key come to be, whoever makes them.

use crypto::{hash, seal::DataKey};
use platform::{Statement, random};
use policy::qnsp::{AddOn, Tier};
use serde_json::Value;
use service::Result;
use zeroize::Zeroizing;

use crate::{KEY_PREFIX, PERSONAL_KEY_PREFIX, key_hash, new_id};

/// A tenant that does not exist yet.
pub struct NewTenant<'a> {
    pub id: &'a str,
    pub name: &'a str,
    pub admin_email: Option<&'a str>,
    pub tier: Tier,
    pub add_ons: &'a [AddOn],
    /// Calls a minute, where it is not the deployment's default.
    pub rate_limit: Option<i64>,
}

/// An API key that does not exist yet.
pub struct NewKey<'a> {
    pub tenant: &'a str,
    pub user: &'a str,
    pub roles: &'a [&'a str],
    pub name: &'a str,
    pub expires_at: Option<i64>,
    pub is_personal: bool,
}

/// A key that exists when its statement has run. The text of it is nowhere else.
pub struct IssuedKey {
    pub id: String,
    pub text: Zeroizing<String>,
    pub insert: Statement,
}

impl NewTenant<'_> {
    /// The same where the tenant may exist, and then stays as it is.
    pub fn insert_if_absent(&self, data_key: &DataKey, now: i64) -> Result<Statement> {
        let insert = self.insert(data_key, now)?;
        Ok(Statement { text: format!("{} ON CONFLICT DO NOTHING", insert.text).into(), ..insert })
    }

    /// The tenant's row, with a new webhook secret that its data key seals.
    pub fn insert(&self, data_key: &DataKey, now: i64) -> Result<Statement> {
        let secret = Zeroizing::new(hash::hex(&random::bytes::<32>()?));
        let sealed = data_key.seal(random::bytes()?, &webhook_aad(self.id), secret.as_bytes());
        let add_ons: Vec<_> = self.add_ons.iter().map(|add_on| add_on.as_str()).collect();
        let insert = Statement::new(
            "INSERT INTO qnsp_tenants (id, name, admin_email, tier, add_ons, rate_limit, sealed_webhook_secret, \
             created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8)",
        );
        Ok(insert
            .bind(self.id)
            .bind(self.name)
            .bind(self.admin_email.map(str::to_owned))
            .bind(self.tier.as_str())
            .bind(Value::from(add_ons).to_string())
            .bind(self.rate_limit)
            .bind(sealed)
            .bind(now))
    }
}

impl NewKey<'_> {
    /// Draws the key: 160 random bits behind a prefix, of which the SHA-256 is stored.
    pub fn issue(&self, now: i64) -> Result<IssuedKey> {
        let prefix = if self.is_personal { PERSONAL_KEY_PREFIX } else { KEY_PREFIX };
        let text = Zeroizing::new(format!("{prefix}{}", hash::hex(&random::bytes::<20>()?)));
        let id = new_id()?;
        let insert = Statement::new(
            "INSERT INTO qnsp_keys (key_hash, id, tenant_id, user_id, roles, name, created_at, expires_at) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        );
        let insert = insert
            .bind(key_hash(&text))
            .bind(id.as_str())
            .bind(self.tenant)
            .bind(self.user)
            .bind(Value::from(self.roles).to_string())
            .bind(self.name)
            .bind(now)
            .bind(self.expires_at);
        Ok(IssuedKey { id, text, insert })
    }
}

/// The webhook secret of a tenant's row: the key of its signed deliveries.
pub fn open_webhook_secret(data_key: &DataKey, tenant: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
    Ok(data_key.open(&webhook_aad(tenant), sealed)?)
}

/// A secret opens in the row of its tenant only.
fn webhook_aad(tenant: &str) -> [&[u8]; 2] {
    [b"qnsp-webhook-secret", tenant.as_bytes()]
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use platform::SqlValue;

    use super::*;

    fn key() -> DataKey {
        DataKey::new([1; 16], [2; 32])
    }

    fn sealed(tenant: &str) -> Vec<u8> {
        let new =
            NewTenant { id: tenant, name: "n", admin_email: None, tier: Tier::Free, add_ons: &[], rate_limit: None };
        let found = new.insert(&key(), 0).unwrap().params.into_iter().find_map(|param| match param {
            SqlValue::Blob(bytes) => Some(bytes),
            _ => None,
        });
        found.unwrap()
    }

    #[test]
    fn a_webhook_secret_is_hexadecimal_differs_by_tenant_and_opens_in_its_own_row_only() {
        let [first, second] = ["a", "b"].map(|tenant| open_webhook_secret(&key(), tenant, &sealed(tenant)).unwrap());
        assert!(first.len() == 64 && first.iter().all(u8::is_ascii_hexdigit));
        assert_ne!(first, second);
        assert!(open_webhook_secret(&key(), "b", &sealed("a")).is_err());
    }

    #[test]
    fn a_key_has_160_bits_behind_its_prefix_and_its_statement_holds_the_hash_alone() {
        for (is_personal, prefix) in [(false, "qnsp_pqc_"), (true, "qnsp_pqc_pat_")] {
            let new = NewKey { tenant: "t", user: "u", roles: &["owner"], name: "", expires_at: None, is_personal };
            let issued = new.issue(0).unwrap();
            let digits = issued.text.strip_prefix(prefix).unwrap();
            assert!(digits.len() == 40 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()), "{}", *issued.text);
            assert_eq!(issued.insert.params.first(), Some(&SqlValue::Text(key_hash(&issued.text))));
            let says_it = |param: &SqlValue| matches!(param, SqlValue::Text(text) if text.contains(digits));
            assert!(!issued.insert.params.iter().any(says_it));
        }
    }
}
