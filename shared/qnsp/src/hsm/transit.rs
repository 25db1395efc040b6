//! The transit API of OpenBao, which keeps keys on its own server.

use std::time::Duration;

use axum::http::{Method, Request, StatusCode, header};
use crypto::base64;
use model::qnsp::hsm::MessageType;
use platform::fetch::{self, Limits};
use policy::qnsp::hsm::{KeyKind, Mechanism};
use serde_json::{Value, json};
use service::Error;
use zeroize::Zeroizing;

use super::Endpoint;

const LIMITS: Limits = Limits { time: Duration::from_secs(3), bytes: 4 << 20 };

/// A key is made within so long.
const PATIENT: Limits = Limits { time: Duration::from_secs(30), ..LIMITS };

/// What stands before every ciphertext and signature of a key's first version.
const VERSION: &str = "vault:v1:";

/// Why a server did not do what it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// No answer, or one that says that it does not work.
    Unreachable,
    /// The token is not good for this.
    Authentication,
    /// What was asked for cannot be done.
    Refused(StatusCode),
}

/// A server with the token that it knows us by.
pub struct Transit {
    /// `None` where it may not be called.
    endpoint: Option<Endpoint>,
    token: Zeroizing<String>,
}

/// What a new key on the server shows.
pub struct TransitKey {
    /// SubjectPublicKeyInfo, DER.
    pub public_key: Option<Vec<u8>>,
}

impl Failure {
    /// The refusal of a call whose operation failed.
    #[track_caller]
    #[must_use]
    pub fn into_error(self) -> Error {
        let hsm = match self {
            Self::Authentication => "authentication",
            Self::Unreachable | Self::Refused(_) => "unreachable",
        };
        let error = Error::unavailable("a hardware security module does not do what it was asked for");
        error.with_retry_after(5).with_body(json!({ "hsm": hsm }))
    }
}

impl Transit {
    pub(super) fn new(endpoint: Option<Endpoint>, token: String) -> Self {
        Self { endpoint, token: Zeroizing::new(token) }
    }

    /// Whether the server works. Nobody need be known to it for this.
    pub async fn is_healthy(&self) -> bool {
        // A standby passes requests on; it answers 429, or 473 where it only reads.
        match self.send(Method::GET, Path::Host("/v1/sys/health"), None, LIMITS).await {
            Ok(_) => true,
            Err(Failure::Refused(status)) => matches!(status.as_u16(), 429 | 472 | 473),
            Err(_) => false,
        }
    }

    /// Whether the token is good, and there is a transit API that it may use.
    pub async fn is_authenticated(&self) -> bool {
        if self.send(Method::GET, Path::Host("/v1/auth/token/lookup-self"), None, LIMITS).await.is_err() {
            return false;
        }
        match self.ask(Method::GET, Path::Mount("/keys?list=true".to_owned()), None, LIMITS).await {
            Ok((status, _)) if status.is_success() => true,
            // There are no keys yet. Where there is no transit API, errors say so.
            Ok((StatusCode::NOT_FOUND, answer)) => errors(&answer).is_empty(),
            Ok(_) | Err(_) => false,
        }
    }

    pub async fn create_key(&self, id: &str, kind: KeyKind) -> Result<TransitKey, Failure> {
        let key_type = key_type(kind).ok_or(Failure::Refused(StatusCode::BAD_REQUEST))?;
        let body = json!({ "type": key_type, "exportable": false });
        self.send(Method::POST, Path::Mount(format!("/keys/{id}")), Some(&body), PATIENT).await?;
        let key = match self.send(Method::GET, Path::Mount(format!("/keys/{id}")), None, LIMITS).await {
            Ok(key) => key,
            Err(failure) => {
                // It is there, and nobody will know of it.
                let _ = self.delete_key(id).await;
                return Err(failure);
            }
        };
        let pem = key.pointer("/data/keys/1/public_key").and_then(Value::as_str);
        let public_key = pem.filter(|pem| !pem.is_empty()).map(der).transpose()?;
        Ok(TransitKey { public_key })
    }

