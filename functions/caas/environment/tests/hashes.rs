//! A request that is refused has not had a password hashed, which takes up to a second.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::HashMap;

use axum::{
    Router,
    body::Body,
    http::{Request, StatusCode},
};
use crypto::{Curve, PrivateKey, SharedKey, base64, pbkdf2, work};
use platform::{clock, random};
use serde_json::{Value, json};
use tower::ServiceExt;

const ROOT: &str = "the-root-license";

fn key(byte: u8) -> PrivateKey {
    PrivateKey::from_bytes(Curve::P256, &[byte; 32]).unwrap()
}

/// The status of a signed request, and how many rounds of hashes it took.
async fn post(app: &Router, path: &str, body: &Value) -> (StatusCode, u64) {
    let shared = SharedKey::agree(&key(0x11), &key(0x22).public_key()).unwrap();
    let id = json!({"ts": clock::now_ms() / 1000, "uuid": "u", "appid": "a"}).to_string();
    let request = Request::post(format!("/caas/environment/{path}"))
        .header("publickey", key(0x11).public_key().to_base64())
        .header("licensekey", shared.encrypt(random::bytes().unwrap(), ROOT.as_bytes()))
        .header("requestid", shared.encrypt(random::bytes().unwrap(), id.as_bytes()))
        .body(Body::from(body.to_string()));
    let before = work::done();
    let response = app.clone().oneshot(request.unwrap()).await.unwrap();
    (response.status(), work::done() - before)
}

#[tokio::test]
async fn what_is_there_already_is_refused_before_a_password_is_hashed() {
    let folder = std::env::temp_dir().join(format!("environment-hashes-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (service_key, bytes) = (key(0x22).to_base64(), base64::encode(&[7; 32]));
    let root_key = format!("k1:{bytes}");
    let vars = [
        ("CAAS_PRIVATE_KEY", service_key.as_str()),
        ("ROOT_KEY", &root_key),
        ("LOOKUP_KEY", &bytes),
        ("ROOT_LICENSE_KEY", ROOT),
    ];
    let vars: HashMap<_, _> = vars.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let app = environment::app(platform::runtime::host(&folder.join("test.db"), vars).unwrap()).await;

    let installation = json!({
        "instanceType": "client-instance", "tenantName": "Acme", "tenantDNS": "tenant.example", "tenantTag": "acme",
        "contactEmail": "operator@example.com", "tenantPassword": "correct horse",
    });
    let community =
        json!({ "communityName": "one", "contactEmail": "a@example.com", "communityPassword": "correct horse" });
    let one_hash = u64::from(pbkdf2::ROUNDS);
    for (path, body) in [("install", &installation), ("create/community", &community)] {
        assert_eq!(post(&app, path, body).await, (StatusCode::OK, one_hash), "{path}");
        assert_eq!(post(&app, path, body).await, (StatusCode::BAD_REQUEST, 0), "{path}, once more");
    }
    std::fs::remove_dir_all(folder).unwrap();
}
