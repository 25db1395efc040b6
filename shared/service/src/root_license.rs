//! The first system key. It comes from the configuration and is created when it is presented for the first time;
//! once created it is a key like any other, and stays deleted when it is deleted.

use crypto::hash;
use platform::{Statement, random};

use crate::{
    Anonymous, Audit, Result, Signed, Signing,
    batch::unasked,
    license_secret::{self, LICENSING_TENANT},
};

const TAG: &str = "root";
const YEARS_10_MS: i64 = 10 * 365 * 24 * 3600 * 1000;

/// Whether the caller presented the configured root licence.
pub(crate) fn is_presented(signed: &Signed) -> bool {
    let root = signed.app.signing().ok().and_then(Signing::root_license);
    root.is_some_and(|root| hash::equal(root.as_bytes(), signed.license.as_bytes()))
}

/// True when the caller presented the configured root licence and there is reason to look for it again.
pub(crate) async fn create_if_presented(signed: &Signed) -> Result<bool> {
    let app = &signed.app;
    if !is_presented(signed) {
        return Ok(false);
    }
    let data_key = unasked::create_data_key(app, LICENSING_TENANT).await?;
    let id = hash::hex(&random::bytes::<12>()?);
    let sealed = license_secret::seal(&data_key, &id, &signed.license)?;
    // Once in the life of a database: the second statement records that the first was executed.
    let key = Statement::new(
        "INSERT INTO service_keys (id, type, tag, key_id, secret_hash, sealed_secret, expires_at, auth_level, \
         description, created_at, updated_at) \
         SELECT ?1, 'hawk', ?2, ?3, ?4, ?5, ?6, 'system', 'The first system key, from the configuration', ?7, ?7 \
         WHERE NOT EXISTS (SELECT 1 FROM environment WHERE name = 'root_license_created')",
    );
    let key = key
        .bind(id.as_str())
        .bind(TAG)
        .bind(id.as_str())
        .bind(signed.secret_hash.as_str())
        .bind(sealed)
        .bind(signed.now + YEARS_10_MS)
        .bind(signed.now);
    let once = Statement::new(
        "INSERT INTO environment (name, value) VALUES ('root_license_created', ?1) ON CONFLICT DO NOTHING",
    );
    let audit = Audit::new(LICENSING_TENANT, "license.create", TAG).by("configuration");
    let mut batch = Anonymous::background(app).for_request(&signed.request_id).batch();
    let created = batch.push(key);
    batch.push(once.bind(signed.now.to_string()));
    batch.record(audit.value(&data_key, signed.license.as_bytes()), created);
    // Where it was created before, by another instance or long ago, the second look finds it.
    batch.write().await.map(|_| true)
}
