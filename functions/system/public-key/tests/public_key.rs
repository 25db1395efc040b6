//! The public keys of both APIs over the native host.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::collections::HashMap;

use axum::{
    body::{Body, to_bytes},
    http::{Request, StatusCode},
};
use crypto::{Curve, PrivateKey, PublicKey};
use serde_json::Value;
use tower::ServiceExt;

#[tokio::test]
async fn each_api_shows_its_own_key_and_a_missing_one_is_our_fault() {
    let folder = std::env::temp_dir().join(format!("public-key-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let curve = Curve::Secp256k1;
    let caas = PrivateKey::from_bytes(curve, &[0x11; 32]).unwrap();
    let vars = HashMap::from([
        ("EC_CURVE_NAME".to_owned(), curve.name().to_owned()),
        ("CAAS_PRIVATE_KEY".to_owned(), caas.to_base64().to_string()),
    ]);
    let host = platform::runtime::host(&folder.join("test.db"), vars).unwrap();
    let app = public_key::app(host).await;

    let request = Request::get("/caas/publickeys").body(Body::empty()).unwrap();
    let response = app.clone().oneshot(request).await.unwrap();
    assert_eq!(response.headers()["cache-control"], "public, max-age=600");
    let body: Value = serde_json::from_slice(&to_bytes(response.into_body(), 1 << 16).await.unwrap()).unwrap();
    let shown = PublicKey::from_base64(curve, body["publicKey"].as_str().unwrap()).unwrap();
    assert_eq!(shown, caas.public_key());

    let request = Request::get("/licenses/publickeys").body(Body::empty()).unwrap();
    let response = app.oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(response.headers()["cache-control"], "no-store");
    std::fs::remove_dir_all(folder).unwrap();
}
