//! Encrypt and decrypt texts between two keys.

use axum::{Json as Answer, extract::State};
use crypto::{PrivateKey, PublicKey, SharedKey};
use model::system::{EcdsaHelperRequest, EcdsaHelperResponse};
use platform::random;
use service::{App, Error, Json, Path, Result};

/// Encrypt `dataStr` for the owner of `publicKey`.
#[utoipa::path(
    post, path = "/ecdsa_helper", tag = "ECDSA helper",
    request_body = EcdsaHelperRequest,
    responses((status = 200, body = EcdsaHelperResponse), (status = 400)),
)]
pub(crate) async fn encrypt(
    State(app): State<App>,
    Json(request): Json<EcdsaHelperRequest>,
) -> Result<Answer<EcdsaHelperResponse>> {
    let iv = random::bytes()?;
    let data = agree(&app, &request)?.encrypt(iv, request.data_str.as_bytes());
    Ok(Answer(EcdsaHelperResponse { data }))
}

/// Encrypt or decrypt `dataStr` between the owners of the two keys.
#[utoipa::path(
    post, path = "/ecdsa_helper/{method}", tag = "ECDSA helper",
    params(("method" = String, Path, description = "`encrypt` or `decrypt`")),
    request_body = EcdsaHelperRequest,
    responses((status = 200, body = EcdsaHelperResponse), (status = 400)),
)]
pub(crate) async fn encrypt_or_decrypt(
    State(app): State<App>,
    Path(method): Path<String>,
    request: Json<EcdsaHelperRequest>,
) -> Result<Answer<EcdsaHelperResponse>> {
    match method.as_str() {
        "encrypt" => encrypt(State(app), request).await,
        "decrypt" => decrypt(&app, &request.0).map(Answer),
        _ => Err(Error::bad_request("The method is encrypt or decrypt")),
    }
}

fn decrypt(app: &App, request: &EcdsaHelperRequest) -> Result<EcdsaHelperResponse> {
    let plain = agree(app, request)?.decrypt(&request.data_str).map_err(refuse("dataStr"))?;
    let text = std::str::from_utf8(&plain).map_err(|_| Error::bad_request("dataStr does not hold UTF-8 text"))?;
    Ok(EcdsaHelperResponse { data: text.to_owned() })
}

fn agree(app: &App, request: &EcdsaHelperRequest) -> Result<SharedKey> {
    let curve = app.signing()?.curve()?;
    let public = PublicKey::from_base64(curve, &request.public_key).map_err(refuse("publicKey"))?;
    let private = PrivateKey::from_base64(curve, &request.private_key).map_err(refuse("privateKey"))?;
    SharedKey::agree(&private, &public).map_err(refuse("publicKey"))
}

/// The errors of `crypto` say the rule, never the input.
fn refuse(field: &'static str) -> impl Fn(crypto::Error) -> Error {
    move |error| Error::bad_request(format!("{field}: {error}"))
}
