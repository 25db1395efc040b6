//! The handlers of authorisations. A refused caller learns nothing of the target; after that, a target key that is
//! disabled or expired goes before an authorisation that does not exist.

use axum::{Json as Answer, http::StatusCode};
use model::{
    ids::{CommunityHexId, Invalid},
    licensing::{AddAuthorizationRequest, LicenseAuth, PageQuery, Paged, UpdateAuthorizationRequest},
};
use platform::Statement;
use service::{Error, Json, Outcomes, Path, Query, Result, Signed, Slot, license_secret::LICENSING_TENANT};

use crate::store::{self, AuthorizationRef};

/// List the keys of a community, oldest first.
#[utoipa::path(
    post, path = "/licenses/community/{communityId}/servicekey/fetch", tag = "Community",
    params(("communityId" = String, Path), PageQuery),
    responses((status = 200, body = Paged<LicenseAuth>), (status = 400), (status = 401)),
)]
pub(crate) async fn fetch_community_keys(
    signed: Signed,
    Path(community): Path<CommunityHexId>,
    Query(page): Query<PageQuery>,
) -> Result<Answer<Paged<LicenseAuth>>> {
    page.check().map_err(refused)?;
    let mut batch = signed.authorize()?.community(community.as_str()).batch();
    let count = batch.push(store::count(&community));
    let found = batch.push(store::select_page(&community, &page));
    let outcomes = batch.read().await?;
    let authorizations = outcomes.rows(found).iter().map(store::license_auth).collect::<Result<_>>()?;
    Ok(Answer(Paged::new(&page, outcomes.one(count)?.get("total")?, authorizations)))
}

/// Add a key to a community.
#[utoipa::path(
    put, path = "/licenses/community/servicekey", tag = "Community", request_body = AddAuthorizationRequest,
    responses((status = 200, body = LicenseAuth), (status = 400), (status = 401)),
)]
pub(crate) async fn add_to_community(
    signed: Signed,
    Json(request): Json<AddAuthorizationRequest>,
) -> Result<Answer<LicenseAuth>> {
    request.check().map_err(refused)?;
    let expires_at = request.expires_at(signed.now).map_err(refused)?;
    let authorization = store::new_authorization(&request, expires_at)?;
    let insert = store::insert(&authorization, request.community_name, signed.now);
    let target = AuthorizationRef { community: request.community_id, tag: request.key_tag.into() };
    let mut batch = signed
        .authorize()?
        .community(target.community.as_str())
        .target_tag(&target.tag)
        .missing_target(Error::bad_request("No license key has this keyTag"))
        .batch();
    let added = batch.push(insert);
    batch.record(signed.audit(LICENSING_TENANT, target.subject()), added);
    batch.on_duplicate(
        "key_authorizations.key_seq",
        Error::bad_request("This key is in this community already; change its authorization with PATCH"),
    );
    if batch.write().await?.changed(added) { Ok(Answer(authorization)) } else { Err(invalid_target()) }
}

/// Change the authorisation of a key in a community.
#[utoipa::path(
    patch, path = "/licenses/community/{communityId}/servicekey/{tag}", tag = "Community",
    params(("communityId" = String, Path), ("tag" = String, Path)),
    request_body = UpdateAuthorizationRequest,
    responses((status = 200, body = LicenseAuth), (status = 400), (status = 401), (status = 404)),
)]
pub(crate) async fn update_in_community(
    signed: Signed,
    Path((community, tag)): Path<(CommunityHexId, String)>,
    Json(request): Json<UpdateAuthorizationRequest>,
) -> Result<Answer<LicenseAuth>> {
    request.check(signed.now).map_err(refused)?;
    let target = AuthorizationRef { community, tag };
    let update = store::update(&target, &request, signed.now);
    let (outcomes, found) = write(&signed, &target, update).await?;
    store::license_auth(outcomes.one(found)?).map(Answer)
}

/// Remove a key from a community. It may be added again.
#[utoipa::path(
    delete, path = "/licenses/community/{communityId}/servicekey/{tag}", tag = "Community",
    params(("communityId" = String, Path), ("tag" = String, Path)),
    responses((status = 204), (status = 400), (status = 401), (status = 403), (status = 404)),
)]
pub(crate) async fn remove_from_community(
    signed: Signed,
    Path((community, tag)): Path<(CommunityHexId, String)>,
) -> Result<StatusCode> {
    let target = AuthorizationRef { community, tag };
    let delete = store::delete(&target, signed.now);
    write(&signed, &target, delete).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Runs a change of one authorisation, which the statement makes only for a valid target key, and reads what stands
/// after it. When it changed nothing, the state of the target, read in the same batch, says why.
async fn write(signed: &Signed, target: &AuthorizationRef, change: Statement) -> Result<(Outcomes, Slot)> {
    let authorization = signed.authorize()?.community(target.community.as_str()).target_tag(&target.tag);
    let mut batch = authorization.batch();
    let changed = batch.push(change);
    batch.record(signed.audit(LICENSING_TENANT, target.subject()), changed);
    let found = batch.push(store::select(target));
    let validity = batch.push(store::select_validity(target, signed.now));
    let outcomes = batch.write().await?;
    if outcomes.changed(changed) {
        Ok((outcomes, found))
    } else if outcomes.one(validity)?.get("valid")? {
        Err(Error::not_found("This key is not in this community"))
    } else {
        Err(invalid_target())
    }
}

fn refused(rule: Invalid) -> Error {
    Error::bad_request(rule.0)
}

fn invalid_target() -> Error {
    Error::bad_request("The license key of this tag is disabled or expired")
}
