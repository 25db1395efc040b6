//! What the evaluations and signals of a period say together.

use std::collections::BTreeMap;

use axum::Json;
use model::qnsp::auth::{FactorCount, RiskDistribution, RiskStats, SignalCount};
use platform::Row;
use policy::qnsp::risk::{Counts, Level, Recommendation, top_factors};
use qnsp::{Call, Nothing, Period};
use serde::Deserialize;
use service::Result;
use utoipa::IntoParams;

use crate::hours::{self, FACTOR, LEVEL, RECOMMENDATION, SIGNAL};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ShowStats {
    /// 24h unless it is said.
    #[serde(default)]
    #[param(value_type = Option<Period>, inline)]
    period: Period,
}

/// Show what the evaluations of a period say together.
#[utoipa::path(
    get, path = "/auth/risk/stats", tag = "Auth", params(ShowStats),
    responses((status = 200, body = RiskStats), (status = 400), (status = 401), (status = 403)),
)]
pub(crate) async fn show_stats(call: Call<Nothing, ShowStats>) -> Result<Json<RiskStats>> {
    let period = call.query.period;
    let after = |period: Period| hours::counted_after(call.tenant(), call.now - period.length());
    let mut work = call.work();
    let of_period = work.push(after(period));
    let of_day = work.push(after(Period::Day));
    let outcomes = work.run().await?;
    let (of_period, of_day) = (Counted::of(outcomes.rows(of_period))?, Counted::of(outcomes.rows(of_day))?);
    let level = |level: Level| of_period.number(LEVEL, level.as_str());
    let recommended = |word: Recommendation| of_period.number(RECOMMENDATION, word.as_str());
    let counts = Counts {
        low: level(Level::Low),
        medium: level(Level::Medium),
        high: level(Level::High),
        critical: level(Level::Critical),
        challenged: recommended(Recommendation::Challenge),
        denied: recommended(Recommendation::Deny),
    };
    let top = top_factors(of_period.all(FACTOR)).into_iter();
    Ok(Json(RiskStats {
        period: period.into(),
        total_evaluations: counts.total(),
        risk_distribution: RiskDistribution {
            low: counts.low,
            medium: counts.medium,
            high: counts.high,
            critical: counts.critical,
        },
        top_risk_factors: top.map(|(factor, count)| FactorCount { factor: factor.to_owned(), count }).collect(),
        challenge_rate: counts.challenge_rate(),
        deny_rate: counts.deny_rate(),
        signals_last_24_hours: of_day.all(SIGNAL).filter_map(signals).collect(),
        blocked_attempts_last_24_hours: of_day.number(RECOMMENDATION, Recommendation::Deny.as_str()),
    }))
}

/// A number by kind and name.
struct Counted(BTreeMap<(String, String), i64>);

impl Counted {
    fn of(rows: &[Row]) -> Result<Self> {
        let row = |row: &Row| Ok(((row.get("kind")?, row.get("name")?), row.get("count")?));
        rows.iter().map(row).collect::<Result<_>>().map(Self)
    }

    fn number(&self, kind: &str, name: &str) -> i64 {
        self.all(kind).find(|(known, _)| *known == name).map_or(0, |(_, count)| count)
    }

    fn all<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = (&'a str, i64)> {
        let of_kind = self.0.iter().filter(move |((known, _), _)| known == kind);
        of_kind.map(|((_, name), count)| (name.as_str(), *count))
    }
}

fn signals((name, count): (&str, i64)) -> Option<SignalCount> {
    let (signal_type, severity) = name.split_once('/')?;
    Some(SignalCount { signal_type: signal_type.to_owned(), severity: severity.to_owned(), count })
}
