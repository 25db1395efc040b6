//! The periods that are asked for, up to now.

use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;
use utoipa::ToSchema;

use crate::counters::DAY;

const HOUR: i64 = DAY / 24;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, ToSchema)]
pub enum Period {
    #[serde(rename = "1h")]
    #[strum(serialize = "1h")]
    Hour,
    #[default]
    #[serde(rename = "24h")]
    #[strum(serialize = "24h")]
    Day,
    #[serde(rename = "7d")]
    #[strum(serialize = "7d")]
    Week,
    #[serde(rename = "30d")]
    #[strum(serialize = "30d")]
    Month,
}

impl Period {
    /// Milliseconds.
    pub fn length(self) -> i64 {
        HOUR * match self {
            Self::Hour => 1,
            Self::Day => 24,
            Self::Week => 7 * 24,
            Self::Month => 30 * 24,
        }
    }
}

// Where no shorter one is served. Documentation here would stand in the document of the API.
#[derive(Clone, Copy, Debug, Default, Deserialize, IntoStaticStr, ToSchema)]
pub enum PeriodOfDays {
    #[default]
    #[serde(rename = "24h")]
    #[strum(serialize = "24h")]
    Day,
    #[serde(rename = "7d")]
    #[strum(serialize = "7d")]
    Week,
    #[serde(rename = "30d")]
    #[strum(serialize = "30d")]
    Month,
}

impl PeriodOfDays {
    /// Milliseconds.
    pub fn length(self) -> i64 {
        DAY * match self {
            Self::Day => 1,
            Self::Week => 7,
            Self::Month => 30,
        }
    }
}
