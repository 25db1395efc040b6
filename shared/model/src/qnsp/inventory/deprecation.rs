//! Algorithms that a tenant gives up, and what is of them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    body,
    faults::Faults,
    qnsp::{List, Text},
    time::IsoTime,
};

body! {
    /// The members of a policy. `algorithm`, `sunsetDate` and `replacementAlgorithm` are those of the SDK.
    pub struct DeprecationFields {
        /// No two policies of a tenant have the same name.
        pub name: Option<Text<1, 128>> as "name",
        /// 1 to 50 algorithms or families (`RSA`, `AES`), in any spelling.
        #[schema(value_type = Option<Vec<Text<1, 128>>>, max_items = 50)]
        pub algorithms: Option<List<Text<1, 128>, 50>> as "algorithms",
        pub deprecation_date: Option<IsoTime> as "deprecationDate",
        /// The algorithms are forbidden from then on. Not before the deprecation date.
        pub enforcement_date: Option<IsoTime> as "enforcementDate",
        /// The algorithm that is to be used instead, neither one of these nor deprecated itself.
        pub migration_target: Option<Text<1, 128>> as "migrationTarget",
        /// ISO 8601 durations before the deadline.
        #[schema(value_type = Option<Vec<Text<1, 128>>>, max_items = 1_000)]
        pub notification_schedule: Option<List<Text<1, 128>>> as "notificationSchedule",
        /// The only algorithm, in the shape of the SDK. The policy is named `deprecate <algorithm>`.
        pub algorithm: Option<Text<1, 128>> as "algorithm",
        /// The enforcement date.
        pub sunset_date: Option<IsoTime> as "sunsetDate",
        /// The migration target.
        pub replacement_algorithm: Option<Text<1, 128>> as "replacementAlgorithm",
        pub status: Option<Text<1, 128>> as "status",
        pub severity: Option<Text<1, 128>> as "severity",
        pub rationale: Option<Text<0, 2000>> as "rationale",
        #[schema(value_type = Option<Vec<Text<1, 128>>>, max_items = 1_000)]
        pub compliance_frameworks: Option<List<Text<1, 128>>> as "complianceFrameworks",
        pub notify_affected_tenants: Option<bool> as "notifyAffectedTenants",
    } where faults {
        if let Some(Some(algorithms)) = &algorithms {
            faults.check(!algorithms.0.is_empty(), "algorithms", "must have 1 to 50 items");
        }
    }
}

impl DeprecationFields {
    /// One algorithm and no list of them is the shape of the SDK.
    pub fn is_of_sdk(&self) -> bool {
        self.algorithms.is_none() && self.algorithm.is_some()
    }

    fn check_required(&self, faults: &mut Faults) {
        if self.is_of_sdk() {
            return;
        }
        for (name, is_given) in [
            ("name", self.name.is_some()),
            ("algorithms", self.algorithms.is_some()),
            ("deprecationDate", self.deprecation_date.is_some()),
            ("enforcementDate", self.enforcement_date.is_some()),
            ("migrationTarget", self.migration_target.is_some()),
        ] {
            faults.check(is_given, name, "is required");
        }
    }

    fn is_empty(&self) -> bool {
        let Self {
            name,
            algorithms,
            deprecation_date,
            enforcement_date,
            migration_target,
            notification_schedule,
            algorithm,
            sunset_date,
            replacement_algorithm,
            status,
            severity,
            rationale,
            compliance_frameworks,
            notify_affected_tenants,
        } = self;
        let texts = [name, migration_target, algorithm, replacement_algorithm, status, severity];
        let dates = [deprecation_date, enforcement_date, sunset_date];
        texts.iter().all(|text| text.is_none())
            && dates.iter().all(|date| date.is_none())
            && rationale.is_none()
            && (algorithms.is_none() && notification_schedule.is_none() && compliance_frameworks.is_none())
            && notify_affected_tenants.is_none()
    }
}

body! {
    /// A policy with `name`, `algorithms`, `deprecationDate`, `enforcementDate` and `migrationTarget`, or with `algorithm` in
    /// the shape of the SDK.
    pub struct CreateDeprecationPolicy {
        #[serde(flatten)]
        pub fields: DeprecationFields,
    } where faults {
        if let Some(fields) = &fields {
            fields.check_required(faults);
        }
    }
}

body! {
    /// What changes of a policy: at least one member.
    pub struct ChangeDeprecationPolicy {
        #[serde(flatten)]
        pub fields: DeprecationFields,
    } where faults {
        let is_empty = fields.as_ref().is_some_and(DeprecationFields::is_empty);
        faults.check(!is_empty, "", "At least one member of a policy is required");
    }
}

/// A policy in the shape of the SDK.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SdkDeprecationPolicy)]
pub struct SdkPolicy {
    pub id: String,
    /// The first of the policy's.
    pub algorithm: String,
    pub status: Option<String>,
    pub severity: Option<String>,
    pub deprecation_date: IsoTime,
    pub sunset_date: IsoTime,
    pub replacement_algorithm: Option<String>,
    pub rationale: Option<String>,
    pub compliance_frameworks: Vec<String>,
    pub notify_affected_tenants: bool,
    pub created_at: IsoTime,
    pub updated_at: IsoTime,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeprecationPolicyCreated {
    pub policy_id: String,
    pub name: String,
    pub created_at: IsoTime,
    /// For the shape of the SDK alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<SdkPolicy>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeprecationPolicy {
    pub policy_id: String,
    pub name: String,
    pub algorithms: Vec<String>,
    pub enforcement_date: IsoTime,
    pub migration_target: Option<String>,
    pub notification_schedule: Vec<String>,
    #[serde(flatten)]
    pub sdk: SdkPolicy,
}

#[derive(Serialize, ToSchema)]
pub struct DeprecationPolicies {
    pub policies: Vec<DeprecationPolicy>,
    pub total: i64,
    pub limit: i64,
    pub offset: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = AffectedAssetType)]
pub enum AssetType {
    Key,
    Hardware,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AssetMigration {
    Pending,
    /// An active migration plan has it in its scope.
    InProgress,
    /// A key of a recommended algorithm has replaced it.
    Completed,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AffectedAsset {
    pub asset_id: String,
    pub asset_type: AssetType,
    pub algorithm: String,
    pub policy_id: String,
    pub deprecation_date: IsoTime,
    pub migration_status: AssetMigration,
}

#[derive(Serialize, ToSchema)]
pub struct AffectedAssets {
    pub assets: Vec<AffectedAsset>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DeprecationDeadline)]
pub struct Deadline {
    pub policy_id: String,
    pub algorithm: String,
    pub deadline: IsoTime,
    pub affected_assets: i64,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeprecationSummary {
    /// Assets whose migration is not completed.
    pub total_affected_assets: i64,
    /// Of these.
    pub by_algorithm: BTreeMap<String, i64>,
    pub upcoming_deadlines: Vec<Deadline>,
}
