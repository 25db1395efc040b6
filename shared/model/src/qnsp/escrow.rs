//! Escrow of keys, of the key management service: policies, escrowed keys and their shares, recoveries.

mod key;
mod policy;
mod recovery;

pub use key::{
    ClaimShare, EscrowAgentState, EscrowCreated, EscrowEvent, EscrowEventType, EscrowEvents, EscrowInList, EscrowKey,
    EscrowMetadata, EscrowStatus, EscrowedKey, EscrowedKeys, ShareClaimed,
};
pub use policy::{
    AgentRole, ChangeEscrowPolicy, CreateEscrowPolicy, EscrowAgent, EscrowPolicies, EscrowPolicy, EscrowPolicyChanged,
    EscrowPolicyCreated, EscrowPolicySummary,
};
pub use recovery::{
    Approval, ApproveRecovery, ExecuteRecovery, InitiateRecovery, Recovery, RecoveryDecided, RecoveryDecision,
    RecoveryExecuted, RecoveryInitiated, RecoveryStatus, ShareSubmitted, SubmitShare, Urgency,
};
