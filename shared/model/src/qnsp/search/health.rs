//! Indexes: how they are, and windows of maintenance.

use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;
use utoipa::ToSchema;

use super::IndexName;
use crate::{
    body,
    qnsp::{List, Text},
    time::IsoTime,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum IndexStatus {
    Green,
    /// A window of maintenance is open.
    Yellow,
    /// The last maintenance failed.
    Red,
}

#[derive(Serialize, ToSchema)]
pub struct Shards {
    pub total: i64,
    pub successful: i64,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct IndexHealth {
    pub index_name: String,
    pub status: IndexStatus,
    pub document_count: i64,
    pub size_bytes: i64,
    pub shards: Shards,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SearchHealth {
    /// The worst of the indexes.
    pub overall_health: IndexStatus,
    pub indices: Vec<IndexHealth>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, ToSchema)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum MaintenanceType {
    /// Terms without a document are deleted.
    Optimize,
    /// The terms are made anew from the documents.
    Reindex,
    /// The documents are copied.
    Backup,
}

body! {
    pub struct NewWindow {
        /// 1 to 20 different ones.
        #[schema(value_type = Vec<String>)]
        pub index_names: List<IndexName, 20> as "indexNames",
        pub maintenance_type: MaintenanceType as "maintenanceType",
        pub scheduled_at: IsoTime as "scheduledAt",
        /// An ISO 8601 duration from `PT1M` to `PT24H`.
        pub duration: Text<1, 128> as "duration",
    } where faults {
        if let Some(names) = &index_names {
            faults.check(!names.0.is_empty(), "indexNames", "must have 1 to 20 items");
            for (index, name) in names.0.iter().enumerate() {
                let is_new = names.0.iter().take(index).all(|other| other != name);
                faults.check(is_new, format!("indexNames[{index}]"), "must differ from those before");
            }
        }
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WindowScheduled {
    pub window_id: String,
    /// `scheduled`.
    pub status: &'static str,
    pub scheduled_at: IsoTime,
}
