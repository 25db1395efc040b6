//! The auth service: risk of sign-ins, and what identity providers report.

mod cross_tenant;
mod evaluate;
mod federation;
mod place;
mod policy;
mod report;
mod signal;
mod stats;

pub use cross_tenant::{Activity, TenantPair};
pub use evaluate::{EvaluateRisk, Evaluation, Factor, RiskFactor, SessionContext};
pub use federation::{
    EventRecorded, FederationEvent, FederationEvents, FederationOutcome, QueryFederation, RecordFederationEvent,
};
pub use place::{CountryCode, GeoLocation, IpAddress};
pub use policy::{
    AllowedHours, ChangePolicy, CreatePolicy, LevelActions, Policies, Policy, PolicyActions, PolicyChanged,
    PolicyConditions, PolicyCreated, TimeRestrictions,
};
pub use report::{
    Check, CreateReport, DayTotals, Finding, ProviderTotals, Report, ReportAccepted, ReportData, ReportFormat,
    ReportPeriod, ReportSummary, ReportTotals, ReportType, Reports,
};
pub use signal::{RecordSignal, Severity, Signal, SignalRecorded, SignalType, Signals};
pub use stats::{FactorCount, RiskDistribution, RiskStats, SignalCount};
