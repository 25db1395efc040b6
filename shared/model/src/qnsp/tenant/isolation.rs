//! Audits of how well a tenant is isolated from others.

use serde::{Deserialize, Serialize};
use strum::{EnumIter, IntoStaticStr};
use utoipa::ToSchema;

use crate::{body, time::IsoTime};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, EnumIter, ToSchema)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Category {
    Data,
    Network,
    Compute,
    Identity,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, ToSchema)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Depth {
    /// The newest 1,000 rows of each kind.
    Quick,
    Standard,
    /// All rows, and the audit log.
    Comprehensive,
}

body! {
    /// What to audit, and how thoroughly.
    pub struct NewAudit {
        /// All categories if not given.
        pub scope: Option<Vec<Category>> as "scope",
        /// `standard` if not given.
        pub depth: Option<Depth> as "depth",
    } where faults {
        if let Some(Some(scope)) = &scope {
            faults.check(!scope.is_empty(), "scope", "must not be empty");
        }
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuditStarted {
    pub audit_id: String,
    /// `running`.
    pub status: &'static str,
    pub started_at: IsoTime,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, IntoStaticStr, ToSchema)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum CategoryStatus {
    Isolated,
    /// Never audited.
    Unknown,
    Warning,
    Breach,
}

#[derive(Serialize, ToSchema)]
pub struct ByCategory {
    pub data: CategoryStatus,
    pub network: CategoryStatus,
    pub compute: CategoryStatus,
    pub identity: CategoryStatus,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CurrentStatus {
    /// `isolated`, `warning` or `breach`.
    pub overall_status: CategoryStatus,
    pub by_category: ByCategory,
    pub last_audit_at: Option<IsoTime>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    pub category: Category,
    pub check: String,
    /// `low`, `medium` or `high`.
    pub severity: String,
    pub description: String,
    pub object_id: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Audit {
    pub audit_id: String,
    /// `running`, `completed` or `failed`.
    pub status: String,
    pub scope: Vec<Category>,
    pub depth: Depth,
    pub findings: Vec<Finding>,
    pub started_at: IsoTime,
    pub completed_at: Option<IsoTime>,
}
