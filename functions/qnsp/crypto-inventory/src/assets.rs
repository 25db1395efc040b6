//! The keys and devices that deprecation policies affect. Nothing of it is stored: it is what keys, devices, plans and
//! policies say now.

use std::collections::BTreeMap;

use axum::Json;
use model::{
    ids::Uuid,
    qnsp::{
        Text,
        inventory::{AffectedAsset, AffectedAssets, Deadline, DeprecationSummary},
    },
    time::IsoTime,
};
use platform::{Row, Statement};
use policy::qnsp::Algorithm;
use qnsp::{
    Call, Caller, Limit, Nothing, Offset, agility,
    deprecation::{family, registry},
    word,
};
use serde::Deserialize;
use service::Result;
use utoipa::IntoParams;

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct AskAssets {
    /// An algorithm or a family, in any spelling.
    #[param(value_type = Option<String>)]
    algorithm: Option<Text<1, 128>>,
    #[param(value_type = Option<String>)]
    policy_id: Option<Uuid>,
    /// 1 to 200, 50 if not given.
    #[serde(default)]
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200)]
    limit: Limit,
    #[serde(default)]
    #[param(value_type = Option<i64>, minimum = 0)]
    offset: Offset,
}

/// List what policies affect, the earliest deprecation first.
#[utoipa::path(
    get, path = "/crypto/v1/deprecation/affected-assets", tag = "Crypto inventory", params(AskAssets),
    responses((status = 200, body = AffectedAssets), (status = 400), (status = 401), (status = 403)),
)]
pub(crate) async fn list_affected_assets(call: Call<Nothing, AskAssets>) -> Result<Json<AffectedAssets>> {
    let asked = &call.query;
    let Statement { mut params, .. } = bind(&call, String::new());
    let mut filter = String::new();
    if let Some(policy) = &asked.policy_id {
        params.push(policy.as_str().into());
        filter += &format!(" AND policy_id = ?{}", params.len());
    }
    if let Some(algorithm) = &asked.algorithm {
        params.push(Algorithm::of(algorithm.as_str()).as_str().into());
        filter += &format!(" AND ?{} IN (algorithm, family)", params.len());
    }
    params.extend([asked.limit.0.into(), asked.offset.0.into()]);
    let page = format!(
        "WITH {} SELECT asset_id, asset_type, algorithm, policy_id, deprecation_date, migration FROM affected WHERE true{filter} \
         ORDER BY deprecation_date, asset_id, policy_id LIMIT ?{} OFFSET ?{}",
        affected(),
        params.len() - 1,
        params.len()
    );
    let mut work = call.work();
    let found = work.push(Statement { params, ..Statement::new(page) });
    let outcomes = work.run().await?;
    Ok(Json(AffectedAssets { assets: outcomes.rows(found).iter().map(asset).collect::<Result<_>>()? }))
}

fn asset(row: &Row) -> Result<AffectedAsset> {
    Ok(AffectedAsset {
        asset_id: row.get("asset_id")?,
        asset_type: word(row, "asset_type")?,
        algorithm: row.get("algorithm")?,
        policy_id: row.get("policy_id")?,
        deprecation_date: IsoTime(row.get("deprecation_date")?),
        migration_status: word(row, "migration")?,
    })
}

