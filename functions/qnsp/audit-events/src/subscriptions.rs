//! Subscriptions to events: made, listed, changed and deleted.

use axum::{Json, http::StatusCode, response::Response};
use model::{
    ids::Uuid,
    qnsp::audit::{
        Config, DestinationType, NewFilters, NewSubscription, Status, SubscriptionCreated, SubscriptionUpdated,
        Subscriptions, UpdateSubscription,
    },
    time::IsoTime,
};
use platform::random;
use policy::qnsp::Refused;
use qnsp::{AskPage, Call, Caller, Nothing, Settings, impossible, new_id, subscription_aad};
use serde::Deserialize;
use service::Result;

use crate::subscription_store::{self as store, PULL, PUSH};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SubscriptionId {
    subscription_id: Uuid,
}

/// Subscribe to events: a webhook is sent them, a bridge to Kafka or SQS reads the stream.
#[utoipa::path(
    post, path = "/audit/v1/streaming/subscriptions", tag = "Audit", request_body = NewSubscription,
    responses(
        (status = 201, body = SubscriptionCreated), (status = 400), (status = 401), (status = 403), (status = 409),
        (status = 422),
    ),
)]
pub(crate) async fn create_subscription(call: Call<NewSubscription>) -> Result<Response> {
    let (id, name) = (new_id()?, call.body.name.as_str());
    let config = call.body.config()?;
    check_address(&call, &config)?;
    let filters = call.body.filters.as_ref().map(NewFilters::filters).unwrap_or_default();
    let mut work = call.work();
    let sealed = match &config.secret {
        Some(secret) => {
            let key = work.data_key(call.tenant()).await?;
            Some(key.seal(random::bytes()?, &subscription_aad(call.tenant(), &id), secret.as_bytes()))
        }
        None => None,
    };
    work.require(store::name_is_free(&call, name, &id));
    work.push(store::insert(&call, (&id, name), &filters, &config, sealed)?);
    let created = SubscriptionCreated {
        id: id.clone(),
        subscription_id: id,
        name: name.to_owned(),
        status: Status::Active,
        delivery: if config.kind == DestinationType::Webhook { PUSH } else { PULL },
        created_at: IsoTime(call.now),
    };
    work.commit(StatusCode::CREATED, &created).await
}

/// List the subscriptions, the oldest first. Secrets are not shown.
#[utoipa::path(
    get, path = "/audit/v1/streaming/subscriptions", tag = "Audit", params(AskPage),
    responses((status = 200, body = Subscriptions), (status = 400), (status = 401), (status = 403)),
)]
pub(crate) async fn list_subscriptions(call: Call<Nothing, AskPage>) -> Result<Json<Subscriptions>> {
    let mut work = call.work();
    let found = work.push(store::page(call.tenant(), call.query.limit.0, call.query.offset.0));
    let total = work.push(store::count(call.tenant()));
    let outcomes = work.run().await?;
    Ok(Json(Subscriptions {
        subscriptions: outcomes.rows(found).iter().map(store::subscription).collect::<Result<_>>()?,
        total: outcomes.one(total)?.get("total")?,
    }))
}

/// Change a subscription.
#[utoipa::path(
    patch, path = "/audit/v1/streaming/subscriptions/{subscriptionId}", tag = "Audit",
    params(("subscriptionId" = String, Path)), request_body = UpdateSubscription,
    responses(
        (status = 200, body = SubscriptionUpdated), (status = 400), (status = 401), (status = 403), (status = 404),
        (status = 409),
    ),
)]
pub(crate) async fn update_subscription(
    call: Call<UpdateSubscription, Nothing, SubscriptionId>,
) -> Result<Json<SubscriptionUpdated>> {
    let id = call.path.subscription_id.as_str();
    call.about(id);
    let mut work = call.work();
    work.require(store::exists(&call, id));
    if let Some(name) = &call.body.name {
        work.require(store::name_is_free(&call, name.as_str(), id));
    }
    let updated = work.push(store::update(&call, id, &call.body)?);
    let outcomes = work.run().await?;
    let status = outcomes.one(updated)?.get("status")?;
    Ok(Json(SubscriptionUpdated { subscription_id: id.to_owned(), status, updated_at: IsoTime(call.now) }))
}

/// Delete a subscription. What was not delivered yet is dropped.
#[utoipa::path(
    delete, path = "/audit/v1/streaming/subscriptions/{subscriptionId}", tag = "Audit",
    params(("subscriptionId" = String, Path)),
    responses((status = 204), (status = 400), (status = 401), (status = 403), (status = 404)),
)]
pub(crate) async fn delete_subscription(call: Call<Nothing, Nothing, SubscriptionId>) -> Result<StatusCode> {
    let id = call.path.subscription_id.as_str();
    call.about(id);
    let mut work = call.work();
    work.require(store::exists(&call, id));
    for statement in store::delete(call.tenant(), id) {
        work.push(statement);
    }
    work.run().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Whether a webhook may be called there.
fn check_address(caller: &Caller, config: &Config) -> Result<()> {
    const FIELD: &str = "destination.config.url";
    let Some(url) = config.url() else { return Ok(()) };
    match Settings::of(&caller.app)?.outbound_hosts.check(url) {
        Ok(()) => Ok(()),
        Err(Refused::NoUrl) => Err(model::faults::Faults::one(FIELD, "must be a URL").into()),
        Err(Refused::NotHttps) => Err(model::faults::Faults::one(FIELD, "must be an https URL").into()),
        Err(Refused::NotAllowed) => Err(impossible(FIELD, "address not allowed")),
    }
}
