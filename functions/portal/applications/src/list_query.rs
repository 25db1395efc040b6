//! What the lists of applications, services and client credentials may be asked for.

use serde::Deserialize;
use service::{
    Error, Result,
    portal::{Page, SortColumn, Sorted},
};

/// The query of a list that can be sorted.
#[derive(Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    /// created_at, or another column of the list
    pub sort_by: Option<String>,
    /// true for the last first
    pub sort_desc: Option<String>,
    /// Those only whose name contains this, whatever the case
    pub name: Option<String>,
    /// Client credentials whose client id contains this, whatever the case
    pub client_id: Option<String>,
    /// With the instances of each application
    pub include_instances: Option<String>,
    /// With `app_id`, those services only whose instance has this status; -1 for those without one
    pub status: Option<String>,
    /// The application whose instance of each service is to be shown
    pub app_id: Option<String>,
}

impl ListQuery {
    pub(crate) fn name(&self) -> Option<&str> {
        self.name.as_deref().filter(|name| !name.is_empty())
    }

    pub(crate) fn client_id(&self) -> Option<&str> {
        self.client_id.as_deref().filter(|id| !id.is_empty())
    }

    pub(crate) fn app_id(&self) -> Option<&str> {
        self.app_id.as_deref().filter(|id| !id.is_empty())
    }

    pub(crate) fn include_instances(&self) -> bool {
        matches!(self.include_instances.as_deref(), Some("true" | "1"))
    }

    /// The status of an instance, or -1 for none.
    pub(crate) fn status(&self) -> Result<Option<i64>> {
        let Some(text) = self.status.as_deref().filter(|text| !text.is_empty()) else { return Ok(None) };
        let status = text.parse().ok().filter(|status| (-1..=3).contains(status));
        status.map(Some).ok_or_else(|| Error::bad_request("status must be a number from -1 to 3"))
    }

    pub(crate) fn sorted(&self, page: Page, columns: &[SortColumn], path: &str) -> Result<Sorted> {
        let asked = [
            ("sort_by", self.sort_by.as_deref()),
            ("sort_desc", self.sort_desc.as_deref()),
            ("name", self.name.as_deref()),
            ("client_id", self.client_id.as_deref()),
            ("include_instances", self.include_instances.as_deref()),
            ("status", self.status.as_deref()),
            ("app_id", self.app_id.as_deref()),
        ];
        Sorted::new(page, columns, path, &asked)
    }
}
