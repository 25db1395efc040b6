//! Whether searches see rows of other tenants.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{body, qnsp::Whole};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TestType {
    QueryIsolation,
    IndexIsolation,
    /// Both, and synonyms.
    Full,
}

body! {
    pub struct NewVerification {
        pub test_type: TestType as "testType",
        /// 1 to 1000, 100 if not given.
        pub sample_size: Option<Whole<1, 1000>> as "sampleSize",
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct IsolationTest {
    pub test_name: &'static str,
    pub passed: bool,
    /// `<n> checked, <m> foreign`.
    pub details: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Verification {
    pub verification_id: String,
    pub passed: bool,
    pub tests: Vec<IsolationTest>,
}
