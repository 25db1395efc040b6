//! Rotation of the root key: data keys are wrapped again by the newest root key, some at a time, while every other
//! request goes on.

use axum::Json as Answer;
use model::caas::RootKeyStatus;
use service::{Result, Signed, root_keys};

/// Get the root keys of this deployment, and how many data keys are still wrapped by an older one.
#[utoipa::path(
    get, path = "/caas/root-key", tag = "Chancery",
    responses((status = 200, body = RootKeyStatus), (status = 401)),
)]
pub(crate) async fn show_root_key(signed: Signed) -> Result<Answer<RootKeyStatus>> {
    root_keys::status(&signed).await.map(Answer)
}

/// Re-wrap some data keys under the newest root key; call again until none remains.
#[utoipa::path(
    post, path = "/caas/root-key/rewrap", tag = "Chancery",
    responses((status = 200, body = RootKeyStatus), (status = 401)),
)]
pub(crate) async fn rewrap_data_keys(signed: Signed) -> Result<Answer<RootKeyStatus>> {
    root_keys::rewrap(&signed).await.map(Answer)
}
