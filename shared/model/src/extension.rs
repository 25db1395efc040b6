//! Extensions of browsers: what activates and deactivates one, and what is said about it. Who a bearer token speaks for
//! is not known here.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    body,
    faults::Faults,
    ids::{CommunityName, HostName},
    json::JsonObject,
    time::IsoTime,
};

const MAX_METADATA_BYTES: usize = 4 << 10;

/// One extension: by its id in a community of a tenant.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExtensionRequest {
    #[schema(value_type = String, example = "550e8400-e29b-41d4-a716-446655440000")]
    pub extension_id: Uuid,
    pub tenant_dns: HostName,
    pub community_name: CommunityName,
}

body! {
    pub struct ActivateExtensionRequest {
        #[schema(value_type = String, example = "550e8400-e29b-41d4-a716-446655440000")]
        extension_id: Uuid as "extensionId",
        tenant_dns: HostName as "tenantDns",
        community_name: CommunityName as "communityName",
        /// `browser`, `extensionVersion` and other members that describe what was activated: at most 4 KiB of JSON.
        #[schema(value_type = Option<Object>)]
        metadata: Option<JsonObject> as "metadata",
    } where faults {
        if let Some(Some(metadata)) = &metadata {
            check_metadata(metadata, faults);
        }
    }
}

impl ActivateExtensionRequest {
    /// The extension, and its metadata as they were written.
    pub fn parts(self) -> (ExtensionRequest, Option<String>) {
        let Self { extension_id, tenant_dns, community_name, metadata } = self;
        let metadata = metadata.map(|metadata| metadata.as_str().to_owned());
        (ExtensionRequest { extension_id, tenant_dns, community_name }, metadata)
    }
}

fn check_metadata(metadata: &JsonObject, faults: &mut Faults) {
    for (name, value) in metadata.members() {
        if matches!(name.as_str(), "browser" | "extensionVersion") {
            faults.check(value.is_string(), format!("metadata.{name}"), "must be a string");
        }
    }
    let fits = metadata.as_str().len() <= MAX_METADATA_BYTES;
    faults.check(fits, "metadata", "may have at most 4096 bytes of JSON");
}

body! {
    pub struct DeactivateExtensionRequest {
        #[schema(value_type = String, example = "550e8400-e29b-41d4-a716-446655440000")]
        extension_id: Uuid as "extensionId",
        tenant_dns: HostName as "tenantDns",
        community_name: CommunityName as "communityName",
        deactivated_by: String as "deactivatedBy",
    } where faults {
        if let Some(by) = &deactivated_by {
            faults.check((1..=256).contains(&by.chars().count()), "deactivatedBy", "must have 1 to 256 characters");
        }
    }
}

impl DeactivateExtensionRequest {
    /// The extension, and who deactivates it.
    pub fn parts(self) -> (ExtensionRequest, String) {
        let Self { extension_id, tenant_dns, community_name, deactivated_by } = self;
        (ExtensionRequest { extension_id, tenant_dns, community_name }, deactivated_by)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExtensionState {
    Active,
    Deactivated,
    NotActivated,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ActivatedExtension {
    pub status: ExtensionState,
    #[schema(value_type = String)]
    pub extension_id: Uuid,
    pub activated_at: IsoTime,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeactivatedExtension {
    #[schema(value_type = String)]
    pub extension_id: Uuid,
    pub status: ExtensionState,
    pub deactivated_at: IsoTime,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExtensionStatus {
    #[schema(value_type = String)]
    pub extension_id: Uuid,
    pub status: ExtensionState,
    /// Null when it never was activated.
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    pub activated_at: Option<IsoTime>,
    /// Null while it is active.
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    pub deactivated_at: Option<IsoTime>,
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use serde_json::{Value, json};

    use super::*;

    fn body(more: Value) -> Value {
        let mut body = json!({
            "extensionId": "550E8400-e29b-41d4-a716-446655440000",
            "tenantDns": "Customer.example",
            "communityName": "default",
        });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    }

    fn activate(more: Value) -> Result<(ExtensionRequest, Option<String>), String> {
        let request =
            serde_json::from_value::<ActivateExtensionRequest>(body(more)).map_err(|error| error.to_string())?;
        Ok(request.parts())
    }

    #[test]
    fn metadata_are_optional_and_bounded() {
        assert_eq!(activate(json!({})).unwrap().1, None);
        let (extension, metadata) = activate(json!({"metadata": {"browser": "Chrome", "os": ["x"]}})).unwrap();
        assert_eq!(extension.extension_id.to_string(), "550e8400-e29b-41d4-a716-446655440000");
        assert_eq!(metadata.unwrap(), r#"{"browser":"Chrome","os":["x"]}"#);
        assert!(activate(json!({"metadata": {"x": "y".repeat(4088)}})).is_ok());
        for bad in [json!({"x": "y".repeat(4089)}), json!({"browser": 1}), json!({"extensionVersion": null}), json!([])]
        {
            assert!(activate(json!({"metadata": bad})).is_err(), "{bad}");
        }
    }

    #[test]
    fn all_that_is_wrong_is_named() {
        let body = br#"{"extensionId":"x","tenantDns":7,"metadata":{"browser":1,"extensionVersion":[]}}"#;
        let faults = crate::faults::read::<ActivateExtensionRequest>(body, "data").err().unwrap();
        assert_eq!(
            faults.to_string(),
            "extensionId must be a UUID; tenantDns must be a string; communityName is required; metadata.browser: \
             browser must be a string; metadata.extensionVersion: extensionVersion must be a string"
        );
    }

    #[test]
    fn metadata_are_kept_as_they_were_written() {
        let metadata = r#"{"z":12345678901234567890123, "a":1.50, "a":[1e3]}"#;
        let extension =
            r#""extensionId":"550e8400-e29b-41d4-a716-446655440000","tenantDns":"a.example","communityName":"default""#;
        let request =
            serde_json::from_str::<ActivateExtensionRequest>(&format!(r#"{{{extension},"metadata":{metadata}}}"#));
        assert_eq!(request.unwrap().parts().1.as_deref(), Some(metadata));
    }

    #[test]
    fn an_extension_is_named_by_a_uuid_a_host_and_a_community() {
        for wrong in [
            json!({"extensionId": "1"}),
            json!({"extensionId": null}),
            json!({"tenantDns": "a b"}),
            json!({"communityName": "x"}),
        ] {
            assert!(activate(wrong.clone()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_deactivation_names_who_did_it() {
        for (by, good) in
            [(json!("admin"), true), (json!(""), false), (json!("x".repeat(257)), false), (json!(1), false)]
        {
            let request = serde_json::from_value::<DeactivateExtensionRequest>(body(json!({"deactivatedBy": by})));
            assert_eq!(request.is_ok(), good, "{by}");
        }
    }
}
