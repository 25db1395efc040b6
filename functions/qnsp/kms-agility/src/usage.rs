//! Which algorithms are in use.

use std::{cmp::Reverse, collections::BTreeMap};

use axum::Json;
use model::{
    qnsp::{
        agility::{AlgorithmUsage, AlgorithmUsages, UsageSummary},
        kms::AlgorithmStatus,
    },
    time::IsoTime,
};
use platform::Statement;
use policy::qnsp::{Algorithm, number};
use qnsp::{AskPage, Call, Nothing, agility::Enforced};
use service::Result;

/// How many algorithms are looked at that applications have named.
const MOST: i64 = 10_000;

/// What is known of the keys of an algorithm.
#[derive(Default)]
struct Known {
    active: i64,
    may_encrypt: bool,
    uses: i64,
    last_used_at: Option<i64>,
}

/// List the algorithms of keys and of recorded uses, those used most first.
#[utoipa::path(
    get, path = "/kms/v1/crypto-agility/algorithm-usage", tag = "Key management", params(AskPage),
    responses((status = 200, body = AlgorithmUsages), (status = 400), (status = 401), (status = 403)),
)]
pub(crate) async fn list_algorithm_usage(call: Call<Nothing, AskPage>) -> Result<Json<AlgorithmUsages>> {
    let mut work = call.work();
    let keys = Statement::new(
        "SELECT algorithm, count(*) FILTER (WHERE status = 'active') AS active, max(EXISTS (SELECT 1 \
         FROM json_each(purposes) WHERE value IN ('encrypt', 'decrypt'))) AS may_encrypt \
         FROM qnsp_hsm_keys WHERE tenant_id = ?1 GROUP BY algorithm",
    );
    let keys = work.push(keys.bind(call.tenant()));
    let used = "SELECT algorithm, uses, last_used_at FROM qnsp_used_algorithms WHERE tenant_id = ?1 LIMIT ?2";
    let used = work.push(Statement::new(used).bind(call.tenant()).bind(MOST));
    let enforced = work.push(Enforced::select(&call));
    let outcomes = work.run().await?;
    let enforced = Enforced::of(outcomes.rows(enforced))?;
    let mut known: BTreeMap<String, Known> = BTreeMap::new();
    for row in outcomes.rows(keys) {
        let of = known.entry(row.get("algorithm")?).or_default();
        (of.active, of.may_encrypt) = (row.get("active")?, row.get("may_encrypt")?);
    }
    for row in outcomes.rows(used) {
        let of = known.entry(row.get("algorithm")?).or_default();
        (of.uses, of.last_used_at) = (row.get("uses")?, Some(row.get("last_used_at")?));
    }
    let mut algorithms: Vec<_> =
        known.iter().map(|(name, known)| shown(&Algorithm::of(name), known, &enforced, call.now)).collect();
    algorithms.sort_by_key(|row| Reverse(row.usage_count));
    let summary = summary(&algorithms);
    let (limit, offset) = (call.query.limit.0, call.query.offset.0);
    let page = |number: i64| usize::try_from(number).unwrap_or(usize::MAX);
    let algorithms = algorithms.into_iter().skip(page(offset)).take(page(limit)).collect();
    Ok(Json(AlgorithmUsages { algorithms, summary }))
}

fn shown(algorithm: &Algorithm, known: &Known, enforced: &Enforced, now: i64) -> AlgorithmUsage {
    AlgorithmUsage {
        algorithm: algorithm.as_str().to_owned(),
        category: algorithm.category(known.may_encrypt),
        usage_count: known.uses,
        key_count: known.active,
        last_used_at: known.last_used_at.map(IsoTime),
        status: enforced.status(algorithm, now),
    }
}

fn summary(algorithms: &[AlgorithmUsage]) -> UsageSummary {
    let keys = |filter: &dyn Fn(&AlgorithmUsage) -> bool| {
        algorithms.iter().filter(|row| filter(row)).map(|row| row.key_count).sum::<i64>()
    };
    let legacy = algorithms.iter().filter(|row| row.status >= AlgorithmStatus::Deprecated);
    UsageSummary {
        pqc_adoption_rate: number::rate(keys(&|row| Algorithm::of(&row.algorithm).is_post_quantum()), keys(&|_| true)),
        legacy_algorithm_usage: legacy.map(|row| row.usage_count).sum(),
    }
}
