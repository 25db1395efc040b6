//! New credentials, for as long as their lease lives.

use axum::response::Response;
use model::qnsp::dynamic_secrets::{GenerateCredentials, LeaseIssued};
use qnsp::{
    Call, Nothing, impossible,
    leases::{Config, Due},
    new_id,
};
use serde_json::{Map, Value, json};
use service::Result;

use crate::{
    asked::asked_ttl,
    config_store::{OfConfig, config_exists},
    issue::{issue_key, issue_user},
};

/// Generate credentials. They are shown once.
#[utoipa::path(
    post, path = "/vault/v1/dynamic-secrets/configs/{configId}/credentials", tag = "Vault",
    request_body = GenerateCredentials, params(("configId" = String, Path)),
    responses(
        (status = 200, body = LeaseIssued), (status = 400), (status = 401), (status = 403), (status = 404),
        (status = 409), (status = 422),
    ),
)]
pub(crate) async fn generate_credentials(call: Call<GenerateCredentials, Nothing, OfConfig>) -> Result<Response> {
    let (id, config_id) = (new_id()?, call.path.config_id.as_str());
    let asked = asked_ttl(call.body.ttl.as_ref(), call.body.ttl_seconds)?;
    call.about(id.as_str());
    let metadata = call.body.metadata.as_ref().map_or_else(Map::new, |metadata| metadata.members());
    call.payload(json!({ "configId": config_id, "metadata": Value::Object(metadata) }));

    let mut look = call.look();
    look.require(config_exists(&call, config_id));
    let found = look.push(Config::select(&call, config_id));
    let due = look.push(Due::select(&call, config_id));
    let data_key = look.read_data_key(call.tenant());
    let outcomes = look.run().await?;
    let config = Config::of(outcomes.one(found)?)?;
    let database = config.database(call.tenant(), outcomes.data_key(&data_key)?.as_deref())?;
    let ttl = asked.unwrap_or(config.ttl.default);
    if ttl > config.ttl.max {
        let field = if call.body.ttl.is_some() { "ttl" } else { "ttlSeconds" };
        return Err(impossible(field, "must be at most ttl.max of the configuration"));
    }
    let due = Due::of(outcomes.one(due)?)?;
    due.settle(&call).await?;
    due.do_later(&call, config_id);
    match database {
        Some(database) => issue_user(&call, &config, &database, &id, ttl).await,
        None => issue_key(&call, &config, &id, ttl).await,
    }
}
