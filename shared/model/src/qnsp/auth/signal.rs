//! Threat signals.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use strum::IntoStaticStr;
use utoipa::ToSchema;

use super::place::IpAddress;
use crate::{body, ids::Uuid, qnsp::Object, time::IsoTime};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, ToSchema)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum SignalType {
    SuspiciousLogin,
    CredentialStuffing,
    BruteForce,
    ImpossibleTravel,
    NewDevice,
    SuspiciousIp,
    CompromisedCredential,
    AnomalousBehavior,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, IntoStaticStr, ToSchema)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Severity {
    Low,
    Medium,
    High,
    Critical,
}

body! {
    /// A threat signal. With `context` or `source` it may be about nobody.
    pub struct RecordSignal {
        pub user_id: Option<Uuid> as "userId",
        pub signal_type: SignalType as "signalType",
        pub severity: Severity as "severity",
        /// Any JSON object; it is kept as it is given.
        pub metadata: Option<Object<8>> as "metadata",
        /// Any JSON object; it is kept as it is given.
        pub context: Option<Object<8>> as "context",
        pub source: Option<String> as "source",
    } where faults {
        let is_about_nobody = matches!(context, Some(Some(_))) || matches!(source, Some(Some(_)));
        faults.check(is_about_nobody || !matches!(user_id, Some(None)), "userId", "is required");
        for (name, given) in [("metadata", &metadata), ("context", &context)] {
            if let Some(Some(given)) = given {
                faults.check(Address::of(given).is_some(), format!("{name}.ipAddress"), "must be an IP address");
            }
        }
    }
}

/// The one member of the metadata that has a meaning.
#[derive(Deserialize)]
struct Address {
    #[serde(default, rename = "ipAddress")]
    ip_address: Option<IpAddress>,
}

impl Address {
    fn of(metadata: &Object<8>) -> Option<Self> {
        serde_json::from_str(metadata.as_str()).ok()
    }
}

impl RecordSignal {
    /// The metadata in either spelling.
    #[must_use]
    pub fn metadata(&self) -> Option<&Object<8>> {
        self.metadata.as_ref().or(self.context.as_ref())
    }

    /// The address that the signal is about, in its canonical form.
    #[must_use]
    pub fn address(&self) -> Option<String> {
        let address = Address::of(self.metadata()?)?.ip_address?;
        Some(address.as_str().to_owned())
    }
}

/// The answer to a recorded signal, with the members that SDKs read.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SignalRecorded {
    pub signal_id: String,
    /// The same as `signalId`.
    pub id: String,
    pub signal_type: SignalType,
    pub severity: Severity,
    pub recorded_at: IsoTime,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Signal {
    pub signal_id: String,
    pub signal_type: String,
    pub severity: String,
    pub recorded_at: IsoTime,
    /// As it was recorded.
    #[schema(value_type = Object)]
    pub metadata: Box<RawValue>,
}

#[derive(Serialize, ToSchema)]
pub struct Signals {
    pub signals: Vec<Signal>,
    /// All that match, whatever the limit.
    pub total: i64,
}
