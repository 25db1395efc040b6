//! What is seen across tenants: figures, differences, anomalies, who reaches what, and audits of isolation.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use serde_json::Value;
use strum::{EnumIter, IntoStaticStr};
use utoipa::ToSchema;

use crate::{
    body,
    ids::Uuid,
    qnsp::{List, Text},
    time::IsoTime,
};

/// `MIN` to `MAX` ids of tenants.
#[derive(Clone, Debug)]
pub struct TenantIds<const MIN: usize, const MAX: usize>(pub Vec<Uuid>);

impl<'de, const MIN: usize, const MAX: usize> Deserialize<'de> for TenantIds<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let ids = Vec::deserialize(from)?;
        if (MIN..=MAX).contains(&ids.len()) {
            return Ok(Self(ids));
        }
        Err(D::Error::custom(format!("must have {MIN} to {MAX} items")))
    }
}

body! {
    pub struct AskOverview {
        /// 1 to 50 tenants. Only operators may name other tenants than their own.
        #[schema(value_type = Vec<String>)]
        pub tenant_ids: TenantIds<1, 50> as "tenantIds",
        /// `true` if not given; without metrics all counts are 0, and no access is listed.
        pub include_metrics: Option<bool> as "includeMetrics",
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TenantOverview {
    pub tenant_id: String,
    pub tenant_name: String,
    /// Principals that policies name, grantees and requesters of grants, each once.
    pub user_count: i64,
    /// Roles of API keys and approver roles, each once.
    pub role_count: i64,
    /// Access policies and policies of just-in-time access.
    pub policy_count: i64,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CrossTenantAccess {
    pub source_tenant: String,
    pub target_tenant: String,
    pub access_count: i64,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Overview {
    /// As they were asked for, each once.
    pub tenants: Vec<TenantOverview>,
    /// Of the last 30 days, most first.
    pub cross_tenant_access: Vec<CrossTenantAccess>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ComparisonType {
    #[default]
    Policies,
    Roles,
    Permissions,
}

body! {
    pub struct AskComparison {
        /// 2 to 20 different tenants. Only operators may name other tenants than their own.
        #[schema(value_type = Vec<String>)]
        pub tenant_ids: TenantIds<2, 20> as "tenantIds",
        /// `policies` if not given.
        pub comparison_type: Option<ComparisonType> as "comparisonType",
        /// Only policies and permissions with a resource pattern that begins with one of these.
        #[schema(value_type = Option<Vec<Text<1, 256>>>, max_items = 100)]
        pub resource_types: Option<List<Text<1, 256>, 100>> as "resourceTypes",
    } where faults {
        let ids = tenant_ids.as_ref().map(|ids| ids.0.as_slice()).unwrap_or_default();
        let distinct: std::collections::HashSet<_> = ids.iter().map(Uuid::as_str).collect();
        faults.check(distinct.len() == ids.len(), "tenantIds", "must be different tenants");
    }
}

/// What differs under one name.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PolicyDifference {
    pub policy_name: String,
    /// What each tenant has that has it.
    pub tenant_diffs: BTreeMap<String, Value>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Comparison {
    /// In all tenants, and the same in each.
    pub common_policies: Vec<String>,
    /// In one tenant only.
    pub unique_policies: BTreeMap<String, Vec<String>>,
    /// In two tenants or more, and not the same in each.
    pub differences: Vec<PolicyDifference>,
    /// Whether a tenant has more than are compared: the first 10,000 in their order.
    pub truncated: bool,
}

#[derive(Serialize, ToSchema)]
#[schema(as = TenantComparison)]
pub struct Compared {
    pub comparison: Comparison,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, EnumIter, ToSchema)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum AnomalyType {
    UnusualAccess,
    PolicyDrift,
    PrivilegeEscalation,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum AnomalySeverity {
    Low,
    Medium,
    High,
    Critical,
}

impl AnomalySeverity {
    const ALL: [Self; 4] = [Self::Low, Self::Medium, Self::High, Self::Critical];

    /// 1 to 4.
    pub fn weight(self) -> i64 {
        self as i64 + 1
    }

    pub fn of_weight(weight: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|severity| severity.weight() == weight)
    }
}

body! {
    pub struct AskAnomalies {
        /// 1 to 50 tenants; the own one if not given. Only operators may name others.
        #[schema(value_type = Option<Vec<String>>)]
        pub tenant_ids: Option<TenantIds<1, 50>> as "tenantIds",
        /// All if not given.
        pub anomaly_types: Option<Vec<AnomalyType>> as "anomalyTypes",
        /// The least severity.
        pub severity: Option<AnomalySeverity> as "severity",
        /// Seven days ago if not given.
        pub since: Option<IsoTime> as "since",
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AccessAnomaly)]
pub struct Anomaly {
    pub anomaly_id: String,
    pub tenant_id: String,
    /// `unusual_access`, `policy_drift` or `privilege_escalation`.
    #[serde(rename = "type")]
    pub kind: String,
    pub severity: AnomalySeverity,
    pub description: String,
    pub detected_at: IsoTime,
    pub affected_resources: Vec<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = AccessAnomalies)]
pub struct Anomalies {
    /// The newest first.
    pub anomalies: Vec<Anomaly>,
    /// All that match, whatever the page.
    pub total: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum NodeType {
    Tenant,
    User,
    Resource,
}

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = AccessNode)]
pub struct Node {
    pub id: String,
    #[serde(rename = "type")]
    pub kind: NodeType,
    pub label: String,
    /// `weight`, the sum of its edges of access.
    #[schema(value_type = Object)]
    pub metadata: Value,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum EdgeType {
    Access,
    Membership,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = AccessEdge)]
pub struct Edge {
    pub source: String,
    pub target: String,
    #[serde(rename = "type")]
    pub kind: EdgeType,
    pub weight: i64,
}

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = AccessGraph)]
pub struct Graph {
    /// By id.
    pub nodes: Vec<Node>,
    /// By source and target.
    pub edges: Vec<Edge>,
    /// Whether there is more than is shown.
    pub truncated: bool,
    /// What was cut: `nodes` (there are more than 1,000), `decisions`, `grants` or `principals` (not all were read).
    pub cut: Vec<&'static str>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct IsolationCheck {
    pub check_name: &'static str,
    /// `passed` or `failed`.
    pub status: &'static str,
    pub details: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct IsolationViolation {
    /// The name of the check that failed.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// `medium` or `high`.
    pub severity: &'static str,
    pub description: &'static str,
    pub remediation: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AccessAudit {
    pub audit_id: String,
    /// `failed` with a violation of severity high, `warning` with another, else `passed`.
    pub status: &'static str,
    pub checks: Vec<IsolationCheck>,
    pub violations: Vec<IsolationViolation>,
    pub audited_at: IsoTime,
}
