//! Retention policies: how long events are kept, and what they would cost or free.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{body, ids::Uuid, qnsp::Text, time::IsoTime};

/// How many words a list of a scope may have.
const MOST: usize = 1_000;

body! {
    /// Which events; an absent or empty list means all, and both lists must let an event through.
    pub struct NewScope {
        /// `*` stands for any run of characters.
        pub event_types: Option<Vec<Text<1, 128>>> as "eventTypes",
        /// Names of services, or first words of event types.
        pub services: Option<Vec<Text<1, 128>>> as "services",
    } where faults {
        for (name, list) in [("eventTypes", &event_types), ("services", &services)] {
            let length = list.as_ref().and_then(Option::as_ref).map_or(0, Vec::len);
            faults.check(length <= MOST, name, "may have at most 1000 items");
        }
    }
}

body! {
    /// Whether events are kept elsewhere before they are erased.
    pub struct NewArchiveConfig {
        /// `false` if not given.
        pub enabled: Option<bool> as "enabled",
        /// A label, under which the archived events are listed. Required where `enabled` is true.
        pub destination: Option<Text<0, 128>> as "destination",
    }
}

impl NewArchiveConfig {
    pub fn is_enabled(&self) -> bool {
        self.enabled == Some(true)
    }

    /// The label, unless it is empty.
    pub fn destination(&self) -> Option<&str> {
        self.destination.as_ref().map(Text::as_str).filter(|label| !label.is_empty())
    }
}

body! {
    /// A new policy. Nothing happens by itself: a cleanup carries it out.
    pub struct NewPolicy {
        /// No two policies of a tenant have the same name.
        pub name: Text<1, 128> as "name",
        /// An ISO 8601 duration of a day or more, such as `P90D`. Months count 30 days, years 365.
        pub retention_period: Text<1, 128> as "retentionPeriod",
        pub scope: Option<NewScope> as "scope",
        pub archive_config: Option<NewArchiveConfig> as "archiveConfig",
    }
}

body! {
    /// A change of a policy. What is absent stays as it is; a scope or an archive configuration is replaced as a whole.
    pub struct UpdatePolicy {
        pub name: Option<Text<1, 128>> as "name",
        pub retention_period: Option<Text<1, 128>> as "retentionPeriod",
        pub scope: Option<NewScope> as "scope",
        pub archive_config: Option<NewArchiveConfig> as "archiveConfig",
    } where faults {
        let is_empty = matches!(
            (&name, &retention_period, &scope, &archive_config),
            (Some(None), Some(None), Some(None), Some(None))
        );
        faults.check(!is_empty, "", "Body must have a member that is changed");
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RetentionPolicyCreated)]
pub struct PolicyCreated {
    pub policy_id: String,
    pub name: String,
    pub created_at: IsoTime,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PolicyUpdated {
    pub policy_id: String,
    pub updated_at: IsoTime,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RetentionPolicy)]
pub struct Policy {
    pub policy_id: String,
    pub name: String,
    pub retention_period: String,
    pub scope: Scope,
    pub archive_config: ArchiveConfig,
    pub created_at: IsoTime,
    pub updated_at: IsoTime,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RetentionScope)]
pub struct Scope {
    pub event_types: Vec<String>,
    pub services: Vec<String>,
}

#[derive(Serialize, ToSchema)]
pub struct ArchiveConfig {
    pub enabled: bool,
    /// Empty if none was given.
    pub destination: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = RetentionPolicies)]
pub struct Policies {
    /// The oldest first.
    pub policies: Vec<Policy>,
    pub total: i64,
}

body! {
    pub struct CleanUp {
        pub policy_id: Uuid as "policyId",
        /// Only count; `false` if not given.
        pub dry_run: Option<bool> as "dryRun",
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CleanedUp {
    pub execution_id: String,
    pub events_processed: u64,
    pub events_deleted: u64,
    pub events_archived: u64,
    pub dry_run: bool,
}

body! {
    pub struct AskPreview {
        pub policy_id: Uuid as "policyId",
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RetentionPreview)]
pub struct Preview {
    pub policy_id: String,
    pub events_affected: u64,
    pub oldest_event_date: Option<IsoTime>,
    pub newest_event_date: Option<IsoTime>,
    /// Bytes of the stored entries.
    pub size_bytes: u64,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RetentionMetrics {
    /// Events that are neither erased nor archived.
    pub total_events: u64,
    /// Bytes of the stored entries.
    pub total_size_bytes: u64,
    pub by_age: AgeCounts,
    pub retention_savings: RetentionSavings,
}

/// No event is counted twice.
#[derive(Serialize, ToSchema)]
pub struct AgeCounts {
    #[serde(rename = "last7Days")]
    pub week: u64,
    #[serde(rename = "last30Days")]
    pub month: u64,
    #[serde(rename = "last90Days")]
    pub quarter: u64,
    pub older: u64,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RetentionSavings {
    pub events_deleted: u64,
    pub bytes_reclaimed: u64,
}
