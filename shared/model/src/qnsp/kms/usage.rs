//! How keys are used.

use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;
use utoipa::ToSchema;

use crate::{
    body,
    qnsp::{Text, Whole},
    time::IsoTime,
};

/// What a key was used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, ToSchema)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum KeyOperation {
    Encrypt,
    Decrypt,
    Sign,
    Verify,
}

/// How long the periods are by which uses are shown. Weeks start on Mondays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Granularity {
    #[default]
    Hour,
    Day,
    Week,
}

body! {
    /// A use of a key by an application.
    pub struct RecordUse {
        pub application_id: Text<1, 128> as "applicationId",
        pub application_name: Option<Text<1, 128>> as "applicationName",
        /// Of a key of the tenant, or of one that is kept elsewhere.
        pub key_id: Text<1, 256> as "keyId",
        pub operation: KeyOperation as "operation",
        /// 0 if not given.
        pub bytes_processed: Option<Whole<0, 9_007_199_254_740_991>> as "bytesProcessed",
        /// `true` if not given.
        pub success: Option<bool> as "success",
        /// In the last 30 days; now if not given.
        pub timestamp: Option<IsoTime> as "timestamp",
        /// Of a key that is kept elsewhere, in any spelling.
        pub algorithm: Option<Text<1, 128>> as "algorithm",
    }
}

#[derive(Serialize, ToSchema)]
pub struct UseRecorded {
    /// `true`.
    pub recorded: bool,
    /// Of the use.
    pub timestamp: IsoTime,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct KeyUsageRow {
    /// The beginning of the period.
    pub timestamp: IsoTime,
    pub key_id: String,
    pub operation: KeyOperation,
    pub count: i64,
    pub bytes_processed: i64,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct KeyUsageSummary {
    pub total_operations: i64,
    pub total_bytes_processed: i64,
    pub unique_keys: i64,
}

#[derive(Serialize, ToSchema)]
pub struct KeyUsage {
    pub usage: Vec<KeyUsageRow>,
    /// Of all that match, also beyond the page.
    pub summary: KeyUsageSummary,
}

#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct OperationCounts {
    pub encrypt: i64,
    pub decrypt: i64,
    pub sign: i64,
    pub verify: i64,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ApplicationUsage {
    pub application_id: String,
    /// The last one that was given, else the id.
    pub application_name: String,
    pub keys_used: i64,
    pub last_access_at: IsoTime,
    pub operation_counts: OperationCounts,
}

#[derive(Serialize, ToSchema)]
pub struct Applications {
    pub applications: Vec<ApplicationUsage>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ApplicationCount {
    pub application_id: String,
    pub count: i64,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct KeySummary {
    pub key_id: String,
    /// The id of a key without a name.
    pub key_name: String,
    /// `unknown` where nobody has named it.
    pub algorithm: String,
    pub total_operations: i64,
    pub operation_breakdown: OperationCounts,
    /// At most five.
    pub top_applications: Vec<ApplicationCount>,
    pub last_used_at: Option<IsoTime>,
}
