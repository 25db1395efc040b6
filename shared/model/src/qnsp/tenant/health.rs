//! How well a tenant is.

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use serde_json::{Value, value::RawValue};
use utoipa::ToSchema;

use crate::{body, qnsp::Whole, time::IsoTime};

/// The most bytes that a metric may name.
const MOST: i64 = 1 << 53;

/// A number that is not negative.
#[derive(Clone, Copy, Debug)]
pub struct Positive(pub f64);

impl<'de> Deserialize<'de> for Positive {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let number = f64::deserialize(from)?;
        if number >= 0.0 { Ok(Self(number)) } else { Err(D::Error::custom("must not be negative")) }
    }
}

/// A share.
#[derive(Clone, Copy, Debug)]
pub struct Share(pub f64);

impl<'de> Deserialize<'de> for Share {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let number = f64::deserialize(from)?;
        if (0.0..=1.0).contains(&number) { Ok(Self(number)) } else { Err(D::Error::custom("must lie between 0 and 1")) }
    }
}

body! {
    pub struct Metrics {
        /// Milliseconds.
        #[schema(value_type = f64)]
        pub api_latency_p99: Positive as "apiLatencyP99",
        /// 0 to 1.
        #[schema(value_type = f64)]
        pub error_rate: Share as "errorRate",
        #[schema(value_type = i64)]
        pub active_users: Whole<0, MOST> as "activeUsers",
        /// Bytes.
        #[schema(value_type = i64)]
        pub storage_usage: Whole<0, MOST> as "storageUsage",
    }
}

body! {
    /// A reading of a tenant's metrics.
    pub struct NewSnapshot {
        pub metrics: Metrics as "metrics",
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SnapshotRecorded {
    pub snapshot_id: String,
    pub recorded_at: IsoTime,
}

#[derive(Serialize, ToSchema)]
pub struct Health {
    /// `healthy`, `degraded` or `critical`.
    pub status: &'static str,
    /// 0 to 100.
    pub score: f64,
    /// Those of the latest snapshot; empty without any.
    #[schema(value_type = Object)]
    pub metrics: Box<RawValue>,
    /// What takes points from 100: `code` (`latency_high`, `error_rate_high`, `storage_quota_high`, `stale_data`),
    /// `metric`, `value` and `penalty`.
    #[schema(value_type = Vec<Object>)]
    pub issues: Vec<Value>,
}

#[derive(Serialize, ToSchema)]
pub struct Point {
    pub timestamp: IsoTime,
    pub score: f64,
    pub status: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Trends {
    /// `24h`, `7d` or `30d`.
    pub period: &'static str,
    pub data_points: Vec<Point>,
}
