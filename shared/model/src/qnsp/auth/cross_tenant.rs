//! Activity between tenants.

use serde::Serialize;
use utoipa::ToSchema;

use crate::time::IsoTime;

#[derive(Serialize, ToSchema)]
#[schema(as = CrossTenantActivity)]
pub struct Activity {
    /// Most events first.
    pub activity: Vec<TenantPair>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TenantPair {
    pub source_tenant_id: String,
    pub target_tenant_id: String,
    pub event_count: i64,
    pub last_activity_at: IsoTime,
}
