//! The security monitoring service: playbooks, the graph of assets, compliance.

mod asset;
mod attack;
mod compliance;
mod playbook;

pub use asset::{
    Asset, AssetFlag, Assets, ConnectAssets, Connection, ConnectionCreated, Connections, CreateAsset, Exposure,
};
pub use attack::{
    AnalyzeAttack, AssetIds, AttackAnalysis, AttackPath, AttackSimulation, AttackStep, PathTaken, SimulateAttack,
    SimulationResults,
};
pub use compliance::{
    AssessCompliance, Assessment, ChangeControl, Control, ControlCreated, CreateControl, FrameworkScore,
};
pub use playbook::{
    ActionState, ActionType, ChangePlaybook, CreatePlaybook, ExecutePlaybook, Execution, ExecutionApproved,
    ExecutionContext, ExecutionStarted, ExecutionStatus, Executions, NewPlaybookAction, NewTriggerConditions, Playbook,
    PlaybookCreated, Playbooks,
};
