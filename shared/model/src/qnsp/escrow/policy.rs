//! Policies: who gets the shares of a key, and how many of them give it.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;
use utoipa::ToSchema;

use crate::{
    body,
    faults::Faults,
    qnsp::{List, Text, Whole, hsm::KeyType},
    time::IsoTime,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, ToSchema)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
#[schema(as = EscrowAgentRole)]
pub enum AgentRole {
    Primary,
    Secondary,
    /// Knows of the escrow, and holds no share.
    Witness,
}

impl AgentRole {
    pub fn holds_a_share(self) -> bool {
        self != Self::Witness
    }
}

body! {
    #[derive(Clone, Debug, Serialize)]
    #[serde(rename_all = "camelCase")]
    pub struct EscrowAgent {
        /// The user who alone claims and submits the share.
        pub agent_id: Text<1, 256> as "agentId",
        pub role: AgentRole as "role",
    }
}

body! {
    pub struct CreateEscrowPolicy {
        pub name: Text<1, 128> as "name",
        pub description: Option<Text<0, 2000>> as "description",
        #[schema(value_type = Vec<KeyType>, min_items = 1)]
        pub key_types: List<KeyType> as "keyTypes",
        /// At least one is primary.
        #[schema(value_type = Vec<EscrowAgent>)]
        pub escrow_agents: List<EscrowAgent> as "escrowAgents",
        /// How many shares give the key: at least 2, at most one of each primary and secondary agent.
        pub recovery_threshold: Whole<-1_000_000_000, 1_000_000_000> as "recoveryThreshold",
        /// An ISO 8601 duration: how long keys stay in escrow unless it is said.
        pub retention_period: Text<1, 128> as "retentionPeriod",
    } where faults {
        if let Some(types) = &key_types {
            faults.check(!types.0.is_empty(), "keyTypes", "must have at least one item");
        }
        check_agents(faults, escrow_agents.as_ref());
    }
}

body! {
    /// What is not given stays.
    pub struct ChangeEscrowPolicy {
        pub name: Option<Text<1, 128>> as "name",
        pub description: Option<Text<0, 2000>> as "description",
        #[schema(value_type = Option<Vec<EscrowAgent>>)]
        pub escrow_agents: Option<List<EscrowAgent>> as "escrowAgents",
        pub recovery_threshold: Option<Whole<-1_000_000_000, 1_000_000_000>> as "recoveryThreshold",
    } where faults {
        check_agents(faults, escrow_agents.as_ref().and_then(Option::as_ref));
    }
}

/// Nobody is an agent twice. Issuers may spell the same user differently.
fn check_agents(faults: &mut Faults, agents: Option<&List<EscrowAgent>>) {
    let mut known = HashSet::new();
    for (index, agent) in agents.iter().flat_map(|agents| &agents.0).enumerate() {
        let is_new = known.insert(agent.agent_id.as_str().to_lowercase());
        faults.check(is_new, format!("escrowAgents[{index}].agentId"), "is there twice");
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EscrowPolicyCreated {
    pub policy_id: String,
    pub name: String,
    pub created_at: IsoTime,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EscrowPolicySummary {
    pub policy_id: String,
    pub name: String,
    pub key_types: Vec<String>,
    pub recovery_threshold: i64,
}

#[derive(Serialize, ToSchema)]
pub struct EscrowPolicies {
    /// Oldest first.
    pub policies: Vec<EscrowPolicySummary>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EscrowPolicy {
    pub policy_id: String,
    pub name: String,
    pub description: String,
    pub key_types: Vec<String>,
    pub escrow_agents: Vec<EscrowAgent>,
    pub recovery_threshold: i64,
    /// An ISO 8601 duration.
    pub retention_period: String,
    pub created_at: IsoTime,
    pub updated_at: IsoTime,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EscrowPolicyChanged {
    pub policy_id: String,
    pub updated_at: IsoTime,
}
