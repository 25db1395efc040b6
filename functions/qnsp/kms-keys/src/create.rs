//! How a key comes to be: in the embedded module, or on a server.

use std::sync::Arc;

use axum::{http::StatusCode, response::Response};
use crypto::{base64, seal::DataKey};
use hsm::{Material, Seed};
use model::{
    ids::Uuid,
    qnsp::{
        Text,
        hsm::{CreateHsmKey, KeyCreated, KeyType, Purpose},
    },
    time::IsoTime,
};
use platform::{Statement, clock, random};
use policy::qnsp::{
    Algorithm, Quota,
    hsm::{KeyKind, Mechanism, Module, Unfit, Wanted, has_pqc},
};
use qnsp::{
    Call, Caller, deprecation,
    hsm::{
        Connection, Operation, Transit, connection_exists, connection_is_active, connection_is_unchanged, key_exists,
        key_is_active, record, record_failure, seal_material,
    },
    impossible, new_id,
};
use serde_json::json;
use service::{Error, Guard, Result};
use zeroize::Zeroizing;

/// A key that exists where it will be used, and not yet in the list.
struct Made {
    /// SubjectPublicKeyInfo, DER in base64.
    public_key: Option<String>,
    sealed_material: Option<Vec<u8>>,
}

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

    let started = clock::now_ms();
    let operation =
        |key| Operation { connection: &connection, key, operation: "key.create", latency: clock::now_ms() - started };
    let transit = connection.transit(&call, data_key.as_deref())?;
    let made = match &transit {
        None => make(&call, &id, kind).await?,
        Some(transit) => match transit.create_key(&id, kind).await {
            Ok(key) => Made { public_key: key.public_key.map(|der| base64::encode(&der)), sealed_material: None },
            Err(failure) => {
                record_failure(&call, &operation(None), failure).await?;
                return Err(failure.into_error());
            }
        },
    };

    let mut work = call.work();
    for guard in guards {
        work.require(guard);
    }
    work.require(connection_is_unchanged(&call, &connection));
    work.push(insert(&call, (&id, name), (kind, mechanism), &purposes, &made));
    if let Some(replaced) = &new.replaces_key_id {
        let retire = "UPDATE qnsp_hsm_keys SET status = 'retired', replaced_by = ?3 WHERE tenant_id = ?1 AND id = ?2";
        work.push(Statement::new(retire).bind(call.tenant()).bind(replaced.as_str()).bind(id.as_str()));
    }
    record(&mut work, &operation(Some(&id)), true)?;
    work.reserve(Quota::Keys, 1);
    let created = KeyCreated {
        key_id: id.clone(),
        connection_id: connection.id.clone(),
        key_type: new.key_type,
        algorithm: mechanism.name().to_owned(),
        created_at: IsoTime(call.now),
        public_key: made.public_key,
    };
    let answer = work.commit(StatusCode::CREATED, &created).await;
    if answer.is_err() {
        forget(transit.as_ref(), &id).await;
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

/// Makes a key in the embedded module.
async fn make(caller: &Caller, id: &str, kind: KeyKind) -> Result<Made> {
    let data_key = caller.look().data_key(caller.tenant()).await?;
    let made = || Error::internal("a key cannot be made");
    let material = match made_by_host(kind).await {
        Some(material) => material,
        None => Material::generate(kind, Seed::new(random::bytes()?)).map_err(|_| made())?,
    };
    let public_key = material.public_key().map_err(|_| made())?;
    Ok(Made {
        public_key: public_key.map(|der| base64::encode(&der)),
        sealed_material: Some(seal_material(&data_key, caller.tenant(), id, material.bytes())?),
    })
}

/// An RSA key takes seconds to compute; some hosts make one much sooner.
async fn made_by_host(kind: KeyKind) -> Option<Material> {
    let bits = kind.size().filter(|_| kind.key_type() == KeyType::Rsa)?;
    let pkcs8 = platform::generate_rsa_key(u32::try_from(bits).ok()?).await?;
    Some(Material::from_bytes(kind, Zeroizing::new(pkcs8)))
}

fn insert(
    call: &Call<CreateHsmKey>,
    (id, name): (&str, Option<&str>),
    (kind, mechanism): (KeyKind, Mechanism),
    purposes: &[Purpose],
    made: &Made,
) -> Statement {
    let description = call.body.metadata.as_ref().and_then(|metadata| metadata.description.as_ref());
    let key_type: &str = kind.key_type().into();
    let insert = Statement::new(
        "INSERT INTO qnsp_hsm_keys (tenant_id, id, created_at, connection_id, key_type, key_size, algorithm, mechanism, \
         purposes, public_key, sealed_material, name, description, status) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, 'active')",
    );
    insert
        .bind(call.tenant())
        .bind(id)
        .bind(call.now)
        .bind(call.body.connection_id.as_str())
        .bind(key_type)
        .bind(kind.size())
        .bind(kind.name())
        .bind(mechanism.name())
        .bind(json!(purposes).to_string())
        .bind(made.public_key.clone())
        .bind(made.sealed_material.clone())
        .bind(name.map(str::to_owned))
        .bind(description.map(|description| description.as_str().to_owned()))
}

/// A key on a server that is in no list is nobody's.
async fn forget(transit: Option<&Transit>, id: &str) {
    if let Some(transit) = transit
        && transit.delete_key(id).await.is_err()
    {
        platform::log::error(&format!("the key {id} could not be deleted from its module again"));
    }
}
