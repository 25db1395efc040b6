//! Risk policies of a tenant.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use strum::IntoStaticStr;
use utoipa::ToSchema;

use crate::{
    body,
    qnsp::{List, Number, Object, Text, Whole},
    time::IsoTime,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, ToSchema)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum OnHighRisk {
    Challenge,
    Deny,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, ToSchema)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum ChallengeType {
    Mfa,
    Captcha,
    EmailVerification,
}

body! {
    /// A policy. `rules`, `thresholds` and the actions of levels are what SDKs send; of those only `thresholds.high` and
    /// the action `high` have an effect.
    pub struct CreatePolicy {
        pub name: Text<1, 128> as "name",
        pub description: Option<Text<0, 2000>> as "description",
        pub conditions: Option<PolicyConditions> as "conditions",
        pub actions: Option<PolicyActions> as "actions",
        pub enabled: Option<bool> as "enabled",
        /// The rules of an SDK: any JSON objects, which are kept as they are given.
        #[schema(value_type = Option<Vec<Object>>)]
        pub rules: Option<List<Object<16>>> as "rules",
        /// The thresholds of an SDK: any JSON object, which is kept as it is given.
        pub thresholds: Option<Object<16>> as "thresholds",
    } where faults {
        if let Some(Some(thresholds)) = &thresholds {
            faults.check(Thresholds::is_good(thresholds), "thresholds.high", "must be a number from 0 to 100");
        }
    }
}

body! {
    /// What changes of a policy: at least one member. `conditions` and `actions` are replaced as a whole.
    pub struct ChangePolicy {
        pub name: Option<Text<1, 128>> as "name",
        pub conditions: Option<PolicyConditions> as "conditions",
        pub actions: Option<PolicyActions> as "actions",
        pub enabled: Option<bool> as "enabled",
    } where faults {
        let is_empty = matches!((&name, &conditions, &actions, &enabled), (Some(None), Some(None), Some(None), Some(None)));
        faults.check(!is_empty, "", "At least one of name, conditions, actions and enabled is required");
    }
}

body! {
    pub struct PolicyConditions {
        /// 70 unless it is said.
        pub risk_score_threshold: Option<Number<0, 100>> as "riskScoreThreshold",
        /// Countries that are blocked, as ISO 3166-1 alpha-2 codes.
        #[schema(value_type = Option<Vec<String>>)]
        pub geo_restrictions: Option<List<String>> as "geoRestrictions",
        pub time_restrictions: Option<TimeRestrictions> as "timeRestrictions",
    }
}

body! {
    pub struct TimeRestrictions {
        pub allowed_hours: Option<AllowedHours> as "allowedHours",
        /// A name of the IANA database; UTC unless it is said.
        pub timezone: Option<String> as "timezone",
    }
}

body! {
    /// From `start` until before `end`; over midnight when `start` is later, the whole day when they are equal.
    pub struct AllowedHours {
        pub start: Option<Whole<0, 23>> as "start",
        pub end: Option<Whole<0, 23>> as "end",
    }
}

body! {
    pub struct PolicyActions {
        /// challenge unless it is said.
        pub on_high_risk: Option<OnHighRisk> as "onHighRisk",
        /// mfa unless it is said.
        pub challenge_type: Option<ChallengeType> as "challengeType",
        pub low: Option<Text<0, 64>> as "low",
        pub medium: Option<Text<0, 64>> as "medium",
        pub high: Option<Text<0, 64>> as "high",
        pub critical: Option<Text<0, 64>> as "critical",
    }
}

/// The one member of the thresholds that has a meaning.
#[derive(Deserialize)]
struct Thresholds {
    #[serde(default)]
    high: Option<Number<0, 100>>,
}

impl Thresholds {
    fn is_good(thresholds: &Object<16>) -> bool {
        serde_json::from_str::<Self>(thresholds.as_str()).is_ok()
    }
}

impl CreatePolicy {
    /// `thresholds.high`.
    pub fn high_threshold(&self) -> Option<f64> {
        let thresholds: Thresholds = serde_json::from_str(self.thresholds.as_ref()?.as_str()).ok()?;
        thresholds.high.map(|high| high.0)
    }
}

/// The words of SDKs for what is done at each level.
#[derive(Serialize)]
pub struct LevelActions<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub low: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub medium: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub high: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub critical: Option<&'a str>,
}

impl PolicyActions {
    pub fn level_actions(&self) -> Option<LevelActions<'_>> {
        let words = [&self.low, &self.medium, &self.high, &self.critical];
        let [low, medium, high, critical] = words.map(|word| word.as_ref().map(Text::as_str));
        let is_any = low.or(medium).or(high).or(critical).is_some();
        is_any.then_some(LevelActions { low, medium, high, critical })
    }

    /// What is done at high risk; SDKs say `block` for deny.
    pub fn at_high_risk(&self) -> OnHighRisk {
        let is_block = self.high.as_ref().is_some_and(|word| word.as_str() == "block");
        self.on_high_risk.unwrap_or(if is_block { OnHighRisk::Deny } else { OnHighRisk::Challenge })
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RiskPolicyCreated)]
pub struct PolicyCreated {
    pub policy_id: String,
    /// The same as `policyId`.
    pub id: String,
    pub name: String,
    pub created_at: IsoTime,
    pub enabled: bool,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PolicyChanged {
    pub policy_id: String,
    pub name: String,
    pub enabled: bool,
    pub updated_at: IsoTime,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RiskPolicy)]
pub struct Policy {
    pub policy_id: String,
    /// The same as `policyId`.
    pub id: String,
    pub name: String,
    pub enabled: bool,
    pub created_at: IsoTime,
    pub updated_at: IsoTime,
    /// As they were sent, where they were.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<Object>>)]
    pub rules: Option<Box<RawValue>>,
    /// As they were sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub thresholds: Option<Box<RawValue>>,
    /// What SDKs do at each level.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub actions: Option<Box<RawValue>>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = RiskPolicies)]
pub struct Policies {
    /// Oldest first.
    pub policies: Vec<Policy>,
    pub total: i64,
    pub limit: i64,
    pub offset: i64,
}
