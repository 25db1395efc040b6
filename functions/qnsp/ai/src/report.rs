//! What became of a deployment. Once it has failed or was stopped, it takes no room.

use axum::{Json, http::StatusCode, response::Response};
use model::qnsp::{
    Text,
    ai::{Deployment, ReportStatus, ReportedStatus},
};
use policy::qnsp::Quota;
use qnsp::{Call, Nothing, conflict};
use service::{Error, Result};

use crate::{deployment_store as store, deployments::OfDeployment};

/// Report that a deployment runs, or that it has failed.
#[utoipa::path(
    patch, path = "/ai/v1/registry/deployments/{deploymentId}", tag = "AI", request_body = ReportStatus,
    params(("deploymentId" = String, Path)),
    responses(
        (status = 200, body = Deployment), (status = 400), (status = 401), (status = 403), (status = 404),
        (status = 409),
    ),
)]
pub(crate) async fn report_deployment(call: Call<ReportStatus, Nothing, OfDeployment>) -> Result<Json<Deployment>> {
    let (id, report) = (call.path.deployment_id.as_str(), &call.body);
    call.about(id);
    let endpoint = report.endpoint.as_ref().map(|url| url.as_str().to_owned());
    if endpoint.as_deref().is_some_and(|url| !is_https(url)) {
        return Err(model::faults::Faults::one("endpoint", "must be an https URL").into());
    }
    let reason = report.reason.as_ref().map(|text: &Text<0, 2000>| text.as_str().to_owned());
    let mut work = call.work();
    work.require(store::exists(&call, id));
    match report.status {
        ReportedStatus::Running => {
            work.require(store::is_in(&call, id, "('deploying')", not_from_here()));
            work.push(store::run(&call, id, endpoint, reason));
        }
        ReportedStatus::Failed => {
            work.require(store::is_in(&call, id, "('deploying', 'running')", not_from_here()));
            work.push(store::end(&call, id, "failed", endpoint, reason));
            work.reserve(Quota::Deployments, -1);
        }
    }
    let found = work.push(store::select(&call, id));
    let outcomes = work.run().await?;
    store::deployment(outcomes.one(found)?).map(Json)
}

#[track_caller]
fn not_from_here() -> Error {
    conflict("A deployment runs once, and fails while it is made or runs")
}

/// An address with a host.
fn is_https(url: &str) -> bool {
    let Some((scheme, rest)) = url.split_once("://") else { return false };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let has_host = !host.is_empty() && !host.starts_with(':') && !host.contains('@');
    scheme.eq_ignore_ascii_case("https") && has_host && !url.contains(|c: char| c.is_whitespace() || c.is_control())
}

/// Stop a deployment.
#[utoipa::path(
    post, path = "/ai/v1/registry/deployments/{deploymentId}/stop", tag = "AI", params(("deploymentId" = String, Path)),
    responses(
        (status = 200, body = Deployment), (status = 400), (status = 401), (status = 403), (status = 404),
        (status = 409),
    ),
)]
pub(crate) async fn stop_deployment(call: Call<Nothing, Nothing, OfDeployment>) -> Result<Response> {
    let id = call.path.deployment_id.as_str();
    call.about(id);
    let mut work = call.work();
    work.require(store::exists(&call, id));
    let refusal = conflict("The deployment is stopped already");
    work.require(store::is_in(&call, id, "('deploying', 'running', 'failed')", refusal));
    work.push(store::release_room(&call, id));
    work.reserve(Quota::Deployments, 0);
    work.push(store::end(&call, id, "stopped", None, None));
    let found = work.push(store::select(&call, id));
    let outcomes = work.run().await?;
    call.answer(StatusCode::OK, &store::deployment(outcomes.one(found)?)?).await
}

#[cfg(test)]
mod tests {
    use super::is_https;

    #[test]
    fn an_endpoint_is_an_https_url_with_a_host() {
        for (url, is_one) in [
            ("https://models.example/v1", true),
            ("HTTPS://models.example:8443", true),
            ("http://models.example", false),
            ("https://", false),
            ("https:///v1", false),
            ("https://:443", false),
            ("https://user@models.example", false),
            ("https://models .example", false),
            ("models.example", false),
        ] {
            assert_eq!(is_https(url), is_one, "{url}");
        }
    }
}
