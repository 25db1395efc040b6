//! Versions of secrets, what happened to them, and how many there are.

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use serde_json::value::RawValue;
use strum::IntoStaticStr;
use utoipa::ToSchema;

use super::{SecretValue, SetSecretRetention};
use crate::{
    body,
    ids::SecretId,
    json::JsonObject,
    qnsp::{Object, Text},
    time::IsoTime,
};

/// The number of a version, from 1 on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VersionNumber(pub i64);

impl VersionNumber {
    /// The greatest number that JavaScript does not round.
    const MOST: i64 = (1 << 53) - 1;
}

impl<'de> Deserialize<'de> for VersionNumber {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let number = i64::deserialize(from)?;
        if (1..=Self::MOST).contains(&number) {
            return Ok(Self(number));
        }
        Err(D::Error::custom("must be a positive whole number"))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, ToSchema)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum SecretVersionState {
    Active,
    Deprecated,
    Destroyed,
}

body! {
    pub struct CreateSecretVersion {
        /// 1 to 128 characters of A-Z a-z 0-9 . _ -
        pub secret_id: SecretId as "secretId",
        /// 1 byte to 64 KiB.
        #[schema(value_type = String)]
        pub value: SecretValue as "value",
        /// Kept as it is given, with changedBy if that is not given.
        pub metadata: Option<Object<4>> as "metadata",
        /// The metadata's reason, if that has none.
        pub change_reason: Option<Text<0, 2000>> as "changeReason",
        /// Kept in the metadata, if these have none.
        pub approved_by: Option<Text<1, 256>> as "approvedBy",
        /// As by `PUT …/retention-policy`. Only an administrator gives one to a secret that exists.
        pub retention_policy: Option<SetSecretRetention> as "retentionPolicy",
    }
}

impl CreateSecretVersion {
    /// The metadata as they are stored and shown: what was given, and what it stands for.
    pub fn metadata_for(&self, user: &str) -> String {
        let given = self.metadata.clone().map(JsonObject::from);
        let also = [
            ("changedBy", Some(user)),
            ("reason", self.change_reason.as_ref().map(Text::as_str)),
            ("approvedBy", self.approved_by.as_ref().map(Text::as_str)),
        ];
        let given = given.map(|given| given.members()).unwrap_or_default();
        let also = also.into_iter().filter_map(|(name, text)| Some((name, text?)));
        let also: Vec<_> = also.filter(|(name, _)| given.iter().all(|(given, _)| given != name)).collect();
        let also = also.iter().map(|(name, text)| ((*name).to_owned(), serde_json::Value::from(*text).to_string()));
        let given = given.iter().map(|(name, value)| (name.clone(), value.as_str().to_owned()));
        let members = given.chain(also).map(|(name, value)| format!("{}:{value}", serde_json::Value::from(name)));
        format!("{{{}}}", members.collect::<Vec<_>>().join(","))
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SecretVersionCreated {
    pub secret_id: String,
    pub version: i64,
    pub created_at: IsoTime,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SecretHistory {
    pub secret_id: String,
    /// Newest first.
    pub versions: Vec<SecretVersionInHistory>,
    pub pagination: SecretPage,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SecretVersionInHistory {
    pub version: i64,
    #[schema(value_type = SecretVersionState)]
    pub state: String,
    pub created_at: IsoTime,
    pub created_by: String,
    /// The JSON object that was given.
    #[schema(value_type = Object)]
    pub metadata: Box<RawValue>,
}

#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SecretPage {
    pub total: i64,
    pub limit: i64,
    pub offset: i64,
    pub has_more: bool,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SecretVersion {
    pub secret_id: String,
    pub version: i64,
    pub value: String,
    #[schema(value_type = SecretVersionState)]
    pub state: String,
    pub created_at: IsoTime,
    /// The JSON object that was given.
    #[schema(value_type = Object)]
    pub metadata: Box<RawValue>,
}

/// What a version may become.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, ToSchema)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum SecretTargetState {
    Deprecated,
    Destroyed,
}

body! {
    pub struct ChangeSecretState {
        pub state: SecretTargetState as "state",
        pub reason: Option<Text<0, 2000>> as "reason",
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SecretStateChanged {
    pub secret_id: String,
    pub version: i64,
    pub state: SecretTargetState,
    pub updated_at: IsoTime,
}

body! {
    pub struct RollBackSecret {
        #[schema(value_type = i64, minimum = 1)]
        pub target_version: VersionNumber as "targetVersion",
        pub reason: Option<Text<0, 2000>> as "reason",
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SecretRolledBack {
    pub secret_id: String,
    pub new_version: i64,
    /// The version that was active; 0 if none was.
    pub rolled_back_from: i64,
    pub rolled_back_to: i64,
}

body! {
    pub struct CompareSecretVersions {
        #[schema(value_type = i64, minimum = 1)]
        pub version1: VersionNumber as "version1",
        #[schema(value_type = i64, minimum = 1)]
        pub version2: VersionNumber as "version2",
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ComparedSecretVersions {
    pub secret_id: String,
    pub version1: ComparedSecretVersion,
    pub version2: ComparedSecretVersion,
    pub different: bool,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ComparedSecretVersion {
    pub version: i64,
    pub created_at: IsoTime,
    /// HMAC-SHA-256 of the value under a key of the tenant, in hexadecimal.
    pub hash: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum SecretAction {
    Created,
    Read,
    Deprecated,
    Destroyed,
    Rollback,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SecretEvent {
    pub event_id: String,
    #[schema(value_type = SecretAction)]
    pub action: String,
    pub version: i64,
    pub actor: String,
    pub timestamp: IsoTime,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SecretEvents {
    pub secret_id: String,
    /// Oldest first.
    pub events: Vec<SecretEvent>,
    pub total: i64,
}

#[derive(Serialize, ToSchema)]
pub struct SecretStates {
    pub active: i64,
    pub deprecated: i64,
    pub destroyed: i64,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SecretStats {
    pub total_secrets: i64,
    /// Destroyed ones, too.
    pub total_versions: i64,
    /// 2 decimals; 0 without secrets.
    pub average_versions_per_secret: f64,
    pub by_state: SecretStates,
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::faults::read;

    fn metadata(more: &str) -> String {
        let json = format!(r#"{{"secretId":"s","value":"v"{more}}}"#);
        read::<CreateSecretVersion>(json.as_bytes(), "Body").unwrap().metadata_for("ada")
    }

    #[test]
    fn metadata_are_kept_as_given_and_completed() {
        assert_eq!(metadata(""), r#"{"changedBy":"ada"}"#);
        assert_eq!(
            metadata(r#","metadata":{"n": 1e2, "reason":"r"},"changeReason":"other""#),
            r#"{"n":1e2,"reason":"r","changedBy":"ada"}"#
        );
        assert_eq!(
            metadata(r#","metadata":{"changedBy":"\"bot\""},"changeReason":"due","approvedBy":"grace""#),
            r#"{"changedBy":"\"bot\"","reason":"due","approvedBy":"grace"}"#
        );
    }

    #[test]
    fn numbers_of_versions_are_positive() {
        let read = |json: &str| serde_json::from_str::<VersionNumber>(json).ok().map(|number| number.0);
        assert_eq!([read("1"), read("9007199254740991")], [Some(1), Some(9_007_199_254_740_991)]);
        for wrong in ["0", "-1", "1.5", "\"1\"", "9007199254740992"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
