//! What files are compared with by itself: the values of the tenant's secrets. Passwords of leases belong here, too, by
//! their hashes, once there are leases.

use crypto::{hash, seal::DataKey};
use platform::Statement;
use policy::qnsp::leakage::KnownValues;
use qnsp::{Caller, secrets};
use service::Result;

/// How many secrets are compared, the newest.
const MOST: i64 = 10_000;
/// How many are read at once. A value may have 64 KiB.
const PAGE: i64 = 250;

/// The shortest value that is compared, in characters.
const SHORTEST: usize = 12;

/// An active version by the hash of its value.
pub(crate) struct Known {
    pub secret: String,
    pub version: i64,
    hash: [u8; 32],
}

impl Known {
    pub(crate) fn is(&self, bytes: &[u8]) -> bool {
        hash::equal(&hash::sha256(&[bytes]), &self.hash)
    }
}

pub(crate) async fn load(caller: &Caller, data_key: &DataKey) -> Result<KnownValues<Known>> {
    let mut known = KnownValues::default();
    let mut before = (i64::MAX >> 10, String::new());
    for _ in 0..MOST / PAGE {
        let select = Statement::new(
            "SELECT s.id, s.created_at, v.version, v.id AS row_id, v.sealed_value FROM qnsp_secrets s \
             CROSS JOIN qnsp_secret_versions v ON v.tenant_id = s.tenant_id AND v.secret_id = s.id \
             AND v.version = s.active_version WHERE s.tenant_id = ?1 AND (s.created_at, s.id) < (?2, ?3) \
             ORDER BY s.created_at DESC, s.id DESC LIMIT ?4",
        );
        let select = select.bind(caller.tenant()).bind(before.0).bind(before.1.as_str()).bind(PAGE);
        let rows = caller.app.query(select).await?;
        for row in &rows {
            let (secret, id): (String, String) = (row.get("id")?, row.get("row_id")?);
            let sealed: Vec<u8> = row.get("sealed_value")?;
            let value = secrets::open(data_key, caller.tenant(), &secret, &id, &sealed)?;
            before = (row.get("created_at")?, secret.clone());
            if std::str::from_utf8(&value).is_ok_and(|text| text.chars().count() >= SHORTEST) {
                let hash = hash::sha256(&[&value]);
                known.add(&value, Known { secret, version: row.get("version")?, hash });
            }
        }
        if rows.len() < usize::try_from(PAGE).unwrap_or_default() {
            break;
        }
    }
    Ok(known)
}
