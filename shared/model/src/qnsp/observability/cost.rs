//! What resources cost, and the budgets that watch it.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use strum::IntoStaticStr;
use utoipa::ToSchema;

use crate::{
    body,
    qnsp::{Currency, List, Number, Text},
    time::IsoTime,
};

/// An amount of at most a thousand million, kept in whole millionths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Amount {
    pub millionths: i64,
}

impl Amount {
    const MOST: f64 = 1e9;
    pub const ONE: f64 = 1e6;
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let amount = f64::deserialize(from)?;
        if !(0.0..=Self::MOST).contains(&amount) {
            return Err(D::Error::custom("must be a number from 0 to 1000000000"));
        }
        #[expect(clippy::cast_possible_truncation, reason = "a whole number up to 10^15")]
        Ok(Self { millionths: (amount * Self::ONE).round() as i64 })
    }
}

/// A flat map of texts.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Tags(BTreeMap<String, String>);

impl Tags {
    const MOST: usize = 50;
    /// Of all names and values together, in bytes.
    const LONGEST: usize = 16 << 10;
}

impl<'de> Deserialize<'de> for Tags {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let tags = BTreeMap::<String, String>::deserialize(from)?;
        if tags.len() > Self::MOST {
            return Err(D::Error::custom("may have at most 50 members"));
        }
        if tags.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>() > Self::LONGEST {
            return Err(D::Error::custom("may have at most 16 KiB"));
        }
        Ok(Self(tags))
    }
}

body! {
    /// From a time up to another, which does not belong to it.
    pub struct NewCostPeriod {
        pub start: IsoTime as "start",
        pub end: IsoTime as "end",
    }
}

body! {
    /// What a resource cost in a period.
    pub struct NewAllocation {
        pub resource_id: Text<1, 256> as "resourceId",
        /// The service is what stands before the first `_` or `.`.
        pub resource_type: Text<1, 128> as "resourceType",
        pub cost_center: Text<1, 256> as "costCenter",
        /// 0 to a thousand million; rounded to 6 decimals.
        #[schema(value_type = f64)]
        pub amount: Amount as "amount",
        pub currency: Currency as "currency",
        pub period: NewCostPeriod as "period",
        /// Texts by their names.
        #[schema(value_type = Option<BTreeMap<String, String>>)]
        pub tags: Option<Tags> as "tags",
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AllocationRecorded {
    pub allocation_id: String,
    /// Always true.
    pub recorded: bool,
}

#[derive(Serialize, ToSchema)]
pub struct CostPeriod {
    pub start: IsoTime,
    pub end: IsoTime,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Allocation {
    pub allocation_id: String,
    pub resource_id: String,
    pub resource_type: String,
    pub cost_center: String,
    pub amount: f64,
    pub currency: String,
    pub period: CostPeriod,
}

/// Of all allocations that match, whatever the page shows.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AllocationsSummary {
    /// US dollars.
    pub total_amount: f64,
    /// US dollars.
    pub by_cost_center: BTreeMap<String, f64>,
    /// The sum of each other currency.
    pub by_currency: BTreeMap<String, f64>,
}

#[derive(Serialize, ToSchema)]
pub struct Allocations {
    pub allocations: Vec<Allocation>,
    pub summary: AllocationsSummary,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, ToSchema)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum BudgetPeriod {
    Monthly,
    Quarterly,
    Yearly,
}

impl BudgetPeriod {
    pub const ALL: [Self; 3] = [Self::Monthly, Self::Quarterly, Self::Yearly];
}

body! {
    /// Which allocations a budget is about; an absent list means all.
    #[derive(Default)]
    pub struct BudgetScope {
        #[schema(value_type = Option<Vec<Text<1, 256>>>, max_items = 1_000)]
        pub cost_centers: Option<List<Text<1, 256>>> as "costCenters",
        #[schema(value_type = Option<Vec<Text<1, 128>>>, max_items = 1_000)]
        pub resource_types: Option<List<Text<1, 128>>> as "resourceTypes",
    }
}

body! {
    pub struct Alert {
        /// Percent of the budget, 1 to 1000.
        pub threshold: Number<1, 1000> as "threshold",
        /// An https URL is sent a signed delivery; anything else is only kept.
        #[schema(value_type = Option<Vec<Text<1, 2000>>>, max_items = 1_000)]
        pub notification_channels: Option<List<Text<1, 2000>>> as "notificationChannels",
    }
}

body! {
    /// What may be spent in each calendar month, quarter or year (UTC).
    pub struct NewBudget {
        /// No two budgets of a tenant have the same name.
        pub name: Text<1, 128> as "name",
        /// More than 0; rounded to 6 decimals.
        #[schema(value_type = f64)]
        pub amount: Amount as "amount",
        pub currency: Currency as "currency",
        pub period: BudgetPeriod as "period",
        pub scope: Option<BudgetScope> as "scope",
        #[schema(value_type = Option<Vec<Alert>>)]
        pub alerts: Option<List<Alert, 100>> as "alerts",
    } where faults {
        faults.check(amount.is_none_or(|amount| amount.millionths > 0), "amount", "must be more than 0");
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BudgetCreated {
    pub budget_id: String,
    pub name: String,
    pub created_at: IsoTime,
}

#[derive(Serialize, ToSchema)]
pub struct CostTrend {
    /// Percent against the month before.
    pub change: f64,
    /// `up`, `down` or `stable`.
    pub direction: &'static str,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CostSummary {
    /// `YYYY-MM`.
    pub period: String,
    pub total_cost: f64,
    /// `USD`.
    pub currency: &'static str,
    /// Always `kms`, `vault` and `storage`, and every other service with costs.
    pub by_service: BTreeMap<String, f64>,
    /// Allocations in other currencies, which are in no other number.
    pub by_currency: BTreeMap<String, f64>,
    pub trend: CostTrend,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millionths(text: &str) -> Option<i64> {
        serde_json::from_str::<Amount>(text).ok().map(|amount| amount.millionths)
    }

    #[test]
    fn an_amount_is_kept_in_millionths() {
        for (text, expected) in [
            ("0", Some(0)),
            ("0.1", Some(100_000)),
            ("0.0000005", Some(1)),
            ("0.0000004", Some(0)),
            ("1000000000", Some(1_000_000_000_000_000)),
            ("1000000000.1", None),
            ("-0.1", None),
            ("\"1\"", None),
        ] {
            assert_eq!(millionths(text), expected, "{text}");
        }
    }

    #[test]
    fn tags_are_few_flat_and_short() {
        let many =
            |count: usize| serde_json::to_string(&(0..count).map(|n| (n.to_string(), "v")).collect::<BTreeMap<_, _>>());
        let is_read = |text: &str| serde_json::from_str::<Tags>(text).is_ok();
        assert!(many(50).is_ok_and(|text| is_read(&text)) && many(51).is_ok_and(|text| !is_read(&text)));
        assert!(!is_read(r#"{"a":{}}"#) && !is_read(r#"{"a":1}"#));
        assert!(!is_read(&format!(r#"{{"a":"{}"}}"#, "x".repeat(16 << 10))));
    }
}
