//! What lists are asked for by.

use model::{
    ids::Uuid,
    qnsp::{auth::Severity, observability::AnomalyStatus},
};
use qnsp::{Limit, Offset};
use serde::Deserialize;
use utoipa::IntoParams;

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct AskAnomalies {
    #[param(inline)]
    pub status: Option<AnomalyStatus>,
    #[param(inline)]
    pub severity: Option<Severity>,
    /// A rule, or a budget.
    #[param(value_type = Option<String>)]
    pub rule_id: Option<Uuid>,
    /// 1 to 200, 50 if not given.
    #[serde(default)]
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200)]
    pub limit: Limit,
    #[serde(default)]
    #[param(value_type = Option<i64>, minimum = 0)]
    pub offset: Offset,
}
