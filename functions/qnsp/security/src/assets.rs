//! Assets: callers name some, others are derived.

use axum::{Json, http::StatusCode, response::Response};
use model::{
    ids::Uuid,
    qnsp::security::{Asset, AssetFlag, Assets, CreateAsset, Exposure},
    time::IsoTime,
};
use platform::{Row, Statement};
use qnsp::{AskPage, Call, Caller, Nothing, agility::Enforced, missing, new_id};
use serde::Deserialize;
use serde_json::json;
use service::{Guard, Result};

use crate::derived::{self, Facts, bind, open_resources};

/// Every asset of a tenant, as rows of one shape.
fn all() -> String {
    format!(
        "SELECT id, name, type, exposure, flags, NULL AS algorithm, created_at FROM qnsp_assets WHERE tenant_id = ?1 \
         UNION ALL SELECT *, NULL FROM ({})",
        derived::assets(derived::MOST)
    )
}

/// That an asset exists.
pub(crate) fn exists(caller: &Caller, id: &str) -> Guard {
    derived::exists(caller, id, missing("No such asset").with_body(json!({ "asset": id })))
}

/// Add an asset to the graph.
#[utoipa::path(
    post, path = "/security/v1/attack-surface/assets", tag = "Security monitoring", request_body = CreateAsset,
    responses((status = 201, body = Asset), (status = 400), (status = 401), (status = 403)),
)]
pub(crate) async fn create_asset(call: Call<CreateAsset>) -> Result<Response> {
    let (body, id) = (&call.body, new_id()?);
    call.about_named(id.as_str(), body.name.as_str());
    let exposure: &str = body.exposure.unwrap_or(Exposure::Internal).into();
    let mut flags: Vec<AssetFlag> = Vec::new();
    for flag in body.flags.iter().flat_map(|flags| &flags.0) {
        if !flags.contains(flag) {
            flags.push(*flag);
        }
    }
    let insert = Statement::new(
        "INSERT INTO qnsp_assets (tenant_id, id, created_at, name, type, exposure, flags) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    );
    let insert = insert.bind(call.tenant()).bind(id.as_str()).bind(call.now).bind(body.name.as_str());
    let mut work = call.work();
    work.push(insert.bind(body.asset_type.as_str()).bind(exposure).bind(json!(flags).to_string()));
    let asset = Asset {
        asset_id: id,
        name: body.name.as_str().to_owned(),
        asset_type: body.asset_type.as_str().to_owned(),
        exposure: exposure.to_owned(),
        flags,
        created_at: Some(IsoTime(call.now)),
    };
    work.commit(StatusCode::CREATED, &asset).await
}

/// List the assets, by id.
#[utoipa::path(
    get, path = "/security/v1/attack-surface/assets", tag = "Security monitoring", params(AskPage),
    responses((status = 200, body = Assets), (status = 400), (status = 401), (status = 403)),
)]
pub(crate) async fn list_assets(call: Call<Nothing, AskPage>) -> Result<Json<Assets>> {
    let mut work = call.work();
    let page = Statement::new(format!("SELECT * FROM ({}) ORDER BY id LIMIT ?4 OFFSET ?5", all()));
    let found = work.push(bind(page, &call).bind(call.query.limit.0).bind(call.query.offset.0));
    let total = work.push(bind(Statement::new(format!("SELECT count(*) AS total FROM ({})", all())), &call));
    let open = work.push(Statement::new(open_resources()).bind(call.tenant()));
    let enforced = work.push(Enforced::select(&call));
    let outcomes = work.run().await?;
    let facts = Facts::of(outcomes.rows(open), outcomes.rows(enforced), call.now)?;
    Ok(Json(Assets {
        assets: outcomes.rows(found).iter().map(|row| asset(row, &facts)).collect::<Result<_>>()?,
        total: outcomes.one(total)?.get("total")?,
    }))
}

fn asset(row: &Row, facts: &Facts) -> Result<Asset> {
    Ok(Asset {
        asset_id: row.get("id")?,
        name: row.get("name")?,
        asset_type: row.get("type")?,
        exposure: row.get("exposure")?,
        flags: facts.flags(row)?,
        created_at: row.get::<Option<i64>>("created_at")?.map(IsoTime),
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OfAsset {
    asset_id: Uuid,
}

/// Delete an asset with its connections.
#[utoipa::path(
    delete, path = "/security/v1/attack-surface/assets/{assetId}", tag = "Security monitoring",
    params(("assetId" = String, Path)),
    responses((status = 204), (status = 400), (status = 401), (status = 403), (status = 404)),
)]
pub(crate) async fn delete_asset(call: Call<Nothing, Nothing, OfAsset>) -> Result<StatusCode> {
    let id = call.path.asset_id.as_str();
    call.about(id);
    let mut work = call.work();
    let exists = "EXISTS (SELECT 1 FROM qnsp_assets WHERE tenant_id = ?1 AND id = ?2)";
    work.require(Guard::new(exists, missing("No such asset")).bind(call.tenant()).bind(id));
    for text in [
        "DELETE FROM qnsp_assets WHERE tenant_id = ?1 AND id = ?2",
        "DELETE FROM qnsp_asset_connections WHERE tenant_id = ?1 AND source_id = ?2",
        "DELETE FROM qnsp_asset_connections WHERE tenant_id = ?1 AND target_id = ?2",
    ] {
        work.push(Statement::new(text).bind(call.tenant()).bind(id));
    }
    work.run().await?;
    Ok(StatusCode::NO_CONTENT)
}
