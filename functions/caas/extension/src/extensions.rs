//! The handlers of extensions. Bodies and answers are encrypted, or plain where that was asked for.

use axum::Json as Answer;
use model::{
    caas::{DataRequest, WithData},
    extension::{
        ActivateExtensionRequest, ActivatedExtension, DeactivateExtensionRequest, DeactivatedExtension,
        ExtensionRequest, ExtensionState, ExtensionStatus,
    },
    time::IsoTime,
};
use service::{Error, PLATFORM_TENANT, Result, Sealed, Signed};

use crate::{
    activator::Activator,
    store::{self, Extension},
};

/// Activate an extension, by a bearer token of scope `extension:activate` or by a license.
///
/// Activating an active one changes nothing and answers when it was activated first. A token that names `tenantDns`,
/// `tenantId`, `communityName` or `communityId` must name those of the extension.
#[utoipa::path(
    post, path = "/caas/extension/activate", tag = "Extension", request_body = DataRequest<ActivateExtensionRequest>,
    responses((status = 200, body = WithData<ActivatedExtension>), (status = 400), (status = 401), (status = 500)),
)]
pub(crate) async fn activate_extension(
    Activator { signed, bearer }: Activator,
    Sealed { data, envelope }: Sealed<ActivateExtensionRequest>,
) -> Result<Answer<WithData<ActivatedExtension>>> {
    let (extension, metadata) = data.parts();
    let names =
        |claim: &Option<String>, name: &str| claim.as_ref().is_none_or(|claim| claim.eq_ignore_ascii_case(name));
    let claims = bearer.as_ref().map(|bearer| &bearer.claims);
    if !claims.is_none_or(|claims| {
        names(&claims.tenant_dns, extension.tenant_dns.as_str())
            && names(&claims.community_name, extension.community_name.as_str())
    }) {
        return Err(foreign());
    }
    let mut batch = signed.authorize()?.batch();
    let community = batch.push(store::select_community(&extension, claims));
    let activated = batch.push(store::activate(&signed, &extension, metadata, bearer.as_ref()));
    batch.record(signed.audit(PLATFORM_TENANT, store::subject(&extension)), activated);
    let found = batch.push(store::select(&extension));
    let outcomes = batch.write().await?;
    let community = store::community(outcomes.one(community)?)?;
    if !community.is_of_token {
        return Err(foreign());
    }
    if !community.is_known {
        return Err(Error::bad_request("This tenant has no such community; see tenantDns and communityName"));
    }
    let stored = store::extension(outcomes.one(found)?)?;
    envelope.answer(ActivatedExtension {
        status: ExtensionState::Active,
        extension_id: extension.extension_id,
        activated_at: IsoTime(stored.activated_at),
    })
}

/// Deactivate an extension. Repeated, it answers when it was deactivated first.
#[utoipa::path(
    post, path = "/caas/extension/deactivate", tag = "Extension",
    request_body = DataRequest<DeactivateExtensionRequest>,
    responses(
        (status = 200, body = WithData<DeactivatedExtension>),
        (status = 400), (status = 401), (status = 404), (status = 500),
    ),
)]
pub(crate) async fn deactivate_extension(
    signed: Signed,
    Sealed { data, envelope }: Sealed<DeactivateExtensionRequest>,
) -> Result<Answer<WithData<DeactivatedExtension>>> {
    let (extension, by) = data.parts();
    let mut batch = signed.authorize()?.batch();
    let deactivated = batch.push(store::deactivate(&extension, &by, signed.now));
    batch.record(signed.audit(PLATFORM_TENANT, store::subject(&extension)), deactivated);
    let found = batch.push(store::select(&extension));
    let outcomes = batch.write().await?;
    let row = outcomes.row(found).ok_or_else(|| Error::not_found("This extension was never activated"))?;
    let stored = store::extension(row)?;
    let deactivated_at = stored.deactivated_at.ok_or_else(|| Error::internal("a deactivated extension is active"))?;
    envelope.answer(DeactivatedExtension {
        extension_id: extension.extension_id,
        status: ExtensionState::Deactivated,
        deactivated_at: IsoTime(deactivated_at),
    })
}

/// Get whether an extension is active. One that is unknown is `not_activated`.
#[utoipa::path(
    post, path = "/caas/extension/status", tag = "Extension", request_body = DataRequest<ExtensionRequest>,
    responses((status = 200, body = WithData<ExtensionStatus>), (status = 400), (status = 401), (status = 500)),
)]
pub(crate) async fn show_extension(
    signed: Signed,
    Sealed { data: extension, envelope }: Sealed<ExtensionRequest>,
) -> Result<Answer<WithData<ExtensionStatus>>> {
    let mut batch = signed.authorize()?.about(PLATFORM_TENANT, store::subject(&extension)).batch();
    let found = batch.push(store::select(&extension));
    let stored = batch.read().await?.row(found).map(store::extension).transpose()?;
    envelope.answer(ExtensionStatus {
        extension_id: extension.extension_id,
        status: state(stored.as_ref()),
        activated_at: stored.as_ref().map(|stored| IsoTime(stored.activated_at)),
        deactivated_at: stored.and_then(|stored| stored.deactivated_at).map(IsoTime),
    })
}

fn state(stored: Option<&Extension>) -> ExtensionState {
    match stored.map(|stored| stored.deactivated_at) {
        None => ExtensionState::NotActivated,
        Some(None) => ExtensionState::Active,
        Some(Some(_)) => ExtensionState::Deactivated,
    }
}

fn foreign() -> Error {
    Error::unauthorized("The token is for another tenant or community")
}
