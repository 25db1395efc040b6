//! Attack paths and simulated attacks.

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use utoipa::ToSchema;

use crate::{
    body,
    qnsp::{Text, Whole},
};

/// The ids of 1 to 20 assets, each once.
#[derive(Clone, Debug)]
pub struct AssetIds(pub Vec<String>);

impl<'de> Deserialize<'de> for AssetIds {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let given: Vec<Text<1, 520>> = Vec::deserialize(from)?;
        if !(1..=20).contains(&given.len()) {
            return Err(D::Error::custom("must have 1 to 20 items"));
        }
        let mut ids: Vec<String> = Vec::new();
        for id in given.into_iter().map(Text::into_string) {
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        Ok(Self(ids))
    }
}

body! {
    pub struct AnalyzeAttack {
        /// The id of an asset.
        pub target_asset: Text<1, 520> as "targetAsset",
        /// The most connections of a path; 5 unless it is said.
        pub analysis_depth: Option<Whole<1, 10>> as "analysisDepth",
        /// Whether paths also begin at external assets.
        pub include_external_threats: Option<bool> as "includeExternalThreats",
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AttackAnalysis {
    pub analysis_id: String,
    /// The shortest first, at most fifty.
    pub attack_paths: Vec<AttackPath>,
    /// Whether there are more paths or assets than were looked at.
    pub truncated: bool,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AttackPath {
    pub path_id: String,
    /// low, medium, high or critical.
    pub severity: &'static str,
    /// From where the path begins to the asset, both included.
    pub steps: Vec<AttackStep>,
    pub mitigations: Vec<&'static str>,
}

#[derive(Serialize, ToSchema)]
pub struct AttackStep {
    pub asset: String,
    pub vulnerability: &'static str,
    /// Of MITRE ATT&CK.
    pub technique: &'static str,
}

body! {
    pub struct SimulateAttack {
        /// It is recorded and changes no figure.
        pub scenario: Text<1, 2000> as "scenario",
        /// The assets that are in the attacker's hands.
        #[schema(value_type = Vec<String>)]
        pub entry_points: AssetIds as "entryPoints",
        #[schema(value_type = Vec<String>)]
        pub objectives: AssetIds as "objectives",
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AttackSimulation {
    pub simulation_id: String,
    pub results: SimulationResults,
    /// Whether there are more assets than were looked at.
    pub truncated: bool,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SimulationResults {
    /// That all objectives are reached; 4 decimals.
    pub success_probability: f64,
    /// The most likely way to each objective that can be reached.
    pub paths_taken: Vec<PathTaken>,
    /// All that lies on those ways, by id.
    pub assets_compromised: Vec<String>,
    /// An ISO 8601 duration in seconds, or unreachable.
    pub time_to_objective: String,
}

#[derive(Serialize, ToSchema)]
pub struct PathTaken {
    pub objective: String,
    pub assets: Vec<String>,
    /// 4 decimals.
    pub probability: f64,
}