    /// A key that is not there is deleted already.
    pub async fn delete_key(&self, id: &str) -> Result<(), Failure> {
        let body = json!({ "deletion_allowed": true });
        let allowed = self.send(Method::POST, Path::Mount(format!("/keys/{id}/config")), Some(&body), LIMITS).await;
        let deleted = match allowed {
            Ok(_) => self.send(Method::DELETE, Path::Mount(format!("/keys/{id}")), None, LIMITS).await,
            refused => refused,
        };
        match deleted {
            Ok(_) => Ok(()),
            Err(failure @ Failure::Refused(_)) => {
                let gone = Failure::Refused(StatusCode::NOT_FOUND);
                let left = self.send(Method::GET, Path::Mount(format!("/keys/{id}")), None, LIMITS).await;
                if left == Err(gone) { Ok(()) } else { Err(failure) }
            }
            Err(failure) => Err(failure),
        }
    }

    pub async fn wrap(&self, id: &str, mechanism: Mechanism, plain: &[u8]) -> Result<Vec<u8>, Failure> {
        let body = json!({ "plaintext": base64::encode(plain) });
        let answer = self.send(Method::POST, Path::Mount(format!("/encrypt/{id}")), Some(&body), LIMITS).await?;
        let text = text_of(&answer, "ciphertext")?;
        if mechanism == Mechanism::RsaOaep256 { unversioned(text) } else { Ok(text.as_bytes().to_vec()) }
    }

    /// What does not open is refused with 400.
    pub async fn unwrap(&self, id: &str, mechanism: Mechanism, wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let invalid = Failure::Refused(StatusCode::BAD_REQUEST);
        let ciphertext = match mechanism {
            Mechanism::RsaOaep256 => versioned(wrapped),
            _ => std::str::from_utf8(wrapped).map_err(|_| invalid)?.to_owned(),
        };
        let body = json!({ "ciphertext": ciphertext });
        let (status, answer) =
            self.ask(Method::POST, Path::Mount(format!("/decrypt/{id}")), Some(&body), LIMITS).await?;
        // OpenBao takes an RSA ciphertext that does not open for an error of its own.
        if status == StatusCode::INTERNAL_SERVER_ERROR && errors(&answer).contains("RSA decrypt the ciphertext") {
            return Err(invalid);
        }
        let answer = judged(status, answer)?;
        base64::decode_any(text_of(&answer, "plaintext")?).map(Zeroizing::new).map_err(|_| Failure::Unreachable)
    }

    pub async fn sign(
        &self,
        id: &str,
        mechanism: Mechanism,
        (input, of): (&[u8], MessageType),
    ) -> Result<Vec<u8>, Failure> {
        let body = signing(mechanism, input, of);
        let path = format!("/sign/{id}/{}", hash(mechanism));
        let answer = self.send(Method::POST, Path::Mount(path), Some(&body), LIMITS).await?;
        unversioned(text_of(&answer, "signature")?)
    }

    pub async fn verify(
        &self,
        id: &str,
        mechanism: Mechanism,
        (input, of): (&[u8], MessageType),
        signature: &[u8],
    ) -> Result<bool, Failure> {
        let mut body = signing(mechanism, input, of);
        if let Some(members) = body.as_object_mut() {
            members.insert("signature".to_owned(), versioned(signature).into());
        }
        let path = format!("/verify/{id}/{}", hash(mechanism));
        match self.send(Method::POST, Path::Mount(path), Some(&body), LIMITS).await {
            Ok(answer) => answer.pointer("/data/valid").and_then(Value::as_bool).ok_or(Failure::Unreachable),
            // What is no signature at all.
            Err(Failure::Refused(StatusCode::BAD_REQUEST)) => Ok(false),
            Err(failure) => Err(failure),
        }
    }

