//! Configurations: what makes credentials, and for how long.

use axum::{Json, http::StatusCode, response::Response};
use model::{
    qnsp::dynamic_secrets::{CreateDynamicSecretConfig, DynamicSecretConfigCreated, DynamicSecretConfigs},
    time::IsoTime,
};
use platform::{PostgresError, Statement};
use qnsp::{
    AskPage, Call, Caller, Nothing, Settings, conflict, impossible,
    leases::{self, Database},
    new_id,
};
use service::{Error, Guard, Result};

use crate::{
    asked,
    config_store::{self, NAME, NewConfig},
};

/// Create a configuration. Credentials are made for real or not at all: of users of a PostgreSQL server (`database` with
/// `postgres`), and of keys of this API (`api_key`).
#[utoipa::path(
    post, path = "/vault/v1/dynamic-secrets/configs", tag = "Vault", request_body = CreateDynamicSecretConfig,
    responses(
        (status = 201, body = DynamicSecretConfigCreated), (status = 400), (status = 401), (status = 403),
        (status = 409), (status = 422),
    ),
)]
pub(crate) async fn create_dynamic_config(call: Call<CreateDynamicSecretConfig>) -> Result<Response> {
    let (new, id) = (&call.body, new_id()?);
    call.about_named(id.as_str(), new.name.as_str());
    let ttl = asked::ttl_of(new)?;
    asked::check_served(new)?;
    asked::check_template(new)?;
    let hosts = &Settings::of(&call.app)?.outbound_hosts;
    let database = asked::database(new, hosts)?;
    if let Some(database) = database.as_ref().filter(|_| new.verify_connection == Some(true)) {
        let mut look = call.look();
        look.require(name_is_free(&call, new.name.as_str()));
        look.run().await?;
        verify(&call, database).await?;
    }
    let mut work = call.work();
    let sealed_backend = match &database {
        Some(database) => {
            let data_key = work.data_key(call.tenant()).await?;
            Some(leases::seal(&data_key, call.tenant(), &id, database)?)
        }
        None => None,
    };
    let kind = new.kind().ok_or_else(|| Error::internal("a configuration without a type was let through"))?;
    let config = NewConfig {
        id: &id,
        name: new.name.as_str(),
        kind: kind.into(),
        username_template: asked::username_template(new),
        role: asked::role(new),
        ttl,
        sealed_backend,
    };
    work.push(config.insert(&call));
    work.push(config_store::count(&call, kind.into()));
    work.on_duplicate(NAME, name_is_taken());
    let created = DynamicSecretConfigCreated {
        id: id.clone(),
        config_id: id,
        name: new.name.as_str().to_owned(),
        kind,
        created_at: IsoTime(call.now),
    };
    work.commit(StatusCode::CREATED, &created).await
}

async fn verify(caller: &Caller, database: &Database) -> Result<()> {
    let verified = database.verify(&Settings::of(&caller.app)?.outbound_hosts).await;
    verified.map_err(|error| {
        let reason = match error {
            PostgresError::Refused { .. } => "the server refuses the account or the database",
            PostgresError::Unreachable | PostgresError::Broken => "the server does not answer",
        };
        impossible("backend.connectionString", reason)
    })
}

#[track_caller]
fn name_is_taken() -> Error {
    conflict("Another configuration of the tenant has this name")
}

fn name_is_free(caller: &Caller, name: &str) -> Guard {
    let free = "NOT EXISTS (SELECT 1 FROM qnsp_dynamic_configs WHERE tenant_id = ?1 AND name = ?2)";
    Guard::new(free, name_is_taken()).bind(caller.tenant()).bind(name)
}

/// List the configurations, oldest first.
#[utoipa::path(
    get, path = "/vault/v1/dynamic-secrets/configs", tag = "Vault", params(AskPage),
    responses((status = 200, body = DynamicSecretConfigs), (status = 400), (status = 401), (status = 403)),
)]
pub(crate) async fn list_dynamic_configs(call: Call<Nothing, AskPage>) -> Result<Json<DynamicSecretConfigs>> {
    let mut work = call.work();
    let page = work.push(config_store::select_page(&call, call.query.limit.0, call.query.offset.0));
    let total = "SELECT coalesce(sum(value), 0) AS total FROM qnsp_dynamic_counts \
                 WHERE tenant_id = ?1 AND counted IN ('database', 'api_key')";
    let total = work.push(Statement::new(total).bind(call.tenant()));
    let outcomes = work.run().await?;
    Ok(Json(DynamicSecretConfigs {
        configs: outcomes.rows(page).iter().map(config_store::in_page).collect::<Result<_>>()?,
        total: outcomes.one(total)?.get("total")?,
    }))
}
