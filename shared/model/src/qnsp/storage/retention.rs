//! How long documents are kept: policies of retention, and legal holds.

use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;
use utoipa::ToSchema;

use super::{Bucket, Level};
use crate::{
    body,
    ids::Uuid,
    qnsp::{List, Text, Whole},
    time::IsoTime,
};

/// What is done with a document when its retention ends. Of several the strictest, which is the first, is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, IntoStaticStr, ToSchema)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum OnExpiry {
    Delete,
    Archive,
    Notify,
}

body! {
    #[derive(Clone, Copy, Debug)]
    pub struct ExpiryActions {
        pub on_expiry: OnExpiry as "onExpiry",
    }
}

body! {
    /// Which documents; all of them without buckets and classifications.
    #[derive(Default)]
    pub struct StorageRetentionScope {
        #[schema(value_type = Option<Vec<String>>)]
        pub buckets: Option<List<Bucket>> as "buckets",
        /// Documents without a classification are kept by policies without classifications alone.
        #[schema(value_type = Option<Vec<Level>>)]
        pub classifications: Option<List<Level, 16>> as "classifications",
    }
}

body! {
    pub struct CreateStorageRetention {
        /// No two policies of a tenant have the same name.
        pub name: Text<1, 128> as "name",
        /// An ISO 8601 duration, counted from the first version on. It or `retentionDays` is required.
        pub retention_period: Option<Text<1, 128>> as "retentionPeriod",
        /// retentionPeriod in days.
        pub retention_days: Option<Whole<1, 36_500>> as "retentionDays",
        pub scope: Option<StorageRetentionScope> as "scope",
        pub actions: ExpiryActions as "actions",
    } where faults {
        let is_missing = matches!((&retention_period, &retention_days), (Some(None), Some(None)));
        faults.check(!is_missing, "retentionPeriod", "is required");
        let is_twice = matches!((&retention_period, &retention_days), (Some(Some(_)), Some(Some(_))));
        faults.check(!is_twice, "retentionDays", "may not be given with retentionPeriod");
    }
}

impl CreateStorageRetention {
    /// As an ISO 8601 duration, which was not checked.
    pub fn period(&self) -> String {
        let days = self.retention_days.map(|days| format!("P{}D", days.0));
        self.retention_period.as_ref().map(|text| text.as_str().to_owned()).or(days).unwrap_or_default()
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StorageRetentionCreated {
    pub policy_id: String,
    pub name: String,
    pub created_at: IsoTime,
}

body! {
    /// What is held: documents by their ids, and all documents of buckets, those to come too.
    #[derive(Default)]
    pub struct HoldScope {
        #[schema(value_type = Option<Vec<Uuid>>, max_items = 1_000)]
        pub object_ids: Option<List<Uuid>> as "objectIds",
        #[schema(value_type = Option<Vec<String>>)]
        pub buckets: Option<List<Bucket>> as "buckets",
    }
}

body! {
    /// A hold with `name`, `reason` and `scope`, or with `objectId`, `holdType` and `holdReason` in the shape of the SDK.
    pub struct CreateHold {
        /// No two active holds of a tenant have the same name.
        pub name: Option<Text<1, 128>> as "name",
        pub reason: Option<Text<1, 2000>> as "reason",
        pub scope: Option<HoldScope> as "scope",
        /// It ends by itself; without it, when it is released.
        pub expires_at: Option<IsoTime> as "expiresAt",
        pub object_id: Option<Uuid> as "objectId",
        pub hold_type: Option<Text<1, 64>> as "holdType",
        pub hold_reason: Option<Text<1, 2000>> as "holdReason",
    } where faults {
        let is_of_sdk = matches!(&object_id, Some(Some(_)));
        let is_missing = |given: bool| !given && !is_of_sdk;
        faults.check(!is_missing(!matches!(&name, Some(None))), "name", "is required");
        let has_reason = !matches!((&reason, &hold_reason), (Some(None), Some(None)));
        faults.check(has_reason, if is_of_sdk { "holdReason" } else { "reason" }, "is required");
        let has_name = !matches!((&name, &hold_type), (Some(None), Some(None)));
        faults.check(!is_of_sdk || has_name, "holdType", "is required with objectId");
        let is_empty = |scope: &Option<HoldScope>| scope.as_ref().is_none_or(HoldScope::is_empty);
        let is_missing = !is_of_sdk && scope.as_ref().is_some_and(is_empty);
        faults.check(!is_missing, "scope", "must have objectIds or buckets");
    }
}

impl HoldScope {
    fn is_empty(&self) -> bool {
        self.object_ids.as_ref().is_none_or(|ids| ids.0.is_empty())
            && self.buckets.as_ref().is_none_or(|buckets| buckets.0.is_empty())
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HoldCreated {
    pub hold_id: String,
    pub name: String,
    pub objects_held: i64,
    pub created_at: IsoTime,
}

body! {
    pub struct ReleaseHold {
        pub release_reason: Option<Text<0, 2000>> as "releaseReason",
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HoldReleased {
    pub hold_id: String,
    pub released_at: IsoTime,
    /// Documents that no active hold covers any longer.
    pub objects_released: i64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faults::read;

    fn hold(json: &str) -> String {
        read::<CreateHold>(json.as_bytes(), "Body").err().map(|faults| faults.to_string()).unwrap_or_default()
    }

    #[test]
    fn a_hold_holds_something_in_one_of_two_shapes() {
        let id = "3f2504e0-4f89-41d3-9a0c-0305e82c3301";
        assert_eq!(hold(r#"{"name":"n","reason":"r","scope":{"buckets":["b"]}}"#), "");
        assert_eq!(hold(&format!(r#"{{"objectId":"{id}","holdType":"legal","holdReason":"r"}}"#)), "");
        assert_eq!(hold(r#"{"name":"n","reason":"r","scope":{}}"#), "scope must have objectIds or buckets");
        let all = "name is required; reason is required; scope must have objectIds or buckets";
        assert_eq!(hold("{}"), all);
        let all = "holdReason is required; holdType is required with objectId";
        assert_eq!(hold(&format!(r#"{{"objectId":"{id}"}}"#)), all);
    }

    #[test]
    fn a_period_is_a_duration_or_days() {
        let period = |json: &str| {
            let json = format!(r#"{{"name":"p","actions":{{"onExpiry":"notify"}}{json}}}"#);
            read::<CreateStorageRetention>(json.as_bytes(), "Body").map(|policy| policy.period()).ok()
        };
        assert_eq!(period(r#","retentionPeriod":"P7Y""#).as_deref(), Some("P7Y"));
        assert_eq!(period(r#","retentionDays":7"#).as_deref(), Some("P7D"));
        assert_eq!(period(""), None);
        assert_eq!(period(r#","retentionDays":7,"retentionPeriod":"P7D""#), None);
    }
}
