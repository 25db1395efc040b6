//! Copies of documents in other regions.

use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;
use utoipa::ToSchema;

use super::{DocumentScope, Region};
use crate::{
    body,
    ids::Uuid,
    qnsp::{List, Text},
    time::IsoTime,
};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReplicationMode {
    Sync,
    #[default]
    Async,
    /// The same as async.
    NearSync,
}

/// Regions that documents are copied to.
pub type Destinations = List<Region, 20>;

body! {
    pub struct CreateReplication {
        /// No two configurations of a tenant have the same name.
        pub name: Text<1, 128> as "name",
        #[schema(value_type = String, pattern = "^[a-z0-9-]{1,63}$")]
        pub source_region: Region as "sourceRegion",
        #[schema(value_type = Option<Vec<String>>, min_items = 1, max_items = 20)]
        pub destination_regions: Option<Destinations> as "destinationRegions",
        /// The same as destinationRegions.
        #[schema(value_type = Option<Vec<String>>)]
        pub target_regions: Option<Destinations> as "targetRegions",
        pub scope: Option<DocumentScope> as "scope",
        /// async if not given.
        pub replication_mode: Option<ReplicationMode> as "replicationMode",
        /// The same as replicationMode.
        pub mode: Option<ReplicationMode> as "mode",
        /// true if not given.
        pub encryption_at_rest: Option<bool> as "encryptionAtRest",
    } where faults {
        match (&destination_regions, &target_regions) {
            (Some(None), Some(None)) => faults.add("destinationRegions", "is required"),
            (Some(Some(regions)), _) if regions.0.is_empty() => {
                faults.add("destinationRegions", "must have at least one item");
            }
            (Some(None), Some(Some(regions))) if regions.0.is_empty() => {
                faults.add("targetRegions", "must have at least one item");
            }
            _ => {}
        }
    }
}

impl CreateReplication {
    /// The member that names the destinations, and what it says.
    pub fn destinations(&self) -> (&'static str, &[Region]) {
        match (&self.destination_regions, &self.target_regions) {
            (Some(regions), _) => ("destinationRegions", &regions.0),
            (None, Some(regions)) => ("targetRegions", &regions.0),
            (None, None) => ("destinationRegions", &[]),
        }
    }

    pub fn is_sync(&self) -> bool {
        self.replication_mode.or(self.mode).unwrap_or_default() == ReplicationMode::Sync
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReplicationCreated {
    pub config_id: String,
    pub name: String,
    /// active
    pub status: &'static str,
    pub created_at: IsoTime,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConfigurationHealth {
    pub config_id: String,
    pub name: String,
    /// healthy, degraded or error.
    pub status: &'static str,
    /// Since the oldest version that was not copied was written, in whole seconds.
    pub lag_seconds: i64,
    /// Copies that were not acknowledged.
    pub pending_objects: i64,
}

#[derive(Serialize, ToSchema)]
pub struct ReplicationStatus {
    /// Oldest first.
    pub configurations: Vec<ConfigurationHealth>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RegionHealth {
    pub region: String,
    /// healthy, degraded or critical.
    pub status: &'static str,
    /// The mean of the last 100 acknowledgements; 0 without any.
    pub latency_ms: i64,
    pub last_sync_at: Option<IsoTime>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReplicationHealth {
    /// The worst of the regions.
    pub overall_health: &'static str,
    /// By name: sources and destinations.
    pub regions: Vec<RegionHealth>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, ToSchema)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum CopyStatus {
    Completed,
    /// The copy stays pending.
    Failed,
}

body! {
    /// What an agent in a region reports of its copy.
    pub struct AcknowledgeCopy {
        pub object_id: Uuid as "objectId",
        #[schema(value_type = String, pattern = "^[a-z0-9-]{1,63}$")]
        pub target_region: Region as "targetRegion",
        /// The SHA-256 of the content of the latest version, in hexadecimal.
        pub checksum: Text<64, 64> as "checksum",
        pub status: CopyStatus as "status",
    } where faults {
        if let Some(checksum) = &checksum {
            let is_hex = checksum.as_str().bytes().all(|byte| byte.is_ascii_hexdigit());
            faults.check(is_hex, "checksum", "must have 64 hexadecimal digits");
        }
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CopyAcknowledged {
    pub object_id: String,
    pub target_region: String,
    pub status: CopyStatus,
    /// Since the version was written; null for a copy that failed.
    pub latency_ms: Option<i64>,
}
