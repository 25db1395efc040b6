//! The SQL of applications. `?1` is the developer whose they are.

use crypto::seal::DataKey;
use model::portal::{Application, ApplicationChange, InstanceSummary, NewApplication, Reference};
use platform::{Row, Statement};
use service::{
    Batch, Error, Result, Slot,
    portal::{Credential, Session, SortColumn, Sorted, new_secret},
};

use crate::list_query::ListQuery;

const COLUMNS: &str = "a.id, a.developer_id, a.consumer_id, a.name, a.redirect_uri, a.description, a.custom_id, a.created_at, a.updated_at";

/// The ids of the rows that an application consists of.
pub(crate) struct NewRows {
    pub id: String,
    pub consumer: String,
    pub credential: String,
}

pub(crate) const ORDERS: &[SortColumn] = &[
    SortColumn::number("created_at", "a.created_at"),
    SortColumn::number("updated_at", "a.updated_at"),
    SortColumn::text("name", "a.name"),
];

pub(crate) fn select_page(session: &Session, sorted: &Sorted, query: &ListQuery) -> Result<Statement> {
    let text = format!(
        "SELECT {COLUMNS}, {{sort}}, CASE WHEN ?6 THEN (SELECT json_group_array(json_object('id', i.id, \
         'status', i.status, 'service', json_object('id', i.service_id))) \
         FROM portal_application_instances i WHERE i.application_id = a.id) END AS instances \
         FROM portal_applications a WHERE a.developer_id = ?1 AND {{after}} \
         AND (?5 IS NULL OR instr(lower(a.name), lower(?5)) > 0) {{order}} LIMIT ?4"
    );
    let select = sorted.bind(session.statement(sorted.text(&text, "a.id")))?;
    Ok(select.bind(query.name().map(str::to_owned)).bind(query.include_instances()))
}

pub(crate) fn count(session: &Session, name: Option<&str>) -> Statement {
    let count = session.statement(
        "SELECT count(*) AS total FROM portal_applications \
         WHERE developer_id = ?1 AND (?2 IS NULL OR instr(lower(name), lower(?2)) > 0)",
    );
    count.bind(name.map(str::to_owned))
}

pub(crate) fn select(session: &Session, id: &str) -> Statement {
    let text = format!(
        "SELECT {COLUMNS}, NULL AS instances FROM portal_applications a WHERE a.id = ?2 AND a.developer_id = ?1"
    );
    session.statement(text).bind(id)
}

/// Finds something when the application is the developer's.
pub(crate) fn select_own(session: &Session, id: &str) -> Statement {
    session.statement("SELECT 1 AS own FROM portal_applications WHERE id = ?2 AND developer_id = ?1").bind(id)
}

/// Adds an application with its consumer and a client credential; the slot is that of the last insertion.
pub(crate) fn insert(
    batch: &mut Batch<Session>,
    data_key: &DataKey,
    rows: &NewRows,
    new: &NewApplication,
) -> Result<Slot> {
    let session = batch.actor();
    let application = session.statement(
        "INSERT INTO portal_applications \
         (id, developer_id, consumer_id, name, redirect_uri, description, custom_id, created_at, updated_at) \
         VALUES (?2, ?1, ?3, ?4, ?5, ?6, ?7, ?8, ?8)",
    );
    let application = application
        .bind(rows.id.as_str())
        .bind(rows.consumer.as_str())
        .bind(new.name.as_str())
        .bind(new.redirect_uri.clone().unwrap_or_default())
        .bind(new.description.clone())
        .bind(new.custom_id.clone())
        .bind(session.now);
    let consumer = Statement::new("INSERT INTO portal_consumers (id, application_id, created_at) VALUES (?1, ?2, ?3)");
    let consumer = consumer.bind(rows.consumer.as_str()).bind(rows.id.as_str()).bind(session.now);

    let (client_id, secret) = (new_secret()?, new_secret()?);
    let credential = Statement::new(
        "INSERT INTO portal_oauth2 \
         (id, consumer_id, name, client_id, secret_hash, sealed_secret, redirect_uris, created_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, CASE WHEN ?7 IS NULL THEN '[]' ELSE json_array(?7) END, ?8)",
    );
    let credential = credential
        .bind(rows.credential.as_str())
        .bind(rows.consumer.as_str())
        .bind(new.name.as_str())
        .bind(client_id.as_str())
        .bind(Credential::Client.lookup_hash(&session.app, &[&client_id, &secret])?)
        .bind(Credential::Client.seal(data_key, &rows.credential, &secret)?)
        .bind(new.redirect_uri.clone())
        .bind(session.now);
    batch.push(application);
    batch.push(consumer);
    Ok(batch.push(credential))
}

