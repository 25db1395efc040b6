//! Policies as they are stored: conditions and actions as one JSON text each, which an evaluation reads as it is.

use model::qnsp::auth::{ChangePolicy, CreatePolicy, PolicyActions, PolicyConditions};
use platform::Statement;
use policy::qnsp::{
    Zone,
    place::country,
    risk::{ChallengeType, OnHighRisk},
};
use qnsp::{Caller, impossible};
use serde::{Deserialize, Serialize};
use serde_json::json;
use service::Result;

/// The threshold where none is said.
const THRESHOLD: f64 = 70.0;

#[derive(Serialize, Deserialize)]
pub(crate) struct Conditions {
    /// `None` where none was said.
    pub threshold: Option<f64>,
    pub blocked: Vec<String>,
    pub hours: Option<Hours>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Hours {
    pub start: i64,
    pub end: i64,
    pub zone: String,
}

#[derive(Deserialize)]
pub(crate) struct Actions {
    on_high_risk: String,
    challenge_type: String,
}

impl Conditions {
    /// Conditions whose countries and time zone exist.
    pub(crate) fn of(conditions: Option<&PolicyConditions>) -> Result<Self> {
        let Some(conditions) = conditions else {
            return Ok(Self { threshold: None, blocked: Vec::new(), hours: None });
        };
        let codes = conditions.geo_restrictions.as_ref().map(|codes| codes.0.as_slice()).unwrap_or_default();
        let blocked = codes.iter().enumerate().map(|(index, code)| {
            let known = country(code).map(str::to_owned);
            known.ok_or_else(|| impossible(&format!("conditions.geoRestrictions[{index}]"), "is no ISO 3166-1 country"))
        });
        let blocked = blocked.collect::<Result<_>>()?;
        let times = conditions.time_restrictions.as_ref();
        let zone = times.and_then(|times| times.timezone.as_deref()).unwrap_or("UTC");
        if Zone::named(zone).is_none() {
            return Err(impossible("conditions.timeRestrictions.timezone", "is no time zone of the IANA database"));
        }
        let hours = times.and_then(|times| times.allowed_hours.as_ref()).map(|hours| Hours {
            start: hours.start.map_or(0, |hour| hour.0),
            end: hours.end.map_or(0, |hour| hour.0),
            zone: zone.to_owned(),
        });
        Ok(Self { threshold: conditions.risk_score_threshold.map(|number| number.0), blocked, hours })
    }

    /// The score from which on the policy applies. SDKs say it as `thresholds.high`.
    pub(crate) fn threshold(&self, high: Option<f64>) -> f64 {
        self.threshold.or(high).unwrap_or(THRESHOLD)
    }

    fn text(&self) -> String {
        json!(self).to_string()
    }
}

impl Actions {
    pub(crate) fn on_high_risk(&self) -> OnHighRisk {
        OnHighRisk::parse(&self.on_high_risk).unwrap_or(OnHighRisk::Challenge)
    }

    pub(crate) fn challenge_type(&self) -> ChallengeType {
        ChallengeType::parse(&self.challenge_type).unwrap_or(ChallengeType::Mfa)
    }
}

fn actions_text(actions: Option<&PolicyActions>) -> String {
    let on_high_risk = actions.map_or(OnHighRisk::Challenge.as_str(), |actions| actions.at_high_risk().into());
    let challenge_type = actions.and_then(|actions| actions.challenge_type);
    let challenge_type = challenge_type.map_or(ChallengeType::Mfa.as_str(), Into::into);
    json!({ "on_high_risk": on_high_risk, "challenge_type": challenge_type }).to_string()
}

fn level_actions(actions: Option<&PolicyActions>) -> Option<String> {
    actions.and_then(PolicyActions::level_actions).map(|words| json!(words).to_string())
}

pub(crate) fn insert(caller: &Caller, id: &str, policy: &CreatePolicy, conditions: &Conditions) -> Statement {
    let rules = policy.rules.as_ref().map(|rules| {
        let rules: Vec<_> = rules.0.iter().map(|rule| rule.as_str()).collect();
        format!("[{}]", rules.join(","))
    });
    let insert = Statement::new(
        "INSERT INTO qnsp_risk_policies (tenant_id, id, created_at, updated_at, name, name_key, description, enabled, \
         conditions, actions, rules, thresholds, level_actions) \
         VALUES (?1, ?2, ?3, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    );
    insert
        .bind(caller.tenant())
        .bind(id)
        .bind(caller.now)
        .bind(policy.name.as_str())
        .bind(policy.name.as_str().to_lowercase())
        .bind(policy.description.as_ref().map_or("", |text| text.as_str()))
        .bind(policy.enabled.unwrap_or(true))
        .bind(conditions.text())
        .bind(actions_text(policy.actions.as_ref()))
        .bind(rules)
        .bind(policy.thresholds.as_ref().map(|thresholds| thresholds.as_str().to_owned()))
        .bind(level_actions(policy.actions.as_ref()))
}

/// Changes what is given and leaves the rest. Gives `name` and `enabled` as they are then.
pub(crate) fn update(caller: &Caller, id: &str, change: &ChangePolicy, conditions: Option<&Conditions>) -> Statement {
    let update = Statement::new(
        "UPDATE qnsp_risk_policies SET updated_at = ?3, name = coalesce(?4, name), name_key = coalesce(?5, name_key), \
         enabled = coalesce(?6, enabled), conditions = coalesce(?7, conditions), actions = coalesce(?8, actions), \
         level_actions = CASE WHEN ?8 IS NULL THEN level_actions ELSE ?9 END \
         WHERE tenant_id = ?1 AND id = ?2 RETURNING name, enabled",
    );
    let name = change.name.as_ref().map(|name| name.as_str().to_owned());
    update
        .bind(caller.tenant())
        .bind(id)
        .bind(caller.now)
        .bind(name.clone())
        .bind(name.map(|name| name.to_lowercase()))
        .bind(change.enabled)
        .bind(conditions.map(Conditions::text))
        .bind(change.actions.as_ref().map(|actions| actions_text(Some(actions))))
        .bind(level_actions(change.actions.as_ref()))
}

pub(crate) fn select(caller: &Caller, enabled: Option<bool>, limit: i64, offset: i64) -> Statement {
    let select = Statement::new(
        "SELECT id, name, enabled, created_at, updated_at, rules, thresholds, level_actions FROM qnsp_risk_policies \
         WHERE tenant_id = ?1 AND (?2 IS NULL OR enabled = ?2) ORDER BY created_at, id LIMIT ?3 OFFSET ?4",
    );
    select.bind(caller.tenant()).bind(enabled).bind(limit).bind(offset)
}

pub(crate) fn count(caller: &Caller, enabled: Option<bool>) -> Statement {
    let count =
        "SELECT count(*) AS total FROM qnsp_risk_policies WHERE tenant_id = ?1 AND (?2 IS NULL OR enabled = ?2)";
    Statement::new(count).bind(caller.tenant()).bind(enabled)
}
