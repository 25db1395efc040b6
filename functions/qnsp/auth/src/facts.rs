//! What is known about a sign-in before it is assessed: one query of one row. Of signals and failures no more are counted
//! than any factor needs to be at its highest, so that an attack does not make its own evaluation slow.

use model::qnsp::auth::EvaluateRisk;
use platform::{Row, Statement};
use policy::qnsp::{
    Zone,
    place::Coordinates,
    risk::{AllowedHours, Facts, History, Policy, Signals},
};
use qnsp::{Call, DAY};
use serde::{Deserialize, de::DeserializeOwned};
use service::{Error, Result};

use crate::{
    policy_store::{Actions, Conditions},
    retention,
};

const HOUR: i64 = 3_600_000;

/// How many signals, and how many failures, are counted at most. A low signal is worth 2.5 points at least, and no factor
/// has more than 40.
const MOST: i64 = 100;

pub(crate) struct Known {
    history: Option<History>,
    address_signals: Signals,
    user_signals: Signals,
    new_device_signals: Signals,
    login_failures: i64,
    policies: Vec<StoredPolicy>,
}

/// Name, conditions, actions, and the threshold of an SDK.
#[derive(Deserialize)]
struct StoredPolicy(String, Conditions, Actions, Option<f64>);

impl StoredPolicy {
    fn policy(&self) -> Policy<'_> {
        let Self(name, conditions, actions, high) = self;
        let hours = conditions.hours.as_ref();
        Policy {
            name,
            risk_score_threshold: conditions.threshold(*high),
            geo_restrictions: conditions.blocked.iter().map(String::as_str).collect(),
            allowed_hours: hours.map(|hours| AllowedHours {
                start: hours.start,
                end: hours.end,
                zone: Zone::named(&hours.zone).unwrap_or_else(Zone::utc),
            }),
            on_high_risk: actions.on_high_risk(),
            challenge_type: actions.challenge_type(),
        }
    }
}

impl Known {
    pub(crate) async fn read(call: &Call<EvaluateRisk>) -> Result<Self> {
        let rows = call.app.query(select(call)).await?;
        let row = rows.first().ok_or_else(|| Error::internal("facts that are no row"))?;
        let place: Option<(f64, f64, i64)> = json(row, "place")?;
        let history = History {
            has_new_fingerprint: row.get("has_new_fingerprint")?,
            has_new_country: row.get("has_new_country")?,
            last_place: place.map(|(latitude, longitude, at)| (Coordinates { latitude, longitude }, at)),
        };
        let signals = |column| Ok::<_, Error>(json::<Counted>(row, column)?.into());
        Ok(Self {
            history: row.get::<bool>("is_known")?.then_some(history),
            address_signals: signals("address_signals")?,
            user_signals: signals("user_signals")?,
            new_device_signals: signals("new_device_signals")?,
            login_failures: row.get("login_failures")?,
            policies: json(row, "policies")?,
        })
    }

    pub(crate) fn policies(&self) -> Vec<Policy<'_>> {
        self.policies.iter().map(StoredPolicy::policy).collect()
    }

    pub(crate) fn facts<'a>(&self, call: &'a Call<EvaluateRisk>, policies: &'a [Policy<'a>]) -> Facts<'a> {
        let (sign_in, session) = (&call.body, call.body.session_context.as_ref());
        Facts {
            now: call.now,
            session_failures: session.and_then(|session| session.failed_attempts).map_or(0, |number| number.0),
            login_failures: self.login_failures,
            previous_login_at: session.and_then(|session| session.previous_login_at).map(|time| time.0),
            user_agent: sign_in.user_agent(),
            country: country(sign_in),
            coordinates: coordinates(sign_in),
            history: self.history,
            address_signals: self.address_signals,
            user_signals: self.user_signals,
            new_device_signals: self.new_device_signals,
            policies,
        }
    }
}

pub(crate) fn country(sign_in: &EvaluateRisk) -> Option<&str> {
    sign_in.geo_location()?.country.as_ref().map(|country| country.as_str())
}

