//! Plans by which keys are replaced.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use strum::{EnumString, IntoStaticStr};
use utoipa::ToSchema;

use crate::{
    body,
    ids::Uuid,
    qnsp::{List, Text, hsm::KeyType},
    time::IsoTime,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, EnumString, IntoStaticStr, ToSchema)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
#[schema(as = MigrationPlanStatus)]
pub enum PlanStatus {
    Draft,
    Active,
    Paused,
    Completed,
    Cancelled,
}

/// What a caller may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = RequestedMigrationPlanStatus)]
pub enum RequestedStatus {
    Active,
    Paused,
    Cancelled,
}

impl From<RequestedStatus> for PlanStatus {
    fn from(status: RequestedStatus) -> Self {
        match status {
            RequestedStatus::Active => Self::Active,
            RequestedStatus::Paused => Self::Paused,
            RequestedStatus::Cancelled => Self::Cancelled,
        }
    }
}

body! {
    /// At least one of them.
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    pub struct MigrationTargets {
        #[serde(skip_serializing_if = "Option::is_none")]
        pub encryption: Option<Text<1, 64>> as "encryption",
        #[serde(skip_serializing_if = "Option::is_none")]
        pub signing: Option<Text<1, 64>> as "signing",
        #[serde(skip_serializing_if = "Option::is_none")]
        pub key_exchange: Option<Text<1, 64>> as "keyExchange",
    } where faults {
        let is_empty = matches!((&encryption, &signing, &key_exchange), (Some(None), Some(None), Some(None)));
        faults.check(!is_empty, "", "targetAlgorithms must name at least one algorithm");
    }
}

impl MigrationTargets {
    /// Those that are given, with their names in a body.
    pub fn each(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let all = [("encryption", &self.encryption), ("signing", &self.signing), ("keyExchange", &self.key_exchange)];
        all.into_iter().filter_map(|(name, algorithm)| Some((name, algorithm.as_ref()?.as_str())))
    }
}

body! {
    /// At least one key or one type. A key is in the scope by either.
    pub struct MigrationScope {
        #[schema(value_type = Option<Vec<Uuid>>, max_items = 1_000)]
        pub key_ids: Option<List<Uuid>> as "keyIds",
        #[schema(value_type = Option<Vec<KeyType>>)]
        pub key_types: Option<List<KeyType>> as "keyTypes",
    } where faults {
        let has_ids = key_ids.as_ref().is_none_or(|ids| ids.as_ref().is_some_and(|ids| !ids.0.is_empty()));
        let has_types = key_types.as_ref().is_none_or(|types| types.as_ref().is_some_and(|types| !types.0.is_empty()));
        faults.check(has_ids || has_types, "", "scope must have at least one item of keyIds or keyTypes");
    }
}

body! {
    #[derive(Serialize)]
    pub struct MigrationPhase {
        pub name: Text<1, 128> as "name",
        /// An ISO 8601 duration. A phase without one is over when it begins.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub duration: Option<Text<1, 128>> as "duration",
        #[serde(skip_serializing_if = "Option::is_none")]
        pub actions: Option<Vec<Text<0, 2000>>> as "actions",
    } where faults {
        let count = actions.iter().flatten().map(Vec::len).sum::<usize>();
        faults.check(count <= 1000, "actions", "may have at most 1000 items");
    }
}

body! {
    #[derive(Default, Serialize)]
    #[serde(rename_all = "camelCase")]
    pub struct MigrationSchedule {
        #[serde(skip_serializing_if = "Option::is_none")]
        pub start_date: Option<IsoTime> as "startDate",
        #[serde(skip_serializing_if = "Option::is_none")]
        pub phases: Option<Vec<MigrationPhase>> as "phases",
    } where faults {
        let count = phases.iter().flatten().map(Vec::len).sum::<usize>();
        faults.check(count <= 1000, "phases", "may have at most 1000 items");
    }
}

body! {
    pub struct CreateMigrationPlan {
        pub name: Text<1, 128> as "name",
        pub description: Option<Text<0, 2000>> as "description",
        pub target_algorithms: MigrationTargets as "targetAlgorithms",
        pub scope: MigrationScope as "scope",
        pub schedule: Option<MigrationSchedule> as "schedule",
    }
}

body! {
    /// What is not given stays.
    pub struct ChangeMigrationPlan {
        pub name: Option<Text<1, 128>> as "name",
        pub description: Option<Text<0, 2000>> as "description",
        pub status: Option<RequestedStatus> as "status",
        pub schedule: Option<MigrationSchedule> as "schedule",
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = MigrationPlanCreated)]
pub struct PlanCreated {
    pub plan_id: String,
    pub name: String,
    pub status: PlanStatus,
    pub created_at: IsoTime,
}

#[derive(Serialize, ToSchema)]
#[schema(as = MigrationPlans)]
pub struct Plans {
    /// Newest first.
    pub plans: Vec<PlanSummary>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = MigrationPlanSummary)]
pub struct PlanSummary {
    pub plan_id: String,
    pub name: String,
    /// A paused plan is active here.
    pub status: PlanStatus,
    /// In percent.
    pub progress: i64,
    pub created_at: IsoTime,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = MigrationPlanScope)]
pub struct PlanScope {
    pub key_ids: Vec<String>,
    pub key_types: Vec<String>,
}

#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = MigrationPlanProgress)]
pub struct PlanProgress {
    pub keys_total: i64,
    pub keys_migrated: i64,
    /// By the schedule; null without phases.
    pub current_phase: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = MigrationPlan)]
pub struct Plan {
    pub plan_id: String,
    pub name: String,
    pub description: String,
    pub status: PlanStatus,
    #[schema(value_type = MigrationTargets)]
    pub target_algorithms: Box<RawValue>,
    pub scope: PlanScope,
    #[schema(value_type = MigrationSchedule)]
    pub schedule: Box<RawValue>,
    pub progress: PlanProgress,
    pub created_at: IsoTime,
    pub updated_at: IsoTime,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = MigrationPlanChanged)]
pub struct PlanChanged {
    pub plan_id: String,
    pub updated_at: IsoTime,
}
