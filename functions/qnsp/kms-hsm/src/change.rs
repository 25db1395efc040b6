//! Changes of a connection.

use axum::Json;
use model::{
    qnsp::{
        Text, Whole,
        hsm::{ChangeHsmConnection, ConnectionChanged},
    },
    time::IsoTime,
};
use platform::Statement;
use qnsp::{
    Call, Nothing,
    hsm::{Connection, Endpoint, connection_exists, connection_is_unchanged, seal_credentials},
};
use service::Result;

use crate::connections::{NAME, OfConnection, check_endpoint, has_no_keys, metadata_text, name_is_taken};

/// Change a connection. What is not given stays; where it leads or with which credentials must be validated again.
#[utoipa::path(
    patch, path = "/kms/v1/byohsm/connections/{connectionId}", tag = "Key management",
    request_body = ChangeHsmConnection, params(("connectionId" = String, Path)),
    responses(
        (status = 200, body = ConnectionChanged), (status = 400), (status = 401), (status = 403), (status = 404),
        (status = 409), (status = 422),
    ),
)]
pub(crate) async fn change_hsm_connection(
    call: Call<ChangeHsmConnection, Nothing, OfConnection>,
) -> Result<Json<ConnectionChanged>> {
    let (change, id) = (&call.body, call.path.connection_id.as_str());
    call.about(id);
    let mut look = call.look();
    look.require(connection_exists(&call, id));
    let found = look.push(Connection::select(&call, id));
    let connection = Connection::of(look.run().await?.one(found)?)?;

    let config = change.connection_config.as_ref();
    let credentials = config.and_then(|config| config.credentials.as_ref());
    let endpoint =
        config.and_then(|config| config.endpoint.as_ref()).map_or(connection.endpoint.as_str(), Text::as_str);
    let port = config.and_then(|config| config.port).map_or(connection.port, |Whole(port)| port);
    let credentials_type = credentials.map_or(connection.credentials_type, |credentials| credentials.credentials_type);
    let leads_elsewhere = endpoint != connection.endpoint || port != connection.port;
    if leads_elsewhere || credentials.is_some() {
        check_endpoint(&call, endpoint, port, credentials_type)?;
    }

    let mut work = call.work();
    work.require(connection_exists(&call, id));
    if Endpoint::module(endpoint) != connection.module() {
        work.require(has_no_keys(&call, id));
    }
    work.require(connection_is_unchanged(&call, &connection));
    let sealed = match credentials.map(|credentials| &credentials.data) {
        None => connection.sealed_credentials.clone(),
        Some(None) => None,
        Some(Some(data)) => {
            let data_key = work.data_key(call.tenant()).await?;
            Some(seal_credentials(&data_key, call.tenant(), id, data.as_str())?)
        }
    };
    let update = Statement::new(
        "UPDATE qnsp_hsm_connections SET updated_at = ?3, name = coalesce(?4, name), endpoint = ?5, port = ?6, \
         credentials_type = ?7, sealed_credentials = ?8, metadata = coalesce(?9, metadata), \
         status = iif(?10, 'pending_validation', status), unanswered = iif(?10, 0, unanswered), \
         revision = revision + ?10 WHERE tenant_id = ?1 AND id = ?2",
    );
    let credentials_type: &str = credentials_type.into();
    let update = update
        .bind(call.tenant())
        .bind(id)
        .bind(call.now)
        .bind(change.name.as_ref().map(|name| name.as_str().to_owned()))
        .bind(endpoint)
        .bind(port)
        .bind(credentials_type)
        .bind(sealed)
        .bind(change.metadata.as_ref().map(|metadata| metadata_text(Some(metadata))))
        .bind(leads_elsewhere || credentials.is_some());
    work.push(update);
    work.on_duplicate(NAME, name_is_taken());
    work.run().await?;
    Ok(Json(ConnectionChanged { connection_id: id.to_owned(), updated_at: IsoTime(call.now) }))
}
