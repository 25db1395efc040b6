//! `data` in bodies and answers, encrypted and in plain mode, over the native host.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::collections::HashMap;

use axum::{
    Json, Router,
    body::{Body, to_bytes},
    http::Request,
    routing::post,
};
use chancery_service::{App, Result, Sealed, Shape};
use crypto::{Curve, PrivateKey, SharedKey, base64};
use model::caas::WithData;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tower::ServiceExt as _;

#[derive(Deserialize, Serialize)]
struct Data {
    word: String,
}

async fn echo(sealed: Sealed<Data, 512>) -> Result<Json<WithData<Data>>> {
    sealed.envelope.answer(sealed.data)
}

struct Service {
    router: Router,
    caller: PrivateKey,
    public_key: String,
}

impl Service {
    async fn start(name: &str, plain_mode: &str) -> Self {
        let service = PrivateKey::from_bytes(Curve::P256, &[0x22; 32]).unwrap();
        let vars = [("CAAS_PRIVATE_KEY", base64::encode(&[0x22; 32])), ("PLAIN_MODE", plain_mode.to_owned())];
        let vars: HashMap<_, _> = vars.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let file = std::env::temp_dir().join(format!("envelope-{name}-{}.db", std::process::id()));
        let host = platform::runtime::host(&file, vars).unwrap();
        let router = App::signed(host).await.serve(Router::new().route("/caas/echo", post(echo)), Shape::Kosmos);
        std::fs::remove_file(file).unwrap();
        let caller = PrivateKey::from_bytes(Curve::P256, &[0x11; 32]).unwrap();
        Self { router, caller, public_key: service.public_key().to_base64() }
    }

    fn key(&self) -> SharedKey {
        let service = PrivateKey::from_bytes(Curve::P256, &[0x22; 32]).unwrap().public_key();
        SharedKey::agree(&self.caller, &service).unwrap()
    }

    async fn post(&self, plain: Option<&str>, body: String) -> (u16, Value) {
        let mut request = Request::post("/caas/echo").header("publickey", self.caller.public_key().to_base64());
        if let Some(plain) = plain {
            request = request.header("requestfromswagger", plain);
        }
        let response = self.router.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), 1 << 16).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap())
    }
}

#[tokio::test]
async fn encrypted_data_is_opened_and_answered_encrypted() {
    let service = Service::start("sealed", "").await;
    let data = service.key().encrypt([7; 16], br#"{"word":"hello"}"#);
    for plain in [None, Some("false")] {
        let (status, body) = service.post(plain, json!({ "data": data }).to_string()).await;
        assert_eq!((status, &body["publicKey"]), (200, &json!(service.public_key)), "{body}");
        let answer = service.key().decrypt(body["data"].as_str().unwrap()).unwrap();
        assert_eq!(answer.as_slice(), br#"{"word":"hello"}"#);
        assert_ne!(body["data"], json!(data), "every answer has an IV of its own");
    }
}

#[tokio::test]
async fn plain_data_is_answered_plain_unless_that_is_forbidden() {
    let body = json!({ "data": { "word": "hello" } });
    let allowed = Service::start("plain", "allowed").await;
    let (status, answer) = allowed.post(Some("true"), body.to_string()).await;
    assert_eq!((status, answer), (200, json!({ "data": { "word": "hello" }, "publicKey": allowed.public_key })));
    for word in ["forbidden", "no"] {
        let forbidden = Service::start(word, word).await;
        let (status, answer) = forbidden.post(Some("true"), body.to_string()).await;
        assert_eq!(status, 400);
        assert!(answer["message"].as_str().unwrap().contains("Plain mode is switched off"), "{answer}");
    }
}

#[tokio::test]
async fn what_does_not_open_is_a_400_that_names_the_place() {
    let service = Service::start("wrong", "").await;
    let sealed = |text: &str| json!({ "data": service.key().encrypt([7; 16], text.as_bytes()) }).to_string();
    let other = SharedKey::from_bytes([1; 32]).encrypt([7; 16], br#"{"word":"hello"}"#);
    let mut cut = base64::decode_any(&service.key().encrypt([7; 16], br#"{"word":"hello"}"#)).unwrap();
    cut.truncate(20);
    for (body, message) in [
        (json!({}).to_string(), "data is required"),
        ("[]".to_owned(), "Body must be an object"),
        (json!({ "data": { "word": "hello" } }).to_string(), "data must be one base64 text"),
        (json!({ "data": "no base64" }).to_string(), "data does not open"),
        (json!({ "data": "" }).to_string(), "data does not open"),
        (json!({ "data": base64::encode(&cut) }).to_string(), "data does not open"),
        (json!({ "data": other }).to_string(), "data does not open"),
        (sealed("{}"), "word is required"),
        (sealed(r#"{"word":5}"#), "word must be a string"),
        (sealed(r#"["hello"]"#), "data must be an object"),
        (sealed("hello"), "data is not JSON"),
    ] {
        let (status, answer) = service.post(None, body.clone()).await;
        assert_eq!(status, 400, "{body}");
        assert!(answer["message"].as_str().unwrap().starts_with(message), "{answer}");
    }
    let (status, answer) = service.post(Some("TRUE"), json!({ "data": other }).to_string()).await;
    assert_eq!((status, answer["message"].as_str().unwrap()), (400, "data must be an object"));
    let (status, _) = service.post(None, json!({ "data": "x".repeat(512) }).to_string()).await;
    assert_eq!(status, 413);
}
