//! The licence check: may the calling key be used in a community, and for what.

use axum::Json as Answer;
use model::{
    AuthLevel,
    ids::CommunityId,
    licensing::{LicenseCheck, Modules},
    time::{self, IsoTime},
};
use service::{Error, INFRA_TAG, Path, Result, Signed};

use crate::store;

/// Check the calling key's license in a community.
#[utoipa::path(
    get, path = "/licenses/community/{communityId}/licensecheck", tag = "Community",
    params(("communityId" = String, Path)),
    responses((status = 200, body = LicenseCheck), (status = 400), (status = 401)),
)]
pub(crate) async fn check_license(signed: Signed, Path(community): Path<CommunityId>) -> Result<Answer<LicenseCheck>> {
    let mut batch = signed.authorize()?.community(community.as_str()).batch();
    let found = batch.push(store::select_own(signed.secret_hash(), &community));
    let outcomes = batch.read().await?;
    if signed.is_infra() {
        return Ok(Answer(infra_check(signed.now)));
    }
    let row = outcomes.row(found).ok_or_else(Error::license)?;
    store::license_check(row, signed.now).map(Answer)
}

/// The infra licence is authorised in every community.
fn infra_check(now: i64) -> LicenseCheck {
    LicenseCheck {
        modules: Modules::default(),
        is_authorized: true,
        expiry: IsoTime(time::plus_years(now, 1)),
        auth_level: AuthLevel::Service,
        tag: INFRA_TAG.to_owned(),
    }
}
