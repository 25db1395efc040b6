//! Models: registered, then active, and at last deprecated.

use axum::{http::StatusCode, response::Response};
use model::{
    ids::Uuid,
    qnsp::{
        List, Text,
        ai::{DeprecateModel, ModelActivated, ModelDeprecated, ModelRegistered, ModelStatus, ModelType, RegisterModel},
    },
    time::IsoTime,
};
use platform::Statement;
use qnsp::{Call, Caller, Nothing, conflict, impossible, missing, new_id};
use serde::Deserialize;
use serde_json::json;
use service::{Error, Guard, Result};

#[derive(Deserialize)]
pub(crate) struct OfModel {
    id: Uuid,
}

pub(crate) fn no_such_model() -> Error {
    missing("No such model")
}

pub(crate) fn exists(caller: &Caller, id: &str) -> Guard {
    let exists = "EXISTS (SELECT 1 FROM qnsp_models WHERE tenant_id = ?1 AND id = ?2)";
    Guard::new(exists, no_such_model()).bind(caller.tenant()).bind(id)
}

/// Whether a model is in none but this status, or in any but that.
fn is(caller: &Caller, id: &str, condition: &'static str, refusal: Error) -> Guard {
    let holds = format!("EXISTS (SELECT 1 FROM qnsp_models WHERE tenant_id = ?1 AND id = ?2 AND {condition})");
    Guard::new(holds, refusal).bind(caller.tenant()).bind(id)
}

pub(crate) fn is_active(caller: &Caller, id: &str) -> Guard {
    is(caller, id, "status = 'active'", conflict("The model is not active"))
}

const IS_NOT_DEPRECATED: &str = "status <> 'deprecated'";

/// Register a model.
#[utoipa::path(
    post, path = "/ai/v1/registry/models", tag = "AI", request_body = RegisterModel,
    responses(
        (status = 201, body = ModelRegistered), (status = 400), (status = 401), (status = 403), (status = 409),
        (status = 422),
    ),
)]
pub(crate) async fn register_model(call: Call<RegisterModel>) -> Result<Response> {
    let (new, id) = (&call.body, new_id()?);
    call.about_named(id.as_str(), new.name.as_str());
    let model_type = new.kind.or(new.model_type).unwrap_or(ModelType::Custom);
    let artifacts = new.artifacts.as_ref();
    let model_path = artifacts.and_then(|artifacts| artifacts.model_path.as_ref()).map(|path| path.as_str().to_owned());
    if model_type == ModelType::Custom && model_path.is_none() {
        return Err(impossible("artifacts.modelPath", "is required for a model of the type custom"));
    }
    let metadata = new.metadata.as_ref();
    let tags = metadata.and_then(|metadata| metadata.tags.as_ref()).map_or(&[][..], |List(tags)| tags);
    let insert = Statement::new(
        "INSERT INTO qnsp_models (tenant_id, id, created_at, name, version, type, provider, model_path, config_path, \
         description, tags, license, status) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, 'registered')",
    );
    let text = |text: Option<&Text<0, 2000>>| text.map(|text| text.as_str().to_owned());
    let insert = insert
        .bind(call.tenant())
        .bind(id.as_str())
        .bind(call.now)
        .bind(new.name.as_str())
        .bind(new.version.as_str())
        .bind(<&str>::from(model_type))
        .bind(new.provider.as_str())
        .bind(model_path)
        .bind(artifacts.and_then(|it| it.config_path.as_ref()).map(|path| path.as_str().to_owned()))
        .bind(text(metadata.and_then(|metadata| metadata.description.as_ref())))
        .bind(json!(tags).to_string())
        .bind(text(metadata.and_then(|metadata| metadata.license.as_ref())));
    let mut work = call.work();
    work.push(insert);
    work.on_duplicate("qnsp_models.name", conflict("Another model has this name and version"));
    let registered = ModelRegistered {
        model_id: id.clone(),
        id,
        name: new.name.as_str().to_owned(),
        version: new.version.as_str().to_owned(),
        provider: new.provider.as_str().to_owned(),
        model_type,
        status: ModelStatus::Registered,
        created_at: IsoTime(call.now),
    };
    work.commit(StatusCode::CREATED, &registered).await
}

/// Activate a model, so that it may be deployed.
#[utoipa::path(
    post, path = "/ai/v1/registry/models/{id}/activate", tag = "AI", params(("id" = String, Path)),
    responses(
        (status = 200, body = ModelActivated), (status = 400), (status = 401), (status = 403), (status = 404),
        (status = 409),
    ),
)]
pub(crate) async fn activate_model(call: Call<Nothing, Nothing, OfModel>) -> Result<Response> {
    let id = call.path.id.as_str();
    call.about(id);
    let mut work = call.work();
    work.require(exists(&call, id));
    work.require(is(&call, id, IS_NOT_DEPRECATED, conflict("The model is deprecated")));
    let activate = Statement::new(
        "UPDATE qnsp_models SET status = 'active', activated_at = coalesce(activated_at, ?3) \
         WHERE tenant_id = ?1 AND id = ?2 RETURNING activated_at",
    );
    let activated = work.push(activate.bind(call.tenant()).bind(id).bind(call.now));
    let outcomes = work.run().await?;
    let activated = ModelActivated {
        model_id: id.to_owned(),
        status: ModelStatus::Active,
        activated_at: IsoTime(outcomes.one(activated)?.get("activated_at")?),
    };
    call.answer(StatusCode::OK, &activated).await
}

/// Deprecate a model. Its deployments keep running, but there will be no new ones.
#[utoipa::path(
    post, path = "/ai/v1/registry/models/{id}/deprecate", tag = "AI", request_body = DeprecateModel,
    params(("id" = String, Path)),
    responses(
        (status = 200, body = ModelDeprecated), (status = 400), (status = 401), (status = 403), (status = 404),
        (status = 409), (status = 422),
    ),
)]
pub(crate) async fn deprecate_model(call: Call<DeprecateModel, Nothing, OfModel>) -> Result<Response> {
    const REPLACEMENT: &str = "replacementModelId";
    let id = call.path.id.as_str();
    call.about(id);
    let replacement = call.body.replacement_model_id.as_ref().map(Uuid::as_str);
    if replacement == Some(id) {
        return Err(impossible(REPLACEMENT, "must be another model"));
    }
    let mut work = call.work();
    work.require(exists(&call, id));
    if let Some(replacement) = replacement {
        work.require(exists(&call, replacement));
    }
    work.require(is(&call, id, IS_NOT_DEPRECATED, conflict("The model is deprecated already")));
    if let Some(replacement) = replacement {
        let refusal = impossible(REPLACEMENT, "must not be deprecated itself");
        work.require(is(&call, replacement, IS_NOT_DEPRECATED, refusal));
    }
    let deprecate = Statement::new(
        "UPDATE qnsp_models SET status = 'deprecated', deprecated_at = ?3, deprecation_reason = ?4, replacement_id = ?5 \
         WHERE tenant_id = ?1 AND id = ?2",
    );
    let reason = call.body.reason.as_ref().map(|reason| reason.as_str().to_owned());
    let deprecate = deprecate.bind(call.tenant()).bind(id).bind(call.now).bind(reason);
    work.push(deprecate.bind(replacement.map(str::to_owned)));
    let deprecated =
        ModelDeprecated { model_id: id.to_owned(), status: ModelStatus::Deprecated, deprecated_at: IsoTime(call.now) };
    work.commit(StatusCode::OK, &deprecated).await
}
