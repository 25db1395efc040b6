//! Alerts about the use of keys, and rules for them.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use strum::IntoStaticStr;
use utoipa::ToSchema;

use crate::{
    body,
    qnsp::{List, Text, auth::Severity},
    time::IsoTime,
};

/// What a rule looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, ToSchema)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum AlertMetric {
    OperationCount,
    BytesProcessed,
    /// The share of uses that failed.
    ErrorRate,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, ToSchema)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum AlertOperator {
    Gt,
    Lt,
    Eq,
}

/// A length of time as minutes, hours or days: `5m`, `24h`, `30d`; 30 days at most.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertWindow {
    text: String,
    minutes: i64,
}

impl AlertWindow {
    const MOST: i64 = 30 * 24 * 60;

    pub fn parse(text: &str) -> Option<Self> {
        let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
        let unit = match unit {
            "m" => 1,
            "h" => 60,
            "d" => 24 * 60,
            _ => return None,
        };
        let is_number = !number.starts_with('0') && number.bytes().all(|byte| byte.is_ascii_digit());
        let minutes = number.parse::<i64>().ok().filter(|_| is_number)?.checked_mul(unit)?;
        (minutes <= Self::MOST).then(|| Self { text: text.to_owned(), minutes })
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub fn minutes(&self) -> i64 {
        self.minutes
    }
}

impl<'de> Deserialize<'de> for AlertWindow {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Self::parse(&text)
            .ok_or_else(|| D::Error::custom("must be minutes, hours or days such as 5m, 24h or 30d, up to 30d"))
    }
}

impl Serialize for AlertWindow {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.text.serialize(to)
    }
}

body! {
    #[derive(Clone, Debug, serde::Serialize)]
    pub struct AlertCondition {
        pub metric: AlertMetric as "metric",
        pub operator: AlertOperator as "operator",
        /// Not negative; of `error_rate` at most 1.
        pub threshold: f64 as "threshold",
        #[schema(value_type = String)]
        pub window: AlertWindow as "window",
    } where faults {
        if let Some(threshold) = threshold {
            let most = if metric == Some(AlertMetric::ErrorRate) { 1.0 } else { f64::MAX };
            faults.check(threshold >= 0.0, "threshold", "must not be negative");
            faults.check(threshold <= most, "threshold", "must be a rate from 0 to 1");
        }
    }
}

body! {
    pub struct CreateAlertRule {
        /// No two rules of a tenant have the same name.
        pub name: Text<1, 128> as "name",
        /// Each key is looked at by itself; all keys if there is none.
        #[schema(value_type = Option<Vec<Text<1, 256>>>, max_items = 1_000)]
        pub key_ids: Option<List<Text<1, 256>>> as "keyIds",
        pub condition: AlertCondition as "condition",
        pub severity: Severity as "severity",
        /// An https URL is sent a signed delivery; `audit` is the tenant's log of events.
        #[schema(value_type = Option<Vec<Text<1, 2000>>>, max_items = 1_000)]
        pub notification_channels: Option<List<Text<1, 2000>>> as "notificationChannels",
    }
}

body! {
    /// What changes of a rule: at least one member.
    pub struct ChangeAlertRule {
        pub name: Option<Text<1, 128>> as "name",
        /// As a whole.
        pub condition: Option<AlertCondition> as "condition",
        pub severity: Option<Severity> as "severity",
        pub enabled: Option<bool> as "enabled",
    } where faults {
        let is_empty = matches!((&name, &condition, &severity, &enabled), (Some(None), Some(None), Some(None), Some(None)));
        faults.check(!is_empty, "", "At least one of name, condition, severity and enabled is required");
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AlertRuleCreated {
    pub rule_id: String,
    pub name: String,
    pub created_at: IsoTime,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AlertRuleChanged {
    pub rule_id: String,
    pub updated_at: IsoTime,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AlertRule {
    pub rule_id: String,
    pub name: String,
    pub condition: AlertCondition,
    pub severity: Severity,
    pub enabled: bool,
}

#[derive(Serialize, ToSchema)]
pub struct AlertRules {
    pub rules: Vec<AlertRule>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AlertType {
    /// The condition of a rule holds.
    ThresholdExceeded,
    /// There are more uses in this hour than there are in others.
    UnusualPattern,
    /// A key of a forbidden algorithm was used.
    ComplianceViolation,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct KeyAlert {
    pub alert_id: String,
    /// `baseline` and `compliance` are the rules that every tenant has.
    pub rule_id: String,
    pub key_id: String,
    pub alert_type: AlertType,
    pub severity: Severity,
    pub message: String,
    pub triggered_at: IsoTime,
    pub acknowledged: bool,
}

#[derive(Serialize, ToSchema)]
pub struct KeyAlerts {
    pub alerts: Vec<KeyAlert>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AlertAcknowledged {
    pub alert_id: String,
    pub acknowledged_at: IsoTime,
    pub acknowledged_by: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_minutes_hours_or_days_up_to_thirty_days() {
        for (text, minutes) in [("1m", 1), ("43200m", 43_200), ("1h", 60), ("720h", 43_200), ("30d", 43_200)] {
            let window = AlertWindow::parse(text);
            assert_eq!(window.as_ref().map(AlertWindow::minutes), Some(minutes), "{text}");
            assert_eq!(window.as_ref().map(AlertWindow::as_str), Some(text));
        }
        for text in
            ["", "m", "0m", "01m", "43201m", "721h", "31d", "1s", "1", "-1m", "+1m", "1.5h", "1 h", "1D", "1é", "9é"]
        {
            assert_eq!(AlertWindow::parse(text), None, "{text}");
        }
    }
}
