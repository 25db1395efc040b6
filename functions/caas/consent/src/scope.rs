//! Whose consents a request is about.

use model::ids::{CommunityId, TenantId};

#[derive(Clone)]
pub(crate) struct Scope {
    pub tenant: TenantId,
    pub community: CommunityId,
}
