//! Connections: that one asset leads to another.

use axum::{Json, http::StatusCode, response::Response};
use model::{
    ids::Uuid,
    qnsp::{
        Text,
        security::{ConnectAssets, Connection, ConnectionCreated, Connections},
    },
    time::IsoTime,
};
use platform::{Row, Statement};
use qnsp::{AskPage, Call, Nothing, conflict, impossible, missing, new_id};
use serde::Deserialize;
use service::{Guard, Result};

use crate::{
    assets::exists,
    derived::{self, bind, connection_id},
};

/// Connect two assets.
#[utoipa::path(
    post, path = "/security/v1/attack-surface/connections", tag = "Security monitoring", request_body = ConnectAssets,
    responses(
        (status = 201, body = ConnectionCreated), (status = 400), (status = 401), (status = 403), (status = 404),
        (status = 409), (status = 422),
    ),
)]
pub(crate) async fn connect_assets(call: Call<ConnectAssets>) -> Result<Response> {
    let (source, target) = (call.body.source_asset_id.as_str(), call.body.target_asset_id.as_str());
    if source == target {
        return Err(impossible("targetAssetId", "must be another asset"));
    }
    let id = new_id()?;
    call.about(id.as_str());
    let connection_type = call.body.connection_type.as_ref().map_or("", Text::as_str);
    let insert = Statement::new(
        "INSERT INTO qnsp_asset_connections (tenant_id, source_id, target_id, id, created_at, type) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    );
    let mut work = call.work();
    work.require(exists(&call, source));
    work.require(exists(&call, target));
    work.push(
        insert.bind(call.tenant()).bind(source).bind(target).bind(id.as_str()).bind(call.now).bind(connection_type),
    );
    work.on_duplicate("qnsp_asset_connections.target_id", conflict("The assets are connected already"));
    let created = ConnectionCreated {
        connection_id: id,
        source_asset_id: source.to_owned(),
        target_asset_id: target.to_owned(),
        connection_type: connection_type.to_owned(),
        created_at: IsoTime(call.now),
    };
    work.commit(StatusCode::CREATED, &created).await
}

/// Every connection of a tenant; a derived one has no id.
fn all() -> String {
    format!(
        "SELECT source_id AS source, target_id AS target, id, type, created_at FROM qnsp_asset_connections \
         WHERE tenant_id = ?1 UNION ALL SELECT source, target, NULL, type, NULL FROM ({})",
        derived::connections(derived::MOST)
    )
}

/// List the connections, by source and target.
#[utoipa::path(
    get, path = "/security/v1/attack-surface/connections", tag = "Security monitoring", params(AskPage),
    responses((status = 200, body = Connections), (status = 400), (status = 401), (status = 403)),
)]
pub(crate) async fn list_connections(call: Call<Nothing, AskPage>) -> Result<Json<Connections>> {
    let mut work = call.work();
    let page = format!("SELECT * FROM ({}) ORDER BY source, target, created_at LIMIT ?4 OFFSET ?5", all());
    let page = bind(Statement::new(page), &call).bind(call.query.limit.0).bind(call.query.offset.0);
    let found = work.push(page);
    let total = work.push(bind(Statement::new(format!("SELECT count(*) AS total FROM ({})", all())), &call));
    let outcomes = work.run().await?;
    Ok(Json(Connections {
        connections: outcomes.rows(found).iter().map(connection).collect::<Result<_>>()?,
        total: outcomes.one(total)?.get("total")?,
    }))
}

fn connection(row: &Row) -> Result<Connection> {
    let (source, target): (String, String) = (row.get("source")?, row.get("target")?);
    let id: Option<String> = row.get("id")?;
    Ok(Connection {
        connection_id: id.unwrap_or_else(|| connection_id(&source, &target)),
        source_asset_id: source,
        target_asset_id: target,
        connection_type: row.get("type")?,
        created_at: row.get::<Option<i64>>("created_at")?.map(IsoTime),
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OfConnection {
    connection_id: Uuid,
}

/// Delete a connection.
#[utoipa::path(
    delete, path = "/security/v1/attack-surface/connections/{connectionId}", tag = "Security monitoring",
    params(("connectionId" = String, Path)),
    responses((status = 204), (status = 400), (status = 401), (status = 403), (status = 404)),
)]
pub(crate) async fn delete_connection(call: Call<Nothing, Nothing, OfConnection>) -> Result<StatusCode> {
    let id = call.path.connection_id.as_str();
    call.about(id);
    let mut work = call.work();
    let exists = "EXISTS (SELECT 1 FROM qnsp_asset_connections WHERE tenant_id = ?1 AND id = ?2)";
    work.require(Guard::new(exists, missing("No such connection")).bind(call.tenant()).bind(id));
    let delete = "DELETE FROM qnsp_asset_connections WHERE tenant_id = ?1 AND id = ?2";
    work.push(Statement::new(delete).bind(call.tenant()).bind(id));
    work.run().await?;
    Ok(StatusCode::NO_CONTENT)
}
