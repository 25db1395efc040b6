//! Models, and their deployments.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use strum::{EnumString, IntoStaticStr};
use utoipa::ToSchema;

use crate::{
    body,
    ids::Uuid,
    qnsp::{List, Text, Whole},
    time::IsoTime,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, EnumString, IntoStaticStr, ToSchema)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum ModelType {
    Llm,
    Embedding,
    Classification,
    Custom,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, IntoStaticStr, ToSchema)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum ModelStatus {
    Registered,
    Active,
    Deprecated,
}

/// The version of a model: 1 to 64 letters, digits, dots, plus signs, underscores and hyphens, the first a letter or a digit.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct ModelVersion(String);

impl ModelVersion {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ModelVersion {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let is_first = text.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
        let is_rest = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".+_-".contains(&byte));
        if is_first && is_rest && text.len() <= 64 {
            return Ok(Self(text));
        }
        Err(
            "must be 1 to 64 letters, digits, dots, plus signs, underscores and hyphens, and begin with a letter or a digit",
        )
    }
}

body! {
    pub struct ModelArtifacts {
        /// Required for the type `custom`.
        pub model_path: Option<Text<1, 2000>> as "modelPath",
        pub config_path: Option<Text<1, 2000>> as "configPath",
    }
}

body! {
    pub struct ModelMetadata {
        pub description: Option<Text<0, 2000>> as "description",
        #[schema(value_type = Option<Vec<Text<0, 2000>>>, max_items = 50)]
        pub tags: Option<List<Text<0, 2000>, 50>> as "tags",
        pub license: Option<Text<0, 2000>> as "license",
    }
}

