//! The licence check: may the calling key be used in a community, and for what. It may be answered by a copy that this
//! instance has read for the same key, as long as that says yes; copies never leave the instance.

use std::sync::Arc;

use axum::{
    Extension, Json as Answer,
    http::{HeaderName, header},
};
use model::{
    AuthLevel,
    ids::CommunityId,
    licensing::{LicenseCheck, Modules},
    time::{self, IsoTime},
};
use service::{Cached, Error, Freshness, INFRA_TAG, Path, Query, Result, Signed};

use crate::store::{self, Membership};

/// Copies of memberships, by key and community; nothing for the infra licence, which is authorised everywhere.
pub(crate) type Memberships = Cached<Option<Membership>>;

/// Check the calling key's license in a community.
///
/// The answer may be a copy that is not older than `CACHE_SECONDS`; the header `Age` says how old it is.
#[utoipa::path(
    get, path = "/licenses/community/{communityId}/licensecheck", tag = "Community",
    params(("communityId" = String, Path), Freshness),
    responses(
        (status = 200, body = LicenseCheck, headers(("Age" = i64, description = "Seconds since it was read"))),
        (status = 400), (status = 401),
    ),
)]
pub(crate) async fn check_license(
    signed: Signed,
    Extension(cached): Extension<Arc<Memberships>>,
    Path(community): Path<CommunityId>,
    Query(freshness): Query<Freshness>,
) -> Result<([(HeaderName, String); 1], Answer<LicenseCheck>)> {
    let authorization = signed.authorize()?.community(community.as_str());
    let key = format!("{}/{}", signed.secret_hash(), community.as_str());
    let is_in_force = |found: &Option<Membership>| found.as_ref().is_none_or(|found| found.is_in_force(signed.now));
    let find = async { cached.recall_here(&signed.app, &key).filter(|(membership, _)| is_in_force(membership)) };
    if let Some((membership, age)) = authorization.answer_by_copy(&freshness, find).await {
        return Ok(answer(membership.as_ref().as_ref(), signed.now, age));
    }
    let mut batch = authorization.clone().batch();
    let found = batch.push(store::select_own(signed.secret_hash(), &community));
    let outcomes = batch.read().await?;
    let membership = match signed.is_infra() {
        true => None,
        false => Some(store::membership(outcomes.row(found).ok_or_else(Error::license)?)?),
    };
    authorization.remember_admission();
    let answer = answer(membership.as_ref(), signed.now, 0);
    let weight = membership.as_ref().map_or(0, Membership::weight);
    cached.keep_here(&signed.app, &key, signed.now, Arc::new(membership), weight);
    Ok(answer)
}

fn answer(membership: Option<&Membership>, now: i64, age: i64) -> ([(HeaderName, String); 1], Answer<LicenseCheck>) {
    let check = membership.map_or_else(|| infra_check(now), |membership| membership.check(now));
    ([(header::AGE, age.to_string())], Answer(check))
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
