//! Keys are wrapped and unwrapped.

use axum::response::Response;
use crypto::base64;
use hsm::PublicKey;
use model::qnsp::{
    Text,
    hsm::{KeyType, KeyUnwrapped, KeyWrapped, UnwrapKey, WrapKey},
};
use qnsp::{Call, hsm::unwrap, impossible};
use service::Result;

use crate::uses::{Fault, Use, Used, seed};

/// What OAEP with SHA-256 adds.
const OAEP: i64 = 66;

/// Wrap a key.
#[utoipa::path(
    post, path = "/kms/v1/byohsm/wrap", tag = "Key management", request_body = WrapKey,
    responses(
        (status = 200, body = KeyWrapped), (status = 400), (status = 401), (status = 403), (status = 404),
        (status = 409), (status = 422),
    ),
)]
pub(crate) async fn wrap_key(call: Call<WrapKey>) -> Result<Response> {
    let plain = call.body.key_to_wrap.as_slice();
    let used = Used::find(&call, call.body.wrapping_key_id.as_str(), Use::Wrap).await?;
    let mechanism = used.mechanism(call.body.algorithm.as_ref().map(Text::as_str))?;
    let kind = used.key.kind;
    let room = kind.size().filter(|_| kind.key_type() == KeyType::Rsa).map(|bits| bits / 8 - OAEP);
    if room.is_some_and(|room| i64::try_from(plain.len()).is_ok_and(|length| length > room)) {
        return Err(impossible("keyToWrap", "is too long for this key"));
    }
    let wrapped = match used.server() {
        Some(server) => server.wrap(&used.key.id, mechanism, plain).await.map_err(Fault::Server),
        None if used.key.public_key.is_some() => {
            PublicKey::new(kind, &used.public_key()?).wrap(mechanism, plain, seed()?).map_err(Fault::Module)
        }
        None => used.material(&call)?.wrap(mechanism, plain, seed()?).map_err(Fault::Module),
    };
    let wrapped = match wrapped {
        Ok(wrapped) => wrapped,
        Err(fault) => return Err(used.refuse(&call, fault).await),
    };
    let answer = KeyWrapped {
        wrapped_key: base64::encode(&wrapped),
        wrapping_key_id: used.key.id.clone(),
        algorithm: mechanism.wrap_name(),
    };
    used.finish(&call, plain.len(), &answer).await
}

/// Unwrap a key.
#[utoipa::path(
    post, path = "/kms/v1/byohsm/unwrap", tag = "Key management", request_body = UnwrapKey,
    responses(
        (status = 200, body = KeyUnwrapped), (status = 400), (status = 401), (status = 403), (status = 404),
        (status = 409), (status = 422),
    ),
)]
pub(crate) async fn unwrap_key(call: Call<UnwrapKey>) -> Result<Response> {
    let wrapped = call.body.wrapped_key.as_slice();
    let used = Used::find(&call, call.body.unwrapping_key_id.as_str(), Use::Unwrap).await?;
    let mechanism = used.mechanism(call.body.algorithm.as_ref().map(Text::as_str))?;
    let plain = match used.server() {
        Some(server) => server.unwrap(&used.key.id, mechanism, wrapped).await.map_err(Fault::Server),
        None => unwrap(&used.material(&call)?, mechanism, wrapped, seed()?).await.map_err(Fault::Module),
    };
    let plain = match plain {
        Ok(plain) => plain,
        Err(fault) => return Err(used.refuse(&call, fault).await),
    };
    let answer = KeyUnwrapped { unwrapped_key: base64::encode(&plain) };
    // As of every answer of the API, nobody keeps a copy of it on the way.
    used.finish(&call, wrapped.len(), &answer).await
}
