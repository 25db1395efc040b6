//! Recoveries: agents submit their shares, somebody else than who asked for it approves, and the key is given once.

use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;
use utoipa::ToSchema;

use crate::{
    body,
    ids::Uuid,
    qnsp::{Text, hsm::Bytes},
    time::IsoTime,
};

/// The longest share: of the longest key, with its number.
const SHARE: usize = 8 << 10;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, IntoStaticStr, ToSchema)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
#[schema(as = RecoveryUrgency)]
pub enum Urgency {
    #[default]
    Normal,
    Urgent,
    Emergency,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, IntoStaticStr, ToSchema)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum RecoveryStatus {
    PendingShares,
    ReadyForApproval,
    Approved,
    Denied,
    Executed,
}

body! {
    pub struct InitiateRecovery {
        pub escrow_id: Uuid as "escrowId",
        pub reason: Text<1, 2000> as "reason",
        /// normal unless it is said.
        pub urgency: Option<Urgency> as "urgency",
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RecoveryInitiated {
    pub request_id: String,
    pub escrow_id: String,
    pub status: RecoveryStatus,
    pub required_shares: i64,
    pub submitted_shares: i64,
    pub created_at: IsoTime,
}

body! {
    pub struct SubmitShare {
        pub request_id: Uuid as "requestId",
        /// Base64, as it was claimed.
        #[schema(value_type = String)]
        pub share: Bytes<1, SHARE> as "share",
        pub agent_id: Text<1, 256> as "agentId",
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ShareSubmitted {
    pub request_id: String,
    pub submitted_shares: i64,
    pub required_shares: i64,
    #[schema(value_type = RecoveryStatus)]
    pub status: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, ToSchema)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum RecoveryDecision {
    Approve,
    Deny,
}

body! {
    pub struct ApproveRecovery {
        pub request_id: Uuid as "requestId",
        pub decision: RecoveryDecision as "decision",
        pub reason: Text<1, 2000> as "reason",
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RecoveryDecided {
    pub request_id: String,
    pub status: RecoveryStatus,
    pub decided_by: String,
    pub decided_at: IsoTime,
}

body! {
    pub struct ExecuteRecovery {
        pub request_id: Uuid as "requestId",
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RecoveryExecuted {
    pub request_id: String,
    pub key_id: String,
    /// Base64: the bytes of an AES key, PKCS#8 of others.
    pub recovered_key: String,
    pub recovered_at: IsoTime,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RecoveryApproval)]
pub struct Approval {
    #[schema(value_type = RecoveryDecision)]
    pub decision: String,
    pub decided_by: String,
    pub decided_at: IsoTime,
    pub reason: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Recovery {
    pub request_id: String,
    pub escrow_id: String,
    #[schema(value_type = RecoveryStatus)]
    pub status: String,
    pub required_shares: i64,
    pub submitted_shares: i64,
    pub approvals: Vec<Approval>,
    pub created_at: IsoTime,
}
