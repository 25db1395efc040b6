//! The observability service: costs, budgets, anomalies of recorded series, dashboards.

mod anomaly;
mod cost;
mod dashboard;

pub use anomaly::{
    Acknowledged, Anomalies, Anomaly, AnomalyStatus, ConditionType, NewCondition, NewParameters, NewRule, Operator,
    RuleCreated, Sensitivity,
};
pub use cost::{
    Alert, Allocation, AllocationRecorded, Allocations, AllocationsSummary, Amount, BudgetCreated, BudgetPeriod,
    BudgetScope, CostPeriod, CostSummary, CostTrend, NewAllocation, NewBudget, NewCostPeriod, Tags,
};
pub use dashboard::{
    Dashboard, DashboardCreated, DashboardEntry, DashboardShared, DashboardStarred, Dashboards, Layout, NewDashboard,
    NewPanel, Panel, PanelPosition, PanelType, SeriesPoint, Star,
};
