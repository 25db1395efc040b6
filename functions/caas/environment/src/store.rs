//! The SQL of tenants and communities, with what comes into being along with them: key pairs, password hashes, secrets,
//! the authorisation of the caller, the entries of the directory.

use std::collections::BTreeMap;

use crypto::{PrivateKey, Zeroizing, hash, pbkdf2, seal::DataKey};
use model::{
    directory::BUILT_IN,
    environment::{Contact, InstallParts, NewSecret},
    ids::CommunityName,
    time,
};
use platform::{SqlError, Statement, random};
use serde_json::{Value, json};
use service::{App, CALLER_KEY_ID, Error, Result, Signed, secret_aad};

/// A community of a tenant.
pub(crate) struct CommunityRef {
    pub tenant: String,
    pub community: String,
}

/// A community as it is going to be stored.
pub(crate) struct NewCommunity {
    pub name: CommunityName,
    pub password_hash: String,
    contact: String,
    private_key: PrivateKey,
}

impl NewCommunity {
    pub(crate) fn generate(app: &App, name: CommunityName, contact: &Contact, password: &str) -> Result<Self> {
        Ok(Self {
            name,
            password_hash: pbkdf2::hash_password(password, random::bytes()?, pbkdf2::ROUNDS),
            contact: to_text(contact)?,
            private_key: new_key(app)?,
        })
    }

    pub(crate) fn public_key(&self) -> String {
        self.private_key.public_key().to_base64()
    }
}

/// 24 hexadecimal digits.
pub(crate) fn new_id() -> Result<String> {
    Ok(hash::hex(&random::bytes::<12>()?))
}

/// A number outside the curve's range comes up about never; then another is drawn.
fn new_key(app: &App) -> Result<PrivateKey> {
    let curve = app.signing()?.curve()?;
    for _ in 0..8 {
        let bytes = Zeroizing::new(random::bytes::<32>()?);
        if let Ok(key) = PrivateKey::from_bytes(curve, bytes.as_slice()) {
            return Ok(key);
        }
    }
    Err(Error::internal("the generator gives no number of the curve"))
}

/// The installed tenant, and whether it has a community of this name already.
pub(crate) async fn tenant_and_name(app: &App, name: &CommunityName) -> Result<Option<(String, bool)>> {
    let select = Statement::new(
        "SELECT id, EXISTS (SELECT 1 FROM communities WHERE tenant_id = t.id AND name = ?1) AS taken FROM tenants t",
    );
    let rows = app.query(select.bind(name.as_str())).await?;
    Ok(rows.first().map(|row| Ok::<_, SqlError>((row.get("id")?, row.get("taken")?))).transpose()?)
}

pub(crate) async fn is_installed(app: &App) -> Result<bool> {
    let select = Statement::new("SELECT 1 AS installed FROM environment WHERE name = 'installed'");
    Ok(!app.query(select).await?.is_empty())
}

/// The row `installed` can be inserted once; without it nothing of the batch happens.
pub(crate) fn insert_tenant(
    place: &CommunityRef,
    parts: &InstallParts,
    password_hash: &str,
    now: i64,
) -> Vec<Statement> {
    let installed =
        Statement::new("INSERT INTO environment (name, value) VALUES ('installed', ?1), ('instance_type', ?2)");
    let tenant = Statement::new(
        "INSERT INTO tenants (id, name, dns, tag, password_hash, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    );
    vec![
        installed.bind(place.tenant.as_str()).bind(parts.platform.members.instance_type.into_str()),
        tenant
            .bind(place.tenant.as_str())
            .bind(parts.tenant.name.as_str())
            .bind(parts.tenant.dns.as_str())
            .bind(parts.tenant.tag.as_str())
            .bind(password_hash)
            .bind(now),
    ]
}

/// All credentials as secrets of the community, in one statement.
pub(crate) fn insert_secrets(
    signed: &Signed,
    key: &DataKey,
    place: &CommunityRef,
    secrets: &[NewSecret],
) -> Result<Option<Statement>> {
    let text = format!(
        "INSERT INTO secrets (tenant_id, community_id, tag, sealed, created_by, created_ts) \
         SELECT ?1, ?2, s.value ->> 'tag', unhex(s.value ->> 'sealed'), {CALLER_KEY_ID}, ?4 \
         FROM request_nonces m JOIN json_each(?3) s WHERE m.nonce = ?5"
    );
    if secrets.is_empty() {
        return Ok(None);
    }
    let sealed = secrets.iter().map(|NewSecret { tag, value }| {
        let aad = secret_aad(&place.tenant, &place.community, tag);
        let sealed = key.seal(random::bytes()?, &aad, value.as_bytes());
        Ok(json!({ "tag": tag, "sealed": hash::hex(&sealed) }))
    });
    let sealed = Value::Array(sealed.collect::<Result<_>>()?);
    let insert = Statement::new(text).bind(place.tenant.as_str()).bind(place.community.as_str());
    Ok(Some(insert.bind(sealed.to_string()).bind(signed.now.div_euclid(1000)).bind(signed.nonce())))
}

/// The entries that the deployment serves itself, behind another URL.
pub(crate) fn point_directory(root_url: &str) -> Result<Statement> {
    let base = root_url.trim_end_matches('/');
    let entries: BTreeMap<_, _> = BUILT_IN.into_iter().map(|(name, path)| (name, format!("{base}{path}"))).collect();
    let point = Statement::new(
        "INSERT INTO service_directory (name, url) SELECT key, value FROM json_each(?1) WHERE true \
         ON CONFLICT (name) DO UPDATE SET url = excluded.url",
    );
    Ok(point.bind(to_text(&entries)?))
}

/// The authorisation of the caller. The infra licence needs none and gets none.
pub(crate) fn insert_authorization(
    signed: &Signed,
    place: &CommunityRef,
    community: &NewCommunity,
) -> Result<Statement> {
    let authorization = Statement::new(
        "INSERT INTO key_authorizations \
         (id, key_seq, community_id, community_name, is_authorized, expires_at, created_at) \
         SELECT ?1, seq, ?2, ?3, 1, ?4, ?5 FROM service_keys WHERE secret_hash = ?6",
    );
    let authorization = authorization
        .bind(new_id()?)
        .bind(place.community.as_str())
        .bind(community.name.as_str())
        .bind(time::plus_years(signed.now, 2))
        .bind(signed.now)
        .bind(signed.secret_hash());
    Ok(authorization)
}

pub(crate) fn insert_community(
    signed: &Signed,
    key: &DataKey,
    place: &CommunityRef,
    community: &NewCommunity,
) -> Result<Statement> {
    let insert = Statement::new(
        "INSERT INTO communities (id, tenant_id, name, contact, password_hash, public_key, sealed_private_key, created_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    );
    let aad: [&[u8]; 3] = [b"community-key", place.tenant.as_bytes(), place.community.as_bytes()];
    let insert = insert
        .bind(place.community.as_str())
        .bind(place.tenant.as_str())
        .bind(community.name.as_str())
        .bind(community.contact.as_str())
        .bind(community.password_hash.as_str())
        .bind(community.public_key())
        .bind(key.seal(random::bytes()?, &aad, community.private_key.to_base64().as_bytes()))
        .bind(signed.now);
    Ok(insert)
}

fn to_text(value: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|error| Error::internal(format!("JSON: {error}")))
}
