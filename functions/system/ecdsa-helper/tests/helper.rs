//! The helper over the native host, on both curves: published vectors, round trips and refusals.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use axum::{
    body::{Body, to_bytes},
    http::{Request, StatusCode},
};
use crypto::{Curve, PrivateKey};
use platform::runtime::host;
use serde_json::{Value, json};
use tower::ServiceExt;

/// `hello` under the keys 0x11×32 and 0x22×32 with the IV 0x07×16.
const SEALED: [(Curve, &str); 2] = [
    (Curve::Secp256k1, "BwcHBwcHBwcHBwcHBwcHB/AIRN8bd27oGMQ8G61omgMlOe8+tQ=="),
    (Curve::P256, "BwcHBwcHBwcHBwcHBwcHB7uemRLrEHGHPVfIY3IIFmGEu4KPaQ=="),
];

async fn post(curve: Curve, path: &str, body: &Value) -> (StatusCode, Value) {
    static NUMBER: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let folder = std::env::temp_dir().join(format!("ecdsa-helper-{}-{number}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let vars = [("EC_CURVE_NAME".to_owned(), curve.name().to_owned())].into();
    let app = ecdsa_helper::app(host(&folder.join("test.db"), vars).unwrap()).await;
    let request = Request::post(path).body(Body::from(body.to_string())).unwrap();
    let response = app.oneshot(request).await.unwrap();
    let status = response.status();
    let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    std::fs::remove_dir_all(folder).unwrap();
    (status, serde_json::from_slice(&body).unwrap())
}

/// A request in which the owner of the first key talks to the owner of the second.
fn request(curve: Curve, mine: u8, theirs: u8, data: &str) -> Value {
    let key = |byte| PrivateKey::from_bytes(curve, &[byte; 32]).unwrap();
    json!({
        "dataStr": data,
        "publicKey": key(theirs).public_key().to_base64(),
        "privateKey": key(mine).to_base64().as_str(),
    })
}

#[tokio::test]
async fn decrypt_opens_the_published_vectors() {
    for (curve, sealed) in SEALED {
        let answer = post(curve, "/caas/ecdsa_helper/decrypt", &request(curve, 0x22, 0x11, sealed)).await;
        assert_eq!(answer, (StatusCode::OK, json!({"data": "hello"})), "{curve}");
    }
}

#[tokio::test]
async fn what_one_side_encrypts_the_other_decrypts_and_no_iv_is_used_twice() {
    for (curve, _) in SEALED {
        for text in ["", "grüße, 世界"] {
            let mut seen = Vec::new();
            for path in ["/caas/ecdsa_helper", "/licenses/ecdsa_helper/", "/licenses/ecdsa_helper/encrypt"] {
                let (status, sealed) = post(curve, path, &request(curve, 0x11, 0x22, text)).await;
                assert_eq!(status, StatusCode::OK, "{path}");
                let sealed = sealed["data"].as_str().unwrap().to_owned();
                let opened = post(curve, "/licenses/ecdsa_helper/decrypt", &request(curve, 0x22, 0x11, &sealed)).await;
                assert_eq!(opened, (StatusCode::OK, json!({"data": text})));
                assert!(!seen.contains(&sealed));
                seen.push(sealed);
            }
        }
    }
}

#[tokio::test]
async fn a_wrong_request_is_a_400_that_does_not_repeat_it() {
    let curve = Curve::P256;
    let good = request(curve, 0x22, 0x11, SEALED[1].1);
    let with = |field: &str, value: Value| {
        let mut body = good.clone();
        body[field] = value;
        body
    };
    let other_curve = PrivateKey::from_bytes(Curve::Secp256k1, &[0x11; 32]).unwrap().public_key().to_base64();
    let mut altered = SEALED[1].1.to_owned();
    altered.replace_range(30..31, "A");
    for body in [
        with("dataStr", json!(altered)),
        with("dataStr", json!("AAAA")),
        with("dataStr", json!("not base64")),
        with("dataStr", Value::Null),
        with("publicKey", json!(other_curve)),
        with("publicKey", json!(crypto::base64::encode(&[0; 64]))),
        with("privateKey", json!("")),
        with("privateKey", json!(crypto::base64::encode(&[0xff; 32]))),
        with("privateKey", json!(crypto::base64::encode(&[0x22; 34]))),
        json!({"dataStr": "x", "publicKey": good["publicKey"]}),
        json!([]),
    ] {
        let (status, answer) = post(curve, "/caas/ecdsa_helper/decrypt", &body).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
        assert_eq!((&answer["statusCode"], &answer["error"]), (&json!(400), &json!("Bad Request")));
        let key = body["privateKey"].as_str().filter(|key| !key.is_empty());
        assert!(key.is_none_or(|key| !answer.to_string().contains(key)));
    }
    assert_eq!(post(curve, "/caas/ecdsa_helper/sign", &good).await.0, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_private_key_may_lack_leading_zeros_or_have_a_sign_byte() {
    let curve = Curve::P256;
    let sealed = post(curve, "/caas/ecdsa_helper", &request(curve, 0x11, 0x22, "hello")).await.1;
    let mut open = request(curve, 0x22, 0x11, sealed["data"].as_str().unwrap());
    open["privateKey"] = json!(crypto::base64::encode(&[&[0][..], &[0x22; 32]].concat()));
    assert_eq!(post(curve, "/caas/ecdsa_helper/decrypt", &open).await.0, StatusCode::OK);
    let short = json!({"dataStr": "x", "publicKey": open["publicKey"], "privateKey": crypto::base64::encode(&[3])});
    assert_eq!(post(curve, "/caas/ecdsa_helper/encrypt", &short).await.0, StatusCode::OK);
}
