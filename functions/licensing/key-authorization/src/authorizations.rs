//! The handlers of authorisations. A refused caller learns nothing of the target; after that, a target key that is
//! disabled or expired goes before an authorisation that does not exist.

use axum::{Json as Answer, http::StatusCode};
use model::{
    ids::{CommunityHexId, Invalid},
    licensing::{AddAuthorizationRequest, LicenseAuth, PageQuery, Paged, UpdateAuthorizationRequest},
};
use policy::Action;
use service::{Audit, Error, Json, Path, Query, Result, Signed, license_secret::LICENSING_TENANT};

use crate::store::{self, Place};

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
    let gate = signed.gate(Action::ListCommunityKeys).community(community.as_str());
    let (total, authorizations) = store::list(gate, &community, &page).await?;
    Ok(Answer(Paged::new(&page, total, authorizations)))
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
    let place = Place { community: request.community_id, tag: request.key_tag.into() };
    let gate = signed
        .gate(Action::AddToCommunity)
        .community(place.community.as_str())
        .target_tag(&place.tag)
        .missing_target(Error::bad_request("No license key has this keyTag"));
    let audit = Audit::new(LICENSING_TENANT, "authorization.add", place.subject());
    match gate.write(vec![insert], audit).await? {
        Ok(outcomes) if store::changed(&outcomes) => Ok(Answer(authorization)),
        Ok(_) => Err(invalid_target()),
        Err(error) if error.is_unique("key_authorizations.key_seq") => {
            Err(Error::bad_request("This key is in this community already; change its authorization with PATCH"))
        }
        Err(error) => Err(error.into()),
    }
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
    let place = Place { community, tag };
    let update = store::update(&place, &request, signed.now);
    let authorization = store::select(&place);
    let outcomes =
        write(&signed, Action::PatchInCommunity, &place, "authorization.update", vec![update, authorization]);
    let outcomes = outcomes.await?;
    let row = outcomes.get(1).and_then(|outcome| outcome.rows.first());
    store::license_auth(row.ok_or_else(|| Error::internal("an updated authorization vanished"))?).map(Answer)
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
    let place = Place { community, tag };
    let delete = store::delete(&place, signed.now);
    write(&signed, Action::RemoveFromCommunity, &place, "authorization.remove", vec![delete]).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Runs a change of one authorisation, which the first statement makes only for a valid target key; when it changed
/// nothing, the state of the target, read in the same batch, says why.
async fn write(
    signed: &Signed,
    action: Action,
    place: &Place,
    name: &'static str,
    mut statements: Vec<platform::Statement>,
) -> Result<Vec<platform::Outcome>> {
    let gate = signed.gate(action).community(place.community.as_str()).target_tag(&place.tag);
    statements.push(store::select_target(place, signed.now));
    let outcomes = gate.write(statements, Audit::new(LICENSING_TENANT, name, place.subject())).await??;
    if store::changed(&outcomes) {
        Ok(outcomes)
    } else if store::is_valid_target(&outcomes)? {
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
