//! The directory over the native host: who may patch it, what a patch does, and its audit entry.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{collections::HashMap, path::PathBuf};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, StatusCode},
};
use crypto::{Curve, PrivateKey, SharedKey, base64};
use platform::{Host, Statement, clock, random};
use serde_json::{Value, json};
use tower::ServiceExt;

const ROOT: &str = "the-root-license";

struct Deployment {
    app: Router,
    host: Host,
    folder: PathBuf,
}

fn key(byte: u8) -> PrivateKey {
    PrivateKey::from_bytes(Curve::P256, &[byte; 32]).unwrap()
}

impl Deployment {
    async fn new(name: &str, more: &[(&str, &str)]) -> Self {
        let folder = std::env::temp_dir().join(format!("service-directory-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let (service_key, bytes) = (key(0x22).to_base64(), base64::encode(&[7; 32]));
        let root_key = format!("k1:{bytes}");
        let vars = [
            ("CAAS_PRIVATE_KEY", service_key.as_str()),
            ("ROOT_KEY", &root_key),
            ("LOOKUP_KEY", &bytes),
            ("ROOT_LICENSE_KEY", ROOT),
            ("INFRA_LICENSE_KEY", "infra"),
            ("CACHE_SECONDS", "60"),
            ("PUBLIC_URL", "https://a.example"),
        ];
        let vars: HashMap<_, _> =
            vars.iter().chain(more).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let host = platform::runtime::host(&folder.join("test.db"), vars).unwrap();
        Self { app: service_directory::app(host.clone()).await, host, folder }
    }

    async fn send(&self, request: Request<Body>) -> (StatusCode, Value) {
        let response = self.app.clone().oneshot(request).await.unwrap();
        let status = response.status();
        (status, serde_json::from_slice(&to_bytes(response.into_body(), 1 << 20).await.unwrap()).unwrap())
    }

    async fn get(&self, query: &str) -> Value {
        let (status, body) = self.send(Request::get(format!("/caas/sd{query}")).body(Body::empty()).unwrap()).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        body
    }

    async fn patch(&self, license: &str, patch: Value) -> (StatusCode, Value) {
        let shared = SharedKey::agree(&key(0x11), &key(0x22).public_key()).unwrap();
        let id = json!({"ts": clock::now_ms() / 1000, "uuid": "u", "appid": "a"}).to_string();
        let request = Request::patch("/caas/sd")
            .header("publickey", key(0x11).public_key().to_base64())
            .header("licensekey", shared.encrypt(random::bytes().unwrap(), license.as_bytes()))
            .header("requestid", shared.encrypt(random::bytes().unwrap(), id.as_bytes()))
            .body(Body::from(patch.to_string()));
        self.send(request.unwrap()).await
    }

    /// The subjects of the audit entries of patches that were done.
    async fn audit_subjects(&self) -> Vec<String> {
        let select = Statement::new(
            "SELECT subject FROM audit_entries WHERE action = 'directory.patch' AND outcome = 'done' ORDER BY leaf_index",
        );
        let rows = self.host.sql.query(select).await.unwrap();
        rows.iter().map(|row| row.get("subject").unwrap()).collect()
    }
}

impl Drop for Deployment {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

#[tokio::test]
async fn internal_urls_are_given_on_demand_unless_external_ones_are_asked_or_internal_ones_forbidden() {
    let external = json!({
        "caas": "https://a.example/caas",
        "global_caas": "https://a.example/caas",
        "licenses": "https://a.example/licenses",
    });
    let internal = json!({
        "caas": "http://caas:8888",
        "global_caas": "http://global_caas:8888",
        "licenses": "http://licenses:8888",
    });
    let open = Deployment::new("open", &[]).await;
    for query in ["", "?internal_sd=false", "?internal_sd=TRUE", "?internal_sd=", "?internal_sd=1&external_sd=True"] {
        assert_eq!(open.get(query).await, external, "{query}");
    }
    for query in ["?internal_sd=true", "?internal_sd=True", "?internal_sd=1&external_sd=0&x=y"] {
        assert_eq!(open.get(query).await, internal, "{query}");
    }
    let closed = Deployment::new("closed", &[("INTERNAL_SD", "false")]).await;
    assert_eq!(closed.get("?internal_sd=true").await, external);
}

#[tokio::test]
async fn a_patch_is_seen_at_once_and_recorded_once_when_it_changed_something() {
    let deployment = Deployment::new("patch", &[]).await;
    deployment.get("").await;
    let patch = json!({"otp": "https://otp.example", "caas": null, "vcs": false});
    let (status, answer) = deployment.patch(ROOT, patch.clone()).await;
    let expected = json!({
        "global_caas": "https://a.example/caas",
        "licenses": "https://a.example/licenses",
        "otp": "https://otp.example",
    });
    assert_eq!((status, &answer), (StatusCode::OK, &expected));
    assert_eq!(deployment.get("").await, expected);
    assert_eq!(deployment.audit_subjects().await, ["caas,otp,vcs"]);

    assert_eq!(deployment.patch(ROOT, patch).await, (StatusCode::OK, expected), "the same again is a no-op");
    assert_eq!(deployment.audit_subjects().await.len(), 1);
    let rows = deployment.host.sql.query(Statement::new("SELECT name FROM service_directory")).await.unwrap();
    assert_eq!(rows.len(), 2, "an absent name is not written down");

    let back = json!({"otp": "", "caas": "https://b.example", "licenses": "https://l.example"});
    let (_, answer) = deployment.patch(ROOT, back).await;
    let expected = json!({
        "caas": "https://b.example",
        "global_caas": "https://a.example/caas",
        "licenses": "https://l.example",
    });
    assert_eq!(answer, expected);
    assert_eq!(deployment.audit_subjects().await.len(), 2);
}

#[tokio::test]
async fn a_refused_patch_changes_nothing() {
    let deployment = Deployment::new("refused", &[]).await;
    let before = deployment.get("").await;
    for patch in [json!({}), json!([]), json!({"otp": "https://otp.example", "licenses": null}), json!({"otp": "otp"})]
    {
        assert_eq!(deployment.patch(ROOT, patch.clone()).await.0, StatusCode::BAD_REQUEST, "{patch}");
    }
    let good = json!({"otp": "https://otp.example"});
    for license in ["infra", "unknown"] {
        assert_eq!(deployment.patch(license, good.clone()).await.0, StatusCode::UNAUTHORIZED, "{license}");
    }
    let unsigned = Request::patch("/caas/sd").body(Body::from(good.to_string())).unwrap();
    assert_eq!(deployment.send(unsigned).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(deployment.get("").await, before);
    assert!(deployment.audit_subjects().await.is_empty());
}
