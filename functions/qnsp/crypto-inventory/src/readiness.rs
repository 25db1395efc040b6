//! How ready a tenant is for post-quantum cryptography, by its active keys, devices and policies, and what it should do.

use axum::Json;
use model::{
    qnsp::{
        inventory::{
            AreaScores, CategoryScore, ReadinessArea, ReadinessScore, Recommendation, Recommendations, SdkScore,
        },
        kms::AlgorithmStatus,
    },
    time::IsoTime,
};
use platform::{Row, Statement};
use policy::qnsp::{
    Algorithm,
    inventory::{Inventory, grade, level},
};
use qnsp::{Call, Caller};
use service::Result;

/// Show the score of the tenant's readiness.
#[utoipa::path(
    get, path = "/crypto/v1/pqc-readiness/score", tag = "Crypto inventory",
    responses((status = 200, body = ReadinessScore), (status = 401), (status = 403)),
)]
pub(crate) async fn show_readiness_score(call: Call) -> Result<Json<ReadinessScore>> {
    let inventory = read(&call).await?;
    let (overall, calculated_at) = (inventory.overall(), IsoTime(call.now));
    let category_scores = ReadinessArea::ALL.map(|area| {
        let score = inventory.score(area);
        let advice = inventory.advice().into_iter().filter(|advice| advice.term.area() == area);
        CategoryScore {
            category: area,
            score,
            max_score: 100,
            percentage: score,
            level: level(score),
            findings: advice.map(|advice| advice.description).collect(),
        }
    });
    Ok(Json(ReadinessScore {
        overall_score: overall,
        grade: grade(overall),
        categories: AreaScores {
            key_management: inventory.score(ReadinessArea::KeyManagement),
            algorithms: inventory.score(ReadinessArea::Algorithms),
            hardware: inventory.score(ReadinessArea::Hardware),
            policies: inventory.score(ReadinessArea::Policies),
        },
        calculated_at,
        score: SdkScore {
            tenant_id: call.tenant().to_owned(),
            overall_score: overall,
            max_score: 100,
            percentage: overall,
            level: level(overall as f64),
            category_scores: category_scores.into(),
            calculated_at,
            trend_direction: "unknown",
            trend_percentage: None,
        },
    }))
}

/// List what would raise the score, the most urgent first.
#[utoipa::path(
    get, path = "/crypto/v1/pqc-readiness/recommendations", tag = "Crypto inventory", params(qnsp::AskPage),
    responses((status = 200, body = Recommendations), (status = 400), (status = 401), (status = 403)),
)]
pub(crate) async fn list_readiness_recommendations(
    call: Call<qnsp::Nothing, qnsp::AskPage>,
) -> Result<Json<Recommendations>> {
    let inventory = read(&call).await?;
    let advice = inventory.advice().into_iter().map(|advice| Recommendation {
        priority: advice.priority,
        category: advice.term.area(),
        title: advice.term.title(),
        description: advice.description,
        impact: advice.impact,
        effort: advice.term.effort(),
    });
    let count = |number: i64| usize::try_from(number).unwrap_or(usize::MAX);
    let page = advice.skip(count(call.query.offset.0)).take(count(call.query.limit.0));
    Ok(Json(Recommendations { recommendations: page.collect() }))
}

/// Reads what is scored, in the batch of the call.
async fn read(caller: &Caller) -> Result<Inventory> {
    let keys = "SELECT k.algorithm, count(*) AS keys, sum(EXISTS (SELECT 1 FROM qnsp_hsm_connections c \
                WHERE c.tenant_id = ?1 AND c.id = k.connection_id AND c.status = 'active')) AS connected, \
                sum(EXISTS (SELECT 1 FROM qnsp_escrows e WHERE e.tenant_id = ?1 AND e.key_id = k.id AND e.expires_at > ?2 \
                AND e.recovered_at IS NULL)) AS escrowed \
                FROM qnsp_hsm_keys k WHERE k.tenant_id = ?1 AND k.status = 'active' GROUP BY k.algorithm";
    let named = "SELECT a.algorithm, min(p.enforcement_date) AS enforced FROM qnsp_deprecation_policies p \
                 CROSS JOIN qnsp_deprecated_algorithms a ON a.tenant_id = p.tenant_id AND a.policy_id = p.id \
                 WHERE p.tenant_id = ?1 GROUP BY a.algorithm";
    let others = "SELECT (SELECT count(*) FROM qnsp_hardware WHERE tenant_id = ?1) AS devices, \
                  (SELECT count(*) FROM qnsp_hardware WHERE tenant_id = ?1 AND status = 'healthy') AS healthy, \
                  (SELECT count(*) FROM qnsp_hardware WHERE tenant_id = ?1 AND is_post_quantum) AS post_quantum, \
                  EXISTS (SELECT 1 FROM qnsp_migration_plans WHERE tenant_id = ?1 AND status = 'active') AS has_plan";
    let of_tenant = |text: &'static str| Statement::new(text).bind(caller.tenant());
    let mut work = caller.work();
    let keys = work.push(of_tenant(keys).bind(caller.now));
    let (named, others) = (work.push(of_tenant(named)), work.push(of_tenant(others)));
    let outcomes = work.run().await?;
    let named = outcomes.rows(named).iter().map(Named::of).collect::<Result<Vec<_>>>()?;
    let others = outcomes.one(others)?;
    let mut inventory = Inventory {
        has_active_plan: others.get("has_plan")?,
        has_policy: !named.is_empty(),
        devices: others.get("devices")?,
        healthy: others.get("healthy")?,
        post_quantum: others.get("post_quantum")?,
        ..Inventory::default()
    };
    let enforced: Vec<_> =
        named.iter().filter(|named| named.since <= caller.now).map(|named| &named.algorithm).collect();
    for row in outcomes.rows(keys) {
        let (algorithm, count): (_, i64) = (Algorithm::of(&row.get::<String>("algorithm")?), row.get("keys")?);
        inventory.keys += count;
        inventory.connected += row.get::<i64>("connected")?;
        inventory.escrowed += row.get::<i64>("escrowed")?;
        inventory.safe += if algorithm.is_quantum_safe() { count } else { 0 };
        if algorithm.status(enforced.iter().copied(), caller.now) >= AlgorithmStatus::Deprecated {
            inventory.legacy_algorithms += 1;
            inventory.covered_algorithms += i64::from(named.iter().any(|named| named.algorithm.covers(&algorithm)));
        }
    }
    Ok(inventory)
}

/// An algorithm or a family that a policy names.
struct Named {
    algorithm: Algorithm,
    /// When it is first enforced.
    since: i64,
}

impl Named {
    fn of(row: &Row) -> Result<Self> {
        Ok(Self { algorithm: Algorithm::of(&row.get::<String>("algorithm")?), since: row.get("enforced")? })
    }
}
