//! The environment over the native host, before and after an installation.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::collections::HashMap;

use axum::{
    Router,
    body::{Body, to_bytes},
    http::Request,
};
use platform::Statement;
use serde_json::{Value, json};
use tower::ServiceExt;

async fn get(app: Router) -> (String, Value) {
    let request = Request::get("/caas/environment").body(Body::empty()).unwrap();
    let response = app.oneshot(request).await.unwrap();
    let age = response.headers()["age"].to_str().unwrap().to_owned();
    (age, serde_json::from_slice(&to_bytes(response.into_body(), 1 << 16).await.unwrap()).unwrap())
}

#[tokio::test]
async fn the_environment_says_what_is_in_force_and_no_secret() {
    let folder = std::env::temp_dir().join(format!("environment-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let vars = HashMap::from([
        ("EC_CURVE_NAME", "secp256k1"),
        ("ALLOWED_TIME_SPAN", "90"),
        ("ENVIRONMENT_NAME", "staging"),
        ("CACHE_SECONDS", "60"),
        ("ROOT_LICENSE_KEY", "not to be shown"),
    ]);
    let vars = vars.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let host = platform::runtime::host(&folder.join("test.db"), vars).unwrap();
    let app = environment::app(host.clone()).await;

    let before = json!({
        "allowed_time_span": 90,
        "EC_CURVE_NAME": "secp256k1",
        "instanceType": null,
        "installed": false,
        "environment": "staging",
    });
    assert_eq!(get(app.clone()).await, ("0".to_owned(), before.clone()));

    let install = Statement::new(
        "INSERT INTO environment (name, value) VALUES ('installed', '1'), ('instance_type', 'client-instance'), ('other', 'x')",
    );
    host.sql.batch(vec![install]).await.unwrap();
    assert_eq!(get(app).await.1, before, "a copy is served while it is young");
    let mut after = before;
    after["instanceType"] = json!("client-instance");
    after["installed"] = json!(true);
    assert_eq!(get(environment::app(host).await).await.1, after);
    std::fs::remove_dir_all(folder).unwrap();
}
