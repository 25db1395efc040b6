//! One operation that uses everything the pipeline has, and others that use little.

use axum::{Json, http::StatusCode, response::Response};
use chancery_qnsp::{Call, Limit, Nothing, Offset, conflict, missing};
use model::{body, ids::Uuid};
use platform::Statement;
use policy::qnsp::Quota;
use serde::Deserialize;
use serde_json::{Value, json};
use service::{Guard, Result};

body! {
    pub struct Thing {
        pub name: String as "name",
        pub weight: u8 as "weight",
    }
}

#[derive(Deserialize)]
pub struct Id {
    id: Uuid,
}

#[derive(Deserialize)]
pub struct List {
    #[serde(default)]
    limit: Limit,
    #[serde(default)]
    offset: Offset,
}

/// Names of things say what stands in their way.
#[utoipa::path(post, path = "/auth/v1/things/{id}")]
pub async fn create_thing(call: Call<Thing, List, Id>) -> Result<Response> {
    call.about_named(call.path.id.as_str(), call.body.name.as_str());
    let mut work = call.work();
    work.require(Guard::new("?1 NOT LIKE '%missing%'", missing("No such thing")).bind(call.body.name.as_str()));
    work.require(Guard::new("?1 NOT LIKE '%conflict%'", conflict("Not in this state")).bind(call.body.name.as_str()));
    work.reserve(Quota::Keys, 1);
    let insert = "INSERT INTO service_directory (name, url) VALUES (?1, 'https://a.example')";
    work.push(Statement::new(insert).bind(format!("{}{}", call.path.id.as_str(), call.body.name)));
    work.on_duplicate("service_directory.name", conflict("The name is taken"));
    let answer = json!({ "name": call.body.name, "weight": call.body.weight, "limit": call.query.limit.0 });
    work.commit(StatusCode::CREATED, &answer).await
}

#[utoipa::path(get, path = "/auth/things")]
pub async fn list_things(call: Call<Nothing, List>) -> Result<Json<Value>> {
    call.work().run().await?;
    Ok(Json(json!({ "limit": call.query.limit.0, "offset": call.query.offset.0, "tenant": call.tenant() })))
}

/// Answers what depends on its batch.
#[utoipa::path(post, path = "/auth/hello/{tenantId}")]
pub async fn hello(call: Call) -> Result<Response> {
    let mut work = call.work();
    let found = work.push(Statement::new("SELECT name FROM qnsp_tenants WHERE id = ?1").bind(call.tenant()));
    let outcomes = work.run().await?;
    let name: String = outcomes.one(found)?.get("name")?;
    call.answer(StatusCode::OK, &json!({ "name": name })).await
}

/// Answers what is for its caller alone.
#[utoipa::path(post, path = "/auth/me")]
pub async fn name_me(call: Call) -> Result<Response> {
    let answer = json!({ "user": call.user() });
    call.work().commit(StatusCode::OK, &answer).await
}

#[utoipa::path(get, path = "/billing/things")]
pub async fn set_billing(call: Call) -> Result<Json<Value>> {
    call.work().run().await?;
    Ok(Json(json!({})))
}
