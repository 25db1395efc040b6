//! Connections to modules.

use axum::{Json, http::StatusCode, response::Response};
use model::{
    ids::Uuid,
    qnsp::{
        Text, Whole,
        hsm::{
            Connection, ConnectionConfig, ConnectionCreated, ConnectionHealth, ConnectionInList, Connections,
            CreateHsmConnection, CredentialsType, HsmConnectionMetadata,
        },
    },
    time::IsoTime,
};
use platform::{Row, Statement};
use policy::qnsp::number;
use qnsp::{
    AskPage, Call, Caller, Nothing, Settings, conflict,
    hsm::{Endpoint, connection_exists, seal_credentials},
    impossible_fields, new_id,
};
use serde::Deserialize;
use serde_json::json;
use service::{Error, Guard, Result};

/// The port of a connection that names none.
pub(crate) const PORT: i64 = 443;

/// The column of which no two connections of a tenant may have the same value.
pub(crate) const NAME: &str = "qnsp_hsm_connections.name";

/// How many of its newest operations tell of a connection's health.
const HEALTH: i64 = 100;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OfConnection {
    pub connection_id: Uuid,
}

#[track_caller]
pub(crate) fn name_is_taken() -> Error {
    conflict("Another connection of the tenant has this name")
}

/// Refuses an endpoint that cannot be called, and credentials that a server cannot be shown.
pub(crate) fn check_endpoint(caller: &Caller, text: &str, port: i64, credentials: CredentialsType) -> Result<()> {
    let endpoint = Endpoint::parse(text, port, &Settings::of(&caller.app)?.outbound_hosts);
    let mut faults = Vec::new();
    if let Err(reason) = endpoint {
        faults.push(("connectionConfig.endpoint".to_owned(), reason));
    }
    if matches!(endpoint, Ok(Endpoint::Server { .. })) && credentials != CredentialsType::ApiKey {
        faults.push(("connectionConfig.credentials.type".to_owned(), "must be api_key for a server"));
    }
    if faults.is_empty() { Ok(()) } else { Err(impossible_fields(faults)) }
}

pub(crate) fn metadata_text(metadata: Option<&HsmConnectionMetadata>) -> String {
    let text = |text: Option<&Text<0, 2000>>| text.map_or("", Text::as_str).to_owned();
    let location = text(metadata.and_then(|metadata| metadata.location.as_ref()));
    let purpose = text(metadata.and_then(|metadata| metadata.purpose.as_ref()));
    json!({ "location": location, "purpose": purpose }).to_string()
}

/// Create a connection. It is used once it has been validated.
#[utoipa::path(
    post, path = "/kms/v1/byohsm/connections", tag = "Key management", request_body = CreateHsmConnection,
    responses(
        (status = 201, body = ConnectionCreated), (status = 400), (status = 401), (status = 403), (status = 409),
        (status = 422),
    ),
)]
pub(crate) async fn create_hsm_connection(call: Call<CreateHsmConnection>) -> Result<Response> {
    let (new, id) = (&call.body, new_id()?);
    call.about_named(id.as_str(), new.name.as_str());
    let config = &new.connection_config;
    let port = config.port.map_or(PORT, |Whole(port)| port);
    check_endpoint(&call, config.endpoint.as_str(), port, config.credentials.credentials_type)?;
    let mut work = call.work();
    let sealed = match &config.credentials.data {
        Some(data) => {
            let data_key = work.data_key(call.tenant()).await?;
            Some(seal_credentials(&data_key, call.tenant(), &id, data.as_str())?)
        }
        None => None,
    };
    let (provider, credentials): (&str, &str) = (new.provider.into(), config.credentials.credentials_type.into());
    let insert = Statement::new(
        "INSERT INTO qnsp_hsm_connections (tenant_id, id, created_at, updated_at, name, provider, endpoint, port, \
         credentials_type, sealed_credentials, metadata, status, unanswered, revision) \
         VALUES (?1, ?2, ?3, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 'pending_validation', 0, 0)",
    );
    let insert = insert
        .bind(call.tenant())
        .bind(id.as_str())
        .bind(call.now)
        .bind(new.name.as_str())
        .bind(provider)
        .bind(config.endpoint.as_str())
        .bind(port)
        .bind(credentials)
        .bind(sealed)
        .bind(metadata_text(new.metadata.as_ref()));
    work.push(insert);
    work.on_duplicate(NAME, name_is_taken());
    let created = ConnectionCreated {
        connection_id: id,
        name: new.name.as_str().to_owned(),
        provider: new.provider,
        status: "pending_validation",
        created_at: IsoTime(call.now),
    };
    work.commit(StatusCode::CREATED, &created).await
}

