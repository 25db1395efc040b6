//! The SQL of client credentials. `?1` is the developer, `?2` the application that must be theirs.

use crypto::seal::DataKey;
use model::portal::{ClientCredential, HIDDEN_SECRET, NewClientCredential, Reference};
use platform::{Row, Statement};
use service::{
    Error, Result,
    portal::{Credential, Session, SortColumn, Sorted, needed},
};

/// A credential before it is stored.
pub(crate) struct New<'a> {
    pub id: &'a str,
    pub client_id: &'a str,
    pub secret: &'a str,
    pub wanted: &'a NewClientCredential,
}

pub(crate) const ORDERS: &[SortColumn] = &[
    SortColumn::number("created_at", "created_at"),
    SortColumn::text("client_id", "client_id"),
    SortColumn::text("name", "name"),
];

pub(crate) fn select_page(
    session: &Session,
    application: &str,
    sorted: &Sorted,
    client_id: Option<&str>,
) -> Result<Statement> {
    let text = sorted.text(
        "SELECT id, consumer_id, name, client_id, sealed_secret, redirect_uris, created_at, {sort} FROM portal_oauth2 \
         WHERE consumer_id = (SELECT consumer_id FROM portal_applications WHERE id = ?5 AND developer_id = ?1) \
         AND (?6 IS NULL OR instr(lower(client_id), lower(?6)) > 0) AND {after} {order} LIMIT ?4",
        "id",
    );
    Ok(sorted.bind(session.statement(text))?.bind(application).bind(client_id.map(str::to_owned)))
}

pub(crate) fn count(session: &Session, application: &str, client_id: Option<&str>) -> Statement {
    let count = session.statement(
        "SELECT count(*) AS total FROM portal_oauth2 \
         WHERE consumer_id = (SELECT consumer_id FROM portal_applications WHERE id = ?2 AND developer_id = ?1) \
         AND (?3 IS NULL OR instr(lower(client_id), lower(?3)) > 0)",
    );
    count.bind(application).bind(client_id.map(str::to_owned))
}

pub(crate) fn select(session: &Session, application: &str, id: &str) -> Statement {
    let select = session.statement(
        "SELECT id, consumer_id, name, client_id, sealed_secret, redirect_uris, created_at FROM portal_oauth2 \
         WHERE id = ?3 \
         AND consumer_id = (SELECT consumer_id FROM portal_applications WHERE id = ?2 AND developer_id = ?1)",
    );
    select.bind(application).bind(id)
}

pub(crate) fn insert(session: &Session, data_key: &DataKey, application: &str, new: &New<'_>) -> Result<Statement> {
    let insert = session.statement(
        "INSERT INTO portal_oauth2 \
         (id, consumer_id, name, client_id, secret_hash, sealed_secret, redirect_uris, created_at) \
         SELECT ?3, consumer_id, name, ?4, ?5, ?6, coalesce(?7, CASE redirect_uri WHEN '' THEN '[]' ELSE json_array(redirect_uri) END), ?8 \
         FROM portal_applications WHERE id = ?2 AND developer_id = ?1",
    );
    let sealed = match new.wanted.hash_secret {
        true => None,
        false => Some(Credential::Client.seal(data_key, new.id, new.secret)?),
    };
    Ok(insert
        .bind(application)
        .bind(new.id)
        .bind(new.client_id)
        .bind(Credential::Client.lookup_hash(&session.app, &[new.client_id, new.secret])?)
        .bind(sealed)
        .bind(new.wanted.redirect_uris.clone().map(|uris| serde_json::Value::from(uris).to_string()))
        .bind(session.now))
}

pub(crate) fn delete(session: &Session, application: &str, id: &str) -> Statement {
    let delete = session.statement(
        "DELETE FROM portal_oauth2 WHERE id = ?3 \
         AND consumer_id = (SELECT consumer_id FROM portal_applications WHERE id = ?2 AND developer_id = ?1)",
    );
    delete.bind(application).bind(id)
}

pub(crate) fn credential(row: &Row, data_key: Option<&DataKey>) -> Result<ClientCredential> {
    let id: String = row.get("id")?;
    let sealed: Option<Vec<u8>> = row.get("sealed_secret")?;
    let client_secret = match &sealed {
        Some(sealed) => Credential::Client.open(needed(data_key)?, &id, sealed)?.to_string(),
        None => HIDDEN_SECRET.to_owned(),
    };
    let redirect_uris = serde_json::from_str(&row.get::<String>("redirect_uris")?);
    Ok(ClientCredential {
        consumer: Reference { id: row.get("consumer_id")? },
        created_at: row.get::<i64>("created_at")?.div_euclid(1000),
        id,
        client_type: "confidential",
        name: row.get("name")?,
        hash_secret: sealed.is_none(),
        client_id: row.get("client_id")?,
        client_secret,
        redirect_uris: redirect_uris.map_err(|_| Error::internal("redirect URIs that are not JSON"))?,
    })
}
