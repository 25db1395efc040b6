//! What is computed from keys and their use.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;
use utoipa::ToSchema;

use crate::{
    qnsp::kms::{AlgorithmCategory, AlgorithmStatus},
    time::IsoTime,
};

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AlgorithmUsages {
    /// Those used most first.
    pub algorithms: Vec<AlgorithmUsage>,
    pub summary: UsageSummary,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AlgorithmUsage {
    pub algorithm: String,
    pub category: AlgorithmCategory,
    pub usage_count: i64,
    /// Keys that are active.
    pub key_count: i64,
    pub last_used_at: Option<IsoTime>,
    pub status: AlgorithmStatus,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UsageSummary {
    /// From 0 to 1.
    pub pqc_adoption_rate: f64,
    /// How often deprecated and forbidden algorithms were used.
    pub legacy_algorithm_usage: i64,
}

#[derive(Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MigrationReadiness {
    /// 0 to 100.
    pub overall_score: i64,
    pub categories: Vec<CategoryReadiness>,
    pub key_migration_status: KeyMigrationStatus,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReadinessCategory {
    Encryption,
    Signing,
    KeyExchange,
    Policies,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReadinessStatus {
    Ready,
    Partial,
    NotReady,
}

#[derive(Debug, PartialEq, Serialize, ToSchema)]
pub struct CategoryReadiness {
    pub category: ReadinessCategory,
    /// 0 to 100.
    pub score: f64,
    pub status: ReadinessStatus,
    pub blockers: Vec<String>,
    /// One for each blocker.
    pub recommendations: Vec<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct KeyMigrationStatus {
    pub total: i64,
    /// Retired keys that were replaced by one of a recommended algorithm.
    pub migrated: i64,
    pub pending_migration: i64,
    /// Keys on connections that have no post-quantum algorithm.
    pub blocked: i64,
}

#[derive(Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PqcAdoption {
    pub current_adoption: CurrentAdoption,
    /// The last 30 days, in their order.
    pub trends: Vec<AdoptionDay>,
    /// Active keys of each post-quantum algorithm.
    pub by_algorithm: BTreeMap<String, i64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CurrentAdoption {
    pub pqc_keys: i64,
    pub total_keys: i64,
    /// From 0 to 1.
    pub adoption_rate: f64,
}

#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AdoptionDay {
    /// In UTC, as `2026-01-02`.
    pub date: String,
    pub pqc_operations: i64,
    pub classical_operations: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, ToSchema)]
pub enum Framework {
    #[serde(rename = "NIST")]
    #[strum(serialize = "NIST")]
    Nist,
    #[serde(rename = "FIPS")]
    #[strum(serialize = "FIPS")]
    Fips,
    #[serde(rename = "CNSA2")]
    #[strum(serialize = "CNSA2")]
    Cnsa2,
    #[serde(rename = "PCI")]
    #[strum(serialize = "PCI")]
    Pci,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CryptoComplianceStatus)]
pub enum ComplianceStatus {
    Compliant,
    Partial,
    NonCompliant,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CryptoControlStatus)]
pub enum ControlStatus {
    Passed,
    Failed,
    NotApplicable,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CryptoCompliance {
    pub framework: Framework,
    pub compliance_status: ComplianceStatus,
    /// 0 to 100.
    pub score: f64,
    pub controls: Vec<ComplianceControl>,
    pub generated_at: IsoTime,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CryptoComplianceControl)]
pub struct ComplianceControl {
    pub control_id: &'static str,
    pub name: &'static str,
    pub status: ControlStatus,
    /// What is not as it should be, each object by its id.
    pub findings: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum QuantumRisk {
    Low,
    Medium,
    High,
    Critical,
}

#[derive(Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct QuantumRisks {
    pub overall_risk: QuantumRisk,
    /// The greatest risk first.
    pub algorithms: Vec<AlgorithmRisk>,
    pub assessment: Assessment,
}

#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AlgorithmRisk {
    pub algorithm: String,
    pub quantum_risk: QuantumRisk,
    /// An ISO 8601 duration, or `none`.
    pub time_to_quantum_threat: &'static str,
    pub recommendation: &'static str,
    pub affected_keys: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = QuantumAssessment)]
pub struct Assessment {
    /// Whether what is recorded today could be read later.
    pub harvest_now_decrypt_later: bool,
    /// Whether every key that encrypts withstands a quantum computer.
    pub long_term_data_protection: bool,
}
