//! The tenant service: health, quotas, onboarding and isolation.

mod health;
mod isolation;
mod onboarding;
mod quota;

pub use health::{Health, Metrics, NewSnapshot, Point, SnapshotRecorded, Trends};
pub use isolation::{
    Audit, AuditStarted, ByCategory, Category, CategoryStatus, CurrentStatus, Depth, Finding, NewAudit,
};
pub use onboarding::{
    Act, Action, NewWorkflow, Parameters, Step, StepKind, StepResult, StepStatus, Template, Workflow, WorkflowChanged,
    WorkflowStatus,
};
pub use quota::{AskForecast, Forecast, Forecasts, NewUsage, Quota, Quotas, UsageRecorded};
