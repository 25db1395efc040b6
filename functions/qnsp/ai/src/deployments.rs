//! Deployments: what is to run. Whoever runs it reports what became of it.

use axum::{Json, http::StatusCode, response::Response};
use model::{
    ids::Uuid,
    qnsp::{
        Text,
        ai::{Autoscaling, Deployment, DeploymentCreated, DeploymentStatus, NewDeployment, Resources},
    },
    time::IsoTime,
};
use policy::qnsp::Quota;
use qnsp::{Call, Nothing, impossible, new_id};
use serde::Deserialize;
use serde_json::json;
use service::{Guard, Result};

use crate::{
    deployment_store::{self as store, NewRow},
    models,
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OfDeployment {
    pub deployment_id: Uuid,
}

/// Deploy an active model.
#[utoipa::path(
    post, path = "/ai/v1/registry/deployments", tag = "AI", request_body = NewDeployment,
    responses(
        (status = 201, body = DeploymentCreated), (status = 400), (status = 401), (status = 403), (status = 404),
        (status = 409), (status = 422),
    ),
)]
pub(crate) async fn create_deployment(call: Call<NewDeployment>) -> Result<Response> {
    let (model, id) = (call.body.model_id.as_str(), new_id()?);
    call.about(id.as_str());
    call.payload(json!({ "modelId": model }));
    let config = call.body.config.as_ref();
    let replicas = config.and_then(|config| config.replicas).map_or(1, |replicas| replicas.0);
    let resources = config.and_then(|config| config.resources.clone()).unwrap_or(Resources::NONE);
    let autoscaling = config.and_then(|config| config.autoscaling).unwrap_or(Autoscaling::OFF);
    if !autoscaling.fits(replicas) {
        let rule = "must have 1 <= minReplicas <= replicas <= maxReplicas where it is enabled";
        return Err(impossible("config.autoscaling", rule));
    }
    let mut work = call.work();
    work.require(models::exists(&call, model));
    work.require(models::is_active(&call, model));
    if let Some(version) = &call.body.version_id {
        let is_it = "EXISTS (SELECT 1 FROM qnsp_models WHERE tenant_id = ?1 AND id = ?2 AND version = ?3)";
        let is_it = Guard::new(is_it, impossible("versionId", "must be the version of the model"));
        work.require(is_it.bind(call.tenant()).bind(model).bind(version.as_str()));
    }
    let has_gpu = resources.gpu.as_ref().map(Text::as_str).is_some();
    let config = json!({ "replicas": replicas, "resources": resources, "autoscaling": autoscaling }).to_string();
    work.push(store::insert(&call, &NewRow { id: &id, model, config, replicas, has_gpu }));
    work.reserve(Quota::Deployments, 1);
    let created = DeploymentCreated {
        deployment_id: id.clone(),
        model_id: model.to_owned(),
        status: DeploymentStatus::Deploying,
        created_at: IsoTime(call.now),
    };
    work.commit(StatusCode::CREATED, &created).await
}

/// Show a deployment.
#[utoipa::path(
    get, path = "/ai/v1/registry/deployments/{deploymentId}", tag = "AI", params(("deploymentId" = String, Path)),
    responses((status = 200, body = Deployment), (status = 400), (status = 401), (status = 403), (status = 404)),
)]
pub(crate) async fn show_deployment(call: Call<Nothing, Nothing, OfDeployment>) -> Result<Json<Deployment>> {
    let id = call.path.deployment_id.as_str();
    call.about(id);
    let mut work = call.work();
    work.require(store::exists(&call, id));
    let found = work.push(store::select(&call, id));
    let outcomes = work.run().await?;
    store::deployment(outcomes.one(found)?).map(Json)
}
