//! Further communities of the installed tenant.

use axum::Json as Answer;
use model::environment::{CreateCommunityRequest, Created, MAX_BODY, check_secrets};
use policy::Action;
use service::{Audit, Error, Json, Result, Signed};

use crate::{
    documents,
    install::refused,
    store::{self, NewCommunity, Place},
};

/// Create a community. The calling licence becomes a member of it.
#[utoipa::path(
    post, path = "/caas/environment/create/community", tag = "Environment", request_body = CreateCommunityRequest,
    responses((status = 200, body = Created), (status = 400), (status = 401)),
)]
pub(crate) async fn create_community(
    signed: Signed,
    Json(request): Json<CreateCommunityRequest, MAX_BODY>,
) -> Result<Answer<Created>> {
    let mut parts = request.parts().map_err(refused)?;
    let mut secrets = Vec::new();
    parts.gateways.take_secrets(&mut secrets);
    check_secrets(&secrets).map_err(refused)?;
    let gate = signed.gate(Action::CreateCommunity);
    // Hashing a password occupies the instance for up to a second, so everything that can refuse comes before it.
    gate.check().await?;
    let found = store::tenant_and_name(&signed.app, &parts.name).await?;
    let (tenant, taken) =
        found.ok_or_else(|| Error::bad_request("This environment is not installed; install it first"))?;
    if taken {
        return Err(name_taken());
    }
    let data_key = signed.app.data_keys().for_writing(&gate, &tenant).await?;
    let place = Place { tenant, community: store::new_id()? };
    let community = NewCommunity::draw(&signed.app, parts.name, &parts.contact, &parts.password)?;

    let mut statements: Vec<_> = store::insert_secrets(&signed, &data_key, &place, &secrets)?.into_iter().collect();
    statements.extend(documents::of_community(&signed, &place, &parts.gateways)?);
    statements.extend(store::insert_community(&signed, &data_key, &place, &community)?);
    let audit = Audit::new(place.tenant.as_str(), "community.create", place.community.as_str());
    match gate.write(statements, audit).await? {
        Ok(_) => {}
        Err(error) if error.is_unique("communities.name") => return Err(name_taken()),
        Err(error) => return Err(error.into()),
    }
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
