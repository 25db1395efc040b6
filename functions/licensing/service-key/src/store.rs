//! The SQL of service keys, and how their rows become answers.

use crypto::{hash, seal::DataKey};
use model::{
    AuthLevel,
    json::JsonText,
    licensing::{CreateServiceKeyRequest, Modules, PageQuery, ServiceKey, UpdateServiceKeyRequest},
    time::IsoTime,
};
use platform::{Row, Statement, random};
use policy::Action;
use service::{Error, Result, Signed, license_secret};

use crate::credentials::Credentials;

/// The levels that the caller sees in a list: what the table grants to the level beside its nonce (`?1`). Grants read
/// `caller>target`, see `policy::Facts::key`.
const VISIBLE: &str = "SELECT substr(value, length(level) + 2) FROM request_nonces, json_each(?2) \
     WHERE nonce = ?1 AND substr(value, 1, length(level) + 1) = level || '>'";

/// All keys less the hidden ones: a whole index is counted without a look at its entries, and few keys are hidden.
pub(crate) fn count_visible(signed: &Signed) -> Statement {
    let levels = AuthLevel::ALL.map(|level| format!("('{}')", level.into_str())).join(", ");
    let text = format!(
        "SELECT (SELECT count(*) FROM service_keys) - (SELECT count(*) FROM service_keys \
         WHERE auth_level IN (VALUES {levels} EXCEPT {VISIBLE})) AS total"
    );
    bind_visible(text, signed)
}

/// The `+` keeps SQLite on the order of `seq`: by the index of levels it would have to sort all keys.
pub(crate) fn select_visible(signed: &Signed, page: &PageQuery) -> Statement {
    let text = format!("{COLUMNS} FROM service_keys WHERE +auth_level IN ({VISIBLE}) ORDER BY seq LIMIT ?3 OFFSET ?4");
    bind_visible(text, signed).bind(page.limit()).bind(page.offset())
}

fn bind_visible(text: String, signed: &Signed) -> Statement {
    Statement::new(text).bind(signed.nonce()).bind(Action::SeeKeyInList.grants())
}

/// A key as it is going to be stored.
pub(crate) fn new_key(
    request: CreateServiceKeyRequest,
    credentials: Credentials,
    expires_at: i64,
) -> Result<ServiceKey> {
    let (kind, auth_level) = (request.kind(), request.auth_level());
    let modules = request.modules.unwrap_or_default();
    Ok(ServiceKey {
        id: hash::hex(&random::bytes::<12>()?),
        kind,
        tag: request.tag.into(),
        key_id: credentials.key_id,
        key_secret: credentials.key_secret,
        disabled: request.disabled.unwrap_or(false),
        expiry: IsoTime(expires_at),
        auth_level,
        module: modules.clone(),
        modules,
        description: request.description.unwrap_or_default(),
    })
}

pub(crate) fn insert(signed: &Signed, data_key: &DataKey, key: &ServiceKey) -> Result<Statement> {
    let insert = Statement::new(
        "INSERT INTO service_keys (id, type, tag, key_id, secret_hash, sealed_secret, disabled, expires_at, \
         auth_level, modules, description, created_at, updated_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?12)",
    );
    Ok(insert
        .bind(key.id.as_str())
        .bind(key.kind.into_str())
        .bind(key.tag.as_str())
        .bind(key.key_id.as_str())
        .bind(signed.app.config().secret_hash(&key.key_secret)?)
        .bind(license_secret::seal(data_key, &key.id, &key.key_secret)?)
        .bind(key.disabled)
        .bind(key.expiry.0)
        .bind(key.auth_level.into_str())
        .bind(key.modules.to_json())
        .bind(key.description.as_str())
        .bind(signed.now))
}