    async fn send(&self, method: Method, path: Path, body: Option<&Value>, limits: Limits) -> Result<Value, Failure> {
        let (status, answer) = self.ask(method, path, body, limits).await?;
        judged(status, answer)
    }

    async fn ask(
        &self,
        method: Method,
        path: Path,
        body: Option<&Value>,
        limits: Limits,
    ) -> Result<(StatusCode, Value), Failure> {
        let Some(Endpoint::Server { origin, mount }) = &self.endpoint else { return Err(Failure::Unreachable) };
        let url = match path {
            Path::Host(path) => format!("{origin}{path}"),
            Path::Mount(path) => format!("{origin}{mount}{path}"),
        };
        let request = Request::builder().method(method).uri(url).header("x-vault-token", self.token.as_str());
        let request = match body {
            Some(body) => request.header(header::CONTENT_TYPE, "application/json").body(body.to_string().into_bytes()),
            None => request.body(Vec::new()),
        };
        // A token with a character that no header has.
        let request = request.map_err(|_| Failure::Authentication)?;
        let answer = fetch::fetch(request, limits).await.map_err(|_| Failure::Unreachable)?;
        Ok((answer.status(), serde_json::from_slice(answer.body()).unwrap_or_default()))
    }
}

/// The answer to what was done.
fn judged(status: StatusCode, answer: Value) -> Result<Value, Failure> {
    match status {
        StatusCode::FORBIDDEN | StatusCode::UNAUTHORIZED => Err(Failure::Authentication),
        status if status.is_server_error() => Err(Failure::Unreachable),
        status if !status.is_success() => Err(Failure::Refused(status)),
        _ => Ok(answer),
    }
}

/// The texts of the errors in an answer.
fn errors(answer: &Value) -> String {
    let errors = answer.get("errors").and_then(Value::as_array).into_iter().flatten();
    errors.filter_map(Value::as_str).collect::<Vec<_>>().join("; ")
}

enum Path {
    Host(&'static str),
    Mount(String),
}

fn key_type(kind: KeyKind) -> Option<&'static str> {
    Some(match kind {
        KeyKind::Aes128 => "aes128-gcm96",
        KeyKind::Aes256 => "aes256-gcm96",
        KeyKind::Rsa2048 => "rsa-2048",
        KeyKind::Rsa3072 => "rsa-3072",
        KeyKind::Rsa4096 => "rsa-4096",
        KeyKind::EcdsaP256 => "ecdsa-p256",
        KeyKind::EcdsaP384 => "ecdsa-p384",
        _ => return None,
    })
}

fn hash(mechanism: Mechanism) -> &'static str {
    if mechanism == Mechanism::EcdsaSha384 { "sha2-384" } else { "sha2-256" }
}

fn signing(mechanism: Mechanism, input: &[u8], of: MessageType) -> Value {
    let algorithm = if mechanism == Mechanism::RsaPkcs1Sha256 { "pkcs1v15" } else { "pss" };
    json!({
        "input": base64::encode(input),
        "prehashed": of == MessageType::Digest,
        "signature_algorithm": algorithm,
        "salt_length": "hash",
        "marshaling_algorithm": "asn1",
    })
}

fn versioned(bytes: &[u8]) -> String {
    format!("{VERSION}{}", base64::encode(bytes))
}

fn unversioned(text: &str) -> Result<Vec<u8>, Failure> {
    let text = text.strip_prefix(VERSION).ok_or(Failure::Unreachable)?;
    base64::decode_any(text).map_err(|_| Failure::Unreachable)
}

fn text_of<'a>(answer: &'a Value, name: &str) -> Result<&'a str, Failure> {
    answer.get("data").and_then(|data| data.get(name)?.as_str()).ok_or(Failure::Unreachable)
}

/// What stands between the two lines of a PEM text.
fn der(pem: &str) -> Result<Vec<u8>, Failure> {
    let lines = pem.lines().map(str::trim).filter(|line| !line.starts_with("-----"));
    base64::decode_any(&lines.collect::<String>()).map_err(|_| Failure::Unreachable)
}