/// Show how much is affected, and by when.
#[utoipa::path(
    get, path = "/crypto/v1/deprecation/summary", tag = "Crypto inventory",
    responses((status = 200, body = DeprecationSummary), (status = 401), (status = 403)),
)]
pub(crate) async fn show_deprecation_summary(call: Call) -> Result<Json<DeprecationSummary>> {
    let affected = affected();
    let select = |text: String| bind(&call, format!("WITH {affected}{text}"));
    let total = " SELECT count(DISTINCT asset_id) AS assets FROM affected WHERE migration <> 'completed'";
    let by_algorithm = " SELECT algorithm, count(DISTINCT asset_id) AS assets FROM affected \
                        WHERE migration <> 'completed' GROUP BY algorithm";
    let deadlines = ", counts AS MATERIALIZED (SELECT policy_id, algorithm, family, count(*) AS assets FROM affected \
                     WHERE migration <> 'completed' GROUP BY policy_id, algorithm, family) \
                     SELECT n.policy_id, n.named, n.enforcement_date, coalesce((SELECT sum(c.assets) FROM counts c \
                     WHERE c.policy_id = n.policy_id AND n.named IN (c.algorithm, c.family)), 0) AS assets \
                     FROM named n WHERE n.enforcement_date >= ?2 ORDER BY n.enforcement_date, n.named, n.policy_id";
    let mut work = call.work();
    let total = work.push(select(total.to_owned()));
    let by_algorithm = work.push(select(by_algorithm.to_owned()));
    let deadlines = work.push(select(deadlines.to_owned()));
    let outcomes = work.run().await?;
    let counts = outcomes.rows(by_algorithm).iter().map(|row| Ok((row.get("algorithm")?, row.get("assets")?)));
    let deadline = |row: &Row| -> Result<Deadline> {
        Ok(Deadline {
            policy_id: row.get("policy_id")?,
            algorithm: row.get("named")?,
            deadline: IsoTime(row.get("enforcement_date")?),
            affected_assets: row.get("assets")?,
        })
    };
    Ok(Json(DeprecationSummary {
        total_affected_assets: outcomes.one(total)?.get("assets")?,
        by_algorithm: counts.collect::<Result<BTreeMap<_, _>>>()?,
        upcoming_deadlines: outcomes.rows(deadlines).iter().map(deadline).collect::<Result<_>>()?,
    }))
}

/// Binds the parameters of [`affected`]: those of [`agility::recommended`], and the registry.
fn bind(caller: &Caller, text: String) -> Statement {
    agility::bind(Statement::new(text), caller).bind(registry(caller.now))
}

/// What policies name (`named`), and the assets that this means (`affected`): one row for each asset and policy.
fn affected() -> String {
    let (family, recommended) = (family("algorithm", "?4"), agility::recommended());
    format!(
        "named AS MATERIALIZED (SELECT a.policy_id, a.algorithm AS named, p.deprecation_date, p.enforcement_date \
         FROM qnsp_deprecation_policies p CROSS JOIN qnsp_deprecated_algorithms a \
         ON a.tenant_id = p.tenant_id AND a.policy_id = p.id WHERE p.tenant_id = ?1), \
         in_use AS MATERIALIZED (SELECT algorithm, {family} AS family \
         FROM (SELECT DISTINCT algorithm FROM qnsp_hsm_keys WHERE tenant_id = ?1)), \
         affected AS MATERIALIZED (SELECT k.id AS asset_id, 'key' AS asset_type, k.algorithm, n.family, n.policy_id, \
         n.deprecation_date, CASE WHEN k.status = 'retired' AND EXISTS (SELECT 1 FROM qnsp_hsm_keys s \
         WHERE s.tenant_id = ?1 AND s.id = k.replaced_by AND s.algorithm IN ({recommended})) THEN 'completed' \
         WHEN EXISTS (SELECT 1 FROM qnsp_migration_plans m WHERE m.tenant_id = ?1 AND m.status = 'active' \
         AND (EXISTS (SELECT 1 FROM json_each(m.key_types) WHERE value = k.key_type) \
         OR EXISTS (SELECT 1 FROM qnsp_migration_plan_keys i WHERE i.tenant_id = ?1 AND i.plan_id = m.id AND i.key_id = k.id))) \
         THEN 'in_progress' ELSE 'pending' END AS migration \
         FROM (SELECT DISTINCT n.policy_id, n.deprecation_date, u.algorithm, u.family FROM named n CROSS JOIN in_use u \
         WHERE n.named IN (u.algorithm, u.family)) n \
         CROSS JOIN qnsp_hsm_keys k ON k.tenant_id = ?1 AND k.algorithm = n.algorithm \
         UNION ALL SELECT id, 'hardware', algorithm, family, policy_id, deprecation_date, 'pending' FROM ( \
         SELECT h.id, e.value ->> 0 AS algorithm, e.value ->> 1 AS family, n.policy_id, n.deprecation_date, min(e.key) \
         FROM qnsp_hardware h CROSS JOIN json_each(h.algorithms) e CROSS JOIN named n \
         WHERE h.tenant_id = ?1 AND n.named IN (e.value ->> 0, e.value ->> 1) GROUP BY h.id, n.policy_id))"
    )
}