/// Both of them, or none.
pub(crate) fn coordinates(sign_in: &EvaluateRisk) -> Option<Coordinates> {
    let place = sign_in.geo_location()?;
    Some(Coordinates { latitude: place.latitude?.0, longitude: place.longitude?.0 })
}

fn select(call: &Call<EvaluateRisk>) -> Statement {
    let select = Statement::new(
        "WITH known AS (SELECT kind, value, at, latitude, longitude FROM qnsp_risk_known \
             WHERE tenant_id = ?1 AND user_id = ?2 AND at >= ?6), \
           of_address AS (SELECT severity FROM qnsp_signals \
             WHERE tenant_id = ?1 AND address = ?5 AND recorded_at > ?7 LIMIT ?9), \
           of_user AS (SELECT severity, signal_type = 'new_device' AS is_device FROM qnsp_signals \
             WHERE tenant_id = ?1 AND user_id = ?2 AND recorded_at > ?7 LIMIT ?9), \
           failures AS (SELECT 1 FROM qnsp_federation_events WHERE tenant_id = ?1 AND user_id = ?2 \
             AND recorded_at > ?8 AND event_type = 'login' AND outcome = 'failure' LIMIT ?9), \
           policies AS (SELECT json_array(name, json(conditions), json(actions), thresholds ->> '$.high') AS policy \
             FROM qnsp_risk_policies WHERE tenant_id = ?1 AND enabled ORDER BY created_at, id) \
         SELECT EXISTS (SELECT 1 FROM known WHERE kind = 'user' AND value = '') AS is_known, \
           ?3 IS NOT NULL AND NOT EXISTS (SELECT 1 FROM known WHERE kind = 'fingerprint' AND value = ?3) \
             AS has_new_fingerprint, \
           ?4 IS NOT NULL AND NOT EXISTS (SELECT 1 FROM known WHERE kind = 'country' AND value = ?4) AS has_new_country, \
           (SELECT json_array(latitude, longitude, at) FROM known WHERE kind = 'place' AND value = '') AS place, \
           (SELECT json_array(count(*) FILTER (WHERE severity = 'low'), count(*) FILTER (WHERE severity = 'medium'), \
             count(*) FILTER (WHERE severity = 'high'), count(*) FILTER (WHERE severity = 'critical')) \
             FROM of_address) AS address_signals, \
           (SELECT json_array(count(*) FILTER (WHERE severity = 'low'), count(*) FILTER (WHERE severity = 'medium'), \
             count(*) FILTER (WHERE severity = 'high'), count(*) FILTER (WHERE severity = 'critical')) \
             FROM of_user WHERE NOT is_device) AS user_signals, \
           (SELECT json_array(count(*) FILTER (WHERE severity = 'low'), count(*) FILTER (WHERE severity = 'medium'), \
             count(*) FILTER (WHERE severity = 'high'), count(*) FILTER (WHERE severity = 'critical')) \
             FROM of_user WHERE is_device) AS new_device_signals, \
           (SELECT count(*) FROM failures) AS login_failures, \
           (SELECT json_group_array(json(policy)) FROM policies) AS policies",
    );
    let sign_in = &call.body;
    select
        .bind(call.tenant())
        .bind(sign_in.user_id.as_str())
        .bind(sign_in.fingerprint().map(str::to_owned))
        .bind(country(sign_in).map(str::to_owned))
        .bind(sign_in.address())
        .bind(retention::since(call.now))
        .bind(call.now - DAY)
        .bind(call.now - HOUR)
        .bind(MOST)
}

/// By severity.
#[derive(Deserialize)]
struct Counted(i64, i64, i64, i64);

impl From<Counted> for Signals {
    fn from(Counted(low, medium, high, critical): Counted) -> Self {
        Self { low, medium, high, critical }
    }
}

fn json<T: DeserializeOwned>(row: &Row, column: &str) -> Result<T> {
    let text: Option<String> = row.get(column)?;
    let value = serde_json::from_str(text.as_deref().unwrap_or("null"));
    value.map_err(|error| Error::internal(format!("facts of an evaluation: {error}")))
}
