//! Assets, and what leads from one to another.

use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;
use utoipa::ToSchema;

use crate::{
    body,
    qnsp::{List, Text},
    time::IsoTime,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, ToSchema)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Exposure {
    Internal,
    External,
}

/// What is weak about an asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AssetFlag {
    OpenIncident,
    ForbiddenAlgorithm,
    WildcardPolicy,
    DeprecatedAlgorithm,
    Unhealthy,
}

body! {
    pub struct CreateAsset {
        pub name: Text<1, 128> as "name",
        /// Attackers begin from assets of the type user.
        pub asset_type: Text<1, 64> as "type",
        /// internal unless it is said.
        pub exposure: Option<Exposure> as "exposure",
        #[schema(value_type = Option<Vec<AssetFlag>>)]
        pub flags: Option<List<AssetFlag, 5>> as "flags",
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Asset {
    /// A UUID; that of a derived asset says what it is derived from, such as `user:` and an id.
    pub asset_id: String,
    pub name: String,
    #[serde(rename = "type")]
    pub asset_type: String,
    /// internal or external.
    pub exposure: String,
    pub flags: Vec<AssetFlag>,
    /// null for a derived asset.
    pub created_at: Option<IsoTime>,
}

#[derive(Serialize, ToSchema)]
pub struct Assets {
    /// By id.
    pub assets: Vec<Asset>,
    pub total: i64,
}

body! {
    /// That one asset leads to another.
    pub struct ConnectAssets {
        pub source_asset_id: Text<1, 520> as "sourceAssetId",
        pub target_asset_id: Text<1, 520> as "targetAssetId",
        pub connection_type: Option<Text<1, 64>> as "type",
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AssetConnectionCreated)]
pub struct ConnectionCreated {
    pub connection_id: String,
    pub source_asset_id: String,
    pub target_asset_id: String,
    #[serde(rename = "type")]
    pub connection_type: String,
    pub created_at: IsoTime,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AssetConnection)]
pub struct Connection {
    pub connection_id: String,
    pub source_asset_id: String,
    pub target_asset_id: String,
    #[serde(rename = "type")]
    pub connection_type: String,
    /// null for a derived connection.
    pub created_at: Option<IsoTime>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = AssetConnections)]
pub struct Connections {
    /// By source and target.
    pub connections: Vec<Connection>,
    pub total: i64,
}
