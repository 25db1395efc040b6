//! Grants: access that ends by itself.

use serde::Serialize;
use utoipa::ToSchema;

use crate::{body, qnsp::Text, time::IsoTime};

body! {
    /// Whether somebody has access now.
    pub struct CheckAccess {
        principal_id: Option<Text<1, 256>> as "principalId",
        /// SDKs call it so.
        user_id: Option<Text<1, 256>> as "userId",
        pub resource_type: Text<1, 256> as "resourceType",
        pub resource_id: Text<1, 256> as "resourceId",
        pub permission: Text<1, 256> as "permission",
    } where faults {
        let is_given = !matches!((&principal_id, &user_id), (Some(None), Some(None)));
        faults.check(is_given, "principalId", "is required");
    }
}

impl CheckAccess {
    pub fn principal(&self) -> &str {
        self.principal_id.as_ref().or(self.user_id.as_ref()).map_or("", Text::as_str)
    }
}

body! {
    pub struct RevokeGrant {
        pub reason: Text<1, 2000> as "reason",
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AccessChecked {
    pub has_access: bool,
    /// Of several grants, the one that ends last.
    pub grant_id: Option<String>,
    pub expires_at: Option<IsoTime>,
}

#[derive(Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = JitGrant)]
pub struct Grant {
    pub grant_id: String,
    pub resource_type: String,
    pub resource_id: String,
    pub permissions: Vec<String>,
    pub granted_at: IsoTime,
    pub expires_at: IsoTime,
}

/// A grant as SDKs read it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ActiveJitGrant)]
pub struct ActiveGrant {
    #[serde(flatten)]
    pub grant: Grant,
    /// Whole minutes, rounded down.
    pub remaining_minutes: i64,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = JitGrants)]
pub struct Grants {
    /// Those that are active now; what ends first comes first.
    pub grants: Vec<Grant>,
    /// The same once more.
    pub active_grants: Vec<ActiveGrant>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = JitGrantRevoked)]
pub struct GrantRevoked {
    pub grant_id: String,
    pub revoked_at: IsoTime,
    pub revoked_by: String,
}
