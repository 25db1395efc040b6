//! Samples of QNSP: dynamic secrets, of keys of this API.

use serde_json::{Value, json};

use super::{
    sample::{Sample, at, of},
    samples_qnsp::{id, made},
    world::World,
};
use crate::deployment::unique;

const CONFIGS: &str = "/vault/v1/dynamic-secrets/configs";
const LEASES: &str = "/vault/v1/dynamic-secrets/leases";

fn new_config() -> Value {
    let ttl = json!({ "default": "PT15M", "max": "PT1H" });
    json!({ "name": unique("keys"), "type": "api_key", "template": { "roleTemplate": "viewer" }, "ttl": ttl })
}

fn config(w: &World) -> String {
    format!("{CONFIGS}/{}", id(&made(w, CONFIGS, &new_config(), 201), "configId"))
}

fn lease(w: &World) -> String {
    let asked = json!({ "metadata": { "purpose": "A nightly report" } });
    format!("{LEASES}/{}", id(&made(w, &format!("{}/credentials", config(w)), &asked, 200), "leaseId"))
}

pub fn samples() -> Vec<Sample> {
    vec![
        of("POST /vault/v1/dynamic-secrets/configs", |_| at(CONFIGS).body(new_config()))
            .refuses(json!({ "name": "n", "type": "api_key", "ttl": { "default": "an hour" } })),
        of("GET /vault/v1/dynamic-secrets/configs", |_| at(CONFIGS)),
        of("POST /vault/v1/dynamic-secrets/configs/{configId}/credentials", |w| {
            at(format!("{}/credentials", config(w))).body(json!({ "metadata": { "purpose": "A nightly report" } }))
        })
        .refuses(json!({ "ttl": "an hour" })),
        of("GET /vault/v1/dynamic-secrets/configs/{configId}/leases", |w| {
            let config = config(w);
            made(w, &format!("{config}/credentials"), &json!({}), 200);
            at(format!("{config}/leases"))
        }),
        of("POST /vault/v1/dynamic-secrets/configs/{configId}/revoke", |w| {
            let config = config(w);
            made(w, &format!("{config}/credentials"), &json!({}), 200);
            at(format!("{config}/revoke"))
        }),
        of("POST /vault/v1/dynamic-secrets/leases/{leaseId}/renew", |w| {
            at(format!("{}/renew", lease(w))).body(json!({ "ttl": "PT30M" }))
        })
        .refuses(json!({ "ttl": "an hour" })),
        of("POST /vault/v1/dynamic-secrets/leases/{leaseId}/revoke", |w| at(format!("{}/revoke", lease(w)))),
        of("GET /vault/v1/dynamic-secrets/stats", |_| at("/vault/v1/dynamic-secrets/stats")),
    ]
}
