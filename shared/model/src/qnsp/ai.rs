//! The AI orchestrator: models and where they run, what they cost, whether they are fair, and prompts that attack them.

mod bias;
mod cost;
mod injection;
mod registry;

pub use bias::{
    AttributeResult, BiasEvaluation, BiasSummary, EvaluatedModel, EvaluationCreated, EvaluationStarted,
    EvaluationStatus, EvaluationType, GroupResult, NewDataset, NewEvaluation,
};
pub use cost::{
    CostAnalytics, CostCategory, CostChange, CostRecommendations, CostRecorded, GroupBy, NewCostRecord,
    RecommendationDecided, RecommendationStatus, RecommendationType, Saving,
};
pub use injection::{
    AnalysisResult, AttackCategory, ChangePattern, Detected, DetectionsByCategory, InjectionStats, NewPattern,
    PatternChanged, PatternCreated, PatternType, PromptRecommendation, PromptToAnalyze,
};
pub use registry::{
    Autoscaling, Deployment, DeploymentCreated, DeploymentStatus, DeprecateModel, ModelActivated, ModelArtifacts,
    ModelDeprecated, ModelMetadata, ModelRegistered, ModelStatus, ModelType, NewDeployment, NewDeploymentConfig,
    RegisterModel, ReportStatus, ReportedStatus, Resources,
};
