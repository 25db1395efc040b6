//! What happens to a tenant whose payments failed.

use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;
use utoipa::ToSchema;

use crate::{
    body,
    ids::Uuid,
    qnsp::{Text, Whole},
    time::IsoTime,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, ToSchema)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum DunningAction {
    Email,
    Sms,
    Suspend,
    Cancel,
}

impl DunningAction {
    /// Whether it sends something, which has a text.
    #[must_use]
    pub fn needs_template(self) -> bool {
        matches!(self, Self::Email | Self::Sms)
    }
}

body! {
    /// A step, so many days after the oldest failure that is not settled.
    #[derive(Serialize)]
    pub struct DunningStep {
        pub day_after_failure: Whole<0, 365> as "dayAfterFailure",
        pub action: DunningAction as "action",
        /// Required of what is sent.
        pub template: Option<Text<1, 128>> as "template",
    } where faults {
        if let (Some(action), Some(None)) = (&action, &template) {
            faults.check(!action.needs_template(), "template", "is required");
        }
    }
}

body! {
    /// 1 to 20 steps on days that increase. Only the last may cancel.
    pub struct NewDunningSchedule {
        pub tenant_id: Uuid as "tenantId",
        pub schedule: Vec<DunningStep> as "schedule",
    } where faults {
        if let Some(schedule) = &schedule {
            faults.check((1..=20).contains(&schedule.len()), "schedule", "must have 1 to 20 items");
        }
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DunningScheduled {
    pub schedule_id: String,
    pub tenant_id: String,
    pub created_at: IsoTime,
}