/// List the connections, oldest first.
#[utoipa::path(
    get, path = "/kms/v1/byohsm/connections", tag = "Key management", params(AskPage),
    responses((status = 200, body = Connections), (status = 400), (status = 401), (status = 403)),
)]
pub(crate) async fn list_hsm_connections(call: Call<Nothing, AskPage>) -> Result<Json<Connections>> {
    let page = Statement::new(
        "SELECT id, name, provider, iif(status = 'pending_validation', 'inactive', status) AS status, \
         last_health_check_at FROM qnsp_hsm_connections WHERE tenant_id = ?1 ORDER BY created_at, id LIMIT ?2 OFFSET ?3",
    );
    let mut work = call.work();
    let found = work.push(page.bind(call.tenant()).bind(call.query.limit.0).bind(call.query.offset.0));
    let outcomes = work.run().await?;
    let in_list = |row: &Row| -> Result<ConnectionInList> {
        Ok(ConnectionInList {
            connection_id: row.get("id")?,
            name: row.get("name")?,
            provider: row.get("provider")?,
            status: row.get("status")?,
            last_health_check_at: row.get::<Option<i64>>("last_health_check_at")?.map(IsoTime),
        })
    };
    Ok(Json(Connections { connections: outcomes.rows(found).iter().map(in_list).collect::<Result<_>>()? }))
}

/// Show a connection, and how its newest 100 operations went.
#[utoipa::path(
    get, path = "/kms/v1/byohsm/connections/{connectionId}", tag = "Key management",
    params(("connectionId" = String, Path)),
    responses((status = 200, body = Connection), (status = 400), (status = 401), (status = 403), (status = 404)),
)]
pub(crate) async fn show_hsm_connection(call: Call<Nothing, Nothing, OfConnection>) -> Result<Json<Connection>> {
    let id = call.path.connection_id.as_str();
    call.about(id);
    let mut work = call.work();
    work.require(connection_exists(&call, id));
    let select = "SELECT id, name, provider, status, endpoint, port, created_at, updated_at FROM qnsp_hsm_connections \
                  WHERE tenant_id = ?1 AND id = ?2";
    let found = work.push(Statement::new(select).bind(call.tenant()).bind(id));
    let health = Statement::new(
        "SELECT avg(latency_ms) AS latency, avg(NOT is_success) AS errors, max(iif(is_success, at, NULL)) AS last_success \
         FROM (SELECT latency_ms, is_success, at FROM qnsp_hsm_operations WHERE tenant_id = ?1 AND connection_id = ?2 \
         ORDER BY number DESC LIMIT ?3)",
    );
    let health = work.push(health.bind(call.tenant()).bind(id).bind(HEALTH));
    let outcomes = work.run().await?;
    let (row, health) = (outcomes.one(found)?, outcomes.one(health)?);
    Ok(Json(Connection {
        connection_id: row.get("id")?,
        name: row.get("name")?,
        provider: row.get("provider")?,
        status: row.get("status")?,
        connection_config: ConnectionConfig { endpoint: row.get("endpoint")?, port: row.get("port")? },
        health_metrics: ConnectionHealth {
            latency_ms: number::round(health.get::<Option<f64>>("latency")?.unwrap_or_default(), 2),
            error_rate: number::round(health.get::<Option<f64>>("errors")?.unwrap_or_default(), 4),
            last_successful_operation: health.get::<Option<i64>>("last_success")?.map(IsoTime),
        },
        created_at: IsoTime(row.get("created_at")?),
        updated_at: IsoTime(row.get("updated_at")?),
    }))
}

/// Delete a connection on which there are no keys.
#[utoipa::path(
    delete, path = "/kms/v1/byohsm/connections/{connectionId}", tag = "Key management",
    params(("connectionId" = String, Path)),
    responses((status = 204), (status = 400), (status = 401), (status = 403), (status = 404), (status = 409)),
)]
pub(crate) async fn delete_hsm_connection(call: Call<Nothing, Nothing, OfConnection>) -> Result<StatusCode> {
    let id = call.path.connection_id.as_str();
    call.about(id);
    let mut work = call.work();
    work.require(connection_exists(&call, id));
    work.require(has_no_keys(&call, id));
    for table in [
        "qnsp_hsm_connections WHERE tenant_id = ?1 AND id",
        "qnsp_hsm_operations WHERE tenant_id = ?1 AND connection_id",
    ] {
        work.push(Statement::new(format!("DELETE FROM {table} = ?2")).bind(call.tenant()).bind(id));
    }
    work.run().await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) fn has_no_keys(caller: &Caller, id: &str) -> Guard {
    let none = "NOT EXISTS (SELECT 1 FROM qnsp_hsm_keys WHERE tenant_id = ?1 AND connection_id = ?2)";
    Guard::new(none, conflict("There are keys on the connection")).bind(caller.tenant()).bind(id)
}