body! {
    pub struct RegisterModel {
        /// No two models of a tenant have the same name and version.
        pub name: Text<1, 128> as "name",
        #[schema(value_type = String)]
        pub version: ModelVersion as "version",
        /// Required, here or as `modelType`.
        pub kind: Option<ModelType> as "type",
        /// The type, as the SDK calls it.
        pub model_type: Option<ModelType> as "modelType",
        pub provider: Text<1, 128> as "provider",
        pub artifacts: Option<ModelArtifacts> as "artifacts",
        pub metadata: Option<ModelMetadata> as "metadata",
    } where faults {
        let is_given = !matches!((&kind, &model_type), (Some(None), Some(None)));
        faults.check(is_given, "type", "is required");
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ModelRegistered {
    pub model_id: String,
    /// The id again, as the SDK calls it.
    pub id: String,
    pub name: String,
    pub version: String,
    pub provider: String,
    pub model_type: ModelType,
    /// `registered`.
    pub status: ModelStatus,
    pub created_at: IsoTime,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ModelActivated {
    pub model_id: String,
    /// `active`.
    pub status: ModelStatus,
    /// When it was activated first.
    pub activated_at: IsoTime,
}

body! {
    pub struct DeprecateModel {
        pub reason: Option<Text<1, 2000>> as "reason",
        /// Another model, which is not deprecated.
        pub replacement_model_id: Option<Uuid> as "replacementModelId",
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ModelDeprecated {
    pub model_id: String,
    /// `deprecated`.
    pub status: ModelStatus,
    pub deprecated_at: IsoTime,
}

/// Cores of a processor: a number, or thousandths of one as `500m`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Cpu(String);

impl TryFrom<String> for Cpu {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let is_thousandths = text.strip_suffix('m').is_some_and(is_digits);
        let is_number = match text.split_once('.') {
            Some((whole, decimals)) => is_digits(whole) && is_digits(decimals),
            None => is_digits(&text),
        };
        if text.len() <= LONGEST && (is_thousandths || is_number) {
            return Ok(Self(text));
        }
        Err("must be a number of cores, or thousandths such as 500m")
    }
}

/// An amount of memory such as `512Mi`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Memory(String);

impl TryFrom<String> for Memory {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let is_amount = ["Ki", "Mi", "Gi", "Ti"].iter().any(|unit| text.strip_suffix(unit).is_some_and(is_digits));
        if text.len() <= LONGEST && is_amount {
            return Ok(Self(text));
        }
        Err("must be a whole number with Ki, Mi, Gi or Ti")
    }
}

/// Of a number with its unit.
const LONGEST: usize = 64;

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

body! {
    /// What a replica needs.
    #[derive(Clone, Serialize)]
    pub struct Resources {
        /// Cores, such as `2`, `0.5` or `500m`.
        #[schema(value_type = Option<String>)]
        #[serde(skip_serializing_if = "Option::is_none")]
        pub cpu: Option<Cpu> as "cpu",
        /// Such as `512Mi` or `16Gi`.
        #[schema(value_type = Option<String>)]
        #[serde(skip_serializing_if = "Option::is_none")]
        pub memory: Option<Memory> as "memory",
        pub gpu: Option<Text<1, 256>> as "gpu",
    }
}

impl Resources {
    pub const NONE: Self = Self { cpu: None, memory: None, gpu: None };
}

body! {
    /// Where it is enabled, 1 <= `minReplicas` <= `replicas` <= `maxReplicas`.
    #[derive(Clone, Copy, Serialize)]
    pub struct Autoscaling {
        pub enabled: bool as "enabled",
        #[serde(skip_serializing_if = "Option::is_none")]
        pub min_replicas: Option<Whole<0, 1000>> as "minReplicas",
        #[serde(skip_serializing_if = "Option::is_none")]
        pub max_replicas: Option<Whole<0, 1000>> as "maxReplicas",
    }
}

impl Autoscaling {
    pub const OFF: Self = Self { enabled: false, min_replicas: None, max_replicas: None };

    pub fn fits(&self, replicas: i64) -> bool {
        let bounds = self.min_replicas.zip(self.max_replicas);
        !self.enabled || bounds.is_some_and(|(least, most)| 1 <= least.0 && least.0 <= replicas && replicas <= most.0)
    }
}

body! {
    pub struct NewDeploymentConfig {
        /// 1 to 100, 1 if not given.
        pub replicas: Option<Whole<1, 100>> as "replicas",
        pub resources: Option<Resources> as "resources",
        pub autoscaling: Option<Autoscaling> as "autoscaling",
    }
}

body! {
    pub struct NewDeployment {
        pub model_id: Uuid as "modelId",
        /// The version of the model.
        pub version_id: Option<Text<1, 256>> as "versionId",
        pub config: Option<NewDeploymentConfig> as "config",
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, ToSchema)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum DeploymentStatus {
    Deploying,
    Running,
    Failed,
    Stopped,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeploymentCreated {
    pub deployment_id: String,
    pub model_id: String,
    /// `deploying`.
    pub status: DeploymentStatus,
    pub created_at: IsoTime,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Deployment {
    pub deployment_id: String,
    pub model_id: String,
    /// The version of the model.
    pub version_id: String,
    /// `replicas`, `resources` and `autoscaling`.
    #[schema(value_type = Object)]
    pub config: Box<RawValue>,
    pub status: DeploymentStatus,
    pub endpoint: Option<String>,
    pub reason: Option<String>,
    pub created_at: IsoTime,
    pub updated_at: IsoTime,
    /// Unless it is running, null.
    pub running_since: Option<IsoTime>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, IntoStaticStr, ToSchema)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum ReportedStatus {
    Running,
    Failed,
}

body! {
    /// What has become of a deployment.
    pub struct ReportStatus {
        pub status: ReportedStatus as "status",
        /// An https URL. It is kept, not called.
        pub endpoint: Option<Text<1, 2000>> as "endpoint",
        pub reason: Option<Text<0, 2000>> as "reason",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_have_a_form() {
        for (text, is_one) in [
            ("1", true),
            ("1.0.0-rc.1+build_7", true),
            ("v2", true),
            ("", false),
            (".1", false),
            ("1 0", false),
            ("1/0", false),
            ("ü", false),
        ] {
            assert_eq!(ModelVersion::try_from(text.to_owned()).is_ok(), is_one, "{text}");
        }
        assert!(ModelVersion::try_from("1".repeat(64)).is_ok() && ModelVersion::try_from("1".repeat(65)).is_err());
    }

    #[test]
    fn resources_have_units() {
        for (text, is_cpu, is_memory) in [
            ("1", true, false),
            ("0.5", true, false),
            ("500m", true, false),
            ("1.", false, false),
            (".5", false, false),
            ("1.5m", false, false),
            ("m", false, false),
            ("512Mi", false, true),
            ("1Ti", false, true),
            ("Gi", false, false),
            ("1.5Gi", false, false),
            ("1GB", false, false),
            ("-1", false, false),
            ("", false, false),
        ] {
            let is = (Cpu::try_from(text.to_owned()).is_ok(), Memory::try_from(text.to_owned()).is_ok());
            assert_eq!(is, (is_cpu, is_memory), "{text}");
        }
    }

    #[test]
    fn autoscaling_surrounds_the_replicas() {
        let of = |least: Option<i64>, most: Option<i64>| Autoscaling {
            enabled: true,
            min_replicas: least.map(Whole),
            max_replicas: most.map(Whole),
        };
        assert!(of(Some(1), Some(3)).fits(1) && of(Some(3), Some(3)).fits(3));
        for wrong in
            [of(Some(0), Some(3)), of(Some(3), Some(4)), of(Some(1), Some(1)), of(None, Some(3)), of(Some(1), None)]
        {
            assert!(!wrong.fits(2));
        }
        assert!(Autoscaling { enabled: false, ..of(Some(9), Some(1)) }.fits(2) && Autoscaling::OFF.fits(1));
    }
}
