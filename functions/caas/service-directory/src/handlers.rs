//! Show the directory to everybody, patch it for a system licence.

use std::sync::Arc;

use axum::{
    Extension, Json as Answer,
    extract::State,
    http::{HeaderName, header},
};
use model::directory::{Directory, DirectoryPatch};
use platform::Vars;
use serde::{Deserialize, Deserializer};
use service::{App, Json, PLATFORM_TENANT, Query, Result, Signed, config};

use crate::{
    directory,
    store::{self, CachedOverrides},
};

/// A patch of the most and longest entries fits in.
const PATCH_LIMIT: usize = 128 << 10;

/// Which URLs the caller wants. `true`, `True` and `1` are yes, everything else is no.
#[derive(Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(crate) struct Wanted {
    /// URLs for use inside the deployment's network, where the deployment allows that.
    #[serde(deserialize_with = "flag")]
    internal_sd: bool,
    /// Public URLs, even with `internal_sd=true`.
    #[serde(deserialize_with = "flag")]
    external_sd: bool,
}

/// The URLs inside the deployment's network.
pub(crate) struct InternalUrls {
    /// `{name}` is replaced by the name of a service.
    template: String,
    /// Whether anonymous callers may ask for them.
    are_shown: bool,
}

impl InternalUrls {
    pub(crate) async fn from_vars(vars: &dyn Vars) -> Self {
        Self {
            template: config::text(vars, "INTERNAL_URL_TEMPLATE", "http://{name}:8888").await,
            are_shown: config::text(vars, "INTERNAL_SD", "true").await == "true",
        }
    }
}

/// List the URLs of all services: public ones, or internal ones on demand.
///
/// A function has no second, internal listener whose callers would get internal URLs unasked: `internal_sd` is the
/// only way to them. The header `Age` says how many seconds ago the entries were read.
#[utoipa::path(
    get, path = "/caas/sd", tag = "Service Directory", params(Wanted),
    responses((status = 200, body = Directory)),
)]
pub(crate) async fn show_directory(
    State(app): State<App>,
    Extension(cached): Extension<Arc<CachedOverrides>>,
    Extension(internal): Extension<Arc<InternalUrls>>,
    Query(wanted): Query<Wanted>,
) -> Result<([(HeaderName, String); 1], Answer<Directory>)> {
    let (overrides, age) = cached.get(&app, store::select(), |rows| store::read(&rows)).await?;
    let mut entries = directory::entries(&app.config().public_url, overrides.to_vec());
    if wanted.internal_sd && internal.are_shown && !wanted.external_sd {
        directory::make_internal(&mut entries, &internal.template);
    }
    Ok(([(header::AGE, age.to_string())], Answer(Directory(entries))))
}

/// Set and remove entries, all or none; the answer is the whole directory.
#[utoipa::path(
    patch, path = "/caas/sd", tag = "Service Directory",
    request_body = DirectoryPatch,
    responses((status = 200, body = Directory), (status = 400), (status = 401)),
)]
pub(crate) async fn patch_directory(
    signed: Signed,
    Extension(cached): Extension<Arc<CachedOverrides>>,
    Json(patch): Json<DirectoryPatch, PATCH_LIMIT>,
) -> Result<Answer<Directory>> {
    let changes = patch.changes();
    let names: Vec<_> = changes.keys().map(String::as_str).collect();
    let mut batch = signed.authorize()?.batch();
    let applied = batch.push(store::apply(changes)?);
    batch.record(signed.audit(PLATFORM_TENANT, names.join(",")), applied);
    let found = batch.push(store::select());
    let outcomes = batch.write().await?;
    cached.forget("");
    let overrides = store::read(outcomes.rows(found))?;
    Ok(Answer(Directory(directory::entries(&signed.app.config().public_url, overrides))))
}

fn flag<'de, D: Deserializer<'de>>(value: D) -> Result<bool, D::Error> {
    String::deserialize(value).map(|text| matches!(text.as_str(), "true" | "True" | "1"))
}
