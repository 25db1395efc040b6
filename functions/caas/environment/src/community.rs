//! Further communities of the installed tenant.

use axum::Json as Answer;
use model::environment::{CreateCommunityRequest, Created, MAX_BODY, Open, check_secrets};
use service::{Actor as _, Error, Json, Result, Signed};

use crate::{
    documents,
    store::{self, CommunityRef, NewCommunity},
};

/// Create a community. The calling licence becomes a member of it.
#[utoipa::path(
    post, path = "/caas/environment/create/community", tag = "Environment", request_body = CreateCommunityRequest,
    responses((status = 200, body = Created), (status = 400), (status = 401)),
)]
pub(crate) async fn create_community(
    signed: Signed,
    Json(request): Json<Open<CreateCommunityRequest>, MAX_BODY>,
) -> Result<Answer<Created>> {
    let mut parts = request.parts();
    let mut secrets = Vec::new();
    parts.gateways.take_secrets(&mut secrets);
    check_secrets(&secrets)?;
    let mut batch = signed.authorize()?.batch();
    // Hashing a password occupies the instance for up to a second, so everything that can refuse comes before it.
    batch.actor().check().await?;
    let found = store::tenant_and_name(&signed.app, &parts.name).await?;
    let (tenant, taken) =
        found.ok_or_else(|| Error::bad_request("This environment is not installed; install it first"))?;
    if taken {
        return Err(name_taken());
    }
    let data_key = batch.data_key(&tenant).await?;
    let place = CommunityRef { tenant, community: store::new_id()? };
    let community = NewCommunity::generate(&signed.app, parts.name, &parts.contact, parts.password.as_str())?;

    let secrets = store::insert_secrets(&signed, &data_key, &place, &secrets)?;
    for statement in secrets.into_iter().chain(documents::of_community(&signed, &place, &parts.gateways)?) {
        batch.push(statement);
    }
    batch.push(store::insert_authorization(&signed, &place, &community)?);
    let created = batch.push(store::insert_community(&signed, &data_key, &place, &community)?);
    batch.record(signed.audit(place.tenant.as_str(), place.community.as_str()), created);
    batch.on_duplicate("communities.name", name_taken());
    batch.write().await?;
    Ok(Answer(Created {
        tenant_id: place.tenant,
        community_id: place.community,
        public_key: community.public_key(),
        community_name: community.name,
        created_ts: signed.now.div_euclid(1000),
    }))
}

fn name_taken() -> Error {
    Error::bad_request("A community of this name exists; names differ by more than their case")
}
