//! Crypto agility, of the key management service: what keys say of the way to post-quantum algorithms, and the plans for it.

mod plan;
mod report;

pub use plan::{
    ChangeMigrationPlan, CreateMigrationPlan, MigrationPhase, MigrationSchedule, MigrationScope, MigrationTargets,
    Plan, PlanChanged, PlanCreated, PlanProgress, PlanScope, PlanStatus, PlanSummary, Plans, RequestedStatus,
};
pub use report::{
    AdoptionDay, AlgorithmRisk, AlgorithmUsage, AlgorithmUsages, Assessment, CategoryReadiness, ComplianceControl,
    ComplianceStatus, ControlStatus, CryptoCompliance, CurrentAdoption, Framework, KeyMigrationStatus,
    MigrationReadiness, PqcAdoption, QuantumRisk, QuantumRisks, ReadinessCategory, ReadinessStatus, UsageSummary,
};
