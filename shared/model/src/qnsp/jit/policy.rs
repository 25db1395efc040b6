//! Policies: how long access may last, and whether somebody must approve it.

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use utoipa::ToSchema;

use crate::{
    body,
    qnsp::{List, Number, Text, Whole},
    time::IsoTime,
};

body! {
    /// A policy holds for requests of its resource types.
    pub struct CreateJitPolicy {
        pub name: Text<1, 128> as "name",
        pub description: Option<Text<0, 2000>> as "description",
        /// At least one; `*` stands for all.
        #[schema(value_type = Vec<Text<1, 256>>, max_items = 1_000)]
        pub resource_types: List<Text<1, 256>> as "resourceTypes",
        /// Minutes, up to a week.
        pub max_duration: Whole<1, 10_080> as "maxDuration",
        /// true unless it is said.
        pub require_approval: Option<bool> as "requireApproval",
        /// The roles of those who may approve, besides administrators; admin unless it is said.
        #[schema(value_type = Option<Vec<Text<1, 128>>>, max_items = 1_000)]
        pub approver_roles: Option<List<Text<1, 128>>> as "approverRoles",
        /// While they hold, nobody needs to approve.
        pub auto_approve_conditions: Option<AutoApproveConditions> as "autoApproveConditions",
    } where faults {
        let has_types = resource_types.as_ref().is_none_or(|types| !types.0.is_empty());
        faults.check(has_types, "resourceTypes", "must have at least one item");
    }
}

body! {
    /// Those that are given must all hold.
    pub struct AutoApproveConditions {
        pub time_window: Option<TimeWindow> as "timeWindow",
        /// The score of the requester's last evaluation; 0 for those who were never evaluated.
        pub max_risk_score: Option<Number<0, 100>> as "maxRiskScore",
    }
}

body! {
    /// From `start` until before `end`, in UTC; over midnight when `start` is later, the whole day when they are equal.
    pub struct TimeWindow {
        #[schema(value_type = String)]
        pub start: TimeOfDay as "start",
        #[schema(value_type = String)]
        pub end: TimeOfDay as "end",
    }
}

/// `HH:MM`, in minutes of the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeOfDay(pub i64);

impl TimeOfDay {
    fn parse(text: &str) -> Option<Self> {
        let (hours, minutes) = text.split_once(':')?;
        let number = |digits: &str, end: i64| {
            let is_two_digits = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
            is_two_digits.then(|| digits.parse::<i64>().ok()).flatten().filter(|number| *number < end)
        };
        Some(Self(number(hours, 24)? * 60 + number(minutes, 60)?))
    }
}

impl<'de> Deserialize<'de> for TimeOfDay {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom("must be a time like 09:30, from 00:00 to 23:59"))
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = JitPolicyCreated)]
pub struct PolicyCreated {
    pub policy_id: String,
    pub name: String,
    pub created_at: IsoTime,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = JitPolicy)]
pub struct Policy {
    pub policy_id: String,
    pub name: String,
    pub resource_types: Vec<String>,
    pub require_approval: bool,
}

#[derive(Serialize, ToSchema)]
#[schema(as = JitPolicies)]
pub struct Policies {
    /// Oldest first.
    pub policies: Vec<Policy>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_day_has_two_digits_each() {
        for (text, minutes) in [
            ("00:00", Some(0)),
            ("09:30", Some(570)),
            ("23:59", Some(1_439)),
            ("24:00", None),
            ("12:60", None),
            ("9:30", None),
            ("09:3", None),
            ("+9:30", None),
            ("09:30:00", None),
            ("0930", None),
            ("٠٩:٣٠", None),
            ("", None),
        ] {
            assert_eq!(TimeOfDay::parse(text).map(|time| time.0), minutes, "{text}");
        }
    }
}
