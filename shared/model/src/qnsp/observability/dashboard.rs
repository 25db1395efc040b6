//! Dashboards: panels on a grid, each with a query of a recorded series.

use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;
use utoipa::ToSchema;

use crate::{
    body,
    qnsp::{List, Text, Whole},
    time::IsoTime,
};

/// No coordinate of a panel is greater.
const FARTHEST: i64 = 1_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, ToSchema)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum PanelType {
    Chart,
    Metric,
    Table,
    Text,
}

body! {
    #[derive(Serialize)]
    pub struct Layout {
        /// 1 to 48.
        pub columns: Whole<1, 48> as "columns",
        /// 1 to 200.
        pub rows: Whole<1, 200> as "rows",
    }
}

body! {
    /// The cells that a panel takes. No two panels take the same.
    #[derive(Serialize)]
    pub struct PanelPosition {
        #[schema(value_type = i64)]
        pub x: Whole<0, FARTHEST> as "x",
        #[schema(value_type = i64)]
        pub y: Whole<0, FARTHEST> as "y",
        #[schema(value_type = i64)]
        pub w: Whole<1, FARTHEST> as "w",
        #[schema(value_type = i64)]
        pub h: Whole<1, FARTHEST> as "h",
    }
}

body! {
    #[derive(Serialize)]
    pub struct NewPanel {
        pub kind: PanelType as "type",
        pub title: Text<1, 128> as "title",
        /// A metric, or `sum`, `avg` or `max` of one as `sum(http.requests[5m])`. Required, unless the type is `text`.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub query: Option<Text<1, 2000>> as "query",
        pub position: PanelPosition as "position",
    } where faults {
        let is_text = kind.is_none_or(|kind| kind == PanelType::Text);
        faults.check(is_text || !matches!(query, Some(None)), "query", "is required");
    }
}

body! {
    pub struct NewDashboard {
        /// No two dashboards of a user have the same name.
        pub name: Text<1, 128> as "name",
        pub description: Option<Text<0, 2000>> as "description",
        pub layout: Layout as "layout",
        #[schema(value_type = Option<Vec<NewPanel>>)]
        pub panels: Option<List<NewPanel, 100>> as "panels",
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DashboardCreated {
    pub dashboard_id: String,
    pub name: String,
    pub created_at: IsoTime,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DashboardEntry {
    pub dashboard_id: String,
    pub name: String,
    /// The user who made it.
    pub owner: String,
    /// By the user who asks.
    pub starred: bool,
    pub shared: bool,
}

#[derive(Serialize, ToSchema)]
pub struct Dashboards {
    pub dashboards: Vec<DashboardEntry>,
}

#[derive(Deserialize, Serialize, ToSchema)]
pub struct SeriesPoint {
    pub t: IsoTime,
    pub v: f64,
}

#[derive(Deserialize, Serialize, ToSchema)]
pub struct Panel {
    #[serde(rename = "type")]
    pub kind: PanelType,
    pub title: String,
    /// Empty where a text has none.
    #[serde(default)]
    pub query: String,
    /// `x`, `y`, `w` and `h`.
    #[schema(value_type = PanelPosition)]
    pub position: serde_json::Value,
    /// What the query gives, where data were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Vec<SeriesPoint>>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Dashboard {
    pub dashboard_id: String,
    pub name: String,
    pub description: String,
    #[schema(value_type = Layout)]
    pub layout: serde_json::Value,
    pub panels: Vec<Panel>,
    pub owner: String,
    pub starred: bool,
    pub shared: bool,
    pub created_at: IsoTime,
}

body! {
    pub struct Star {
        pub starred: bool as "starred",
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DashboardStarred {
    pub dashboard_id: String,
    pub starred: bool,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DashboardShared {
    pub dashboard_id: String,
    /// Always true.
    pub shared: bool,
}
