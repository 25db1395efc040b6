//! The access control service: policies, and what is asked of them.

mod cross_tenant;
mod decision;
mod policy;
mod simulation;
mod statement;

pub use cross_tenant::{
    AccessAudit, Anomalies, Anomaly, AnomalySeverity, AnomalyType, AskAnomalies, AskComparison, AskOverview, Compared,
    Comparison, ComparisonType, CrossTenantAccess, Edge, EdgeType, Graph, IsolationCheck, IsolationViolation, Node,
    NodeType, Overview, PolicyDifference, TenantIds, TenantOverview,
};
pub use decision::{
    AccessContext, AccessPrincipal, AccessRequest, AccessResource, DecisionAnswer, DecisionReason, MatchedPolicy,
    PrincipalType,
};
pub use policy::{AccessPolicies, AccessPolicy, EnforcementLevel, NewAccessPolicy};
pub use simulation::{
    AnalyzeImpact, BatchQuestion, BatchResult, BatchSimulated, BatchSummary, ChangeType, ImpactAnalysis, ImpactSample,
    ImpactScope, ImpactSummary, PolicyChange, ProposedPolicy, Questions, RiskAssessment, RiskLevel, SimulateBatch,
    SimulatedDecision, Simulation, SimulationType, Simulations,
};
pub use statement::{AccessStatement, Condition, Conditions, Effect, Operator, Patterns, Rule};
