//! How many versions of a secret are kept, and for how long.

use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    body,
    qnsp::{Text, Whole},
    time::IsoTime,
};

body! {
    /// It replaces the policy before as a whole. At least one member is given.
    pub struct SetSecretRetention {
        /// How many versions are kept, the newest ones.
        pub max_versions: Option<Whole<1, 1000>> as "maxVersions",
        /// An ISO 8601 duration: versions that are older are not kept.
        pub delete_after: Option<Text<1, 128>> as "deleteAfter",
        /// Whether each new version enforces the policy; false unless it is said.
        pub auto_destroy: Option<bool> as "autoDestroy",
        /// deleteAfter in days.
        pub retention_days: Option<Whole<1, 36_500>> as "retentionDays",
    } where faults {
        if let (Some(None), Some(None), Some(None), Some(None)) =
            (&max_versions, &delete_after, &auto_destroy, &retention_days)
        {
            faults.add("maxVersions", "is required unless deleteAfter or autoDestroy is given");
        }
        let is_twice = matches!((&delete_after, &retention_days), (Some(Some(_)), Some(Some(_))));
        faults.check(!is_twice, "retentionDays", "may not be given with deleteAfter");
    }
}

impl SetSecretRetention {
    /// The policy as it is shown.
    pub fn shown(&self) -> SecretRetention {
        let days = self.retention_days.map(|days| format!("P{}D", days.0));
        SecretRetention {
            max_versions: self.max_versions.map(|most| most.0),
            delete_after: self.delete_after.as_ref().map(|text| text.as_str().to_owned()).or(days),
            auto_destroy: self.auto_destroy.unwrap_or_default(),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SecretRetention {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_versions: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delete_after: Option<String>,
    pub auto_destroy: bool,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SecretRetentionSet {
    pub secret_id: String,
    pub retention_policy: SecretRetention,
    pub updated_at: IsoTime,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SecretRetentionApplied {
    pub secret_id: String,
    /// Destroyed by this call.
    pub versions_deleted: i64,
    /// Neither destroyed by this call nor before.
    pub versions_retained: i64,
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::faults::read;

    fn shown(json: &str) -> SecretRetention {
        read::<SetSecretRetention>(json.as_bytes(), "Body").unwrap().shown()
    }

    #[test]
    fn days_are_a_duration() {
        let expected =
            SecretRetention { max_versions: None, delete_after: Some("P7D".to_owned()), auto_destroy: false };
        assert_eq!(shown(r#"{"retentionDays":7}"#), expected);
        assert_eq!(shown(r#"{"deleteAfter":"P7D"}"#), expected);
        let expected = SecretRetention { max_versions: Some(3), delete_after: None, auto_destroy: true };
        assert_eq!(shown(r#"{"maxVersions":3,"autoDestroy":true}"#), expected);
    }

    #[test]
    fn a_policy_that_says_nothing_or_two_things_is_refused() {
        for json in [
            "{}",
            r#"{"maxVersions":null}"#,
            r#"{"maxVersions":0}"#,
            r#"{"maxVersions":1001}"#,
            r#"{"retentionDays":0}"#,
            r#"{"deleteAfter":"P1D","retentionDays":1}"#,
        ] {
            assert!(read::<SetSecretRetention>(json.as_bytes(), "Body").is_err(), "{json}");
        }
        assert!(read::<SetSecretRetention>(br#"{"autoDestroy":false}"#, "Body").is_ok());
    }
}
