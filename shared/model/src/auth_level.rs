//! The level of a licence key.

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr};

#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumString, IntoStaticStr, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case", const_into_str)]
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
}
