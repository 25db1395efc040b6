//! The handlers of authorisations. A refused caller learns nothing of the target; after that, a target key that is
//! disabled or expired goes before an authorisation that does not exist.

use std::sync::Arc;

use axum::{Extension, Json as Answer, http::StatusCode};
use model::{
    ids::CommunityId,
    licensing::{AddAuthorizationRequest, LicenseAuth, PageQuery, Paged, UpdateAuthorizationRequest},
};
use platform::Statement;
use service::{Error, Json, Outcomes, Path, Query, Result, Signed, Slot, license_secret::LICENSING_TENANT};

use crate::{
    check::Memberships,
    store::{self, AuthorizationRef},
};

/// List the keys of a community, oldest first.
#[utoipa::path(
    post, path = "/licenses/community/{communityId}/servicekey/fetch", tag = "Community",
    params(("communityId" = String, Path), PageQuery),
    responses((status = 200, body = Paged<LicenseAuth>), (status = 400), (status = 401)),
)]
pub(crate) async fn fetch_community_keys(
    signed: Signed,
    Path(community): Path<CommunityId>,
    Query(page): Query<PageQuery>,
) -> Result<Answer<Paged<LicenseAuth>>> {
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
    Extension(cached): Extension<Arc<Memberships>>,
    Json(request): Json<AddAuthorizationRequest>,
) -> Result<Answer<LicenseAuth>> {
    let expires_at = request.expires_at(signed.now)?;
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
    let outcomes = batch.write().await?;
    cached.forget_all();
    if outcomes.changed(added) { Ok(Answer(authorization)) } else { Err(invalid_target()) }
}

/// Change the authorisation of a key in a community.
///
/// An authorisation as it was answered may be sent back: what cannot be changed must be as it is, and what is not known
/// is ignored.
#[utoipa::path(
    patch, path = "/licenses/community/{communityId}/servicekey/{tag}", tag = "Community",
    params(("communityId" = String, Path), ("tag" = String, Path)),
    request_body = UpdateAuthorizationRequest,
    responses((status = 200, body = LicenseAuth), (status = 400), (status = 401), (status = 404)),
)]
pub(crate) async fn update_in_community(
    signed: Signed,
    Extension(cached): Extension<Arc<Memberships>>,
    Path((community, tag)): Path<(CommunityId, String)>,
    Json(request): Json<UpdateAuthorizationRequest>,
) -> Result<Answer<LicenseAuth>> {
    request.check(&community, &tag)?;
    let target = AuthorizationRef { community, tag };
    let written = write(&signed, &cached, &target, store::update(&target, &request, signed.now)).await?;
    let stored = written.stored()?;
    match stored {
        Some(stored) if written.is_changed() => Ok(Answer(stored)),
        Some(stored) if written.is_target_valid()? => {
            request.check_against(&stored, signed.now)?;
            Err(Error::conflict("The authorization is being changed by others; try again"))
        }
        _ => Err(written.refusal()?),
    }
}

/// Remove a key from a community. It may be added again.
#[utoipa::path(
    delete, path = "/licenses/community/{communityId}/servicekey/{tag}", tag = "Community",
    params(("communityId" = String, Path), ("tag" = String, Path)),
    responses((status = 204), (status = 400), (status = 401), (status = 403), (status = 404)),
)]
pub(crate) async fn remove_from_community(
    signed: Signed,
    Extension(cached): Extension<Arc<Memberships>>,
    Path((community, tag)): Path<(CommunityId, String)>,
) -> Result<StatusCode> {
    let target = AuthorizationRef { community, tag };
    let written = write(&signed, &cached, &target, store::delete(&target, signed.now)).await?;
    if written.is_changed() { Ok(StatusCode::NO_CONTENT) } else { Err(written.refusal()?) }
}

/// What came of a change of one authorisation.
struct Written {
    outcomes: Outcomes,
    changed: Slot,
    found: Slot,
    validity: Slot,
}

/// Runs a change of one authorisation, which the statement makes only for a valid target key, and reads what stands
/// after it, with the state of the target.
async fn write(signed: &Signed, cached: &Memberships, target: &AuthorizationRef, change: Statement) -> Result<Written> {
    let authorization = signed.authorize()?.community(target.community.as_str()).target_tag(&target.tag);
    let mut batch = authorization.batch();
    let changed = batch.push(change);
    batch.record(signed.audit(LICENSING_TENANT, target.subject()), changed);
    let found = batch.push(store::select(target));
    let validity = batch.push(store::select_validity(target, signed.now));
    let outcomes = batch.write().await?;
    cached.forget_all();
    Ok(Written { outcomes, changed, found, validity })
}

impl Written {
    fn is_changed(&self) -> bool {
        self.outcomes.changed(self.changed)
    }

    fn stored(&self) -> Result<Option<LicenseAuth>> {
        self.outcomes.row(self.found).map(store::license_auth).transpose()
    }

    fn is_target_valid(&self) -> Result<bool> {
        Ok(self.outcomes.one(self.validity)?.get("valid")?)
    }

    /// Why nothing was changed, by the state of the target.
    fn refusal(&self) -> Result<Error> {
        let is_valid = self.is_target_valid()?;
        Ok(if is_valid { Error::not_found("This key is not in this community") } else { invalid_target() })
    }
}

fn invalid_target() -> Error {
    Error::bad_request("The license key of this tag is disabled or expired")
}
