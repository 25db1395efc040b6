//! Policies: what is looked for, where, and what is done when a secret is found.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use model::{
    ids::Uuid,
    qnsp::{
        Text,
        vault::leakage::{
            CreateLeakagePolicy, LeakagePatternType, LeakagePolicies, LeakagePolicy, LeakagePolicyCreated,
        },
    },
    time::IsoTime,
};
use platform::Statement;
use policy::qnsp::pattern::{Case, Pattern};
use qnsp::{
    AskPage, Call, Nothing, Settings, check_channels, conflict, impossible, impossible_fields, missing, new_id,
};
use serde::Deserialize;
use serde_json::Value;
use service::{Error, Guard, Result};

use crate::{policy_store as store, rules::fit_together};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OfPolicy {
    policy_id: Uuid,
}

/// Create a policy of leakage detection.
#[utoipa::path(
    post, path = "/vault/v1/leakage-detection/policies", tag = "Vault", request_body = CreateLeakagePolicy,
    responses(
        (status = 201, body = LeakagePolicyCreated), (status = 400), (status = 401), (status = 403), (status = 404),
        (status = 409), (status = 422),
    ),
)]
pub(crate) async fn create_leakage_policy(call: Call<CreateLeakagePolicy>) -> Result<Response> {
    let (policy, id) = (&call.body, new_id()?);
    call.about_named(id.as_str(), policy.name.as_str());
    check_patterns(policy)?;
    check_sources(&call)?;
    let channels = policy.actions.as_ref().and_then(|actions| actions.notification_channels.as_ref());
    let channels: Vec<_> = channels.iter().flat_map(|channels| &channels.0).map(Text::as_str).collect();
    check_channels(&call.app, "actions.notificationChannels", &channels)?;
    let mut work = call.work();
    work.require(tokens_exist(&call));
    work.push(store::insert(&call, &id, policy, &channels));
    work.on_duplicate("qnsp_leakage_policies.name", conflict("Another leakage policy of the tenant has this name"));
    let name = policy.name.as_str().to_owned();
    work.commit(StatusCode::CREATED, &LeakagePolicyCreated { policy_id: id, name, created_at: IsoTime(call.now) }).await
}

fn check_patterns(policy: &CreateLeakagePolicy) -> Result<()> {
    let patterns = policy.secret_patterns.0.iter().enumerate();
    let is_wrong = |pattern: &str| Pattern::compile(pattern, Case::AsWritten).is_none();
    let faults: Vec<_> = patterns
        .filter(|(_, it)| it.pattern_type == LeakagePatternType::Regex && is_wrong(it.pattern.as_str()))
        .map(|(index, _)| (format!("secretPatterns[{index}].pattern"), "must be a regular expression of linear time"))
        .collect();
    if !faults.is_empty() {
        return Err(impossible_fields(faults));
    }
    let patterns = policy.secret_patterns.0.iter().map(|it| (it.pattern_type, it.pattern.as_str()));
    if fit_together(patterns) { Ok(()) } else { Err(too_large("secretPatterns")) }
}

/// The refusal of patterns that would search a file for too long.
pub(crate) fn too_large(field: &str) -> Error {
    impossible(field, "have regular expressions that are larger than 64 KiB together; use fewer or shorter ones")
}

fn check_sources(call: &Call<CreateLeakagePolicy>) -> Result<()> {
    let hosts = &Settings::of(&call.app)?.outbound_hosts;
    let sources = call.body.sources.iter().flat_map(|sources| &sources.0).enumerate();
    let is_refused = |url: &str| hosts.check(url).is_err() || url.contains('?');
    let faults: Vec<_> = sources
        .filter(|(_, source)| source.base_url.as_ref().is_some_and(|url| is_refused(url.as_str())))
        .map(|(index, _)| (format!("sources[{index}].baseUrl"), "address not allowed"))
        .collect();
    if faults.is_empty() { Ok(()) } else { Err(impossible_fields(faults)) }
}

/// That each source's token is a secret of the tenant.
fn tokens_exist(call: &Call<CreateLeakagePolicy>) -> Guard {
    let sources = call.body.sources.iter().flat_map(|sources| &sources.0);
    let tokens = sources.filter_map(|source| source.token_secret_id.as_ref());
    let tokens = Value::from_iter(tokens.map(|id| id.as_str().to_owned()));
    let exist = "NOT EXISTS (SELECT 1 FROM json_each(?2) t WHERE NOT EXISTS (SELECT 1 FROM qnsp_secrets s \
                 WHERE s.tenant_id = ?1 AND s.id = t.value))";
    let refusal = missing("There is no such secret to take a token from");
    Guard::new(exist, refusal).bind(call.tenant()).bind(tokens.to_string())
}

/// List the policies of leakage detection, oldest first.
#[utoipa::path(
    get, path = "/vault/v1/leakage-detection/policies", tag = "Vault", params(AskPage),
    responses((status = 200, body = LeakagePolicies), (status = 400), (status = 401), (status = 403)),
)]
pub(crate) async fn list_leakage_policies(call: Call<Nothing, AskPage>) -> Result<Json<LeakagePolicies>> {
    let mut work = call.work();
    let found = work.push(store::select_page(&call, &call.query));
    let outcomes = work.run().await?;
    Ok(Json(LeakagePolicies { policies: outcomes.rows(found).iter().map(store::in_list).collect::<Result<_>>()? }))
}

/// Show a policy of leakage detection.
#[utoipa::path(
    get, path = "/vault/v1/leakage-detection/policies/{policyId}", tag = "Vault", params(("policyId" = String, Path)),
    responses((status = 200, body = LeakagePolicy), (status = 400), (status = 401), (status = 403), (status = 404)),
)]
pub(crate) async fn show_leakage_policy(call: Call<Nothing, Nothing, OfPolicy>) -> Result<Json<LeakagePolicy>> {
    let id = call.path.policy_id.as_str();
    let mut work = call.work();
    work.require(store::exists(&call, id));
    let found = work.push(store::select(&call, id));
    let outcomes = work.run().await?;
    store::shown(outcomes.one(found)?).map(Json)
}

/// Delete a policy of leakage detection. Incidents stay, and scans go on as they began.
#[utoipa::path(
    delete, path = "/vault/v1/leakage-detection/policies/{policyId}", tag = "Vault",
    params(("policyId" = String, Path)),
    responses((status = 204), (status = 400), (status = 401), (status = 403), (status = 404)),
)]
pub(crate) async fn delete_leakage_policy(call: Call<Nothing, Nothing, OfPolicy>) -> Result<Response> {
    let id = call.path.policy_id.as_str();
    call.about(id);
    let mut work = call.work();
    work.require(store::exists(&call, id));
    let delete = "DELETE FROM qnsp_leakage_policies WHERE tenant_id = ?1 AND id = ?2";
    work.push(Statement::new(delete).bind(call.tenant()).bind(id));
    work.run().await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
