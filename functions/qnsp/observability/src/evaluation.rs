//! Which rules of a tenant see an anomaly now. Squares and roots over windows of time are not what one statement of the
//! database judges, so the rules and the sums of their points are read first, and the batch of the call records what follows.
//! A rule never changes, and one that was deleted meanwhile records nothing.

use model::qnsp::{auth::Severity, observability::Sensitivity};
use platform::Row;
use policy::qnsp::{
    Metric,
    anomaly::{Condition, Facts},
};
use qnsp::{Caller, word};
use service::{Anonymous, Error, Outcomes, Result, Slot};

use crate::{
    rules,
    series::{Series, fit_of, spread_of},
};

/// What became of the rules.
#[derive(Default)]
pub(crate) struct Found {
    /// Rules that see an anomaly, and how grave it is.
    pub firing: Vec<(String, Severity)>,
    /// Rules that see none.
    pub calm: Vec<String>,
}

pub(crate) async fn evaluate(caller: &Caller) -> Result<Found> {
    let rows = caller.app.query(rules::all(caller)).await?;
    let rules = rows.iter().map(Rule::of).collect::<Result<Vec<_>>>()?;
    let mut batch = Anonymous::background(&caller.app).batch();
    let mut asked = Vec::new();
    for rule in &rules {
        let statements = rule.facts(&Series::of(caller.tenant(), &rule.metric), caller.now);
        asked.push(statements.into_iter().map(|statement| batch.push(statement)).collect::<Vec<_>>());
    }
    if asked.is_empty() {
        return Ok(Found::default());
    }
    let outcomes = batch.read().await?;
    let mut found = Found::default();
    for (rule, slots) in rules.into_iter().zip(asked) {
        match rule.judge(&outcomes, &slots)? {
            Some(severity) => found.firing.push((rule.id, severity)),
            None => found.calm.push(rule.id),
        }
    }
    Ok(found)
}

struct Rule {
    id: String,
    metric: Metric,
    condition: Condition,
    sensitivity: Sensitivity,
}

impl Rule {
    fn of(row: &Row) -> Result<Self> {
        let metric = Metric::parse(&row.get::<String>("metric")?);
        Ok(Self {
            id: row.get("id")?,
            metric: metric.ok_or_else(|| Error::internal("a rule of no metric"))?,
            condition: rules::read(&row.get::<String>("condition_type")?, &row.get::<String>("parameters")?)?,
            sensitivity: word(row, "sensitivity")?,
        })
    }

    /// The statements that read what the rule is judged by.
    fn facts(&self, series: &Series, now: i64) -> Vec<platform::Statement> {
        let (window, baseline) = self.condition.since(now);
        match self.condition {
            Condition::Threshold { .. } => vec![series.last(window, now)],
            Condition::Deviation { .. } => vec![series.spread(window, now), series.spread(baseline, window)],
            Condition::Trend { .. } => vec![series.fit(window, now)],
        }
    }

    /// By the outcomes of [`Rule::facts`].
    fn judge(&self, outcomes: &Outcomes, slots: &[Slot]) -> Result<Option<Severity>> {
        let facts = match (self.condition, slots) {
            (Condition::Threshold { .. }, [last]) => {
                Facts::Threshold(outcomes.row(*last).map(|row| row.get("v")).transpose()?)
            }
            (Condition::Deviation { .. }, [window, baseline]) => Facts::Deviation {
                window: spread_of(outcomes.one(*window)?)?,
                baseline: spread_of(outcomes.one(*baseline)?)?,
            },
            (Condition::Trend { .. }, [fit]) => Facts::Trend(fit_of(outcomes.one(*fit)?)?),
            _ => return Ok(None),
        };
        Ok(self.condition.judge(&facts, self.sensitivity))
    }
}
