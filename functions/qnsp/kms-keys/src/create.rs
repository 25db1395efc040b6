//! Keys are created.

use std::sync::Arc;

use axum::{http::StatusCode, response::Response};
use crypto::seal::DataKey;
use model::{
    ids::Uuid,
    qnsp::{
        Text,
        hsm::{CreateHsmKey, KeyCreated, Purpose},
    },
    time::IsoTime,
};
use policy::qnsp::{
    Algorithm, Quota,
    hsm::{KeyKind, Mechanism, Module, Unfit, Wanted, has_pqc},
};
use qnsp::{
    Call, deprecation,
    hsm::{
        Connection, NewKey, connection_exists, connection_is_active, connection_is_unchanged, key_exists,
        key_is_active, record, record_failure,
    },
    impossible, new_id,
};
use serde_json::json;
use service::{Error, Guard, Result};

/// Create a key. It may replace another, which is retired then.
///
/// An RSA key takes seconds: with an Idempotency-Key a call can be sent again.
#[utoipa::path(
    post, path = "/kms/v1/byohsm/keys", tag = "Key management", request_body = CreateHsmKey,
    responses(
        (status = 201, body = KeyCreated), (status = 400), (status = 401), (status = 403), (status = 404),
        (status = 409), (status = 422),
    ),
)]
pub(crate) async fn create_key(call: Call<CreateHsmKey>) -> Result<Response> {
    let (new, id) = (&call.body, new_id()?);
    let purposes = distinct(&new.purpose.0);
    let wanted = Wanted {
        key_type: new.key_type,
        size: new.key_size.map(|size| size.0),
        algorithm: new.algorithm.as_ref().map(Text::as_str),
        purposes: &purposes,
    };
    let metadata = new.metadata.as_ref();
    let name = metadata.and_then(|metadata| metadata.name.as_ref()).map(Text::as_str);
    match name {
        Some(name) => call.about_named(id.as_str(), name),
        None => call.about(id.as_str()),
    }
    let kind = wanted.kind().map_err(unfit)?;
    call.payload(json!({ "connectionId": new.connection_id, "algorithm": kind.name() }));
    let guards = guards(&call, kind).await?;
    let (connection, data_key) = find_connection(&call, &guards).await?;
    let mechanism = mechanism(&wanted, kind, &connection)?;
    let mut room = call.look();
    room.require_room(Quota::Keys, 1);
    room.run().await?;

    let description = metadata.and_then(|metadata| metadata.description.as_ref()).map(Text::as_str);
    let key = NewKey {
        id: &id,
        connection: &connection,
        kind,
        mechanism,
        purposes: &purposes,
        name,
        description,
        replaces: new.replaces_key_id.as_ref().map(Uuid::as_str),
    };
    let data_key = match connection.module() {
        Module::Embedded => Some(call.look().data_key(call.tenant()).await?),
        Module::Server => data_key,
    };
    let (made, latency) = key.make(&call, data_key.as_deref()).await?;
    let operation = key.operation(made.is_ok(), latency);
    let made = match made {
        Ok(made) => made,
        Err(failure) => {
            record_failure(&call, &operation, failure).await?;
            return Err(failure.into_error());
        }
    };

    let mut work = call.work();
    for guard in guards {
        work.require(guard);
    }
    work.require(connection_is_unchanged(&call, &connection));
    for statement in key.store(&call, &made) {
        work.push(statement);
    }
    record(&mut work, &operation, true)?;
    work.reserve(Quota::Keys, 1);
    let created = KeyCreated {
        key_id: id.clone(),
        connection_id: connection.id.clone(),
        key_type: new.key_type,
        algorithm: mechanism.name().to_owned(),
        created_at: IsoTime(call.now),
        public_key: made.public_key.clone(),
    };
    let answer = work.commit(StatusCode::CREATED, &created).await;
    if answer.is_err() {
        made.forget(&id).await;
    }
    answer
}

fn distinct(purposes: &[Purpose]) -> Vec<Purpose> {
    let mut distinct = Vec::new();
    for purpose in purposes {
        if !distinct.contains(purpose) {
            distinct.push(*purpose);
        }
    }
    distinct
}

fn unfit((field, reason): Unfit) -> Error {
    impossible(field, reason)
}

async fn guards(call: &Call<CreateHsmKey>, kind: KeyKind) -> Result<Vec<Guard>> {
    let (connection, replaced) =
        (call.body.connection_id.as_str(), call.body.replaces_key_id.as_ref().map(Uuid::as_str));
    let mut guards = vec![connection_exists(call, connection)];
    guards.extend(replaced.map(|key| key_exists(call, key)));
    guards.push(connection_is_active(call, connection));
    guards.extend(replaced.map(|key| key_is_active(call, key)));
    guards.push(deprecation::not_forbidden(call, &Algorithm::of(kind.name())).await?);
    Ok(guards)
}

async fn find_connection(call: &Call<CreateHsmKey>, guards: &[Guard]) -> Result<(Connection, Option<Arc<DataKey>>)> {
    let mut look = call.look();
    for guard in guards {
        look.require(guard.clone());
    }
    let found = look.push(Connection::select(call, call.body.connection_id.as_str()));
    let data_key = look.read_data_key(call.tenant());
    let outcomes = look.run().await?;
    Ok((Connection::of(outcomes.one(found)?)?, outcomes.data_key(&data_key)?))
}

/// The mechanism of the key on the connection's module.
fn mechanism(wanted: &Wanted, kind: KeyKind, connection: &Connection) -> Result<Mechanism> {
    let module = connection.module();
    let mechanism = wanted.mechanism(kind, module).map_err(unfit)?;
    if module == Module::Embedded && kind.is_post_quantum() && !has_pqc(connection.provider) {
        return Err(impossible("keyType", "the module has no post-quantum keys"));
    }
    Ok(mechanism)
}
