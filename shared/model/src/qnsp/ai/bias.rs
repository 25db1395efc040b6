//! Evaluations of how fair a model is to the groups of a protected attribute.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;
use utoipa::ToSchema;

use crate::{
    body,
    ids::Uuid,
    qnsp::{List, Text, Whole},
    time::IsoTime,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, ToSchema)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum EvaluationType {
    /// Groups are predicted positive at the same rate.
    DemographicParity,
    /// Predictions are right and wrong at the same rates.
    EqualizedOdds,
    /// Scores are the rates of positive labels.
    Calibration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, ToSchema)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum EvaluationStatus {
    Created,
    Running,
    Completed,
    Failed,
}

body! {
    pub struct NewDataset {
        /// A `data:` URL of `application/json` (a list of objects) or `text/csv` (with a header), or `storage:<documentId>`.
        #[schema(value_type = String)]
        pub source: Text<1, MOST_SOURCE> as "source",
        /// The first rows alone; all if not given.
        #[schema(value_type = Option<i64>)]
        pub sample_size: Option<Whole<1, MOST_ROWS>> as "sampleSize",
    }
}

/// More than a body can have.
const MOST_SOURCE: usize = 1 << 20;
const MOST_ROWS: i64 = 1_000_000_000;

body! {
    pub struct NewEvaluation {
        /// Required, unless there is a `modelName`.
        pub model_id: Option<Uuid> as "modelId",
        /// The newest model of this name, in the shape of the SDK.
        pub model_name: Option<Text<1, 128>> as "modelName",
        pub evaluation_type: EvaluationType as "evaluationType",
        pub test_dataset: NewDataset as "testDataset",
        /// 1 to 20 columns of the dataset. Required, unless there is a `protectedAttribute`.
        #[schema(value_type = Option<Vec<Text<1, 128>>>, max_items = 20)]
        pub protected_attributes: Option<List<Text<1, 128>, 20>> as "protectedAttributes",
        /// The only one, in the shape of the SDK.
        pub protected_attribute: Option<Text<1, 128>> as "protectedAttribute",
    } where faults {
        let has_model = !matches!((&model_id, &model_name), (Some(None), Some(None)));
        faults.check(has_model, "modelId", "is required");
        match (&protected_attributes, &protected_attribute) {
            (Some(None), Some(None)) => faults.add("protectedAttributes", "is required"),
            (Some(Some(list)), _) if list.0.is_empty() => faults.add("protectedAttributes", "must have 1 to 20 items"),
            _ => {}
        }
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EvaluationCreated {
    pub evaluation_id: String,
    /// `created`.
    pub status: EvaluationStatus,
    pub created_at: IsoTime,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EvaluationStarted {
    pub evaluation_id: String,
    /// `running`.
    pub status: EvaluationStatus,
    pub started_at: IsoTime,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct GroupResult {
    /// The number of rows.
    pub n: i64,
    /// Of positive predictions, for demographic parity.
    pub rate: Option<f64>,
    /// Of positive predictions among positive labels, for equalized odds.
    pub tpr: Option<f64>,
    /// Of positive predictions among negative labels, for equalized odds.
    pub fpr: Option<f64>,
    /// Between the mean score and the mean label, for calibration.
    pub gap: Option<f64>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AttributeResult {
    pub score: f64,
    pub fair: bool,
    /// By the value of the attribute. Groups of fewer than 5 rows are left out.
    pub groups: BTreeMap<String, GroupResult>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BiasEvaluation {
    pub evaluation_id: String,
    pub model_id: String,
    pub evaluation_type: EvaluationType,
    pub status: EvaluationStatus,
    /// The least of the attributes.
    pub score: Option<f64>,
    /// Whether the score is 0.8 or more.
    pub fair: Option<bool>,
    /// By attribute.
    pub attributes: BTreeMap<String, AttributeResult>,
    pub rows_used: i64,
    /// Why it has failed.
    pub reason: Option<String>,
    pub created_at: IsoTime,
    pub started_at: Option<IsoTime>,
    pub completed_at: Option<IsoTime>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EvaluatedModel {
    pub evaluation_id: String,
    pub model_id: String,
    pub evaluation_type: EvaluationType,
    /// `completed`.
    pub status: EvaluationStatus,
    pub score: f64,
    pub fair: bool,
    pub completed_at: IsoTime,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BiasSummary {
    /// Models with a completed evaluation.
    pub models_evaluated: i64,
    /// Models whose latest completed evaluation is not fair.
    pub active_incidents: i64,
    /// The mean of the models' latest scores, 1 without any.
    pub overall_fairness_score: f64,
    /// The last 10, newest first.
    pub recent_evaluations: Vec<EvaluatedModel>,
}
