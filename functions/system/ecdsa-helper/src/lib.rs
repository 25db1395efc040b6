//! The ECDSA helper: encrypts and decrypts with the keys that a caller sends, for clients without the cryptography
//! of signed requests. It keeps and logs nothing. Signed requests themselves are opened elsewhere.

use axum::{Json as Answer, Router, routing::post};
use crypto::{PrivateKey, PublicKey, SharedKey};
use model::system::{EcdsaHelperRequest, EcdsaHelperResponse};
use platform::{Host, random};
use service::{App, Error, Json, Path, Result, Shape};

pub async fn app(host: Host) -> Router {
    App::new(host).await.serve(router(), Shape::Kosmos)
}

platform::export!(app);

pub fn router() -> Router<App> {
    ["/caas", "/licenses"].into_iter().fold(Router::new(), |router, api| {
        router
            .route(&format!("{api}/ecdsa_helper"), post(encrypt))
            .route(&format!("{api}/ecdsa_helper/"), post(encrypt))
            .route(&format!("{api}/ecdsa_helper/{{method}}"), post(encrypt_or_decrypt))
    })
}

/// The operations of this function, for the OpenAPI document. Their paths are relative to each API that has them.
#[derive(utoipa::OpenApi)]
#[openapi(paths(encrypt, encrypt_or_decrypt))]
pub struct Operations;

/// Encrypt `dataStr` for the owner of `publicKey`.
#[utoipa::path(
    post, path = "/ecdsa_helper", tag = "ECDSA helper",
    request_body = EcdsaHelperRequest,
    responses((status = 200, body = EcdsaHelperResponse), (status = 400)),
)]
async fn encrypt(
    app: axum::extract::State<App>,
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
async fn encrypt_or_decrypt(
    app: axum::extract::State<App>,
    Path(method): Path<String>,
    request: Json<EcdsaHelperRequest>,
) -> Result<Answer<EcdsaHelperResponse>> {
    match method.as_str() {
        "encrypt" => encrypt(app, request).await,
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
    let curve = app.config().curve()?;
    let public = PublicKey::from_base64(curve, &request.public_key).map_err(refuse("publicKey"))?;
    let private = PrivateKey::from_base64(curve, &request.private_key).map_err(refuse("privateKey"))?;
    SharedKey::agree(&private, &public).map_err(refuse("publicKey"))
}

/// The crypto room's errors say the rule, never the input.
fn refuse(field: &'static str) -> impl Fn(crypto::Error) -> Error {
    move |error| Error::bad_request(format!("{field}: {error}"))
}
