//! The level of a licence key.

use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AuthLevel {
    System,
    Service,
    ServiceExt,
    AppExt,
    App,
    Basic,
}

impl AuthLevel {
    /// Every level, in the column order of the permission tables.
    pub const ALL: [Self; 6] = [Self::System, Self::Service, Self::ServiceExt, Self::AppExt, Self::App, Self::Basic];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Service => "service",
            Self::ServiceExt => "service_ext",
            Self::AppExt => "app_ext",
            Self::App => "app",
            Self::Basic => "basic",
        }
    }

    /// The level of this name, as it stands in the database and on the wire.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.as_str() == name)
    }
}
