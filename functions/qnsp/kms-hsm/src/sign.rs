//! Data is signed, and signatures are verified.

use axum::response::Response;
use crypto::base64;
use hsm::{Message, PublicKey};
use model::qnsp::{
    Text,
    hsm::{MessageType, SignData, Signed, Verified, VerifySignature},
};
use policy::qnsp::hsm::Mechanism;
use qnsp::{Call, hsm::sign, impossible};
use service::Result;

use crate::uses::{Fault, Use, Used, seed};

/// Sign data, or a hash of it.
#[utoipa::path(
    post, path = "/kms/v1/byohsm/sign", tag = "Key management", request_body = SignData,
    responses(
        (status = 200, body = Signed), (status = 400), (status = 401), (status = 403), (status = 404), (status = 409),
        (status = 422),
    ),
)]
pub(crate) async fn sign_data(call: Call<SignData>) -> Result<Response> {
    let (data, of) = (call.body.data.as_slice(), call.body.message_type.unwrap_or_default());
    let used = Used::find(&call, call.body.key_id.as_str(), Use::Sign).await?;
    let mechanism = used.mechanism(call.body.algorithm.as_ref().map(Text::as_str))?;
    let message = message(mechanism, data, of)?;
    let signature = match used.server() {
        Some(server) => server.sign(&used.key.id, mechanism, (data, of)).await.map_err(Fault::Server),
        None => sign(&used.material(&call)?, mechanism, message, seed()?).await.map_err(Fault::Module),
    };
    let signature = match signature {
        Ok(signature) => signature,
        Err(fault) => return Err(used.refuse(&call, fault).await),
    };
    let answer =
        Signed { signature: base64::encode(&signature), key_id: used.key.id.clone(), algorithm: mechanism.name() };
    used.finish(&call, data.len(), &answer).await
}

/// Verify a signature. What is no signature at all is not valid.
#[utoipa::path(
    post, path = "/kms/v1/byohsm/verify", tag = "Key management", request_body = VerifySignature,
    responses(
        (status = 200, body = Verified), (status = 400), (status = 401), (status = 403), (status = 404),
        (status = 409), (status = 422),
    ),
)]
pub(crate) async fn verify_signature(call: Call<VerifySignature>) -> Result<Response> {
    let (data, of) = (call.body.data.as_slice(), call.body.message_type.unwrap_or_default());
    let signature = call.body.signature.as_slice();
    let used = Used::find(&call, call.body.key_id.as_str(), Use::Verify).await?;
    let mechanism = used.mechanism(call.body.algorithm.as_ref().map(Text::as_str))?;
    let message = message(mechanism, data, of)?;
    let valid = match used.server() {
        Some(server) => server.verify(&used.key.id, mechanism, (data, of), signature).await.map_err(Fault::Server),
        None => PublicKey::new(used.key.kind, &used.public_key()?)
            .verify(mechanism, message, signature)
            .map_err(Fault::Module),
    };
    let valid = match valid {
        Ok(valid) => valid,
        Err(fault) => return Err(used.refuse(&call, fault).await),
    };
    let answer = Verified { valid, key_id: used.key.id.clone() };
    used.finish(&call, data.len(), &answer).await
}

/// A hash is one of the mechanism, by its length.
fn message(mechanism: Mechanism, data: &[u8], of: MessageType) -> Result<Message<'_>> {
    if of == MessageType::Message {
        return Ok(Message::Whole(data));
    }
    match mechanism.digest_length() {
        None => Err(impossible("messageType", "must be message for this algorithm")),
        Some(length) if length == data.len() => Ok(Message::Digest(data)),
        Some(_) => Err(impossible("data", "is not a hash of this algorithm")),
    }
}
