//! What files are compared with by itself: the values of the tenant's secrets, and by their hashes the passwords of its
//! leases.

use std::collections::HashMap;

use crypto::{hash, seal::DataKey};
use platform::Statement;
use policy::qnsp::leakage::{self, KnownValues};
use qnsp::{Caller, KEY_PREFIX, secrets};
use service::Result;

/// How many secrets are compared, the newest, and how many leases, those that live the longest.
const MOST: i64 = 10_000;
/// How many secrets are read at once. A value may have 64 KiB.
const PAGE: i64 = 250;

/// The shortest value that is compared, in characters.
const SHORTEST: usize = 12;

/// What has leaked where it is found.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) enum Leaked {
    /// The active version of a secret.
    Version { secret: String, version: i64 },
    /// The password of an active lease.
    Lease { id: String, config: String },
}

impl Leaked {
    /// The secret of the incident.
    pub(crate) fn id(&self) -> &str {
        match self {
            Self::Version { secret, .. } => secret,
            Self::Lease { id, .. } => id,
        }
    }
}

struct Known {
    leaked: Leaked,
    hash: [u8; 32],
}

pub(crate) struct Compared {
    values: KnownValues<Known>,
    /// By the hashes of their passwords, in hexadecimal digits.
    leases: HashMap<String, Leaked>,
}

impl Compared {
    pub(crate) async fn load(caller: &Caller, data_key: &DataKey) -> Result<Self> {
        Ok(Self { values: values(caller, data_key).await?, leases: leases(caller).await? })
    }

    /// Each place at which something known stands: the place, the bytes, and what it is. Of values that begin alike, so many
    /// bytes are compared at most.
    pub(crate) fn find<'a>(
        &'a self,
        text: &'a [u8],
        most_compared: usize,
    ) -> impl Iterator<Item = (usize, &'a [u8], &'a Leaked)> {
        let mut compared = 0_usize;
        let candidates = self.values.candidates(text).take_while(move |(_, bytes, _)| {
            compared += bytes.len();
            compared <= most_compared
        });
        let values = candidates
            .filter(|(_, bytes, known)| hash::equal(&hash::sha256(&[bytes]), &known.hash))
            .map(|(at, bytes, known)| (at, bytes, &known.leaked));
        let passwords = (!self.leases.is_empty()).then(|| leakage::passwords(text, KEY_PREFIX.as_bytes()));
        let leases = passwords.into_iter().flatten().filter_map(|(at, bytes)| {
            let leaked = self.leases.get(&hash::hex(&hash::sha256(&[bytes])))?;
            Some((at, bytes, leaked))
        });
        values.chain(leases)
    }
}

async fn values(caller: &Caller, data_key: &DataKey) -> Result<KnownValues<Known>> {
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
                let leaked = Leaked::Version { secret, version: row.get("version")? };
                known.add(&value, Known { leaked, hash: hash::sha256(&[&value]) });
            }
        }
        if rows.len() < usize::try_from(PAGE).unwrap_or_default() {
            break;
        }
    }
    Ok(known)
}

async fn leases(caller: &Caller) -> Result<HashMap<String, Leaked>> {
    let select = Statement::new(
        "SELECT id, config_id, password_hash FROM qnsp_leases WHERE tenant_id = ?1 AND is_counted = 1 AND ends_at > ?2 \
         AND is_pending = 0 ORDER BY ends_at DESC LIMIT ?3",
    );
    let rows = caller.app.query(select.bind(caller.tenant()).bind(caller.now).bind(MOST)).await?;
    let lease = |row: &platform::Row| -> Result<_> {
        let leaked = Leaked::Lease { id: row.get("id")?, config: row.get("config_id")? };
        Ok((row.get("password_hash")?, leaked))
    };
    rows.iter().map(lease).collect()
}
