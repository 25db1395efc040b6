//! The installation: a tenant with its first community, once in the life of a database.

use std::sync::Arc;

use axum::{Extension, Json as Answer};
use model::{
    environment::{DEFAULT_COMMUNITY, InstallRequest, Installed, MAX_BODY, Open, check_secrets},
    ids::CommunityName,
};
use serde_json::json;
use service::{Actor as _, Error, Json, Result, Signed};

use crate::{
    documents,
    show::CachedInstallation,
    store::{self, CommunityRef, NewCommunity},
};

/// Install the environment: tenant, community `default`, configuration, directory. Once.
#[utoipa::path(
    post, path = "/caas/environment/install", tag = "Environment", request_body = InstallRequest,
    responses((status = 200, body = Installed), (status = 400), (status = 401)),
)]
pub(crate) async fn install_environment(
    signed: Signed,
    Extension(cached): Extension<Arc<CachedInstallation>>,
    Json(request): Json<Open<InstallRequest>, MAX_BODY>,
) -> Result<Answer<Installed>> {
    let mut parts = request.parts();
    let secrets = parts.take_secrets();
    check_secrets(&secrets)?;
    let mut batch = signed.authorize()?.batch();
    // Hashing a password occupies the instance for up to a second, so everything that can refuse comes before it.
    batch.actor().check().await?;
    if store::is_installed(&signed.app).await? {
        return Err(already_installed());
    }
    let place = CommunityRef { tenant: store::new_id()?, community: store::new_id()? };
    let name = CommunityName::try_from(DEFAULT_COMMUNITY.to_owned()).map_err(|rule| Error::internal(rule.0))?;
    let community = NewCommunity::generate(&signed.app, name, &parts.contact, parts.password.as_str())?;
    let (data_key, store_key) = service::data_keys::generate(&signed.app, &place.tenant)?;

    let mut statements = store::insert_tenant(&place, &parts, &community.password_hash, signed.now);
    statements.push(store_key);
    statements.extend(store::insert_secrets(&signed, &data_key, &place, &secrets)?);
    statements.extend(documents::of_community(&signed, &place, &parts.gateways)?);
    let ids = json!({ "tenantId": place.tenant, "communityId": place.community });
    statements.extend(documents::of_app(&signed, "platform", &ids, &parts.platform)?);
    statements.extend(documents::of_app(&signed, "adminconsole.global", &ids, &parts.admin_console)?);
    statements.extend(parts.platform.members.root_url.as_deref().map(store::point_directory).transpose()?);
    statements.push(store::insert_authorization(&signed, &place, &community)?);
    for statement in statements {
        batch.push(statement);
    }
    let created = batch.push(store::insert_community(&signed, &data_key, &place, &community)?);
    batch.record(signed.audit(place.tenant.as_str(), place.community.as_str()), created);
    batch.on_duplicate("environment.name", already_installed());
    batch.write().await?;
    cached.forget("");
    Ok(Answer(Installed {
        tenant_id: place.tenant,
        tenant_tag: parts.tenant.tag,
        tenant_dns: parts.tenant.dns,
        community_id: place.community,
        public_key: community.public_key(),
    }))
}

fn already_installed() -> Error {
    Error::bad_request("This environment is already installed")
}
