//! Whether a connection leads to a module that knows us.

use axum::{http::StatusCode, response::Response};
use crypto::seal::DataKey;
use model::{
    qnsp::hsm::{CredentialsType, Validation, ValidationDetails},
    time::IsoTime,
};
use platform::{Statement, clock};
use policy::qnsp::hsm::{Module, capabilities};
use qnsp::{
    Call, Caller, Nothing,
    hsm::{Connection, Operation, connection_exists, connection_is_unchanged, record},
};
use service::Result;

use crate::connections::OfConnection;

/// Validate a connection. It is active afterwards, or in error.
#[utoipa::path(
    post, path = "/kms/v1/byohsm/connections/{connectionId}/validate", tag = "Key management",
    params(("connectionId" = String, Path)),
    responses((status = 200, body = Validation), (status = 400), (status = 401), (status = 403), (status = 404)),
)]
pub(crate) async fn validate_hsm_connection(call: Call<Nothing, Nothing, OfConnection>) -> Result<Response> {
    let id = call.path.connection_id.as_str();
    call.about(id);
    let mut look = call.look();
    look.require(connection_exists(&call, id));
    let found = look.push(Connection::select(&call, id));
    let data_key = look.read_data_key(call.tenant());
    let outcomes = look.run().await?;
    let connection = Connection::of(outcomes.one(found)?)?;
    let started = clock::now_ms();
    let (details, errors) = examine(&call, &connection, outcomes.data_key(&data_key)?.as_deref()).await?;
    let valid = errors.is_empty();

    let mut work = call.work();
    work.require(connection_exists(&call, id));
    work.require(connection_is_unchanged(&call, &connection));
    let update = Statement::new(
        "UPDATE qnsp_hsm_connections SET status = iif(?3, 'active', 'error'), last_health_check_at = ?4, unanswered = 0 \
         WHERE tenant_id = ?1 AND id = ?2",
    );
    work.push(update.bind(call.tenant()).bind(id).bind(valid).bind(call.now));
    let latency = clock::now_ms() - started;
    let operation = Operation { connection: &connection, key: None, operation: "validate", latency };
    record(&mut work, &operation, valid)?;
    let validated_at = IsoTime(call.now);
    work.commit(StatusCode::OK, &Validation { connection_id: id.to_owned(), valid, validated_at, details, errors })
        .await
}

async fn examine(
    caller: &Caller,
    connection: &Connection,
    data_key: Option<&DataKey>,
) -> Result<(ValidationDetails, Vec<&'static str>)> {
    let mut errors = Vec::new();
    let is_given = connection.credential(caller, data_key)?.is_some();
    if !is_given {
        errors.push(match connection.credentials_type {
            CredentialsType::Certificate => "credentials.data has no certificate",
            CredentialsType::ApiKey => "credentials.data has no apiKey",
            CredentialsType::ManagedIdentity => "credentials.data has no clientId",
        });
    }
    let (connectivity, authentication) = match connection.transit(caller, data_key)? {
        None => (true, is_given),
        Some(transit) => {
            let connectivity = transit.is_healthy().await;
            (connectivity, connectivity && is_given && transit.is_authenticated().await)
        }
    };
    if !connectivity {
        errors.push("the module does not answer, or does not work");
    } else if is_given && !authentication {
        errors.push("the module does not accept the credentials, or has no transit API for them");
    }
    // What a server can do is known once it has been asked.
    let is_known = connection.module() == Module::Embedded || authentication;
    let capabilities = if is_known { capabilities(connection.provider, connection.module()) } else { Vec::new() };
    Ok((ValidationDetails { connectivity, authentication, capabilities }, errors))
}
