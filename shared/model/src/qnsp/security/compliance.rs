//! Controls of compliance frameworks, and assessments by them.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    body,
    qnsp::{List, Object, Text},
    time::IsoTime,
};

body! {
    pub struct CreateControl {
        /// What the framework calls it.
        pub control_id: Text<1, 256> as "controlId",
        pub framework: Text<1, 128> as "framework",
        pub name: Text<1, 128> as "name",
        pub description: Option<Text<0, 2000>> as "description",
        #[schema(value_type = Option<Vec<Text<1, 2000>>>, max_items = 1_000)]
        pub requirements: Option<List<Text<1, 2000>>> as "requirements",
        /// Names of checks; a control without one is never passed.
        #[schema(value_type = Option<Vec<Text<1, 128>>>, max_items = 1_000)]
        pub automated_checks: Option<List<Text<1, 128>>> as "automatedChecks",
    }
}

body! {
    /// What changes of a control: at least one member.
    pub struct ChangeControl {
        pub name: Option<Text<1, 128>> as "name",
        pub description: Option<Text<0, 2000>> as "description",
        #[schema(value_type = Option<Vec<Text<1, 2000>>>, max_items = 1_000)]
        pub requirements: Option<List<Text<1, 2000>>> as "requirements",
        #[schema(value_type = Option<Vec<Text<1, 128>>>, max_items = 1_000)]
        pub automated_checks: Option<List<Text<1, 128>>> as "automatedChecks",
    } where faults {
        let is_empty = matches!(
            (&name, &description, &requirements, &automated_checks),
            (Some(None), Some(None), Some(None), Some(None))
        );
        faults.check(!is_empty, "", "At least one of name, description, requirements and automatedChecks is required");
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ComplianceControlCreated)]
pub struct ControlCreated {
    pub control_uuid: String,
    pub control_id: String,
    pub created_at: IsoTime,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ComplianceControl)]
pub struct Control {
    pub control_uuid: String,
    pub control_id: String,
    pub framework: String,
    pub name: String,
    pub description: String,
    pub requirements: Vec<String>,
    pub automated_checks: Vec<String>,
    pub created_at: IsoTime,
    pub updated_at: IsoTime,
}

body! {
    pub struct AssessCompliance {
        /// 1 to 20, each with at least one control.
        #[schema(value_type = Vec<Text<1, 128>>, max_items = 20)]
        pub frameworks: List<Text<1, 128>, 20> as "frameworks",
        /// It is recorded and filters nothing.
        pub scope: Option<Object<16>> as "scope",
    } where faults {
        let is_empty = frameworks.as_ref().is_some_and(|frameworks| frameworks.0.is_empty());
        faults.check(!is_empty, "frameworks", "must have at least one item");
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ComplianceAssessment)]
pub struct Assessment {
    pub assessment_id: String,
    /// The mean of the frameworks' scores, 2 decimals.
    pub overall_score: f64,
    pub by_framework: BTreeMap<String, FrameworkScore>,
    /// Controls that pass only because there is nothing to look at, of the frameworks that have some.
    pub no_data: BTreeMap<String, Vec<String>>,
}

#[derive(Clone, Copy, Serialize, ToSchema)]
pub struct FrameworkScore {
    /// In percent, 2 decimals.
    pub score: f64,
    pub passed: i64,
    pub failed: i64,
}
