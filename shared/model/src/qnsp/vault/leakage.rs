//! Detection of leaked secrets: policies, incidents, scans.

mod incident;
mod policy;
mod scan;

pub use incident::{
    ChangeLeakageIncident, IncidentSource, LeakageCheck, LeakageIncident, LeakageIncidentChanged,
    LeakageIncidentInCheck, LeakageIncidentInList, LeakageIncidentReported, LeakageIncidents, LeakageSeverities,
    LeakageSeverity, LeakageStats, LeakageStatus, LeakageStep, ReportLeakage,
};
pub use policy::{
    CreateLeakagePolicy, LeakageAction, LeakageActions, LeakagePattern, LeakagePatternType, LeakagePolicies,
    LeakagePolicy, LeakagePolicyCreated, LeakagePolicyInList, LeakageSource, LeakageTarget, LeakageTargets,
};
pub use scan::{LeakageScan, LeakageScanQueued, LeakageScanStatus, LeakageScope, LeakageSkipped, StartLeakageScan};