/// Changes the key if all that was sent along of it is as it is stored.
pub(crate) fn update(signed: &Signed, key_id: &str, request: &UpdateServiceKeyRequest) -> Result<Statement> {
    let update = Statement::new(
        "UPDATE service_keys SET disabled = coalesce(?2, disabled), expires_at = coalesce(?3, expires_at), \
         modules = coalesce(?4, modules), description = coalesce(?5, description), updated_at = ?6 \
         WHERE seq = coalesce((SELECT seq FROM service_keys WHERE key_id = ?1), \
         (SELECT seq FROM service_keys WHERE tag = ?1)) \
         AND coalesce(?3 > ?6 OR ?3 = expires_at, 1) AND id = coalesce(?7, id) AND type = coalesce(?8, type) \
         AND tag = coalesce(?9, tag) AND key_id = coalesce(?10, key_id) AND secret_hash = coalesce(?11, secret_hash) \
         AND auth_level = coalesce(?12, auth_level) \
         AND NOT EXISTS (SELECT key, type, value FROM json_each(coalesce(?13, modules)) \
         EXCEPT SELECT key, type, value FROM json_each(modules)) \
         AND NOT EXISTS (SELECT key, type, value FROM json_each(modules) \
         EXCEPT SELECT key, type, value FROM json_each(coalesce(?13, modules)))",
    );
    let shown = |member: &Option<JsonText>| member.as_ref().map(|json| json.as_string().unwrap_or_default());
    let secret = shown(&request.key_secret).map(|secret| signed.app.config().secret_hash(&secret)).transpose()?;
    let update = update
        .bind(key_id)
        .bind(request.disabled)
        .bind(request.expiry.map(|expiry| expiry.0))
        .bind(request.modules.as_ref().map(Modules::to_json))
        .bind(request.description.clone())
        .bind(signed.now);
    Ok(update
        .bind(shown(&request.id))
        .bind(shown(&request.kind))
        .bind(shown(&request.tag))
        .bind(shown(&request.key_id))
        .bind(secret)
        .bind(shown(&request.auth_level))
        .bind(request.module_as_shown().map(Modules::to_json)))
}

/// Goes before [`delete`]: the schema would take them along, but nothing should hang on that.
pub(crate) fn delete_authorizations(key_id: &str) -> Statement {
    let delete = Statement::new(
        "DELETE FROM key_authorizations WHERE key_seq = coalesce(\
         (SELECT seq FROM service_keys WHERE key_id = ?1), (SELECT seq FROM service_keys WHERE tag = ?1))",
    );
    delete.bind(key_id)
}

pub(crate) fn delete(key_id: &str) -> Statement {
    let delete = Statement::new(
        "DELETE FROM service_keys WHERE seq = coalesce(\
         (SELECT seq FROM service_keys WHERE key_id = ?1), (SELECT seq FROM service_keys WHERE tag = ?1))",
    );
    delete.bind(key_id)
}

pub(crate) fn select_by_secret(secret_hash: &str) -> Statement {
    Statement::new(format!("{COLUMNS} FROM service_keys WHERE secret_hash = ?1")).bind(secret_hash)
}

/// The key of this keyId, or else of this tag: as the authorization finds its target.
pub(crate) fn select(key_id: &str) -> Statement {
    let text = format!(
        "{COLUMNS} FROM service_keys WHERE seq = coalesce(\
         (SELECT seq FROM service_keys WHERE key_id = ?1), (SELECT seq FROM service_keys WHERE tag = ?1))"
    );
    Statement::new(text).bind(key_id)
}

const COLUMNS: &str =
    "SELECT id, type, tag, key_id, sealed_secret, disabled, expires_at, auth_level, modules, description";

/// The row of a key, with its secret in the clear.
pub(crate) fn service_key(row: &Row, key_secret: String) -> Result<ServiceKey> {
    let unknown = |column: &str| Error::internal(format!("a service key with an unknown {column}"));
    let modules = Modules::from_json(&row.get::<String>("modules")?).ok_or_else(|| unknown("modules"))?;
    Ok(ServiceKey {
        id: row.get("id")?,
        kind: row.get::<String>("type")?.parse().map_err(|_| unknown("type"))?,
        tag: row.get("tag")?,
        key_id: row.get("key_id")?,
        key_secret,
        disabled: row.get("disabled")?,
        expiry: IsoTime(row.get("expires_at")?),
        auth_level: row.get::<String>("auth_level")?.parse().map_err(|_| unknown("auth_level"))?,
        module: modules.clone(),
        modules,
        description: row.get::<Option<String>>("description")?.unwrap_or_default(),
    })
}

/// The row of a key with its secret, which is sealed there.
pub(crate) fn opened(row: &Row, data_key: Option<&DataKey>) -> Result<ServiceKey> {
    let data_key = data_key.ok_or_else(|| Error::internal("service keys without the data key of licensing"))?;
    let secret = license_secret::open(data_key, &row.get::<String>("id")?, &row.get::<Vec<u8>>("sealed_secret")?)?;
    service_key(row, secret)
}
