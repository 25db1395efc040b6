//! Escrowed keys, the shares of them, and what happened to them.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use strum::IntoStaticStr;
use utoipa::ToSchema;

use super::AgentRole;
use crate::{body, ids::Uuid, qnsp::Text, time::IsoTime};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum EscrowStatus {
    Active,
    Recovered,
    Expired,
}

body! {
    pub struct EscrowMetadata {
        pub reason: Option<Text<0, 2000>> as "reason",
        /// By the policy if not given.
        pub expires_at: Option<IsoTime> as "expiresAt",
    }
}

body! {
    pub struct EscrowKey {
        pub key_id: Uuid as "keyId",
        pub policy_id: Uuid as "policyId",
        pub metadata: Option<EscrowMetadata> as "metadata",
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EscrowCreated {
    pub escrow_id: String,
    pub key_id: String,
    pub policy_id: String,
    pub status: EscrowStatus,
    pub created_at: IsoTime,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EscrowInList {
    pub escrow_id: String,
    pub key_id: String,
    pub policy_id: String,
    pub status: EscrowStatus,
    pub created_at: IsoTime,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EscrowedKeys {
    /// Oldest first.
    pub escrowed_keys: Vec<EscrowInList>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EscrowedKey {
    pub escrow_id: String,
    pub key_id: String,
    pub policy_id: String,
    pub status: EscrowStatus,
    pub created_at: IsoTime,
    pub expires_at: IsoTime,
    pub recovery_threshold: i64,
    pub agents: Vec<EscrowAgentState>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EscrowAgentState {
    pub agent_id: String,
    #[schema(value_type = AgentRole)]
    pub role: String,
    /// Whether the agent has its share.
    pub claimed: bool,
}

body! {
    pub struct ClaimShare {
        pub agent_id: Text<1, 256> as "agentId",
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ShareClaimed {
    pub agent_id: String,
    /// Base64. It is nowhere else.
    pub share: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, ToSchema)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum EscrowEventType {
    Created,
    ShareClaimed,
    Initiated,
    ShareSubmitted,
    Approved,
    Denied,
    Recovered,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EscrowEvent {
    pub event_id: String,
    pub escrow_id: String,
    #[schema(value_type = EscrowEventType)]
    pub event_type: String,
    /// A user.
    pub actor: String,
    pub timestamp: IsoTime,
    /// What the event tells besides: any JSON object.
    #[schema(value_type = Object)]
    pub details: Box<RawValue>,
}

#[derive(Serialize, ToSchema)]
pub struct EscrowEvents {
    /// Oldest first.
    pub events: Vec<EscrowEvent>,
}