/// First the client credentials, while the old redirect URI can still be seen. The slot is that of the application: it
/// changes when there is such an application that keeps a redirect URI or a custom id. No redirect URI is stored as an
/// empty one.
pub(crate) fn update(batch: &mut Batch<Session>, id: &str, change: &ApplicationChange) -> Slot {
    let session = batch.actor();
    let redirect_uri = match change.redirect_uri.clone().into_parts() {
        (false, _) => None,
        (true, uri) => Some(uri.unwrap_or_default()),
    };
    let (identifies, custom_id) = change.custom_id.clone().into_parts();
    let (describes, description) = change.description.clone().into_parts();
    let bind = |statement: Statement| {
        let statement = statement.bind(id).bind(change.name.clone()).bind(redirect_uri.clone());
        statement.bind(identifies).bind(custom_id.clone())
    };
    let credentials = session.statement(
        "UPDATE portal_oauth2 SET name = coalesce(?3, name), redirect_uris = CASE WHEN ?4 IS NULL THEN redirect_uris \
         ELSE (SELECT json_group_array(CASE WHEN uri.value = a.redirect_uri THEN ?4 ELSE uri.value END) \
         FROM portal_applications a, json_each(CASE a.redirect_uri WHEN '' THEN json_insert(redirect_uris, '$[#]', '') \
         ELSE redirect_uris END) uri WHERE a.id = ?2 AND (?4 <> '' OR uri.value <> a.redirect_uri)) END \
         WHERE consumer_id = (SELECT consumer_id FROM portal_applications WHERE id = ?2 AND developer_id = ?1 \
         AND (coalesce(?4, redirect_uri) <> '' OR CASE WHEN ?5 THEN ?6 ELSE custom_id END IS NOT NULL))",
    );
    let application = session.statement(
        "UPDATE portal_applications SET name = coalesce(?3, name), redirect_uri = coalesce(?4, redirect_uri), \
         custom_id = CASE WHEN ?5 THEN ?6 ELSE custom_id END, \
         description = CASE WHEN ?7 THEN ?8 ELSE description END, updated_at = ?9 \
         WHERE id = ?2 AND developer_id = ?1 \
         AND (coalesce(?4, redirect_uri) <> '' OR CASE WHEN ?5 THEN ?6 ELSE custom_id END IS NOT NULL)",
    );
    let application = bind(application).bind(describes).bind(description).bind(session.now);
    batch.push(bind(credentials));
    batch.push(application)
}

/// Consumer, credentials and instances go with it, by the foreign keys.
pub(crate) fn delete(session: &Session, id: &str) -> Statement {
    session.statement("DELETE FROM portal_applications WHERE id = ?2 AND developer_id = ?1").bind(id)
}

pub(crate) fn application(row: &Row) -> Result<Application> {
    let instances = row.get::<Option<String>>("instances")?;
    let instances = instances.map(|json| serde_json::from_str::<Vec<InstanceSummary>>(&json)).transpose();
    Ok(Application {
        created_at: row.get::<i64>("created_at")?.div_euclid(1000),
        id: row.get("id")?,
        redirect_uri: Some(row.get("redirect_uri")?).filter(|uri: &String| !uri.is_empty()),
        updated_at: row.get::<i64>("updated_at")?.div_euclid(1000),
        developer: Reference { id: row.get("developer_id")? },
        name: row.get("name")?,
        consumer: Reference { id: row.get("consumer_id")? },
        description: row.get("description")?,
        custom_id: row.get("custom_id")?,
        application_instances: instances.map_err(|_| Error::internal("instances that are not JSON"))?,
    })
}
