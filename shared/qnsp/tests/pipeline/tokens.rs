//! What is taken for a token.

use crypto::{base64, hash};
use ed25519_dalek::{Signer as _, SigningKey, pkcs8::EncodePublicKey};
use platform::Statement;
use serde_json::{Value, json};

use crate::deployment::{Deployment, FULL, Reply, SECRET, UNKNOWN, key};

const PATH: &str = "/auth/things";

async fn ask(deployment: &Deployment, authorization: &str) -> Reply {
    deployment.call("GET", PATH, "", &[("authorization", authorization)], "").await
}

fn reason(reply: &Reply) -> Option<&str> {
    reply.body["details"]["reason"].as_str()
}

#[tokio::test]
async fn a_key_is_known_or_refused_and_a_revoked_one_from_the_next_call_on() {
    let deployment = Deployment::new("keys").await;
    let good = key(FULL, "viewer");
    for scheme in ["Bearer", "bearer", "BEARER"] {
        assert_eq!(ask(&deployment, &format!("{scheme} {good}")).await.status.as_u16(), 200);
    }
    for bad in [
        "",
        "Bearer",
        "Bearer ",
        "Basic YTpi",
        &good,
        "Bearer qnsp_pqc_12",
        &format!("Bearer {}0", good),
        "Bearer x.y.z",
    ] {
        let reply = ask(&deployment, bad).await;
        assert_eq!((reply.status.as_u16(), reason(&reply)), (401, Some("INVALID_TOKEN")), "{bad}");
        assert!(reply.header("x-ratelimit-limit").is_none() && reply.header("audit-entry").is_none());
    }
    deployment.execute(Statement::new("UPDATE qnsp_keys SET revoked_at = 1 WHERE user_id = 'viewer'")).await;
    assert_eq!(reason(&ask(&deployment, &format!("Bearer {good}")).await), Some("INVALID_TOKEN"));
    let other = key(FULL, "developer");
    deployment.execute(Statement::new("UPDATE qnsp_keys SET expires_at = 1 WHERE user_id = 'developer'")).await;
    assert_eq!(reason(&ask(&deployment, &format!("Bearer {other}")).await), Some("TOKEN_EXPIRED"));
}

/// Seconds.
fn now() -> i64 {
    platform::clock::now_ms() / 1000
}

fn claims() -> Value {
    json!({
        "jti": "1", "sub": "somebody", "iat": now(), "exp": now() + 900, "aud": "platform", "tenant_id": FULL,
        "roles": ["auditor", "viewer"],
    })
}

fn signed(header: &Value, claims: &Value, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
    let part = |value: &Value| base64::encode_url(value.to_string().as_bytes());
    let message = format!("{}.{}", part(header), part(claims));
    let signature = sign(message.as_bytes());
    format!("Bearer {message}.{}", base64::encode_url(&signature))
}

fn hs256(claims: &Value) -> String {
    signed(&json!({ "alg": "HS256" }), claims, |message| hash::hmac_sha256(SECRET.as_bytes(), &[message]).to_vec())
}

#[tokio::test]
async fn the_claims_of_a_token_are_checked() {
    let deployment = Deployment::new("claims").await;
    let with = |name: &str, value: Value| {
        let mut claims = claims();
        claims[name] = value;
        claims
    };
    for good in [
        claims(),
        with("aud", json!("external-api")),
        with("aud", json!(["somewhere", "internal-service"])),
        with("exp", json!(now() - 20)),
        with("iat", json!(now() + 20)),
        with("tenant_id", json!(FULL.to_uppercase())),
        with("roles", json!(["owner"])),
    ] {
        assert_eq!(ask(&deployment, &hs256(&good)).await.status.as_u16(), 200, "{good}");
    }
    for (expected, bad) in [
        ("TOKEN_EXPIRED", with("exp", json!(now() - 40))),
        ("INVALID_TOKEN", with("exp", Value::Null)),
        ("INVALID_TOKEN", with("iat", json!(now() + 60))),
        ("INVALID_TOKEN", with("aud", json!("somewhere"))),
        ("INVALID_TOKEN", with("tenant_id", json!(UNKNOWN))),
        ("INVALID_TOKEN", with("tenant_id", json!("full"))),
        ("INVALID_TOKEN", with("roles", json!("viewer"))),
        ("INVALID_TOKEN", with("sub", Value::Null)),
    ] {
        let reply = ask(&deployment, &hs256(&bad)).await;
        assert_eq!((reply.status.as_u16(), reason(&reply)), (401, Some(expected)), "{bad}");
    }
    let no_rank = ask(&deployment, &hs256(&with("roles", json!(["auditor"])))).await;
    assert_eq!(no_rank.body["details"], json!({ "required": "viewer", "actual": null }));
}

fn pem(key: &impl EncodePublicKey) -> String {
    let der = base64::encode(key.to_public_key_der().unwrap().as_bytes());
    format!("-----BEGIN PUBLIC KEY-----\n{der}\n-----END PUBLIC KEY-----\n")
}

#[tokio::test]
async fn a_key_verifies_its_own_algorithm_and_no_other() {
    let (ed, p256) = (SigningKey::from_bytes(&[7; 32]), p256::ecdsa::SigningKey::from_slice(&[7; 32]).unwrap());
    let ed_pem = pem(&ed.verifying_key());
    let ec_pem = pem(&p256::PublicKey::from(p256.verifying_key()));
    let variables = [("QNSP_JWT_EDDSA_KEY", ed_pem.as_str()), ("QNSP_JWT_ES256_KEY", ec_pem.as_str())];
    let deployment = Deployment::with("algorithms", &variables).await;
    let by_ed = |message: &[u8]| ed.sign(message).to_vec();
    let by_ec = |message: &[u8]| {
        let s: p256::ecdsa::Signature = p256.sign(message);
        s.to_bytes().to_vec()
    };
    assert_eq!(ask(&deployment, &signed(&json!({ "alg": "EdDSA" }), &claims(), by_ed)).await.status.as_u16(), 200);
    assert_eq!(ask(&deployment, &signed(&json!({ "alg": "ES256" }), &claims(), by_ec)).await.status.as_u16(), 200);
    let confused = [
        signed(&json!({ "alg": "none" }), &claims(), |_| Vec::new()),
        signed(&json!({ "alg": "HS256" }), &claims(), |message| {
            hash::hmac_sha256(ec_pem.as_bytes(), &[message]).to_vec()
        }),
        signed(&json!({ "alg": "ES256" }), &claims(), by_ed),
        signed(&json!({ "alg": "EdDSA" }), &claims(), by_ec),
        signed(&json!({ "alg": "HS512" }), &claims(), |message| {
            hash::hmac_sha256(SECRET.as_bytes(), &[message]).to_vec()
        }),
        signed(&json!({ "alg": "HS256", "crit": ["exp"] }), &claims(), |message| {
            hash::hmac_sha256(SECRET.as_bytes(), &[message]).to_vec()
        }),
    ];
    for token in confused {
        assert_eq!(reason(&ask(&deployment, &token).await), Some("INVALID_TOKEN"), "{token}");
    }
    let other = Deployment::new("unconfigured").await;
    assert_eq!(
        reason(&ask(&other, &signed(&json!({ "alg": "EdDSA" }), &claims(), by_ed)).await),
        Some("INVALID_TOKEN")
    );
}
